/* SPDX-License-Identifier: Apache-2.0 */
/* value.h — the text of a field as a number, an address or a time.
 * Numbers are exact decimals: billionths in 128 bits, so that sums do not depend on the order in
 * which threads add them. Addresses are 16 bytes, IPv4 as IPv4-mapped IPv6, so that ::ffff:10.0.0.1
 * and 10.0.0.1 are one value. Threads: pure functions. */
#pragma once
#include "base/buf.h"
#include "base/clock.h"

#define NUM_ONE ((__int128)1000000000)
#define NUM_MAX ((__int128)1000000000 * 1000000000 * 1000000000 * 1000)

/* [+-]digits[.digits], nothing else. Beyond NUM_MAX it saturates; more than nine digits after the
 * point are cut. */
bool num_parse(struct bytes text, __int128 *ret);
void num_text(struct buf *to, __int128 v); /* shortest exact form */
double num_double(__int128 v);

struct addr {
	uint8_t b[16];
};

bool addr_parse(struct bytes text, struct addr *ret); /* a zone after % is left out */
/* "10.0.0.0/8", "2001:db8::/32": first and last address. */
bool addr_parse_net(struct bytes text, struct addr *ret_first, struct addr *ret_last);
__int128 addr_order(const struct addr *a); /* a number in the same order */
int addr_cmp(const struct addr *a, const struct addr *b);

/* A time as a user writes it, with what it leaves open: "2026-03-01" is the whole day, "12:30"
 * after it that minute. ret_first <= t <= ret_last. Also "now", "now-15m". */
bool time_parse(struct bytes text, usec now, usec *ret_first, usec *ret_last);
