/* SPDX-License-Identifier: Apache-2.0 */
/* stamp.h — the ways log lines write a moment.
 * Each function looks for its shape at the front of *b. True: the shape is there and was consumed,
 * *ret is the moment, or USEC_NONE where the digits name no real date. False: nothing moved.
 * Stamps without a zone are hint->zone_minutes east of UTC; stamps without a year take hint->year,
 * or the latest year that does not put them more than a day after hint->arrival.
 * Threads: pure. Memory: none. */
#pragma once
#include "parse/parse.h"

/* 2026-11-22 01:02:03[.,]123456[.123][Z|+01:00], T or blank between, / instead of - */
bool stamp_iso(const struct parse_hint *h, struct bytes *b, usec *ret);
/* Nov 22 01:02:03[.123], Nov  2 2026 01:02:03 */
bool stamp_bsd(const struct parse_hint *h, struct bytes *b, usec *ret);
/* Sun Nov 22 01:02:03[.123456] 2026 */
bool stamp_ctime(const struct parse_hint *h, struct bytes *b, usec *ret);
/* 22/Nov/2026:01:02:03[.123] [+0000], a blank instead of the first colon */
bool stamp_clf(const struct parse_hint *h, struct bytes *b, usec *ret);
/* 22-Nov-2026::01:02:03 */
bool stamp_erlang(const struct parse_hint *h, struct bytes *b, usec *ret);
/* 261122  1:02:03 */
bool stamp_mysql(const struct parse_hint *h, struct bytes *b, usec *ret);
/* Seconds since 1970 with an optional fraction: the whole of b. */
bool stamp_epoch(struct bytes b, usec *ret);

bool stamp_is_iso(struct bytes b); /* dddd-dd-dd, then T or a blank */
int stamp_month(struct bytes b); /* 1..12 for the first three letters, or 0 */
bool stamp_is_weekday(struct bytes b); /* Mon..Sun and a blank */
