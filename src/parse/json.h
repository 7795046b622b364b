/* SPDX-License-Identifier: Apache-2.0 */
/* json.h — one JSON object (RFC 8259), walked without building anything.
 * In: the whole text of an object. Out: each scalar, with its path: {"a":{"b":1}} and {"a.b":1}
 * both give "a.b"; an element of an array has the path of the array.
 * Threads: pure functions. Memory: none; values and paths are lent during the call. */
#pragma once
#include "base/arena.h"
#include "base/bytes.h"

enum json_type { JSON_STRING, JSON_NUMBER, JSON_TRUE, JSON_FALSE, JSON_NULL };

struct json_leaf {
	struct bytes path;
	struct bytes value; /* inside the quotes, or the text of a number or word */
	enum json_type type;
	bool escaped; /* the string holds escapes: json_unescape() */
};

#define JSON_DEPTH 512 /* deeper is no log line */
#define JSON_PATH_MAX 192 /* leaves with longer paths are walked and not told */

typedef void (*json_leaf_fn)(void *ctx, const struct json_leaf *leaf);

/* False when b is not exactly one object; leaves before the error have been told by then. */
bool json_walk(struct bytes b, json_leaf_fn fn, void *ctx);

/* Readers differ in which of two values of one key they believe, so a line that holds a key twice
 * in one object says different things to different people. */
enum json_keys { JSON_ONCE, JSON_TWICE, JSON_UNCHECKED /* too many keys to tell */ };

/* The same, and says of the keys what is known of them. A walk within fn of another is of the same
 * line. */
bool json_walk_keys(struct bytes b, json_leaf_fn fn, void *ctx, enum json_keys *ret);

/* The text that a string with escapes stands for; lone surrogates become U+FFFD. */
struct bytes json_unescape(struct arena *a, struct bytes escaped);
