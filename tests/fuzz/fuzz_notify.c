/* SPDX-License-Identifier: Apache-2.0 */
/* notify.yaml: whatever the file holds, it is read or refused by a line; what was read is within
 * its bounds, and no text of it could end a line of SMTP or HTTP. */
#include "notify/settings.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void one_line(struct bytes b)
{
	assert(!b.len || b.at[b.len] == 0);
	for (size_t i = 0; i < b.len; i++)
		assert(b.at[i] >= ' ' && b.at[i] != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct notify_config *c = NULL;
	struct why why = { "" };
	int r = notify_read(&c, "fuzz", bytes_of(data, size), &why);

	assert(r <= 0 && (r == 0) == (c != NULL) && (r == 0 || why.line[0]));
	if (!c)
		return 0;
	assert(c->targets <= NOTIFY_TARGETS && c->routes <= NOTIFY_ROUTES);
	for (size_t i = 0; i < c->targets; i++) {
		const struct target *t = &c->target[i];

		assert(t->kind && t->url.len && t->timeout > 0);
		one_line(t->url);
		one_line(t->user);
		one_line(t->from);
		for (size_t k = 0; k < t->to.n; k++)
			one_line(t->to.at[k]);
	}
	for (size_t i = 0; i < c->routes; i++) {
		assert(c->route[i].to && !(c->route[i].to >> c->targets));
		assert(c->route[i].level < LEVEL_N && c->route[i].hourly && c->route[i].digest > 0);
		hours_has(&c->route[i].hours, c->route[i].zone, 1795651200 * USEC_PER_SEC);
	}
	notify_config_free(c);
	return 0;
}
