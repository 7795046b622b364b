/* SPDX-License-Identifier: Apache-2.0 */
/* lifecycle_in.h — what is known of hosts and services, for lifecycle's own files. */
#pragma once
#include "detect/compose.h"
#include "detect/keyed.h"
#include "detect/lifecycle.h"

#define CRASHES 8u
#define NAMES_BYTES 200u

/* What happened; the order is that of the table in lifecycle_tell.c. */
enum deed {
	DEED_NONE,
	DEED_STOP,
	DEED_START,
	DEED_CRASH,
	DEED_CRASH_LOOP,
	DEED_RELOAD,
	DEED_REBOOT_CLEAN,
	DEED_REBOOT_UNCLEAN,
	DEED_UPGRADE,
	DEED_CMDLINE,
	DEED_N
};

struct service { /* value of lifecycle.services; key: host, NUL, name */
	usec started, stopped, stopping, reloaded; /* last; 0: never seen */
	usec crash[CRASHES]; /* a ring */
	uint8_t crash_at;
	bool oneshot; /* runs and ends by itself: a job of a timer, started on demand */
	usec held; /* a stop waits until then; 0: none */
	struct record_ref held_ref;
	usec loop_told;
};

struct host { /* value of lifecycle.hosts; key: name */
	usec first, last; /* lines of its life */
	usec shutdown, booted; /* 0: never seen */
	uint64_t cmdline; /* hash of the kernel's command line; 0: not known */
	/* packages of one run of a package manager, told when it is over */
	usec upgrade_first, upgrade_last;
	uint32_t packages;
	uint16_t names_len;
	char names[NAMES_BYTES];
	struct record_ref upgrade_ref;
};

struct lifecycle {
	struct lifecycle_options o;
	struct keyed *services, *hosts;
	usec now; /* newest time seen */
	usec due; /* when something that waits is to be told; INT64_MAX: nothing waits */
	struct lifecycle_counts counts;
	struct compose compose;
};

/* lifecycle_tell.c */
struct told {
	enum deed deed;
	usec at;
	struct bytes host, service;
	const struct item *item; /* or NULL, and */
	struct record_ref ref;
	struct bytes why; /* a detail: reason, packages, … */
	const char *note; /* for people, behind the line; or NULL */
	uint64_t count; /* 0: one */
	int lower; /* levels less than usual */
};
void lifecycle_tell(struct lifecycle *l, const struct told *t, finding_fn *fn, void *ctx);

/* lifecycle_host.c */
struct host *host_of(struct lifecycle *l, struct bytes name, usec at);
void host_shutdown(struct lifecycle *l, struct host *h, usec at);
void host_boot(struct lifecycle *l, struct host *h, const struct item *i, finding_fn *fn,
	       void *ctx);
void host_cmdline(struct lifecycle *l, struct host *h, const struct item *i, struct bytes line,
		  finding_fn *fn, void *ctx);
void host_package(struct lifecycle *l, struct host *h, const struct item *i, struct bytes name);
bool host_changes(const struct host *h, usec at); /* boots, shuts down: services come and go */
bool host_upgrades(const struct host *h, usec at);
void hosts_due(struct lifecycle *l, usec now, finding_fn *fn, void *ctx);
