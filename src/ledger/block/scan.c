/* SPDX-License-Identifier: Apache-2.0 */
/* A variant is walked once for all of its rows, with sets of states: a literal leads each state to
 * one, a variable to all that any text of its type could lead to. What comes out at the end tells
 * of most variants that no row is found, or every one. For the others it tells, for each state in
 * front of a variable, whether the value matters at all: only those values are rendered, row by
 * row, and only until the row's fate is sealed.
 *
 *   lit[0]   var[0]    lit[1]   var[1] …         mid: states behind a literal
 *   ──▶ mid ──▶ in ──▶ mid ──▶ in ──▶             in: states behind a variable                   */
#include "ledger/block/scan.h"
#include "ledger/block/reader.h"
#include <stdlib.h>

#define SET_MAX 24u /* states side by side; more: the scan is lost */
#define LEAPS_MAX 4096u
#define MEMOS_MAX 64u

struct states {
	uint32_t n;
	uint16_t at[SET_MAX];
};

/* Where a type of variable can lead from one state. */
struct leap {
	uint8_t type, param[3];
	bool odd;
	uint16_t from;
	struct states to;
};

struct scanner {
	struct walker *w;
	struct leap *leap; /* open addressing; to.n == 0: free */
	uint32_t leaps;
};

/* Where each entry of a dictionary leads from one state. */
struct memo {
	uint8_t type;
	uint16_t from;
	uint16_t *to; /* 1 + state; 0: not asked yet */
};

enum fate { FATE_NEVER, FATE_ALWAYS, FATE_OPEN };

struct stop { /* behind one literal */
	struct states in, mid;
	uint8_t mid_of[SET_MAX]; /* by place in `in` */
	uint8_t fate[SET_MAX], next[SET_MAX]; /* by place in mid; next: SET_MAX: the value tells */
};

struct scan {
	struct scanner *s;
	struct block *b;
	struct variant_ref *v;
	struct place from, to; /* the part of its lines that is looked at */
	struct stop stop[LINE_VARS + 2];
	bool words_known, words_odd; /* words of other bytes than letters and digits */
	bool hexes_odd; /* hex ids of several lengths */
	struct memo memo[MEMOS_MAX];
	unsigned memos;
};

struct scanner *scanner_new(const struct automaton *a)
{
	struct scanner *s = mem_new(1, sizeof(*s));

	s->w = walker_new(a);
	s->leap = mem_new(LEAPS_MAX, sizeof(*s->leap));
	return s;
}

struct scanner *scanner_free(struct scanner *s)
{
	if (!s)
		return NULL;
	walker_free(s->w);
	free(s->leap);
	free(s);
	return NULL;
}

struct walker *scanner_walker(struct scanner *s)
{
	return s->w;
}

/* The place of the state in the set, put in when new; SET_MAX when there is no room, or it is lost.
 */
static uint32_t states_put(struct states *s, uint32_t state)
{
	uint32_t i = 0;

	if (state == STATE_LOST)
		return SET_MAX;
	while (i < s->n && s->at[i] != state)
		i++;
	if (i == s->n && i < SET_MAX)
		s->at[s->n++] = (uint16_t)state;
	return i;
}

/* ---- where a variable can lead ---- */

static const char digits[] = "0123456789", hexes[] = "0123456789abcdef",
		  letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* From each state by each of these bytes. */
static bool spread(struct walker *w, struct states *s, const char *bytes, size_t n)
{
	struct states to = { 0 };

	for (uint32_t i = 0; i < s->n; i++)
		for (size_t k = 0; k < n; k++)
			if (states_put(&to, walker_step(w, s->at[i], bytes_of(bytes + k, 1))) ==
			    SET_MAX)
				return false;
	*s = to;
	return true;
}

/* One to `most` of these bytes. */
static bool spread_many(struct walker *w, struct states *s, const char *bytes, size_t n,
			unsigned most)
{
	struct states all = { 0 }, now = *s;

	for (unsigned i = 0; i < most; i++) {
		uint32_t had = all.n;

		if (!spread(w, &now, bytes, n))
			return false;
		for (uint32_t k = 0; k < now.n; k++)
			if (states_put(&all, now.at[k]) == SET_MAX)
				return false;
		if (all.n == had)
			break; /* nothing new: nor will there be, as `all` holds what led here */
		now = all;
	}
	*s = all;
	return true;
}

static bool spread_uuid(struct walker *w, struct states *s)
{
	bool ok = true;

	for (unsigned i = 0; i < 36 && ok; i++)
		ok = i == 8 || i == 13 || i == 18 || i == 23 ? spread(w, s, "-", 1)
							     : spread(w, s, hexes, 16);
	return ok;
}

static bool spread_ip(struct walker *w, struct states *s)
{
	bool ok = spread_many(w, s, digits, 10, 3);

	for (unsigned i = 0; i < 3 && ok; i++)
		ok = spread(w, s, ".", 1) && spread_many(w, s, digits, 10, 3);
	return ok;
}

/* The shape of a stamp is that of any other: digits for digits, letters for letters. */
static bool spread_time(struct walker *w, struct states *s, const struct column_ref *c)
{
	uint8_t text[TOKEN_TEXT];
	size_t n = token_render_time(c->type, c->param, 0, text);
	bool month = c->type != VAR_ISO, ok = true;

	for (size_t i = 0; i < n && ok; i++) {
		const char *one = (const char *)text + i;
		char day[11] = "0123456789";

		if ((c->type == VAR_BSD || c->type == VAR_CTIME) && i == 4) {
			day[10] = (char)c->param[0];
			ok = spread(w, s, day, 11);
		} else if (is_digit(text[i])) {
			ok = spread(w, s, digits, 10);
		} else if (month && is_alnum(text[i])) {
			ok = spread(w, s, letters, 52);
		} else {
			ok = spread(w, s, one, 1);
		}
	}
	/* separators come from the block: what looks like a digit there may be one */
	return ok;
}

static bool spread_word(struct walker *w, struct states *s, bool odd)
{
	char bytes[256];
	size_t n = 0;

	for (unsigned c = 0; c < 256; c++)
		if (is_alnum((uint8_t)c) || (odd && c != '\n'))
			bytes[n++] = (char)c;
	return spread_many(w, s, bytes, n, UINT32_MAX);
}

/* 0: any of the lengths there are. */
static bool spread_hex(struct walker *w, struct states *s, unsigned length)
{
	struct states all = { 0 };

	for (unsigned i = 1; i <= (length ? length : 64); i++) {
		if (!spread(w, s, hexes, 16))
			return false;
		for (uint32_t k = 0;
		     k < s->n && (length ? i == length : i == 32 || i == 40 || i == 64); k++)
			if (states_put(&all, s->at[k]) == SET_MAX)
				return false;
	}
	*s = all;
	return true;
}

static bool spread_type(struct walker *w, const struct column_ref *c, bool odd, struct states *s)
{
	switch (c->type) {
	case VAR_UUID:
		return spread_uuid(w, s);
	case VAR_HEX:
		return spread_hex(w, s, odd ? 0 : c->param[0]);
	case VAR_IP:
		return spread_ip(w, s);
	case VAR_INT:
		return spread_many(w, s, digits, 10, 20);
	case VAR_PAD:
		for (unsigned i = 0; i < c->param[0]; i++)
			if (!spread(w, s, digits, 10))
				return false;
		return true;
	case VAR_DEC:
		if (!spread_many(w, s, digits, 10, 20) || !spread(w, s, ".", 1))
			return false;
		for (unsigned i = 0; i < c->param[0]; i++)
			if (!spread(w, s, digits, 10))
				return false;
		return true;
	case VAR_WORD:
		return spread_word(w, s, odd);
	default:
		return spread_time(w, s, c);
	}
}

static const struct states *leap_of(struct scanner *s, const struct column_ref *c, bool odd,
				    uint32_t from)
{
	struct leap key = { .type = c->type, .from = (uint16_t)from };
	uint32_t at;

	memcpy(key.param, c->param, sizeof(key.param));
	key.odd = odd;
	at = from * 31u + c->type * 1009u + c->param[0] * 7u + c->param[1] * 131u +
	     c->param[2] * 523u + key.odd;
	for (at %= LEAPS_MAX; s->leap[at].to.n; at = (at + 1) % LEAPS_MAX) {
		const struct leap *l = &s->leap[at];

		if (l->type == key.type && l->from == key.from && l->odd == key.odd &&
		    !memcmp(l->param, key.param, sizeof(key.param)))
			return &l->to;
	}
	key.to.n = 1;
	key.to.at[0] = (uint16_t)from;
	if (s->leaps > LEAPS_MAX / 2 || !spread_type(s->w, c, odd, &key.to))
		return NULL;
	s->leaps++;
	s->leap[at] = key;
	return &s->leap[at].to;
}

/* ---- a variant, for all rows at once ---- */

/* The texts of the dictionary can be other than this program would make them: those of a block that
 * somebody else made. An empty one would hide where a line ends: then nothing is known. */
static int look_at_words(struct scan *x)
{
	int r = block_load_words(x->b);

	if (r || x->words_known)
		return r;
	x->words_known = true;
	for (size_t i = 0; i < x->b->words.len && !x->words_odd; i++)
		x->words_odd = !is_alnum(x->b->words.at[i]) && x->b->words.at[i] != '\n';
	for (uint32_t i = 0; i < x->b->word_n; i++)
		if (!x->b->word[i].len)
			return SCAN_LOST;
	return 0;
}

/* Likewise hex ids: mostly all are as long as the skeleton says. */
static int look_at_hexes(struct scan *x, unsigned length)
{
	for (uint32_t i = 0; i < x->b->hexes; i++) {
		size_t n = x->b->hex[i].len;

		if (n != 32 && n != 40 && n != 64)
			return SCAN_LOST;
		x->hexes_odd |= n != length;
	}
	return 0;
}

static bool is_odd(const struct scan *x, uint8_t type)
{
	return (type == VAR_WORD && x->words_odd) || (type == VAR_HEX && x->hexes_odd);
}

/* The piece of a literal that belongs to the part. */
static struct bytes piece(const struct scan *x, uint32_t lit)
{
	size_t from = lit == x->from.lit ? x->from.off : 0;

	return bytes_sub(x->v->lit[lit], from,
			 (lit == x->to.lit ? x->to.off : x->v->lit[lit].len) - from);
}

/* From the start to the end: which states there can be. */
static int forward(struct scan *x)
{
	struct walker *w = x->s->w;

	x->stop[x->from.lit].in = (struct states){ .n = 1, .at = { STATE_START } };
	for (uint32_t p = x->from.lit; p <= x->to.lit; p++) {
		struct stop *s = &x->stop[p];
		struct states *next = &x->stop[p + 1].in;

		s->mid.n = 0;
		for (uint32_t i = 0; i < s->in.n; i++) {
			uint32_t to = p == x->to.lit ? walker_end(w, s->in.at[i], piece(x, p))
						     : walker_step(w, s->in.at[i], piece(x, p));

			s->mid_of[i] = (uint8_t)states_put(&s->mid, to);
			if (s->mid_of[i] == SET_MAX)
				return SCAN_LOST;
		}
		if (p == x->to.lit)
			break;
		next->n = 0;
		for (uint32_t i = 0; i < s->mid.n; i++) {
			const struct states *to = leap_of(
				x->s, x->v->var[p], is_odd(x, x->v->var[p]->type), s->mid.at[i]);

			for (uint32_t k = 0; to && k < to->n; k++)
				if (states_put(next, to->at[k]) == SET_MAX)
					to = NULL;
			if (!to)
				return SCAN_LOST;
		}
	}
	return 0;
}

/* And back: what each of them means. True: some value is to be rendered. */
static void backward(struct scan *x)
{
	for (uint32_t p = x->to.lit + 1; p-- > x->from.lit;) {
		struct stop *s = &x->stop[p], *after = s + 1;

		for (uint32_t i = 0; i < s->mid.n; i++) {
			const struct states *to;
			bool seen[3] = { false };
			uint32_t next = SET_MAX, other = 0;

			if (p == x->to.lit || s->mid.at[i] == STATE_FOUND) {
				s->fate[i] = s->mid.at[i] == STATE_FOUND ? FATE_ALWAYS : FATE_NEVER;
				continue;
			}
			to = leap_of(x->s, x->v->var[p], is_odd(x, x->v->var[p]->type),
				     s->mid.at[i]);
			for (uint32_t k = 0; k < to->n; k++) {
				uint32_t mid = after->mid_of[states_put(&after->in, to->at[k])];

				seen[after->fate[mid]] = true;
				other += next != SET_MAX && next != mid;
				next = mid;
			}
			s->next[i] = (uint8_t)(other ? SET_MAX : next);
			s->fate[i] = seen[FATE_OPEN] || (seen[FATE_NEVER] && seen[FATE_ALWAYS])
					     ? FATE_OPEN
				     : seen[FATE_ALWAYS] ? FATE_ALWAYS
							 : FATE_NEVER;
		}
	}
}

/* ---- rows whose fate is open ---- */

/* The columns of the values that may have to be rendered. */
static int load_open(struct scan *x)
{
	const usec *times;

	for (uint32_t p = x->from.lit; p < x->to.lit; p++) {
		const struct stop *s = &x->stop[p];
		struct column_ref *c = x->v->var[p];
		bool open = false;
		int r = 0;

		for (uint32_t i = 0; i < s->mid.n; i++)
			open |= s->fate[i] == FATE_OPEN && s->next[i] == SET_MAX;
		if (open && var_is_time(c->type))
			r = block_times(x->b, &times);
		if (!r && open && !c->is_const && !block_column_values(x->b, x->v, c))
			r = -EBADMSG;
		if (r)
			return r;
	}
	return 0;
}

static uint32_t memo_size(const struct block *b, uint8_t type)
{
	return type == VAR_IP	  ? b->ips
	       : type == VAR_HEX  ? b->hexes
	       : type == VAR_WORD ? b->word_n
				  : 0;
}

/* What is known of a dictionary's entries from this state; NULL: not kept. */
static uint16_t *memo_of(struct scan *x, uint8_t type, uint32_t from)
{
	uint32_t n = memo_size(x->b, type);

	if (!n)
		return NULL;
	for (unsigned i = 0; i < x->memos; i++)
		if (x->memo[i].type == type && x->memo[i].from == from)
			return x->memo[i].to;
	if (x->memos == MEMOS_MAX)
		return NULL;
	x->memo[x->memos] = (struct memo){ type, (uint16_t)from, mem_new(n, sizeof(uint16_t)) };
	return x->memo[x->memos++].to;
}

/* From a state over the value of a row. */
static uint32_t over_value(struct scan *x, uint32_t p, uint32_t rank, uint32_t from)
{
	const struct column_ref *c = x->v->var[p];
	int64_t value = c->is_const ? c->value : c->v[rank];
	uint16_t *memo = memo_of(x, c->type, from);
	uint8_t text[256];
	struct bytes t;
	usec time = 0;
	uint32_t to;

	if (memo && memo[value])
		return memo[value] - 1u;
	if (c->type == VAR_WORD) {
		t = x->b->word[value];
	} else {
		if (var_is_time(c->type))
			time = x->b->times[x->b->rows_of[x->v->first + rank]];
		t = bytes_of(text, block_render_value(x->b, c, value, time, text));
	}
	to = walker_step(x->s->w, from, t);
	if (memo)
		memo[value] = (uint16_t)(1 + to);
	return to;
}

/* 1 found, 0 not, -1 lost. */
static int one_row(struct scan *x, uint32_t rank)
{
	uint32_t at = x->stop[x->from.lit].mid_of[0];

	for (uint32_t p = x->from.lit;; p++) {
		const struct stop *s = &x->stop[p], *after = s + 1;
		uint32_t to, i = 0;

		if (s->fate[at] != FATE_OPEN)
			return s->fate[at] == FATE_ALWAYS;
		if (s->next[at] != SET_MAX) {
			at = s->next[at];
			continue;
		}
		to = over_value(x, p, rank, s->mid.at[at]);
		while (i < after->in.n && after->in.at[i] != to)
			i++;
		if (i == after->in.n)
			return -1; /* not a text that its type can have: the block is a strange one
				    */
		at = after->mid_of[i];
	}
}

static int scan_variant(struct scan *x, const uint64_t *in, uint64_t *rows)
{
	const uint32_t *row = x->b->rows_of + x->v->first;
	uint8_t fate;
	int r = 0;

	x->hexes_odd = false;
	for (uint32_t p = x->from.lit; p < x->to.lit && !r; p++) {
		const struct column_ref *c = x->v->var[p];

		if (c->type == VAR_WORD)
			r = look_at_words(x);
		if (c->type == VAR_HEX)
			r = look_at_hexes(x, c->param[0]);
	}
	if (!r)
		r = forward(x);
	if (r)
		return r;
	backward(x);
	fate = x->stop[x->from.lit].fate[x->stop[x->from.lit].mid_of[0]];
	if (fate == FATE_NEVER)
		return 0;
	if (fate == FATE_OPEN)
		r = load_open(x);
	for (uint32_t i = 0; i < x->v->rows && !r; i++) {
		int found = fate == FATE_ALWAYS;

		if (!bit_get(in, row[i]))
			continue;
		if (fate == FATE_OPEN)
			found = one_row(x, i);
		if (found > 0)
			bit_set(rows, row[i]);
		if (found < 0)
			r = SCAN_LOST;
	}
	return r;
}

static int scan_text(struct block *b, struct scanner *s, const uint64_t *in, uint64_t *rows)
{
	const uint32_t *row = b->rows_of;
	bool loaded = false;
	int r;

	for (uint32_t i = 0; i < b->variant[0].rows; i++) {
		int found;

		if (!bit_get(in, row[i]))
			continue;
		if (!loaded) {
			r = block_load_lines(b);
			if (r)
				return r;
			loaded = true;
		}
		found = walker_find(s->w, block_text_row(b, i));
		if (found < 0)
			return SCAN_LOST;
		if (found)
			bit_set(rows, row[i]);
	}
	return 0;
}

static struct scan *scan_new(struct block *b, struct scanner *s)
{
	struct scan *x = mem_new(1, sizeof(*x));

	x->s = s;
	x->b = b;
	return x;
}

static void scan_free(struct scan *x)
{
	for (unsigned i = 0; i < x->memos; i++)
		free(x->memo[i].to);
	free(x);
}

int block_scan(struct block *b, struct scanner *s, const uint64_t *in, uint64_t *rows)
{
	struct scan *x;
	int r = block_load(b);

	if (!r)
		r = scan_text(b, s, in, rows);
	if (r)
		return r;
	x = scan_new(b, s);
	for (uint32_t i = 1; i <= b->variants && !r; i++) {
		x->v = &b->variant[i];
		x->from = (struct place){ 0, 0 };
		x->to = variant_end(x->v);
		r = scan_variant(x, in, rows);
	}
	scan_free(x);
	return r;
}

static int scan_constant(struct scan *x, struct bytes value, const uint64_t *in, uint64_t *rows)
{
	const uint32_t *row = x->b->rows_of + x->v->first;
	int found = walker_find(x->s->w, value);

	for (uint32_t i = 0; i < x->v->rows && found > 0; i++)
		if (bit_get(in, row[i]))
			bit_set(rows, row[i]);
	return found < 0 ? SCAN_LOST : 0;
}

int block_scan_field(struct block *b, struct scanner *s, enum field f, const uint64_t *in,
		     uint64_t *rows)
{
	struct scan *x;
	int r = block_load(b);

	if (r)
		return r;
	x = scan_new(b, s);
	for (uint32_t i = 1; i <= b->variants && !r; i++) {
		const struct span *span;

		x->v = &b->variant[i];
		span = block_span(x->v, f);
		if (!span)
			continue;
		x->from = span->from;
		x->to = span->to;
		r = span->constant ? scan_constant(x, span->value, in, rows)
				   : scan_variant(x, in, rows);
	}
	scan_free(x);
	return r;
}
