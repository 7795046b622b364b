/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs, notes, tiles and signatures that others made, with their verdicts. Of merkle, the
 * subtree* folders (draft-ietf-plants) are about proofs that a ledger does not have. */
#include "base/io.h"
#include "base/text.h"
#include "ledger/form.h"
#include "ledger/seal/checkpoint.h"
#include "ledger/tree/proof.h"
#include "ledger/tree/tree.h"
#include "tap.h"
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>

static char root[3000];

static bool load(const char *path, struct buf *ret)
{
	buf_clear(ret);
	return !io_read_file(AT_FDCWD, path, 4 << 20, ret);
}

/* Goes behind the next "key": in *b and gives what follows. */
static bool key(struct bytes *b, const char *name)
{
	char quoted[64];
	size_t at;

	snprintf(quoted, sizeof(quoted), "\"%s\":", name);
	at = bytes_find(*b, bytes_str(quoted));
	if (at == BYTES_NONE)
		return false;
	*b = bytes_trim(bytes_from(*b, at + strlen(quoted)));
	return true;
}

static bool number(struct bytes b, const char *name, uint64_t *ret)
{
	return key(&b, name) && form_u64(&b, ret);
}

/* Hashes of another length than 32 stand in some cases for "any": equal ones stay equal. An empty
 * one is none. */
static bool hash(struct bytes *b, struct hash256 *ret)
{
	struct buf h = { 0 };
	bool good = form_base64(b, &h);

	if (good && h.len == SHA256_LEN)
		memcpy(ret->at, h.at, SHA256_LEN);
	else if (good)
		sha256(buf_view(&h), ret);
	buf_done(&h);
	return good;
}

static bool hash_of(struct bytes b, const char *name, struct hash256 *ret)
{
	return key(&b, name) && !bytes_starts(b, BYTES("\"\"")) && hash(&b, ret);
}

static size_t proof(struct bytes b, struct hash256 *ret)
{
	size_t n = 0;

	if (!key(&b, "proof") || !form_take(&b, "["))
		return 0;
	for (b = bytes_trim(b); n < 200 && hash(&b, &ret[n]); n++) {
		b = bytes_trim(b);
		form_take(&b, ",");
		b = bytes_trim(b);
	}
	return n;
}

static unsigned cases, wrong;

static void check_case(const char *path, bool consistency)
{
	static struct hash256 p[200];
	struct hash256 a = { 0 }, b = { 0 };
	struct buf file = { 0 };
	struct bytes text;
	uint64_t x = 0, y = 0;
	bool bad, good;
	size_t n;

	if (!load(path, &file))
		return;
	text = buf_view(&file);
	bad = bytes_find(text, BYTES("\"wantErr\": true")) != BYTES_NONE;
	n = proof(text, p);
	if (consistency)
		good = number(text, "size1", &x) && number(text, "size2", &y) &&
		       hash_of(text, "root1", &a) && hash_of(text, "root2", &b) &&
		       proof_check_consistency(x, y, &a, &b, p, n);
	else
		good = number(text, "leafIdx", &x) && number(text, "treeSize", &y) &&
		       hash_of(text, "leafHash", &a) && hash_of(text, "root", &b) &&
		       proof_check_inclusion(x, y, &a, p, n, &b);
	cases++;
	if (good == bad) {
		printf("# %s: %s, expected the other\n", path, good ? "accepted" : "refused");
		wrong++;
	}
	buf_done(&file);
}

static int visit(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)ftw;
	if (flag == FTW_F && bytes_ends(bytes_str(path), BYTES(".json")) &&
	    (strstr(path, "/merkle/consistency/") || strstr(path, "/merkle/inclusion/")))
		check_case(path, strstr(path, "/consistency/") != NULL);
	return 0;
}

static void test_merkle(void)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/merkle", root);
	nftw(path, visit, 16, FTW_PHYS);
	if (cases)
		is_int(wrong, 0, "%u verdicts of transparency-dev/merkle", cases);
	else
		skip("no ../shared/corpora/merkle");
	skip("merkle/subtree*: a ledger has no subtree proofs");
}

static void test_notes(void)
{
	struct buf file = { 0 }, text = { 0 };
	struct bytes b, part;
	char path[4096];
	unsigned n = 0, bad = 0;

	snprintf(path, sizeof(path), "%s/tlog/signed-note-cases.json", root);
	if (!load(path, &file)) {
		skip("no ../shared/corpora/tlog");
		return;
	}
	for (b = buf_view(&file); key(&b, "verifiers"); n++) {
		struct verifier v[4];
		size_t verifiers = 0;
		bool opens, got;

		form_take(&b, "[");
		for (part = bytes_trim(b); verifiers < 4; part = bytes_trim(part)) {
			buf_clear(&text);
			if (!form_string(&part, &text))
				break;
			bad += !verifier_parse(buf_view(&text), &v[verifiers++]);
			form_take(&part, ",");
		}
		buf_clear(&text);
		bad += !key(&b, "note") || !form_string(&b, &text);
		bad += !key(&b, "opens");
		opens = form_take(&b, "true");
		got = note_open(buf_view(&text), v, verifiers, &part, NULL);
		if (got != opens) {
			printf("# case %u: %s\n", n, got ? "opened" : "refused");
			bad++;
		}
	}
	ok(n > 5 && !bad, "%u verdicts of golang.org/x/mod/sumdb/note", n);
	buf_done(&file);
	buf_done(&text);
}

static void test_tiles(void)
{
	struct buf tile = { 0 }, note = { 0 };
	unsigned good = 0, all = 0;
	char path[4096];

	for (unsigned n = 1; n <= 15; n++) {
		struct checkpoint c;
		struct range r = { 0 };
		struct hash256 h;
		size_t end;

		snprintf(path, sizeof(path), "%s/tlog/tessera/log/checkpoint.%u", root, n);
		if (!load(path, &note))
			continue;
		snprintf(path, sizeof(path), "%s/tlog/tessera/log/tile/0/000.p/%u", root, n);
		if (!load(path, &tile))
			continue;
		all++;
		end = bytes_find(buf_view(&note), BYTES("\n\n"));
		if (!checkpoint_parse(bytes_sub(buf_view(&note), 0, end + 1), &c) || c.size != n)
			continue;
		for (unsigned i = 0; i < n && (i + 1) * 32 <= tile.len; i++) {
			memcpy(h.at, tile.at + (size_t)i * 32, 32);
			range_add(&r, 0, &h);
		}
		range_root(&r, &h);
		good += r.size == n && !memcmp(&h, &c.root, sizeof(h));
	}
	if (all)
		is_int(good, all, "tiles of tessera give the roots of its checkpoints");
	else
		skip("no ../shared/corpora/tlog/tessera");
	buf_done(&tile);
	buf_done(&note);
}

static bool hex(struct bytes *b, struct buf *ret)
{
	struct buf t = { 0 };
	bool good = form_string(b, &t);

	buf_clear(ret);
	for (size_t i = 0; i + 1 < t.len; i += 2)
		buf_u8(ret, (uint8_t)(hex_digit(t.at[i]) << 4 | hex_digit(t.at[i + 1])));
	buf_done(&t);
	return good;
}

static void test_ed25519(void)
{
	struct buf file = { 0 }, pub = { 0 }, msg = { 0 }, sig = { 0 };
	unsigned n = 0, bad = 0;
	struct bytes b, next;
	char path[4096];

	snprintf(path, sizeof(path), "%s/crypto/wycheproof-ed25519_test.json", root);
	if (!load(path, &file)) {
		skip("no ../shared/corpora/crypto");
		return;
	}
	for (b = buf_view(&file); bytes_find(b, BYTES("\"msg\":")) != BYTES_NONE; n++) {
		bool valid;

		next = b;
		if (key(&next, "pk") && next.at < b.at + bytes_find(b, BYTES("\"msg\":"))) {
			hex(&next, &pub);
			b = next;
		}
		key(&b, "msg");
		hex(&b, &msg);
		key(&b, "sig");
		hex(&b, &sig);
		key(&b, "result");
		valid = form_take(&b, "\"valid\"");
		if (pub.len != 32 || key_check(pub.at, buf_view(&msg), buf_view(&sig)) != valid) {
			printf("# test %u\n", n + 1);
			bad++;
		}
	}
	ok(n > 100 && !bad, "%u verdicts of wycheproof on Ed25519", n);
	buf_done(&file);
	buf_done(&pub);
	buf_done(&msg);
	buf_done(&sig);
}

int main(int argc, char **argv)
{
	snprintf(root, sizeof(root), "%s", argc > 1 ? argv[1] : "../shared/corpora");
	test_merkle();
	test_notes();
	test_tiles();
	test_ed25519();
	return done_testing();
}
