/* SPDX-License-Identifier: Apache-2.0 */
/* setup.h — what the supervisor makes ready while it has the rights: accounts, the directory of the
 * ledger, the listening sockets.
 * Threads: one owner. Memory: the list of listeners. */
#pragma once
#include "cmd/config/config.h"
#include "guard/priv.h"

struct accounts {
	struct priv_account keeper, outside; /* the ledger's owner; who reads bytes from outside */
};
int setup_accounts(const struct config *c, struct accounts *ret, struct why *why);

/* Makes the directory where it is missing. As root: what root wrote into it (an import, say) is
 * given to the keeper's account. */
int setup_directory(const struct config *c, const struct priv_account *owner, int *ret_dirfd,
		    struct why *why);

/* Likewise a directory of one role's own state; `what` names the key. */
int setup_state(const char *dir, const char *what, const struct priv_account *owner, int *ret_dirfd,
		struct why *why);

struct listener {
	enum source_kind kind;
	char *address; /* as configured */
	int fd;
	uint32_t slot; /* a number of its own while the socket is open */
	bool fresh; /* opened just now: nothing has been counted in its slot */
};
struct listeners {
	struct listener *at;
	size_t n;
};
/* Opens those of the configuration. Those that `old` (may be NULL) has open already are moved, the
 * rest of it is closed; when one cannot be opened, old is left as it was. */
int setup_listeners(const struct config *c, struct listeners *old, struct listeners *ret,
		    struct why *why);
void setup_listeners_done(struct listeners *l);

/* The unix socket of the desk, and its path; remove it with setup_status_remove(). -EACCES or
 * -EROFS when it may not be made there: the caller can do without when nobody asked for that place.
 */
int setup_status_socket(const struct config *c, const struct priv_account *owner, int *ret,
			struct why *why);
void setup_status_remove(const struct config *c);
