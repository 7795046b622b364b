/* SPDX-License-Identifier: Apache-2.0 */
/* A rule matched: each correlation that refers to it is told, with the values of its fields in this
 * event. What a correlation finds is told on to those that refer to it: the values are then those
 * of its own group, else those of the event that completed it. */
#include "detect/sigma/correlate.h"
#include "base/hash.h"
#include "detect/sigma/correlation_keep.h"
#include "detect/sigma/correlation_key.h"
#include "detect/sigma/correlation_rule.h"
#include "detect/sigma/correlation_state.h"
#include "detect/sigma/correlation_tell.h"
#include <stdlib.h>

struct correlate {
	const struct ruleset *set;
	const struct correlation_links *links;
	struct correlator *state;
	struct buf key, value, joined;
	uint64_t findings;
	uint64_t *found; /* by number */
	/* while an event is looked at: */
	struct look *look; /* NULL: a window closes */
	size_t leaf; /* the plain rule that matched */
	uint64_t serial;
	uint64_t ticks;
	finding_fn *fn;
	void *ctx;
	struct tell tell;
};

int correlate_new(struct correlate **ret, const struct ruleset *s, const struct matcher_options *o)
{
	struct correlate *c = mem_new(1, sizeof(*c));

	c->set = s;
	c->links = s->correlations;
	c->state = correlator_new(c->links->list, c->links->n, o ? o->state_bytes : 0,
				  o ? o->late : 0);
	c->found = mem_new(c->links->n + 1, sizeof(*c->found));
	*ret = c;
	return 0;
}

struct correlate *correlate_free(struct correlate *c)
{
	if (!c)
		return NULL;
	correlator_free(c->state);
	free(c->found);
	tell_done(&c->tell);
	buf_done(&c->key);
	buf_done(&c->value);
	buf_done(&c->joined);
	free(c);
	return NULL;
}

void correlate_take_over(struct correlate *c, struct correlate *old)
{
	size_t *from = keep_pairs(c->set, old->set);

	correlator_take_over(c->state, old->state, from);
	c->ticks = old->ticks;
	free(from);
}

/* ---- values ---- */

/* What stands for the event: matched by a plain rule, or found by a correlation. */
struct match {
	const struct correlation_rule *inner; /* NULL: a plain rule */
	struct bytes inner_key;
	usec time;
	const struct record_ref *proofs;
	size_t proofs_n;
};

/* All values of a field, joined: two events have the same when they have all the same. */
static bool event_value(struct correlate *c, uint32_t slot, struct bytes *ret)
{
	const struct looked *v = look_values(c->look, slot);
	uint32_t there = 0;

	buf_clear(&c->joined);
	for (uint32_t i = 0; i < v->n; i++) {
		if (v->at[i].kind == VALUE_NULL)
			continue;
		if (!there++) {
			*ret = v->at[i].text;
			continue;
		}
		if (there == 2)
			buf_bytes(&c->joined, *ret);
		buf_str(&c->joined, ", ");
		buf_bytes(&c->joined, v->at[i].text);
	}
	if (there > 1)
		*ret = buf_view(&c->joined);
	return there != 0;
}

static bool inner_value(const struct match *m, struct bytes name, struct bytes *ret)
{
	struct bytes key = m->inner_key;

	for (size_t g = 0; m->inner && g < m->inner->group_n; g++) {
		bool there = key_next(&key, ret);

		if (bytes_eq(m->inner->group[g], name))
			return there;
	}
	return false;
}

static const struct correlation_leaf *leaf_of(const struct correlate *c,
					      const struct correlation_input *in)
{
	for (size_t i = 0; c->look && i < in->leaves_n; i++)
		if (in->leaves[i].rule == c->leaf)
			return &in->leaves[i];
	return NULL;
}

static void make_key(struct correlate *c, const struct correlation_rule *o,
		     const struct correlation_input *in, const struct correlation_leaf *leaf,
		     const struct match *m)
{
	buf_clear(&c->key);
	for (size_t g = 0; g < o->group_n; g++) {
		struct bytes v = { NULL, 0 };
		bool there = inner_value(m, in->group[g], &v) ||
			     (leaf && event_value(c, leaf->group[g], &v));

		key_add(&c->key, v, there);
	}
}

/* A decimal number as events have it, with digits at least; anything else is no number. */
static bool number_of(struct bytes b, double *ret)
{
	char text[64], *end;

	b = bytes_trim(b);
	if (!b.len || b.len >= sizeof(text) ||
	    (!is_digit(b.at[0]) && b.at[0] != '-' && b.at[0] != '+' && b.at[0] != '.'))
		return false;
	memcpy(text, b.at, b.len);
	text[b.len] = '\0';
	*ret = strtod(text, &end);
	return !*end && *ret < 1e300 && *ret > -1e300;
}

/* false: the event has no value to be counted. */
static bool take_value(struct correlate *c, const struct correlation_rule *o,
		       const struct correlation_leaf *leaf, const struct match *m,
		       struct window_event *e)
{
	struct bytes v;

	if (!o->field_n || o->is.type == CORRELATION_EVENT_COUNT ||
	    o->is.type == CORRELATION_TEMPORAL || o->is.type == CORRELATION_TEMPORAL_ORDERED)
		return true;
	buf_clear(&c->value);
	for (size_t f = 0; f < o->field_n; f++) {
		if (!inner_value(m, o->field[f], &v) &&
		    !(leaf && event_value(c, leaf->field[f], &v)))
			return false;
		if (f)
			buf_u64le(&c->value, v.len);
		buf_bytes(&c->value, v);
	}
	e->id = hash_keyed(buf_view(&c->value));
	if (o->is.type == CORRELATION_VALUE_COUNT ||
	    (o->is.type == CORRELATION_VALUE_PERCENTILE && o->is.percentile < 0))
		return true;
	return number_of(buf_view(&c->value), &e->number);
}

/* ---- telling on ---- */

static void hit(void *ctx, const struct correlator_hit *h);

static void tell_targets(struct correlate *c, size_t rule, const struct match *m)
{
	for (size_t t = c->links->first[rule]; t < c->links->first[rule + 1]; t++) {
		const struct correlation_target *to = &c->links->targets[t];
		const struct correlation_rule *o =
			c->set->rules[c->links->rules[to->correlation]].extra;
		const struct correlation_input *in = &o->inputs[to->input];
		const struct correlation_leaf *leaf = leaf_of(c, in);
		struct correlator_event e = {
			.of = { .time = m->time, .input = to->input, .serial = c->serial },
			.proofs = m->proofs,
			.proofs_n = m->proofs_n
		};

		if (!take_value(c, o, leaf, m, &e.of))
			continue;
		make_key(c, o, in, leaf, m);
		e.key = buf_view(&c->key);
		correlator_feed(c->state, to->correlation, &e, hit, c);
	}
}

static void hit(void *ctx, const struct correlator_hit *h)
{
	struct correlate *c = ctx;
	size_t rule = c->links->rules[h->correlation];
	const struct rule *r = &c->set->rules[rule];
	struct match m = { .inner = r->extra,
			   .inner_key = h->key,
			   .time = h->time,
			   .proofs = h->proofs,
			   .proofs_n = h->proofs_n };

	c->found[h->correlation]++;
	if (!r->info.quiet) {
		c->findings++;
		tell_hit(&c->tell, r, h, c->look, c->fn, c->ctx);
	}
	tell_targets(c, rule, &m);
}

/* What was forgotten for want of memory is told, at most once a minute of event time. */
static void tell_evicted(struct correlate *c, usec now)
{
	struct correlator_counts n;

	correlator_counts(c->state, &n);
	if (n.evicted == c->tell.evicted_told || !tell_is_due(&c->tell, now))
		return;
	c->findings++;
	tell_lost(&c->tell, c->set, c->state, now, c->fn, c->ctx);
}

void correlate_matched(struct correlate *c, size_t i, struct look *l, finding_fn *fn, void *ctx)
{
	const struct item *item = l->subject->item;
	struct match m = { .time = item->time, .proofs = &item->ref, .proofs_n = 1 };

	if (c->links->first[i] == c->links->first[i + 1])
		return;
	c->look = l;
	c->leaf = i;
	c->serial = l->epoch;
	c->fn = fn;
	c->ctx = ctx;
	tell_targets(c, i, &m);
	c->look = NULL;
	tell_evicted(c, item->time);
}

static void closed(void *ctx, const struct correlator_hit *h)
{
	struct correlate *c = ctx;

	c->serial = (1ull << 32) + ++c->ticks; /* no event of the matcher's */
	hit(c, h);
}

void correlate_tick(struct correlate *c, usec now, finding_fn *fn, void *ctx)
{
	c->look = NULL;
	c->fn = fn;
	c->ctx = ctx;
	correlator_tick(c->state, now, closed, c);
	tell_evicted(c, now);
}

uint64_t correlate_found(const struct correlate *c, size_t i)
{
	const struct rule *r = &c->set->rules[i];
	const struct correlation_rule *o = r->extra;

	return r->info.kind == RULE_CORRELATION && o->linked ? c->found[o->number] : 0;
}

void correlate_counts(const struct correlate *c, struct matcher_counts *ret)
{
	struct correlator_counts n;

	correlator_counts(c->state, &n);
	ret->findings += c->findings;
	ret->groups = n.groups;
	ret->evicted = n.evicted;
	ret->state_bytes = n.bytes;
}
