/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve/canary.h"
#include "base/text.h"
#include "detect/samples.h"
#include <stdlib.h>

#define IDS_TOLD 100u /* in a note, which has a bound */

static const char *const state_names[CANARY_STATES] = { "no-sample", "proven", "dead",
							"not-tried" };

struct run {
	const struct ruleset *set;
	struct canary *to;
	struct canary_rule **by_index; /* of the set; NULL: a filter */
	usec until;
};

static void copy_rules(struct run *r)
{
	struct canary *to = r->to;
	size_t n = ruleset_n(r->set);

	to->rule = mem_new(n + 1, sizeof(*to->rule));
	r->by_index = mem_new(n + 1, sizeof(struct canary_rule *));
	for (size_t i = 0; i < n; i++) {
		const struct rule_info *from = ruleset_rule(r->set, i);
		struct canary_rule *one = &to->rule[to->n];

		if (from->kind == RULE_FILTER)
			continue;
		one->id = arena_copy(&to->arena, from->id.len ? from->id : from->title);
		one->title = arena_copy(&to->arena, from->title);
		one->file = arena_copy(&to->arena, from->file);
		one->quiet = from->quiet;
		r->by_index[i] = one;
		to->n++;
	}
}

/* One sample that fires is proof. */
static void try_sample(struct run *r, size_t index, const struct sample *p)
{
	struct canary_rule *one = r->by_index[index];
	struct sample_result x;

	if (!p->match || !one || one->state == CANARY_PROVEN)
		return;
	if (clock_mono() > r->until) {
		one->state = CANARY_NOT_TRIED;
		return;
	}
	if (sample_run(r->set, index, p, &x) < 0)
		return;
	one->state = x.fired ? CANARY_PROVEN : CANARY_DEAD;
	if (!x.fired)
		one->why = arena_copy(&r->to->arena, bytes_str(x.why.line));
}

/* foo.yml or foo.yaml of foo.samples.yml, as the set calls it. */
static bool rule_file_of(const struct ruleset *s, struct bytes path, struct bytes *ret)
{
	struct buf want = { 0 };
	bool found = false;

	for (size_t i = 0; i < ruleset_n(s) && !found; i++) {
		buf_clear(&want);
		samples_path(ruleset_rule(s, i)->file, &want);
		found = bytes_eq(buf_view(&want), path);
		if (found)
			*ret = ruleset_rule(s, i)->file;
	}
	buf_done(&want);
	return found;
}

static void try_file(struct run *r, const struct ruleset_text *t)
{
	struct samples *s = NULL;
	struct buf name = { 0 };
	struct bytes file;
	struct why why = { "" };
	int x;

	if (!rule_file_of(r->set, t->path, &file))
		return;
	buf_bytes(&name, t->path);
	x = samples_read(&s, t->text, buf_cstr(&name), &why);
	if (x < 0) {
		buf_clear(&name);
		text_safe(&name, bytes_str(why.line), NULL);
		say(SAY_WARN, "samples refused: %s", buf_cstr(&name));
	}
	buf_done(&name);
	if (x < 0)
		return;
	for (size_t i = 0; i < s->n; i++) {
		size_t index = sample_rule(r->set, file, &s->at[i]);

		if (index != SIZE_MAX)
			try_sample(r, index, &s->at[i]);
	}
	samples_free(s);
}

/* A rule that only serves a correlation is proven by the samples of that. */
static void drop_quiet(struct canary *c)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->n; i++)
		if (!c->rule[i].quiet || c->rule[i].state != CANARY_NO_SAMPLE)
			c->rule[kept++] = c->rule[i];
	c->n = kept;
}

struct canary *canary_run(const struct ruleset *s, const struct ruleset_text *samples, size_t n,
			  usec most)
{
	struct run r = { .set = s,
			 .to = mem_new(1, sizeof(struct canary)),
			 .until = clock_mono() + most };

	copy_rules(&r);
	for (size_t i = 0; i < n; i++)
		try_file(&r, &samples[i]);
	drop_quiet(r.to);
	for (size_t i = 0; i < r.to->n; i++)
		r.to->count[r.to->rule[i].state]++;
	free(r.by_index);
	return r.to;
}

struct canary *canary_free(struct canary *c)
{
	if (!c)
		return NULL;
	arena_done(&c->arena);
	free(c->rule);
	free(c);
	return NULL;
}

void canary_members(const struct canary *c, struct buf *to)
{
	size_t told = 0;

	buf_printf(to, ",\"proven\":%zu,\"dead\":%zu,\"without_sample\":%zu,\"not_tried\":%zu",
		   c->count[CANARY_PROVEN], c->count[CANARY_DEAD], c->count[CANARY_NO_SAMPLE],
		   c->count[CANARY_NOT_TRIED]);
	buf_str(to, ",\"unproven\":[");
	for (size_t i = 0; i < c->n && told < IDS_TOLD; i++) {
		if (c->rule[i].state != CANARY_DEAD)
			continue;
		if (told++)
			buf_u8(to, ',');
		json_string(to, bytes_sub(c->rule[i].id, 0, 64));
	}
	buf_u8(to, ']');
}

void canary_lines(const struct canary *c, struct buf *to)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct canary_rule *r = &c->rule[i];

		buf_str(to, "{\"rule.uuid\":");
		json_string(to, r->id);
		buf_str(to, ",\"rule.name\":");
		json_string(to, r->title);
		buf_str(to, ",\"file\":");
		json_string(to, r->file);
		buf_printf(to, ",\"state\":\"%s\"", state_names[r->state]);
		if (r->why.len) {
			buf_str(to, ",\"reason\":");
			json_string(to, r->why);
		}
		buf_str(to, "}\n");
	}
}
