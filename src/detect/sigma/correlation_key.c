/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/sigma/correlation_key.h"
#include "base/hash.h"

void key_add(struct buf *key, struct bytes value, bool there)
{
	if (!there) {
		buf_u16le(key, KEY_ABSENT);
	} else if (value.len <= KEY_VALUE_MAX) {
		buf_u16le(key, (uint16_t)value.len);
		buf_bytes(key, value);
	} else {
		buf_u16le(key, KEY_LONG | KEY_VALUE_MAX);
		buf_bytes(key, bytes_sub(value, 0, KEY_VALUE_MAX));
		buf_u64le(key, hash_keyed(value));
	}
}

bool key_next(struct bytes *key, struct bytes *ret)
{
	uint16_t n;
	size_t len;

	if (key->len < 2)
		return false;
	memcpy(&n, key->at, 2);
	*key = bytes_from(*key, 2);
	if (n == KEY_ABSENT)
		return false;
	len = n & (KEY_LONG - 1);
	*ret = bytes_sub(*key, 0, len);
	*key = bytes_from(*key, len + (n & KEY_LONG ? 8 : 0));
	return true;
}
