/* SPDX-License-Identifier: Apache-2.0 */
/* tests/vectors/query: "> query", then "= what is understood" or "! what is said". */
#include "base/io.h"
#include "query/query.h"
#include "tap.h"
#include <fcntl.h>
#include <stdlib.h>

static usec now;

static void check(struct bytes text, struct bytes want, const char *file)
{
	struct query *q = NULL;
	struct why why = { "" };
	struct buf got = { 0 };
	size_t column = 0;

	if (query_compile(&q, text, now, &why, &column) < 0) {
		buf_printf(&got, "! %s", why.line);
		/* the column is told twice: in the line, and as a number */
		if (!ok(column >= 1 && column <= text.len + 1 &&
				(size_t)strtoul(why.line + 7, NULL, 10) == column,
			"%s: a column inside the query", file))
			printf("# %s\n", why.line);
	} else {
		buf_str(&got, "= ");
		query_dump(q, &got);
		query_free(q);
	}
	is_bytes(buf_view(&got), want, "%s: %.*s", file, (int)text.len, (const char *)text.at);
	buf_done(&got);
}

static void vectors(const char *file)
{
	struct buf all = { 0 };
	struct bytes rest, query = { NULL, 0 };
	int n = 0;

	if (io_read_file(AT_FDCWD, file, 1 << 20, &all) < 0) {
		ok(false, "%s can be read (tests run from the top of the tree)", file);
		return;
	}
	for (rest = buf_view(&all); rest.len;) {
		size_t end = bytes_chr(rest, '\n');
		struct bytes line = bytes_sub(rest, 0, end);

		rest = bytes_from(rest, end == BYTES_NONE ? end : end + 1);
		if (bytes_starts(line, BYTES("> "))) {
			query = bytes_from(line, 2);
		} else if (line.len && line.at[0] != '#') {
			check(query, line, strrchr(file, '/') + 1);
			n++;
		}
	}
	ok(n > 50, "%s holds vectors", file);
	buf_done(&all);
}

static bool refused(struct buf *b, const char *what)
{
	struct query *q = NULL;
	struct why why = { "" };
	int r = query_compile(&q, buf_view(b), now, &why, NULL);

	query_free(r < 0 ? NULL : q);
	if (r >= 0 || !strstr(why.line, what))
		printf("# r %d: %s\n", r, why.line);
	return r < 0 && strstr(why.line, what);
}

static void many(struct buf *b, const char *piece, int n)
{
	for (int i = 0; i < n; i++)
		buf_str(b, piece);
}

static void hostile(void)
{
	struct buf b = { 0 };
	struct query *q;
	struct why why;

	many(&b, "(", 50000);
	ok(refused(&b, "deep"), "brackets in brackets in brackets");
	buf_clear(&b);
	many(&b, "user.name:(", 5000);
	ok(refused(&b, "deep") || refused(&b, "column"), "groups in groups");
	buf_clear(&b);
	many(&b, "!", 60000);
	buf_str(&b, "a");
	ok(query_compile(&q, buf_view(&b), now, &why, NULL) == 0, "60,000 signs of exclamation");
	query_free(q);
	buf_clear(&b);
	many(&b, "a ", 30000);
	ok(refused(&b, "more than 4096 terms"), "too many terms");
	buf_clear(&b);
	many(&b, "x", 70000);
	ok(refused(&b, "too long a query"), "too long a word");
	buf_clear(&b);
	many(&b, "/a/ ", 100);
	ok(refused(&b, "regular expressions"), "too many patterns");
	buf_clear(&b);
	buf_str(&b, "/");
	many(&b, "(", 300);
	many(&b, ")", 300);
	buf_str(&b, "/");
	ok(refused(&b, "nested"), "too deep a pattern");
	buf_clear(&b);
	buf_str(&b, "/");
	many(&b, "(a{60000}", 5);
	many(&b, "){60000}", 5);
	buf_str(&b, "/");
	ok(refused(&b, "too large"), "too large a pattern");
	buf_clear(&b);
	buf_add(&b, "\"a\0b\" \xff\xfe", 8);
	ok(query_compile(&q, buf_view(&b), now, &why, NULL) == 0, "any bytes are text");
	query_free(q);
	buf_clear(&b);
	buf_str(&b, "source.ip:\"\033[31m\xff\"");
	ok(refused(&b, "does not fit \"") || refused(&b, "\\x1b[31m\\xff"),
	   "no escape sequence comes back");
	buf_clear(&b);
	buf_str(&b, "source.ip:\"\033[2J\"");
	ok(refused(&b, "does not fit") && query_compile(&q, buf_view(&b), now, &why, NULL) < 0 &&
		   !strchr(why.line, 033),
	   "nor out of a value");
	buf_done(&b);
}

static void caret(void)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	query_caret(f, BYTES("a AND\n\tstatus:404"), 8);
	fclose(f);
	is_str(text, "  \\x09status:404\n      ^\n", "a caret under the column, in its line");
	free(text);
	f = open_memstream(&text, &n);
	query_caret(f, BYTES("abc"), 0);
	fclose(f);
	is_str(text, "", "no caret without a column");
	free(text);
}

int main(void)
{
	clock_parse(BYTES("2026-03-01T12:00:00Z"), 0, &now);
	vectors("tests/vectors/query/good.txt");
	vectors("tests/vectors/query/bad.txt");
	hostile();
	caret();
	return done_testing();
}
