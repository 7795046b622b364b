/* SPDX-License-Identifier: Apache-2.0 */
/*   entry: struct entry | raw | padding to 8
 * An entry lies in one piece: where the end of the memory is too near, an entry without a speaker
 * fills it. */
#include "intake/stage.h"
#include <sys/mman.h>

struct entry {
	struct speaker *speaker; /* NULL: filler */
	usec arrival;
	uint32_t size; /* of the whole entry */
	uint32_t len, skip; /* raw bytes, and how many of them are out */
	uint8_t cont, end;
};

void stage_init(struct stage *s, size_t cap)
{
	void *p;

	*s = (struct stage){ .cap = 1 << 16 };
	while (s->cap < cap)
		s->cap *= 2;
	p = mmap(NULL, s->cap, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		 -1, 0);
	s->at = mem_must(p == MAP_FAILED ? NULL : p);
}

void stage_done(struct stage *s)
{
	munmap(s->at, s->cap);
	*s = (struct stage){ 0 };
}

static struct entry *entry_at(const struct stage *s, uint64_t position)
{
	return (struct entry *)(void *)(s->at + (position & (s->cap - 1)));
}

bool stage_put(struct stage *s, struct speaker *sp, usec arrival, bool cont, uint32_t end,
	       struct bytes raw)
{
	size_t size = (sizeof(struct entry) + raw.len + 7) & ~(size_t)7;
	size_t to_end = s->cap - (size_t)(s->head & (s->cap - 1));
	size_t fill = to_end < size ? to_end : 0;
	struct entry *e;

	if (sp->staged + size > s->cap - s->used || size + fill > s->cap - s->used)
		return false;
	if (fill) {
		/* Less than an entry is left: its first field alone must do. Sizes are multiples
		 * of 8, so that one always fits. */
		*(struct speaker **)(void *)(s->at + (s->head & (s->cap - 1))) = NULL;
		s->head += fill;
		s->used += fill;
	}
	e = entry_at(s, s->head);
	*e = (struct entry){ .speaker = sp,
			     .arrival = arrival,
			     .size = (uint32_t)size,
			     .len = (uint32_t)raw.len,
			     .cont = cont,
			     .end = (uint8_t)end };
	if (raw.len)
		memcpy(e + 1, raw.at, raw.len);
	s->head += size;
	s->used += size;
	sp->staged += size;
	return true;
}

/* The first entry; a filler before it counts as part of it. */
static struct entry *first(const struct stage *s, size_t *ret_fill)
{
	uint64_t at = s->tail;

	*ret_fill = 0;
	if (!*(struct speaker **)(void *)(s->at + (at & (s->cap - 1)))) {
		*ret_fill = s->cap - (size_t)(at & (s->cap - 1));
		at += *ret_fill;
	}
	return entry_at(s, at);
}

bool stage_peek(const struct stage *s, struct staged *ret)
{
	struct entry *e;
	size_t fill;

	if (!s->used)
		return false;
	e = first(s, &fill);
	*ret = (struct staged){ .speaker = e->speaker,
				.arrival = e->arrival,
				.cont = e->cont,
				.end = e->end,
				.raw = bytes_of((uint8_t *)(e + 1) + e->skip, e->len - e->skip) };
	return true;
}

void stage_drop(struct stage *s)
{
	struct entry *e;
	size_t fill, size;

	if (!s->used)
		return;
	e = first(s, &fill);
	size = e->size;
	e->speaker->staged -= size;
	s->tail += fill + size;
	s->used -= fill + size;
}

void stage_shorten(struct stage *s, size_t n)
{
	struct entry *e;
	size_t fill;

	if (!s->used || !n)
		return;
	e = first(s, &fill);
	e->skip += (uint32_t)n;
	e->cont = true;
}
