/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/known.h"
#include "base/buf.h"
#include "ledger/source_table.h"
#include <stdlib.h>

static struct bytes keep(struct bytes b)
{
	uint8_t *p = mem_new(b.len + 1, 1);

	if (b.len)
		memcpy(p, b.at, b.len);
	return bytes_of(p, b.len);
}

void known_add(struct known *k, const struct source *s)
{
	if (s->id != k->n)
		return;
	if (k->n == k->cap) {
		k->cap = k->cap ? 2 * k->cap : 256;
		k->at = mem_must(realloc(k->at, k->cap * sizeof(*k->at)));
	}
	k->at[k->n] = *s;
	k->at[k->n].host = keep(s->host);
	k->at[k->n++].name = keep(s->name);
}

void known_record(struct known *k, const struct record *r)
{
	struct buf hold = { 0 };
	struct source s;

	if (bytes_starts(r->raw, BYTES("{\"event\":\"source\"")) &&
	    source_definition_parse(r->raw, &s, &hold))
		known_add(k, &s);
	buf_done(&hold);
}

const struct source *known_at(const struct known *k, uint32_t id)
{
	return id < k->n ? &k->at[id] : NULL;
}

void known_done(struct known *k)
{
	for (uint32_t i = 0; i < k->n; i++) {
		free((void *)(uintptr_t)k->at[i].host.at);
		free((void *)(uintptr_t)k->at[i].name.at);
	}
	free(k->at);
	*k = (struct known){ 0 };
}
