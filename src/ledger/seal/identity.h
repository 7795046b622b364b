/* SPDX-License-Identifier: Apache-2.0 */
/* identity.h — who a ledger is: the files `ledger` (a signed note that names format, origin, id and
 * birth), `key` and `key.pub`. Threads: pure. */
#pragma once
#include "base/clock.h"
#include "ledger/seal/note.h"

#define LEDGER_FORMAT 1u
#define IDENTITY_ID_LEN 16

struct identity {
	uint8_t id[IDENTITY_ID_LEN];
	usec created;
	struct verifier verifier; /* its name is the origin */
};

/* Makes key and key.pub; keys that an interrupted creation has left are used again. */
int identity_create(int dirfd, const char *origin, struct identity *ret, struct key **ret_key,
		    struct why *why);
/* Writes `ledger`, the last file of a creation: a directory without it is no ledger yet. */
int identity_publish(int dirfd, const struct identity *id, const struct key *k);
/* Reads and checks `ledger` and key.pub. `trusted` (may be NULL): the key to check with instead of
 * key.pub. -ENOENT: no ledger there; -EPROTONOSUPPORT: of another format; -EBADMSG: harmed. */
int identity_read(int dirfd, const struct verifier *trusted, struct identity *ret, struct why *why);
/* The private key, if it is there and fits. */
int identity_key(int dirfd, const struct identity *id, struct key **ret, struct why *why);
/* The only line of key.pub. */
int identity_public(int dirfd, struct verifier *ret, struct why *why);
