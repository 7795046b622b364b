/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/seal/checkpoint.h"
#include "tap.h"
#include <stdlib.h>

static struct key *k;
static struct verifier v;

static struct bytes sign(struct buf *to, const char *text)
{
	buf_clear(to);
	buf_str(to, text);
	note_sign(to, 0, k, &v);
	return buf_view(to);
}

static void test_verifier(void)
{
	struct buf b = { 0 };
	struct verifier again;

	verifier_text(&v, &b);
	ok(verifier_parse(buf_view(&b), &again) && !memcmp(&again, &v, sizeof(v)),
	   "a verifier key is read back");
	for (size_t i = 0; i < b.len; i++) {
		unsigned found = 0;

		for (unsigned bit = 0; bit < 8; bit++) {
			b.at[i] ^= (uint8_t)(1u << bit);
			found += !verifier_parse(buf_view(&b), &again);
			b.at[i] ^= (uint8_t)(1u << bit);
		}
		if (found != 8)
			ok(false, "a flip in byte %zu of the key is not seen", i);
	}
	ok(!verifier_parse(bytes_sub(buf_view(&b), 0, b.len - 1), &again), "cut off");
	ok(!note_name_valid(BYTES("")), "empty name");
	ok(!note_name_valid(BYTES("a b")), "blank in a name");
	ok(!note_name_valid(BYTES("a+b")), "plus in a name");
	ok(!note_name_valid(BYTES("a\xe2\x80\x83"
				  "b")),
	   "em space in a name");
	ok(!note_name_valid(BYTES("a\xff")), "not UTF-8");
	buf_done(&b);
}

static void test_note(void)
{
	struct buf b = { 0 }, two = { 0 };
	struct bytes note, text;
	size_t n;

	note = sign(&b, "hello\nworld\n");
	ok(note_open_own(note, &v, &text), "opens");
	is_bytes(text, BYTES("hello\nworld\n"), "the text");
	is_int(note_length(note), note.len, "its length");
	for (size_t i = 0; i < b.len; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			b.at[i] ^= (uint8_t)(1u << bit);
			if (note_open_own(note, &v, &text))
				ok(false, "a flip in byte %zu bit %u is not seen", i, bit);
			b.at[i] ^= (uint8_t)(1u << bit);
		}
	}
	for (size_t i = 0; i < b.len; i++) {
		if (note_open(bytes_sub(note, 0, i), &v, 1, &text, NULL))
			ok(false, "cut at %zu opens", i);
	}
	ok(!note_open(sign(&b, "tab\there\n"), &v, 1, &text, NULL), "control characters");
	ok(!note_open(sign(&b, "bad \xff\n"), &v, 1, &text, NULL), "not UTF-8");
	sign(&two, "x\n");
	n = two.len;
	buf_reserve(&two, 200 * n); /* the buffer is added to itself */
	buf_add(&two, two.at + 3, n - 3); /* the same signature once more */
	ok(note_open(buf_view(&two), &v, 1, &text, NULL), "two signatures are fine for a note");
	ok(!note_open_own(buf_view(&two), &v, &text), "but not as the ledger writes them");
	for (int i = 0; i < 101; i++)
		buf_add(&two, two.at + 3, n - 3);
	ok(!note_open(buf_view(&two), &v, 1, &text, NULL), "more than a hundred are not");
	buf_done(&b);
	buf_done(&two);
}

static void test_checkpoint(void)
{
	static const struct {
		const char *text, *what;
	} bad[] = {
		{ "o\n1\n", "no root" },
		{ "o\n01\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", "leading zero" },
		{ "o\n+1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", "sign" },
		{ "o\n18446744073709551616\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
		  "too large" },
		{ "o\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n", "stray bits" },
		{ "o\n1\nAAAA\n", "short root" },
		{ "\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", "no origin" },
		{ "o\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nx", "half a line" },
	};
	struct buf b = { 0 };
	struct checkpoint c = { .size = 77, .extension = BYTES("more 1\n") }, d;

	snprintf(c.origin, sizeof(c.origin), "%s", v.name);
	memset(&c.root, 7, sizeof(c.root));
	checkpoint_sign(&c, k, &v, &b);
	ok(checkpoint_open(buf_view(&b), &v, true, &d) && d.size == 77 &&
		   !memcmp(&d.root, &c.root, 32) && bytes_eq(d.extension, c.extension),
	   "a checkpoint is read back");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok(!checkpoint_parse(bytes_str(bad[i].text), &d), "refused: %s", bad[i].what);
	snprintf(c.origin, sizeof(c.origin), "other");
	buf_clear(&b);
	checkpoint_sign(&c, k, &v, &b);
	ok(!checkpoint_open(buf_view(&b), &v, false, &d), "of another origin");
	buf_done(&b);
}

static void test_key(void)
{
	struct buf pem = { 0 };
	struct key *again;
	uint8_t pub[32];

	key_pem(k, &pem);
	is_int(key_read_pem(buf_view(&pem), &again), 0, "a key is read back");
	key_public(again, pub);
	ok(!memcmp(pub, v.pub, 32), "the same");
	key_free(again);
	for (size_t i = 0; i < pem.len; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			bool same;

			pem.at[i] ^= (uint8_t)(1u << bit);
			same = !key_read_pem(buf_view(&pem), &again);
			pem.at[i] ^= (uint8_t)(1u << bit);
			if (!same)
				continue;
			key_public(again, pub);
			key_free(again);
			if (!memcmp(pub, v.pub, 32))
				ok(false, "a flip in byte %zu of the PEM is not seen", i);
		}
	}
	ok(key_read_pem(BYTES("-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n"),
			&again) < 0,
	   "nonsense is no key");
	buf_done(&pem);
}

int main(void)
{
	uint8_t pub[32];

	is_int(key_new(&k), 0, "a key");
	key_public(k, pub);
	verifier_of("test.example/log", pub, &v);
	test_verifier();
	test_note();
	test_checkpoint();
	test_key();
	key_free(k);
	return done_testing();
}
