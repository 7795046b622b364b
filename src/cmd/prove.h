/* SPDX-License-Identifier: Apache-2.0 */
/* prove.h — checking a bundle of evidence, for `verify` and `evidence verify`. */
#pragma once
#include "cmd/args.h"
#include <stdio.h>

/* path "-": stdin. records (may be NULL): where the proven raw bytes go, one a line. Returns the
 * exit status, all is told. */
int prove_bundle(struct args *a, const char *path, const char *key, const char *checkpoint,
		 FILE *records, bool json);
