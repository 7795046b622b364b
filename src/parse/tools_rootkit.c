/* SPDX-License-Identifier: Apache-2.0 */
/* chkrootkit's report, as its daily run keeps it, one test a line:
 *
 *	Checking `bindshell'...                                     INFECTED PORTS: ( 465)
 *	Searching for Linux/Ebury - Operation Windigo ssh...        not infected
 *	WARNING: chkutmp cannot find the tty of …
 *
 * A test that found nothing says so in one of few ways; the rest is a finding. */
#include "parse/line.h"

static bool is_quiet(struct bytes b)
{
	static const char *const quiet[] = {
		"not infected",
		"not found",
		"nothing found",
		"nothing detected",
		"no suspect files",
		"not tested",
		"not promisc",
		"nothing deleted",
		"chkproc: nothing",
		"chkdirs: nothing",
		"chkwtmp: nothing",
		"chkutmp: nothing",
		"clean",
		"OK",
	};

	for (size_t i = 0; i < sizeof(quiet) / sizeof(quiet[0]); i++)
		if (bytes_starts(b, bytes_str(quiet[i])))
			return true;
	return HAS(b, "not promisc") || HAS(b, "PF_PACKET(") || HAS(b, "PACKET SNIFFER(");
}

static void found(struct line *l, struct bytes what)
{
	SET(l, LOG_LEVEL, "warning");
	SET(l, EVENT_CATEGORY, "intrusion_detection");
	if (HAS(what, "INFECTED") || HAS(what, "hidden for") || HAS(what, "Possible"))
		SET(l, EVENT_ACTION, "rootkit-found");
	else
		SET(l, EVENT_ACTION, "rootkit-warning");
	set(l, FIELD_EVENT_REASON, what);
}

bool chkrootkit_line(struct line *l, struct bytes b)
{
	struct bytes c = b, test;
	size_t dots;

	if (!TAKE(&c, "Checking `") && !TAKE(&c, "Searching for "))
		return false;
	dots = FIND(c, "...");
	if (dots == BYTES_NONE || dots > 120)
		return false;
	test = scan_head(c, dots);
	if (ENDS(test, "'"))
		test.len--;
	scan_skip(&c, dots + 3);
	c = bytes_trim(c);
	set(l, FIELD_RULE_NAME, test);
	SET(l, EVENT_DATASET, "chkrootkit");
	set(l, FIELD_MESSAGE, b);
	if (c.len && !is_quiet(c))
		found(l, c);
	return true;
}
