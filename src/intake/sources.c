/* SPDX-License-Identifier: Apache-2.0 */
/* Open addressing over pointers, at most half full; nothing is ever taken out, as the ledger does
 * not forget a source either. Key: kind, then the address or the name. */
#include "intake/sources.h"
#include "base/hash.h"
#include "base/text.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#define KEY_MAX (1 + BATCH_NAME_MAX)

struct sources {
	struct push *push;
	struct bytes host;
	int year, zone_minutes;
	uint32_t max, n, peers; /* peers: datagram peers among the n */
	uint32_t slots; /* a power of two */
	struct speaker **table;
	struct speaker *overflow[SOURCE_KIND_N];
};

struct sources *sources_new(struct push *push, const char *host, int year, int zone_minutes,
			    uint32_t max)
{
	struct sources *s = mem_new(1, sizeof(*s));

	s->push = push;
	s->host = bytes_str(mem_must(strdup(host ? host : "")));
	s->year = year;
	s->zone_minutes = zone_minutes;
	s->max = max;
	s->slots = 64;
	s->table = mem_new(s->slots, sizeof(struct speaker *));
	return s;
}

static void speaker_free(struct speaker *sp)
{
	if (!sp)
		return;
	free((void *)(uintptr_t)sp->key.at);
	free((void *)(uintptr_t)sp->host.at);
	free((void *)(uintptr_t)sp->name.at);
	free(sp);
}

struct sources *sources_free(struct sources *s)
{
	if (!s)
		return NULL;
	for (uint32_t i = 0; i < s->slots; i++)
		speaker_free(s->table[i]);
	for (size_t i = 0; i < SOURCE_KIND_N; i++)
		speaker_free(s->overflow[i]);
	free(s->table);
	free((void *)(uintptr_t)s->host.at);
	free(s);
	return NULL;
}

void sources_limit(struct sources *s, uint32_t max)
{
	s->max = max;
}

uint32_t sources_n(const struct sources *s)
{
	return s->n;
}

static struct bytes copy(struct bytes b)
{
	uint8_t *p = mem_new(b.len + 1, 1);

	if (b.len)
		memcpy(p, b.at, b.len);
	return bytes_of(p, b.len);
}

static struct speaker **slot_of(struct sources *s, uint64_t hash, struct bytes key)
{
	for (uint32_t i = (uint32_t)hash & (s->slots - 1);; i = (i + 1) & (s->slots - 1)) {
		struct speaker *sp = s->table[i];

		if (!sp || (sp->hash == hash && bytes_eq(sp->key, key)))
			return &s->table[i];
	}
}

static void table_grow(struct sources *s)
{
	struct speaker **old = s->table;
	uint32_t old_n = s->slots;

	s->slots *= 2;
	s->table = mem_new(s->slots, sizeof(struct speaker *));
	for (uint32_t i = 0; i < old_n; i++)
		if (old[i])
			*slot_of(s, old[i]->hash, old[i]->key) = old[i];
	free(old);
}

static bool is_full(const struct sources *s, enum source_kind kind)
{
	return s->n >= s->max || (kind == SOURCE_SYSLOG_UDP && s->peers >= s->max - s->max / 4);
}

/* Tells the keeper of a new source; the speaker is made only when that has gone out. */
static int speaker_new(struct sources *s, enum source_kind kind, struct bytes host,
		       struct bytes name, struct speaker **ret)
{
	struct source def = { .kind = kind,
			      .host = host,
			      .name = name,
			      .year = s->year,
			      .zone_minutes = s->zone_minutes };
	uint32_t handle = s->n + 1;
	struct speaker *sp;
	int r;

	for (size_t i = 0; i < SOURCE_KIND_N; i++)
		handle += s->overflow[i] != NULL;
	r = push_source(s->push, handle, &def);
	if (r)
		return r;
	sp = mem_new(1, sizeof(*sp));
	sp->handle = handle;
	sp->kind = kind;
	sp->host = copy(host);
	sp->name = copy(name);
	if (handle <= COUNT_SOURCES)
		sp->row = &s->push->counts->row[handle - 1];
	counts_name(s->push->counts, handle, kind, host, name);
	count_add(&s->push->counts->sources, 1);
	*ret = sp;
	return 0;
}

static int overflow(struct sources *s, enum source_kind kind, struct speaker **ret)
{
	struct buf b = { 0 };
	int r = 0;

	if (!s->overflow[kind]) {
		r = speaker_new(s, kind, s->host, BYTES("overflow"), &s->overflow[kind]);
		if (!r) {
			buf_printf(&b, "{\"event\":\"sources-full\",\"kind\":\"%s\",\"limit\":%u}",
				   source_kind_name(kind), s->max);
			push_note(s->push, s->overflow[kind]->handle, buf_view(&b));
			buf_done(&b);
		}
	}
	*ret = s->overflow[kind];
	return r;
}

static int add(struct sources *s, enum source_kind kind, uint64_t hash, struct bytes key,
	       struct bytes host, struct bytes name, struct speaker **ret)
{
	struct speaker *sp;
	int r;

	if (is_full(s, kind))
		return overflow(s, kind, ret);
	r = speaker_new(s, kind, host, name, &sp);
	if (r)
		return r;
	sp->hash = hash;
	sp->key = copy(key);
	if (2 * (s->n + 1) > s->slots)
		table_grow(s);
	*slot_of(s, hash, key) = sp;
	s->n++;
	s->peers += kind == SOURCE_SYSLOG_UDP;
	*ret = sp;
	return 0;
}

/* An address as text; an IPv4 one that came in through an IPv6 socket is an IPv4 one. */
static size_t address_text(uint8_t family, const uint8_t *at, char *to, size_t cap)
{
	if (!inet_ntop(family, at, to, (socklen_t)cap))
		snprintf(to, cap, "unknown");
	return strlen(to);
}

int sources_peer(struct sources *s, enum source_kind kind, const struct sockaddr_storage *from,
		 struct speaker **ret)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	uint8_t key[18] = { (uint8_t)kind, AF_INET };
	char text[INET6_ADDRSTRLEN + 1];
	size_t key_n = 6;
	struct speaker *sp;
	uint64_t hash;
	struct bytes b;

	if (from->ss_family == AF_INET) {
		memcpy(key + 2, &((const struct sockaddr_in *)from)->sin_addr, 4);
	} else if (from->ss_family == AF_INET6) {
		const struct in6_addr *a = &((const struct sockaddr_in6 *)from)->sin6_addr;

		if (!memcmp(a, mapped, sizeof(mapped))) {
			memcpy(key + 2, (const uint8_t *)a + 12, 4);
		} else {
			key[1] = AF_INET6;
			key_n = 18;
			memcpy(key + 2, a, 16);
		}
	} else {
		key[1] = 0;
		key_n = 2;
	}
	b = bytes_of(key, key_n);
	hash = hash_keyed(b);
	sp = *slot_of(s, hash, b);
	if (sp) {
		*ret = sp;
		return 0;
	}
	b = bytes_of(text, address_text(key[1], key + 2, text, sizeof(text)));
	return add(s, kind, hash, bytes_of(key, key_n), b, b, ret);
}

static size_t name_key(enum source_kind kind, struct bytes name, uint8_t key[static KEY_MAX])
{
	key[0] = (uint8_t)kind;
	if (name.len)
		memcpy(key + 1, name.at, name.len);
	return 1 + name.len;
}

struct speaker *sources_find(struct sources *s, enum source_kind kind, struct bytes name)
{
	uint8_t key[KEY_MAX];
	struct bytes b;

	name = bytes_sub(name, 0, BATCH_NAME_MAX);
	b = bytes_of(key, name_key(kind, name, key));
	return *slot_of(s, hash_keyed(b), b);
}

int sources_named(struct sources *s, enum source_kind kind, struct bytes name, struct speaker **ret)
{
	struct speaker *sp = sources_find(s, kind, name);
	uint8_t key[KEY_MAX];
	struct bytes b;

	if (sp) {
		*ret = sp;
		return 0;
	}
	name = bytes_sub(name, 0, BATCH_NAME_MAX);
	b = bytes_of(key, name_key(kind, name, key));
	return add(s, kind, hash_keyed(b), b, s->host, name, ret);
}
