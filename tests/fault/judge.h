/* SPDX-License-Identifier: Apache-2.0 */
/* judge.h — for ledger_tool.c: see judge.c. */
#pragma once
#include "base/buf.h"

/* 0 verify found nothing, 1 it found and named the change and all that was not touched can be read,
 * 2 it cannot tell, 4 records of untouched files are lost, 5 a changed file was not named. All it
 * has to say is appended to out. */
int judge(const char *work, const char *dir, const char *key, const char *checkpoint,
	  struct buf *out);
