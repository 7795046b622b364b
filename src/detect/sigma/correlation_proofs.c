/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/sigma/correlation_proofs.h"
#include "base/buf.h"
#include <assert.h>
#include <stdlib.h>

#define TEXT_MAX 512u /* of a path, of an id: longer ones are cut */

struct far {
	uint64_t line;
	uint16_t file_len, id_len;
	uint8_t text[]; /* file, then id */
};

void proofs_init(struct proofs *p)
{
	*p = (struct proofs){ .cap = 1 };
}

static struct proof *ring(const struct proofs *p)
{
	return p->cap > 1 ? p->at : (struct proof *)(uintptr_t)&p->first;
}

static struct far *far_of(uint64_t v)
{
	return v & 1 ? NULL : (struct far *)(uintptr_t)v;
}

static void forget(struct proofs *p, uint64_t v)
{
	struct far *f = far_of(v);

	if (!f)
		return;
	p->far_bytes -= sizeof(*f) + f->file_len + f->id_len;
	free(f);
}

void proofs_done(struct proofs *p)
{
	for (unsigned i = 0; i < p->n; i++)
		forget(p, ring(p)[i].ref);
	if (p->cap > 1)
		free(p->at);
	proofs_init(p);
}

static uint64_t keep(struct proofs *p, const struct record_ref *r)
{
	struct bytes file = bytes_sub(r->file, 0, TEXT_MAX), id = bytes_sub(r->id, 0, TEXT_MAX);
	struct far *f;

	if (r->seq != SEQ_NONE)
		return r->seq << 1 | 1;
	f = mem_must(malloc(sizeof(*f) + file.len + id.len));
	f->line = r->line;
	f->file_len = (uint16_t)file.len;
	f->id_len = (uint16_t)id.len;
	if (file.len)
		memcpy(f->text, file.at, file.len);
	if (id.len)
		memcpy(f->text + file.len, id.at, id.len);
	p->far_bytes += sizeof(*f) + file.len + id.len;
	return (uint64_t)(uintptr_t)f;
}

/* Only before the ring has turned: it turns when it cannot grow any more. */
static void grow(struct proofs *p)
{
	uint8_t cap = p->cap == 1 ? 4 : (uint8_t)(p->cap * 2);
	struct proof *at;

	_Static_assert(FINDING_PROOFS == 64, "1, 4, 8 … 64");
	assert(!p->next);
	at = mem_must(malloc(cap * sizeof(*at)));
	memcpy(at, ring(p), p->n * sizeof(*at));
	if (p->cap > 1)
		free(p->at);
	p->at = at;
	p->cap = cap;
}

void proofs_add(struct proofs *p, const struct record_ref *r, usec time)
{
	struct proof *to;

	if (p->n == p->cap && p->cap < FINDING_PROOFS)
		grow(p);
	if (p->n < p->cap) {
		to = &ring(p)[p->n++];
	} else {
		to = &p->at[p->next];
		forget(p, to->ref);
		p->next = (uint8_t)((p->next + 1) % p->cap);
	}
	*to = (struct proof){ keep(p, r), time };
}

size_t proofs_of(const struct proofs *p, usec since, usec until,
		 struct record_ref ret[FINDING_PROOFS])
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		const struct proof *v = &ring(p)[(p->next + i) % p->n];
		const struct far *f = far_of(v->ref);

		if (v->time < since || v->time > until)
			continue;
		ret[n] = (struct record_ref){ .seq = f ? SEQ_NONE : v->ref >> 1 };
		if (f) {
			ret[n].file = bytes_of(f->text, f->file_len);
			ret[n].line = f->line;
			ret[n].id = bytes_of(f->text + f->file_len, f->id_len);
		}
		n++;
	}
	return n;
}
