/* SPDX-License-Identifier: Apache-2.0 */
/* Weeks of made-up logs: how often is silence told that is none, and how late is one that is?
 * Each way of speaking runs for four weeks, several times, then stops in the middle of its usual
 * hours. The table in the output is the result. */
#include "silence_kit.h"

#define SEEDS 5
#define WEEKS 4

enum way {
	POLL,
	JITTER,
	POISSON,
	SLOW,
	BURSTS,
	NIGHTLY,
	OFFICE,
	DIURNAL,
	HEAVY,
	WEEKLY,
	STARTS,
	WAYS
};

static const char *const names[WAYS] = {
	"poll each 30 s",
	"poll each 60 s, jitter",
	"Poisson, 6 a minute",
	"Poisson, one in 40 minutes",
	"bursts, some an hour",
	"nightly job, 03:00",
	"office hours",
	"busy days, calm nights",
	"Pareto, alpha 1.1",
	"weekly job, Sunday",
	"chatty start, then sparse",
};

static bool office(usec at)
{
	int64_t day = (at - MONDAY) / DAY % 7, hour = (at - MONDAY) % DAY / HOUR;

	return day < 5 && hour >= 8 && hour < 18;
}

static usec next_of_day(usec at, usec time)
{
	usec day = at - (at - MONDAY) % DAY;

	return day + time > at + HOUR ? day + time : day + DAY + time;
}

static usec seconds(double s)
{
	return (usec)(s * 1e6) + 1;
}

/* When it speaks next. */
static usec next(enum way w, usec at, uint64_t *seed, unsigned *left)
{
	switch (w) {
	case POLL:
		return at + seconds(30 + 0.02 * rnd(seed));
	case JITTER:
		return at + seconds(60 * (0.8 + 0.4 * rnd(seed)));
	case POISSON:
		return at + seconds(10 * rnd_exp(seed));
	case SLOW:
		return at + seconds(2400 * rnd_exp(seed));
	case BURSTS:
		if (*left) {
			--*left;
			return at + seconds(0.2 * rnd_exp(seed));
		}
		*left = 5 + (unsigned)(100 * rnd(seed));
		return at + seconds(900 * rnd_exp(seed) + 60);
	case NIGHTLY:
		if (*left) {
			--*left;
			return at + seconds(3 * rnd_exp(seed));
		}
		*left = 40;
		return next_of_day(at, 3 * HOUR) + seconds(300 * rnd(seed));
	case OFFICE:
		do
			at += seconds(240 * rnd_exp(seed));
		while (!office(at));
		return at;
	case DIURNAL:
		return at + seconds(rnd_exp(seed) * (office(at) ? 5 : 300));
	case HEAVY:
		return at + seconds(10 * rnd_pareto(seed, 1.1));
	case WEEKLY:
		if (*left) {
			--*left;
			return at + seconds(2 * rnd_exp(seed));
		}
		*left = 60;
		return at + 7 * DAY - HOUR + seconds(7200 * rnd(seed));
	case STARTS:
	default:
		if ((at - MONDAY) % DAY < 70 * MINUTE)
			return at + seconds(2 * rnd_exp(seed));
		return at + seconds(5400 * rnd_exp(seed));
	}
}

struct result {
	unsigned wrong, found;
	double late, ratio; /* sums: seconds, and parts of the expected gap */
};

static void run(enum way w, uint64_t seed, struct result *ret)
{
	struct silence_options o = { 0 };
	struct source src = file_source(1, "cmp-01", "/var/log/x.log");
	struct source all = file_source(2, "ctl-01", "/var/log/other.log");
	static struct keeper k;
	struct silence *s;
	usec stop = MONDAY + WEEKS * 7 * DAY + 11 * HOUR + seconds(3600 * rnd(&seed));
	usec at = MONDAY + 11 * HOUR, now = at, last = at;
	unsigned left = 20;

	k.n = k.quiet = 0;
	silence_new(&s, &o);
	for (; now < stop; now += 5 * SECOND) {
		for (; at <= now; at = next(w, at, &seed, &left)) {
			say_line(s, &src, at, "info", NULL, &k);
			last = at;
		}
		say_line(s, &all, now, NULL, NULL, &k); /* others go on */
		silence_tick(s, now, keep, &k);
	}
	ret->wrong += (unsigned)k.quiet;
	if (k.quiet && getenv("SHOW"))
		show(&k);
	k.n = k.quiet = 0;
	for (; now < stop + 21 * DAY && !k.quiet; now += 5 * SECOND) {
		say_line(s, &all, now, NULL, NULL, &k);
		silence_tick(s, now, keep, &k);
	}
	if (k.quiet) {
		double late = (double)(now - last) / 1e6;

		ret->found++;
		ret->late += late;
		ret->ratio += late / (k.at[0].expected_s > 0 ? k.at[0].expected_s : 1);
	}
	silence_free(s);
}

int main(void)
{
	unsigned wrong = 0;

	printf("# %-28s %6s %12s %10s %12s %14s\n", "way of speaking", "weeks", "false alarms",
	       "stops seen", "mean delay", "delay/expected");
	for (enum way w = 0; w < WAYS; w++) {
		struct result r = { 0 };
		struct buf late = { 0 };

		for (uint64_t seed = 1; seed <= SEEDS; seed++)
			run(w, seed * 7919, &r);
		if (r.found)
			span_text(&late, seconds(r.late / r.found));
		printf("# %-28s %6d %12u %7u/%d %12s %14.2f\n", names[w], SEEDS * WEEKS, r.wrong,
		       r.found, SEEDS, buf_cstr(&late), r.found ? r.ratio / r.found : 0);
		buf_done(&late);
		wrong += r.wrong;
		ok(r.wrong <= SEEDS * WEEKS / 10, "%s: %u false alarms in %d weeks", names[w],
		   r.wrong, SEEDS * WEEKS);
		if (w != WEEKLY && w != HEAVY && w != STARTS)
			is_int(r.found, SEEDS, "%s: each stop is seen", names[w]);
		if (w != HEAVY)
			ok(!r.found || r.ratio / r.found < 2.1, "%s: within twice the expected gap",
			   names[w]);
	}
	ok(wrong <= WAYS * SEEDS * WEEKS / 20, "%u false alarms in %d weeks", wrong,
	   WAYS * SEEDS * WEEKS);
	return done_testing();
}
