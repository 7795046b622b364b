/* SPDX-License-Identifier: Apache-2.0 */
/* Percentiles past TALLY_EXACT values: counts in buckets whose borders grow by 1 % each (as
 * DDSketch has them), so that the middle of a bucket is within 0.5 % of all that is in it. */
#include "query/tally.h"
#include <math.h>
#include <stdlib.h>

#define GAMMA 1.01

struct distinct { /* open addressing; 0 is free, else code + 1 */
	uint32_t *slots;
	uint32_t slots_n;
};

struct bucket {
	int32_t index; /* 0: zero; sign as the values'; |index| - BUCKET_ONE: power of GAMMA */
	uint64_t n;
};
#define BUCKET_ONE 100000

struct spread {
	double *exact; /* unsorted; NULL once it is buckets */
	struct bucket *buckets; /* by index, ascending */
	size_t n, cap; /* of either */
};

static bool distinct_add(struct distinct *d, uint32_t code)
{
	uint32_t at = code * 2654435761u & (d->slots_n - 1);

	while (d->slots[at]) {
		if (d->slots[at] == code + 1)
			return false;
		at = (at + 1) & (d->slots_n - 1);
	}
	d->slots[at] = code + 1;
	return true;
}

void tally_code(struct tally *t, uint32_t code, size_t *bytes)
{
	struct distinct *d = t->distinct;

	if (!d) {
		d = t->distinct = mem_new(1, sizeof(*d));
		d->slots_n = 8;
		d->slots = mem_new(d->slots_n, sizeof(*d->slots));
		*bytes += sizeof(*d) + 8 * sizeof(*d->slots) + 32;
	}
	if (t->n >= d->slots_n / 2) {
		struct distinct old = *d;

		d->slots_n *= 4;
		d->slots = mem_new(d->slots_n, sizeof(*d->slots));
		*bytes += (d->slots_n - old.slots_n) * sizeof(*d->slots);
		for (uint32_t i = 0; i < old.slots_n; i++)
			if (old.slots[i])
				distinct_add(d, old.slots[i] - 1);
		free(old.slots);
	}
	t->n += distinct_add(d, code);
}

static int32_t bucket_of(double v)
{
	double a = fabs(v);
	int32_t i;

	if (a < 1e-9)
		return 0;
	i = BUCKET_ONE + (int32_t)ceil(log(a) / log(GAMMA));
	return v < 0 ? -i : i;
}

static double bucket_value(int32_t index)
{
	double v;

	if (!index)
		return 0;
	v = pow(GAMMA, abs(index) - BUCKET_ONE) * 2 / (1 + GAMMA);
	return index < 0 ? -v : v;
}

static void bucket_add(struct spread *s, int32_t index, uint64_t n, size_t *bytes)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->buckets[mid].index < index)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < s->n && s->buckets[lo].index == index) {
		s->buckets[lo].n += n;
		return;
	}
	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 64;

		s->buckets = mem_must(reallocarray(s->buckets, cap, sizeof(*s->buckets)));
		*bytes += (cap - s->cap) * sizeof(*s->buckets);
		s->cap = cap;
	}
	memmove(s->buckets + lo + 1, s->buckets + lo, (s->n - lo) * sizeof(*s->buckets));
	s->buckets[lo] = (struct bucket){ index, n };
	s->n++;
}

static void spread_to_buckets(struct spread *s, size_t *bytes)
{
	double *exact = s->exact;
	size_t n = s->n;

	*bytes -= s->cap * sizeof(*exact);
	s->exact = NULL;
	s->n = s->cap = 0;
	for (size_t i = 0; i < n; i++)
		bucket_add(s, bucket_of(exact[i]), 1, bytes);
	free(exact);
}

static void spread_add(struct spread *s, double v, size_t *bytes)
{
	if (s->buckets) {
		bucket_add(s, bucket_of(v), 1, bytes);
		return;
	}
	if (s->n == TALLY_EXACT) {
		spread_to_buckets(s, bytes);
		bucket_add(s, bucket_of(v), 1, bytes);
		return;
	}
	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 8;

		s->exact = mem_must(reallocarray(s->exact, cap, sizeof(*s->exact)));
		*bytes += (cap - s->cap) * sizeof(*s->exact);
		s->cap = cap;
	}
	s->exact[s->n++] = v;
}

void tally_number(struct tally *t, enum agg_kind kind, __int128 v, size_t *bytes)
{
	if (kind == AGG_PERCENTILE) {
		if (!t->spread) {
			t->spread = mem_new(1, sizeof(*t->spread));
			*bytes += sizeof(*t->spread) + 16;
		}
		spread_add(t->spread, num_double(v), bytes);
	} else if (kind == AGG_SUM || kind == AGG_AVG) {
		t->num += v;
	} else if (!t->n || (kind == AGG_MIN ? v < t->num : v > t->num)) {
		t->num = v;
	}
	t->n++;
}

static void spread_merge(struct spread *to, struct spread *from, size_t *bytes)
{
	if (from->exact) {
		for (size_t i = 0; i < from->n; i++)
			spread_add(to, from->exact[i], bytes);
		return;
	}
	if (!to->buckets)
		spread_to_buckets(to, bytes);
	for (size_t i = 0; i < from->n; i++)
		bucket_add(to, from->buckets[i].index, from->buckets[i].n, bytes);
}

void tally_merge(struct tally *t, enum agg_kind kind, struct tally *from, const uint32_t *rename,
		 size_t *bytes)
{
	if (kind == AGG_DC) {
		for (uint32_t i = 0; from->distinct && i < from->distinct->slots_n; i++)
			if (from->distinct->slots[i])
				tally_code(t, rename[from->distinct->slots[i] - 1], bytes);
	} else if (kind == AGG_PERCENTILE) {
		if (from->spread && t->spread)
			spread_merge(t->spread, from->spread, bytes);
		else if (from->spread) {
			t->spread = from->spread;
			from->spread = NULL;
		}
		t->n += from->n;
	} else if (kind == AGG_SUM || kind == AGG_AVG) {
		t->num += from->num;
		t->n += from->n;
	} else if (kind == AGG_COUNT) {
		t->n += from->n;
	} else if (from->n) {
		tally_number(t, kind, from->num, bytes);
		t->n += from->n - 1;
	}
	tally_done(from, kind);
}

void tally_done(struct tally *t, enum agg_kind kind)
{
	if (kind == AGG_DC && t->distinct) {
		free(t->distinct->slots);
		free(t->distinct);
	} else if (kind == AGG_PERCENTILE && t->spread) {
		free(t->spread->exact);
		free(t->spread->buckets);
		free(t->spread);
	}
	*t = (struct tally){ 0 };
}

static int double_cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Nearest rank. */
double tally_percentile(const struct tally *t, unsigned percent)
{
	struct spread *s = t->spread;
	uint64_t rank = (t->n * percent + 99) / 100, seen = 0;

	if (s->exact) {
		qsort(s->exact, s->n, sizeof(*s->exact), double_cmp);
		return s->exact[rank ? rank - 1 : 0];
	}
	for (size_t i = 0; i < s->n; i++) {
		seen += s->buckets[i].n;
		if (seen >= rank)
			return bucket_value(s->buckets[i].index);
	}
	return 0;
}
