/* SPDX-License-Identifier: Apache-2.0 */
/* Sigma's levels are known by their names, in their order, and nothing else is a level. */
#include "detect/finding.h"
#include "tap.h"

int main(void)
{
	enum level l = LEVEL_LOW;

	for (unsigned i = 0; i < LEVEL_N; i++)
		ok(level_parse(bytes_str(level_name((enum level)i)), &l) && l == (enum level)i,
		   "level %u is read back from its name", i);
	l = LEVEL_LOW;
	ok(!level_parse(BYTES("Critical"), &l) && !level_parse(BYTES(""), &l) && l == LEVEL_LOW,
	   "another word is no level, and nothing is changed");
	return done_testing();
}
