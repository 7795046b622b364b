/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor.h — the first process of serve: opens, forks, watches, reloads, stops.
 * It reads configuration, names and inodes; nothing that came from outside.
 * Threads: one. Memory: the rings and the shared pages of the others. */
#pragma once
#include "cmd/config/config.h"

/* Runs until TERM or INT. config is taken. Exit status. */
int supervisor_run(struct config *config, const char *config_file);
