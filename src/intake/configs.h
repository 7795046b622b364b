/* SPDX-License-Identifier: Apache-2.0 */
/* configs.h — the watch role: configuration files are fingerprinted, and a change that touches
 * logging is told even when the service itself never says a word (editing the file behind
 * oslo.log's log_config_append silences a service without any line).
 * In: descriptors of files, from the supervisor (intake/control.h).
 * Out: the fingerprint, as position of a source of kind config (so a change made while we were
 * down is seen too), and notes:
 *   config-seen      path, sha256, settings          looked at for the first time
 *   config-changed   path, sha256, key, old, new     a setting of logging: one note each
 *   config-changed   path, sha256                    something else in the file
 *   config-replaced  as config-changed               but it is another file of the same name
 *   config-removed   path
 *   config-unwatched path, names                    it names a file of logging that no pattern of
 *                                                   watch.config does; once a start
 *   config-mode      path, old, new                  mode or owner changed
 *   clock-stepped    microseconds                    our own clock was set, not slewed
 * Threads: one. Memory: some 90 KiB a file, at most CONFIG_FILES. */
#pragma once
#include "base/ring.h"
#include "intake/counts.h"

#define CONFIG_FILES 512u

struct configs_config {
	const char *host;
	int watch_fd; /* names_watch_fd() */
	struct counts *counts;
};

/* Runs until CTL_STOP or until the control socket is closed. */
int configs_run(const struct configs_config *c, struct ring *ring, int control_fd);
