/* SPDX-License-Identifier: Apache-2.0 */
#include "query/syntax.h"

int lex_peek(const struct syntax *s, size_t ahead)
{
	return s->text.len - s->at > ahead ? s->text.at[s->at + ahead] : -1;
}

static bool blank(int c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void lex_blanks(struct syntax *s)
{
	while (blank(lex_peek(s, 0)))
		s->at++;
}

bool lex_takes(struct syntax *s, const char *word)
{
	if (!bytes_starts(bytes_from(s->text, s->at), bytes_str(word)))
		return false;
	s->at += strlen(word);
	return true;
}

bool lex_boundary(const struct syntax *s, size_t ahead)
{
	int c = lex_peek(s, ahead);

	return c < 0 || blank(c) || c == '(' || c == ')' || c == '|';
}

/* Letters, digits, _ . @ - and wildcards, beginning with none of the digits and dots, so that
 * 10:20:30 is no field. */
size_t lex_name(const struct syntax *s)
{
	size_t n = 0;

	for (int c; (c = lex_peek(s, n)) >= 0; n++) {
		bool letter = is_alnum((uint8_t)c) || c == '_' || c == '@' || c == '*';

		if (!letter && (!n || (c != '.' && c != '-')))
			break;
		if (!n && is_digit((uint8_t)c))
			break;
	}
	return n;
}

static bool word_ends(int c, enum lex_mode mode)
{
	if (c < 0 || blank(c) || c == ')' || c == '|')
		return true;
	if (mode == LEX_BOUND)
		return c == ']' || c == '}';
	return mode == LEX_ARG && (c == ',' || c == '(');
}

/* ~2 and ^3 at the end of a word are Lucene's fuzziness and boost: to search for them as text would
 * be a quiet surprise. */
static int lex_suffix(struct syntax *s, const struct word *w, size_t end)
{
	size_t i = end;

	while (i > w->at && (is_digit(s->text.at[i - 1]) || s->text.at[i - 1] == '.'))
		i--;
	if (i <= w->at + 1 || s->text.at[i - 2] == '\\')
		return 0;
	if (s->text.at[i - 1] == '~')
		return syntax_error(s, i - 1,
				    "fuzzy search (~) is not known here; /text/i ignores case; for "
				    "the character itself write \\~");
	if (s->text.at[i - 1] == '^' && i < end)
		return syntax_error(s, i - 1,
				    "boosting (^) has no meaning here, as nothing is ranked; for "
				    "the character itself write \\^");
	return 0;
}

int lex_word(struct syntax *s, enum lex_mode mode, struct word *ret)
{
	struct buf text = { 0 }, glob = { 0 };
	struct word w = { .at = s->at };
	int r = 0, c;

	for (; !r && !word_ends(c = lex_peek(s, 0), mode); s->at++) {
		if (c == '"' || c == '(') {
			r = syntax_error(s, s->at,
					 "a %s inside a word: put the whole text in quotes, or a "
					 "blank before it, or write \\%c",
					 c == '"' ? "quote" : "bracket", c);
			break;
		}
		if (c == '\\') {
			c = lex_peek(s, 1);
			if (c < 0) {
				r = syntax_error(s, s->at,
						 "a backslash at the end: write \\\\ for the "
						 "character itself");
				break;
			}
			s->at++;
			buf_u8(&glob, '\\');
		} else if (c == '*' || c == '?') {
			w.wild = true;
		}
		buf_u8(&text, (uint8_t)c);
		buf_u8(&glob, (uint8_t)c);
	}
	if (!r && mode != LEX_ARG)
		r = lex_suffix(s, &w, s->at);
	w.text = arena_copy(&s->q->arena, buf_view(&text));
	w.glob = arena_copy(&s->q->arena, buf_view(&glob));
	buf_done(&text);
	buf_done(&glob);
	if (!r)
		*ret = w;
	return r;
}

static bool phrase_escape(struct syntax *s, struct buf *text)
{
	int c = lex_peek(s, 1), hi, lo;

	s->at += 2;
	switch (c) {
	case 'n':
		c = '\n';
		break;
	case 't':
		c = '\t';
		break;
	case 'r':
		c = '\r';
		break;
	case 'x':
		hi = lex_peek(s, 0) < 0 ? -1 : hex_digit((uint8_t)lex_peek(s, 0));
		lo = lex_peek(s, 1) < 0 ? -1 : hex_digit((uint8_t)lex_peek(s, 1));
		if (hi < 0 || lo < 0)
			return false;
		s->at += 2;
		c = hi << 4 | lo;
		break;
	default:
		break;
	}
	buf_u8(text, (uint8_t)c);
	return true;
}

int lex_phrase(struct syntax *s, struct word *ret)
{
	struct word w = { .at = s->at, .quoted = true };
	struct buf text = { 0 };
	int r = 0, c;

	s->at++;
	while (!r && (c = lex_peek(s, 0)) >= 0 && c != '"') {
		if (c == '\\' && lex_peek(s, 1) >= 0) {
			if (!phrase_escape(s, &text))
				r = syntax_error(s, s->at - 2,
						 "\\x needs two hexadecimal digits after it");
		} else {
			buf_u8(&text, (uint8_t)c);
			s->at++;
		}
	}
	if (!r && lex_peek(s, 0) < 0)
		r = syntax_error(s, w.at, "the quote that opens here is never closed");
	s->at++;
	if (!r && lex_peek(s, 0) == '~')
		r = syntax_error(s, s->at, "proximity search (~) is not known here");
	w.text = arena_copy(&s->q->arena, buf_view(&text));
	buf_done(&text);
	if (!r)
		*ret = w;
	return r;
}

/* The regex ends at the first / that flags and the end of a term follow, so that a / inside needs
 * no backslash in most cases. */
int lex_regex(struct syntax *s, struct word *ret)
{
	struct word w = { .at = s->at, .regex = true };
	size_t i = 1, f = 0;

	for (;; i++) {
		int c = lex_peek(s, i);

		if (c < 0)
			return syntax_error(s, w.at,
					    "a regular expression opens with this / and is never "
					    "closed; for the text itself put it in quotes");
		if (c == '\\') {
			i++;
			continue;
		}
		if (c != '/')
			continue;
		for (f = i + 1; lex_peek(s, f) >= 'a' && lex_peek(s, f) <= 'z'; f++)
			;
		if (lex_boundary(s, f) && f - i <= 4)
			break;
	}
	w.text = bytes_sub(s->text, s->at + 1, i - 1);
	w.flags = bytes_sub(s->text, s->at + i + 1, f - i - 1);
	for (size_t k = 0; k < w.flags.len; k++)
		if (w.flags.at[k] != 'i' && w.flags.at[k] != 'm' && w.flags.at[k] != 's')
			return syntax_error(s, s->at + i + 1 + k,
					    "the flags of a regular expression are i (case), m (^ "
					    "and $ at lines), s (. is also a newline)");
	if (!w.text.len)
		return syntax_error(s, w.at, "an empty regular expression");
	s->at += f;
	*ret = w;
	return 0;
}
