/* SPDX-License-Identifier: Apache-2.0 */
/* feeder.h — one intake process, seen from the supervisor: when it may start, what it is told.
 * In order: the keeper has taken and committed all that a dead one left in the ring; the keeper
 * tells the positions; the process is forked; it gets the positions, then the files; it is
 * told to start. A death at any point begins anew. (intake/control.h says why.)
 * Threads: one owner. Memory: the positions while they are passed on. */
#pragma once
#include "cmd/config/config.h"
#include "cmd/serve/setup.h"
#include "cmd/serve/shared.h"
#include "guard/supervise.h"
#include "intake/names.h"

enum feeder_state {
	FEEDER_DOWN, /* waits for the ring to be empty, and for the keeper */
	FEEDER_ASKING, /* waits for the positions */
	FEEDER_FORKING, /* waits for the back-off */
	FEEDER_TELLING, /* positions and names go out */
	FEEDER_RUNNING,
};

struct feeder {
	struct role role;
	enum feeder_state state;
	enum source_kind kind; /* SOURCE_FILE, _JOURNAL or _CONFIG: whose names it follows */
	unsigned ring_index;
	const struct config *config;
	const struct listeners *listeners; /* NULL: none */
	struct listeners has; /* those the process has; the descriptors are not its own */
	const char *host;
	struct ring *ring;
	struct ring_notes *notes;
	struct counts *counts;
	struct names *names;
	int control, child; /* ends of the socket pair; -1 */
	struct buf positions; /* repeated: u16 name length, u16 position length, name, position */
	size_t positions_at;
	bool limits_waiting, listeners_waiting, stopping;
	bool changed; /* names_fd() was readable */
	bool untold; /* names wait until the socket takes them */
	void (*forget)(void *ctx); /* in the child: gives back what is not its business */
	void *forget_ctx;
};

int feeder_init(struct feeder *f, enum source_kind kind, const struct config *c, const char *name,
		const struct priv_account *account, struct why *why);
void feeder_done(struct feeder *f);
/* New patterns and limits, after a reload of the configuration. */
int feeder_reload(struct feeder *f, const struct config *c, struct why *why);
/* What can be done now. keeper: its socket, -1 while there is no ready keeper. */
void feeder_step(struct feeder *f, int keeper, usec now);
usec feeder_due(const struct feeder *f, usec now); /* when to step again at the latest */
bool feeder_wants_room(const struct feeder *f); /* poll the control socket for POLLOUT */
/* From the keeper. */
void feeder_position(struct feeder *f, struct bytes name, struct bytes position);
void feeder_positions_end(struct feeder *f);
void feeder_keeper_gone(struct feeder *f);
/* Has it end (and, unless role_stop() says otherwise, start again with what is new). */
void feeder_stop(struct feeder *f);
