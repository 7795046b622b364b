/* SPDX-License-Identifier: Apache-2.0 */
/* A walk over the pattern that keeps runs of literal bytes:
 *   Took [2-9][0-9]\.[0-9]+ seconds to (build|spawn)
 *   → all of "Took ", " seconds to ", one of ("build", "spawn")
 * It gives up (everything may match) on whatever could change the meaning of what follows: inline
 * flags, verbs, look-arounds, references. */
#include "query/need.h"
#include "base/buf.h"
#include "query/glob.h"

#define DEPTH_MAX 30
#define PARTS_MAX 4 /* each is one search over a block; the longest are likely the rarest */
#define BRANCHES_MAX 8
#define TEXT_MIN 2

struct walk {
	struct bytes p;
	size_t at;
	struct arena *arena;
	bool nocase, lost; /* lost: not understood, all is given up */
	int depth;
};

static const struct need nothing = { .kind = NEED_NOTHING };

static struct need *need_new(struct arena *a, enum need_kind kind)
{
	struct need *n = arena_take(a, sizeof(*n));

	*n = (struct need){ .kind = kind };
	return n;
}

/* How much a need promises to leave out: the length of its shortest way to be met. */
static size_t strength(const struct need *n)
{
	size_t s = 0, least = SIZE_MAX;

	if (n->kind == NEED_TEXT)
		return n->text.len;
	for (const struct need *p = n->parts; p; p = p->next) {
		size_t v = strength(p);

		s = v > s ? v : s;
		least = v < least ? v : least;
	}
	return n->kind == NEED_ONE ? least : s;
}

/* A list of at most PARTS_MAX parts, strongest first. */
struct parts {
	struct need *at[PARTS_MAX + 1];
	int n;
};

static void parts_add(struct parts *l, struct need *n)
{
	int i = l->n;

	for (; i > 0 && strength(n) > strength(l->at[i - 1]); i--)
		l->at[i] = l->at[i - 1];
	l->at[i] = n;
	if (l->n < PARTS_MAX)
		l->n++;
}

static void parts_text(struct parts *l, struct arena *a, struct buf *run, bool nocase)
{
	if (run->len >= TEXT_MIN) {
		struct need *n = need_new(a, NEED_TEXT);

		n->nocase = nocase;
		n->text = arena_copy(a, buf_view(run));
		parts_add(l, n);
	}
	buf_clear(run);
}

static struct need *parts_done(struct parts *l, struct arena *a)
{
	struct need *all;

	if (!l->n)
		return need_new(a, NEED_NOTHING);
	if (l->n == 1)
		return l->at[0];
	all = need_new(a, NEED_ALL);
	for (int i = l->n; i-- > 0;) {
		l->at[i]->next = all->parts;
		all->parts = l->at[i];
	}
	return all;
}

static int peek(const struct walk *w, size_t ahead)
{
	return w->at + ahead < w->p.len ? w->p.at[w->at + ahead] : -1;
}

/* A quantifier, if one stands here: 1, and whether it allows none at all. */
static bool quantifier(struct walk *w, bool *ret_optional)
{
	int c = peek(w, 0);

	if (c == '{') {
		size_t i = 1;

		while (is_digit((uint8_t)peek(w, i)) && peek(w, i) >= 0)
			i++;
		if (i == 1) {
			w->lost = true; /* {,n}: newer PCRE2 reads it as a quantifier */
			return false;
		}
		*ret_optional = true;
		for (size_t k = 1; k < i; k++)
			if (peek(w, k) != '0')
				*ret_optional = false;
		while (peek(w, i) == ',' || (peek(w, i) >= 0 && is_digit((uint8_t)peek(w, i))))
			i++;
		if (peek(w, i) != '}') {
			w->lost = true;
			return false;
		}
		w->at += i + 1;
	} else if (c == '*' || c == '?' || c == '+') {
		*ret_optional = c != '+';
		w->at++;
	} else {
		return false;
	}
	if (peek(w, 0) == '+' || peek(w, 0) == '?')
		w->at++;
	return true;
}

static void skip_class(struct walk *w)
{
	w->at++;
	if (peek(w, 0) == '^')
		w->at++;
	if (peek(w, 0) == ']')
		w->at++;
	for (int c; (c = peek(w, 0)) >= 0 && c != ']'; w->at++) {
		if (c == '\\' && (peek(w, 1) == 'Q' || peek(w, 1) == 'E')) {
			w->lost = true;
			return;
		}
		if (c == '\\') {
			w->at++;
		} else if (c == '[' &&
			   (peek(w, 1) == ':' || peek(w, 1) == '.' || peek(w, 1) == '=')) {
			size_t i = 2;

			while (peek(w, i) >= 'a' && peek(w, i) <= 'z')
				i++;
			if (peek(w, i) == peek(w, 1) && peek(w, i + 1) == ']')
				w->at += i + 1;
		}
	}
	if (peek(w, 0) < 0)
		w->lost = true;
	else
		w->at++;
}

/* After a backslash: 1 a literal byte, 0 something else that is one element, -1 give up. */
static int escape(struct walk *w, uint8_t *ret)
{
	int c = peek(w, 0), hi, lo;

	if (c < 0)
		return -1;
	w->at++;
	if (!is_alnum((uint8_t)c)) {
		*ret = (uint8_t)c;
		return 1;
	}
	switch (c) {
	case 'n':
		*ret = '\n';
		return 1;
	case 't':
		*ret = '\t';
		return 1;
	case 'r':
		*ret = '\r';
		return 1;
	case 'x':
		hi = peek(w, 0) < 0 ? -1 : hex_digit((uint8_t)peek(w, 0));
		lo = peek(w, 1) < 0 ? -1 : hex_digit((uint8_t)peek(w, 1));
		if (hi < 0 || lo < 0)
			return -1;
		w->at += 2;
		*ret = (uint8_t)(hi << 4 | lo);
		return 1;
	case 'N':
		return peek(w, 0) == '{' ? -1 : 0;
	case 'd':
	case 'D':
	case 'w':
	case 'W':
	case 's':
	case 'S':
	case 'h':
	case 'H':
	case 'v':
	case 'V':
	case 'b':
	case 'B':
	case 'A':
	case 'z':
	case 'Z':
	case 'R':
		return 0;
	default:
		return -1;
	}
}

static struct need *alternatives(struct walk *w);

/* "(" stands here; what the group needs, NULL when it needs nothing. */
static struct need *group(struct walk *w)
{
	struct need *n;
	bool optional;

	w->at++;
	if (peek(w, 0) == '*' || (peek(w, 0) == '?' && peek(w, 1) != ':') ||
	    w->depth >= DEPTH_MAX) {
		w->lost = true;
		return NULL;
	}
	if (peek(w, 0) == '?')
		w->at += 2;
	w->depth++;
	n = alternatives(w);
	w->depth--;
	if (w->lost || peek(w, 0) != ')') {
		w->lost = true;
		return NULL;
	}
	w->at++;
	if (quantifier(w, &optional) && optional)
		return NULL;
	return n->kind == NEED_NOTHING ? NULL : n;
}

static struct need *sequence(struct walk *w)
{
	struct parts parts = { .n = 0 };
	struct buf run = { 0 };

	while (!w->lost) {
		int c = peek(w, 0), literal = 0;
		bool optional = false;
		uint8_t byte = 0;

		if (c < 0 || c == '|' || c == ')')
			break;
		if (c == '(') {
			struct need *n;

			parts_text(&parts, w->arena, &run, w->nocase);
			n = group(w);
			if (n)
				parts_add(&parts, n);
			continue;
		}
		if (c == '[') {
			skip_class(w);
		} else if (c == '\\') {
			w->at++;
			literal = escape(w, &byte);
			w->lost |= literal < 0;
		} else {
			w->at++;
			byte = (uint8_t)c;
			literal = c != '.' && c != '^' && c != '$';
		}
		if (quantifier(w, &optional)) {
			if (literal == 1 && !optional)
				buf_u8(&run, byte);
			parts_text(&parts, w->arena, &run, w->nocase);
		} else if (literal == 1) {
			buf_u8(&run, byte);
		} else {
			parts_text(&parts, w->arena, &run, w->nocase);
		}
	}
	parts_text(&parts, w->arena, &run, w->nocase);
	buf_done(&run);
	return parts_done(&parts, w->arena);
}

static struct need *alternatives(struct walk *w)
{
	struct need *first = sequence(w), *one, **last;
	int n = 1;
	bool open = first->kind == NEED_NOTHING;

	if (peek(w, 0) != '|')
		return first;
	one = need_new(w->arena, NEED_ONE);
	one->parts = first;
	last = &first->next;
	for (; !w->lost && peek(w, 0) == '|'; n++) {
		w->at++;
		*last = sequence(w);
		open |= (*last)->kind == NEED_NOTHING;
		last = &(*last)->next;
	}
	if (open || n > BRANCHES_MAX)
		return need_new(w->arena, NEED_NOTHING);
	return one;
}

const struct need *need_of_regex(struct arena *a, struct bytes pattern, bool nocase)
{
	struct walk w = { .p = pattern, .arena = a, .nocase = nocase };
	struct need *n = alternatives(&w);

	return w.lost || w.at < pattern.len ? &nothing : n;
}

const struct need *need_of_glob(struct arena *a, struct bytes pattern)
{
	struct parts parts = { .n = 0 };
	struct bytes run;
	size_t at = 0;

	while (glob_run(pattern, &at, &run)) {
		struct need *n = need_new(a, NEED_TEXT);
		uint8_t *text = arena_take(a, run.len);

		n->text = bytes_of(text, glob_unescape(run, text));
		if (n->text.len >= TEXT_MIN)
			parts_add(&parts, n);
	}
	return parts_done(&parts, a);
}
