/* SPDX-License-Identifier: Apache-2.0 */
/* birth.h — what is said when a ledger has been made: where it is and its public key, which must be
 * kept elsewhere too. */
#pragma once
#include <stdbool.h>

bool birth_pending(int dirfd); /* there is no ledger in it yet */
void birth_say(int dirfd, const char *dir);
