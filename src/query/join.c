/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "query/login.h"
#include <stdlib.h>

#define SLACK (2 * USEC_PER_SEC) /* access logs know whole seconds, clocks differ a little */
#define CLOSE_AFTER (20 * USEC_PER_SEC) /* of silence about an attempt */
#define SESSION_CLOSE (180 * USEC_PER_SEC) /* sshd gives a client two minutes to log in */

struct pending {
	struct login l;
	usec from, to; /* span of the request, as far as it is known */
	uint64_t request;
	uint32_t pid;
	bool hint;
};

struct joiner {
	login_fn *fn;
	void *ctx;
	struct pending *at; /* oldest first */
	uint32_t n;
	usec closed_at; /* when it was last looked for attempts to close */
};

struct joiner *joiner_new(login_fn *fn, void *ctx)
{
	struct joiner *j = mem_new(1, sizeof(*j));

	j->fn = fn;
	j->ctx = ctx;
	j->at = mem_new(LOGIN_PENDING, sizeof(*j->at));
	j->closed_at = INT64_MIN;
	return j;
}

static void give(struct joiner *j, const struct pending *p)
{
	j->fn(j->ctx, &p->l);
}

struct joiner *joiner_free(struct joiner *j)
{
	if (!j)
		return NULL;
	for (uint32_t i = 0; i < j->n; i++)
		give(j, &j->at[i]);
	free(j->at);
	free(j);
	return NULL;
}

static void close_old(struct joiner *j, usec now)
{
	uint32_t kept = 0;

	if (j->closed_at != INT64_MIN && now < j->closed_at + USEC_PER_SEC && j->n < LOGIN_PENDING)
		return;
	j->closed_at = now;
	for (uint32_t i = 0; i < j->n; i++) {
		usec wait = j->at[i].hint ? SESSION_CLOSE : CLOSE_AFTER;

		if (j->at[i].to + wait < now)
			give(j, &j->at[i]);
		else
			j->at[kept++] = j->at[i];
	}
	j->n = kept;
	if (j->n == LOGIN_PENDING) { /* a flood: the oldest quarter is closed early */
		uint32_t early = LOGIN_PENDING / 4;

		for (uint32_t i = 0; i < early; i++)
			give(j, &j->at[i]);
		j->n -= early;
		memmove(j->at, j->at + early, j->n * sizeof(*j->at));
	}
}

static bool has_layer(const struct pending *p, unsigned layer)
{
	return p->l.layers >> layer & 1;
}

static uint32_t address_of(const struct login_line *l)
{
	return l->observed ? l->observed : l->claimed;
}

/* How well a line fits an attempt: 0 not at all, more is better, 100 for sure. */
static int fit(const struct pending *p, const struct login_line *l)
{
	uint32_t address = address_of(l);
	int score = 10;

	if (p->request && l->request)
		return p->request == l->request ? 100 : 0;
	if (l->layer > LAYER_NOTE || p->l.layers >> LAYER_ALONE || has_layer(p, l->layer) ||
	    p->l.failed != l->failed)
		return 0;
	if (l->at > p->to + SLACK || l->end + SLACK < p->from)
		return 0;
	if (p->pid && l->pid) {
		if (p->pid != l->pid)
			return 0;
		score += 20;
	}
	if (address && (address == p->l.observed || address == p->l.claimed))
		score += 20;
	return score;
}

static void merge(struct pending *p, const struct login_line *l, bool sure)
{
	p->from = l->at < p->from ? l->at : p->from;
	p->to = l->end > p->to ? l->end : p->to;
	if (!p->request)
		p->request = l->request;
	/* only the web server and the service itself are the same process */
	if (!p->pid && (l->layer == LAYER_WEB || l->layer == LAYER_LOG))
		p->pid = l->pid;
	if (l->observed && (!p->l.observed || l->layer == LAYER_EDGE)) {
		p->l.observed = l->observed;
		p->l.sure = sure;
	}
	if (!p->l.claimed)
		p->l.claimed = l->claimed;
	if (!p->l.account)
		p->l.account = l->account;
	if (!p->l.id)
		p->l.id = l->id;
	p->l.token |= l->token;
	p->l.unknown |= l->unknown;
	p->l.layers |= 1u << l->layer;
}

static void begin(struct joiner *j, const struct login_line *l)
{
	struct pending *p = &j->at[j->n++];

	*p = (struct pending){ .from = l->at, .to = l->end };
	p->l.at = l->at;
	p->l.service = l->service;
	p->l.failed = l->failed;
	p->hint = l->layer == LAYER_HINT;
	merge(p, l, true);
}

/* "Invalid user x from y" is an attempt only where no password was tried in the session. */
static void session(struct joiner *j, const struct login_line *l)
{
	for (uint32_t i = j->n; i-- > 0;) {
		if (!j->at[i].hint || j->at[i].request != l->request)
			continue;
		if (l->layer == LAYER_HINT)
			return;
		if (l->layer == LAYER_END)
			give(j, &j->at[i]);
		memmove(j->at + i, j->at + i + 1, (j->n - i - 1) * sizeof(*j->at));
		j->n--;
		break;
	}
	if (l->layer == LAYER_HINT)
		begin(j, l);
}

void joiner_feed(struct joiner *j, const struct login_line *l)
{
	int best = 0, rivals = 0;
	uint32_t at = 0;

	close_old(j, l->at);
	if (l->layer >= LAYER_ALONE) {
		if (l->request)
			session(j, l);
		if (l->layer == LAYER_ALONE) {
			struct login one = { .at = l->at,
					     .service = l->service,
					     .account = l->account,
					     .id = l->id,
					     .claimed = l->claimed,
					     .observed = l->observed,
					     .failed = l->failed,
					     .unknown = l->unknown,
					     .sure = true,
					     .layers = 1u << LAYER_ALONE };

			j->fn(j->ctx, &one);
		}
		return;
	}
	for (uint32_t i = j->n; i-- > 0;) {
		int f = fit(&j->at[i], l);

		if (f > best) {
			best = f;
			at = i;
			rivals = 0;
		} else if (f && f == best) {
			rivals++;
			at = i; /* among equals the oldest: requests are answered in turn */
		}
	}
	if (best)
		merge(&j->at[at], l, best > 20 || !rivals);
	else
		begin(j, l);
}
