/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/block/block.h"
#include "ledger/block/column.h"
#include "ledger/block/filter.h"
#include "ledger/block/reader.h"
#include <stdlib.h>

int block_open(struct block **ret, struct bytes payload, struct why *why)
{
	struct cursor c = cursor_of(payload);
	struct block *b = mem_new(1, sizeof(*b));
	uint64_t length[SECTION_N];

	if (!bytes_eq(cur_take(&c, PAYLOAD_MAGIC_LEN), BYTES(PAYLOAD_MAGIC)))
		c.bad = true;
	b->info.rows = (uint32_t)cur_varint(&c);
	b->info.first = cur_varint(&c);
	b->info.raw_bytes = cur_varint(&c);
	b->info.time_min = cur_svarint(&c);
	b->info.time_max = (usec)((uint64_t)b->info.time_min + cur_varint(&c));
	b->info.arrival_min = cur_svarint(&c);
	b->info.arrival_max = (usec)((uint64_t)b->info.arrival_min + cur_varint(&c));
	for (int s = 0; s < SECTION_N; s++)
		length[s] = cur_varint(&c);
	for (int s = 0; s < SECTION_N; s++)
		b->section[s] = cur_take(&c, length[s]);
	if (!b->info.rows || b->info.rows > ROWS_MAX ||
	    b->info.raw_bytes > (uint64_t)b->info.rows * RECORD_MAX ||
	    (b->section[SECTION_FILTER].len && !filter_valid(b->section[SECTION_FILTER])))
		c.bad = true;
	if (c.bad || cur_left(&c)) {
		free(b);
		return why_set(why, -EBADMSG, "the block's header or section table is damaged");
	}
	*ret = b;
	return 0;
}

struct block *block_free(struct block *b)
{
	if (!b)
		return NULL;
	if (b->release)
		b->release(b->release_ctx);
	for (uint32_t i = 1; b->variant && i <= b->variants; i++)
		for (uint32_t k = 0; k < b->variant[i].all_n; k++)
			free(b->variant[i].all[k].v);
	free(b->variant);
	free(b->local);
	free(b->rank);
	free(b->rows_of);
	free(b->times);
	free(b->arrivals);
	free(b->sources);
	free(b->flags);
	free(b->untyped);
	free(b->id);
	free(b->word);
	free(b->line);
	buf_done(&b->meta);
	buf_done(&b->small);
	buf_done(&b->words);
	buf_done(&b->text);
	arena_done(&b->arena);
	free(b);
	return NULL;
}

const struct block_info *block_info(const struct block *b)
{
	return &b->info;
}

void block_on_free(struct block *b, block_release_fn *fn, void *ctx)
{
	b->release = fn;
	b->release_ctx = ctx;
}

static int row_column(const struct block *b, enum section s, int64_t **ret)
{
	struct cursor c = cursor_of(b->section[s]);

	if (*ret)
		return 0;
	*ret = mem_new(b->info.rows, sizeof(**ret));
	column_decode(&c, b->info.rows, *ret);
	if (!c.bad && !cur_left(&c))
		return 0;
	free(*ret);
	*ret = NULL;
	return err_trace(-EBADMSG);
}

static int small_column(const struct block *b, enum section s, uint32_t **ret)
{
	int64_t *v = NULL;
	int r;

	if (*ret)
		return 0;
	r = row_column(b, s, &v);
	if (r)
		return r;
	*ret = mem_new(b->info.rows, sizeof(**ret));
	for (uint32_t i = 0; i < b->info.rows; i++)
		(*ret)[i] = (uint32_t)v[i];
	free(v);
	return 0;
}

int block_times(struct block *b, const usec **ret)
{
	int r = row_column(b, SECTION_TIMES, &b->times);

	*ret = b->times;
	return r;
}

int block_arrivals(struct block *b, const usec **ret)
{
	int r = row_column(b, SECTION_ARRIVALS, &b->arrivals);

	*ret = b->arrivals;
	return r;
}

int block_sources(struct block *b, const uint32_t **ret)
{
	int r = small_column(b, SECTION_SOURCES, &b->sources);

	*ret = b->sources;
	return r;
}

static int row_heads(struct block *b)
{
	const uint32_t *sources;
	const usec *at;
	int r = block_arrivals(b, &at);

	if (!r)
		r = block_times(b, &at);
	if (!r)
		r = block_sources(b, &sources);
	return r ? r : small_column(b, SECTION_FLAGS, &b->flags);
}

/* Loads all that rendering the wanted rows needs. */
static int load_for(struct block *b, const uint64_t *rows)
{
	bool *want;
	int r = block_load(b);

	if (!r)
		r = row_heads(b);
	if (r)
		return r;
	want = mem_new(b->variants + 1, sizeof(*want));
	for (uint32_t i = 0; i < b->info.rows; i++)
		if (!rows || bit_get(rows, i))
			want[b->local[i]] = true;
	if (want[0])
		r = block_load_lines(b);
	for (uint32_t i = 1; !r && i <= b->variants; i++)
		if (want[i])
			r = block_load_variant(b, &b->variant[i]);
	free(want);
	return r;
}

static struct bytes row_bytes(struct block *b, uint32_t row, struct buf *buf)
{
	const struct variant_ref *v = &b->variant[b->local[row]];

	if (!b->local[row])
		return block_text_row(b, b->rank[row]);
	buf_clear(buf);
	buf_reserve(buf, v->max_len);
	return bytes_of(buf->at,
			block_render(b, v, row, (struct place){ 0, 0 }, variant_end(v), buf->at));
}

int block_decode(struct block *b, const uint64_t *rows, block_row_fn *fn, void *ctx)
{
	struct buf buf = { 0 };
	int r = load_for(b, rows);

	for (uint32_t i = 0; !r && i < b->info.rows; i++) {
		struct record rec;

		if (rows && !bit_get(rows, i)) {
			/* whole words without a row are passed over at once */
			if (!(i & 63) && !rows[i / 64])
				i |= 63;
			continue;
		}
		rec = (struct record){ .seq = b->info.first + i,
				       .arrival = b->arrivals[i],
				       .source = b->sources[i],
				       .flags = b->flags[i],
				       .raw = row_bytes(b, i, &buf) };
		r = fn(ctx, i, &rec);
	}
	buf_done(&buf);
	return r;
}

const uint64_t *block_untyped(struct block *b)
{
	return block_load(b) ? NULL : b->untyped;
}

void block_fields(const struct block *b, uint64_t ret[2])
{
	ret[0] = ret[1] = 0;
	for (uint32_t i = 1; b->loaded && i <= b->variants; i++)
		for (uint32_t k = 0; k < b->variant[i].spans; k++)
			ret[b->variant[i].span[k].field >> 6] |=
				1ull << (b->variant[i].span[k].field & 63);
}
