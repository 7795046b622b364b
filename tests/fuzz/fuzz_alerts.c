/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_alerts.c — a request from anyone, over alerts whose texts are from anyone: every line that
 * comes back is JSON, the last one says whether it was done, and changes keep their bound.
 * The input up to the first newline is the request, all of it is the texts, and a note of a ledger.
 */
#include "alert/request.h"
#include <assert.h>
#include <jansson.h>

#define START ((usec)1790000000 * USEC_PER_SEC)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void is_json(struct bytes line)
{
	json_t *v = json_loadb((const char *)line.at, line.len, JSON_REJECT_DUPLICATES, NULL);

	assert(json_is_object(v));
	json_decref(v);
}

static bool change(void *ctx, uint64_t id, struct bytes text)
{
	uint64_t same = 0;

	(void)ctx;
	assert(text.len <= ALERT_TEXT_MAX && bytes_chr(text, '\n') == BYTES_NONE);
	assert(alerts_change_id(text, &same) && same == id);
	is_json(text);
	return true;
}

static void hand_in(struct alerts *a, struct bytes text)
{
	struct finding_pair p[3] = { { BYTES("user.name"), text },
				     { bytes_sub(text, 0, 20), bytes_from(text, 20) },
				     { bytes_sub(text, 1, 20), text } };
	struct record_ref proof = { .seq = 7 };
	struct finding f = { .time = START,
			     .since = START,
			     .rule_id = BYTES("r1"),
			     .rule_name = text,
			     .level = LEVEL_LOW,
			     .tags = &text,
			     .tags_n = 1,
			     .entity = p,
			     .entity_n = 3,
			     .details = p,
			     .details_n = 3,
			     .message = text,
			     .count = 1,
			     .proofs = &proof,
			     .proofs_n = 1 };

	alerts_finding(a, &f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes all = bytes_of(data, size), request = bytes_sub(all, 0, bytes_chr(all, '\n'));
	struct buf reply = { 0 };
	struct alerts *a = NULL;
	struct bytes rest;
	int r = alerts_open(&a, ":memory:", &ALERTS_OPTIONS, START, NULL);
	bool good;

	assert(r == 0);
	hand_in(a, all);
	hand_in(a, bytes_from(all, 1));
	r = alerts_commit(a, 1, NULL, 0, NULL);
	assert(r == 0);
	r = alerts_request(a, BYTES(""), request, &reply);
	assert(r == 0 || r == REQUEST_REFUSED);
	good = r == 0;
	assert(reply.len && reply.at[reply.len - 1] == '\n');
	for (rest = buf_view(&reply); rest.len;) {
		struct bytes line = bytes_sub(rest, 0, bytes_chr(rest, '\n'));

		is_json(line);
		rest = bytes_from(rest, line.len + 1);
		if (!rest.len)
			assert(bytes_starts(line, good ? BYTES("{\"ok\":true")
						       : BYTES("{\"ok\":false,\"error\":\"")));
	}
	r = alerts_restore(a, all);
	assert(r == 0 || r == ALERTS_NO_NOTE);
	hand_in(a, all);
	alerts_tick(a, START + 3600 * USEC_PER_SEC);
	r = alerts_commit(a, 2, NULL, 0, NULL);
	assert(r == 0);
	r = alerts_changes(a, 0, change, NULL);
	assert(r == 0);
	alerts_close(a);
	buf_done(&reply);
	return 0;
}
