/* SPDX-License-Identifier: Apache-2.0 */
/* yaml.h — YAML 1.1 (read by libyaml) as a small tree, as strict as Sigma wants it: keys are
 * scalars and stand once in their mapping. In: the bytes of a file, from outside. Out: the nodes of
 * one document after the other, with their lines. Threads: one owner. Memory: an arena of the
 * caller; depth, nodes and the bytes of the file are bounded, aliases are links and not copies, and
 * a walk over the tree is to be bounded by the walker (an alias can stand in many places). */
#pragma once
#include "base/arena.h"
#include "base/err.h"

#define YAML_DEPTH_MAX 64u
#define YAML_NODES_MAX 1000000u
#define YAML_BYTES_MAX ((size_t)16 << 20)

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_item;
struct yaml_node {
	enum yaml_kind kind;
	bool plain; /* a scalar without quotes: may be a number, null, true */
	unsigned line; /* from 1 */
	struct bytes text; /* of a scalar */
	struct yaml_item *first, *last;
	size_t n; /* items */
};
struct yaml_item {
	struct bytes key; /* of a mapping */
	unsigned line; /* of the key */
	struct yaml_node *node;
	struct yaml_item *next;
};

struct yaml;
/* The text is lent until yaml_close(); nodes live in the arena. */
int yaml_open(struct yaml **ret, struct bytes text, struct arena *a);
struct yaml *yaml_close(struct yaml *y);

enum { YAML_END = 1, YAML_BAD = 2 };
/* The next document. YAML_BAD: it is not YAML, or not what is allowed here: the line and the
 * reason; nothing more can be read of this file then. An empty document is a null scalar. */
int yaml_next(struct yaml *y, struct yaml_node **ret, unsigned *ret_line, struct why *why);

/* By key; NULL: not there, or n is no mapping. */
const struct yaml_node *yaml_get(const struct yaml_node *n, const char *key);

/* What a plain scalar means (YAML 1.1 core types, as PyYAML reads them). */
bool yaml_is_null(const struct yaml_node *n);
bool yaml_is_bool(const struct yaml_node *n, bool *ret);
/* Decimal, 0x, 0o, 0b, _ between digits; a float; false: text. */
bool yaml_is_number(const struct yaml_node *n, double *ret);
/* 2026-11-22, or 2026/11/22: a real day. */
bool yaml_is_date(const struct yaml_node *n);
