/* SPDX-License-Identifier: Apache-2.0 */
/* settings.h — notify.yaml: whom to tell, by what way, and of what (doc/notify.md).
 * In: the file and the files of secrets that it names, read once, before privileges are given up.
 * Out: a struct notify_config that nothing changes. An unknown key or a bad value is refused by
 * file, line and what was expected; so is a secret that others can read.
 * Threads: none; it is only read. Memory: one arena. */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "detect/finding.h"
#include "notify/hours.h"

#define NOTIFY_TARGETS 32u
#define NOTIFY_ROUTES 64u
#define NOTIFY_FILE ((size_t)1 << 20)
#define NOTIFY_WORDS 64u /* patterns or addresses in one list */

enum target_kind { TARGET_MAIL = 1, TARGET_WEBHOOK, TARGET_ALERTMANAGER };
enum target_tls { TARGET_TLS_REQUIRED, TARGET_TLS_OPTIONAL, TARGET_TLS_IMPLICIT, TARGET_TLS_NONE };

struct word_list {
	struct bytes *at;
	size_t n;
};

/* Texts end in a NUL behind their length: they go to libcurl. */
struct target {
	struct bytes name;
	enum target_kind kind;
	struct bytes url; /* whole, as libcurl wants it */
	enum target_tls tls; /* of mail */
	struct bytes ca; /* PEM; empty: the system's */
	struct bytes user, password; /* empty: none */
	struct bytes bearer; /* token; empty: none */
	struct bytes secret; /* key of the signature; empty: not signed */
	struct bytes from_name, from; /* display name, address */
	struct word_list to; /* addresses */
	usec timeout, resend;
	size_t line; /* where it stands */
};

static inline const char *target_text(struct bytes b)
{
	return (const char *)b.at;
}

struct route {
	struct bytes name;
	uint32_t to; /* bit i: target i */
	enum level level; /* at least */
	struct word_list projects, rules, hosts; /* patterns of query/glob.h; none: any */
	const struct zone *zone;
	bool has_hours, has_quiet, go_on;
	struct hours hours, quiet;
	enum level quiet_level; /* told all the same in quiet hours */
	usec digest; /* how long repeats are collected */
	uint32_t hourly; /* mails in an hour of one level and above */
};

struct notify_config {
	struct arena texts;
	struct target target[NOTIFY_TARGETS];
	size_t targets;
	struct route route[NOTIFY_ROUTES];
	size_t routes;
	const struct zone *zone; /* where none is given */
	struct {
		uint32_t to; /* mail targets; 0: none */
		unsigned minute;
		const struct zone *zone;
	} heartbeat;
	struct {
		uint32_t entries; /* waiting for one target */
		uint64_t bytes; /* all together */
		usec age; /* what could not be delivered for so long is dropped */
		usec retry_first, retry_most; /* back-off */
	} limits;
};

/* file: NULL or "": nobody is told. Relative names of secrets are relative to the file. */
int notify_load(struct notify_config **ret, const char *file, struct why *why);
/* The text of a file that is named `name` in errors. */
int notify_read(struct notify_config **ret, const char *name, struct bytes text, struct why *why);
struct notify_config *notify_config_free(struct notify_config *c); /* secrets are wiped */
