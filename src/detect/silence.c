/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a record: whoever spoke, and all it stands below, are heard; what had been told of
 * them is taken back. */
#include "detect/silence_in.h"
#include "query/glob.h"
#include <stdlib.h>

#define AWAKE_GAP (35 * USEC_PER_SEC) /* heartbeats come every ten seconds: three were missed */
#define HEARTBEAT (10 * USEC_PER_SEC)

static void defaults(struct silence_options *o)
{
	if (!o->sources_max)
		o->sources_max = 16384;
	if (!o->warm_up)
		o->warm_up = 3600 * USEC_PER_SEC;
	if (!o->records_least)
		o->records_least = 30;
	if (!o->gap_least)
		o->gap_least = 10 * USEC_PER_SEC;
	if (!o->grace)
		o->grace = 30 * USEC_PER_SEC;
	if (!o->forget)
		o->forget = 7 * USEC_PER_DAY;
	if (!o->never_after)
		o->never_after = 300 * USEC_PER_SEC;
}

static struct bytes copy(struct bytes b)
{
	uint8_t *p = mem_must(malloc(b.len + 1));

	if (b.len)
		memcpy(p, b.at, b.len);
	return bytes_of(p, b.len);
}

int silence_new(struct silence **ret, const struct silence_options *o)
{
	struct silence *s = mem_new(1, sizeof(*s));

	s->o = *o;
	defaults(&s->o);
	s->alive = s->began = USEC_NONE;
	for (s->slots_n = 64; s->slots_n < s->o.sources_max * 2;)
		s->slots_n *= 2;
	s->slots = mem_new(s->slots_n, sizeof(*s->slots));
	s->wanted = mem_new(o->expected_n ? o->expected_n : 1, sizeof(*s->wanted));
	for (size_t i = 0; i < o->expected_n; i++) {
		s->wanted[i].is.host = copy(o->expected[i].host);
		s->wanted[i].is.name = copy(o->expected[i].name);
	}
	s->wanted_n = o->expected_n;
	s->o.expected = NULL;
	*ret = s;
	return 0;
}

struct silence *silence_free(struct silence *s)
{
	if (!s)
		return NULL;
	for (size_t i = 0; i < s->n; i++) {
		free((void *)(uintptr_t)s->t[i].host.at);
		free((void *)(uintptr_t)s->t[i].name.at);
	}
	for (size_t i = 0; i < s->wanted_n; i++) {
		free((void *)(uintptr_t)s->wanted[i].is.host.at);
		free((void *)(uintptr_t)s->wanted[i].is.name.at);
	}
	free(s->wanted);
	free(s->t);
	free(s->by_id);
	free(s->slots);
	compose_done(&s->compose);
	free(s);
	return NULL;
}

void silence_calendar(struct silence *s, struct calendar *c)
{
	s->o.calendar = c;
}

/* The clock of arrival goes on; where it jumped, we slept. */
static void wake(struct silence *s, usec arrival)
{
	if (s->alive == USEC_NONE) {
		s->alive = arrival;
		s->began = awake_of(s, arrival);
	}
	if (arrival <= s->alive)
		return;
	if (s->heartbeats && arrival - s->alive > AWAKE_GAP) {
		s->asleep += arrival - s->alive - HEARTBEAT;
		s->quiet_until = awake_of(s, arrival) + s->o.grace;
	}
	s->alive = arrival;
}

static void pulse_beat(struct pulse *p, usec now, usec most)
{
	usec gap = now - p->last;

	if (!p->n++) {
		p->first = p->last = now;
		return;
	}
	if (gap <= 0)
		return;
	if (gap > most) /* a silence that was told teaches no more than twice what was expected */
		gap = most;
	if (gap / GAP_UNIT > (usec)p->tail.least) {
		tail_add(&p->tail, gap, now);
		p->stale = true;
	}
	p->last = now;
}

/* The gap of a talker on the clock of its week is never longer than the gap itself, so that most
 * need no second look. */
static void beat(struct talker *t, usec now, usec real, usec most)
{
	usec gap = now - t->any.last;

	if (t->any.n && t->week.hour && gap / GAP_UNIT > (usec)t->warped.least && gap <= most)
		tail_add(&t->warped, week_warp(&t->week, t->last_real, real), now);
	pulse_beat(&t->any, now, most);
	week_spoke(&t->week, real);
	if (!t->week_first)
		t->week_first = now;
	if (real > t->last_real)
		t->last_real = real;
}

static void first_words(struct silence *s, const struct talker *t, usec now, finding_fn *fn,
			void *ctx)
{
	for (size_t i = 0; i < s->wanted_n; i++) {
		struct wanted *w = &s->wanted[i];

		if (w->spoke || (w->is.host.len && !glob_match(w->is.host, t->host)) ||
		    (w->is.name.len && !glob_match(w->is.name, t->name)))
			continue;
		w->spoke = true;
		if (w->told)
			tell_never(s, w, now, true, fn, ctx);
	}
}

/* Whether a silence of it has ended by that. */
static bool heard(struct silence *s, struct talker *t, const struct item *i, usec now, usec real,
		  finding_fn *fn, void *ctx)
{
	bool was_told = false;
	usec most = INT64_MAX;
	struct judgement j;

	/* by the times in the records, a gap is told when it is over */
	if (__builtin_expect(t->parent == NOBODY && t->kind == TALKER_SOURCE && t->any.n &&
				     now - t->any.last > (usec)t->any.tail.most * GAP_UNIT,
			     0) &&
	    talker_overdue(s, t, now, &j))
		tell_talker(s, t, CAUSE_QUIET, t->any.last + j.alarm, &j, fn, ctx);
	/* A mode and a full disk last until a note says otherwise, whoever can still write. */
	if (__builtin_expect(t->told != CAUSE_NONE, 0) && t->told != CAUSE_FILE_UNWRITABLE &&
	    t->told != CAUSE_DISK_FULL) {
		was_told = true;
		if (t->told != CAUSE_COVERED && t->any.judged.expected)
			most = 2 * t->any.judged.expected;
		tell_back(s, t, i, now, fn, ctx);
	}
	/* Lines may still come: from a removed file that its writer has open, from one that was cut
	 * off. What was done to it is told all the same. */
	if (t->pending && t->pending != CAUSE_FILE_TRUNCATED && t->pending != CAUSE_FILE_REMOVED &&
	    now > t->noted)
		t->pending = CAUSE_NONE;
	t->leaving = t->closed = false;
	beat(t, now, real, most);
	t->last_seq = i->ref.seq;
	t->last_line = i->ref.line;
	return was_told;
}

/* The class of the line's level; LEVELS: none that should go on and on. */
static unsigned level_class(const struct event *e)
{
	struct bytes l = event_has(e, FIELD_LOG_LEVEL) ? e->value[FIELD_LOG_LEVEL]
						       : event_get(e, FIELD_SYSLOG_SEVERITY);

	if (!l.len)
		return LEVELS;
	switch (l.at[0]) {
	case 'd':
	case 't':
		return LEVEL_DEBUG_LINES;
	case 'i':
	case 'n':
		return LEVEL_INFO_LINES;
	default:
		return LEVELS;
	}
}

static void levels(struct silence *s, struct talker *t, const struct item *i, usec now,
		   bool was_told, finding_fn *fn, void *ctx)
{
	unsigned class = level_class(i->event);
	const struct judgement *j;

	for (unsigned k = 0; k < LEVELS; k++) {
		if (!t->level[k].pulse.n && k != class)
			continue;
		if (k != class) {
			t->level[k].others += t->level[k].others < UINT32_MAX;
			/* by the times in the records, no tick looks at them */
			if (t->parent == NOBODY && t->level[k].others % 8 == 0)
				judge_levels(s, t, now, fn, ctx);
			continue;
		}
		if (t->level[k].told)
			tell_level(s, t, k, now, true, fn, ctx);
		else if (t->level[k].others > t->level[k].others_most)
			t->level[k].others_most = t->level[k].others;
		was_told |= t->level[k].told;
		t->level[k].told = false;
		t->level[k].others = 0;
		j = was_told ? pulse_judge(s, &t->level[k].pulse) : NULL;
		pulse_beat(&t->level[k].pulse, now, j ? 2 * j->expected : INT64_MAX);
	}
}

/* Last words: of the service, or of the whole host. */
static void leaving(struct silence *s, struct talker *t, const struct item *i)
{
	struct bytes a = event_get(i->event, FIELD_EVENT_ACTION);

	if (bytes_eq(a, BYTES("service-stop")) || bytes_eq(a, BYTES("service-stopping"))) {
		t->leaving = true;
	} else if (bytes_eq(a, BYTES("host-shutdown")) || bytes_eq(a, BYTES("host-reboot"))) {
		t->leaving = true;
		for (uint32_t up = t->parent; up != NOBODY; up = s->t[up].parent)
			if (s->t[up].kind == TALKER_HOST || s->t[up].kind == TALKER_SOURCE)
				s->t[up].leaving = true;
	}
}

static bool is_syslog(enum source_kind k)
{
	return k == SOURCE_SYSLOG_UDP || k == SOURCE_SYSLOG_TCP || k == SOURCE_SYSLOG_UNIX;
}

static void spoke(struct silence *s, const struct item *i, finding_fn *fn, void *ctx)
{
	bool by_time = s->o.by_time || i->source->kind == SOURCE_IMPORT;
	/* what bears no time of its own says nothing of when */
	usec real = !by_time			  ? i->record->arrival
		    : i->event->time == USEC_NONE ? USEC_NONE
						  : i->time;
	usec now = by_time ? real : awake_of(s, real);
	struct talker *t, *p = NULL;
	bool was_told;

	if (real == USEC_NONE || !(t = talker_of(s, i)))
		return;
	if (!by_time && is_syslog(i->source->kind)) {
		uint32_t at = talker_index(s, t);

		p = talker_program(s, t, i);
		t = &s->t[at]; /* the array may have moved */
	}
	if (__builtin_expect(!t->any.n, 0))
		first_words(s, t, now, fn, ctx);
	was_told = heard(s, p ? p : t, i, now, real, fn, ctx);
	levels(s, p ? p : t, i, now, was_told, fn, ctx);
	if (p)
		heard(s, t, i, now, real, fn, ctx);
	for (uint32_t up = t->parent; up != NOBODY; up = s->t[up].parent)
		heard(s, &s->t[up], i, now, real, fn, ctx);
	if (event_has(i->event, FIELD_EVENT_ACTION))
		leaving(s, p ? p : t, i);
}

void silence_record(struct silence *s, const struct item *i, finding_fn *fn, void *ctx)
{
	s->counts.records++;
	if (!s->o.by_time)
		wake(s, i->record->arrival);
	if (!i->source || i->source->kind == SOURCE_SELF) {
		if (i->source)
			silence_note(s, i, fn, ctx);
		return;
	}
	spoke(s, i, fn, ctx);
}

static void age(struct silence *s, usec now)
{
	int64_t today = now / USEC_PER_DAY;

	if (today <= s->aged)
		return;
	s->aged = today;
	for (size_t i = 0; i < s->n; i++) {
		struct talker *t = &s->t[i];

		if (t->kind == TALKER_FREE || today < 0)
			continue;
		tail_age(&t->any.tail, (uint32_t)today);
		tail_age(&t->warped, (uint32_t)today);
		for (unsigned k = 0; k < LEVELS; k++) {
			tail_age(&t->level[k].pulse.tail, (uint32_t)today);
			t->level[k].pulse.stale = true;
		}
		t->any.stale = true;
	}
}

void silence_tick(struct silence *s, usec now, finding_fn *fn, void *ctx)
{
	if (s->o.by_time || s->alive == USEC_NONE)
		return;
	/* Where the ledger stands still, nothing is known of the others. */
	if (s->heartbeats && now > s->alive + HEARTBEAT + HEARTBEAT / 2)
		now = s->alive + HEARTBEAT + HEARTBEAT / 2;
	now = awake_of(s, now);
	age(s, now);
	if (now < s->quiet_until)
		return;
	judge_all(s, now, fn, ctx);
}

void silence_counts(const struct silence *s, struct silence_counts *ret)
{
	*ret = s->counts;
	ret->talkers = s->live;
	ret->modelled = ret->silent = 0;
	for (size_t i = 0; i < s->n; i++) {
		const struct talker *t = &s->t[i];

		ret->modelled += t->kind != TALKER_FREE && pulse_known(s, &t->any);
		ret->silent += t->told != CAUSE_NONE;
	}
}
