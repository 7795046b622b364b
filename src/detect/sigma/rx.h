/* SPDX-License-Identifier: Apache-2.0 */
/* rx.h — regular expressions of rules, for the files of detect/sigma alone.
 * Threads: a struct rx is read-only once made; each matcher has its own struct rx_work. Memory: the
 * code; an automaton's states as they are met. */
#pragma once
#include "detect/sigma/rule.h"
#include "query/need.h"

struct rx_work;

struct rx_work *rx_work_new(const struct ruleset *s);
struct rx_work *rx_work_free(struct rx_work *w);
/* 1 found, 0 not, -1 given up: too much backtracking, or too long a text for it. */
int rx_find(const struct rx *r, struct rx_work *w, struct bytes text);
const struct need *rx_need(const struct rx *r);
