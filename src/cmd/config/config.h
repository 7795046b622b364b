/* SPDX-License-Identifier: Apache-2.0 */
/* config.h — the configuration of serve.
 * In: a YAML file. Out: a struct config in which every key has a value. An unknown key, a key
 * twice or a bad value is refused with file, line and what was expected.
 * Threads: one owner. Memory: strings belong to the struct, until config_done(). */
#pragma once
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "intake/intake.h"

struct config_list {
	char **at;
	size_t n;
};

struct config {
	char *host, *user, *user_intake; /* user…: "" = the usual one */
	int zone; /* minutes east of UTC */
	struct {
		char *dir, *origin;
		uint32_t block_records;
		uint64_t block_bytes, keep_bytes, reserve;
		usec block_age, checkpoint_every, keep_age;
	} ledger;
	bool watch_writers;
	struct config_list watch_config, rules_paths, rules_tables, calendar_files;
	uint64_t detect_memory;
	usec detect_late, detect_replay;
	char *alerts_dir, *notify_dir; /* "": see config_alerts_dir(), config_notify_dir() */
	char *notify_file; /* "": none */
	usec silence_warm_up, silence_shortest, silence_never_after;
	uint32_t silence_records;
	struct config_list silence_expect; /* "host", or "host pattern" */
	struct config_list files, syslog_udp, syslog_tcp, syslog_unix, journal_directories;
	uint64_t receive_buffer, ring;
	bool journal_enabled;
	char *desk_listen, *desk_socket; /* "": none */
	struct intake_limits limits;
};

enum config_type {
	CONFIG_TEXT,
	CONFIG_PATH,
	CONFIG_BOOL,
	CONFIG_COUNT,
	CONFIG_SIZE,
	CONFIG_SPAN,
	CONFIG_SPAN_0,
	CONFIG_ZONE,
	CONFIG_LISTEN,
	CONFIG_LISTENS,
	CONFIG_PATHS,
	CONFIG_TEXTS
};

struct config_key {
	const char *path; /* "ledger.dir" */
	enum config_type type;
	size_t offset, width; /* of the member */
	const char *fallback;
	uint64_t least, most; /* most 0: no bound */
	const char *what;
};
extern const struct config_key config_keys[];
extern const size_t config_keys_n;

void config_init(struct config *c); /* the defaults */
void config_done(struct config *c);
/* Reads a file over the defaults. c is valid (and to be done) whatever comes out. */
int config_load(struct config *c, const char *file, struct why *why);
int config_parse(struct config *c, struct bytes yaml, const char *name, struct why *why);
/* Where the database of alerts lies; lent by `room`. */
const char *config_alerts_dir(const struct config *c, struct buf *room);
const char *config_notify_dir(const struct config *c, struct buf *room); /* and the outbox */
/* All effective values as YAML that config_load() takes, each with its explanation. */
void config_print(const struct config *c, bool explain, struct buf *to);

/* Of one key; the value's text is not quoted. */
int config_set(struct config *c, const struct config_key *k, const struct bytes *values, size_t n,
	       struct why *why);
void config_show(const struct config *c, const struct config_key *k, struct buf *to);
bool config_is_list(enum config_type type);
const char *config_expects(enum config_type type); /* "a size in bytes such as 64KiB" */
