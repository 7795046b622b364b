/* SPDX-License-Identifier: Apache-2.0 */
/* YAML to struct config: the tree of libyaml is walked along the table of keys; what the table does
 * not know is refused where it stands. */
#include "cmd/config/config.h"
#include "base/io.h"
#include "base/text.h"
#include "cmd/units.h"
#include <fcntl.h>
#include <stdlib.h>
#include <yaml.h>

#define CONFIG_FILE_MAX ((size_t)1 << 20)
#define CONFIG_VALUES_MAX 1024 /* in one list */
#define CONFIG_KEYS_MAX 128

struct reading {
	yaml_document_t doc;
	const char *name;
	struct config *config;
	struct why *why;
	bool seen[CONFIG_KEYS_MAX];
};

/* "file:line: text" */
static int at_line(struct reading *r, const yaml_node_t *n)
{
	struct why inner = *r->why;

	return why_set(r->why, -EINVAL, "%s:%zu: %s", r->name, n->start_mark.line + 1, inner.line);
}

static struct bytes scalar(const yaml_node_t *n)
{
	return bytes_of(n->data.scalar.value, n->data.scalar.length);
}

static const char *kind_of(const yaml_node_t *n)
{
	return n->type == YAML_MAPPING_NODE    ? "a mapping"
	       : n->type == YAML_SEQUENCE_NODE ? "a list"
					       : "a single value";
}

static int unknown_key(struct reading *r, const yaml_node_t *n, const char *path)
{
	const char *names[CONFIG_KEYS_MAX + 1], *near;
	struct buf shown = { 0 };
	size_t k = 0;

	for (; k < config_keys_n; k++)
		names[k] = config_keys[k].path;
	names[k] = NULL;
	text_safe(&shown, bytes_sub(bytes_str(path), 0, 100), NULL);
	near = units_nearest(bytes_str(path), names);
	why_set(r->why, -EINVAL, "there is no key \"%s\"%s%s%s", buf_cstr(&shown),
		near ? "; did you mean " : " (vedette serve --print-config lists them all)",
		near ? near : "", near ? "?" : "");
	buf_done(&shown);
	return at_line(r, n);
}

/* The values of one key: a scalar, or a list of scalars; nothing at all is an empty list. */
static int read_values(struct reading *r, const struct config_key *k, const yaml_node_t *n,
		       struct bytes *values, size_t *ret_n)
{
	size_t count = 0;

	if (n->type == YAML_SCALAR_NODE) {
		struct bytes v = scalar(n);
		bool nothing = n->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
			       (!v.len || bytes_eq(v, BYTES("~")) || bytes_eq(v, BYTES("null")));

		values[0] = nothing ? BYTES("") : v;
		*ret_n = config_is_list(k->type) && nothing ? 0 : 1;
		return 0;
	}
	if (n->type != YAML_SEQUENCE_NODE || !config_is_list(k->type)) {
		why_set(r->why, -EINVAL, "%s: expected %s, not %s", k->path,
			config_expects(k->type), kind_of(n));
		return at_line(r, n);
	}
	for (const yaml_node_item_t *i = n->data.sequence.items.start;
	     i < n->data.sequence.items.top; i++) {
		const yaml_node_t *item = yaml_document_get_node(&r->doc, *i);

		if (item->type != YAML_SCALAR_NODE || count == CONFIG_VALUES_MAX) {
			why_set(r->why, -EINVAL,
				count == CONFIG_VALUES_MAX ? "%s: more values than a list may have"
							   : "%s: expected text in the list",
				k->path);
			return at_line(r, item);
		}
		values[count++] = scalar(item);
	}
	*ret_n = count;
	return 0;
}

static int read_key(struct reading *r, size_t index, const yaml_node_t *key, const yaml_node_t *n)
{
	static struct bytes values[CONFIG_VALUES_MAX];
	const struct config_key *k = &config_keys[index];
	size_t count = 0;
	int e;

	if (r->seen[index]) {
		why_set(r->why, -EINVAL, "%s: is here twice", k->path);
		return at_line(r, key);
	}
	r->seen[index] = true;
	e = read_values(r, k, n, values, &count);
	if (e < 0)
		return e;
	e = config_set(r->config, k, values, count, r->why);
	return e < 0 ? at_line(r, n) : 0;
}

static int read_mapping(struct reading *r, const yaml_node_t *map, const char *above)
{
	for (const yaml_node_pair_t *p = map->data.mapping.pairs.start;
	     p < map->data.mapping.pairs.top; p++) {
		const yaml_node_t *key = yaml_document_get_node(&r->doc, p->key);
		const yaml_node_t *n = yaml_document_get_node(&r->doc, p->value);
		char path[256];
		size_t i, section = 0;
		int e;

		if (key->type != YAML_SCALAR_NODE || key->data.scalar.length > 100) {
			why_set(r->why, -EINVAL, "expected the name of a key");
			return at_line(r, key);
		}
		snprintf(path, sizeof(path), "%s%s%.*s", above, *above ? "." : "",
			 (int)key->data.scalar.length, (const char *)key->data.scalar.value);
		for (i = 0; i < config_keys_n; i++) {
			if (!strcmp(config_keys[i].path, path))
				break;
			section += !strncmp(config_keys[i].path, path, strlen(path)) &&
				   config_keys[i].path[strlen(path)] == '.';
		}
		if (i < config_keys_n) {
			e = read_key(r, i, key, n);
		} else if (section && n->type == YAML_MAPPING_NODE) {
			e = read_mapping(r, n, path);
		} else if (section && n->type == YAML_SCALAR_NODE && !n->data.scalar.length) {
			e = 0; /* a section with nothing in it */
		} else if (section) {
			why_set(r->why, -EINVAL, "%s: expected keys below it, not %s", path,
				kind_of(n));
			e = at_line(r, n);
		} else {
			e = unknown_key(r, key, path);
		}
		if (e < 0)
			return e;
	}
	return 0;
}

static int read_document(struct reading *r)
{
	const yaml_node_t *root = yaml_document_get_root_node(&r->doc);

	if (!root)
		return 0; /* an empty file: all defaults */
	if (root->type == YAML_SCALAR_NODE && !root->data.scalar.length)
		return 0;
	if (root->type != YAML_MAPPING_NODE) {
		why_set(r->why, -EINVAL, "expected keys such as ledger: and files:, not %s",
			kind_of(root));
		return at_line(r, root);
	}
	return read_mapping(r, root, "");
}

static int check_whole(const struct config *c, struct why *why)
{
	if (c->ring < 4 * (uint64_t)c->limits.record_limit ||
	    c->ring < 4 * (uint64_t)c->limits.multiline_bytes)
		return why_set(why, -EINVAL,
			       "limits.ring: must be at least four times limits.record and "
			       "limits.multiline_bytes");
	return intake_limits_check(&c->limits, why);
}

int config_parse(struct config *c, struct bytes yaml, const char *name, struct why *why)
{
	struct reading r = { .name = name, .config = c, .why = why };
	yaml_parser_t parser;
	yaml_document_t more;
	int e;

	config_init(c);
	mem_must(yaml_parser_initialize(&parser) ? &parser : NULL);
	yaml_parser_set_input_string(&parser, yaml.len ? yaml.at : (const uint8_t *)"", yaml.len);
	if (!yaml_parser_load(&parser, &r.doc)) {
		e = why_set(why, -EINVAL, "%s:%zu: not YAML: %s", name,
			    parser.problem_mark.line + 1,
			    parser.problem ? parser.problem : "cannot be read");
		yaml_parser_delete(&parser);
		return e;
	}
	e = read_document(&r);
	if (e == 0 && yaml_document_get_root_node(&r.doc)) {
		if (!yaml_parser_load(&parser, &more)) {
			e = why_set(why, -EINVAL, "%s:%zu: not YAML: %s", name,
				    parser.problem_mark.line + 1,
				    parser.problem ? parser.problem : "cannot be read");
		} else {
			if (yaml_document_get_root_node(&more))
				e = why_set(why, -EINVAL, "%s: has more than one document", name);
			yaml_document_delete(&more);
		}
	}
	yaml_document_delete(&r.doc);
	yaml_parser_delete(&parser);
	if (e == 0) {
		e = check_whole(c, why);
		if (e < 0)
			why_in(why, e, "%s", name);
	}
	return e;
}

int config_load(struct config *c, const char *file, struct why *why)
{
	struct buf text = { 0 };
	int e = io_read_file(AT_FDCWD, file, CONFIG_FILE_MAX, &text);

	if (e < 0) {
		config_init(c);
		return why_set(why, e, "%s: cannot be read: %s", file, strerror(-e));
	}
	e = config_parse(c, buf_view(&text), file, why);
	buf_done(&text);
	return e;
}

static void print_section(const char *path, char *section, size_t room, struct buf *to)
{
	const char *dot = strchr(path, '.');
	size_t n = dot ? (size_t)(dot - path) : 0;

	if (n == strlen(section) && !strncmp(section, path, n))
		return;
	snprintf(section, room, "%.*s", (int)n, path);
	buf_str(to, "\n");
	if (n)
		buf_printf(to, "%s:\n", section);
}

void config_print(const struct config *c, bool explain, struct buf *to)
{
	char section[64] = "";

	for (size_t i = 0; i < config_keys_n; i++) {
		const struct config_key *k = &config_keys[i];
		const char *dot = strchr(k->path, '.');
		const char *indent = dot ? "  " : "";

		print_section(k->path, section, sizeof(section), to);
		if (explain)
			buf_printf(to, "%s# %s\n", indent, k->what);
		buf_printf(to, "%s%s: ", indent, dot ? dot + 1 : k->path);
		config_show(c, k, to);
		buf_str(to, "\n");
	}
}

static const char *beside(const struct config *c, const char *given, const char *suffix,
			  struct buf *room)
{
	buf_clear(room);
	if (*given)
		buf_str(room, given);
	else
		buf_printf(room, "%s%s", c->ledger.dir, suffix);
	return buf_cstr(room);
}

const char *config_alerts_dir(const struct config *c, struct buf *room)
{
	return beside(c, c->alerts_dir, ".alerts", room);
}

const char *config_notify_dir(const struct config *c, struct buf *room)
{
	return beside(c, c->notify_dir, ".outbox", room);
}
