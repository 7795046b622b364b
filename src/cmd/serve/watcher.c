/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve/watcher.h"
#include "alert/alert.h"
#include "alert/request.h"
#include "base/cursor.h"
#include "base/sqlite_here.h"
#include "cmd/serve/ask.h"
#include "cmd/serve/compiler.h"
#include "cmd/serve/outward.h"
#include "cmd/serve/prover.h"
#include "cmd/serve/talk.h"
#include "detect/detect.h"
#include <stdlib.h>
#include <unistd.h>

#define COMMIT_SOON (USEC_PER_SEC / 10) /* findings wait so long */
#define COMMIT_LATE (4 * USEC_PER_SEC / 10) /* … and in a flood at most so long */
#define COMMIT_SHARE 20 /* a commit, which writes all that changed, may take a 20th of the time */
#define COMMIT_IDLE (5 * USEC_PER_SEC) /* and so does the cursor without any */
#define MODELS_EVERY (60 * USEC_PER_SEC)
#define MODELS "models"
#define WAITS_MAX 256u

struct watcher {
	const struct analyst_start *start;
	struct analyst_numbers *numbers;
	struct alerts *alerts;
	struct detector *detector;
	struct compiler *compiler;
	struct outward ledger, hand; /* who gets the changes */
	int desk;
	bool fresh; /* a database without a past */
	bool anew; /* it was lost: until history has been shown, alerts are taken from the ledger */
	uint64_t seen; /* records below were looked at by this process */
	uint64_t applied; /* … by one before it: what they bring is in the database */
	uint64_t models; /* the state of the detectors was saved there */
	uint64_t noted_below; /* what analysts before this one noted; UINT64_MAX: not known yet */
	usec arrival; /* of the newest record looked at */
	usec now_at; /* of the one that is looked at now; 0: none */
	usec past_from; /* arrival of the record from which the detectors' state goes on */
	usec committed, saved; /* by clock_mono() */
	usec pause; /* until the next commit */
	uint64_t committed_seen;
	bool found; /* something since the last commit */
	bool ready; /* rules are in force */
	bool told; /* there is a hand that wants the changes */
	usec waits[WAITS_MAX]; /* arrivals of what the next commit makes durable: a sample */
	unsigned waits_n;
	struct prover prover;
	struct buf room;
};

/* ---- the state of the detectors, kept with the alerts ---- */

static void put_models(struct watcher *w, struct buf *to)
{
	buf_u64le(to, w->seen);
	buf_u64le(to, (uint64_t)w->arrival);
	detector_save(w->detector, to);
}

static void get_models(struct watcher *w)
{
	struct buf b = { 0 };
	struct cursor c;

	if (alerts_blob(w->alerts, MODELS, &b)) {
		c = cursor_of(buf_view(&b));
		w->models = cur_u64le(&c);
		w->past_from = (usec)cur_u64le(&c);
		if (c.bad || !detector_load(w->detector, cur_rest(&c))) {
			say(SAY_WARN, "what was learned of the sources cannot be read; "
				      "it is learned anew");
			w->models = w->applied;
		}
	}
	buf_done(&b);
}

static void count_waits(struct watcher *w)
{
	usec now = clock_real();

	for (unsigned k = 0; k < w->waits_n; k++) {
		usec took = now - w->waits[k];
		unsigned i = 0;

		while (i < COMMIT_BUCKETS - 1 && ((usec)1 << i) < took)
			i++;
		count_add(&w->numbers->alert_usec[i], 1);
	}
	w->waits_n = 0;
}

void watcher_commit(struct watcher *w)
{
	struct alerts_blob blob = { MODELS, { NULL, 0 } };
	usec now = clock_mono();
	bool save = !w->anew && now - w->saved >= MODELS_EVERY && w->seen > w->applied;
	struct why why = { "" };
	struct buf b = { 0 };
	uint64_t cursor = w->seen > w->applied ? w->seen : w->applied;

	if (save) {
		put_models(w, &b);
		blob.value = buf_view(&b);
		w->saved = now;
	}
	if (alerts_commit(w->alerts, cursor, &blob, save, &why) < 0) {
		/* What was found since the last commit is in no memory any more: the next analyst
		 * reads it from the ledger again. No record is to blame. */
		say(SAY_ERROR, "%s; the analyst begins anew", why.line);
		count_set(&w->numbers->at, 0);
		exit(1);
	}
	buf_done(&b);
	count_waits(w);
	w->committed = clock_mono();
	w->pause = (w->committed - now) * COMMIT_SHARE;
	w->pause = w->pause < COMMIT_SOON ? COMMIT_SOON : w->pause;
	w->pause = w->pause > COMMIT_LATE ? COMMIT_LATE : w->pause;
	w->committed_seen = w->seen;
	w->found = false;
}

/* ---- records ---- */

static void found(void *ctx, const struct finding *f)
{
	struct watcher *w = ctx;

	if (w->seen <= w->applied)
		return; /* it is in the database */
	count_add(&w->numbers->findings, 1);
	alerts_tick(w->alerts, w->arrival);
	alerts_finding(w->alerts, f);
	if (w->waits_n < WAITS_MAX && w->now_at)
		w->waits[w->waits_n++] = w->now_at;
	w->found = true;
}

/* A change that stands in the ledger already is not sent there again; one that the database has
 * lost comes back. */
static void met_note(struct watcher *w, const struct record *r)
{
	uint64_t id;

	if (!bytes_starts(r->raw, BYTES("{\"event\":\"alert-")) ||
	    alerts_restore(w->alerts, r->raw) == ALERTS_NO_NOTE)
		return;
	if (alerts_change_id(r->raw, &id))
		outward_met(&w->ledger, id);
}

/* An analyst that was killed may have noted more than the database knows of: until all of that was
 * met, nobody can tell what is still to be noted. */
static bool met_all(const struct watcher *w)
{
	return w->seen >= w->noted_below || w->applied >= w->noted_below;
}

void watcher_record(struct watcher *w, const struct record *r, const struct source *s,
		    const struct event *e)
{
	unsigned what = 0;

	if (r->seq < w->seen)
		return;
	w->seen = r->seq + 1;
	if (r->arrival > w->arrival)
		w->arrival = r->arrival;
	if (r->source == SOURCE_ID_SELF)
		met_note(w, r);
	if (w->anew)
		return;
	if (r->seq >= w->models)
		what |= DETECT_MODELS;
	w->now_at = r->arrival;
	detector_record(w->detector, r, s, e, what | DETECT_RULES, found, w);
	w->now_at = 0;
	count_set(&w->numbers->seen, w->seen);
}

void watcher_skip(struct watcher *w, uint64_t seq)
{
	struct buf note = { 0 };

	if (seq < w->seen)
		return;
	w->seen = seq + 1;
	if (seq < w->applied)
		return;
	buf_printf(&note, "{\"event\":\"record-not-parsed\",\"seq\":%llu}",
		   (unsigned long long)seq);
	outward_note(&w->ledger, buf_view(&note));
	buf_done(&note);
}

void watcher_live(struct watcher *w, uint64_t noted_below)
{
	w->noted_below = noted_below;
	if (!w->anew)
		return;
	w->anew = false;
	watcher_commit(w);
	w->applied = w->models = w->seen;
}

void watcher_tick(struct watcher *w, usec now)
{
	if (now > w->arrival)
		w->arrival = now;
	alerts_tick(w->alerts,
		    w->arrival); /* suppressions end and repeats are due without records */
	detector_tick(w->detector, now, found, w);
}

/* ---- what goes out ---- */

void watcher_noted(struct watcher *w, uint64_t number)
{
	outward_taken(&w->ledger, w->alerts, number);
}

void watcher_hand(struct watcher *w, int fd)
{
	w->told = true; /* perhaps since a reload only */
	outward_open(&w->hand, fd);
}

void watcher_desk(struct watcher *w, int fd)
{
	if (w->desk >= 0)
		close(w->desk);
	w->desk = fd;
}

static void answer_desk(struct watcher *w)
{
	struct bytes by, request;
	struct buf reply = { 0 };
	uint32_t number;
	int r = w->desk < 0 ? FDPASS_NONE : ask_next(w->desk, &w->room, &number, &by, &request);

	if (r == FDPASS_CLOSED)
		watcher_desk(w, -1);
	if (r)
		return;
	alerts_tick(w->alerts, clock_real());
	if (prover_asked(&w->prover, w->compiler, request, &reply))
		;
	else if (alerts_request(w->alerts, by, request, &reply) == REQUEST_LATER)
		watcher_commit(w);
	ask_answer(w->desk, number, buf_view(&reply), USEC_PER_SEC);
	buf_done(&reply);
}

/* ---- rules ---- */

void watcher_rules(struct watcher *w, int fd)
{
	compiler_start(w->compiler, fd);
}

bool watcher_ready(const struct watcher *w)
{
	return w->ready;
}

static void put_in_force(struct watcher *w, struct compiled *c)
{
	struct ruleset *rules = compiled_rules(c);
	struct calendar *calendar = compiled_calendar(c);
	int r = rules ? detector_rules(w->detector, rules) : 0;

	if (r < 0)
		say(SAY_ERROR, "rules: %s; those in force stay", strerror(-r));
	if (calendar)
		detector_calendar(w->detector, calendar);
	count_set(&w->numbers->rules,
		  rules && r == 0 ? compiled_n(c) : count_get(&w->numbers->rules));
	count_set(&w->numbers->rules_refused, compiled_refused(c));
}

static void swap_rules(struct watcher *w)
{
	struct compiled *c = compiler_take(w->compiler);
	struct buf note = { 0 };

	if (!c)
		return;
	compiled_note(c, &note);
	outward_note(&w->ledger, buf_view(&note));
	buf_done(&note);
	prover_take(&w->prover, compiled_canary(c), w->numbers);
	if (!compiled_is_proof(c))
		put_in_force(w, c);
	compiled_free(c);
	w->ready = true;
}

void watcher_step(struct watcher *w)
{
	usec now = clock_mono();

	swap_rules(w);
	if (met_all(w) && prover_tell(&w->prover, w->alerts))
		w->found = true;
	answer_desk(w);
	if ((w->found && now - w->committed >= w->pause) ||
	    (w->seen != w->committed_seen && now - w->committed >= COMMIT_IDLE))
		watcher_commit(w);
	if (met_all(w))
		outward_step(&w->ledger, w->alerts);
	if (w->told)
		outward_step(&w->hand, w->alerts);
	else
		outward_nobody(&w->hand, w->alerts);
}

unsigned watcher_poll(const struct watcher *w, struct pollfd *p, unsigned n)
{
	const int fds[] = { w->desk, w->hand.sock, compiler_fd(w->compiler) };
	unsigned i = 0;

	for (; i < n && i < sizeof(fds) / sizeof(*fds); i++)
		p[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	return i;
}

/* ---- begin and end ---- */

usec watcher_history(const struct watcher *w)
{
	usec window = detector_window(w->detector), most = w->start->config->detect_replay, from;

	if (w->anew)
		return 0; /* all there is */
	if (w->fresh)
		return USEC_NONE;
	from = w->arrival - (window < most ? window : most);
	return w->past_from && w->past_from < from ? w->past_from : from;
}

static int open_alerts(struct watcher *w, struct why *why)
{
	struct alerts_options o = ALERTS_OPTIONS;
	int r = fchdir(w->start->dirfd) < 0 ? -errno : sqlite_here();

	if (r == 0)
		r = alerts_open(&w->alerts, "alerts.db", &o, clock_real(), why);
	if (r == ALERTS_ANEW) {
		say(SAY_ERROR, "%s; the alerts are read back from the ledger", why->line);
		w->anew = true;
		r = 0;
	}
	return r < 0 ? why_in(why, r, "alerts.dir") : 0;
}

/* Lent by the configuration but for the array itself. */
static struct detector_options options_of(const struct config *c)
{
	const struct config_list *l = &c->silence_expect;
	struct silence_expected *all = mem_new(l->n + 1, sizeof(*all));

	for (size_t i = 0; i < l->n; i++) {
		struct bytes text = bytes_trim(bytes_str(l->at[i]));
		size_t blank = bytes_chr(text, ' ');

		all[i].host = bytes_sub(text, 0, blank);
		all[i].name = bytes_trim(bytes_from(text, blank == BYTES_NONE ? text.len : blank));
	}
	return (struct detector_options){ .memory = c->detect_memory,
					  .late = c->detect_late,
					  .silence = { .warm_up = c->silence_warm_up,
						       .records_least = c->silence_records,
						       .gap_least = c->silence_shortest,
						       .never_after = c->silence_never_after,
						       .expected = all,
						       .expected_n = l->n } };
}

int watcher_new(struct watcher **ret, const struct analyst_start *start, struct why *why)
{
	struct watcher *w = mem_new(1, sizeof(*w));
	struct detector_options o = options_of(start->config);
	int r;

	w->start = start;
	w->numbers = &start->shared->analyst;
	w->desk = -1;
	w->told = start->told;
	w->noted_below = UINT64_MAX;
	r = open_alerts(w, why);
	if (r == 0)
		r = detector_new(&w->detector, &o);
	free((void *)(uintptr_t)o.silence.expected);
	if (r == 0)
		r = compiler_new(&w->compiler);
	if (r < 0) {
		watcher_free(w);
		return r;
	}
	w->applied = w->models = alerts_cursor(w->alerts);
	w->fresh = !w->applied;
	get_models(w);
	w->arrival = w->past_from;
	outward_init(&w->ledger, OUTWARD_LEDGER, start->keeper,
		     alerts_forgotten(w->alerts, ALERTS_LEDGER));
	outward_init(&w->hand, OUTWARD_HAND, -1, alerts_forgotten(w->alerts, ALERTS_NOTIFY));
	w->committed = w->saved = clock_mono();
	*ret = w;
	return 0;
}

struct watcher *watcher_free(struct watcher *w)
{
	if (!w)
		return NULL;
	if (w->alerts && w->detector && w->seen > w->applied) {
		w->saved = clock_mono() - MODELS_EVERY;
		watcher_commit(w);
	}
	compiler_free(w->compiler);
	detector_free(w->detector);
	alerts_close(w->alerts);
	outward_close(&w->hand);
	prover_done(&w->prover);
	watcher_desk(w, -1);
	buf_done(&w->room);
	free(w);
	return NULL;
}
