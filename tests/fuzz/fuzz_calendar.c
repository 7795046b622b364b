/* SPDX-License-Identifier: Apache-2.0 */
/* Calendars: whatever the file holds, it is read or refused by a line, and what was read can be
 * asked about any day. An iCalendar file begins with B. */
#include "detect/calendar.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct calendar *c = calendar_new();
	struct why why = { 0 };
	struct calendar_ask ask = { .host = BYTES("cmp-1"),
				    .service = BYTES("nova-api"),
				    .what = CALENDAR_STOP };
	int r = calendar_read(c, "fuzz", bytes_of(data, size), size && data[0] == 'B', &why);

	assert(r <= 0 && (r == 0 || why.line[0]));
	for (int year = 0; year < 60 && r == 0; year += 13) {
		ask.at = (usec)year * 365 * USEC_PER_DAY;
		calendar_covers(c, &ask, NULL);
	}
	calendar_free(c);
	return 0;
}
