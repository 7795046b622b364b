/* SPDX-License-Identifier: Apache-2.0 */
/* Who tried to log in, from where, how often, with what success.
 * Joining needs the lines in order of time, and a ledger holds them in order of arrival: log files
 * imported one after the other tell of the same day. So the lines are taken span by span of time,
 * each span small enough to be sorted in memory; all of them at once where that is possible. */
#include "base/text.h"
#include "query/login.h"
#include "query/output.h"
#include "query/report.h"
#include <stdlib.h>

#define SPAN_LINES 400000u
#define SPAN_MAX 4000000u /* of one minute: more than that is not joined but left out, and told */
#define ROWS_SHOWN 50u
#define SPRAY_ACCOUNTS 5u
#define GUESSING_RUN 5u

struct collect {
	struct logins *l;
	struct report_scan scan;
	struct login_line *lines;
	uint64_t *seq;
	size_t n, cap, most;
	uint64_t left_out;
};

static int collect_row(void *ctx, uint32_t row, const struct record *r)
{
	struct collect *c = ctx;
	struct login_line line;

	if (!login_line_of(c->l, search_event(c->scan.s, row, r), search_time(c->scan.s, row, r),
			   &line))
		return 0;
	if (c->n == c->most) {
		c->left_out++;
		return c->most == SPAN_MAX ? 0 : 1; /* 1: too many for one go */
	}
	if (c->n == c->cap) {
		c->cap = c->cap ? 2 * c->cap : 1024;
		c->lines = mem_must(reallocarray(c->lines, c->cap, sizeof(*c->lines)));
	}
	c->lines[c->n++] = line;
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const struct login_line *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return (int)x->layer - (int)y->layer; /* the proxy first, then who stands behind it */
}

/* How many lines each minute has, by minute. */
struct minutes {
	struct report_scan scan;
	struct minute {
		int64_t at;
		uint64_t n;
	} * all;
	size_t n, cap;
};

static int minute_cmp(const void *a, const void *b)
{
	const struct minute *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static void minutes_sum(struct minutes *m)
{
	size_t kept = 0;

	if (!m->n)
		return;
	qsort(m->all, m->n, sizeof(*m->all), minute_cmp);
	for (size_t i = 1; i < m->n; i++) {
		if (m->all[i].at == m->all[kept].at)
			m->all[kept].n += m->all[i].n;
		else
			m->all[++kept] = m->all[i];
	}
	m->n = kept + 1;
}

static int minute_row(void *ctx, uint32_t row, const struct record *r)
{
	struct minutes *m = ctx;
	usec at = search_time(m->scan.s, row, r);
	int64_t minute = at / (60 * USEC_PER_SEC) - (at < 0);

	if (m->n && m->all[m->n - 1].at == minute) {
		m->all[m->n - 1].n++;
		return 0;
	}
	if (m->n == m->cap) {
		minutes_sum(m);
		if (m->n > m->cap / 2) {
			m->cap = m->cap ? 2 * m->cap : 4096;
			m->all = mem_must(reallocarray(m->all, m->cap, sizeof(*m->all)));
		}
	}
	m->all[m->n++] = (struct minute){ minute, 1 };
	return 0;
}

static void feed(struct collect *c, struct joiner *j)
{
	if (c->n)
		qsort(c->lines, c->n, sizeof(*c->lines), by_time);
	for (size_t i = 0; i < c->n; i++)
		joiner_feed(j, &c->lines[i]);
	c->l->lines += c->n;
	c->n = 0;
}

static int by_spans(struct collect *c, struct joiner *j, struct query_result *ret, struct why *why)
{
	struct minutes m = { .scan = c->scan };
	usec since = c->scan.since, until = c->scan.until;

	m.scan.fn = minute_row;
	m.scan.ctx = &m;
	report_scan(&m.scan, ret, why);
	minutes_sum(&m);
	c->most = SPAN_MAX;
	c->left_out = 0;
	for (size_t i = 0, k; i < m.n; i = k) {
		uint64_t n = m.all[i].n;
		usec from, to;

		for (k = i + 1; k < m.n && n + m.all[k].n <= SPAN_LINES; k++)
			n += m.all[k].n;
		from = m.all[i].at * 60 * USEC_PER_SEC;
		to = (m.all[k - 1].at + 1) * 60 * USEC_PER_SEC;
		c->scan.since = since != USEC_NONE && since > from ? since : from;
		c->scan.until = until != USEC_NONE && until < to ? until : to;
		ret->damaged = 0; /* told again by each span */
		report_scan(&c->scan, ret, why);
		feed(c, j);
	}
	free(m.all);
	return 0;
}

/* The rows to be shown: ids that have a name in the meantime are taken into its row. */
static struct login_row **rows_of(struct logins *l, struct login_table *t, bool accounts,
				  size_t *ret)
{
	struct login_row **rows = mem_new((size_t)t->n + 1, sizeof(*rows));
	size_t n = 0;

	for (uint32_t i = 0; i < t->n; i++) {
		struct login_row *r = &t->rows[i], *named = NULL;
		uint32_t key[2] = { r->service, 0 };

		if (!r->failures && !r->successes && !r->tokens)
			continue;
		if (accounts && r->name && r->name < l->name_of_id_cap)
			key[1] = l->name_of_id[r->name];
		if (key[1] && intern_has(&t->keys, bytes_of(key, sizeof(key))))
			named = &t->rows[intern_put(&t->keys, bytes_of(key, sizeof(key)))];
		if (key[1] && !named)
			r->name = key[1];
		if (!named || named == r) {
			rows[n++] = r;
			continue;
		}
		named->failures += r->failures;
		named->successes += r->successes;
		named->tokens += r->tokens;
		named->first = r->first < named->first ? r->first : named->first;
		named->last = r->last > named->last ? r->last : named->last;
		named->peak = r->peak > named->peak ? r->peak : named->peak;
		if (r->longest > named->longest) {
			named->longest = r->longest;
			named->longest_at = r->longest_at;
		}
	}
	*ret = n;
	return rows;
}

static int row_cmp(const void *a, const void *b, void *ctx)
{
	const struct login_row *x = *(struct login_row *const *)a;
	const struct login_row *y = *(struct login_row *const *)b;
	const struct logins *l = ctx;
	int c;

	if (x->failures != y->failures)
		return x->failures < y->failures ? 1 : -1;
	if (x->successes != y->successes)
		return x->successes < y->successes ? 1 : -1;
	c = bytes_cmp(logins_name(l, x->name), logins_name(l, y->name));
	return c ? c : bytes_cmp(logins_name(l, x->service), logins_name(l, y->service));
}

static const char *evidence(const struct login_row *r)
{
	return !r->claimed ? "observed" : !r->observed ? "claimed" : "mixed";
}

static void remarks(struct buf *to, const struct login_row *r, bool accounts)
{
	buf_clear(to);
	if (r->longest >= GUESSING_RUN) {
		buf_printf(to, "; %llu failures, then a success at ",
			   (unsigned long long)r->longest);
		report_time(to, r->longest_at);
	}
	if (r->run >= GUESSING_RUN)
		buf_printf(to, "; the last %llu attempts failed", (unsigned long long)r->run);
	if (accounts && r->unknown)
		buf_str(to, "; no such account");
	if (!accounts && r->distinct.n >= SPRAY_ACCOUNTS && r->failures >= r->distinct.n)
		buf_str(to, "; tries many accounts");
	if (r->forged)
		buf_printf(to, "; claimed another address %llu times",
			   (unsigned long long)r->forged);
	if (r->tokens)
		buf_printf(to, "; %llu bad tokens", (unsigned long long)r->tokens);
	if (to->len) { /* without the first "; " */
		to->len -= 2;
		memmove(to->at, to->at + 2, to->len);
	}
}

static void json_row(struct buf *to, const struct logins *l, const struct login_row *r,
		     bool accounts)
{
	buf_printf(to, "{\"report\":\"logins\",\"kind\":\"%s\",\"service.name\":",
		   accounts ? "account" : "origin");
	json_string(to, logins_name(l, r->service));
	buf_str(to, accounts ? ",\"user.name\":" : ",\"source.address\":");
	json_string(to, r->name ? logins_name(l, r->name) : BYTES("(all others)"));
	if (!accounts)
		buf_printf(to, ",\"evidence\":\"%s\",\"observed\":%llu,\"claimed\":%llu",
			   evidence(r), (unsigned long long)r->observed,
			   (unsigned long long)r->claimed);
	buf_printf(to, ",\"failures\":%llu,\"successes\":%llu,\"%s\":%llu",
		   (unsigned long long)r->failures, (unsigned long long)r->successes,
		   accounts ? "origins" : "accounts", (unsigned long long)r->distinct.n);
	buf_str(to, ",\"first\":\"");
	buf_time(to, r->first);
	buf_str(to, "\",\"last\":\"");
	buf_time(to, r->last);
	buf_printf(to, "\",\"failures_per_minute_max\":%llu,\"failures_before_success_max\":%llu",
		   (unsigned long long)r->peak, (unsigned long long)r->longest);
	if (accounts)
		buf_printf(to, ",\"unknown_account\":%s", r->unknown ? "true" : "false");
	else
		buf_printf(to, ",\"claimed_another_address\":%llu", (unsigned long long)r->forged);
	if (r->tokens)
		buf_printf(to, ",\"bad_tokens\":%llu", (unsigned long long)r->tokens);
	buf_str(to, "}\n");
}

static void put_num(struct item *i, uint64_t n)
{
	*i = (struct item){ .kind = ITEM_NUM, .num = (__int128)n * NUM_ONE };
}

static void put_text(struct table *t, struct item *i, struct bytes text)
{
	*i = (struct item){ .kind = ITEM_TEXT, .text = arena_copy(&t->arena, text) };
}

static void put_time(struct table *t, struct item *i, usec at)
{
	struct buf text = { 0 };

	report_time(&text, at);
	put_text(t, i, buf_view(&text));
	buf_done(&text);
}

static void text_row(struct table *t, const struct logins *l, const struct login_row *r,
		     bool accounts)
{
	struct item *i = table_add(t);
	struct buf text = { 0 };

	put_text(t, i++, r->name ? logins_name(l, r->name) : BYTES("(all others)"));
	put_text(t, i++, logins_name(l, r->service));
	if (!accounts)
		put_text(t, i++, bytes_str(evidence(r)));
	put_num(i++, r->failures);
	put_num(i++, r->successes);
	put_num(i++, r->distinct.n);
	put_num(i++, r->peak);
	put_time(t, i++, r->first);
	put_time(t, i++, r->last);
	remarks(&text, r, accounts);
	put_text(t, i++, buf_view(&text));
	buf_done(&text);
}

static void text_rows(struct buf *to, const struct logins *l, struct login_row **rows, size_t n,
		      bool accounts, bool colour)
{
	static const char *const heads[2][10] = {
		{ "origin", "service", "evidence", "failures", "successes", "accounts",
		  "per minute", "first", "last", "remarks" },
		{ "account", "service", "failures", "successes", "origins", "per minute", "first",
		  "last", "remarks" },
	};
	struct table t;

	table_init(&t, accounts ? 9 : 10);
	for (unsigned c = 0; c < t.columns_n; c++)
		t.columns[c] = (struct table_column){ bytes_str(heads[accounts][c]), TYPE_KEYWORD };
	for (size_t i = 0; i < n; i++)
		text_row(&t, l, rows[i], accounts);
	output_table(to, &t, false, colour);
	table_done(&t);
}

static void table_out(struct buf *to, struct logins *l, const struct report_options *o,
		      bool accounts)
{
	size_t n = 0, shown;
	struct login_row **rows = rows_of(l, accounts ? &l->accounts : &l->origins, accounts, &n);

	if (n)
		qsort_r(rows, n, sizeof(*rows), row_cmp, l);
	shown = o->format == QUERY_JSON ? (o->limit ? o->limit : n)
		: o->limit		? o->limit
					: ROWS_SHOWN;
	shown = shown < n ? shown : n;
	if (o->format == QUERY_JSON) {
		for (size_t i = 0; i < shown; i++)
			json_row(to, l, rows[i], accounts);
	} else if (shown) {
		buf_str(to, "\n");
		text_rows(to, l, rows, shown, accounts, o->colour);
		if (shown < n)
			buf_printf(to, "… and %zu more: --limit shows more, -o json all\n",
				   n - shown);
	}
	free(rows);
}

static void summary(struct buf *to, const struct logins *l, const struct report_options *o,
		    uint64_t left_out)
{
	if (o->format == QUERY_JSON) {
		buf_printf(
			to,
			"{\"report\":\"logins\",\"kind\":\"summary\",\"attempts\":%llu,"
			"\"failures\":%llu,\"successes\":%llu,\"bad_tokens\":%llu,\"lines\":%llu,"
			"\"lines_left_out\":%llu",
			(unsigned long long)l->attempts, (unsigned long long)l->failures,
			(unsigned long long)l->successes, (unsigned long long)l->tokens,
			(unsigned long long)l->lines, (unsigned long long)left_out);
		if (l->attempts) {
			buf_str(to, ",\"first\":\"");
			buf_time(to, l->first);
			buf_str(to, "\",\"last\":\"");
			buf_time(to, l->last);
			buf_str(to, "\"");
		}
		buf_str(to, "}\n");
		return;
	}
	if (!l->attempts) {
		buf_str(to, "no logins\n");
		return;
	}
	buf_printf(to, "%llu logins: %llu failed, %llu succeeded; ",
		   (unsigned long long)l->attempts, (unsigned long long)l->failures,
		   (unsigned long long)l->successes);
	if (l->tokens)
		buf_printf(to, "%llu bad tokens; ", (unsigned long long)l->tokens);
	report_time(to, l->first);
	buf_str(to, " to ");
	report_time(to, l->last);
	buf_printf(to, "; told by %llu lines\n", (unsigned long long)l->lines);
	if (left_out)
		buf_printf(to, "%llu lines of the busiest minutes are left out\n",
			   (unsigned long long)left_out);
	if (l->accounts.left_out || l->origins.left_out || l->names_full)
		buf_str(to, "too many names for the tables: the rest is under (all others)\n");
}

int report_logins(const struct view *v, const struct report_options *o, struct query_result *ret,
		  struct why *why)
{
	struct logins l = { 0 };
	struct collect c = { .l = &l, .most = SPAN_LINES };
	struct joiner *j = joiner_new(logins_count, &l);
	struct query *q = NULL;
	struct buf text = { 0 };
	int r = query_compile(&q, BYTES("event.category:authentication"), 0, why, NULL);

	*ret = (struct query_result){ 0 };
	if (r < 0)
		return r;
	c.scan = (struct report_scan){
		.v = v, .q = q, .since = o->since, .until = o->until, .fn = collect_row, .ctx = &c
	};
	if (report_scan(&c.scan, ret, why) > 0) {
		c.n = 0;
		ret->damaged = 0;
		by_spans(&c, j, ret, why);
	} else {
		feed(&c, j);
	}
	joiner_free(j);
	ret->hits = l.attempts;
	summary(&text, &l, o, c.left_out);
	table_out(&text, &l, o, true);
	table_out(&text, &l, o, false);
	r = report_finish(o, &text, ret, why);
	if (o->format == QUERY_TEXT && l.origins.n && !r)
		fprintf(o->out, "\nobserved: the other end of a connection; claimed: only what "
				"Keystone was "
				"told, which a\nclient can forge (X-Forwarded-For): never block an "
				"address on "
				"a claim alone.\n");
	buf_done(&text);
	free(c.lines);
	query_free(q);
	logins_done(&l);
	return r;
}
