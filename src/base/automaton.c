/* SPDX-License-Identifier: Apache-2.0 */
/* pattern → tree → nodes (Thompson) → states, each a set of nodes, made when first met.
 *
 * A state holds the nodes that wait for a byte *before* their closure, and what the byte before
 * was:
 * ^, $ and \b are decided while the next byte (or the end) is looked at. Bytes that no set of the
 * pattern tells apart are one class. The end of the text is a class of its own, and so is a newline
 * that is the last byte: $ holds in front of it. */
#include "base/automaton.h"
#include "base/arena.h"
#include "base/buf.h"
#include <stdlib.h>

#define NODES_MAX 2000u
#define DEPTH_MAX 40
#define REPEAT_MAX 200u

struct set {
	uint64_t bit[4];
};

enum part_kind { PART_EMPTY, PART_SET, PART_THEN, PART_OR, PART_REPEAT, PART_ASSERT };

/* ASSERT_LAST is $ without m, and \Z: at the end or in front of a newline that is the last byte. */
enum assertion {
	ASSERT_BEGIN,
	ASSERT_LINE,
	ASSERT_LINE_END,
	ASSERT_LAST,
	ASSERT_END,
	ASSERT_WORD,
	ASSERT_NO_WORD
};

struct part {
	enum part_kind kind;
	enum assertion assertion;
	struct set set;
	unsigned min, max; /* REPEAT; max UINT32_MAX: without end */
	struct part *a, *b;
};

enum node_kind { NODE_SET, NODE_SPLIT, NODE_ASSERT, NODE_FOUND };

struct node {
	uint8_t kind, assertion;
	uint16_t a, b; /* next ones */
	struct set set;
};

#define CLASS_END 0u /* of the text */
#define CLASS_LAST 1u /* a newline that is the last byte */

struct automaton {
	struct node *node;
	uint32_t n, start;
	uint16_t class_of[256]; /* 2 … */
	uint8_t sample[258]; /* a byte of the class */
	uint32_t classes;
	bool begins, lines,
		words; /* which assertions there are: what the byte before matters for */
};

/* ---- the pattern ---- */

struct reading {
	struct bytes p;
	size_t at;
	struct arena arena;
	bool nocase, lines, dot_all, bad;
	int depth;
};

static void set_add(struct set *s, unsigned c)
{
	s->bit[c / 64] |= 1ull << (c & 63);
}

static bool set_has(const struct set *s, unsigned c)
{
	return s->bit[c / 64] >> (c & 63) & 1;
}

static void set_span(struct set *s, unsigned from, unsigned to)
{
	for (unsigned c = from; c <= to; c++)
		set_add(s, c);
}

static void set_not(struct set *s)
{
	for (int i = 0; i < 4; i++)
		s->bit[i] = ~s->bit[i];
}

static void set_or(struct set *s, const struct set *o)
{
	for (int i = 0; i < 4; i++)
		s->bit[i] |= o->bit[i];
}

static void set_fold(struct set *s) /* both cases of every letter */
{
	for (unsigned c = 'a'; c <= 'z'; c++) {
		if (set_has(s, c) || set_has(s, c - 32)) {
			set_add(s, c);
			set_add(s, c - 32);
		}
	}
}

static struct part *part_new(struct reading *r, enum part_kind kind)
{
	struct part *p = arena_take(&r->arena, sizeof(*p));

	*p = (struct part){ .kind = kind };
	return p;
}

static int peek(const struct reading *r, size_t ahead)
{
	return r->at + ahead < r->p.len ? r->p.at[r->at + ahead] : -1;
}

static bool is_word(unsigned c)
{
	return c < 256 && (is_alnum((uint8_t)c) || c == '_');
}

/* \d and its like; false: another letter. */
static bool set_of_letter(int c, struct set *ret)
{
	struct set s = { { 0 } };

	switch (c | 32) {
	case 'd':
		set_span(&s, '0', '9');
		break;
	case 'w':
		for (unsigned k = 0; k < 256; k++)
			if (is_word(k))
				set_add(&s, k);
		break;
	case 's':
		set_span(&s, 9, 13);
		set_add(&s, ' ');
		break;
	case 'h':
		set_add(&s, '\t');
		set_add(&s, ' ');
		set_add(&s, 0xa0);
		break;
	case 'v':
		set_span(&s, 10, 13);
		set_add(&s, 0x85);
		break;
	default:
		return false;
	}
	if (c < 'a')
		set_not(&s);
	set_or(ret, &s);
	return true;
}

/* A byte behind a backslash: 0 … 255, or -1 for what is no single byte (nothing is taken then). */
static int escaped_byte(struct reading *r)
{
	int c = peek(r, 0), hi, lo;

	if (c < 0)
		return -1;
	if (!is_alnum((uint8_t)c)) {
		r->at++;
		return c;
	}
	if (c == 'x') {
		hi = peek(r, 1) < 0 ? -1 : hex_digit((uint8_t)peek(r, 1));
		lo = peek(r, 2) < 0 ? -1 : hex_digit((uint8_t)peek(r, 2));
		if (hi < 0 || lo < 0)
			return -1;
		r->at += 3;
		return hi << 4 | lo;
	}
	if (c != 'n' && c != 't' && c != 'r')
		return -1;
	r->at++;
	return c == 'n' ? '\n' : c == 't' ? '\t' : '\r';
}

static struct part *bad(struct reading *r)
{
	r->bad = true;
	return part_new(r, PART_EMPTY);
}

static struct part *one_set(struct reading *r, struct set s)
{
	struct part *p = part_new(r, PART_SET);

	p->set = s;
	return p;
}

static struct part *one_byte(struct reading *r, int c)
{
	struct set s = { { 0 } };

	set_add(&s, (unsigned)c);
	if (r->nocase)
		set_fold(&s);
	return one_set(r, s);
}

static struct part *assertion(struct reading *r, enum assertion a)
{
	struct part *p = part_new(r, PART_ASSERT);
	int c = peek(r, 0);

	p->assertion = a;
	if (c == '*' || c == '+' || c == '?' || c == '{')
		r->bad = true;
	return p;
}

static struct part *escape(struct reading *r)
{
	struct set s = { { 0 } };
	int c = peek(r, 0), byte = escaped_byte(r);

	if (byte >= 0)
		return one_byte(r, byte);
	if (c < 0)
		return bad(r);
	r->at++;
	if (set_of_letter(c, &s))
		return one_set(r, s);
	switch (c) {
	case 'N':
		if (peek(r, 0) == '{')
			return bad(r);
		set_add(&s, '\n');
		set_not(&s);
		return one_set(r, s);
	case 'A':
		return assertion(r, ASSERT_BEGIN);
	case 'z':
		return assertion(r, ASSERT_END);
	case 'Z':
		return assertion(r, ASSERT_LAST);
	case 'b':
		return assertion(r, ASSERT_WORD);
	case 'B':
		return assertion(r, ASSERT_NO_WORD);
	default:
		return bad(r);
	}
}

/* "[:alpha:]" inside a class stands here. */
static void posix_class(struct reading *r, struct set *to)
{
	static const struct {
		const char *name;
		const char *spans; /* pairs */
	} known[] = { { "alpha", "AZaz" },    { "digit", "09" },       { "alnum", "09AZaz" },
		      { "upper", "AZ" },      { "lower", "az" },       { "space", "\t\r  " },
		      { "blank", "\t\t  " },  { "punct", "!/:@[`{~" }, { "xdigit", "09AFaf" },
		      { "word", "09AZaz__" }, { "graph", "!~" },       { "print", " ~" } };
	size_t end = r->at + 2;
	struct set s = { { 0 } };
	bool not = end < r->p.len && r->p.at[end] == '^';
	struct bytes name;

	end += not ;
	name = bytes_from(r->p, end);
	name = bytes_sub(name, 0, bytes_chr(name, ':'));
	r->at = end + name.len + 2;
	if (r->at > r->p.len || r->p.at[r->at - 1] != ']') {
		r->bad = true;
		return;
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!bytes_eq(name, bytes_str(known[i].name)))
			continue;
		for (const char *p = known[i].spans; *p; p += 2)
			set_span(&s, (uint8_t)p[0], (uint8_t)p[1]);
		if (r->nocase)
			set_fold(&s);
		if (not )
			set_not(&s);
		set_or(to, &s);
		return;
	}
	r->bad = true;
}

static struct part *class(struct reading *r)
{
	struct set s = { { 0 } };
	bool not = peek(r, 0) == '^', first = true;

	r->at += not ;
	for (int c; (c = peek(r, 0)) != ']' || first; first = false) {
		int from = c, to;

		if (c < 0)
			return bad(r);
		if (c == '[' && (peek(r, 1) == ':' || peek(r, 1) == '.' || peek(r, 1) == '=')) {
			if (peek(r, 1) != ':')
				return bad(r);
			posix_class(r, &s);
			if (r->bad || peek(r, 0) == '-')
				return bad(r);
			continue;
		}
		r->at++;
		if (c == '\\') {
			from = escaped_byte(r);
			if (from < 0 && (peek(r, 0) < 0 || !set_of_letter(peek(r, 0), &s)))
				return bad(r);
			if (from < 0) {
				r->at++;
				if (peek(r, 0) == '-' && peek(r, 1) != ']')
					return bad(r);
				continue;
			}
		}
		to = from;
		if (peek(r, 0) == '-' && peek(r, 1) != ']') {
			r->at++;
			to = peek(r, 0);
			if (to < 0 || to == '[')
				return bad(r);
			r->at++;
			if (to == '\\')
				to = escaped_byte(r);
			if (to < from)
				return bad(r);
		}
		set_span(&s, (unsigned)from, (unsigned)to);
	}
	r->at++;
	if (r->nocase)
		set_fold(&s);
	if (not )
		set_not(&s);
	return one_set(r, s);
}

static struct part *alternatives(struct reading *r);

static struct part *group(struct reading *r)
{
	struct part *p;

	if (peek(r, 0) == '*' || (peek(r, 0) == '?' && peek(r, 1) != ':') || ++r->depth > DEPTH_MAX)
		return bad(r);
	if (peek(r, 0) == '?')
		r->at += 2;
	p = alternatives(r);
	if (peek(r, 0) != ')')
		return bad(r);
	r->at++;
	r->depth--;
	return p;
}

static struct part *atom(struct reading *r)
{
	struct set s = { { 0 } };
	int c = peek(r, 0);

	r->at++;
	switch (c) {
	case '(':
		return group(r);
	case '[':
		return class(r);
	case '\\':
		return escape(r);
	case '.':
		if (!r->dot_all)
			set_add(&s, '\n');
		set_not(&s);
		return one_set(r, s);
	case '^':
		return assertion(r, r->lines ? ASSERT_LINE : ASSERT_BEGIN);
	case '$':
		return assertion(r, r->lines ? ASSERT_LINE_END : ASSERT_LAST);
	case '*':
	case '+':
	case '?':
	case '{': /* a literal to PCRE2 where it is no quantifier */
		return bad(r);
	default:
		return one_byte(r, c);
	}
}

static unsigned repeat_number(struct reading *r, unsigned none)
{
	unsigned v = 0;

	if (peek(r, 0) < 0 || !is_digit((uint8_t)peek(r, 0)))
		return none;
	for (; peek(r, 0) >= 0 && is_digit((uint8_t)peek(r, 0)) && v <= REPEAT_MAX; r->at++)
		v = v * 10 + (unsigned)(peek(r, 0) - '0');
	if (v > REPEAT_MAX)
		r->bad = true;
	return v;
}

static struct part *repeated(struct reading *r, struct part *p)
{
	struct part *rep;
	int c = peek(r, 0);

	if (c != '*' && c != '+' && c != '?' && c != '{')
		return p;
	rep = part_new(r, PART_REPEAT);
	rep->a = p;
	r->at++;
	if (c == '{') {
		if (peek(r, 0) < 0 || !is_digit((uint8_t)peek(r, 0)))
			return bad(r);
		rep->min = rep->max = repeat_number(r, 0);
		if (peek(r, 0) == ',') {
			r->at++;
			rep->max = repeat_number(r, UINT32_MAX);
		}
		if (peek(r, 0) != '}' || rep->max < rep->min)
			return bad(r);
		r->at++;
	} else {
		rep->min = c == '+';
		rep->max = c == '?' ? 1 : UINT32_MAX;
	}
	if (peek(r, 0) == '?')
		r->at++; /* as few as possible: found all the same */
	c = peek(r, 0);
	if (c == '*' || c == '+' || c == '?' || c == '{')
		return bad(r);
	return rep;
}

static struct part *alternatives(struct reading *r)
{
	struct part *all = NULL, *run = part_new(r, PART_EMPTY);

	for (;;) {
		int c = peek(r, 0);

		if (c < 0 || c == ')' || c == '|' || r->bad) {
			struct part * or = all ? part_new(r, PART_OR) : run;

			if (all) {
				or->a = all;
				or->b = run;
			}
			all = or ;
			if (c != '|' || r->bad)
				return all;
			r->at++;
			run = part_new(r, PART_EMPTY);
		} else {
			struct part *then = part_new(r, PART_THEN);

			then->a = run;
			then->b = repeated(r, atom(r));
			run = then;
		}
	}
}

/* ---- nodes, from the last to the first ---- */

static uint32_t add(struct automaton *a, struct node n)
{
	if (a->n >= NODES_MAX)
		return NODES_MAX; /* the caller looks at a->n in the end */
	a->node[a->n] = n;
	return a->n++;
}

static uint32_t emit(struct automaton *a, const struct part *p, uint32_t next)
{
	uint32_t at, split;

	if (a->n >= NODES_MAX)
		return next;
	switch (p->kind) {
	case PART_EMPTY:
		return next;
	case PART_SET:
		return add(a, (struct node){ NODE_SET, 0, (uint16_t)next, 0, p->set });
	case PART_ASSERT:
		a->begins |= p->assertion == ASSERT_BEGIN;
		a->lines |= p->assertion == ASSERT_LINE;
		a->words |= p->assertion == ASSERT_WORD || p->assertion == ASSERT_NO_WORD;
		return add(a, (struct node){ .kind = NODE_ASSERT,
					     .assertion = (uint8_t)p->assertion,
					     .a = (uint16_t)next });
	case PART_THEN:
		return emit(a, p->a, emit(a, p->b, next));
	case PART_OR:
		at = emit(a, p->a, next);
		split = emit(a, p->b, next);
		return add(a, (struct node){ .kind = NODE_SPLIT,
					     .a = (uint16_t)at,
					     .b = (uint16_t)split });
	case PART_REPEAT:
		at = next;
		if (p->max == UINT32_MAX) {
			split = add(a, (struct node){ .kind = NODE_SPLIT, .b = (uint16_t)next });
			at = emit(a, p->a, split);
			if (split < NODES_MAX)
				a->node[split].a = (uint16_t)at;
			at = split;
		}
		for (unsigned i = p->min; i < p->max && p->max != UINT32_MAX; i++) {
			at = emit(a, p->a, at);
			at = add(a, (struct node){ .kind = NODE_SPLIT,
						   .a = (uint16_t)at,
						   .b = (uint16_t)next });
		}
		for (unsigned i = 0; i < p->min; i++)
			at = emit(a, p->a, at);
		return at;
	}
	return next;
}

/* Bytes that no set tells apart; newline and word bytes are told apart by the assertions. */
static void make_classes(struct automaton *a)
{
	uint64_t sign[256];

	for (unsigned c = 0; c < 256; c++) {
		sign[c] = (uint64_t)(c == '\n') + 2 * (uint64_t)is_word(c);
		for (uint32_t i = 0; i < a->n; i++)
			if (a->node[i].kind == NODE_SET)
				sign[c] = (sign[c] ^ set_has(&a->node[i].set, c)) *
						  0x9e3779b97f4a7c15ull +
					  (sign[c] >> 29);
	}
	a->classes = CLASS_LAST + 1;
	a->sample[CLASS_LAST] = '\n';
	for (unsigned c = 0; c < 256; c++) {
		unsigned k = 0;

		while (k < c && sign[k] != sign[c])
			k++;
		if (k == c) {
			a->sample[a->classes] = (uint8_t)c;
			a->class_of[c] = (uint16_t)a->classes++;
		} else {
			a->class_of[c] = a->class_of[k];
		}
	}
	/* Two signs that are the same by chance would be a wrong answer: nothing is left to chance.
	 */
	for (unsigned c = 0; c < 256; c++) {
		unsigned k = a->sample[a->class_of[c]];
		bool same = is_word(c) == is_word(k) && (c == '\n') == (k == '\n');

		for (uint32_t i = 0; i < a->n && same; i++)
			same = a->node[i].kind != NODE_SET ||
			       set_has(&a->node[i].set, c) == set_has(&a->node[i].set, k);
		if (!same) {
			a->sample[a->classes] = (uint8_t)c;
			a->class_of[c] = (uint16_t)a->classes++;
		}
	}
}

bool automaton_new(struct automaton **ret, struct bytes pattern, struct bytes flags)
{
	struct reading r = { .p = pattern };
	struct automaton *a = NULL;
	struct part *all;

	for (size_t i = 0; i < flags.len; i++) {
		r.nocase |= flags.at[i] == 'i';
		r.lines |= flags.at[i] == 'm';
		r.dot_all |= flags.at[i] == 's';
	}
	all = alternatives(&r);
	if (!r.bad && r.at == pattern.len) {
		a = mem_new(1, sizeof(*a));
		a->node = mem_new(NODES_MAX, sizeof(*a->node));
		a->start = emit(a, all, add(a, (struct node){ .kind = NODE_FOUND }));
		if (a->n >= NODES_MAX)
			a = automaton_free(a);
		else
			make_classes(a);
	}
	arena_done(&r.arena);
	if (!a)
		return false;
	*ret = a;
	return true;
}

struct automaton *automaton_free(struct automaton *a)
{
	if (!a)
		return NULL;
	free(a->node);
	free(a);
	return NULL;
}

/* ---- states ---- */

enum before { BEFORE_START, BEFORE_WORD, BEFORE_LINE, BEFORE_OTHER };

struct state {
	uint16_t *node; /* ascending, before their closure; the start is always among them */
	uint16_t n;
	uint8_t before;
};

struct walker {
	const struct automaton *a;
	struct arena arena;
	struct state state[WALKER_STATES];
	uint32_t n;
	unsigned shift; /* of a state's row in next */
	uint16_t *next; /* by state and class: 1 + state; 0: not known yet */
	uint8_t *mark; /* by node, while one step is made */
	uint16_t *stack;
	uint32_t idle; /* the state of bytes that begin nothing; 0: not known */
	bool begins[256]; /* bytes that lead out of it */
	uint8_t only; /* with one_begins: the only such byte */
	bool one_begins;
};

static uint32_t state_of(struct walker *w, const uint16_t *node, uint32_t n, enum before before)
{
	struct state *s;

	if ((before == BEFORE_START && !w->a->begins && !w->a->lines) ||
	    (before == BEFORE_LINE && !w->a->lines) || (before == BEFORE_WORD && !w->a->words))
		before = BEFORE_OTHER;
	for (uint32_t i = STATE_START; i < w->n; i++) {
		s = &w->state[i];
		if (s->n == n && s->before == before &&
		    (!n || !memcmp(s->node, node, n * sizeof(*node))))
			return i;
	}
	if (w->n == WALKER_STATES)
		return STATE_LOST;
	s = &w->state[w->n];
	s->node = arena_take(&w->arena, (n + 1) * sizeof(*node));
	if (n)
		memcpy(s->node, node, n * sizeof(*node));
	s->n = (uint16_t)n;
	s->before = (uint8_t)before;
	return w->n++;
}

struct walker *walker_new(const struct automaton *a)
{
	struct walker *w = mem_new(1, sizeof(*w));
	uint16_t start = (uint16_t)a->start;

	w->a = a;
	w->n = STATE_START;
	while (1u << w->shift < a->classes)
		w->shift++;
	w->next = mem_new((size_t)WALKER_STATES << w->shift, sizeof(*w->next));
	w->mark = mem_new(a->n, 1);
	w->stack = mem_new(3 * (size_t)a->n + 1, sizeof(*w->stack));
	for (uint32_t c = 0; c < a->classes; c++) {
		w->next[((size_t)STATE_FOUND << w->shift) + c] = 1 + STATE_FOUND;
		w->next[((size_t)STATE_LOST << w->shift) + c] = 1 + STATE_LOST;
	}
	state_of(w, &start, 1, BEFORE_START);
	return w;
}

struct walker *walker_free(struct walker *w)
{
	if (!w)
		return NULL;
	arena_done(&w->arena);
	free(w->next);
	free(w->mark);
	free(w->stack);
	free(w);
	return NULL;
}

static bool holds(enum assertion x, enum before before, uint32_t class, uint8_t byte)
{
	bool word = class != CLASS_END && is_word(byte);

	switch (x) {
	case ASSERT_BEGIN:
		return before == BEFORE_START;
	case ASSERT_LINE: /* not behind a newline that ends the text: as PCRE2 has it */
		return before == BEFORE_START || (before == BEFORE_LINE && class != CLASS_END);
	case ASSERT_LINE_END:
		return class == CLASS_END || byte == '\n';
	case ASSERT_LAST:
		return class == CLASS_END || class == CLASS_LAST;
	case ASSERT_END:
		return class == CLASS_END;
	case ASSERT_WORD:
		return (before == BEFORE_WORD) != word;
	case ASSERT_NO_WORD:
		return (before == BEFORE_WORD) == word;
	}
	return false;
}

/* One step that is not known yet. */
static uint32_t make_step(struct walker *w, uint32_t from, uint32_t class)
{
	const struct automaton *a = w->a;
	const struct state *s = &w->state[from];
	uint16_t out[NODES_MAX];
	uint32_t top = 0, n = 0;
	uint8_t byte = a->sample[class];

	memset(w->mark, 0, a->n);
	for (uint32_t i = 0; i < s->n; i++)
		w->stack[top++] = s->node[i];
	while (top) {
		uint16_t at = w->stack[--top];
		const struct node *x = &a->node[at];

		if (w->mark[at] & 1)
			continue;
		w->mark[at] |= 1;
		if (x->kind == NODE_FOUND)
			return STATE_FOUND;
		if (x->kind == NODE_SPLIT) {
			w->stack[top++] = x->b;
			w->stack[top++] = x->a;
		} else if (x->kind == NODE_ASSERT) {
			if (holds(x->assertion, s->before, class, byte))
				w->stack[top++] = x->a;
		} else if (class != CLASS_END && set_has(&x->set, byte)) {
			w->mark[x->a] |= 2;
		}
	}
	w->mark[a->start] |= 2; /* a match may begin at every byte */
	for (uint32_t i = 0; i < a->n; i++)
		if (w->mark[i] & 2)
			out[n++] = (uint16_t)i;
	return state_of(w, out, n,
			is_word(byte)  ? BEFORE_WORD
			: byte == '\n' ? BEFORE_LINE
				       : BEFORE_OTHER);
}

static inline uint32_t step(struct walker *w, uint32_t s, uint32_t class)
{
	uint16_t *next = &w->next[((size_t)s << w->shift) + class];

	if (__builtin_expect(!*next, 0))
		*next = (uint16_t)(1 + make_step(w, s, class));
	return *next - 1u;
}

/* Most bytes begin nothing: they are passed over by a search for one that does. */
static void learn_idle(struct walker *w)
{
	uint32_t idle = step(w, step(w, STATE_START, w->a->class_of[' ']), w->a->class_of[' ']);
	unsigned out = 0;

	w->idle = idle;
	if (idle <= STATE_LOST)
		return;
	for (unsigned c = 0; c < 256; c++) {
		w->begins[c] = step(w, idle, w->a->class_of[c]) != idle;
		out += w->begins[c];
		if (w->begins[c])
			w->only = (uint8_t)c;
	}
	w->one_begins = out == 1;
}

static const uint8_t *pass_idle(const struct walker *w, const uint8_t *p, const uint8_t *end)
{
	if (w->one_begins) {
		p = memchr(p, w->only, (size_t)(end - p));
		return p ? p : end;
	}
	while (end - p >= 4) {
		if (w->begins[p[0]])
			return p;
		if (w->begins[p[1]])
			return p + 1;
		if (w->begins[p[2]])
			return p + 2;
		if (w->begins[p[3]])
			return p + 3;
		p += 4;
	}
	while (p < end && !w->begins[*p])
		p++;
	return p;
}

uint32_t walker_step(struct walker *w, uint32_t s, struct bytes text)
{
	const uint8_t *p = text.at, *end = text.at + text.len;
	const uint16_t *class_of = w->a->class_of, *next = w->next;
	unsigned shift = w->shift;

	if (!w->idle)
		learn_idle(w);
	while (p < end && s > STATE_LOST) {
		if (s == w->idle) {
			p = pass_idle(w, p, end);
			if (p == end)
				return s;
		}
		do { /* the hot loop: a load waits for the one before, and for nothing else */
			uint32_t known = next[((size_t)s << shift) + class_of[*p]];

			s = __builtin_expect(known != 0, 1) ? known - 1 : step(w, s, class_of[*p]);
			p++;
		} while (p < end && s > STATE_LOST && s != w->idle);
	}
	return s;
}

uint32_t walker_end(struct walker *w, uint32_t s, struct bytes text)
{
	if (text.len && text.at[text.len - 1] == '\n') {
		s = walker_step(w, s, bytes_sub(text, 0, text.len - 1));
		s = step(w, s, CLASS_LAST);
	} else {
		s = walker_step(w, s, text);
	}
	return step(w, s, CLASS_END);
}
