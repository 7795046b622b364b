/* SPDX-License-Identifier: Apache-2.0 */
/* The learned state of silence, read from bytes that anyone may have written: it is taken or
 * refused, and what was taken can be gone on with. What was taken is written as it was. */
#include "detect/silence.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void nothing(void *ctx, const struct finding *f)
{
	(void)ctx;
	assert(f->message.len && f->entity_n <= 4);
}

static void go_on(struct silence *s)
{
	static struct event e;
	struct source src = {
		.id = 3, .kind = SOURCE_SYSLOG_TCP, .host = BYTES("h"), .name = BYTES("192.0.2.1")
	};
	struct record r = { .source = 3, .raw = BYTES("x") };
	struct item i = { .record = &r, .source = &src, .event = &e };

	for (usec at = 0; at < 20 * USEC_PER_DAY; at += USEC_PER_DAY) {
		event_reset(&e);
		event_set(&e, FIELD_LOG_LEVEL, BYTES("info"));
		event_set(&e, FIELD_PROCESS_NAME, BYTES("p"));
		r.arrival = i.time = at;
		silence_record(s, &i, nothing, NULL);
		silence_tick(s, at + USEC_PER_DAY / 2, nothing, NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct silence_options o = { .sources_max = 64 };
	struct silence *s, *t;
	struct buf a = { 0 }, b = { 0 };

	silence_new(&s, &o);
	if (silence_load(s, bytes_of(data, size))) {
		silence_save(s, &a);
		silence_new(&t, &o);
		assert(silence_load(t, buf_view(&a)));
		silence_save(t, &b);
		assert(bytes_eq(buf_view(&a), buf_view(&b)));
		silence_free(t);
		go_on(s);
	}
	silence_free(s);
	buf_done(&a);
	buf_done(&b);
	return 0;
}
