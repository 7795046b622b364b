/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/block/variant.h"
#include "base/buf.h"
#include "base/hash.h"
#include <stdlib.h>

#define SLOTS 4096u
#define SAME_SKELETON                                                                              \
	32 /* variants of one skeleton; more (made-up values) would make lookups slow */

static bool inside(struct bytes raw, struct bytes v)
{
	return v.at >= raw.at && v.at + v.len <= raw.at + raw.len;
}

static uint32_t anchor_at(const struct line *l, struct anchor a)
{
	return (a.var ? l->tok[a.var - 1].end : 0) + a.off;
}

/* The anchor of offset x; false when it lies inside a variable. */
static bool anchor_of(const struct line *l, uint32_t x, struct anchor *ret)
{
	unsigned k = 0;

	while (k < l->n && l->tok[k].end <= x)
		k++;
	if (k < l->n && x > l->tok[k].start)
		return false;
	*ret = (struct anchor){ (uint16_t)k, (uint16_t)(x - (k ? l->tok[k - 1].end : 0)) };
	return true;
}

static bool map_fits(const struct variant *v, const struct line *l, struct bytes raw,
		     const struct event *e)
{
	if (v->set[0] != e->set[0] || v->set[1] != e->set[1] ||
	    v->has_time != (e->time != USEC_NONE))
		return false;
	for (unsigned i = 0; i < v->fields; i++) {
		const struct field_map *m = &v->map[i];
		struct bytes x = e->value[m->field];

		if (m->constant) {
			if (inside(raw, x) || !bytes_eq(x, m->value))
				return false;
			continue;
		}
		if (!inside(raw, x) || anchor_at(l, m->from) != (uint32_t)(x.at - raw.at) ||
		    anchor_at(l, m->to) != (uint32_t)(x.at - raw.at) + x.len)
			return false;
	}
	return true;
}

static bool map_make(struct variant *v, struct arena *arena, const struct line *l, struct bytes raw,
		     const struct event *e)
{
	v->map = arena_take(arena, e->n * sizeof(*v->map));
	v->fields = e->n;
	v->set[0] = e->set[0];
	v->set[1] = e->set[1];
	v->has_time = e->time != USEC_NONE;
	for (unsigned i = 0; i < e->n; i++) {
		struct bytes x = e->value[e->order[i]];
		struct field_map *m = &v->map[i];

		*m = (struct field_map){ .field = e->order[i], .constant = !inside(raw, x) };
		if (m->constant) {
			m->value = arena_copy(arena, x);
		} else if (!anchor_of(l, (uint32_t)(x.at - raw.at), &m->from) ||
			   !anchor_of(l, (uint32_t)(x.at - raw.at) + (uint32_t)x.len, &m->to)) {
			return false;
		}
	}
	return true;
}

static struct variant *variant_new(struct variants *vs, const struct line *l, struct bytes raw,
				   const struct event *e, uint64_t hash)
{
	struct variant *v;

	if (vs->n == VARIANTS_MAX)
		return NULL;
	v = arena_take(&vs->arena, sizeof(*v));
	memset(v, 0, sizeof(*v));
	if (!map_make(v, &vs->arena, l, raw, e))
		return NULL;
	v->skeleton = arena_copy(&vs->arena, bytes_of(l->skeleton, l->skeleton_len));
	v->hash = hash;
	v->vars = (uint8_t)l->n;
	for (unsigned i = 0; i < l->n; i++) {
		v->type[i] = l->tok[i].type;
		memcpy(v->param[i], l->tok[i].param, 3);
	}
	if (vs->n == vs->cap) {
		vs->cap = vs->cap ? vs->cap * 2 : 256;
		vs->all = mem_must(realloc(vs->all, vs->cap * sizeof(struct variant *)));
	}
	vs->all[vs->n++] = v;
	v->next = vs->slot[hash % SLOTS];
	vs->slot[hash % SLOTS] = v;
	return v;
}

struct variant *variant_of(struct variants *vs, const struct line *l, struct bytes raw,
			   const struct event *e)
{
	struct bytes skeleton = bytes_of(l->skeleton, l->skeleton_len);
	uint64_t hash = hash_fast(skeleton, vs->seed);
	unsigned same = 0;

	if (!vs->slot) {
		vs->slot = mem_new(SLOTS, sizeof(struct variant *));
		vs->seed = hash_keyed(BYTES("variants"));
		hash = hash_fast(skeleton, vs->seed);
	}
	for (struct variant *v = vs->slot[hash % SLOTS]; v; v = v->next) {
		if (v->hash != hash || !bytes_eq(v->skeleton, skeleton))
			continue;
		if (map_fits(v, l, raw, e))
			return v;
		if (++same == SAME_SKELETON)
			return NULL;
	}
	return variant_new(vs, l, raw, e, hash);
}

void variants_clear(struct variants *vs)
{
	if (vs->slot)
		memset(vs->slot, 0, SLOTS * sizeof(struct variant *));
	vs->n = 0;
	arena_reset(&vs->arena);
}

void variants_done(struct variants *vs)
{
	free(vs->slot);
	free(vs->all);
	arena_done(&vs->arena);
	*vs = (struct variants){ 0 };
}
