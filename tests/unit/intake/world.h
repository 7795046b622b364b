/* SPDX-License-Identifier: Apache-2.0 */
/* world.h — around an intake in a process of its own: a supervisor that tells it names, and a
 * keeper that takes what comes on the ring, checks it, and keeps it by source. For tests. */
#pragma once
#include "guard/fdpass.h"
#include "intake/batch.h"
#include "intake/control.h"
#include "intake/counts.h"
#include "intake/names.h"
#include "tap.h"
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct got {
	enum source_kind kind;
	char name[300];
	struct buf bytes; /* the bytes as they were sent: raw, and a newline where one ended it */
	struct buf ends; /* flags of each record, a byte each */
	size_t records;
	struct buf position;
	usec arrival; /* of the last record */
};

struct world {
	struct ring *ring;
	struct counts *counts;
	struct names *names;
	struct intake_config config;
	struct intake_listener listener[8];
	int control[2];
	pid_t pid;
	struct got *got;
	size_t got_n;
	size_t by_handle[70000];
	struct buf notes; /* a line each */
	size_t note_n, bad, messages;
	bool paused; /* the keeper takes nothing */
	bool lazy; /* it takes, but does not release */
};

static inline struct world *world_new(size_t ring_size)
{
	struct world *w = mem_new(1, sizeof(*w));

	if (ring_new(&w->ring, ring_size) < 0 || names_new(&w->names, 4096) < 0)
		abort();
	w->counts = counts_new();
	intake_limits_default(&w->config.limits);
	w->config.host = "testhost";
	w->config.listeners = w->listener;
	w->config.watch_fd = names_watch_fd(w->names);
	w->config.counts = w->counts;
	w->control[0] = w->control[1] = -1;
	return w;
}

static inline struct got *world_got(struct world *w, enum source_kind kind, const char *name)
{
	for (size_t i = 0; i < w->got_n; i++)
		if (w->got[i].kind == kind && !strcmp(w->got[i].name, name))
			return &w->got[i];
	w->got = mem_must(realloc(w->got, (w->got_n + 1) * sizeof(*w->got)));
	w->got[w->got_n] = (struct got){ .kind = kind };
	snprintf(w->got[w->got_n].name, sizeof(w->got[0].name), "%s", name);
	return &w->got[w->got_n++];
}

static inline void world_take_source(struct world *w, struct bytes b)
{
	char name[300];
	struct source def;
	uint32_t handle;

	if (batch_source(b, &handle, &def) || handle >= 70000) {
		w->bad++;
		return;
	}
	snprintf(name, sizeof(name), "%.*s", (int)def.name.len, (const char *)def.name.at);
	w->by_handle[handle] = (size_t)(world_got(w, def.kind, name) - w->got) + 1;
}

static inline struct got *world_by(struct world *w, uint32_t handle)
{
	if (handle >= 70000 || !w->by_handle[handle]) {
		w->bad++;
		return world_got(w, SOURCE_SELF, "bad");
	}
	return &w->got[w->by_handle[handle] - 1];
}

static inline void world_take_records(struct world *w, struct cursor *c)
{
	struct leaf_head head;
	struct bytes raw;
	int r;

	while (!(r = batch_next(c, &head, &raw))) {
		struct got *g = world_by(w, head.source);

		g->records++;
		g->arrival = head.arrival;
		buf_bytes(&g->bytes, raw);
		buf_u8(&g->ends, (uint8_t)head.flags);
		if ((head.flags & RECORD_END_MASK) == END_LF)
			buf_u8(&g->bytes, head.flags & RECORD_NUL ? 0 : '\n');
		if ((head.flags & RECORD_END_MASK) == END_FRAME)
			buf_u8(&g->bytes, '|');
	}
	w->bad += r != BATCH_END;
}

static inline void world_take_position(struct world *w, uint32_t handle, struct bytes b)
{
	struct got *g = world_by(w, handle);

	buf_clear(&g->position);
	buf_bytes(&g->position, b);
}

/* Takes what is on the ring. Returns the number of messages. */
static inline size_t world_take(struct world *w)
{
	size_t n = 0;
	uint32_t type, handle;
	struct bytes b, position;
	struct cursor c;
	int r;

	while (!w->paused && !(r = ring_next(w->ring, &type, &b))) {
		n++;
		if (type == MSG_SOURCE) {
			world_take_source(w, b);
		} else if (type == MSG_RECORDS) {
			c = cursor_of(b);
			world_take_records(w, &c);
		} else if (type == MSG_RECORDS_AT) {
			if (batch_records_at(b, &handle, &c, &position)) {
				w->bad++;
				continue;
			}
			world_take_records(w, &c);
			world_take_position(w, handle, position);
		} else if (type == MSG_POSITION) {
			if (batch_position(b, &handle, &position))
				w->bad++;
			else
				world_take_position(w, handle, position);
		} else if (type == MSG_NOTE) {
			struct bytes json;

			if (batch_note(b, &handle, &json)) {
				w->bad++;
				continue;
			}
			buf_bytes(&w->notes, json);
			buf_u8(&w->notes, '\n');
			w->note_n++;
		}
	}
	w->messages += n;
	if (n && !w->lazy)
		ring_release(w->ring, ring_taken(w->ring));
	return n;
}

static inline void world_tell(struct world *w)
{
	usec now = clock_mono();

	names_scan(w->names, now);
	if (w->control[0] >= 0)
		names_tell(w->names, w->control[0]);
}

static inline void world_pump(struct world *w)
{
	struct pollfd p[2] = { { ring_data_fd(w->ring), POLLIN, 0 },
			       { names_fd(w->names), POLLIN, 0 } };
	usec due;

	if (!world_take(w) && (w->paused || ring_will_wait_data(w->ring)))
		poll(p, 2, 1);
	if (p[0].revents)
		ring_woken_data(w->ring);
	due = names_due(w->names);
	if (p[1].revents || clock_mono() >= due)
		names_scan(w->names, clock_mono());
	names_tell(w->names, w->control[0]);
}

static inline void world_run(struct world *w, int ms)
{
	usec end = clock_mono() + (usec)ms * 1000;

	while (clock_mono() < end)
		world_pump(w);
}

/* Until so many records of the source are there, or time is up; then a moment more, for those that
 * should not come. */
static inline bool world_wait(struct world *w, enum source_kind kind, const char *name, size_t n,
			      int ms)
{
	usec end = clock_mono() + (usec)ms * 1000;

	while (clock_mono() < end && world_got(w, kind, name)->records < n)
		world_pump(w);
	return world_got(w, kind, name)->records >= n;
}

static inline void world_start(struct world *w)
{
	if (fdpass_pair(w->control) < 0)
		abort();
	fflush(stdout);
	w->pid = fork();
	if (!w->pid) {
		int r;

		close(w->control[0]);
		r = intake_run(&w->config, w->ring, w->control[1]);
		/* Not _exit(): the sanitizer looks for leaks at the end. */
		exit(r < 0 ? 1 : 0);
	}
	close(w->control[1]);
	for (size_t i = 0; i < w->got_n; i++) {
		struct got *g = &w->got[i];

		if (!g->position.len)
			continue;
		control_position(w->control[0], g->kind, bytes_str(g->name),
				 buf_view(&g->position));
		if (g->kind == SOURCE_FILE)
			names_known(w->names, bytes_str(g->name), buf_view(&g->position));
	}
	world_tell(w);
	control_start(w->control[0]);
}

static inline int world_end(struct world *w)
{
	usec end = clock_mono() + 10 * USEC_PER_SEC;
	int status = -1;

	while (clock_mono() < end && waitpid(w->pid, &status, WNOHANG) == 0)
		world_take(w), usleep(500);
	if (status == -1) {
		kill(w->pid, SIGKILL);
		waitpid(w->pid, &status, 0);
		status = -1;
	}
	while (world_take(w))
		;
	close(w->control[0]);
	w->control[0] = -1;
	w->pid = 0;
	names_again(w->names);
	return status;
}

static inline int world_stop(struct world *w)
{
	control_stop(w->control[0]);
	return world_end(w);
}

static inline void world_kill(struct world *w)
{
	kill(w->pid, SIGKILL);
	world_end(w);
}

/* Of all sources together. */
static inline size_t world_records(const struct world *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->got_n; i++)
		n += w->got[i].records;
	return n;
}

static inline bool world_noted(const struct world *w, const char *text)
{
	return bytes_find(buf_view(&w->notes), bytes_str(text)) != BYTES_NONE;
}

static inline struct world *world_free(struct world *w)
{
	is_int(w->bad, 0, "every message was well formed");
	for (size_t i = 0; i < w->got_n; i++) {
		buf_done(&w->got[i].bytes);
		buf_done(&w->got[i].ends);
		buf_done(&w->got[i].position);
	}
	free(w->got);
	buf_done(&w->notes);
	names_free(w->names);
	ring_free(w->ring);
	counts_free(w->counts);
	free(w);
	return NULL;
}
