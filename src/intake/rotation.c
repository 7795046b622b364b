/* SPDX-License-Identifier: Apache-2.0 */
#include "intake/rotation.h"

bool rotation_compressed(struct bytes path)
{
	static const char *const ends[] = { ".gz", ".xz", ".zst", ".bz2", ".lz4", ".Z", ".zip" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (bytes_ends(path, bytes_str(ends[i])))
			return true;
	return false;
}

/* A separator, then digits and separators: a number or a date. */
static bool is_number(struct bytes b)
{
	bool digit = false;

	if (!b.len || (b.at[0] != '.' && b.at[0] != '-' && b.at[0] != '_'))
		return false;
	for (size_t i = 1; i < b.len; i++) {
		uint8_t c = b.at[i];

		digit |= is_digit(c);
		if (!is_digit(c) && c != '.' && c != '-' && c != '_' && c != ':' && c != 'T')
			return false;
	}
	return digit;
}

bool rotation_of(struct bytes base, struct bytes path)
{
	size_t slash = base.len, dot;
	struct bytes rest;

	if (path.len <= base.len)
		return false;
	while (slash && base.at[slash - 1] != '/')
		slash--;
	if (!bytes_starts(path, bytes_sub(base, 0, slash)) ||
	    bytes_chr(bytes_from(path, slash), '/') != BYTES_NONE)
		return false;
	if (bytes_starts(path, base)) {
		rest = bytes_from(path, base.len);
		/* logrotate, when somebody made the file that it was about to create */
		if (bytes_ends(rest, BYTES(".backup")))
			rest = bytes_sub(rest, 0, rest.len - 7);
		return is_number(rest) || bytes_eq(rest, BYTES(".old")) ||
		       bytes_eq(rest, BYTES(".prev"));
	}
	for (dot = base.len; dot > slash && base.at[dot - 1] != '.';)
		dot--;
	if (dot <= slash + 1)
		return false;
	dot--; /* the extension, with its dot, is base[dot..] */
	if (!bytes_starts(path, bytes_sub(base, 0, dot)) ||
	    !bytes_ends(path, bytes_from(base, dot)))
		return false;
	return is_number(bytes_sub(path, dot, path.len - base.len));
}
