/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "tap.h"

int main(void)
{
	struct why why = { .line = "old" };
	char big[2000];

	memset(big, 'y', sizeof(big));
	big[sizeof(big) - 1] = 0;
	is_int(why_set(&why, -ENOENT, "%s: line %d", "a.yaml", 3), -ENOENT,
	       "the number goes through");
	is_str(why.line, "a.yaml: line 3", "the line is set");
	is_int(why_in(&why, -ENOENT, "reading %s", "rules"), -ENOENT, "and through again");
	is_str(why.line, "reading rules: a.yaml: line 3", "where it was goes before what it was");
	why.line[0] = 0;
	why_in(&why, -ENOENT, "a.yaml");
	is_str(why.line, "a.yaml: No such file or directory",
	       "with nothing said, the errno's text");
	is_int(why_set(NULL, -EIO, "x"), -EIO, "nobody need listen");
	is_int(why_in(NULL, -EIO, "x"), -EIO, "nor here");
	why_set(&why, -EIO, "%s", big);
	is_int(strlen(why.line), sizeof(why.line) - 1, "a line too long is cut");
	why_in(&why, -EIO, "%s", "before");
	ok(bytes_starts(bytes_str(why.line), BYTES("before: yyy")), "what comes before survives");
	is_int(strlen(why.line), sizeof(why.line) - 1, "and the end is cut");
	why_in(&why, -EIO, "%s", big);
	is_int(strlen(why.line), sizeof(why.line) - 1, "a prefix that fills all is safe");
	is_int(err_trace(-EIO), -EIO, "a trace passes a failure on");
	is_int(err_trace(1), 1, "and an answer");
	return done_testing();
}
