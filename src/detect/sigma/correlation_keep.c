/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/sigma/correlation_keep.h"
#include "base/buf.h"
#include "base/hash.h"

#define NODES_MOST 100000u /* of one document: an alias can stand in many places */

struct walk {
	uint64_t hash;
	unsigned nodes;
};

static void add(struct walk *w, struct bytes b)
{
	uint64_t n = b.len;

	w->hash = hash_fast(bytes_of(&n, sizeof(n)), w->hash);
	w->hash = hash_fast(b, w->hash);
}

static void walk(struct walk *w, const struct yaml_node *n)
{
	if (w->nodes++ >= NODES_MOST)
		return;
	add(w, n->kind == YAML_SCALAR ? n->text : bytes_of(&n->n, sizeof(n->n)));
	w->hash ^= (uint64_t)n->kind << 1 | n->plain;
	for (const struct yaml_item *i = n->first; i; i = i->next) {
		add(w, i->key);
		walk(w, i->node);
	}
}

static uint64_t document(const struct rule *r)
{
	struct walk w = { 0 };

	walk(&w, r->document);
	return w.nodes >= NODES_MOST ? KEEP_NONE : w.hash | 1;
}

static uint64_t mix(uint64_t hash, uint64_t more)
{
	return hash == KEEP_NONE || more == KEEP_NONE
		       ? KEEP_NONE
		       : hash_fast(bytes_of(&more, sizeof(more)), hash) | 1;
}

void keep_prints(struct ruleset *s, const struct correlation_links *l)
{
	uint64_t filters = 1;

	for (size_t i = 0; i < s->n; i++)
		if (s->rules[i].info.kind == RULE_FILTER)
			filters = mix(filters, document(&s->rules[i]));
	for (size_t i = 0; i < l->n; i++) { /* each after all that it refers to */
		struct correlation_rule *c = s->rules[l->rules[i]].extra;

		c->print = mix(filters, document(&s->rules[l->rules[i]]));
		for (uint32_t k = 0; k < c->is.inputs_n; k++) {
			const struct rule *in = &s->rules[c->inputs[k].rule];
			const struct correlation_rule *inner = in->extra;

			c->print = mix(c->print, in->info.kind == RULE_CORRELATION ? inner->print
										   : document(in));
		}
	}
}

static uint64_t print_of(const struct ruleset *s, size_t number)
{
	const struct correlation_links *l = s->correlations;

	return ((const struct correlation_rule *)s->rules[l->rules[number]].extra)->print;
}

size_t *keep_pairs(const struct ruleset *fresh, const struct ruleset *old)
{
	const struct correlation_links *l = fresh->correlations, *was = old->correlations;
	size_t *ret = mem_new(l->n + 1, sizeof(*ret));

	for (size_t i = 0; i < l->n; i++) {
		uint64_t print = print_of(fresh, i);

		ret[i] = SIZE_MAX;
		for (size_t k = 0; k < was->n && ret[i] == SIZE_MAX && print != KEEP_NONE; k++)
			if (print_of(old, k) == print)
				ret[i] = k;
	}
	return ret;
}
