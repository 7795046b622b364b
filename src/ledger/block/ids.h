/* SPDX-License-Identifier: Apache-2.0 */
/* ids.h — the uuids of a block. Random ones (RFC 9562 version 4) have six bits that are always the
 * same; when all are such, 122 bits each are stored.
 *   u8 form | form 0: 16 bytes each | form 1: varint n, bit stream of 122 bits each, low bits
 * first: the 64-bit halves (read as big-endian numbers) without version (60 bits) and variant (62
 * bits) Threads: pure. */
#pragma once
#include "base/buf.h"

struct uuid {
	uint8_t at[16];
};

void ids_pack(const struct uuid *id, uint32_t n, struct buf *ret);
/* How many there are; false: damaged. */
bool ids_count(struct bytes packed, uint32_t *ret);
void ids_unpack(struct bytes packed, uint32_t n, struct uuid *ret); /* n as counted */
