/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/seal/checkpoint.h"
#include "base/text.h"
#include <stdio.h>

static bool line_of(struct bytes *text, struct bytes *ret)
{
	size_t end = bytes_chr(*text, '\n');

	if (end == BYTES_NONE || !end)
		return false;
	*ret = bytes_sub(*text, 0, end);
	*text = bytes_from(*text, end + 1);
	return true;
}

static bool root_of(struct bytes line, struct hash256 *ret)
{
	struct buf b = { 0 };
	bool good = line.len == 44 && base64_decode(line, &b) && b.len == SHA256_LEN;

	if (good)
		memcpy(ret->at, b.at, SHA256_LEN);
	buf_done(&b);
	return good;
}

bool checkpoint_parse(struct bytes text, struct checkpoint *ret)
{
	struct bytes origin, size, root, more;
	struct checkpoint c = { 0 };

	if (!line_of(&text, &origin) || !line_of(&text, &size) || !line_of(&text, &root) ||
	    origin.len >= sizeof(c.origin) || bytes_chr(origin, 0) != BYTES_NONE)
		return false;
	if (!bytes_u64(size, &c.size) || (size.len > 1 && size.at[0] == '0') ||
	    !is_digit(size.at[0]) || !root_of(root, &c.root))
		return false;
	memcpy(c.origin, origin.at, origin.len);
	c.extension = text;
	while (text.len) {
		if (!line_of(&text, &more))
			return false;
	}
	*ret = c;
	return true;
}

void checkpoint_text(const struct checkpoint *c, struct buf *ret)
{
	buf_printf(ret, "%s\n%llu\n", c->origin, (unsigned long long)c->size);
	base64_encode(ret, bytes_of(c->root.at, SHA256_LEN));
	buf_u8(ret, '\n');
	buf_bytes(ret, c->extension);
}

bool checkpoint_open(struct bytes note, const struct verifier *v, bool own, struct checkpoint *ret)
{
	struct checkpoint c;
	struct bytes text;

	if (note.len > CHECKPOINT_MAX ||
	    !(own ? note_open_own(note, v, &text) : note_open(note, v, 1, &text, NULL)) ||
	    !checkpoint_parse(text, &c) || strcmp(c.origin, v->name) != 0)
		return false;
	*ret = c;
	return true;
}

void checkpoint_sign(const struct checkpoint *c, const struct key *k, const struct verifier *v,
		     struct buf *ret)
{
	size_t from = ret->len;

	checkpoint_text(c, ret);
	note_sign(ret, from, k, v);
}
