/* SPDX-License-Identifier: Apache-2.0 */
/* source.h — one thing that speaks: (host, kind, name).
 * Source ids are given out by the ledger in order of first appearance; each definition is itself a
 * record of source 0, so the table cannot be changed unseen. */
#pragma once
#include "base/bytes.h"

#define SOURCE_ID_SELF 0u /* Vedette's own records: definitions, truncations, losses, starts */

/* kind, its name in JSON and queries, what `name` holds */
#define SOURCE_KINDS(X)                                                                            \
	X(SELF, "vedette", "")                                                                     \
	X(FILE, "file", "path")                                                                    \
	X(SYSLOG_UDP, "syslog-udp", "peer address")                                                \
	X(SYSLOG_TCP, "syslog-tcp", "peer address")                                                \
	X(SYSLOG_UNIX, "syslog-unix", "socket path")                                               \
	X(JOURNAL, "journal", "unit or identifier")                                                \
	X(IMPORT, "import", "path")                                                                \
	X(CONFIG, "config", "path of a configuration file")

enum source_kind {
#define X(id, name, what) SOURCE_##id,
	SOURCE_KINDS(X)
#undef X
		SOURCE_KIND_N
};

struct source {
	uint32_t id;
	enum source_kind kind;
	struct bytes host; /* the host it speaks for, as we know it (configured, or the peer) */
	struct bytes name; /* path or peer; never used as a path or format */
	/* How its stamps are read; part of the definition, so that parsing can be done again later
	 * with the same result. Two sources that differ here are two sources. */
	int year; /* 0, or the year that stamps without one are in */
	int zone_minutes; /* stamps without a zone: minutes east of UTC */
};

const char *source_kind_name(enum source_kind kind);
bool source_kind_parse(struct bytes name, enum source_kind *ret);
