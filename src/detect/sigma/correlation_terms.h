/* SPDX-License-Identifier: Apache-2.0 */
/* correlation_terms.h — a condition over the names of rules, as pySigma reads it beside the maps of
 * the specification: `failed_logon and not (successful_logon or account_lockout)`.
 * In: the text, and who knows the names. Out: terms in postfix. Threads: pure. Memory: none. */
#pragma once
#include "base/err.h"
#include "detect/sigma/correlation.h"

/* The input of a name (0 ..), or < 0 when the rules do not have it and cannot take it in. */
typedef int terms_name_fn(void *ctx, struct bytes name);

/* -EINVAL with what is wrong. */
int terms_parse(struct bytes text, terms_name_fn *fn, void *ctx, struct correlation *ret,
		struct why *why);
