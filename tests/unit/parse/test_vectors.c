/* SPDX-License-Identifier: Apache-2.0 */
/* test_vectors FILE… — lines and the very fields they must give, from tests/vectors/parse/.
 * A line of a file is: the log line, a tab, and what show_event() prints of it. In the log line
 * \n \t \\ \xHH stand for bytes. "@kind name host arrival year zone" sets the hint of the lines
 * below it ("-": none), "#" begins a comment. With --write the file is printed with what the
 * parsers give today: for writing new vectors, to be read before they are kept.
 *
 * Each line is also cut at every length and given in memory of exactly that length: no cut may
 * crash, and no value may point outside of the bytes, the hint, the scratch or our constants. */
#include "show.h"
#include "tap.h"
#include <stdlib.h>

static struct parse_hint hint;
static char hint_text[3][256];
static struct arena scratch;
static struct event event;
static bool write_mode;

static struct bytes unescape(struct bytes from, struct buf *to)
{
	buf_clear(to);
	for (size_t i = 0; i < from.len; i++) {
		uint8_t c = from.at[i], d = i + 1 < from.len ? from.at[i + 1] : 0;

		if (c != '\\' || !d) {
			buf_u8(to, c);
			continue;
		}
		i++;
		if (d == 'x' && i + 2 < from.len) {
			buf_u8(to, (uint8_t)(hex_digit(from.at[i + 1]) << 4 |
					     hex_digit(from.at[i + 2])));
			i += 2;
		} else {
			buf_u8(to, d == 'n' ? '\n' : d == 't' ? '\t' : d);
		}
	}
	return buf_view(to);
}

static struct bytes word(struct bytes *rest)
{
	size_t n = bytes_chr(*rest, ' ');
	struct bytes w = bytes_sub(*rest, 0, n);

	*rest = n == BYTES_NONE ? bytes_of(NULL, 0) : bytes_from(*rest, n + 1);
	return w;
}

static struct bytes keep(char *to, struct bytes w)
{
	snprintf(to, 256, "%.*s", (int)w.len, (const char *)w.at);
	return bytes_str(to[0] == '-' && !to[1] ? "" : to);
}

static void set_hint(struct bytes b)
{
	int64_t n;

	hint = (struct parse_hint){ .kind = SOURCE_FILE };
	source_kind_parse(word(&b), &hint.kind);
	hint.name = keep(hint_text[0], word(&b));
	hint.host = keep(hint_text[1], word(&b));
	clock_parse(word(&b), 0, &hint.arrival);
	if (bytes_i64(word(&b), &n))
		hint.year = (int)n;
	if (bytes_i64(word(&b), &n))
		hint.zone_minutes = (int)n;
}

/* Cut at every length, in memory that ends where the bytes do. */
static void cuts(struct bytes raw)
{
	for (size_t n = 0; n <= raw.len && n < 4096; n++) {
		uint8_t *copy = malloc(n ? n : 1);

		if (!copy)
			abort();
		if (n)
			memcpy(copy, raw.at, n);
		parse_record(&hint, bytes_of(copy, n), &event);
		if (!event_has(&event, FIELD_EVENT_DATASET))
			ok(false, "a line cut at %zu has no dataset", n);
		for (unsigned i = 0; i < event.n; i++) {
			struct bytes v = event.value[event.order[i]];
			volatile uint8_t sum = 0;

			for (size_t k = 0; k < v.len; k++) /* for AddressSanitizer */
				sum = (uint8_t)(sum + v.at[k]);
		}
		free(copy);
		arena_reset(&scratch);
	}
}

static void one(struct bytes line, const char *file, unsigned number)
{
	static struct buf raw, got;
	size_t tab = bytes_chr(line, '\t');
	struct bytes input = bytes_sub(line, 0, tab);
	struct bytes want = tab == BYTES_NONE ? BYTES("") : bytes_from(line, tab + 1);
	struct bytes b = unescape(input, &raw);
	int answer = parse_record(&hint, b, &event);

	buf_clear(&got);
	show_event(&got, &event, answer);
	if (write_mode) {
		printf("%.*s\t%.*s\n", (int)input.len, (const char *)input.at, (int)got.len,
		       (const char *)got.at);
		return;
	}
	is_bytes(buf_view(&got), want, "%s:%u", file, number);
	arena_reset(&scratch);
	cuts(b);
}

static void run(const char *path)
{
	const char *slash = strrchr(path, '/');
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	if (!f) {
		ok(false, "%s cannot be read", path);
		return;
	}
	for (unsigned number = 1; (n = getline(&line, &size, f)) > 0; number++) {
		if (line[n - 1] == '\n')
			n--;
		if (n && line[0] == '@')
			set_hint(bytes_of(line + 1, (size_t)n - 1));
		if (!n || line[0] == '#' || line[0] == '@') {
			if (write_mode)
				printf("%.*s\n", (int)n, line);
			continue;
		}
		one(bytes_of(line, (size_t)n), slash ? slash + 1 : path, number);
	}
	free(line);
	fclose(f);
}

int main(int argc, char **argv)
{
	event.scratch = &scratch;
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--write"))
			write_mode = true;
		else
			run(argv[i]);
	}
	arena_done(&scratch);
	return write_mode ? 0 : done_testing();
}
