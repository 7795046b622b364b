/* SPDX-License-Identifier: Apache-2.0 */
/* Open vSwitch and OVN, from behind the stamp: "|00042|connmgr|INFO|text"; over syslog the name
 * of the log stands before the first bar. */
#include "parse/line.h"

static void by_text(struct line *l, struct bytes module, struct bytes b)
{
	size_t at;

	if (IS(module, "connmgr") && HAS(b, " flow_mods ")) {
		SET(l, EVENT_CATEGORY, "network");
		SET(l, EVENT_ACTION, "flow-mods");
	} else if (IS(module, "bridge") && TAKE(&b, "bridge ")) {
		struct bytes bridge;

		if (!scan_take_to(&b, ':', &bridge))
			return;
		scan_blanks(&b);
		if (TAKE(&b, "added interface "))
			SET(l, EVENT_ACTION, "interface-added");
		else if (TAKE(&b, "deleted interface "))
			SET(l, EVENT_ACTION, "interface-deleted");
		else
			return;
		at = FIND(b, " on port ");
		set(l, FIELD_NETWORK_INTERFACE, scan_head(b, at));
		SET(l, EVENT_CATEGORY, "network");
	} else if (IS(module, "vlog") && STARTS(b, "opened log file ")) {
		SET(l, EVENT_CATEGORY, "process");
		SET(l, EVENT_ACTION, "service-start");
	} else if ((IS(module, "fatal_signal") && STARTS(b, "terminating with signal")) ||
		   (IS(module, "unixctl") && HAS(b, "exit"))) {
		SET(l, EVENT_CATEGORY, "process");
		SET(l, EVENT_ACTION, "service-stop");
	}
}

bool ovs_line(struct line *l, struct bytes b)
{
	struct bytes seq, module, word;
	size_t at;

	if (!scan_take_chr(&b, '|') || !scan_take_to(&b, '|', &seq) || !scan_all_digits(seq) ||
	    !scan_take_to(&b, '|', &module) || module.len > 80 || !scan_take_to(&b, '|', &word))
		return false;
	if (!level_of(word).len && !IS(word, "OFF"))
		return false;
	set(l, FIELD_LOG_SEQUENCE, seq);
	set(l, FIELD_LOG_LEVEL, level_of(word));
	at = scan_chr(module, '('); /* "dpif(handler1)" */
	if (at < module.len && ENDS(module, ")"))
		set(l, FIELD_PROCESS_THREAD_NAME, bytes_sub(module, at + 1, module.len - at - 2));
	module = scan_head(module, at);
	set(l, FIELD_LOG_LOGGER, module);
	SET(l, EVENT_DATASET, "openvswitch");
	SET(l, SERVICE_NAME, "openvswitch");
	set(l, FIELD_MESSAGE, b);
	by_text(l, module, b);
	return true;
}
