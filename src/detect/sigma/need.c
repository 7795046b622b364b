/* SPDX-License-Identifier: Apache-2.0 */
/* What must be in an event for an expression to be true: a set of texts of which one is there, or
 * nothing that can be said. Of the parts of an `and` the best set is taken, of an `or` all
 * together. Only bytes that stand in an event as they stand in the rule count: letters of other
 * scripts have two cases, so they end a text. */
#include "detect/sigma/texts.h"
#include <limits.h>

#define TEXT_MIN 3u /* shorter ones are everywhere */
#define TEXT_MOST 48u /* longer ones tell no more */
#define SET_MAX 4096u

static void add(struct arena *a, struct texts *to, struct bytes t)
{
	if (to->n == SET_MAX) {
		to->known = false;
		return;
	}
	if (!(to->n & (to->n - 1))) {
		struct bytes *fresh = arena_take(a, (to->n ? 2 * to->n : 1) * sizeof(*fresh));

		if (to->n)
			memcpy(fresh, to->at, to->n * sizeof(*fresh));
		to->at = fresh;
	}
	to->at[to->n++] = t;
}

/* How seldom a text is, about: "={{" says more than "get", which every web server writes. */
static int rarity(struct bytes t)
{
	int sum = 0;

	for (size_t i = 0; i < t.len; i++) {
		uint8_t c = to_lower(t.at[i]);

		sum += memchr("etaoinsr ./-0123456789", c, 22) ? 2
		       : is_alnum(c) || memchr(":=_,\"", c, 5) ? 3
							       : 6;
	}
	return sum;
}

/* How well a set keeps events out: by its least seldom text, less for many. */
static int worth(const struct texts *t)
{
	int least = INT_MAX, size = 0;

	if (!t->known)
		return -1;
	for (uint32_t i = 0; i < t->n; i++) {
		int r = rarity(t->at[i]);

		least = r < least ? r : least;
	}
	for (uint32_t n = t->n; n > 1; n /= 4)
		size++;
	return t->n ? least - size : INT_MAX;
}

/* The longest run of ASCII without control characters. */
static struct bytes usable(struct bytes t)
{
	struct bytes best = { NULL, 0 };
	size_t from = 0;

	for (size_t i = 0; i <= t.len; i++) {
		if (i < t.len && t.at[i] >= 0x20 && t.at[i] < 0x7f)
			continue;
		if (i - from > best.len)
			best = bytes_sub(t, from, i - from);
		from = i + 1;
	}
	return bytes_sub(best, best.len > TEXT_MOST ? best.len - TEXT_MOST : 0, TEXT_MOST);
}

static struct texts one(struct arena *a, struct bytes t)
{
	struct texts ret = { .known = true };

	t = usable(t);
	if (t.len < TEXT_MIN)
		return (struct texts){ 0 };
	add(a, &ret, t);
	return ret;
}

/* Runs between wildcards: the one that is best. */
static struct texts of_pattern(struct arena *a, const struct pattern *p)
{
	struct texts best = { 0 };
	size_t from = 0;

	for (size_t i = 0; i <= p->text.len; i++) {
		struct texts t;

		if (i < p->text.len && p->glyph[i] == GLYPH_BYTE)
			continue;
		t = one(a, bytes_sub(p->text, from, i - from));
		if (worth(&t) > worth(&best))
			best = t;
		from = i + 1;
	}
	return best;
}

static void join(struct arena *a, struct texts *to, const struct texts *more)
{
	to->known = to->known && more->known;
	for (uint32_t i = 0; to->known && i < more->n; i++)
		add(a, to, more->at[i]);
}

static struct texts of_need(struct arena *a, const struct need *n, unsigned depth)
{
	struct texts ret = { 0 };

	if (depth > 32)
		return ret;
	switch (n->kind) {
	case NEED_TEXT:
		return one(a, n->text);
	case NEED_ALL:
		for (const struct need *p = n->parts; p; p = p->next) {
			struct texts t = of_need(a, p, depth + 1);

			if (worth(&t) > worth(&ret))
				ret = t;
		}
		return ret;
	case NEED_ONE:
		ret.known = n->parts != NULL;
		for (const struct need *p = n->parts; p; p = p->next) {
			struct texts t = of_need(a, p, depth + 1);

			join(a, &ret, &t);
		}
		return ret;
	default:
		return ret;
	}
}

static struct texts of_test(struct arena *a, const struct test *t)
{
	switch (t->kind) {
	case TEST_PATTERN:
		return of_pattern(a, &t->pattern);
	case TEST_REGEX:
		return of_need(a, rx_need(t->regex), 0);
	default: /* a number may be written in many ways */
		return (struct texts){ 0 };
	}
}

struct texts texts_of(struct arena *a, const struct expr *e)
{
	struct texts ret = { 0 };

	switch (e->kind) {
	case EXPR_TEST:
		return of_test(a, e->test);
	case EXPR_AND:
		for (uint32_t i = 0; i < e->n; i++) {
			struct texts t = texts_of(a, e->sub[i]);

			if (worth(&t) > worth(&ret))
				ret = t;
		}
		return ret;
	case EXPR_OR:
		ret.known = true;
		for (uint32_t i = 0; ret.known && i < e->n; i++) {
			struct texts t = texts_of(a, e->sub[i]);

			join(a, &ret, &t);
		}
		return ret;
	case EXPR_FALSE:
		ret.known = true; /* of no texts */
		return ret;
	default:
		return ret;
	}
}
