/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_parse — the first byte chooses the hint, the rest is a record. Whatever it holds, the event
 * has a dataset, its values can be read, and the same bytes give the same event again. */
#include "parse/parse.h"
#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena scratch;

static uint64_t sum_of(const struct event *e)
{
	uint64_t sum = (uint64_t)e->time;

	assert(e->n <= FIELD_N);
	for (unsigned i = 0; i < e->n; i++) {
		struct bytes v = e->value[e->order[i]];

		assert(v.len && v.len <= RAND_MAX && event_has(e, (enum field)e->order[i]));
		for (size_t k = 0; k < v.len; k++)
			sum = (sum ^ v.at[k]) * 0x100000001b3;
		sum += e->order[i];
	}
	return sum;
}

static uint64_t parse_once(const struct parse_hint *h, struct bytes raw)
{
	static struct event e;
	uint64_t sum;
	int answer;

	e.scratch = &scratch;
	answer = parse_record(h, raw, &e);
	assert(answer == PARSE_OK || answer == PARSE_PLAIN);
	assert(event_has(&e, FIELD_EVENT_DATASET));
	sum = sum_of(&e);
	arena_reset(&scratch);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "", "/var/log/keystone/keystone-uwsgi.log",
					     "sshd.service", "kernel" };
	struct parse_hint h = { .arrival = 1795312800000000, .host = BYTES("host") };
	struct bytes raw;

	if (!size)
		return 0;
	h.kind = (enum source_kind)(data[0] % SOURCE_KIND_N);
	h.name = bytes_str(names[data[0] / 16 % 4]);
	h.year = data[0] & 64 ? 2005 : 0;
	h.zone_minutes = data[0] & 128 ? 330 : 0;
	raw = bytes_of(data + 1, size - 1);
	if (parse_once(&h, raw) != parse_once(&h, raw))
		abort();
	return 0;
}
