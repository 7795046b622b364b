/* SPDX-License-Identifier: Apache-2.0 */
/* group_in.h — the inside of struct groups. As group.h. */
#pragma once
#include "query/group.h"
#include "query/intern.h"
#include "query/tally.h"

#define NO_VALUE                                                                                   \
	0u /* key code of rows without the column; codes of values are 1 + intern number           \
	    */

struct groups {
	const struct stage *st;
	struct intern keys[KEYS_MAX];
	struct intern distinct[AGGS_MAX];
	uint32_t *slots; /* 1 + group */
	uint32_t slots_n;
	uint32_t *codes; /* keys_n for each group */
	struct tally *tallies; /* aggs_n for each group */
	uint32_t n, cap;
	size_t bytes; /* of what tallies own */
};

/* The group of these key codes (keys_n of them), made when new. */
uint32_t groups_find(struct groups *g, const uint32_t *codes);
