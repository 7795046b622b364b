/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_settings.c — configuration files: the first line is the path, which decides the syntax. What
 * is packed for the ledger is what comes out again, and the same bytes differ in nothing. */
#include "watch/settings.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool none(void *ctx, struct bytes key, struct bytes before, struct bytes after)
{
	(void)ctx;
	(void)key;
	(void)before;
	(void)after;
	assert(false);
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes all = bytes_of(data, size), path = bytes_sub(all, 0, bytes_chr(all, '\n'));
	struct settings a = { .n = 0 }, b = { .n = 0 };
	struct buf packed = { 0 };

	settings_read(&a, path, bytes_from(all, path.len));
	assert(a.n <= SETTINGS_MAX);
	settings_pack(&a, SIZE_MAX, &packed);
	assert(settings_unpack(&b, buf_view(&packed)));
	settings_diff(&a, &b, none, NULL);
	settings_unpack(&b, all); /* a position is bytes from outside too */
	buf_done(&packed);
	settings_done(&a);
	settings_done(&b);
	return 0;
}
