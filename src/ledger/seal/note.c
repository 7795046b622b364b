/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/seal/note.h"
#include "base/io.h"
#include "base/sha256.h"
#include "base/text.h"
#include <fcntl.h>
#include <stdio.h>

#define DASH "\xe2\x80\x94 " /* em dash, blank: how a signature line begins */
#define ALGORITHM_ED25519 1

bool note_name_valid(struct bytes name)
{
	if (!name.len || name.len >= NOTE_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.len;) {
		size_t n = utf8_length(bytes_from(name, i));

		if (!n || name.at[i] <= ' ' || name.at[i] == '+' || name.at[i] == 0x7f)
			return false;
		/* Unicode blanks: U+0085, U+00A0, U+1680, U+2000..200A, U+2028/9, U+202F, U+205F,
		 * U+3000 */
		if (n == 2 && name.at[i] == 0xc2 &&
		    (name.at[i + 1] == 0x85 || name.at[i + 1] == 0xa0))
			return false;
		if (n == 3) {
			uint32_t v = ((uint32_t)name.at[i] & 15) << 12 |
				     ((uint32_t)name.at[i + 1] & 63) << 6 | (name.at[i + 2] & 63);

			if (v == 0x1680 || (v >= 0x2000 && v <= 0x200a) || v == 0x2028 ||
			    v == 0x2029 || v == 0x202f || v == 0x205f || v == 0x3000)
				return false;
		}
		i += n;
	}
	return true;
}

void verifier_of(const char *name, const uint8_t pub[static KEY_PUBLIC_LEN], struct verifier *ret)
{
	struct verifier v = { 0 };
	struct buf b = { 0 };
	struct hash256 h;

	snprintf(v.name, sizeof(v.name), "%s", name);
	memcpy(v.pub, pub, KEY_PUBLIC_LEN);
	buf_str(&b, v.name);
	buf_u8(&b, '\n');
	buf_u8(&b, ALGORITHM_ED25519);
	buf_add(&b, pub, KEY_PUBLIC_LEN);
	sha256(buf_view(&b), &h);
	memcpy(v.id, h.at, sizeof(v.id));
	buf_done(&b);
	*ret = v;
}

void verifier_text(const struct verifier *v, struct buf *ret)
{
	uint8_t key[1 + KEY_PUBLIC_LEN] = { ALGORITHM_ED25519 };

	memcpy(key + 1, v->pub, KEY_PUBLIC_LEN);
	buf_printf(ret, "%s+%02x%02x%02x%02x+", v->name, v->id[0], v->id[1], v->id[2], v->id[3]);
	base64_encode(ret, bytes_of(key, sizeof(key)));
}

bool verifier_parse(struct bytes text, struct verifier *ret)
{
	size_t plus = bytes_chr(text, '+');
	struct bytes rest = bytes_from(text, plus == BYTES_NONE ? text.len : plus + 1);
	struct buf key = { 0 }, again = { 0 };
	char name[NOTE_NAME_MAX];
	struct verifier v;
	bool good;

	if (plus == BYTES_NONE || !note_name_valid(bytes_sub(text, 0, plus)))
		return false;
	memcpy(name, text.at, plus);
	name[plus] = 0;
	good = rest.len > 9 && rest.at[8] == '+' && base64_decode(bytes_from(rest, 9), &key) &&
	       key.len == 1 + KEY_PUBLIC_LEN && key.at[0] == ALGORITHM_ED25519;
	if (good) {
		verifier_of(name, key.at + 1, &v);
		verifier_text(&v, &again); /* the hash must be that of this name and key */
		good = bytes_eq(text, buf_view(&again));
	}
	buf_done(&key);
	buf_done(&again);
	if (good)
		*ret = v;
	return good;
}

int verifier_option(const char *option, struct verifier *ret, struct why *why)
{
	struct buf b = { 0 };
	int r;

	if (verifier_parse(bytes_trim(bytes_str(option)), ret))
		return 0;
	r = io_read_file(AT_FDCWD, option, 4096, &b);
	if (r)
		why_set(why, r, "key \"%.*s\": neither a key (origin+hash+base64) nor a file: %s",
			(int)strcspn(option, "\n"), option, strerror(-r));
	else if (!verifier_parse(bytes_trim(buf_view(&b)), ret))
		r = why_set(why, -EINVAL, "%.200s: is not one line origin+hash+base64", option);
	buf_done(&b);
	return r;
}

static bool plain_text(struct bytes b)
{
	for (size_t i = 0; i < b.len;) {
		size_t n;

		if (b.at[i] >= 0x20 && b.at[i] < 0x7f) {
			i++;
			continue;
		}
		n = utf8_length(bytes_from(b, i));
		if (!n || (b.at[i] < 0x20 && b.at[i] != '\n'))
			return false;
		i += n;
	}
	return true;
}

/* Where the signatures begin: behind the last blank line. 0: there is none. */
static size_t signatures_at(struct bytes note)
{
	for (size_t i = note.len; i >= 2; i--) {
		if (note.at[i - 1] == '\n' && note.at[i - 2] == '\n')
			return i;
	}
	return 0;
}

/* One signature line without its newline. */
static bool signature_line(struct bytes line, struct bytes *ret_name, struct buf *ret_signature)
{
	size_t blank;

	if (!bytes_starts(line, BYTES(DASH)))
		return false;
	line = bytes_from(line, sizeof(DASH) - 1);
	blank = bytes_chr(line, ' ');
	if (blank == BYTES_NONE || !note_name_valid(bytes_sub(line, 0, blank)))
		return false;
	*ret_name = bytes_sub(line, 0, blank);
	buf_clear(ret_signature);
	return base64_decode(bytes_from(line, blank + 1), ret_signature) && ret_signature->len > 4;
}

enum signed_by { BY_OTHER, BY_KNOWN, BY_FORGER };

static enum signed_by signed_by(struct bytes text, struct bytes name, struct bytes signature,
				const struct verifier *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!bytes_eq(name, bytes_str(v[i].name)) || memcmp(signature.at, v[i].id, 4) != 0)
			continue;
		return key_check(v[i].pub, text, bytes_from(signature, 4)) ? BY_KNOWN : BY_FORGER;
	}
	return BY_OTHER;
}

bool note_open(struct bytes note, const struct verifier *v, size_t n, struct bytes *ret_text,
	       size_t *ret_signatures)
{
	size_t at = signatures_at(note), known = 0, lines = 0;
	struct bytes text = bytes_sub(note, 0, at ? at - 1 : 0), rest = bytes_from(note, at);
	struct buf signature = { 0 };
	bool good =
		at && text.len > 1 && plain_text(note) && rest.len && note.at[note.len - 1] == '\n';

	while (good && rest.len) {
		size_t end = bytes_chr(rest, '\n');
		struct bytes name;

		good = end != BYTES_NONE && ++lines <= NOTE_SIGNATURES &&
		       signature_line(bytes_sub(rest, 0, end), &name, &signature);
		if (!good)
			break;
		rest = bytes_from(rest, end + 1);
		switch (signed_by(text, name, buf_view(&signature), v, n)) {
		case BY_KNOWN:
			known++;
			break;
		case BY_FORGER:
			good = false;
			break;
		case BY_OTHER:
			break;
		}
	}
	buf_done(&signature);
	if (!good || !known)
		return false;
	*ret_text = text;
	if (ret_signatures)
		*ret_signatures = lines;
	return true;
}

bool note_open_own(struct bytes note, const struct verifier *v, struct bytes *ret_text)
{
	size_t lines;
	struct bytes text;

	if (!note_open(note, v, 1, &text, &lines) || lines != 1)
		return false;
	*ret_text = text;
	return true;
}

void note_sign(struct buf *note, size_t from, const struct key *k, const struct verifier *v)
{
	uint8_t signature[4 + KEY_SIGNATURE_LEN];

	memcpy(signature, v->id, 4);
	key_sign(k, bytes_from(buf_view(note), from), signature + 4);
	buf_printf(note, "\n" DASH "%s ", v->name);
	base64_encode(note, bytes_of(signature, sizeof(signature)));
	buf_u8(note, '\n');
}

size_t note_length(struct bytes notes)
{
	size_t at = bytes_find(notes, BYTES("\n\n" DASH));

	if (at == BYTES_NONE)
		return 0;
	for (at += 2; bytes_starts(bytes_from(notes, at), BYTES(DASH));) {
		size_t end = bytes_chr(bytes_from(notes, at), '\n');

		if (end == BYTES_NONE)
			return 0;
		at += end + 1;
	}
	return at;
}
