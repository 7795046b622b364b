/* SPDX-License-Identifier: Apache-2.0 */
#include "corpus.h"
#include <stdio.h>

bool corpus_read(const char *path, struct buf *ret)
{
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f)
		return false;
	buf_clear(ret);
	while ((n = fread(buf_reserve(ret, 65536), 1, 65536, f)) > 0)
		ret->len += n;
	fclose(f);
	return true;
}

bool corpus_line(struct bytes *rest, struct bytes *ret)
{
	size_t n;

	if (!rest->len)
		return false;
	n = bytes_chr(*rest, '\n');
	*ret = bytes_sub(*rest, 0, n);
	*rest = n == BYTES_NONE ? bytes_of(NULL, 0) : bytes_from(*rest, n + 1);
	if (bytes_ends(*ret, BYTES("\r")))
		ret->len--;
	return true;
}

size_t corpus_csv(struct bytes *rest, struct bytes *ret, size_t max)
{
	static struct buf cells[16];
	struct bytes row;
	size_t n = 0, i = 0;

	if (!corpus_line(rest, &row))
		return 0;
	while (n < max && n < 16) {
		bool quoted = i < row.len && row.at[i] == '"';

		buf_clear(&cells[n]);
		for (i += quoted; i < row.len; i++) {
			if (quoted && row.at[i] == '"') {
				if (i + 1 < row.len && row.at[i + 1] == '"') {
					i++;
				} else {
					i++;
					break;
				}
			} else if (!quoted && row.at[i] == ',') {
				break;
			}
			buf_u8(&cells[n], row.at[i]);
		}
		ret[n] = buf_view(&cells[n]);
		n++;
		if (i >= row.len)
			break;
		i++; /* the comma */
	}
	return n;
}

size_t corpus_words(struct bytes b, struct bytes *ret, size_t max)
{
	size_t n = 0;

	while (b.len && n < max) {
		size_t end = bytes_chr(b, ' ');

		ret[n++] = bytes_sub(b, 0, end);
		b = end == BYTES_NONE ? bytes_of(NULL, 0) : bytes_from(b, end + 1);
	}
	return n;
}

uint64_t corpus_number(struct bytes b)
{
	uint64_t v = 0;

	bytes_u64(b, &v);
	return v;
}
