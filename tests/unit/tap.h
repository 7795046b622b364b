/* SPDX-License-Identifier: Apache-2.0 */
/* tap.h — a unit test says what holds, in TAP; the plan comes last.
 * int main(void) { is_int(1 + 1, 2, "sums"); return done_testing(); }
 * Every check takes a printf-like description and gives back whether it held. */
#pragma once
#include "base/bytes.h"
#include <stdarg.h>
#include <stdio.h>

#define ok(cond, ...) tap_ok((cond), __FILE__, __LINE__, __VA_ARGS__)
#define is_int(got, want, ...)                                                                     \
	tap_int((long long)(got), (long long)(want), __FILE__, __LINE__, __VA_ARGS__)
#define is_str(got, want, ...) is_bytes(bytes_str(got), bytes_str(want), __VA_ARGS__)
#define is_bytes(got, want, ...) tap_bytes((got), (want), __FILE__, __LINE__, __VA_ARGS__)

static int tap_n, tap_bad;

__attribute__((format(printf, 4, 0), unused)) static bool
tap_line(bool good, const char *file, int line, const char *fmt, va_list ap)
{
	char what[400];

	vsnprintf(what, sizeof(what), fmt, ap);
	for (char *p = what; *p; p++) /* a newline or # in it would mean something in TAP */
		*p = (unsigned char)*p < ' ' || *p == '#' ? '.' : *p;
	printf("%sok %d - %s\n", good ? "" : "not ", ++tap_n, what);
	if (!good)
		printf("# at %s:%d\n", file, line);
	tap_bad += !good;
	fflush(stdout); /* what went before a crash is to be seen */
	return good;
}

__attribute__((format(printf, 4, 5), unused)) static bool tap_ok(bool good, const char *file,
								 int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tap_line(good, file, line, fmt, ap);
	va_end(ap);
	return good;
}

__attribute__((format(printf, 5, 6), unused)) static bool
tap_int(long long got, long long want, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (!tap_line(got == want, file, line, fmt, ap))
		printf("# got %lld, want %lld\n", got, want);
	va_end(ap);
	return got == want;
}

static inline void tap_show(const char *what, struct bytes b)
{
	printf("# %s %zu bytes: ", what, b.len);
	for (size_t i = 0; i < b.len && i < 400; i++)
		printf(b.at[i] >= ' ' && b.at[i] < 127 ? "%c" : "\\x%02x", b.at[i]);
	printf("\n");
}

__attribute__((format(printf, 5, 6), unused)) static bool
tap_bytes(struct bytes got, struct bytes want, const char *file, int line, const char *fmt, ...)
{
	bool good = bytes_eq(got, want);
	va_list ap;

	va_start(ap, fmt);
	if (!tap_line(good, file, line, fmt, ap)) {
		tap_show("got ", got);
		tap_show("want", want);
	}
	va_end(ap);
	return good;
}

static inline void skip(const char *why) /* a visible hole: something the test needs is absent */
{
	printf("ok %d # SKIP %s\n", ++tap_n, why);
}

static inline int done_testing(void)
{
	printf("1..%d\n", tap_n);
	return tap_bad != 0;
}
