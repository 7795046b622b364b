/* SPDX-License-Identifier: Apache-2.0 */
#include "query/glob.h"

/* One byte of text against the element of the pattern at *p; moves *p past the element. */
static bool one(struct bytes pattern, size_t *p, uint8_t c)
{
	uint8_t e = pattern.at[*p];

	if (e == '\\' && *p + 1 < pattern.len)
		e = pattern.at[++*p];
	else if (e == '?')
		e = c;
	++*p;
	return e == c;
}

/* The usual two-pointer walk: only the last star is ever taken back, which is enough since an
 * earlier one could only match less. `open_end`: the text may go on after the match. */
static bool walk(struct bytes pattern, struct bytes text, bool open_start, bool open_end)
{
	size_t p = 0, t = 0, star_p = 0, star_t = 0;
	bool star = open_start;

	for (;;) {
		if (p == pattern.len && (open_end || t == text.len))
			return true;
		if (p < pattern.len && pattern.at[p] == '*') {
			star = true;
			star_p = ++p;
			star_t = t;
			continue;
		}
		if (p < pattern.len && t < text.len && one(pattern, &p, text.at[t])) {
			t++;
			continue;
		}
		if (!star || star_t >= text.len)
			return false;
		p = star_p;
		t = ++star_t;
	}
}

bool glob_match(struct bytes pattern, struct bytes text)
{
	return walk(pattern, text, false, false);
}

bool glob_find(struct bytes pattern, struct bytes text)
{
	return walk(pattern, text, true, true);
}

bool glob_run(struct bytes pattern, size_t *at, struct bytes *ret)
{
	size_t i = *at, start;

	while (i < pattern.len && (pattern.at[i] == '*' || pattern.at[i] == '?'))
		i++;
	for (start = i; i < pattern.len && pattern.at[i] != '*' && pattern.at[i] != '?'; i++)
		if (pattern.at[i] == '\\' && i + 1 < pattern.len)
			i++;
	*at = i;
	*ret = bytes_sub(pattern, start, i - start);
	return i > start;
}

size_t glob_unescape(struct bytes run, uint8_t *to)
{
	size_t n = 0;

	for (size_t i = 0; i < run.len; i++) {
		if (run.at[i] == '\\' && i + 1 < run.len)
			i++;
		to[n++] = run.at[i];
	}
	return n;
}
