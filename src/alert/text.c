/* SPDX-License-Identifier: Apache-2.0 */
#include "alert/text.h"
#include "base/text.h"

#define NAME_MOST 128u
#define ELLIPSIS "\xe2\x80\xa6"
#define REPLACEMENT "\xef\xbf\xbd"
#define PAIRS_MOST 64u
#define MORE_ROOM 60u /* ,"vedette.more":"123 more" */

static uint32_t value_of(struct bytes b, size_t n)
{
	uint32_t v = n == 1 ? b.at[0] : b.at[0] & (0xffu >> (n + 1));

	for (size_t i = 1; i < n; i++)
		v = v << 6 | (b.at[i] & 0x3f);
	return v;
}

static bool unseen(uint32_t v)
{
	return v < 0x20 || (v >= 0x7f && v < 0xa0) || (v >= 0x200b && v <= 0x200f) ||
	       (v >= 0x2028 && v <= 0x202e) || (v >= 0x2060 && v <= 0x2069) || v == 0xfeff;
}

/* Bytes in JSON of the character at the start of b, which has n bytes (0: is none). */
static size_t cost(struct bytes b, size_t n)
{
	if (!n)
		return sizeof(REPLACEMENT) - 1;
	if (unseen(value_of(b, n)))
		return 6;
	return b.at[0] == '"' || b.at[0] == '\\' ? 2 : n;
}

size_t text_cost(struct bytes b)
{
	size_t total = 0;

	while (b.len) {
		size_t n = utf8_length(b);

		total += cost(b, n);
		b = bytes_from(b, n ? n : 1);
	}
	return total;
}

void text_keep(struct buf *to, struct bytes b, size_t most)
{
	size_t total = 0, fits = to->len; /* where it would end, were there an ellipsis behind it */

	while (b.len) {
		size_t n = utf8_length(b);
		bool nul = !b.at[0];

		total += nul ? sizeof(REPLACEMENT) - 1 : cost(b, n);
		if (total > most) {
			to->len = fits;
			buf_str(to, ELLIPSIS);
			return;
		}
		if (n && !nul)
			buf_add(to, b.at, n);
		else
			buf_str(to, REPLACEMENT);
		if (total + sizeof(ELLIPSIS) - 1 <= most)
			fits = to->len;
		b = bytes_from(b, n ? n : 1);
	}
}

void text_json(struct buf *to, struct bytes b)
{
	buf_u8(to, '"');
	while (b.len) {
		size_t n = utf8_length(b);

		if (!n)
			buf_str(to, REPLACEMENT);
		else if (unseen(value_of(b, n)))
			buf_printf(to, "\\u%04x", value_of(b, n));
		else if (b.at[0] == '"' || b.at[0] == '\\')
			buf_printf(to, "\\%c", b.at[0]);
		else
			buf_add(to, b.at, n);
		b = bytes_from(b, n ? n : 1);
	}
	buf_u8(to, '"');
}

static void kept_json(struct buf *to, struct bytes b, size_t most)
{
	struct buf kept = { 0 };

	text_keep(&kept, b, most);
	text_json(to, buf_view(&kept));
	buf_done(&kept);
}

/* Two names may be the same once they are cut: so the texts as written are compared. */
static bool name_there(const struct buf *to, const size_t (*at)[2], size_t n, struct bytes name)
{
	for (size_t i = 0; i < n; i++)
		if (bytes_eq(bytes_of(to->at + at[i][0], at[i][1]), name))
			return true;
	return false;
}

void text_pairs(struct buf *to, const struct finding_pair *p, size_t n, size_t value_most,
		size_t most)
{
	size_t start = to->len, there = 0, left_out = 0;
	size_t at[PAIRS_MOST][2]; /* offset and length of each name */

	buf_u8(to, '{');
	for (size_t i = 0; i < n; i++) {
		size_t before = to->len, name = before + (there > 0);

		if (there)
			buf_u8(to, ',');
		kept_json(to, p[i].name, NAME_MOST);
		if (name_there(to, at, there, bytes_of(to->at + name, to->len - name))) {
			to->len = before;
			continue;
		}
		if (there < PAIRS_MOST) {
			at[there][0] = name;
			at[there][1] = to->len - name;
		}
		buf_u8(to, ':');
		kept_json(to, p[i].value, value_most);
		if (there < PAIRS_MOST && to->len - start + MORE_ROOM <= most) {
			there++;
			continue;
		}
		to->len = before;
		left_out++;
	}
	if (left_out)
		buf_printf(to, "%s\"vedette.more\":\"%zu more\"", there ? "," : "", left_out);
	buf_u8(to, '}');
}

void text_list(struct buf *to, const struct bytes *b, size_t n, size_t most)
{
	size_t start = to->len;

	buf_u8(to, '[');
	for (size_t i = 0; i < n; i++) {
		size_t before = to->len;

		if (before > start + 1)
			buf_u8(to, ',');
		kept_json(to, b[i], NAME_MOST);
		if (to->len - start + 1 <= most)
			continue;
		to->len = before;
		break;
	}
	buf_u8(to, ']');
}
