/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/import/show.h"
#include "base/text.h"
#include "cmd/units.h"
#include <stdarg.h>
#include <stdio.h>

#define BAR_EVERY (USEC_PER_SEC / 5)
#define LINE_EVERY (5 * USEC_PER_SEC)
#define BAR_WIDTH 24

void show_begin(struct show *s, bool bar, bool lines)
{
	*s = (struct show){ .bar = bar, .lines = lines, .begun = clock_mono() };
	s->told = s->begun;
}

void show_file(struct show *s, const char *path)
{
	s->path = path;
}

static void bar(struct buf *b, uint64_t done, uint64_t all)
{
	unsigned part = all ? (unsigned)(done * BAR_WIDTH / all) : 0;

	if (!all)
		return;
	buf_str(b, " [");
	for (unsigned i = 0; i < BAR_WIDTH; i++)
		buf_str(b, i < part ? "#" : ".");
	buf_printf(b, "] %3u %%", (unsigned)(done * 100 / all));
}

void show_now(struct show *s, const struct import_result *r, const struct reader *reader)
{
	usec now = clock_mono();
	double seconds = (double)(now - s->begun) / (double)USEC_PER_SEC;
	struct buf b = { 0 };
	uint64_t all, done;

	if (now - s->told < (s->bar ? BAR_EVERY : LINE_EVERY))
		return;
	s->told = now;
	reader_progress(reader, &done, &all);
	buf_str(&b, s->bar ? "\r\033[K" : "");
	text_safe(&b, bytes_str(s->path), NULL);
	if (s->bar)
		bar(&b, done, all);
	else if (all)
		buf_printf(&b, ": %u %%", (unsigned)(done * 100 / all));
	buf_printf(&b, ", %llu records, ", (unsigned long long)r->records);
	units_show_about(&b, r->bytes);
	buf_printf(&b, ", %.0f records/s%s", seconds > 0 ? (double)r->records / seconds : 0.0,
		   s->bar ? "" : "\n");
	fwrite(b.at, 1, b.len, stderr);
	buf_done(&b);
}

void show_sealing(struct show *s)
{
	if (s->bar)
		fputs("\r\033[Ksealing the last blocks", stderr);
}

void show_end(struct show *s)
{
	if (s->bar)
		fputs("\r\033[K", stderr);
}

void show_line(struct show *s, const char *fmt, ...)
{
	struct buf safe = { 0 };
	char text[5000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text_safe(&safe, bytes_str(text), NULL);
	fprintf(stderr, "%s%s\n", s->bar ? "\r\033[K" : "", buf_cstr(&safe));
	buf_done(&safe);
}
