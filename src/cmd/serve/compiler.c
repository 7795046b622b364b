/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve/compiler.h"
#include "base/io.h"
#include "base/text.h"
#include "cmd/serve/bundle.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROOF_MOST (5 * USEC_PER_SEC) /* rules wait no longer than that to be put into force */
#define REFUSED_TOLD 20u /* one line each; the others are counted */

struct compiled {
	struct ruleset *rules;
	struct calendar *calendar;
	struct canary *canary;
	bool proof; /* made again to be proven only */
	size_t n, refused, never, windows;
	usec took;
};

struct compiler {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int waiting; /* a bundle; -1: none; under the lock like the rest */
	int last; /* the bundle that was compiled last; -1: none */
	bool prove; /* compile it again */
	bool end, running;
	struct compiled *done;
	int event;
};

/* ---- the work ---- */

static void tell(const struct ruleset_refused *r)
{
	struct buf b = { 0 };

	text_safe(&b, r->file, NULL);
	buf_printf(&b, ":%u: ", r->line);
	text_safe(&b, r->reason, NULL);
	say(SAY_WARN, "rule refused: %s", buf_cstr(&b));
	buf_done(&b);
}

static void take_rules(struct compiled *c, struct ruleset *s)
{
	c->rules = s;
	c->refused = ruleset_refused_n(s);
	for (size_t i = 0; i < ruleset_n(s); i++) {
		c->n += ruleset_rule(s, i)->kind != RULE_FILTER;
		c->never += ruleset_rule(s, i)->never.len > 0;
	}
	for (size_t i = 0; i < c->refused && i < REFUSED_TOLD; i++)
		tell(ruleset_refused(s, i));
	if (c->refused > REFUSED_TOLD)
		say(SAY_WARN, "and %zu more; `vedette rules check` names all",
		    c->refused - REFUSED_TOLD);
}

struct texts {
	struct ruleset_text *at;
	size_t n, cap;
};

static void add_text(struct texts *t, const struct bundle_entry *e)
{
	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 256;
		t->at = mem_must(reallocarray(t->at, t->cap, sizeof(*t->at)));
	}
	t->at[t->n++] = (struct ruleset_text){ e->path, e->text, e->kind == BUNDLE_TABLE };
}

static bool read_calendar(struct calendar *c, const struct bundle_entry *e)
{
	struct why why = { "" };
	struct buf name = { 0 };
	int r;

	buf_bytes(&name, e->path);
	r = calendar_read(c, buf_cstr(&name), e->text, bytes_ends(e->path, BYTES(".ics")), &why);
	buf_done(&name);
	if (r != 0)
		say(SAY_WARN, "calendar refused, the one in force stays: %s", why.line);
	return r == 0;
}

static struct compiled *compile(struct bytes bundle)
{
	struct compiled *c = mem_new(1, sizeof(*c));
	struct calendar *calendar = calendar_new();
	struct ruleset_options o = { 0 };
	struct texts texts = { 0 }, samples = { 0 };
	struct ruleset *s = NULL;
	struct cursor at = cursor_of(bundle);
	struct bundle_entry e;
	struct why why = { "" };
	usec from = clock_mono();
	bool good = true;

	while (cur_left(&at) && bundle_next(&at, &e)) {
		if (e.kind == BUNDLE_CALENDAR)
			good &= read_calendar(calendar, &e);
		else
			add_text(e.kind == BUNDLE_SAMPLES ? &samples : &texts, &e);
	}
	o.texts = texts.at;
	o.texts_n = texts.n;
	if (ruleset_load(&s, &o, &why) < 0)
		say(SAY_ERROR, "rules: %s; those in force stay", why.line);
	else
		take_rules(c, s);
	if (c->rules)
		c->canary = canary_run(c->rules, samples.at, samples.n, PROOF_MOST);
	free(texts.at);
	free(samples.at);
	if (good) {
		c->calendar = calendar;
		c->windows = calendar_windows(calendar);
	} else {
		calendar_free(calendar);
	}
	c->took = clock_mono() - from;
	return c;
}

static struct compiled *compile_fd(int fd)
{
	struct compiled *c = NULL;
	struct bytes bundle = { NULL, 0 };
	struct stat st;
	int r = 0;

	if (fstat(fd, &st) < 0)
		r = -errno;
	else if (st.st_size > 0)
		r = io_map(fd, (size_t)st.st_size, &bundle);
	if (r < 0)
		say(SAY_ERROR, "rules cannot be read: %s", strerror(-r));
	else
		c = compile(bundle);
	if (bundle.len)
		munmap((void *)(uintptr_t)bundle.at, bundle.len);
	return c;
}

static void *work(void *ctx)
{
	struct compiler *c = ctx;

	pthread_mutex_lock(&c->lock);
	while (!c->end) {
		struct compiled *fresh;
		bool proof = c->waiting < 0;
		int fd;

		if (proof && (!c->prove || c->last < 0)) {
			pthread_cond_wait(&c->changed, &c->lock);
			continue;
		}
		if (!proof) {
			if (c->last >= 0)
				close(c->last);
			c->last = c->waiting;
			c->waiting = -1;
		}
		c->prove = false;
		fd = c->last;
		pthread_mutex_unlock(&c->lock);
		fresh = compile_fd(fd);
		pthread_mutex_lock(&c->lock);
		if (fresh && proof && c->done && !c->done->proof) {
			compiled_free(fresh); /* the one that waits is newer, and proven too */
		} else if (fresh) {
			fresh->proof = proof;
			compiled_free(c->done);
			c->done = fresh;
			(void)!write(c->event, &(uint64_t){ 1 }, 8);
		}
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

/* ---- the owner's side ---- */

int compiler_new(struct compiler **ret)
{
	struct compiler *c = mem_new(1, sizeof(*c));
	sigset_t all, old;
	int r;

	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->changed, NULL);
	c->waiting = c->last = -1;
	c->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = c->event < 0 ? -errno : -pthread_create(&c->thread, NULL, work, c);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	c->running = r == 0;
	if (r < 0) {
		compiler_free(c);
		return r;
	}
	*ret = c;
	return 0;
}

struct compiler *compiler_free(struct compiler *c)
{
	if (!c)
		return NULL;
	pthread_mutex_lock(&c->lock);
	c->end = true;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
	if (c->running)
		pthread_join(c->thread, NULL);
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->changed);
	if (c->waiting >= 0)
		close(c->waiting);
	if (c->last >= 0)
		close(c->last);
	if (c->event >= 0)
		close(c->event);
	compiled_free(c->done);
	free(c);
	return NULL;
}

void compiler_start(struct compiler *c, int fd)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	pthread_mutex_lock(&c->lock);
	if (c->waiting >= 0)
		close(c->waiting);
	c->waiting = own;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

void compiler_prove(struct compiler *c)
{
	pthread_mutex_lock(&c->lock);
	c->prove = true;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

struct compiled *compiler_take(struct compiler *c)
{
	struct compiled *done;
	uint64_t n;

	if (read(c->event, &n, sizeof(n)) < 0)
		return NULL;
	pthread_mutex_lock(&c->lock);
	done = c->done;
	c->done = NULL;
	pthread_mutex_unlock(&c->lock);
	return done;
}

int compiler_fd(const struct compiler *c)
{
	return c->event;
}

struct ruleset *compiled_rules(struct compiled *c)
{
	struct ruleset *s = c->rules;

	c->rules = NULL;
	return s;
}

struct calendar *compiled_calendar(struct compiled *c)
{
	struct calendar *k = c->calendar;

	c->calendar = NULL;
	return k;
}

struct canary *compiled_canary(struct compiled *c)
{
	struct canary *k = c->canary;

	c->canary = NULL;
	return k;
}

bool compiled_is_proof(const struct compiled *c)
{
	return c->proof;
}

size_t compiled_n(const struct compiled *c)
{
	return c->n;
}

size_t compiled_refused(const struct compiled *c)
{
	return c->refused;
}

void compiled_note(const struct compiled *c, struct buf *to)
{
	buf_printf(to,
		   "{\"event\":\"%s\",\"rules\":%zu,\"refused\":%zu,\"never\":%zu,"
		   "\"windows\":%zu,\"milliseconds\":%lld",
		   c->proof ? "rules-proven" : "rules-loaded", c->n, c->refused, c->never,
		   c->windows, (long long)(c->took / 1000));
	if (c->canary)
		canary_members(c->canary, to);
	buf_u8(to, '}');
}

struct compiled *compiled_free(struct compiled *c)
{
	if (!c)
		return NULL;
	ruleset_free(c->rules);
	calendar_free(c->calendar);
	canary_free(c->canary);
	free(c);
	return NULL;
}
