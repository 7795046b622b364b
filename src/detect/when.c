/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/when.h"
#include "base/buf.h"
#include <stdlib.h>

struct clocked { /* one source */
	usec newest; /* the latest time it claimed; 0: none yet */
	usec offset, since; /* arrival less claim, the same (WHEN_DRIFT) since this arrival */
	bool known;
};

struct when {
	struct clocked *at;
	uint32_t n;
};

struct when *when_new(void)
{
	return mem_new(1, sizeof(struct when));
}

struct when *when_free(struct when *w)
{
	if (w)
		free(w->at);
	free(w);
	return NULL;
}

static struct clocked *clocked_of(struct when *w, uint32_t id)
{
	if (id >= w->n) {
		uint32_t n = id < 128 ? 256 : id * 2;

		w->at = mem_must(realloc(w->at, n * sizeof(*w->at)));
		memset(w->at + w->n, 0, (n - w->n) * sizeof(*w->at));
		w->n = n;
	}
	return &w->at[id];
}

static bool believed(const struct clocked *c, usec arrival, usec claimed)
{
	usec offset = arrival - claimed;

	if (offset < -WHEN_NEAR)
		return false;
	if (offset <= WHEN_NEAR || !c->known)
		return true;
	return arrival - c->since < WHEN_STEADY && claimed >= c->newest - WHEN_BACK;
}

usec when_of(struct when *w, const struct source *s, usec arrival, usec claimed)
{
	struct clocked *c;
	usec offset, result;

	/* Times that differ by more than a man's life say nothing; and the sums below stay sane. */
	if (claimed < 0 || claimed > arrival + 3650 * USEC_PER_DAY || arrival < 0)
		return arrival;
	if (!s || s->kind == SOURCE_IMPORT)
		return claimed;
	offset = arrival - claimed;
	c = clocked_of(w, s->id);
	if (!c->known || offset > c->offset + WHEN_DRIFT || offset < c->offset - WHEN_DRIFT) {
		c->offset = offset;
		c->since = arrival;
	}
	result = believed(c, arrival, claimed) ? claimed : arrival;
	c->known = true;
	/* What is ahead of the arrival is no mark to measure others by. */
	if (offset >= -WHEN_NEAR && claimed > c->newest)
		c->newest = claimed;
	return result;
}
