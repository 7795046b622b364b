/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve/feeder.h"
#include "cmd/serve/talk.h"
#include "intake/configs.h"
#include "intake/control.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LOOK_AGAIN (USEC_PER_SEC / 50)

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* In the child. */
static int run(void *ctx)
{
	const struct feeder *f = ctx;
	const struct config *c = f->config;
	struct intake_listener at[512];
	struct intake_config ic = { .host = f->host,
				    .zone_minutes = c->zone,
				    .limits = c->limits,
				    .listeners = at,
				    .watch_fd = names_watch_fd(f->names),
				    .counts = f->counts };
	int r;

	for (size_t i = 0; f->listeners && i < f->listeners->n && i < 512; i++)
		at[ic.listener_n++] = (struct intake_listener){ .fd = f->listeners->at[i].fd,
								.kind = f->listeners->at[i].kind,
								.name = f->listeners->at[i].address,
								.slot = f->listeners->at[i].slot };
	f->forget(f->forget_ctx);
	if (f->kind == SOURCE_CONFIG)
		r = configs_run(&(struct configs_config){ f->host, ic.watch_fd, f->counts },
				f->ring, f->child);
	else
		r = intake_run(&ic, f->ring, f->child);
	if (r < 0)
		say(SAY_ERROR, "%s", strerror(-r));
	return r < 0 ? 1 : 0;
}

static void has_clear(struct feeder *f)
{
	while (f->has.n)
		free(f->has.at[--f->has.n].address);
}

static void has_add(struct feeder *f, const struct listener *l)
{
	f->has.at = mem_must(realloc(f->has.at, (f->has.n + 1) * sizeof(*f->has.at)));
	f->has.at[f->has.n] = *l;
	f->has.at[f->has.n++].address = mem_must(strdup(l->address));
}

static bool holds(const struct listeners *l, const struct listener *one)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->at[i].fd == one->fd && l->at[i].kind == one->kind &&
		    !strcmp(l->at[i].address, one->address))
			return true;
	return false;
}

/* What the process listens to becomes what the configuration says; connections that are open go
 * on. False: its socket is full. */
static bool tell_listeners(struct feeder *f)
{
	for (size_t i = f->has.n; f->listeners && i-- > 0;) {
		struct listener *old = &f->has.at[i];

		if (holds(f->listeners, old))
			continue;
		if (control_unlisten(f->control, old->kind, old->address) != 0)
			return false;
		free(old->address);
		*old = f->has.at[--f->has.n];
	}
	for (size_t i = 0; f->listeners && i < f->listeners->n; i++) {
		const struct listener *l = &f->listeners->at[i];
		struct intake_listener told = {
			.fd = l->fd, .kind = l->kind, .name = l->address, .slot = l->slot
		};

		if (holds(&f->has, l))
			continue;
		if (control_listen(f->control, &told) != 0)
			return false;
		has_add(f, l);
	}
	return true;
}

static int prepare(void *ctx)
{
	struct feeder *f = ctx;
	int pair[2], r;

	close_fd(&f->control);
	close_fd(&f->child);
	r = fdpass_pair(pair);
	if (r < 0)
		return r;
	f->control = pair[0];
	f->child = pair[1];
	ring_rewind(f->ring); /* the child goes on where the last one stopped writing */
	f->role.keep_n = 0;
	role_keep(&f->role, f->child);
	role_keep(&f->role, ring_data_fd(f->ring));
	role_keep(&f->role, ring_space_fd(f->ring));
	role_keep(&f->role, names_watch_fd(f->names));
	has_clear(f);
	for (size_t i = 0; f->listeners && i < f->listeners->n; i++) {
		role_keep(&f->role, f->listeners->at[i].fd);
		has_add(f, &f->listeners->at[i]);
	}
	return 0;
}

static void started(void *ctx)
{
	struct feeder *f = ctx;

	close_fd(&f->child);
}

static void ended(void *ctx)
{
	struct feeder *f = ctx;

	close_fd(&f->control);
	close_fd(&f->child);
	f->state = FEEDER_DOWN;
	f->stopping = f->limits_waiting = f->listeners_waiting = f->untold = false;
}

static int add_patterns(struct feeder *f, const struct config *c, struct why *why)
{
	int r = 0;

	if (f->kind != SOURCE_JOURNAL) {
		const struct config_list *l = f->kind == SOURCE_FILE ? &c->files : &c->watch_config;

		for (size_t i = 0; r == 0 && i < l->n; i++)
			r = names_add(f->names, SOURCE_FILE, l->at[i], why);
		return r;
	}
	for (size_t i = 0; r == 0 && i < c->journal_directories.n; i++) {
		char pattern[4200];

		snprintf(pattern, sizeof(pattern), "%s/*/*.journal", c->journal_directories.at[i]);
		r = names_add(f->names, SOURCE_JOURNAL, pattern, why);
	}
	return r;
}

int feeder_init(struct feeder *f, enum source_kind kind, const struct config *c, const char *name,
		const struct priv_account *account, struct why *why)
{
	int r;

	*f = (struct feeder){ .kind = kind, .config = c, .control = -1, .child = -1 };
	f->role = (struct role){ .name = name,
				 .run = run,
				 .prepare = prepare,
				 .started = started,
				 .ended = ended,
				 .ctx = f,
				 .account = account,
				 .limits = PRIV_NO_CORE | PRIV_NO_FORK,
				 .descriptors =
					 c->limits.max_files + c->limits.max_connections + 1024 };
	r = ring_new(&f->ring, c->ring);
	if (r < 0)
		return why_set(why, r, "limits.ring: no memory for it: %s", strerror(-r));
	f->notes = ring_notes_new();
	f->counts = counts_new();
	r = names_new(&f->names, c->limits.max_files);
	if (r < 0)
		return why_set(why, r, "cannot watch directories: %s", strerror(-r));
	r = add_patterns(f, c, why);
	return r < 0 ? why_in(why, r, "files") : 0;
}

void feeder_done(struct feeder *f)
{
	close_fd(&f->control);
	close_fd(&f->child);
	f->names = names_free(f->names);
	f->ring = ring_free(f->ring);
	f->counts = counts_free(f->counts);
	buf_done(&f->positions);
	has_clear(f);
	free(f->has.at);
}

int feeder_reload(struct feeder *f, const struct config *c, struct why *why)
{
	f->config = c;
	names_clear(f->names);
	f->limits_waiting = f->state >= FEEDER_TELLING;
	return add_patterns(f, c, why);
}

void feeder_position(struct feeder *f, struct bytes name, struct bytes position)
{
	if (f->state != FEEDER_ASKING || name.len > UINT16_MAX || position.len > UINT16_MAX)
		return;
	buf_u16le(&f->positions, (uint16_t)name.len);
	buf_u16le(&f->positions, (uint16_t)position.len);
	buf_bytes(&f->positions, name);
	buf_bytes(&f->positions, position);
}

void feeder_positions_end(struct feeder *f)
{
	if (f->state == FEEDER_ASKING)
		f->state = FEEDER_FORKING;
}

void feeder_keeper_gone(struct feeder *f)
{
	if (f->state == FEEDER_ASKING)
		f->state = FEEDER_DOWN;
}

static void ask(struct feeder *f, int keeper)
{
	if (keeper < 0 || ring_released(f->ring) != ring_pushed(f->ring))
		return;
	buf_clear(&f->positions);
	f->positions_at = 0;
	if (talk_word(keeper, TALK_POSITIONS, (uint8_t)f->kind) == 0)
		f->state = FEEDER_ASKING;
}

/* Passes on the positions; false when the socket is full. */
static bool tell_positions(struct feeder *f)
{
	for (;;) {
		struct cursor c = cursor_of(bytes_from(buf_view(&f->positions), f->positions_at));
		uint16_t name_len = cur_u16le(&c), position_len = cur_u16le(&c);
		struct bytes name = cur_take(&c, name_len), at = cur_take(&c, position_len);

		if (c.bad)
			return true; /* the end */
		if (control_position(f->control, f->kind, name, at) != 0)
			return false;
		names_known(f->names, name, at);
		f->positions_at += 4u + name_len + position_len;
	}
}

static void tell(struct feeder *f, usec now)
{
	if (!tell_positions(f))
		return;
	if (!f->untold)
		names_scan(f->names, now);
	f->untold = names_tell(f->names, f->control) != 0;
	if (f->untold || control_start(f->control) != 0)
		return;
	buf_done(&f->positions);
	f->state = FEEDER_RUNNING;
}

static void go_on(struct feeder *f, usec now)
{
	if (f->limits_waiting && control_limits(f->control, &f->config->limits) == 0)
		f->limits_waiting = false;
	f->listeners_waiting = !tell_listeners(f);
	if (f->stopping && control_stop(f->control) == 0)
		f->stopping = false;
	if (f->changed || now >= names_due(f->names))
		names_scan(f->names, now);
	f->changed = false;
	f->untold = names_tell(f->names, f->control) == CONTROL_FULL;
}

void feeder_step(struct feeder *f, int keeper, usec now)
{
	if (f->state == FEEDER_DOWN && !f->role.stopping)
		ask(f, keeper);
	if (f->state == FEEDER_FORKING && !f->role.stopping && now >= f->role.not_before) {
		names_again(f->names);
		if (role_start(&f->role, now) == 0)
			f->state = FEEDER_TELLING;
	}
	if (f->state == FEEDER_TELLING)
		tell(f, now);
	if (f->state == FEEDER_RUNNING)
		go_on(f, now);
}

usec feeder_due(const struct feeder *f, usec now)
{
	if (f->state == FEEDER_RUNNING && !f->stopping)
		return names_due(f->names);
	if (f->state == FEEDER_FORKING)
		return f->role.not_before;
	return now + LOOK_AGAIN;
}

bool feeder_wants_room(const struct feeder *f)
{
	return f->control >= 0 && (f->state == FEEDER_TELLING || f->untold || f->stopping ||
				   f->limits_waiting || f->listeners_waiting);
}

void feeder_stop(struct feeder *f)
{
	if (f->role.pid <= 0)
		return;
	if (f->state == FEEDER_RUNNING && control_stop(f->control) == CONTROL_FULL)
		f->stopping = true;
	else if (f->state != FEEDER_RUNNING)
		close_fd(&f->control); /* it ends by itself, having taken nothing */
}
