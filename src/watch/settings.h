/* SPDX-License-Identifier: Apache-2.0 */
/* settings.h — of a configuration file, what decides over logging: level, files, rate limits,
 * handlers, audit rules. In: the bytes of a file, from outside. Out: pairs of key and value,
 * sorted. What is not on the list of such settings is not looked at, so that no secret gets out: a
 * change of it is told as a change of the file, without words. Syntaxes: ini (oslo.config, python's
 * logging.config, systemd), lines (rsyslog, audit rules, logrotate, haproxy, sshd_config,
 * auditd.conf). Threads: pure. Memory: at most SETTINGS_MAX pairs. */
#pragma once
#include "base/buf.h"

#define SETTINGS_MAX 256u
#define SETTING_TEXT 160u /* longer values are cut */

struct setting {
	struct bytes key, value; /* in `room` */
};

struct settings {
	struct setting at[SETTINGS_MAX];
	size_t n;
	uint8_t *room;
	size_t used;
};

void settings_read(struct settings *s, struct bytes path, struct bytes text);
void settings_done(struct settings *s);

/* What differs; a side that has no such setting has an empty value. false from fn ends it. */
typedef bool settings_diff_fn(void *ctx, struct bytes key, struct bytes before, struct bytes after);
void settings_diff(const struct settings *before, const struct settings *after,
		   settings_diff_fn *fn, void *ctx);

/* u8 key length, key, u8 value length, value, … as many whole pairs as fit into `most` bytes. */
void settings_pack(const struct settings *s, size_t most, struct buf *to);
bool settings_unpack(struct settings *s, struct bytes packed);
