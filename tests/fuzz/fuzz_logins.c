/* SPDX-License-Identifier: Apache-2.0 */
/* The state of logins, from bytes that anyone may have written: what was taken is written as it
 * was. */
#include "detect/logins.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void nothing(void *ctx, const struct finding *f)
{
	(void)ctx;
	assert(f->message.len);
}

static void go_on(struct logins *l)
{
	static struct event e;
	struct record r = { .raw = BYTES("x") };
	struct item i = { .record = &r, .event = &e };

	event_reset(&e);
	event_set(&e, FIELD_EVENT_ACTION, BYTES("ssh_login"));
	event_set(&e, FIELD_EVENT_OUTCOME, BYTES("success"));
	event_set(&e, FIELD_USER_NAME, BYTES("a"));
	event_set(&e, FIELD_SOURCE_IP, BYTES("192.0.2.1"));
	for (i.time = 1; i.time < 400 * USEC_PER_DAY; i.time += 40 * USEC_PER_DAY)
		logins_record(l, &i, nothing, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct logins_options o = { .users_max = 64, .pairs_max = 64 };
	struct logins *l, *m;
	struct buf a = { 0 }, b = { 0 };

	logins_new(&l, &o);
	if (logins_load(l, bytes_of(data, size))) {
		logins_save(l, &a);
		logins_new(&m, &o);
		assert(logins_load(m, buf_view(&a)));
		logins_save(m, &b);
		assert(bytes_eq(buf_view(&a), buf_view(&b)));
		logins_free(m);
		go_on(l);
	}
	logins_free(l);
	buf_done(&a);
	buf_done(&b);
	return 0;
}
