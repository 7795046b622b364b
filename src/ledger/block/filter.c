/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/block/filter.h"
#include "base/hash.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define FILTER_HEAD 16
#define FILTER_TRIES 100

struct shape {
	uint64_t seed;
	uint32_t segment, mask,
		segments; /* length of a segment, its mask, number of start segments */
};

uint64_t filter_key(struct bytes text)
{
	return hash_fast(text, 0x7665646574746531ull);
}

static uint64_t mix(uint64_t h, uint64_t seed)
{
	h += seed;
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdull;
	h ^= h >> 33;
	h *= 0xc4ceb9fe1a85ec53ull;
	return h ^ h >> 33;
}

static uint8_t fingerprint(uint64_t h)
{
	return (uint8_t)(h ^ h >> 32);
}

static void places(const struct shape *s, uint64_t h, uint32_t ret[3])
{
	uint64_t hi = (uint64_t)((unsigned __int128)h * ((uint64_t)s->segments * s->segment) >> 64);

	ret[0] = (uint32_t)hi;
	ret[1] = ret[0] + s->segment;
	ret[2] = ret[1] + s->segment;
	ret[1] ^= (uint32_t)(h >> 18) & s->mask;
	ret[2] ^= (uint32_t)h & s->mask;
}

static struct shape shape_for(size_t n)
{
	struct shape s = { 0 };
	double keys = n < 2 ? 2 : (double)n;
	double factor = fmax(1.125, 0.875 + 0.25 * log(1e6) / log(keys));
	double log_segment = floor(log(keys) / log(3.33) + 2.25);
	uint32_t all;

	s.segment = 1u << (unsigned)(log_segment > 18 ? 18 : log_segment);
	s.mask = s.segment - 1;
	all = ((uint32_t)round(keys * factor) + s.segment - 1) / s.segment;
	s.segments = all > 3 ? all - 2 : 1;
	return s;
}

/* Peels: a place that one key alone uses decides that key last; false when a core is left. */
static bool peel(const struct shape *s, const uint64_t *keys, size_t n, uint8_t *out)
{
	size_t size = (size_t)(s->segments + 2) * s->segment, top = 0, at = 0;
	uint8_t *count = mem_new(size, 1);
	uint64_t *sum = mem_new(size, sizeof(*sum)), *order = mem_new(n + 1, sizeof(*order));
	uint32_t *alone = mem_new(size, sizeof(*alone)), *place = mem_new(n + 1, sizeof(*place));
	uint32_t p[3];

	for (size_t i = 0; i < n; i++) {
		uint64_t h = mix(keys[i], s->seed);

		places(s, h, p);
		for (int k = 0; k < 3; k++) {
			count[p[k]] = count[p[k]] < 255 ? (uint8_t)(count[p[k]] + 1) : 255;
			sum[p[k]] ^= h;
		}
	}
	for (size_t i = 0; i < size; i++)
		if (count[i] == 1)
			alone[top++] = (uint32_t)i;
	while (top) {
		uint32_t i = alone[--top];
		uint64_t h;

		if (count[i] != 1)
			continue;
		h = sum[i];
		order[at] = h;
		place[at++] = i;
		places(s, h, p);
		for (int k = 0; k < 3; k++) {
			if (count[p[k]] < 255)
				count[p[k]]--;
			sum[p[k]] ^= h;
			if (count[p[k]] == 1)
				alone[top++] = p[k];
		}
	}
	if (at == n) {
		while (at--) {
			places(s, order[at], p);
			out[place[at]] = (uint8_t)(fingerprint(order[at]) ^ out[p[0]] ^ out[p[1]] ^
						   out[p[2]] ^ out[place[at]]);
		}
		at = n;
	}
	free(count);
	free(sum);
	free(order);
	free(alone);
	free(place);
	return at == n;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static size_t distinct(uint64_t *keys, size_t n)
{
	size_t to = 0;

	if (n)
		qsort(keys, n, sizeof(*keys), by_value);
	for (size_t i = 0; i < n; i++)
		if (!to || keys[i] != keys[to - 1])
			keys[to++] = keys[i];
	return to;
}

int filter_build(uint64_t *keys, size_t n, struct buf *ret)
{
	struct shape s = shape_for(n);
	size_t size = (size_t)(s.segments + 2) * s.segment;
	size_t had = ret->len;
	uint8_t *out;

	for (int i = 0; i < FILTER_TRIES; i++) {
		s.seed = s.seed * 6364136223846793005ull + 1442695040888963407ull;
		ret->len = had;
		buf_u64le(ret, s.seed);
		buf_u32le(ret, (uint32_t)__builtin_ctz(s.segment));
		buf_u32le(ret, s.segments);
		out = buf_reserve(ret, size);
		memset(out, 0, size);
		ret->len += size;
		if (peel(&s, keys, n, out))
			return 0;
		if (i == 1) /* equal keys never can be told apart */
			n = distinct(keys, n);
	}
	ret->len = had;
	return -EINVAL;
}

static bool shape_read(struct bytes filter, struct shape *ret)
{
	uint32_t log_segment;

	if (filter.len < FILTER_HEAD)
		return false;
	memcpy(&ret->seed, filter.at, 8);
	memcpy(&log_segment, filter.at + 8, 4);
	memcpy(&ret->segments, filter.at + 12, 4);
	if (log_segment > 18 || !ret->segments || ret->segments > 1u << 26)
		return false;
	ret->segment = 1u << log_segment;
	ret->mask = ret->segment - 1;
	return filter.len - FILTER_HEAD == (uint64_t)(ret->segments + 2) * ret->segment;
}

bool filter_valid(struct bytes filter)
{
	struct shape s;

	return shape_read(filter, &s);
}

bool filter_holds(struct bytes filter, uint64_t key)
{
	const uint8_t *f = filter.at + FILTER_HEAD;
	struct shape s;
	uint32_t p[3];
	uint64_t h;

	if (!shape_read(filter, &s))
		return true;
	h = mix(key, s.seed);
	places(&s, h, p);
	return fingerprint(h) == (uint8_t)(f[p[0]] ^ f[p[1]] ^ f[p[2]]);
}
