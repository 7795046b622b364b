/* SPDX-License-Identifier: Apache-2.0 */
/* Files → documents → rules. A document that cannot be used is put on the list of refused ones with
 * its file, line and reason; all others run on. */
#include "base/hash.h"
#include "base/io.h"
#include "detect/sigma/correlate.h"
#include "detect/sigma/filter.h"
#include "detect/sigma/logtable.h"
#include "detect/sigma/metadata.h"
#include "detect/sigma/prefilter.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define VALUES_MAX 200000u /* of one rule */
#define DEPTH_MAX 16u
#define FILES_MAX 200000u

/* ---- slots ---- */

static bool same_slot(const struct slot *a, const struct slot *b)
{
	return a->place == b->place && a->fields_n == b->fields_n &&
	       !memcmp(a->fields, b->fields, a->fields_n) && bytes_eq(a->name, b->name);
}

static void grow_slots(struct ruleset *s)
{
	size_t n = s->slot_table_n ? s->slot_table_n * 2 : 1024;

	free(s->slot_table);
	s->slot_table = mem_new(n, sizeof(*s->slot_table));
	s->slot_table_n = n;
	for (uint32_t i = 0; i < s->slots_n; i++) {
		size_t at = s->slots[i].hash % n;

		while (s->slot_table[at])
			at = (at + 1) % n;
		s->slot_table[at] = i + 1;
	}
}

uint32_t slot_of(struct ruleset *s, const struct rule *r, struct bytes name)
{
	struct slot x = { .name = name, .hash = hash_fast(name, 1) };
	size_t at;

	if (!s->options.flat)
		logtable_field(s->table, &r->sources, name, &x);
	if (2 * (size_t)s->slots_n >= s->slot_table_n)
		grow_slots(s);
	at = x.hash % s->slot_table_n;
	for (; s->slot_table[at]; at = (at + 1) % s->slot_table_n)
		if (same_slot(&s->slots[s->slot_table[at] - 1], &x))
			return s->slot_table[at] - 1;
	if (s->slots_n == s->slots_cap) {
		s->slots_cap = s->slots_cap ? s->slots_cap * 2 : 256;
		s->slots = mem_must(realloc(s->slots, s->slots_cap * sizeof(*s->slots)));
	}
	x.name = arena_copy(&s->arena, name);
	s->slots[s->slots_n++] = x;
	s->slot_table[at] = s->slots_n;
	return s->slots_n - 1;
}

/* ---- documents ---- */

void ruleset_refuse(struct ruleset *s, const struct rule *r, unsigned line, const char *reason)
{
	if (s->refused_n == s->refused_cap) {
		s->refused_cap = s->refused_cap ? s->refused_cap * 2 : 64;
		s->refused = mem_must(realloc(s->refused, s->refused_cap * sizeof(*s->refused)));
	}
	s->refused[s->refused_n++] = (struct ruleset_refused){
		.file = r->info.file,
		.line = line,
		.id = r->info.id,
		.title = r->info.title,
		.reason = arena_copy(&s->arena, bytes_str(reason)),
	};
}

static int compile_conditions(struct compile *c, const struct yaml_node *conditions,
			      const struct yaml_node *detections, struct expr *const *named,
			      struct expr **ret)
{
	struct expr *any;

	if (!conditions)
		return why_set(c->why, -EINVAL, "detection: condition is missing");
	c->line = conditions->line;
	if (conditions->kind == YAML_SCALAR)
		return condition_compile(c, conditions->text, detections, named, ret);
	if (conditions->kind != YAML_LIST || !conditions->n)
		return why_set(c->why, -EINVAL, "condition: must be text or a list of texts");
	any = expr_new(&c->set->arena, EXPR_OR, (uint32_t)conditions->n);
	for (const struct yaml_item *i = conditions->first; i; i = i->next) {
		struct expr *one = NULL;
		int r;

		c->line = i->node->line;
		if (i->node->kind != YAML_SCALAR)
			return why_set(c->why, -EINVAL, "condition: must be text");
		r = condition_compile(c, i->node->text, detections, named, &one);
		if (r < 0)
			return r;
		expr_add(any, one);
	}
	*ret = any;
	return 0;
}

int rule_compile(struct ruleset *s, struct rule *r, const struct yaml_node *detections,
		 struct expr **ret, unsigned *ret_line, struct why *why)
{
	struct compile c = { .set = s, .rule = r, .why = why, .budget = VALUES_MAX };
	struct expr **named;
	size_t at = 0;
	int e = 0;

	c.line = detections->line;
	if (detections->kind != YAML_MAP) {
		*ret_line = c.line;
		return why_set(why, -EINVAL, "detection: must be a mapping");
	}
	named = arena_take(&s->arena, (detections->n + 1) * sizeof(struct expr *));
	for (const struct yaml_item *i = detections->first; e == 0 && i; i = i->next, at++) {
		named[at] = NULL;
		if (bytes_eq(i->key, BYTES("condition")) || bytes_eq(i->key, BYTES("timeframe")))
			continue;
		e = detection_compile(&c, i->node, &named[at]);
		if (e < 0)
			e = why_in(why, e, "detection %.*s", (int)bytes_sub(i->key, 0, 60).len,
				   i->key.at);
	}
	if (e == 0)
		e = compile_conditions(&c, yaml_get(detections, "condition"), detections, named,
				       ret);
	*ret_line = c.line;
	return e;
}

static int read_plain(struct ruleset *s, struct rule *r, unsigned *line, struct why *why)
{
	const struct yaml_node *d = yaml_get(r->document, "detection");

	r->everywhere = s->options.flat || s->options.any_logsource;
	if (!s->options.flat) {
		struct mask none = { { 0 } };

		logtable_sources(s->table, r, &r->sources);
		if (!r->everywhere && !memcmp(&r->sources, &none, sizeof(none)))
			r->info.never = BYTES("no records here are of its logsource");
	}
	if (!d) {
		*line = r->document->line;
		return why_set(why, -EINVAL, "detection: is missing");
	}
	return rule_compile(s, r, d, &r->expr, line, why);
}

static void add_rule(struct ruleset *s, const struct rule *r)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 256;
		s->rules = mem_must(realloc(s->rules, s->cap * sizeof(*s->rules)));
	}
	s->rules[s->n++] = *r;
}

static void take_document(struct ruleset *s, const struct yaml_node *n, struct bytes file,
			  unsigned line)
{
	struct rule r = { .document = n };
	struct why why = { "" };
	int e = 0;

	r.info.file = file;
	r.info.line = line;
	r.info.kind = yaml_get(n, "correlation") ? RULE_CORRELATION
		      : yaml_get(n, "filter")	 ? RULE_FILTER
						 : RULE_PLAIN;
	if (n->kind != YAML_MAP)
		e = why_set(&why, -EINVAL, "a rule must be a mapping");
	else if (yaml_get(n, "action"))
		e = why_set(&why, -EINVAL,
			    "action: collections of this form are no part of Sigma 2");
	if (e == 0)
		e = metadata_read(s, n, &r, &line, &why);
	if (e == 0 && r.info.kind == RULE_PLAIN)
		e = read_plain(s, &r, &line, &why);
	if (e < 0)
		ruleset_refuse(s, &r, line, why.line);
	else
		add_rule(s, &r);
}

static void take_text(struct ruleset *s, struct bytes file, struct bytes text)
{
	struct rule nobody = { 0 };
	struct yaml_node *n = NULL;
	struct why why = { "" };
	unsigned line = 0;
	struct yaml *y;
	int r;

	file = nobody.info.file = arena_copy(&s->arena, file);
	if (yaml_open(&y, text, &s->arena) < 0)
		return;
	while ((r = yaml_next(y, &n, &line, &why)) == 0)
		if (!(n->kind == YAML_SCALAR && yaml_is_null(n)))
			take_document(s, n, file, line);
	if (r == YAML_BAD)
		ruleset_refuse(s, &nobody, line, why.line);
	yaml_close(y);
}

/* ---- files ---- */

struct walk {
	struct ruleset *set;
	unsigned files;
};

static bool is_rule_file(const char *name)
{
	struct bytes b = bytes_str(name);

	return !bytes_ends(b, BYTES(".samples.yml")) && !bytes_eq(b, BYTES("logsources.yml")) &&
	       (bytes_ends(b, BYTES(".yml")) || bytes_ends(b, BYTES(".yaml")));
}

static int take_file(struct ruleset *s, const char *path)
{
	struct rule nobody = { 0 };
	struct buf text = { 0 };
	int r = io_read_file(AT_FDCWD, path, YAML_BYTES_MAX, &text);

	if (r < 0) {
		nobody.info.file = arena_copy(&s->arena, bytes_str(path));
		ruleset_refuse(s, &nobody, 0, strerror(-r));
	} else {
		take_text(s, bytes_str(path), buf_view(&text));
	}
	buf_done(&text);
	return r;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void walk_dir(struct walk *w, const char *path, unsigned depth)
{
	struct dirent **e = NULL;
	int n = depth > DEPTH_MAX ? 0 : scandir(path, &e, NULL, by_name);

	for (int i = 0; i < n; i++) {
		char child[4096];
		struct stat st;

		if (e[i]->d_name[0] != '.' &&
		    snprintf(child, sizeof(child), "%s/%s", path, e[i]->d_name) <
			    (int)sizeof(child) &&
		    stat(child, &st) == 0) {
			if (S_ISDIR(st.st_mode))
				walk_dir(w, child, depth + 1);
			else if (is_rule_file(e[i]->d_name) && w->files++ < FILES_MAX)
				take_file(w->set, child);
		}
		free(e[i]);
	}
	free(e);
}

static int take_path(struct ruleset *s, const char *path, struct why *why)
{
	struct walk w = { s, 0 };
	struct stat st;

	if (stat(path, &st) < 0)
		return why_set(why, -errno, "%s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		walk_dir(&w, path, 0);
	else
		take_file(s, path);
	return 0;
}

static int take_table(struct ruleset *s, const char *path, struct why *why)
{
	struct buf text = { 0 };
	int r = io_read_file(AT_FDCWD, path, YAML_BYTES_MAX, &text);

	r = r < 0 ? why_set(why, r, "%s: %s", path, strerror(-r))
		  : logtable_read(s->table, &s->arena, buf_view(&text), bytes_str(path), why);
	buf_done(&text);
	return r;
}

static int take_all(struct ruleset *s, struct why *why)
{
	const struct ruleset_options *o = &s->options;
	int r = logtable_new(&s->table, &s->arena, why);

	for (size_t i = 0; r == 0 && i < o->tables_n; i++)
		r = take_table(s, o->tables[i], why);
	for (size_t i = 0; r == 0 && i < o->texts_n; i++) {
		struct why bad = { "" };
		struct rule nobody = { 0 };

		if (!o->texts[i].table)
			continue;
		nobody.info.file = arena_copy(&s->arena, o->texts[i].path);
		if (logtable_read(s->table, &s->arena, o->texts[i].text, o->texts[i].path, &bad) <
		    0)
			ruleset_refuse(s, &nobody, 0, bad.line);
	}
	for (size_t i = 0; r == 0 && i < o->paths_n; i++)
		r = take_path(s, o->paths[i], why);
	for (size_t i = 0; r == 0 && i < o->texts_n; i++)
		if (!o->texts[i].table)
			take_text(s, o->texts[i].path, o->texts[i].text);
	return r;
}

int ruleset_load(struct ruleset **ret, const struct ruleset_options *o, struct why *why)
{
	struct ruleset *s = mem_new(1, sizeof(*s));
	int r;

	s->options = *o;
	r = take_all(s, why);
	if (r == 0)
		r = filters_apply(s, why);
	if (r == 0)
		r = correlations_link(s, why);
	if (r == 0)
		r = prefilter_new(&s->prefilter, s, why);
	if (r == 0)
		correlations_never(s);
	if (r < 0) {
		ruleset_free(s);
		return r;
	}
	s->options.paths = s->options.tables = NULL; /* were lent */
	s->options.texts = NULL;
	*ret = s;
	return 0;
}

struct ruleset *ruleset_free(struct ruleset *s)
{
	if (!s)
		return NULL;
	correlations_free(s);
	prefilter_free(s->prefilter);
	rx_free_all(s->regexes);
	arena_done(&s->arena);
	free(s->rules);
	free(s->refused);
	free(s->slots);
	free(s->slot_table);
	free(s);
	return NULL;
}

size_t ruleset_n(const struct ruleset *s)
{
	return s->n;
}

const struct rule_info *ruleset_rule(const struct ruleset *s, size_t i)
{
	return &s->rules[i].info;
}

size_t ruleset_refused_n(const struct ruleset *s)
{
	return s->refused_n;
}

const struct ruleset_refused *ruleset_refused(const struct ruleset *s, size_t i)
{
	return &s->refused[i];
}

size_t ruleset_bytes(const struct ruleset *s)
{
	return s->arena.total + s->cap * sizeof(*s->rules) + s->slots_cap * sizeof(*s->slots) +
	       prefilter_bytes(s->prefilter);
}

usec ruleset_window(const struct ruleset *s)
{
	return s->window;
}
