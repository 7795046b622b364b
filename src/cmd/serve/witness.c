/* SPDX-License-Identifier: Apache-2.0 */
/* Who has the followed files open can be seen by root alone, so the supervisor looks; it reads
 * names, inodes and states, no byte of a log. What it finds goes to the watch role, which writes
 * it to the ledger. */
#include "cmd/serve/supervisor_in.h"
#include "intake/control.h"
#include "watch/holders.h"

static void file(void *ctx, const char *path, uint64_t dev, uint64_t ino)
{
	holders_file(ctx, path, dev, ino);
}

static struct feeder *watcher_of(struct supervisor *s)
{
	for (size_t i = 0; i < s->feeders; i++)
		if (s->feeder[i].kind == SOURCE_CONFIG && s->feeder[i].state == FEEDER_RUNNING)
			return &s->feeder[i];
	return NULL;
}

void supervisor_witness(struct supervisor *s, usec now)
{
	struct feeder *f = watcher_of(s);
	struct bytes path, json;

	if (!s->config->watch_writers || !f)
		return;
	if (!s->holders)
		s->holders = holders_new();
	if (holders_step(s->holders, now)) {
		holders_begin(s->holders);
		names_each(s->feeder[0].names, file, s->holders);
		holders_end(s->holders);
	}
	while (holders_next(s->holders, &path, &json)) {
		if (control_note(f->control, path, json) == CONTROL_FULL)
			return;
		holders_told(s->holders);
	}
}

usec supervisor_witness_due(const struct supervisor *s, usec now)
{
	usec due = now + USEC_PER_SEC;

	if (s->holders && s->config->watch_writers && holders_due(s->holders) < due)
		due = holders_due(s->holders);
	return due;
}
