/* SPDX-License-Identifier: Apache-2.0 */
/* A sender's clock is believed while it makes sense, and no step of it hides what happens. */
#include "detect/when.h"
#include "tap.h"

#define S USEC_PER_SEC
#define NOON (1800000000 * S)

static const struct source file = { .id = 7, .kind = SOURCE_FILE };

int main(void)
{
	const struct source import = { .id = 8, .kind = SOURCE_IMPORT };
	struct when *w = when_new();
	usec at;
	bool all;

	is_int(when_of(w, &file, NOON, USEC_NONE), NOON, "no time of its own: the arrival");
	is_int(when_of(w, &file, NOON, INT64_MAX), NOON, "a time that is none: the arrival");
	is_int(when_of(w, &file, NOON, NOON - 2 * S), NOON - 2 * S, "a near one is believed");
	is_int(when_of(w, &file, NOON, NOON + 3600 * S), NOON, "one in the future is not");
	is_int(when_of(w, &import, NOON, NOON - 400 * USEC_PER_DAY), NOON - 400 * USEC_PER_DAY,
	       "an import's is believed however old");

	when_of(w, &file, NOON + S, NOON + S);
	at = when_of(w, &file, NOON + 2 * S, NOON + 2 * S - 3600 * S);
	is_int(at, NOON + 2 * S, "a clock stepped back by an hour: the arrival counts");
	all = true;
	for (int i = 3; i < 8000; i++)
		all &= when_of(w, &file, NOON + i * S, NOON + i * S - 3600 * S) == NOON + i * S;
	ok(all, "and goes on to count, also once the old time is reached again");
	is_int(when_of(w, &file, NOON + 8000 * S, NOON + 8000 * S), NOON + 8000 * S,
	       "set right again: believed at once");
	at = when_of(w, &file, NOON + 8001 * S, NOON + 8001 * S + 3600 * S);
	is_int(at, NOON + 8001 * S, "stepped forward by an hour: the arrival counts");
	at = when_of(w, &file, NOON + 8002 * S, 0);
	is_int(at, NOON + 8002 * S, "1970: the arrival counts");

	w = when_free(w);
	w = when_new();
	all = true;
	for (int i = 0; i < 1000; i++) { /* a day's file read in ten seconds */
		usec claimed = NOON - (1000 - i) * 86 * S;

		all &= when_of(w, &file, NOON + i * S / 100, claimed) == claimed;
	}
	ok(all, "a backlog that is read at once keeps its own times");
	when_of(w, &file, NOON + 20 * S, NOON + 20 * S);
	at = when_of(w, &file, NOON + 1220 * S, NOON + 21 * S);
	is_int(at, NOON + 21 * S, "what an outage held back is late, not new");
	when_free(w);
	return done_testing();
}
