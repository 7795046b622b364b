/* SPDX-License-Identifier: Apache-2.0 */
/* letter.h — the mails: of one change, of a digest, of a day. Each is a whole message with its
 * headers, text and HTML; what comes from logs goes through mime.h.
 * The Message-ID is made of the outbox's number, the target and what is told, so a mail that is
 * sent again after a broken conversation has the same one; all mails of one alert refer to one id.
 * Threads: pure. Memory: the buffers of the caller. */
#pragma once
#include "notify/change.h"
#include "notify/settings.h"

struct letter_frame {
	const struct target *to;
	struct bytes host; /* of this Vedette */
	uint64_t instance; /* of the outbox */
	usec now;
};

/* held: changes that the cap held back by now; they come with the next digest. */
void letter_change(struct buf *to, const struct letter_frame *f, const struct told_change *c,
		   uint64_t held);

struct letter_digest; /* lines are added one after the other */
struct letter_digest *letter_digest_new(void);
void letter_digest_row(struct letter_digest *d, const struct told_change *c, uint64_t changes,
		       uint64_t findings);
void letter_digest_others(struct letter_digest *d, uint64_t changes);
/* number: makes the Message-ID. Frees d. */
void letter_digest_done(struct buf *to, const struct letter_frame *f, struct letter_digest *d,
			uint64_t number, usec since);

/* Says that it is a test; number: makes the Message-ID. */
void letter_test(struct buf *to, const struct letter_frame *f, uint64_t number);

/* facts: lines "label: value". Its absence is the message that Vedette is dead. */
void letter_heartbeat(struct buf *to, const struct letter_frame *f, struct bytes facts, bool well,
		      uint64_t number);
