/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor_in.h — what the files of the supervisor share: supervisor.c (the loop), roles.c (what
 * each process is given), reload.c. */
#pragma once
#include "cmd/serve/analyst.h"
#include "cmd/serve/desk.h"
#include "cmd/serve/feeder.h"
#include "cmd/serve/hand.h"
#include "cmd/serve/keeper.h"
#include "cmd/serve/setup.h"
#include "cmd/serve/supervisor.h"
#include "watch/holders.h"
#include <unistd.h>

struct supervisor {
	struct config *config;
	const char *config_file;
	char host[256];
	struct accounts accounts;
	struct shared *shared;
	struct listeners listeners;
	struct feeder feeder[SERVE_RINGS];
	size_t feeders;
	struct role keeper, analyst, desk, hand;
	struct role *role[SERVE_ROLES]; /* NULL: not there */
	struct keeper_start keeper_start;
	struct desk_start desk_start;
	struct analyst_start analyst_start;
	struct holders *holders; /* NULL: not looked yet */
	struct hand_start hand_start;
	struct notify_config *notify; /* NULL: nobody is to be told */
	int hand_sock;
	int signals, keeper_sock, analyst_sock, desk_sock;
	int desk_child;
	struct acquainted { /* who has a socket pair to whom */
		pid_t analyst, other;
	} desk_knows, hand_knows;
	uint64_t rules_mark; /* bundle.h: of what the analyst has */
	usec rules_looked;
	int analyst_control; /* our end of what is said to the analyst itself */
	bool keeper_ready, was_ready, told_ready, stop, reload;
	int refused; /* exit status, when the keeper cannot even begin */
};

static inline void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int supervisor_make_feeders(struct supervisor *s, struct why *why);
/* witness.c: who has the followed files open. */
void supervisor_witness(struct supervisor *s, usec now);
usec supervisor_witness_due(const struct supervisor *s, usec now);
void supervisor_make_roles(struct supervisor *s);
/* Reads notify.file (again); on trouble what is in force stays. */
int supervisor_notify(struct supervisor *s, struct why *why);
/* Rules, tables and calendars: looked at now and then, handed over when they changed. */
void supervisor_rules(struct supervisor *s, usec now);
/* Reads the configuration again; on trouble the old one stays. */
void supervisor_reload(struct supervisor *s);
