/* SPDX-License-Identifier: Apache-2.0 */
/* Times and spans as users write them; a time that is understood is written and read back. */
#include "base/clock.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	const usec now = (usec)1772323200 * USEC_PER_SEC;
	char text[CLOCK_TEXT];
	usec at, back, any;

	if (clock_parse(in, now, &at)) {
		clock_text(at, text);
		assert(strlen(text) < CLOCK_TEXT);
		if (text[0] != '@') {
			assert(clock_parse(bytes_str(text), 0, &back));
			assert(back == at);
		}
	}
	if (clock_parse_span(in, &at))
		assert(at > 0);
	if (size >= sizeof(any)) { /* any 64 bits are a time that can be written */
		memcpy(&any, data, sizeof(any));
		clock_text(any, text);
		assert(strlen(text) < CLOCK_TEXT);
	}
	return 0;
}
