/* SPDX-License-Identifier: Apache-2.0 */
/* The groups of correlations under any stream of events: memory stays in its bound, counts add up.
 * Eight bytes an event: correlation, key, rule, value, time (signed 16 bits), number, tick. */
#include "base/cursor.h"
#include "detect/sigma/correlation_state.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RULES 10u
#define LIMIT ((size_t)64 << 10)

static void hit(void *ctx, const struct correlator_hit *h)
{
	assert(h->count && h->since <= h->time + 3600 * USEC_PER_SEC);
	assert(h->proofs_n && h->proofs_n <= FINDING_PROOFS);
	++*(uint64_t *)ctx;
}

static void rules(struct correlation *c)
{
	for (unsigned i = 0; i < RULES; i++) {
		c[i] = (struct correlation){ .type = i % CORRELATION_TYPE_N,
					     .span = 10 * USEC_PER_SEC,
					     .inputs_n = 4,
					     .tests_n = 1,
					     .percentile = i & 1 ? 50 : PERCENTILE_NONE };
		c[i].tests[0] = (struct correlation_test){ i < 8 ? OP_GTE : OP_LTE, 3 };
		correlation_settle(&c[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor in = cursor_of(bytes_of(data, size));
	struct correlation c[RULES];
	const struct correlation *list[RULES];
	struct correlator *state;
	uint64_t hits = 0, serial = 0;

	rules(c);
	for (unsigned i = 0; i < RULES; i++)
		list[i] = &c[i];
	state = correlator_new(list, RULES, LIMIT, 5 * USEC_PER_SEC);
	while (cur_left(&in) >= 8) {
		struct bytes b = cur_take(&in, 8);
		struct record_ref ref = { .seq = ++serial };
		struct correlator_event e = { .of.serial = serial, .proofs = &ref, .proofs_n = 1 };
		struct correlator_counts n;

		e.key = bytes_sub(b, 1, 1);
		e.of.input = b.at[2] % 4;
		e.of.id = b.at[3];
		e.of.time = (int16_t)(b.at[4] | b.at[5] << 8) * (USEC_PER_SEC / 4);
		e.of.number = (double)b.at[6] - 100;
		if (b.at[6] & 1) { /* of a file */
			ref.seq = SEQ_NONE;
			ref.file = bytes_sub(b, 0, 3);
			ref.id = bytes_sub(b, 2, 3);
		}
		correlator_feed(state, b.at[0] % RULES, &e, hit, &hits);
		if (b.at[7] == 255)
			correlator_tick(state, e.of.time, hit, &hits);
		correlator_counts(state, &n);
		assert(n.bytes <= LIMIT);
	}
	correlator_tick(state, INT64_MAX, hit, &hits);
	correlator_free(state);
	return 0;
}
