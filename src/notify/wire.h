/* SPDX-License-Identifier: Apache-2.0 */
/* wire.h — one conversation with a target by libcurl: TLS, the account, what is sent. The courier
 * has one for each target; a trial has one of its own, so both talk in the same way.
 * Mail: SMTP with STARTTLS, or TLS from the first byte. Webhook and Alertmanager: POST; redirects
 * are not followed, certificates are verified, of an answer no more than WIRE_ANSWER bytes are
 * read. In: a target, and a body that is whole. Out: a handle ready to be performed. Threads: one
 * owner. Memory: the body, and what libcurl takes. */
#pragma once
#include "base/buf.h"
#include "notify/settings.h"
#include <curl/curl.h>

#define WIRE_ANSWER 65536u

struct wire {
	const struct target *target;
	CURL *easy;
	struct curl_slist *list; /* recipients, or headers */
	struct buf body;
	struct buf *heard; /* gets the beginning of an answer's body; NULL: nobody asks */
	size_t sent, answered;
	char error[CURL_ERROR_SIZE];
};

/* Makes the handle ready; the body is not to be changed from here on. number: of the change. */
void wire_begin(struct wire *w, uint64_t number, usec now);
/* Whether the server said yes: r is what libcurl made of it, code the last answer's number. */
bool wire_taken(const struct wire *w, CURLcode r, long code);
void wire_done(struct wire *w);
