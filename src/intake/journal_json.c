/* SPDX-License-Identifier: Apache-2.0 */
#include "intake/journal_json.h"
#include "base/text.h"

void journal_fields_clear(struct journal_fields *f)
{
	buf_clear(&f->bytes);
	f->n = f->dropped = 0;
}

void journal_fields_done(struct journal_fields *f)
{
	buf_done(&f->bytes);
	f->n = f->dropped = 0;
}

void journal_fields_add(struct journal_fields *f, struct bytes pair)
{
	size_t name = bytes_chr(bytes_sub(pair, 0, 256), '=');

	if (name == BYTES_NONE || f->n == JOURNAL_FIELDS) {
		f->dropped++;
		return;
	}
	f->field[f->n].at = f->bytes.len;
	f->field[f->n].name = name;
	f->field[f->n].len = pair.len;
	f->field[f->n].used = false;
	f->n++;
	buf_bytes(&f->bytes, pair);
}

static struct bytes name_of(const struct journal_fields *f, size_t i)
{
	return bytes_of(f->bytes.at + f->field[i].at, f->field[i].name);
}

static struct bytes value_of(const struct journal_fields *f, size_t i)
{
	size_t skip = f->field[i].name + 1;

	return bytes_of(f->bytes.at + f->field[i].at + skip, f->field[i].len - skip);
}

struct bytes journal_field(const struct journal_fields *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (bytes_eq(name_of(f, i), bytes_str(name)))
			return value_of(f, i);
	return (struct bytes){ NULL, 0 };
}

static bool is_text(struct bytes b)
{
	while (b.len) {
		size_t n = b.at[0] < 128 ? 1 : utf8_length(b);

		if (!n)
			return false;
		b = bytes_from(b, n);
	}
	return true;
}

static void put_value(struct buf *to, struct bytes v)
{
	if (is_text(v)) {
		json_string(to, v);
		return;
	}
	for (size_t i = 0; i < v.len; i++)
		buf_printf(to, "%c%u", i ? ',' : '[', v.at[i]);
	buf_u8(to, ']');
}

/* A hundred fields give five thousand comparisons of a length, mostly: no table is worth it. */
static size_t next_same(const struct journal_fields *f, size_t i)
{
	for (size_t k = i + 1; k < f->n; k++)
		if (!f->field[k].used && f->field[k].name == f->field[i].name &&
		    bytes_eq(name_of(f, k), name_of(f, i)))
			return k;
	return 0;
}

static void put_field(struct buf *to, struct journal_fields *f, size_t i)
{
	size_t k = next_same(f, i);
	bool many = k != 0;

	buf_u8(to, ',');
	json_string(to, name_of(f, i));
	buf_str(to, many ? ":[" : ":");
	put_value(to, value_of(f, i));
	for (; k; k = next_same(f, k)) {
		f->field[k].used = true;
		buf_u8(to, ',');
		put_value(to, value_of(f, k));
	}
	if (many)
		buf_u8(to, ']');
}

void journal_json(struct buf *to, struct journal_fields *f, uint64_t realtime, uint64_t monotonic)
{
	buf_printf(to, "{\"__REALTIME_TIMESTAMP\":\"%llu\",\"__MONOTONIC_TIMESTAMP\":\"%llu\"",
		   (unsigned long long)realtime, (unsigned long long)monotonic);
	for (size_t i = 0; i < f->n; i++)
		if (!f->field[i].used)
			put_field(to, f, i);
	if (f->dropped)
		buf_printf(to, ",\"__DROPPED\":%zu", f->dropped);
	buf_u8(to, '}');
}
