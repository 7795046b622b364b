/* SPDX-License-Identifier: Apache-2.0 */
/* logins_in.h — what is known of accounts, for logins' own files. */
#pragma once
#include "detect/compose.h"
#include "detect/keyed.h"
#include "detect/logins.h"

#define CHAIN_BYTES 160u
#define HOURS 48u /* of working days, then of weekends; UTC */

struct account { /* key: name */
	usec first, last;
	uint32_t n;
	uint16_t hour[HOURS]; /* logins that began then; all are halved when one is full */
	uint32_t networks; /* how many it came from */
};

struct pair { /* key: what it is, account, NUL, thing */
	usec first, last;
	uint64_t n;
};

struct terminal { /* key: host, NUL, terminal: who became whom on it */
	usec last;
	uint16_t len;
	char chain[CHAIN_BYTES]; /* "alice > root > postgres" */
};

struct logins {
	struct logins_options o;
	struct keyed *accounts, *pairs, *terminals;
	usec began, now; /* 0: no record yet */
	struct logins_counts counts;
	struct compose compose;
};
