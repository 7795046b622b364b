/* SPDX-License-Identifier: Apache-2.0 */
/* A file of samples: any bytes are read, or refused with a reason. */
#include "base/hash.h"
#include "detect/samples.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct samples *s = NULL;
	struct why why = { "" };
	uint64_t sum = 0;

	if (samples_read(&s, bytes_of(data, size), "x.samples.yml", &why) < 0) {
		assert(why.line[0]);
		return 0;
	}
	for (size_t i = 0; i < s->n; i++) {
		const struct sample *p = &s->at[i];

		assert(p->text.len);
		sum += checksum64(p->text) + checksum64(p->why) + checksum64(p->source) +
		       checksum64(p->host) + checksum64(p->rule);
		for (size_t k = 0; k < p->expect_n; k++)
			sum += checksum64(p->expect[k].name) + checksum64(p->expect[k].value);
	}
	samples_free(s);
	return sum == 1; /* used */
}
