/* SPDX-License-Identifier: Apache-2.0 */
/* status_path.h — the socket that `vedette status` and `vedette alerts` ask, and asking there: one
 * line of request, then bytes until the other end closes.
 * An address holds 108 bytes, a path may be longer: so the address is made of a descriptor of the
 * folder and the last name. */
#pragma once
#include "base/buf.h"
#include "base/err.h"
#include <sys/un.h>

/* Where the socket is unless the configuration says otherwise: the directory of the ledger, with
 * ".status" behind its name. (Not inside: what is not of the ledger has no business there.) */
void status_usual_path(const char *ledger_dir, struct buf *ret);
/* The folder of path is opened and must stay so while ret is used: the descriptor, or -errno. */
int status_address(const char *path, struct sockaddr_un *ret);
/* Sends the request and appends the answer, of at most `most` bytes, to ret. `why` is the line to
 * show; -ENODATA: it closed without an answer. */
int status_ask(const char *path, struct bytes request, size_t most, struct buf *ret,
	       struct why *why);
