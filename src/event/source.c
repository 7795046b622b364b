/* SPDX-License-Identifier: Apache-2.0 */
#include "event/source.h"

static const char *const names[] = {
#define X(id, name, what) [SOURCE_##id] = name,
	SOURCE_KINDS(X)
#undef X
};

const char *source_kind_name(enum source_kind kind)
{
	return (unsigned)kind < SOURCE_KIND_N ? names[kind] : "unknown";
}

bool source_kind_parse(struct bytes name, enum source_kind *ret)
{
	for (unsigned k = 0; k < SOURCE_KIND_N; k++) {
		if (bytes_eq(name, bytes_str(names[k]))) {
			*ret = (enum source_kind)k;
			return true;
		}
	}
	return false;
}
