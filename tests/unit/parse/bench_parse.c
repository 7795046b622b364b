/* SPDX-License-Identifier: Apache-2.0 */
/* bench_parse FILE… — nanoseconds a line that the parsers take for each file, the best of the short
 * runs of a second: on a busy machine the others measure the neighbours.
 * Not a test: nothing fails. */
#include "base/buf.h"
#include "parse/parse.h"
#include <stdio.h>

#define LINES 200000

static struct bytes lines[LINES];

static size_t split(struct buf *text)
{
	struct bytes rest = buf_view(text);
	size_t n = 0;

	while (rest.len && n < LINES) {
		size_t end = bytes_chr(rest, '\n');

		lines[n++] = bytes_sub(rest, 0, end);
		rest = end == BYTES_NONE ? bytes_of(NULL, 0) : bytes_from(rest, end + 1);
	}
	return n;
}

static void run(const char *path)
{
	static struct event e;
	struct parse_hint hint = { .kind = SOURCE_FILE,
				   .name = bytes_str(path),
				   .host = BYTES("host"),
				   .arrival = clock_real() };
	struct arena scratch = { 0 };
	struct buf text = { 0 };
	double best = 1e9, fields = 0;
	size_t n, rounds, got;
	usec until;
	FILE *f = fopen(path, "rb");

	if (!f) {
		printf("%s cannot be read\n", path);
		return;
	}
	while ((got = fread(buf_reserve(&text, 65536), 1, 65536, f)) > 0)
		text.len += got;
	fclose(f);
	n = split(&text);
	until = clock_mono() + USEC_PER_SEC;
	e.scratch = &scratch;
	rounds = n ? 1 + (1 << 19) / text.len : 0;
	for (int k = 0; n && k < 200 && clock_mono() < until; k++) {
		usec from = clock_cpu();
		double ns;

		fields = 0;
		for (size_t r = 0; r < rounds; r++) {
			for (size_t i = 0; i < n; i++) {
				parse_record(&hint, lines[i], &e);
				fields += e.n;
			}
			arena_reset(&scratch);
		}
		ns = (double)(clock_cpu() - from) * 1000 / (double)(rounds * n);
		best = ns < best ? ns : best;
	}
	if (n)
		printf("%8.1f ns/line %6.1f bytes/line %5.1f fields/line  %s\n", best,
		       (double)text.len / (double)n, fields / (double)(rounds * n), path);
	arena_done(&scratch);
	buf_done(&text);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		run(argv[i]);
	return 0;
}
