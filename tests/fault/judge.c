/* SPDX-License-Identifier: Apache-2.0 */
/* judge.c — what a change to a ledger has done, beside the whole one: does verify find it and name
 * it, and can all be read that the change did not touch?
 *
 * Named is a file by its path or, for records, by their numbers. Untouched are the records of the
 * blocks and segments whose files are as they were: each must come back, byte for byte, from the
 * reader (view.h) and from a search for everything (query.h). Threads: one. */
#include "fault/judge.h"
#include "base/hash.h"
#include "ledger/blocks.h"
#include "ledger/file.h"
#include "query/query.h"
#include "unit/ledger/scratch.h"

#define PATHS 512

struct known { /* a record of the whole ledger */
	uint64_t sum; /* of all that makes its leaf */
	uint64_t raw_sum;
	bool own; /* of source 0: not in the answer of a search */
	bool touched; /* its file was */
	uint32_t found, hits; /* times it was read; times it was in the answer */
};

struct whole {
	struct known *at; /* by seq from `first` on */
	uint64_t first, n;
	bool units_touched;
};

struct finding {
	uint64_t from, to;
};

struct path {
	char name[192];
	uint64_t from, to; /* records of a block or segment; from > to: none */
};

static uint64_t sum_of(const struct record *r)
{
	struct leaf_head head = { r->arrival, r->source, r->flags };

	return checksum64(r->raw) ^ checksum64(bytes_of(&head, sizeof(head))) * 0x9e3779b97f4a7c15u;
}

/* ---- files ---- */

static char names[2][PATHS][192];
static size_t names_n[2];
static int side;
static size_t strip;

static int add_name(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)ftw;
	if (flag != FTW_D && names_n[side] < PATHS && strlen(path) > strip)
		snprintf(names[side][names_n[side]++], 192, "%s", path + strip);
	return 0;
}

static void list(const char *dir, int which)
{
	side = which;
	strip = strlen(dir) + 1;
	names_n[which] = 0;
	nftw(dir, add_name, 32, FTW_PHYS);
}

static bool same_file(const char *a, const char *b, const char *name)
{
	struct buf x = { 0 }, y = { 0 };
	char path[512];
	int r, s;
	bool same;

	snprintf(path, sizeof(path), "%s/%s", a, name);
	r = io_read_file(AT_FDCWD, path, 64u << 20, &x);
	snprintf(path, sizeof(path), "%s/%s", b, name);
	s = io_read_file(AT_FDCWD, path, 64u << 20, &y);
	same = !r && !s && bytes_eq(buf_view(&x), buf_view(&y));
	buf_done(&x);
	buf_done(&y);
	return same;
}

/* Of a file named after its first record that much is known; of one with records, all. */
static void first_of(struct path *p)
{
	const char *name = strrchr(p->name, '/');
	uint64_t first;

	if (name && (file_seq(name + 1, ".vb", &first) || file_seq(name + 1, ".gone", &first) ||
		     file_seq(name + 1, ".wal", &first)))
		p->from = p->to = first;
}

static size_t changed_files(const char *work, const char *dir, struct path ret[static PATHS])
{
	size_t n = 0;

	list(work, 0);
	list(dir, 1);
	for (int which = 0; which < 2; which++) {
		for (size_t i = 0; i < names_n[which] && n < PATHS; i++) {
			const char *name = names[which][i];
			bool seen = false;

			for (size_t k = 0; k < n; k++)
				seen |= !strcmp(ret[k].name, name);
			if (seen || !strcmp(name, "lock") || same_file(work, dir, name))
				continue;
			snprintf(ret[n].name, sizeof(ret[n].name), "%s", name);
			ret[n].from = 1;
			ret[n].to = 0;
			first_of(&ret[n++]);
		}
	}
	return n;
}

/* ---- the whole ledger ---- */

struct loading {
	struct whole *w;
	bool touched;
};

static int load_record(void *ctx, uint32_t row, const struct record *r)
{
	struct loading *l = ctx;
	struct whole *w = l->w;

	(void)row;
	if (!w->n)
		w->first = r->seq;
	if (r->seq != w->first + w->n)
		return -EBADMSG;
	if (!(w->n & (w->n - 1)))
		w->at = mem_must(realloc(w->at, (w->n ? w->n * 2 : 1) * sizeof(*w->at)));
	w->at[w->n++] = (struct known){ .sum = sum_of(r),
					.raw_sum = checksum64(r->raw),
					.own = r->source == SOURCE_ID_SELF,
					.touched = l->touched };
	return 0;
}

/* All records of a unit of a view; -errno: it cannot be read. */
static int each_record(const struct view *v, size_t i,
		       int (*fn)(void *ctx, uint32_t row, const struct record *r), void *ctx)
{
	struct segment *s;
	struct block *b;
	int r;

	if (!view_unit(v, i)->live) {
		r = view_block(v, i, &b, NULL);
		if (r)
			return r;
		r = block_decode(b, NULL, fn, ctx);
		block_free(b);
		return r;
	}
	r = view_segment(v, i, &s, NULL);
	for (uint32_t k = 0; !r && k < segment_count(s); k++) {
		struct record rec;

		segment_record(s, k, &rec);
		r = fn(ctx, k, &rec);
	}
	if (!r)
		segment_free(s);
	return r;
}

static int load(const char *dir, struct path *path, size_t paths, struct whole *ret)
{
	struct loading l = { .w = ret };
	struct why why = { 0 };
	struct view *v;
	int r = view_open(&v, dir, &why);

	if (r)
		return r;
	for (size_t i = 0; i < view_units(v) && !r; i++) {
		const struct unit *u = view_unit(v, i);
		char name[BLOCK_PATH_MAX];

		if (u->live)
			snprintf(name, sizeof(name), "wal/%016llx.wal",
				 (unsigned long long)u->first);
		else
			block_path(u->first, false, name);
		l.touched = false;
		for (size_t k = 0; k < paths; k++) {
			if (strcmp(path[k].name, name) != 0)
				continue;
			l.touched = ret->units_touched = true;
			path[k].from = u->first;
			path[k].to = u->first + u->count - 1;
		}
		r = each_record(v, i, load_record, &l);
	}
	for (size_t k = 0; k < paths; k++) /* also one that was added */
		ret->units_touched |= bytes_ends(bytes_str(path[k].name), BYTES(".vb")) ||
				      bytes_ends(bytes_str(path[k].name), BYTES(".gone")) ||
				      bytes_ends(bytes_str(path[k].name), BYTES(".wal"));
	view_free(v);
	return r;
}

/* ---- what verify says ---- */

static bool names_records(const char *line, uint64_t from, uint64_t to)
{
	unsigned long long a, b;

	for (const char *p = line; *p; p++) {
		if (sscanf(p, "records %llu..%llu", &a, &b) == 2) {
			if (a <= to && b >= from)
				return true;
		} else if (sscanf(p, "%llu records were signed, %llu are", &a, &b) == 2) {
			if (b <= to && a > from)
				return true;
		} else if (sscanf(p, "record %llu", &a) == 1 && a >= from && a <= to) {
			return true;
		}
	}
	return false;
}

/* A tile is named without the width of its unfinished form. */
static bool is_named(const struct buf *said, const struct path *p)
{
	struct bytes rest = buf_view(said), name = bytes_str(p->name);
	size_t at = bytes_find(name, BYTES(".p/"));

	if (at != BYTES_NONE)
		name = bytes_sub(name, 0, at);
	if (bytes_find(rest, name) != BYTES_NONE)
		return true;
	while (p->from <= p->to && rest.len) {
		size_t end = bytes_chr(rest, '\n');
		char line[1024];

		if (end == BYTES_NONE)
			end = rest.len;
		snprintf(line, sizeof(line), "%.*s", (int)end, (const char *)rest.at);
		if (names_records(line, p->from, p->to))
			return true;
		rest = bytes_from(rest, end + 1);
	}
	return false;
}

/* Without a key to believe nothing else can be told. */
static bool nothing_to_go_by(const struct buf *said)
{
	return bytes_find(buf_view(said), BYTES("key.pub: ")) != BYTES_NONE;
}

/* ---- what can be read ---- */

static int read_record(void *ctx, uint32_t row, const struct record *r)
{
	struct whole *w = ctx;

	(void)row;
	if (r->seq >= w->first && r->seq - w->first < w->n &&
	    w->at[r->seq - w->first].sum == sum_of(r))
		w->at[r->seq - w->first].found++;
	return 0;
}

static int by_sum(const void *a, const void *b)
{
	const struct known *x = *(const struct known *const *)a;
	const struct known *y = *(const struct known *const *)b;

	return x->raw_sum < y->raw_sum ? -1 : x->raw_sum > y->raw_sum;
}

/* All lines of the answer, each looked up by what it says; the numbers make them all different. */
static void take_answer(struct whole *w, struct bytes answer)
{
	struct known **sorted = mem_new(w->n, sizeof(struct known *));

	for (uint64_t i = 0; i < w->n; i++)
		sorted[i] = &w->at[i];
	if (w->n)
		qsort(sorted, w->n, sizeof(*sorted), by_sum);
	while (answer.len) {
		size_t end = bytes_chr(answer, '\n');
		struct known want, *key = &want, **hit;

		if (end == BYTES_NONE)
			end = answer.len;
		want.raw_sum = checksum64(bytes_sub(answer, 0, end));
		hit = w->n ? bsearch(&key, sorted, w->n, sizeof(*sorted), by_sum) : NULL;
		if (hit)
			(*hit)->hits++;
		answer = bytes_from(answer, end + 1);
	}
	free(sorted);
}

static int search_all(const struct view *v, struct whole *w, struct buf *out)
{
	struct query_options o = QUERY_OPTIONS;
	struct query_result res;
	struct why why = { 0 };
	struct query *q = NULL;
	char *answer = NULL;
	size_t len = 0, column;
	int r = query_compile(&q, BYTES("*"), 0, &why, &column);

	o.format = QUERY_RAW;
	o.threads = 1;
	o.out = open_memstream(&answer, &len);
	if (!r && o.out)
		r = query_run(q, v, &o, &res, &why);
	if (o.out)
		fclose(o.out);
	if (!r || r == -EBADMSG)
		take_answer(w, bytes_of(answer, len));
	else
		buf_printf(out, "# search: %s\n", why.line);
	query_free(q);
	free(answer);
	return r == -EBADMSG ? 0 : r;
}

static void read_all(const char *work, struct whole *w, struct buf *out)
{
	struct why why = { 0 };
	struct view *v;

	if (view_open(&v, work, &why)) {
		buf_printf(out, "# view: %s\n", why.line);
		return;
	}
	for (size_t i = 0; i < view_units(v); i++)
		each_record(v, i, read_record, w);
	search_all(v, w, out);
	view_free(v);
}

static uint64_t count_lost(const struct whole *w, struct buf *out)
{
	uint64_t lost = 0;

	for (uint64_t i = 0; i < w->n; i++) {
		const struct known *k = &w->at[i];

		if (k->touched)
			continue;
		if (!k->found || (!k->own && !k->hits)) {
			if (!lost++)
				buf_printf(
					out,
					"# record %llu of an untouched file: read %u times, found "
					"%u times\n",
					(unsigned long long)(w->first + i), k->found, k->hits);
		} else if (!w->units_touched && (k->found > 1 || k->hits > 1)) {
			if (!lost++)
				buf_printf(out, "# record %llu is there more than once\n",
					   (unsigned long long)(w->first + i));
		}
	}
	return lost;
}

int judge(const char *work, const char *dir, const char *key, const char *checkpoint,
	  struct buf *out)
{
	static struct path path[PATHS];
	size_t paths = changed_files(work, dir, path), nameless = 0;
	struct whole w = { 0 };
	struct buf said = { 0 };
	uint64_t lost;
	int r = load(dir, path, paths, &w), found;

	if (r) {
		free(w.at);
		return 2;
	}
	found = scratch_verify_with(work, key, checkpoint, false, NULL, &said);
	if (said.len)
		buf_printf(out, "# verify: %s", buf_cstr(&said));
	for (size_t i = 0; found == VERIFY_HARMED && i < paths; i++) {
		if (is_named(&said, &path[i]) || (!key && nothing_to_go_by(&said)))
			continue;
		buf_printf(out, "# not named: %s\n", path[i].name);
		nameless++;
	}
	read_all(work, &w, out);
	lost = count_lost(&w, out);
	if (lost)
		buf_printf(out, "# %llu of %llu records lost\n", (unsigned long long)lost,
			   (unsigned long long)w.n);
	buf_done(&said);
	free(w.at);
	if (found < 0)
		return 2;
	return found == 0 ? 0 : lost ? 4 : nameless ? 5 : 1;
}
