/* SPDX-License-Identifier: Apache-2.0 */
/* stage.h — datagrams that wait for room in the ring, first in, first out.
 * In/Out: copies. Fair: a speaker may hold as much as is left free (the dynamic threshold of
 * Choudhury and Hahne, 1998): one alone takes half, and a newcomer always finds some.
 * Threads: one owner. Memory: `cap` once, touched as it is used. */
#pragma once
#include "intake/sources.h"

struct stage {
	uint8_t *at;
	size_t cap; /* a power of two */
	uint64_t head, tail; /* positions for ever; offset = position & (cap - 1) */
	size_t used; /* bytes from tail to head */
};

struct staged {
	struct speaker *speaker;
	usec arrival;
	bool cont; /* its beginning has gone out already */
	uint32_t end; /* enum record_end of its last piece */
	struct bytes raw; /* lent until stage_drop() */
};

void stage_init(struct stage *s, size_t cap); /* rounded up */
void stage_done(struct stage *s);
bool stage_put(struct stage *s, struct speaker *sp, usec arrival, bool cont, uint32_t end,
	       struct bytes raw); /* false: no room for this speaker */
bool stage_peek(const struct stage *s, struct staged *ret);
void stage_drop(struct stage *s); /* the first one */
void stage_shorten(struct stage *s,
		   size_t n); /* n bytes of the first one are out: 0 does nothing */
