/* SPDX-License-Identifier: Apache-2.0 */
/* notify.yaml: the whole, and what its parts are made of. */
#include "base/io.h"
#include "notify/settings_in.h"
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define NODES_MAX 20000
#define SECRET_MOST ((size_t)4096)
#define CA_MOST ((size_t)1 << 20)

int bad(struct reading *r, const yaml_node_t *n, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return why_set(r->why, -EINVAL, "%s:%zu: %s", r->name, n->start_mark.line + 1, text);
}

struct bytes scalar(const yaml_node_t *n)
{
	return n->type == YAML_SCALAR_NODE ? bytes_of(n->data.scalar.value, n->data.scalar.length)
					   : (struct bytes){ NULL, 0 };
}

bool key_is(const yaml_node_t *key, const char *name)
{
	return bytes_eq(scalar(key), bytes_str(name));
}

int each_key(struct reading *r, const yaml_node_t *n, const char *what, key_fn *fn, void *ctx)
{
	yaml_node_pair_t *p;

	if (n->type != YAML_MAPPING_NODE)
		return bad(r, n, "%s", what);
	for (p = n->data.mapping.pairs.start; p < n->data.mapping.pairs.top; p++) {
		const yaml_node_t *key = yaml_document_get_node(&r->doc, p->key);
		int e;

		for (yaml_node_pair_t *q = n->data.mapping.pairs.start; q < p; q++)
			if (bytes_eq(scalar(key), scalar(yaml_document_get_node(&r->doc, q->key))))
				return bad(r, key, "this key is there twice");
		e = fn(r, ctx, key, yaml_document_get_node(&r->doc, p->value));
		if (e < 0)
			return e;
	}
	return 0;
}

static struct bytes keep(struct reading *r, struct bytes b)
{
	uint8_t *p = arena_take(&r->c->texts, b.len + 1);

	if (b.len)
		memcpy(p, b.at, b.len);
	p[b.len] = 0;
	return bytes_of(p, b.len);
}

static bool has_control(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		if (b.at[i] < ' ' || b.at[i] == 0x7f)
			return true;
	return false;
}

int take_text(struct reading *r, const yaml_node_t *v, size_t most, struct bytes *ret)
{
	struct bytes b = scalar(v);

	if (!b.len || b.len > most || has_control(b))
		return bad(r, v, "expected a text of up to %zu bytes on one line", most);
	*ret = keep(r, b);
	return 0;
}

/* One value, or a list of them. */
int take_words(struct reading *r, const yaml_node_t *v, size_t most, struct word_list *ret)
{
	const yaml_node_item_t *i;
	size_t n = 1;

	if (v->type == YAML_SEQUENCE_NODE)
		n = (size_t)(v->data.sequence.items.top - v->data.sequence.items.start);
	if (!n || n > NOTIFY_WORDS || v->type == YAML_MAPPING_NODE)
		return bad(r, v, "expected a value, or a list of up to %u values", NOTIFY_WORDS);
	ret->at = arena_take(&r->c->texts, n * sizeof(*ret->at));
	ret->n = n;
	if (v->type != YAML_SEQUENCE_NODE)
		return take_text(r, v, most, &ret->at[0]);
	i = v->data.sequence.items.start;
	for (size_t k = 0; k < n; k++) {
		int e = take_text(r, yaml_document_get_node(&r->doc, i[k]), most, &ret->at[k]);

		if (e < 0)
			return e;
	}
	return 0;
}

int take_span(struct reading *r, const yaml_node_t *v, usec least, usec most, usec *ret)
{
	usec span;

	if (!clock_parse_span(scalar(v), &span) || span < least || span > most)
		return bad(r, v, "expected a time from %lld ms to %lld h, as 90s, 15m, 1h",
			   (long long)(least / 1000), (long long)(most / USEC_PER_SEC / 3600));
	*ret = span;
	return 0;
}

int take_count(struct reading *r, const yaml_node_t *v, uint32_t least, uint32_t most,
	       uint32_t *ret)
{
	uint32_t n;

	if (!bytes_u32(scalar(v), &n) || n < least || n > most)
		return bad(r, v, "expected a number from %u to %u", least, most);
	*ret = n;
	return 0;
}

int take_bool(struct reading *r, const yaml_node_t *v, bool *ret)
{
	struct bytes b = scalar(v);

	if (!bytes_eq(b, BYTES("true")) && !bytes_eq(b, BYTES("false")))
		return bad(r, v, "expected true or false");
	*ret = b.len == 4;
	return 0;
}

int take_level(struct reading *r, const yaml_node_t *v, enum level *ret)
{
	return level_parse(scalar(v), ret)
		       ? 0
		       : bad(r, v, "expected informational, low, medium, high or critical");
}

int take_zone(struct reading *r, const yaml_node_t *v, const struct zone **ret)
{
	return zone_named(scalar(v), ret)
		       ? 0
		       : bad(r, v, "zone: no such time zone (Europe/Berlin, UTC, …)");
}

/* The descriptor is looked at, not the name: nobody can swap the file in between. */
static int read_file(struct reading *r, const yaml_node_t *v, const char *path, bool secret,
		     struct buf *to)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), e = 0;
	size_t most = secret ? SECRET_MOST : CA_MOST;
	struct stat st;
	ssize_t got;

	if (fd < 0)
		return bad(r, v, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		e = bad(r, v, "%s: not a regular file", path);
	else if (secret && st.st_mode & 07)
		e = bad(r, v, "%s: others may read or write it; chmod o= it", path);
	else if ((size_t)st.st_size > most)
		e = bad(r, v, "%s: longer than %zu bytes", path, most);
	if (e < 0) {
		close(fd);
		return e;
	}
	got = io_read(fd, buf_reserve(to, most), most);
	if (got < 0)
		e = bad(r, v, "%s: %s", path, strerror((int)-got));
	else
		to->len = (size_t)got;
	close(fd);
	return e;
}

int take_file(struct reading *r, const yaml_node_t *v, bool secret, struct bytes *ret)
{
	const char *slash = strrchr(r->name, '/');
	struct bytes name, content;
	struct buf path = { 0 }, text = { 0 };
	int e = take_text(r, v, 4000, &name);

	if (e < 0)
		return e;
	if (name.at[0] != '/' && slash)
		buf_add(&path, r->name, (size_t)(slash + 1 - r->name));
	buf_bytes(&path, name);
	e = read_file(r, v, buf_cstr(&path), secret, &text);
	content = secret ? bytes_trim(buf_view(&text)) : buf_view(&text);
	if (e == 0 && (!content.len || (secret && has_control(content))))
		e = bad(r, v, "%s: expected %s", buf_cstr(&path),
			secret ? "one line with the secret" : "certificates (PEM)");
	if (e == 0)
		*ret = keep(r, content);
	if (text.at)
		OPENSSL_cleanse(text.at, text.cap);
	buf_done(&text);
	buf_done(&path);
	return e;
}

/* ---- the whole ---- */

static int limits_key(struct reading *r, void *ctx, const yaml_node_t *k, const yaml_node_t *v)
{
	struct notify_config *c = r->c;
	uint32_t megabytes;
	int e;

	(void)ctx;
	if (key_is(k, "entries"))
		return take_count(r, v, 10, 1000000, &c->limits.entries);
	if (key_is(k, "megabytes")) {
		e = take_count(r, v, 1, 100000, &megabytes);
		if (e == 0)
			c->limits.bytes = (uint64_t)megabytes << 20;
		return e;
	}
	if (key_is(k, "age"))
		return take_span(r, v, 60 * USEC_PER_SEC, 366 * USEC_PER_DAY, &c->limits.age);
	if (key_is(k, "retry"))
		return take_span(r, v, 100000, USEC_PER_DAY, &c->limits.retry_most);
	return bad(r, k, "limits has entries, megabytes, age, retry");
}

static int heartbeat_key(struct reading *r, void *ctx, const yaml_node_t *k, const yaml_node_t *v)
{
	struct notify_config *c = r->c;

	(void)ctx;
	if (key_is(k, "to"))
		return take_targets(r, v, true, &c->heartbeat.to);
	if (key_is(k, "zone"))
		return take_zone(r, v, &c->heartbeat.zone);
	if (!key_is(k, "at"))
		return bad(r, k, "heartbeat has to, at, zone");
	return hours_minute(scalar(v), &c->heartbeat.minute) && c->heartbeat.minute < 1440
		       ? 0
		       : bad(r, v, "expected a time of day, as \"07:30\"");
}

static int zone_key(struct reading *r, void *ctx, const yaml_node_t *k, const yaml_node_t *v)
{
	(void)ctx;
	return key_is(k, "zone") ? take_zone(r, v, &r->c->zone) : 0;
}

static int targets_key(struct reading *r, void *ctx, const yaml_node_t *k, const yaml_node_t *v)
{
	(void)ctx;
	return key_is(k, "targets") ? read_targets(r, v) : 0;
}

static int other_key(struct reading *r, void *ctx, const yaml_node_t *k, const yaml_node_t *v)
{
	int e;

	(void)ctx;
	if (key_is(k, "zone") || key_is(k, "targets"))
		return 0;
	if (key_is(k, "routes"))
		return read_routes(r, v);
	if (key_is(k, "limits"))
		return each_key(r, v, "limits: expected entries, megabytes, age, retry", limits_key,
				NULL);
	if (!key_is(k, "heartbeat"))
		return bad(r, k, "notify.yaml has targets, routes, heartbeat, zone, limits");
	r->c->heartbeat.zone = r->c->zone;
	e = each_key(r, v, "heartbeat: expected to, at, zone", heartbeat_key, NULL);
	if (e == 0 && !r->c->heartbeat.to)
		e = bad(r, v, "heartbeat: whom to? (to: [a target of kind mail])");
	return e;
}

/* What others refer to comes first, wherever it stands. */
static int document(struct reading *r)
{
	static key_fn *const passes[] = { zone_key, targets_key, other_key };
	const yaml_node_t *root = yaml_document_get_root_node(&r->doc);

	if (!root)
		return 0;
	if (r->doc.nodes.top - r->doc.nodes.start > NODES_MAX)
		return bad(r, root, "more than %d values", NODES_MAX);
	for (size_t i = 0; i < sizeof(passes) / sizeof(*passes); i++) {
		int e = each_key(r, root,
				 "notify.yaml has targets, routes, heartbeat, zone, limits",
				 passes[i], NULL);

		if (e < 0)
			return e;
	}
	return 0;
}

struct notify_config *notify_config_free(struct notify_config *c)
{
	for (size_t i = 0; c && i < c->targets; i++) {
		const struct bytes *secrets[] = { &c->target[i].password, &c->target[i].bearer,
						  &c->target[i].secret };

		for (size_t k = 0; k < 3; k++)
			if (secrets[k]->len)
				OPENSSL_cleanse((void *)(uintptr_t)secrets[k]->at, secrets[k]->len);
	}
	if (c)
		arena_done(&c->texts);
	free(c);
	return NULL;
}

int notify_read(struct notify_config **ret, const char *name, struct bytes text, struct why *why)
{
	struct reading r = { .c = mem_new(1, sizeof(*r.c)), .name = name, .why = why };
	yaml_parser_t parser;
	int e;

	r.c->limits.entries = 20000;
	r.c->limits.bytes = (uint64_t)256 << 20;
	r.c->limits.age = 7 * USEC_PER_DAY;
	r.c->limits.retry_first = 5 * USEC_PER_SEC;
	r.c->limits.retry_most = 3600 * USEC_PER_SEC;
	r.c->heartbeat.minute = 7 * 60;
	if (!yaml_parser_initialize(&parser)) {
		notify_config_free(r.c);
		return -ENOMEM;
	}
	yaml_parser_set_input_string(&parser, text.at ? text.at : (const uint8_t *)"", text.len);
	if (yaml_parser_load(&parser, &r.doc)) {
		e = document(&r);
		yaml_document_delete(&r.doc);
	} else {
		e = why_set(why, -EINVAL, "%s:%zu: %s", name, parser.problem_mark.line + 1,
			    parser.problem ? parser.problem : "this is no YAML");
	}
	yaml_parser_delete(&parser);
	if (e < 0) {
		notify_config_free(r.c);
		return e;
	}
	if (r.c->limits.retry_first > r.c->limits.retry_most)
		r.c->limits.retry_first = r.c->limits.retry_most;
	*ret = r.c;
	return 0;
}

int notify_load(struct notify_config **ret, const char *file, struct why *why)
{
	struct buf text = { 0 };
	int e;

	if (!file || !*file)
		return notify_read(ret, "notify.yaml", BYTES(""), why);
	e = io_read_file(AT_FDCWD, file, NOTIFY_FILE, &text);
	if (e < 0)
		e = why_set(why, e, "%s: %s", file, strerror(-e));
	else
		e = notify_read(ret, file, buf_view(&text), why);
	buf_done(&text);
	return e;
}
