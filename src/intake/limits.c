/* SPDX-License-Identifier: Apache-2.0 */
#include "event/record.h"
#include "intake/counts.h"
#include "intake/intake.h"

void intake_limits_default(struct intake_limits *ret)
{
	*ret = (struct intake_limits){
		.record_limit = 1 << 20,
		.multiline_bytes = 256 << 10,
		.multiline_lines = 1000,
		.multiline_wait = USEC_PER_SEC / 2,
		.line_wait = USEC_PER_SEC / 20,
		.partial_wait = 10 * USEC_PER_SEC,
		.rotate_wait = 60 * USEC_PER_SEC,
		.deleted_wait = 5 * USEC_PER_SEC,
		.max_sources = 20000,
		.max_connections = 4096,
		.max_peer_connections = 256,
		.max_files = 4096,
		.net_memory = 32 << 20,
		.stage_memory = 16 << 20,
		.source_rate = 0,
	};
}

static int out_of(struct why *why, const char *name, uint64_t value, uint64_t low, uint64_t high)
{
	if (value >= low && value <= high)
		return 0;
	return why_set(why, -EINVAL, "intake limit %s is %llu: it must be from %llu to %llu", name,
		       (unsigned long long)value, (unsigned long long)low,
		       (unsigned long long)high);
}

int intake_limits_check(const struct intake_limits *l, struct why *why)
{
	const uint64_t hour = (uint64_t)(3600 * USEC_PER_SEC);
	const struct {
		const char *name;
		uint64_t value, low, high;
	} all[] = {
		{ "record_limit", l->record_limit, 1024, RECORD_MAX },
		{ "multiline_bytes", l->multiline_bytes, 1024, RECORD_MAX },
		{ "multiline_lines", l->multiline_lines, 0, 1000000 },
		{ "multiline_wait", (uint64_t)l->multiline_wait, 1000, hour },
		{ "line_wait", (uint64_t)l->line_wait, 1000, hour },
		{ "partial_wait", (uint64_t)l->partial_wait, 1000, 24 * hour },
		{ "rotate_wait", (uint64_t)l->rotate_wait, 1000, 24 * hour },
		{ "deleted_wait", (uint64_t)l->deleted_wait, 1000, 24 * hour },
		{ "max_sources", l->max_sources, 8, COUNT_SOURCES - 256 },
		{ "max_connections", l->max_connections, 1, 100000 },
		{ "max_peer_connections", l->max_peer_connections, 1, 100000 },
		{ "max_files", l->max_files, 1, 100000 },
		{ "net_memory", l->net_memory, 65536, 1ull << 36 },
		{ "stage_memory", l->stage_memory, 1 << 18, 1ull << 36 },
		{ "source_rate", l->source_rate, 0, 1ull << 40 },
	};
	int r = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all) && !r; i++)
		r = out_of(why, all[i].name, all[i].value, all[i].low, all[i].high);
	return r;
}
