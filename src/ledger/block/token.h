/* SPDX-License-Identifier: Apache-2.0 */
/* token.h — a line as a skeleton with variables: stamps, uuids, hex ids, addresses, numbers and
 * words with digits. Exact: rendering skeleton and values gives the very bytes back, or the thing
 * is not made a variable. Runs of letters alone stay in the skeleton.
 * Threads: pure. Memory: the caller's struct line. */
#pragma once
#include "base/clock.h"
#include "ledger/block/format.h"

struct token {
	uint32_t start, end; /* in the raw line */
	uint8_t type; /* enum var */
	uint8_t param[3];
	int64_t value; /* number, or time as if UTC (BSD: without year, see token_bsd_year) */
};

struct line {
	unsigned n;
	size_t skeleton_len;
	struct token tok[LINE_VARS];
	uint8_t skeleton[LINE_BYTES + 4 * LINE_VARS + 16];
};

/* False: the line is to be kept as text (too long, control characters, too many variables).
 * near: a time that tells the year of stamps without one. */
bool line_tokenize(struct line *l, struct bytes raw, usec near);

/* The filter keys of a text: calls fn for every uuid, hex id, IPv4 address and word of letters and
 * digits in it, the same as line_tokenize() would find, without limits on length. */
typedef void token_key_fn(void *ctx, uint8_t type, struct bytes text);
void token_keys(struct bytes text, token_key_fn *fn, void *ctx);

/* Renders a value; returns the bytes written (at most TOKEN_TEXT). Not for VAR_WORD. */
#define TOKEN_TEXT 64
size_t token_render_time(uint8_t type, const uint8_t param[3], usec at, uint8_t *ret);
size_t token_render_number(uint8_t type, const uint8_t param[3], int64_t v, uint8_t *ret);
void token_render_uuid(const uint8_t id[16], uint8_t ret[36]);
/* The 16 bytes of a text that is known to be a uuid. */
void token_uuid_bytes(const uint8_t text[36], uint8_t ret[16]);
bool token_parse_uuid(struct bytes text, uint8_t ret[16]); /* lower case, exactly 36 */
size_t token_render_ip(const uint8_t ip[4], uint8_t *ret);
bool token_parse_ip(struct bytes text, uint8_t ret[4]); /* no leading zeros, exactly that */
