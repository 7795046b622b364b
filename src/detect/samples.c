/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/samples.h"
#include "base/io.h"
#include "detect/sigma/yaml.h"
#include <fcntl.h>
#include <stdlib.h>

#define FILE_MAX ((size_t)4 << 20)

struct reading {
	struct samples *to;
	unsigned line;
	struct why *why;
};

#define SAY(b) (int)((b).len < 100 ? (b).len : 100), (const char *)(b).at

static int refuse(struct reading *d, const struct yaml_node *n, const char *what)
{
	d->line = n->line;
	return why_set(d->why, -EINVAL, "%s", what);
}

static int take_lines(struct reading *d, const struct yaml_node *n, struct sample *p)
{
	struct buf b = { 0 };
	int r = 0;

	if (n->kind == YAML_SCALAR) {
		buf_bytes(&b, n->text);
		if (!bytes_ends(n->text, BYTES("\n")))
			buf_u8(&b, '\n');
	} else if (n->kind == YAML_MAP) {
		r = refuse(d, n, "lines: must be a list of texts");
	}
	for (const struct yaml_item *i = n->first; r == 0 && i; i = i->next) {
		if (i->node->kind != YAML_SCALAR) {
			r = refuse(d, i->node,
				   "lines: must be texts: quote a line with \": \" in it");
			continue;
		}
		buf_bytes(&b, i->node->text);
		if (!bytes_ends(i->node->text, BYTES("\n")))
			buf_u8(&b, '\n');
	}
	p->text = arena_copy(&d->to->arena, buf_view(&b));
	buf_done(&b);
	return r;
}

static int take_expect(struct reading *d, const struct yaml_node *n, struct sample *p)
{
	if (n->kind != YAML_MAP)
		return refuse(d, n, "expect: must map fields to values");
	p->expect = arena_take(&d->to->arena, n->n * sizeof(*p->expect));
	for (const struct yaml_item *i = n->first; i; i = i->next) {
		if (i->node->kind != YAML_SCALAR)
			return refuse(d, i->node, "expect: must map fields to values");
		p->expect[p->expect_n++] = (struct sample_field){ i->key, i->node->text };
	}
	return 0;
}

static int take_text(struct reading *d, const struct yaml_item *i, struct sample *p)
{
	const struct {
		const char *name;
		struct bytes *to;
	} texts[] = { { "why", &p->why },
		      { "source", &p->source },
		      { "host", &p->host },
		      { "rule", &p->rule } };

	for (size_t k = 0; k < sizeof(texts) / sizeof(*texts); k++) {
		if (!bytes_eq(i->key, bytes_str(texts[k].name)))
			continue;
		if (i->node->kind != YAML_SCALAR)
			return refuse(d, i->node, "why, source, host and rule must be texts");
		*texts[k].to = i->node->text;
		return 0;
	}
	d->line = i->line;
	return why_set(d->why, -EINVAL, "a sample has no \"%.*s\"", SAY(i->key));
}

static int take_item(struct reading *d, const struct yaml_item *i, struct sample *p)
{
	if (bytes_eq(i->key, BYTES("match")))
		return yaml_is_bool(i->node, &p->match)
			       ? 0
			       : refuse(d, i->node, "match: must be true or false");
	if (bytes_eq(i->key, BYTES("lines")))
		return take_lines(d, i->node, p);
	if (bytes_eq(i->key, BYTES("expect")))
		return take_expect(d, i->node, p);
	if (bytes_eq(i->key, BYTES("count"))) {
		p->counted = i->node->kind == YAML_SCALAR && bytes_u64(i->node->text, &p->count);
		return p->counted ? 0 : refuse(d, i->node, "count: must be a number");
	}
	return take_text(d, i, p);
}

static int take_sample(struct reading *d, const struct yaml_node *n, struct sample *p)
{
	int r = 0;

	p->line = n->line;
	if (n->kind != YAML_MAP)
		return refuse(d, n, "a sample must be a mapping");
	if (!yaml_get(n, "match"))
		return refuse(d, n, "match: is missing");
	for (const struct yaml_item *i = n->first; r == 0 && i; i = i->next)
		r = take_item(d, i, p);
	if (r == 0 && !p->text.len)
		r = refuse(d, n, "lines: is missing");
	return r;
}

static int take_document(struct reading *d, const struct yaml_node *n)
{
	const struct yaml_node *list = yaml_get(n, "samples");
	int r = 0;

	if (!list || list->kind != YAML_LIST)
		return refuse(d, list ? list : n, "samples: must be a list");
	d->to->at = arena_take(&d->to->arena, list->n * sizeof(*d->to->at));
	memset(d->to->at, 0, list->n * sizeof(*d->to->at));
	for (const struct yaml_item *i = list->first; r == 0 && i; i = i->next)
		r = take_sample(d, i->node, &d->to->at[d->to->n++]);
	return r;
}

static int read_text(struct reading *d, struct bytes text)
{
	struct yaml_node *n = NULL;
	struct yaml *y;
	int r = yaml_open(&y, text, &d->to->arena);

	if (r < 0)
		return r;
	r = yaml_next(y, &n, &d->line, d->why);
	if (r == 0)
		r = take_document(d, n);
	else
		r = r == YAML_END ? why_set(d->why, -EINVAL, "there is nothing in it") : -EINVAL;
	yaml_close(y);
	return r;
}

int samples_read(struct samples **ret, struct bytes text, const char *path, struct why *why)
{
	struct samples *s = mem_new(1, sizeof(*s));
	struct reading d = { .to = s, .why = why };
	int r;

	s->file = arena_copy(&s->arena, bytes_str(path));
	/* The samples borrow from the text. */
	r = read_text(&d, arena_copy(&s->arena, text));
	if (r < 0) {
		samples_free(s);
		return why_in(why, r, "%s:%u", path, d.line);
	}
	*ret = s;
	return 0;
}

int samples_load(struct samples **ret, const char *path, struct why *why)
{
	struct buf text = { 0 };
	int r = io_read_file(AT_FDCWD, path, FILE_MAX, &text);

	if (r < 0)
		r = why_set(why, r, "%s: %s", path, strerror(-r));
	else
		r = samples_read(ret, buf_view(&text), path, why);
	buf_done(&text);
	return r;
}

struct samples *samples_free(struct samples *s)
{
	if (!s)
		return NULL;
	arena_done(&s->arena);
	free(s);
	return NULL;
}

void samples_path(struct bytes rule_file, struct buf *ret)
{
	static const char *const ends[] = { ".yml", ".yaml" };

	for (size_t i = 0; i < 2; i++) {
		if (!bytes_ends(rule_file, bytes_str(ends[i])))
			continue;
		rule_file.len -= strlen(ends[i]);
		break;
	}
	buf_bytes(ret, rule_file);
	buf_str(ret, ".samples.yml");
}
