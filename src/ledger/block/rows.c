/* SPDX-License-Identifier: Apache-2.0 */
/* Rendering: literals and values back into the bytes they came from. */
#include "ledger/block/reader.h"

struct place variant_end(const struct variant_ref *v)
{
	return (struct place){ v->vars, (uint32_t)v->lit[v->vars].len };
}

size_t block_render_value(const struct block *b, const struct column_ref *c, int64_t value,
			  usec time, uint8_t *ret)
{
	struct bytes text;

	switch (c->type) {
	case VAR_UUID:
		token_render_uuid(b->id[value].at, ret);
		return 36;
	case VAR_IP:
		return token_render_ip(b->section[SECTION_IPS].at + 4 * value, ret);
	case VAR_HEX:
		text = b->hex[value];
		break;
	case VAR_WORD:
		text = b->word[value];
		break;
	case VAR_INT:
	case VAR_PAD:
	case VAR_DEC:
		return token_render_number(c->type, c->param, value, ret);
	default:
		return token_render_time(c->type, c->param,
					 (usec)((uint64_t)time + (uint64_t)value), ret);
	}
	memcpy(ret, text.at, text.len);
	return text.len;
}

/* Literals are short, a call of memcpy() each would cost more than the copying: 16 bytes at a time.
 * Both sides have LIT_SLACK bytes behind them (load.c, max_len). */
static inline uint8_t *put_lit(uint8_t *p, const uint8_t *from, size_t n)
{
	size_t i = 0;

	do {
		memcpy(p + i, from + i, 16);
		i += 16;
	} while (i < n);
	return p + n;
}

size_t block_render(const struct block *b, const struct variant_ref *v, uint32_t row,
		    struct place from, struct place to, uint8_t *ret)
{
	uint32_t rank = b->rank[row];
	uint8_t *p = ret;

	for (uint32_t i = from.lit;; i++) {
		uint32_t start = i == from.lit ? from.off : 0;
		uint32_t end = i == to.lit ? to.off : (uint32_t)v->lit[i].len;
		const struct column_ref *c;

		p = put_lit(p, v->lit[i].at + start, end - start);
		if (i == to.lit)
			break;
		c = v->var[i];
		p += block_render_value(b, c, c->is_const ? c->value : c->v[rank], b->times[row],
					p);
	}
	return (size_t)(p - ret);
}
