/* SPDX-License-Identifier: Apache-2.0 */
#include "event/source.h"
#include "tap.h"

int main(void)
{
	enum source_kind kind = SOURCE_FILE;
	bool back = true;

	for (unsigned k = 0; k < SOURCE_KIND_N; k++) {
		const char *name = source_kind_name((enum source_kind)k);

		back = back && *name && source_kind_parse(bytes_str(name), &kind) && kind == k;
	}
	ok(back, "every kind has a name that leads back to it");
	kind = SOURCE_JOURNAL;
	ok(!source_kind_parse(BYTES("syslog"), &kind) && !source_kind_parse(BYTES(""), &kind) &&
		   kind == SOURCE_JOURNAL,
	   "other names are none, and nothing is touched");
	is_str(source_kind_name((enum source_kind)99), "unknown", "a kind from elsewhere");
	is_int(source_kind_name(SOURCE_SELF) == source_kind_name((enum source_kind)0), 1,
	       "Vedette itself is 0");
	return done_testing();
}
