/* SPDX-License-Identifier: Apache-2.0 */
/* json_kinds.h — what a JSON line means as a whole, once its leaves have become fields: which
 * schema it is follows from marks, keys that only that schema has.
 * In: the line with its fields, the marks. Out: more fields. Threads: one owner a line.
 * Memory: none. */
#pragma once
#include "parse/line.h"

/* What is known of the schema by its keys. */
enum mark {
	MARK_NOTIFICATION = 1, /* publisher_id */
	MARK_CADF = 2,
	MARK_OSLO = 4, /* levelname and its kind */
	MARK_SURICATA = 8,
	MARK_AIDE = 16,
	MARK_RABBIT = 128, /* node, and a pid of Erlang */
	MARK_HTTP = 64,
	MARK_STRANGER = 32, /* an initiator without an account: its id means nothing */
	MARK_HASH = 256, /* an attachment is the hash of a wrong password */
	MARK_FALCO = 512,
};

void json_is_notification(struct line *l, unsigned marks); /* or a CADF event by itself */
void json_is_oslo(struct line *l);
void json_is_tool(struct line *l, unsigned marks);
