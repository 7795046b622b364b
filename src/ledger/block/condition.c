/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/block/match.h"
#include <stdlib.h>

bool text_meets(struct bytes v, enum part part, struct bytes t, bool nocase)
{
	struct bytes piece;

	if (t.len > v.len)
		return false;
	switch (part) {
	case PART_EQUALS:
		piece = v;
		break;
	case PART_STARTS:
		piece = bytes_sub(v, 0, t.len);
		break;
	case PART_ENDS:
		piece = bytes_from(v, v.len - t.len);
		break;
	default:
		return (nocase ? bytes_ifind(v, t) : bytes_find(v, t)) != BYTES_NONE;
	}
	return nocase ? bytes_ieq(piece, t) : bytes_eq(piece, t);
}

/* What a character at one place of a stamp may be: a digit for '0', a letter for 'A', else itself.
 */
static size_t time_mask(const struct column_ref *c, uint8_t mask[TOKEN_TEXT])
{
	size_t n = token_render_time(c->type, c->param, 0, mask);

	for (size_t i = 0; i < n; i++) {
		if (is_digit(mask[i]))
			mask[i] = '0';
		else if (is_alnum(mask[i]) && mask[i] != 'T')
			mask[i] = 'A';
	}
	if (c->type == VAR_ISO && mask[10] == 'T')
		mask[10] = c->param[0];
	if (c->type == VAR_BSD || c->type == VAR_CTIME)
		mask[4] = 'D'; /* blank or digit */
	return n;
}

static bool mask_fits(const uint8_t *mask, struct bytes t)
{
	for (size_t i = 0; i < t.len; i++) {
		uint8_t c = t.at[i];
		bool ok = mask[i] == '0'   ? is_digit(c)
			  : mask[i] == 'A' ? is_alnum(c) && !is_digit(c)
			  : mask[i] == 'D' ? is_digit(c) || c == ' '
					   : to_lower(c) == to_lower(mask[i]);

		if (!ok)
			return false;
	}
	return true;
}

static bool time_possible(const struct column_ref *c, enum part part, struct bytes t)
{
	uint8_t mask[TOKEN_TEXT];
	size_t n = time_mask(c, mask);

	if (t.len > n || (part == PART_EQUALS && t.len != n))
		return false;
	if (part == PART_STARTS || part == PART_EQUALS)
		return mask_fits(mask, t);
	if (part == PART_ENDS)
		return mask_fits(mask + n - t.len, t);
	for (size_t at = 0; at + t.len <= n; at++)
		if (mask_fits(mask + at, t))
			return true;
	return false;
}

static bool char_possible(const struct column_ref *c, uint8_t x, bool nocase)
{
	if (nocase)
		x = to_lower(x);
	switch (c->type) {
	case VAR_UUID:
		return x == '-' || is_digit(x) || (x >= 'a' && x <= 'f');
	case VAR_HEX:
		return is_digit(x) || (x >= 'a' && x <= 'f');
	case VAR_WORD:
		return is_alnum(x);
	case VAR_INT:
	case VAR_PAD:
		return is_digit(x);
	default: /* address, decimal */
		return is_digit(x) || x == '.';
	}
}

bool condition_possible(const struct column_ref *c, enum part part, struct bytes t, bool nocase)
{
	size_t limit = c->type == VAR_UUID   ? 36
		       : c->type == VAR_HEX  ? c->param[0]
		       : c->type == VAR_IP   ? 15
		       : c->type == VAR_PAD  ? c->param[0]
		       : c->type == VAR_WORD ? LINE_BYTES
					     : 20;

	if (var_is_time(c->type))
		return time_possible(c, part, t);
	if (t.len > limit)
		return false;
	if (part == PART_EQUALS && (c->type == VAR_UUID || c->type == VAR_HEX) && t.len != limit)
		return false;
	for (size_t i = 0; i < t.len; i++)
		if (!char_possible(c, t.at[i], nocase))
			return false;
	return true;
}

static uint32_t dict_size(const struct block *b, uint8_t type)
{
	switch (type) {
	case VAR_UUID:
		return b->ids;
	case VAR_HEX:
		return b->hexes;
	case VAR_IP:
		return b->ips;
	case VAR_WORD:
		return b->word_n;
	default:
		return 0;
	}
}

#define JOIN_ENTRIES 1024u

/* Which of some entries hold a text: they lie behind each other, a newline after each, and are
 * searched as one. end: behind each newline. */
static uint32_t joined_hold(struct bytes all, const uint32_t *end, const struct condition *cond,
			    bool nocase, uint32_t first, uint64_t *bits)
{
	uint32_t i = 0, hits = 0;

	for (size_t at = 0; at < all.len; at = end[i]) {
		struct bytes rest = bytes_from(all, at);
		size_t hit = nocase ? bytes_ifind(rest, cond->text) : bytes_find(rest, cond->text);

		if (hit == BYTES_NONE)
			break;
		while (end[i] <= at + hit)
			i++;
		bit_set(bits, first + i);
		hits++;
	}
	return hits;
}

/* Ids are short: a call for each to look into it would cost more than the looking. */
static uint32_t dict_holds(const struct block *b, const struct column_ref *c,
			   const struct condition *cond, bool nocase, uint32_t n, uint64_t *bits)
{
	uint32_t end[JOIN_ENTRIES], hits = 0, first = 0;
	uint8_t text[JOIN_ENTRIES * TOKEN_TEXT + 256];

	if (bytes_chr(cond->text, '\n') != BYTES_NONE)
		return 0; /* no entry has one */
	while (first < n) {
		uint32_t k = 0;
		size_t len = 0;

		for (; k < JOIN_ENTRIES && first + k < n && len < JOIN_ENTRIES * TOKEN_TEXT; k++) {
			len += block_render_value(b, c, first + k, 0, text + len);
			text[len++] = '\n';
			end[k] = (uint32_t)len;
		}
		hits += joined_hold(bytes_of(text, len), end, cond, nocase, first, bits);
		first += k;
	}
	return hits;
}

/* Which entries of the dictionary meet the condition; NULL when none does. */
static uint64_t *dict_ask(const struct block *b, const struct column_ref *c,
			  const struct condition *cond, bool nocase)
{
	uint32_t n = dict_size(b, c->type), hits = 0;
	uint64_t *bits = mem_new(BLOCK_WORDS(n), sizeof(*bits));
	uint8_t text[TOKEN_TEXT], id[16];
	bool by_id = c->type == VAR_UUID && cond->part == PART_EQUALS && !nocase;

	if (by_id && !token_parse_uuid(cond->text, id))
		n = 0;
	if (cond->part == PART_HOLDS && c->type != VAR_WORD) {
		hits = dict_holds(b, c, cond, nocase, n, bits);
		n = 0;
	}
	for (uint32_t i = 0; i < n; i++) {
		struct bytes v;

		if (by_id)
			v = bytes_of(b->id[i].at, 16);
		else if (c->type == VAR_HEX)
			v = b->hex[i];
		else if (c->type == VAR_WORD)
			v = b->word[i];
		else
			v = bytes_of(text, block_render_value(b, c, i, 0, text));
		if (by_id ? !memcmp(v.at, id, 16) : text_meets(v, cond->part, cond->text, nocase)) {
			bit_set(bits, i);
			hits++;
		}
	}
	if (hits)
		return bits;
	free(bits);
	return NULL;
}

void answers_done(struct answers *a)
{
	for (unsigned i = 0; i < a->n; i++)
		free(a->known[i].bits);
	a->n = 0;
}

/* The same, remembered. *ret_own: the caller frees (the memory was full). */
static const uint64_t *dict_meets(const struct block *b, const struct column_ref *c,
				  const struct condition *cond, bool nocase, struct answers *a,
				  uint64_t **ret_own)
{
	*ret_own = NULL;
	for (unsigned i = 0; i < a->n; i++)
		if (a->known[i].type == c->type && a->known[i].part == cond->part &&
		    bytes_eq(a->known[i].text, cond->text))
			return a->known[i].bits;
	if (a->n == ANSWERS_MAX)
		return *ret_own = dict_ask(b, c, cond, nocase);
	a->known[a->n] =
		(struct answer){ c->type, cond->part, cond->text, dict_ask(b, c, cond, nocase) };
	return a->known[a->n++].bits;
}

static bool is_dict(uint8_t type)
{
	return type == VAR_UUID || type == VAR_HEX || type == VAR_IP || type == VAR_WORD;
}

/* The number a text stands for in the column, when it is written the way the column writes it. */
static bool number_exact(const struct column_ref *c, struct bytes t, int64_t *ret)
{
	uint8_t text[TOKEN_TEXT];
	int64_t v = 0;

	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] == '.')
			continue;
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (int64_t)(t.at[i] - '0'), &v))
			return false;
	}
	*ret = v;
	return bytes_eq(bytes_of(text, token_render_number(c->type, c->param, v, text)), t);
}

static void clear_all(uint64_t *ranks, uint32_t n)
{
	memset(ranks, 0, BLOCK_WORDS(n) * sizeof(*ranks));
}

static void keep_equal(const int64_t *v, uint32_t n, int64_t want, uint64_t *ranks)
{
	for (uint32_t w = 0; w < BLOCK_WORDS(n); w++) {
		uint32_t end = n - w * 64 < 64 ? n - w * 64 : 64;
		uint64_t bits = 0;

		if (!ranks[w])
			continue;
		for (uint32_t i = 0; i < end; i++)
			bits |= (uint64_t)(v[w * 64 + i] == want) << i;
		ranks[w] &= bits;
	}
}

/* Row by row: renders each value still in question. */
static void keep_rendered(const struct block *b, const struct variant_ref *v,
			  const struct column_ref *c, const struct condition *cond, bool nocase,
			  uint64_t *ranks)
{
	uint8_t text[TOKEN_TEXT];

	for (uint32_t i = 0; i < v->rows; i++) {
		usec time = b->times[b->rows_of[v->first + i]];
		size_t n;

		if (!bit_get(ranks, i))
			continue;
		n = block_render_value(b, c, column_value(c, i), time, text);
		if (!text_meets(bytes_of(text, n), cond->part, cond->text, nocase))
			ranks[i / 64] &= ~(1ull << (i & 63));
	}
}

static int apply_dict(struct block *b, struct variant_ref *v, const struct condition *cond,
		      bool nocase, struct answers *answers, uint64_t *ranks)
{
	struct column_ref *c = v->var[cond->var];
	const uint64_t *bits;
	const int64_t *values;
	uint64_t *own;

	if (c->type == VAR_WORD && block_load_words(b))
		return -EBADMSG;
	if (c->type == VAR_UUID)
		block_load_ids(b);
	bits = dict_meets(b, c, cond, nocase, answers, &own);
	values = bits ? block_column_values(b, v, c) : NULL;
	if (!bits)
		clear_all(ranks, v->rows);
	else if (values)
		for (uint32_t i = 0; i < v->rows; i++)
			if (!bit_get(bits, (uint32_t)values[i]))
				ranks[i / 64] &= ~(1ull << (i & 63));
	free(own);
	return bits && !values ? -EBADMSG : 0;
}

int condition_apply(struct block *b, struct variant_ref *v, const struct condition *cond,
		    bool nocase, struct answers *answers, uint64_t *ranks)
{
	struct column_ref *c = v->var[cond->var];
	const int64_t *values = NULL;
	const usec *times;
	int64_t want;
	int r = block_times(b, &times);

	if (r)
		return r;
	if (is_dict(c->type))
		return apply_dict(b, v, cond, nocase, answers, ranks);
	if (!c->is_const) {
		values = block_column_values(b, v, c);
		if (!values)
			return -EBADMSG;
	}
	if (cond->part == PART_EQUALS && values && !var_is_time(c->type)) {
		if (number_exact(c, cond->text, &want))
			keep_equal(values, v->rows, want, ranks);
		else
			clear_all(ranks, v->rows);
		return 0;
	}
	keep_rendered(b, v, c, cond, nocase, ranks);
	return 0;
}
