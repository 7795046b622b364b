/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/source_table.h"
#include "base/hash.h"
#include "base/text.h"
#include "ledger/form.h"
#include <stdio.h>
#include <stdlib.h>

struct source_table {
	struct source *at;
	uint64_t *seq;
	uint32_t n, cap;
	uint32_t *slot; /* hash table of id + 1 */
	size_t slots; /* a power of two */
};

static uint64_t hash_of(const struct source *d)
{
	struct buf b = { 0 };
	uint64_t h;

	buf_u8(&b, (uint8_t)d->kind);
	buf_u32le(&b, (uint32_t)d->year);
	buf_u32le(&b, (uint32_t)d->zone_minutes);
	buf_u64le(&b, d->host.len);
	buf_bytes(&b, d->host);
	buf_bytes(&b, d->name);
	h = hash_keyed(buf_view(&b)); /* senders choose names */
	buf_done(&b);
	return h;
}

static bool same(const struct source *a, const struct source *b)
{
	return a->kind == b->kind && a->year == b->year && a->zone_minutes == b->zone_minutes &&
	       bytes_eq(a->host, b->host) && bytes_eq(a->name, b->name);
}

struct source_table *source_table_new(void)
{
	struct source_table *s = mem_new(1, sizeof(*s));
	struct source self = { .kind = SOURCE_SELF };

	source_table_add(s, &self, 0);
	return s;
}

struct source_table *source_table_free(struct source_table *s)
{
	if (!s)
		return NULL;
	for (uint32_t i = 0; i < s->n; i++) {
		free((void *)(uintptr_t)s->at[i].host.at);
		free((void *)(uintptr_t)s->at[i].name.at);
	}
	free(s->at);
	free(s->seq);
	free(s->slot);
	free(s);
	return NULL;
}

uint32_t source_table_n(const struct source_table *s)
{
	return s->n;
}

const struct source *source_table_at(const struct source_table *s, uint32_t id)
{
	return id < s->n ? &s->at[id] : NULL;
}

uint64_t source_table_seq(const struct source_table *s, uint32_t id)
{
	return id < s->n ? s->seq[id] : 0;
}

static size_t slot_of(const struct source_table *s, const struct source *def)
{
	size_t i = hash_of(def) & (s->slots - 1);

	while (s->slot[i] && !same(&s->at[s->slot[i] - 1], def))
		i = (i + 1) & (s->slots - 1);
	return i;
}

bool source_table_find(const struct source_table *s, const struct source *def, uint32_t *ret)
{
	size_t i = slot_of(s, def);

	if (!s->slot[i])
		return false;
	*ret = s->slot[i] - 1;
	return true;
}

static struct bytes copy(struct bytes b)
{
	uint8_t *p = b.len ? mem_must(malloc(b.len)) : NULL;

	if (b.len)
		memcpy(p, b.at, b.len);
	return bytes_of(p, b.len);
}

uint32_t source_table_add(struct source_table *s, const struct source *def, uint64_t seq)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 16;
		s->at = mem_must(realloc(s->at, s->cap * sizeof(*s->at)));
		s->seq = mem_must(realloc(s->seq, s->cap * sizeof(*s->seq)));
	}
	s->at[s->n] = *def;
	s->at[s->n].id = s->n;
	s->at[s->n].host = copy(def->host);
	s->at[s->n].name = copy(def->name);
	s->seq[s->n++] = seq;
	if ((size_t)s->n * 2 > s->slots) {
		s->slots = s->slots ? s->slots * 2 : 32;
		free(s->slot);
		s->slot = mem_new(s->slots, sizeof(*s->slot));
		for (uint32_t i = 0; i < s->n; i++)
			s->slot[slot_of(s, &s->at[i])] = i + 1;
	} else {
		s->slot[slot_of(s, def)] = s->n;
	}
	return s->n - 1;
}

static bool is_text(struct bytes b)
{
	for (size_t i = 0; i < b.len;) {
		size_t n = utf8_length(bytes_from(b, i));

		if (!n || !b.at[i])
			return false;
		i += n;
	}
	return true;
}

static void add_text(struct buf *ret, const char *key, struct bytes b)
{
	if (is_text(b)) {
		buf_printf(ret, ",\"%s\":", key);
		json_string(ret, b);
	} else {
		buf_printf(ret, ",\"%s64\":\"", key);
		base64_encode(ret, b);
		buf_u8(ret, '"');
	}
}

void source_definition(const struct source *def, struct buf *ret)
{
	buf_printf(ret, "{\"event\":\"source\",\"id\":%u,\"kind\":\"%s\"", def->id,
		   source_kind_name(def->kind));
	add_text(ret, "host", def->host);
	add_text(ret, "name", def->name);
	if (def->year)
		buf_printf(ret, ",\"year\":%d", def->year);
	if (def->zone_minutes)
		buf_printf(ret, ",\"zone\":%d", def->zone_minutes);
	buf_u8(ret, '}');
}

static bool get_text(struct bytes *json, const char *key, struct buf *hold, size_t *ret_len)
{
	struct bytes whole = *json;
	size_t had = hold->len;
	char literal[16];
	bool good;

	snprintf(literal, sizeof(literal), ",\"%s\":", key);
	if (form_take(json, literal)) {
		good = form_string(json, hold);
	} else {
		snprintf(literal, sizeof(literal), ",\"%s64\":", key);
		*json = whole;
		good = form_take(json, literal) && form_base64(json, hold);
	}
	*ret_len = hold->len - had;
	return good;
}

static bool get_int(struct bytes *json, const char *key, int *ret)
{
	char literal[16];
	int64_t v;

	snprintf(literal, sizeof(literal), ",\"%s\":", key);
	if (!form_take(json, literal))
		return true; /* left out where it is 0 */
	if (!form_i64(json, &v) || v < -100000 || v > 100000)
		return false;
	*ret = (int)v;
	return true;
}

static bool parse(struct bytes json, struct source *d, struct buf *hold)
{
	size_t host, name, kind;
	uint64_t id;

	buf_clear(hold);
	if (!form_take(&json, "{\"event\":\"source\",\"id\":") || !form_u64(&json, &id) ||
	    id > UINT32_MAX / 2 || !form_take(&json, ",\"kind\":") || !form_string(&json, hold))
		return false;
	kind = hold->len;
	if (!source_kind_parse(buf_view(hold), &d->kind) || !get_text(&json, "host", hold, &host) ||
	    !get_text(&json, "name", hold, &name) || !get_int(&json, "year", &d->year) ||
	    !get_int(&json, "zone", &d->zone_minutes))
		return false;
	d->id = (uint32_t)id;
	d->host = bytes_sub(buf_view(hold), kind, host);
	d->name = bytes_sub(buf_view(hold), kind + host, name);
	return true;
}

bool source_definition_parse(struct bytes json, struct source *ret, struct buf *hold)
{
	struct source d = { 0 };
	struct buf again = { 0 };
	bool good = parse(json, &d, hold);

	if (good) {
		source_definition(&d, &again); /* one form only */
		good = bytes_eq(json, buf_view(&again));
	}
	buf_done(&again);
	if (good)
		*ret = d;
	return good;
}

bool source_table_record(struct source_table *s, struct bytes raw, uint64_t seq, bool *ret_false)
{
	struct buf hold = { 0 };
	struct source d;
	bool fresh = false;

	if (source_definition_parse(raw, &d, &hold)) {
		if (d.id == s->n) {
			source_table_add(s, &d, seq);
			fresh = true;
		} else if (d.id > s->n || !same(&s->at[d.id], &d) || s->seq[d.id] != seq) {
			*ret_false = true;
		}
	}
	buf_done(&hold);
	return fresh;
}

void source_table_write(const struct source_table *s, uint64_t before, const struct key *k,
			const struct verifier *v, struct buf *ret)
{
	size_t from = ret->len;
	uint32_t n = 1;

	while (n < s->n && s->seq[n] < before)
		n++;
	buf_printf(ret, "vedette-sources 1\n%s\n%u\n", v->name, n - 1);
	for (uint32_t i = 1; i < n; i++) {
		buf_printf(ret, "%llu ", (unsigned long long)s->seq[i]);
		source_definition(&s->at[i], ret);
		buf_u8(ret, '\n');
	}
	note_sign(ret, from, k, v);
}

static struct bytes line_of(struct bytes *text)
{
	size_t end = bytes_chr(*text, '\n');
	struct bytes line = bytes_sub(*text, 0, end == BYTES_NONE ? text->len : end);

	*text = bytes_from(*text, end == BYTES_NONE ? text->len : end + 1);
	return line;
}

int source_table_read(struct bytes file, const struct verifier *v, struct source_table *into)
{
	struct bytes text, line;
	uint32_t n, had = into->n;

	if (!note_open_own(file, v, &text) ||
	    !bytes_eq(line_of(&text), BYTES("vedette-sources 1")) ||
	    !bytes_eq(line_of(&text), bytes_str(v->name)) || !bytes_u32(line_of(&text), &n))
		return -EBADMSG;
	while (text.len) {
		size_t blank;
		uint64_t seq;
		bool wrong = false;

		line = line_of(&text);
		blank = bytes_chr(line, ' ');
		if (blank == BYTES_NONE || !bytes_u64(bytes_sub(line, 0, blank), &seq) ||
		    !source_table_record(into, bytes_from(line, blank + 1), seq, &wrong))
			return -EBADMSG;
	}
	return into->n - had == n ? 0 : -EBADMSG;
}
