/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_evidence.c — a bundle of evidence from someone else, true or not. */
#include "base/bytes.h"
#include "ledger/evidence.h"
#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void each(void *ctx, uint64_t seq, struct bytes raw)
{
	(void)ctx, (void)seq;
	if (raw.len) /* every byte is looked at, so that a bad pointer shows */
		assert(raw.at[0] + raw.at[raw.len - 1] >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct evidence_result res;
	uint8_t *copy;
	struct why why;
	FILE *f;

	if (!size)
		return 0;
	copy = malloc(size);
	if (!copy)
		abort();
	memcpy(copy, data, size);
	f = fmemopen(copy, size, "r");
	if (!f)
		abort();
	evidence_verify(f, NULL, NULL, each, NULL, &res, &why);
	fclose(f);
	free(copy);
	return 0;
}
