/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/samples.h"
#include "detect/sigma/matcher.h"
#include "intake/reader.h"
#include "parse/parse.h"
#include <stdlib.h>

/* Stamps without a year are of the one before this; nothing of a sample depends on the day. */
#define SAMPLE_ARRIVAL (1798761599 * USEC_PER_SEC) /* 2026-12-31T23:59:59Z */

size_t sample_rule(const struct ruleset *s, struct bytes file, const struct sample *p)
{
	size_t first = SIZE_MAX, any = SIZE_MAX;

	for (size_t i = 0; i < ruleset_n(s); i++) {
		const struct rule_info *r = ruleset_rule(s, i);

		if (!bytes_eq(r->file, file) || r->kind == RULE_FILTER)
			continue;
		if (p->rule.len && (bytes_eq(r->name, p->rule) || bytes_ieq(r->id, p->rule) ||
				    bytes_eq(r->title, p->rule)))
			return i;
		if (first == SIZE_MAX && !r->quiet)
			first = i;
		any = any == SIZE_MAX ? i : any;
	}
	if (p->rule.len)
		return SIZE_MAX;
	return first != SIZE_MAX ? first : any;
}

/* ---- a run ---- */

struct run {
	const struct sample *sample;
	const struct rule_info *rule;
	struct sample_result *to;
	bool met; /* a finding had all that was expected */
	struct bytes missed; /* the first field that one had not */
	char seen[200]; /* and what it had */
};

static bool field_of(const struct finding *f, struct bytes name, struct bytes *ret)
{
	for (size_t i = 0; i < f->entity_n; i++)
		if (bytes_eq(f->entity[i].name, name)) {
			*ret = f->entity[i].value;
			return true;
		}
	for (size_t i = 0; i < f->details_n; i++)
		if (bytes_eq(f->details[i].name, name)) {
			*ret = f->details[i].value;
			return true;
		}
	return false;
}

static bool is_as_expected(struct run *r, const struct finding *f)
{
	for (size_t i = 0; i < r->sample->expect_n; i++) {
		const struct sample_field *want = &r->sample->expect[i];
		struct buf number = { 0 };
		struct bytes have = BYTES("");
		bool there, same;

		buf_printf(&number, "%llu", (unsigned long long)f->count);
		there = bytes_eq(want->name, BYTES("vedette.count"))
				? (have = buf_view(&number), true)
				: field_of(f, want->name, &have);
		same = there && bytes_eq(have, want->value);
		if (!same) {
			size_t n = have.len < sizeof(r->seen) - 1 ? have.len : sizeof(r->seen) - 1;

			r->missed = want->name;
			if (n)
				memcpy(r->seen, have.at, n);
			r->seen[n] = '\0';
		}
		buf_done(&number);
		if (!same)
			return false;
	}
	return true;
}

static void add_other(struct sample_result *to, const struct finding *f)
{
	for (size_t i = 0; i < to->other_n; i++)
		if (bytes_eq(to->other[i].title, f->rule_name))
			return;
	if (to->other_n == SAMPLE_OTHERS)
		return;
	to->other[to->other_n].title = f->rule_name;
	to->other[to->other_n++].level = f->level;
}

static void tell(void *ctx, const struct finding *f)
{
	struct run *r = ctx;
	struct bytes id = r->rule->id.len ? r->rule->id : r->rule->title;

	if (!bytes_eq(f->rule_id, id)) {
		add_other(r->to, f);
		return;
	}
	r->to->fired++;
	if (is_as_expected(r, f))
		r->met = true;
}

/* "openstack/-/keystone" as a path: of the service where it has one, else of the product. */
static struct bytes default_source(const struct rule_info *r, struct buf *to)
{
	static const char *const auth[] = { "sshd", "sudo", "pam", "auth", "su", "login" };
	size_t slash = bytes_chr(r->logsource, '/');
	struct bytes product = bytes_sub(r->logsource, 0, slash);
	struct bytes rest = bytes_from(r->logsource, slash == BYTES_NONE ? SIZE_MAX : slash + 1);
	size_t last = bytes_chr(rest, '/');
	struct bytes service = last == BYTES_NONE ? rest : bytes_from(rest, last + 1);

	for (size_t i = 0; i < sizeof(auth) / sizeof(*auth); i++)
		if (bytes_eq(service, bytes_str(auth[i])))
			return BYTES("/var/log/auth.log");
	if (bytes_eq(service, BYTES("auditd")))
		return BYTES("/var/log/audit/audit.log");
	if (bytes_eq(service, BYTES("-")) || !service.len)
		service = product;
	if (bytes_eq(service, BYTES("-")) || !service.len || bytes_eq(service, BYTES("linux")))
		return BYTES("/var/log/syslog");
	buf_str(to, "/var/log/");
	buf_bytes(to, service);
	buf_u8(to, '/');
	buf_bytes(to, service);
	buf_str(to, ".log");
	return buf_view(to);
}

static void feed(struct matcher *m, const struct source *source, struct bytes text, struct run *run)
{
	struct parse_hint hint = { .kind = source->kind,
				   .name = source->name,
				   .host = source->host,
				   .arrival = SAMPLE_ARRIVAL };
	struct lines lines = { 0 };
	struct lines_limits limits;
	struct arena scratch = { 0 };
	struct event event;
	struct line line;
	usec last = SAMPLE_ARRIVAL;

	reader_limits_default(&limits);
	while (text.len && lines_next(&lines, &limits, text, LINES_END, &line) == 0) {
		struct record record = { .seq = run->to->records++,
					 .arrival = SAMPLE_ARRIVAL,
					 .source = source->id,
					 .flags = line.flags,
					 .raw = line.raw };
		struct item item = { .record = &record, .source = source, .event = &event };
		struct subject s = { .item = &item };

		event.scratch = &scratch;
		parse_record(&hint, line.raw, &event);
		last = event.time == USEC_NONE ? last : event.time;
		item.time = last;
		item.ref = (struct record_ref){ .seq = record.seq };
		matcher_feed(m, &s, tell, run);
		arena_reset(&scratch);
		text = bytes_from(text, line.used);
	}
	arena_done(&scratch);
	matcher_tick(m, INT64_MAX, tell, run);
}

static void judge(struct run *r)
{
	const struct sample *p = r->sample;
	struct sample_result *to = r->to;
	unsigned long long fired = to->fired;

	if (r->rule->never.len)
		why_set(&to->why, 0, "the rule never matches here: %.*s", (int)r->rule->never.len,
			(const char *)r->rule->never.at);
	else if (p->counted && to->fired != p->count)
		why_set(&to->why, 0, "%llu findings instead of %llu", fired,
			(unsigned long long)p->count);
	else if (p->match && !to->fired)
		why_set(&to->why, 0, "the rule does not fire");
	else if (!p->match && !p->counted && to->fired)
		why_set(&to->why, 0, "the rule fires (%llu findings) and must not", fired);
	else if (p->expect_n && to->fired && !r->met)
		why_set(&to->why, 0, "%.*s of the finding is \"%s\"", (int)r->missed.len,
			(const char *)r->missed.at, r->seen);
	else
		to->good = true;
}

int sample_run(const struct ruleset *s, size_t rule, const struct sample *p,
	       struct sample_result *ret)
{
	struct run run = { .sample = p, .rule = ruleset_rule(s, rule), .to = ret };
	const struct matcher_options o = { 0 };
	struct source source = { .id = 1, .kind = SOURCE_FILE };
	struct matcher *m = NULL;
	struct buf name = { 0 };
	uint64_t given_up;
	int r;

	*ret = (struct sample_result){ 0 };
	r = matcher_new(&m, s, &o);
	if (r < 0)
		return r;
	source.name = p->source.len ? p->source : default_source(run.rule, &name);
	source.host = p->host.len ? p->host : BYTES("sample");
	feed(m, &source, p->text, &run);
	if (run.rule->quiet) { /* it tells nothing by itself, but it must match all the same */
		matcher_rule_counts(m, rule, &ret->fired, &given_up);
		run.met = true;
	}
	judge(&run);
	matcher_free(m);
	buf_done(&name);
	return 0;
}
