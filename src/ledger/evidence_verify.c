/* SPDX-License-Identifier: Apache-2.0 */
/* Everything in a bundle comes from someone else: a line that is not exactly of its form is
 * refused, and so is a bundle without its last line. */
#include "base/io.h"
#include "base/text.h"
#include "event/record.h"
#include "ledger/evidence.h"
#include "ledger/form.h"
#include "ledger/seal/checkpoint.h"
#include "ledger/source_table.h"
#include "ledger/tree/proof.h"
#include "ledger/tree/tree.h"
#include <fcntl.h>
#include <stdlib.h>

#define LINE_MAX_BYTES (32u << 20) /* the longest record as base64, and its proof */

struct check {
	FILE *from;
	struct buf line;
	uint64_t number; /* of the line, from 1 */
	struct verifier key;
	struct checkpoint cp, kept;
	bool has_kept, kept_tied;
	struct source_table *table; /* signed; NULL: none */
	uint32_t *defined; /* ids that proven definitions gave */
	size_t defined_n;
	uint64_t records, next_seq;
	bool ended, records_began;
	void (*each)(void *ctx, uint64_t seq, struct bytes raw);
	void *ctx;
	struct why *why;
};

static int refuse(struct check *c, const char *what)
{
	return why_set(c->why, EVIDENCE_REFUSED, "line %llu: %s", (unsigned long long)c->number,
		       what);
}

enum { LINE_END = 2 }; /* beside EVIDENCE_REFUSED */

static int next_line(struct check *c)
{
	int ch;

	buf_clear(&c->line);
	c->number++;
	while ((ch = getc(c->from)) != EOF && ch != '\n') {
		if (c->line.len >= LINE_MAX_BYTES)
			return refuse(c, "is too long");
		buf_u8(&c->line, (uint8_t)ch);
	}
	if (ferror(c->from))
		return why_set(c->why, -EIO, "the bundle cannot be read");
	return ch == EOF ? LINE_END : 0; /* a last line without its newline is no line */
}

/* A string has one form only, as everything here: what is told twice could differ. */
static bool take_string(struct bytes *b, struct buf *ret)
{
	struct bytes from = *b;
	struct buf again = { 0 };
	bool good = form_string(b, ret);

	if (good) {
		json_string(&again, buf_view(ret));
		good = bytes_eq(bytes_sub(from, 0, from.len - b->len), buf_view(&again));
	}
	buf_done(&again);
	return good;
}

static bool take_proof(struct bytes *b, struct proof *ret)
{
	struct buf h = { 0 };
	bool good = form_take(b, "\"proof\":[");

	ret->n = 0;
	while (good && !form_take(b, "]")) {
		buf_clear(&h);
		good = (!ret->n || form_take(b, ",")) && ret->n < PROOF_MAX && form_base64(b, &h) &&
		       h.len == SHA256_LEN;
		if (good)
			memcpy(ret->at[ret->n++].at, h.at, SHA256_LEN);
	}
	buf_done(&h);
	return good;
}

static int check_head(struct check *c, const char *public_key)
{
	struct bytes b = buf_view(&c->line);
	struct buf key = { 0 }, note = { 0 };
	struct verifier inside;
	int r = 0;

	if (!form_take(&b, "{\"vedette-evidence\":") || !form_take(&b, "1,"))
		r = refuse(c, "is not the head of a bundle of format 1");
	else if (!form_take(&b, "\"key\":") || !take_string(&b, &key) ||
		 !form_take(&b, ",\"checkpoint\":") || !take_string(&b, &note) ||
		 !form_take(&b, "}") || b.len || !verifier_parse(buf_view(&key), &inside))
		r = refuse(c, "the head is not of the form");
	if (!r && public_key && memcmp(&inside, &c->key, sizeof(inside)) != 0)
		r = refuse(c, "the bundle is of another key than the one given");
	if (!r)
		c->key = inside;
	if (!r && !checkpoint_open(buf_view(&note), &c->key, false, &c->cp))
		r = refuse(c, "the checkpoint is not signed by that key");
	c->cp.extension = (struct bytes){ 0 };
	buf_done(&key);
	buf_done(&note);
	return r;
}

static int check_consistency(struct check *c, struct bytes b)
{
	struct buf note = { 0 };
	struct checkpoint old;
	struct proof p;
	int r = 0;

	if (!take_string(&b, &note) || !form_take(&b, ",") || !take_proof(&b, &p) ||
	    !form_take(&b, "}}") || b.len)
		r = refuse(c, "is not of the form");
	else if (!checkpoint_open(buf_view(&note), &c->key, false, &old))
		r = refuse(c, "the older checkpoint is not signed by the key");
	else if (!proof_check_consistency(old.size, c->cp.size, &old.root, &c->cp.root, p.at, p.n))
		r = refuse(c, "the consistency proof is wrong");
	else if (c->has_kept && old.size == c->kept.size &&
		 !memcmp(&old.root, &c->kept.root, sizeof(old.root)))
		c->kept_tied = true;
	buf_done(&note);
	return r;
}

static int check_table(struct check *c, struct bytes b)
{
	struct buf note = { 0 };
	int r = 0;

	if (c->table || !take_string(&b, &note) || !form_take(&b, "}") || b.len) {
		r = refuse(c, "is not of the form");
	} else {
		c->table = source_table_new();
		if (source_table_read(buf_view(&note), &c->key, c->table))
			r = refuse(c, "the table of sources is not signed by the key");
	}
	buf_done(&note);
	return r;
}

static bool is_defined(const struct check *c, uint32_t source)
{
	if (source == SOURCE_ID_SELF || (c->table && source_table_at(c->table, source)))
		return true;
	for (size_t i = 0; i < c->defined_n; i++) {
		if (c->defined[i] == source)
			return true;
	}
	return false;
}

static bool define(struct check *c, struct bytes raw)
{
	struct buf hold = { 0 };
	struct source s;
	bool good = source_definition_parse(raw, &s, &hold);

	buf_done(&hold);
	if (!good)
		return false;
	c->defined = mem_must(realloc(c->defined, (c->defined_n + 1) * sizeof(*c->defined)));
	c->defined[c->defined_n++] = s.id;
	return true;
}

/* Behind the key: a record with its proof. raw: the leaf, head and all. */
static int check_record(struct check *c, struct bytes b, bool definition)
{
	uint64_t seq, source, flags;
	struct leaf_head head;
	struct buf leaf = { 0 };
	struct hash256 hash;
	struct bytes whole;
	struct proof p;
	int64_t arrival;
	int r = 0;

	buf_add(&leaf, &(struct leaf_head){ 0 }, sizeof(head));
	if (!form_take(&b, "{\"seq\":") || !form_u64(&b, &seq) || !form_take(&b, ",\"arrival\":") ||
	    !form_i64(&b, &arrival) || !form_take(&b, ",\"source\":") || !form_u64(&b, &source) ||
	    source > UINT32_MAX || !form_take(&b, ",\"flags\":") || !form_u64(&b, &flags) ||
	    flags > UINT32_MAX || !form_take(&b, ",\"raw\":") || !form_base64(&b, &leaf) ||
	    !form_take(&b, ",") || !take_proof(&b, &p) || !form_take(&b, "}}") || b.len) {
		buf_done(&leaf);
		return refuse(c, "is not of the form");
	}
	head = (struct leaf_head){ arrival, (uint32_t)source, (uint32_t)flags };
	memcpy(leaf.at, &head, sizeof(head));
	whole = buf_view(&leaf);
	sha256_leaves(&whole, 1, &hash);
	if (!proof_check_inclusion(seq, c->cp.size, &hash, p.at, p.n, &c->cp.root))
		r = refuse(c, "the proof is wrong: this is not a record of that tree");
	else if (definition &&
		 (source != SOURCE_ID_SELF || !define(c, bytes_from(whole, sizeof(head)))))
		r = refuse(c, "does not define a source");
	else if (!definition && seq < c->next_seq)
		r = refuse(c, "records are not in order");
	else if (!is_defined(c, (uint32_t)source))
		r = refuse(c, "its source is not defined in the bundle");
	if (!r && !definition) {
		c->records++;
		c->next_seq = seq + 1;
		c->records_began = true;
		if (c->each)
			c->each(c->ctx, seq, bytes_from(whole, sizeof(head)));
	}
	buf_done(&leaf);
	return r;
}

static int check_line(struct check *c)
{
	struct bytes b = buf_view(&c->line);
	uint64_t n;

	if (c->ended)
		return refuse(c, "follows the end");
	if (form_take(&b, "{\"record\":"))
		return check_record(c, b, false);
	if (form_take(&b, "{\"end\":{\"records\":")) {
		if (!form_u64(&b, &n) || !form_take(&b, "}}") || b.len || n != c->records)
			return refuse(c, "the number of records is wrong");
		c->ended = true;
		return 0;
	}
	if (c->records_began)
		return refuse(c, "is not of the form");
	if (form_take(&b, "{\"definition\":"))
		return check_record(c, b, true);
	if (form_take(&b, "{\"consistency\":{\"checkpoint\":"))
		return check_consistency(c, b);
	if (form_take(&b, "{\"sources\":"))
		return check_table(c, b);
	return refuse(c, "is not of the form");
}

/* The kept checkpoint must be this tree's, or an older one that a proof in the bundle leads from.
 */
static int read_kept(struct check *c, const char *checkpoint)
{
	struct buf b = { 0 };
	int r = io_read_file(AT_FDCWD, checkpoint, 65536, &b);

	if (r)
		why_set(c->why, r, "%.200s: cannot be read: %s", checkpoint, strerror(-r));
	else if (!checkpoint_open(buf_view(&b), &c->key, false, &c->kept))
		r = why_set(c->why, EVIDENCE_REFUSED,
			    "%.200s: is no checkpoint signed by the key of the bundle", checkpoint);
	buf_done(&b);
	c->kept.extension = (struct bytes){ 0 };
	c->has_kept = !r;
	if (!r && c->kept.size == c->cp.size) {
		if (memcmp(&c->kept.root, &c->cp.root, sizeof(c->cp.root)) != 0)
			return why_set(c->why, EVIDENCE_REFUSED,
				       "the bundle's tree of %llu records is another one than that "
				       "of the kept checkpoint: the history was forked",
				       (unsigned long long)c->cp.size);
		c->kept_tied = true;
	}
	return r;
}

static int check_bundle(struct check *c, const char *public_key, const char *checkpoint)
{
	int r = public_key ? verifier_option(public_key, &c->key, c->why) : 0;

	if (r)
		return r;
	r = next_line(c);
	if (r == LINE_END)
		return refuse(c, "the bundle is empty or cut off");
	if (!r)
		r = check_head(c, public_key);
	if (!r && checkpoint)
		r = read_kept(c, checkpoint);
	while (!r) {
		r = next_line(c);
		if (r == LINE_END)
			break;
		if (!r)
			r = check_line(c);
	}
	if (r != LINE_END)
		return r;
	if (c->line.len || !c->ended)
		return refuse(c, "the bundle is cut off: its last line is missing");
	if (c->has_kept && !c->kept_tied)
		return why_set(c->why, EVIDENCE_REFUSED,
			       "nothing in the bundle ties it to the kept checkpoint of %llu "
			       "records; have it exported again for that checkpoint",
			       (unsigned long long)c->kept.size);
	return 0;
}

int evidence_verify(FILE *from, const char *public_key, const char *checkpoint,
		    void (*each)(void *ctx, uint64_t seq, struct bytes raw), void *ctx,
		    struct evidence_result *ret, struct why *why)
{
	struct why spare = { 0 };
	struct check c = { .from = from, .each = each, .ctx = ctx, .why = why ? why : &spare };
	int r = check_bundle(&c, public_key, checkpoint);

	if (!r) {
		struct evidence_result e = { .records = c.records, .tree_size = c.cp.size };

		memcpy(e.origin, c.cp.origin, sizeof(e.origin));
		tree_root_text(&c.cp.root, e.root);
		*ret = e;
	}
	source_table_free(c.table);
	free(c.defined);
	buf_done(&c.line);
	return r;
}
