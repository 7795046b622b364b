/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/finding.h"

static const char *const names[LEVEL_N] = { "informational", "low", "medium", "high", "critical" };

const char *level_name(enum level l)
{
	return names[l];
}

bool level_parse(struct bytes name, enum level *ret)
{
	for (unsigned i = 0; i < LEVEL_N; i++) {
		if (!bytes_eq(name, bytes_str(names[i])))
			continue;
		*ret = (enum level)i;
		return true;
	}
	return false;
}
