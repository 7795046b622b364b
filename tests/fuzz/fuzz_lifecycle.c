/* SPDX-License-Identifier: Apache-2.0 */
/* The state of lifecycle, from bytes that anyone may have written; what was taken is written as it
 * was, and can be gone on with. */
#include "detect/lifecycle.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void nothing(void *ctx, const struct finding *f)
{
	(void)ctx;
	assert(f->message.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lifecycle_options o = { .services_max = 64, .hosts_max = 64 };
	struct lifecycle *l, *m;
	struct buf a = { 0 }, b = { 0 };

	lifecycle_new(&l, &o);
	if (lifecycle_load(l, bytes_of(data, size))) {
		lifecycle_save(l, &a);
		lifecycle_new(&m, &o);
		assert(lifecycle_load(m, buf_view(&a)));
		lifecycle_save(m, &b);
		assert(bytes_eq(buf_view(&a), buf_view(&b)));
		lifecycle_free(m);
		for (usec at = 0; at < 10 * USEC_PER_DAY; at += USEC_PER_DAY)
			lifecycle_tick(l, at, nothing, NULL);
		lifecycle_tick(l, INT64_MAX / 2, nothing, NULL);
	}
	lifecycle_free(l);
	buf_done(&a);
	buf_done(&b);
	return 0;
}
