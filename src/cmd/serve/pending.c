/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve/pending.h"
#include <string.h>

static void remove_at(struct pending *p, unsigned i)
{
	segment_free(p->job[i].segment);
	p->n--;
	memmove(p->job + i, p->job + i + 1, (p->n - i) * sizeof(*p->job));
}

static unsigned place_of(const struct pending *p, uint64_t first)
{
	unsigned i = 0;

	while (i < p->n && p->job[i].first < first)
		i++;
	return i;
}

int pending_add(struct pending *p, uint64_t first, bool plain, int fd, struct why *why)
{
	unsigned i = place_of(p, first);
	struct segment *s = NULL;
	int r;

	if (i < p->n && p->job[i].first == first)
		remove_at(p, i);
	if (p->n == PENDING_MAX)
		return why_set(why, -ENOBUFS, "more segments than were agreed upon");
	r = segment_follow(&s, fd, why);
	if (r == 0 && segment_first(s) != first)
		r = why_set(why, -EBADMSG, "the segment begins with another record");
	if (r < 0) {
		segment_free(s);
		return r;
	}
	memmove(p->job + i + 1, p->job + i, (p->n - i) * sizeof(*p->job));
	p->job[i] = (struct job){ .first = first, .segment = s, .plain = plain };
	p->n++;
	return 0;
}

void pending_close(struct pending *p, uint64_t first, uint32_t count)
{
	unsigned i = place_of(p, first);

	if (i == p->n || p->job[i].first != first)
		return;
	p->job[i].closed = true;
	p->job[i].count = count;
}

bool pending_next(struct pending *p, uint64_t durable, struct record *ret, bool *ret_plain)
{
	struct job *j = &p->job[0];

	if (!p->n)
		return false;
	if (j->fed >= segment_count(j->segment) &&
	    j->fed >= segment_more(j->segment, j->closed ? j->first + j->count : durable))
		return false;
	segment_record(j->segment, j->fed++, ret);
	*ret_plain = j->plain;
	return true;
}

bool pending_done(const struct pending *p)
{
	return p->n && p->job[0].closed && p->job[0].fed >= p->job[0].count;
}

void pending_drop(struct pending *p)
{
	remove_at(p, 0);
}

void pending_clear(struct pending *p)
{
	while (p->n)
		remove_at(p, p->n - 1);
}
