/* SPDX-License-Identifier: Apache-2.0 */
/* A flat event: any bytes are read or refused, and what is lent is lent. */
#include "base/hash.h"
#include "cmd/detect/flat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = { 0 };
	struct flat f = { 0 };
	uint64_t sum = 0;

	if (flat_read(&f, bytes_of(data, size), &a))
		for (size_t i = 0; i < f.n; i++)
			sum += checksum64(f.values[i].name) + checksum64(f.values[i].text);
	sum += checksum64(f.id) + checksum64(f.raw);
	flat_done(&f);
	arena_done(&a);
	return sum == 1; /* used */
}
