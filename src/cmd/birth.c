/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/birth.h"
#include "base/err.h"
#include "ledger/seal/identity.h"
#include <unistd.h>

bool birth_pending(int dirfd)
{
	return faccessat(dirfd, "ledger", F_OK, 0) < 0;
}

void birth_say(int dirfd, const char *dir)
{
	struct verifier v;
	struct why why;
	struct buf key = { 0 };

	if (identity_public(dirfd, &v, &why) < 0)
		return;
	verifier_text(&v, &key);
	say(SAY_INFO, "new ledger in %s; its public key, to be kept elsewhere too: %s", dir,
	    buf_cstr(&key));
	buf_done(&key);
}
