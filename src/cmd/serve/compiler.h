/* SPDX-License-Identifier: Apache-2.0 */
/* compiler.h — rules and calendars of a bundle are compiled beside the analyst's work, by a thread,
 * and the fresh set is proven alive there (canary.h). What cannot be used is told and left out; a
 * bundle that cannot be read, and a bad calendar, leave what is in force as it is. Threads: one
 * owner; the thread is ours. Memory: the fresh set beside the one in force. */
#pragma once
#include "base/buf.h"
#include "cmd/serve/canary.h"
#include "detect/calendar.h"
#include "detect/sigma/ruleset.h"

struct compiler;
struct compiled;

int compiler_new(struct compiler **ret);
struct compiler *compiler_free(struct compiler *c); /* waits for the thread */
/* A bundle (bundle.h); the descriptor is duplicated. While one is compiled the newest waits. */
void compiler_start(struct compiler *c, int fd);
/* The last bundle once more, to prove it only. */
void compiler_prove(struct compiler *c);
/* What came of the last one; NULL: nothing new. */
struct compiled *compiler_take(struct compiler *c);
int compiler_fd(const struct compiler *c); /* readable when there is something to take */

/* Both become the caller's; NULL: keep what is in force. */
struct ruleset *compiled_rules(struct compiled *c);
struct calendar *compiled_calendar(struct compiled *c);
struct canary *compiled_canary(struct compiled *c); /* likewise; NULL: there are no rules */
bool compiled_is_proof(const struct compiled *c); /* nothing new: of compiler_prove() */
size_t compiled_n(const struct compiled *c); /* rules and correlations */
size_t compiled_refused(const struct compiled *c);
/* {"event":"rules-loaded",…}, or "rules-proven": for the ledger. */
void compiled_note(const struct compiled *c, struct buf *to);
struct compiled *compiled_free(struct compiled *c);
