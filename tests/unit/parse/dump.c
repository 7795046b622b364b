/* SPDX-License-Identifier: Apache-2.0 */
/* dump — what the parsers make of each line of standard input, one line each (show.h).
 * dump [kind [name [host [arrival [year [zone minutes]]]]]]. Not a test: a tool to write them. */
#include "show.h"
#include <stdlib.h>

static int number(const char *text)
{
	int64_t n = 0;

	bytes_i64(bytes_str(text), &n);
	return (int)n;
}

int main(int argc, char **argv)
{
	static struct event e;
	struct arena scratch = { 0 };
	struct parse_hint hint = { .kind = SOURCE_FILE, .arrival = 1795312800000000 };
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	if (argc > 1)
		source_kind_parse(bytes_str(argv[1]), &hint.kind);
	if (argc > 2)
		hint.name = bytes_str(argv[2]);
	if (argc > 3)
		hint.host = bytes_str(argv[3]);
	if (argc > 4)
		clock_parse(bytes_str(argv[4]), 0, &hint.arrival);
	if (argc > 5)
		hint.year = number(argv[5]);
	if (argc > 6)
		hint.zone_minutes = number(argv[6]);
	e.scratch = &scratch;
	while ((n = getline(&line, &size, stdin)) > 0) {
		struct buf out = { 0 };
		int answer;

		if (line[n - 1] == '\n')
			n--;
		answer = parse_record(&hint, bytes_of(line, (size_t)n), &e);
		show_event(&out, &e, answer);
		printf("%.*s\n", (int)out.len, (const char *)out.at);
		buf_done(&out);
		arena_reset(&scratch);
	}
	arena_done(&scratch);
	free(line);
	return 0;
}
