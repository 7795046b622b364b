/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a configuration file of each syntax, and as packed settings. */
#include "watch/settings.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool look(void *ctx, struct bytes key, struct bytes before, struct bytes after)
{
	size_t *n = ctx;

	*n += key.len + before.len + after.len;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const paths[] = { "/etc/nova/nova.conf", "/etc/systemd/journald.conf",
					     "/etc/audit/rules.d/x.rules", "/etc/rsyslog.conf",
					     "/etc/ssh/sshd_config" };
	struct settings a = { .n = 0 }, b = { .n = 0 };
	struct buf packed = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		settings_read(&a, bytes_str(paths[i]), bytes_of(data, size));
		buf_clear(&packed);
		settings_pack(&a, 3500, &packed);
		if (packed.len > 3500 || !settings_unpack(&b, buf_view(&packed)))
			abort();
		settings_diff(&a, &b, look, &n);
	}
	settings_unpack(&b, bytes_of(data, size));
	buf_done(&packed);
	settings_done(&a);
	settings_done(&b);
	return 0;
}
