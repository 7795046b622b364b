/* SPDX-License-Identifier: Apache-2.0 */
/* format.h — the numbers of a block's payload that builder and reader share
 * (doc/format-ledger.md, "Block payload").
 *
 *   magic "VDTB" u8 version | varints: rows, first, raw bytes, time_min.. | varint length of each
 *   section in the order below | the sections
 *
 * A row is either text (variant 0: its bytes lie in TEXT) or of a variant: a skeleton of literal
 * bytes with variables in it, whose values lie in columns, one a variable, in row order. */
#pragma once
#include "base/buf.h"
#include "base/cursor.h"

#define PAYLOAD_MAGIC "VDTB\1"
#define PAYLOAD_MAGIC_LEN 5

enum section {
	SECTION_META, /* zstd: variants and their field maps */
	SECTION_FILTER, /* binary fuse filter of the words */
	SECTION_ROWS, /* column: variant of each row */
	SECTION_TIMES, /* column: row time, microseconds */
	SECTION_ARRIVALS, /* column: arrival, microseconds */
	SECTION_SOURCES, /* column: source id */
	SECTION_FLAGS, /* column: record flags */
	SECTION_IDS, /* 16 bytes each: uuids in order of first use */
	SECTION_HEXES, /* each length / 2 bytes; lengths by META */
	SECTION_IPS, /* 4 bytes each, as written */
	SECTION_WORDS, /* zstd: words, a newline after each */
	SECTION_COLUMNS, /* the larger columns of variables */
	SECTION_SMALL, /* zstd: the small columns of variables */
	SECTION_TEXT, /* zstd frames of text rows, a newline after each row */
	SECTION_BREAKS, /* column: newlines inside each text row; empty when there are none */
	SECTION_N
};

/* Types of variables; the codes stand in skeletons, where no other byte below 0x20 but TAB and CR
 * may. */
enum var {
	VAR_ISO = 1, /* 2026-11-22 01:02:03.004; params: separator, point, digits of fraction */
	VAR_BSD = 2, /* Nov 22 01:02:03; param: pad of the day */
	VAR_HTTPD = 3, /* 22/Nov/2026:01:02:03 */
	VAR_CTIME = 4, /* Nov 22 01:02:03 2026; params: pad of the day, digits of fraction */
	VAR_UUID = 5,
	VAR_HEX = 6, /* param: length, 32, 40 or 64 */
	VAR_IP = 7, /* IPv4 */
	VAR_INT = 8, /* decimal without leading zero */
	VAR_PAD = 0x0b, /* decimal of fixed width; param: width */
	VAR_DEC = 0x0c, /* decimal fraction; param: digits after the point */
	VAR_WORD = 0x0e, /* letters and digits */
};

/* A table: as a switch it was a jump that was guessed wrong every other time. */
static inline unsigned var_params(uint8_t type)
{
	static const uint8_t params[16] = { [VAR_ISO] = 3, [VAR_CTIME] = 2, [VAR_BSD] = 1,
					    [VAR_HEX] = 1, [VAR_PAD] = 1,   [VAR_DEC] = 1 };

	return params[type & 15];
}

static inline bool var_known(uint8_t c)
{
	return (c >= VAR_ISO && c <= VAR_INT) || c == VAR_PAD || c == VAR_DEC || c == VAR_WORD;
}

static inline bool var_is_time(uint8_t type)
{
	return type <= VAR_CTIME;
}

#define LINE_VARS 48u /* more variables in a line: it is text */
#define LINE_BYTES 4096u /* longer lines are text */
#define VARIANT_ROWS 24u /* a variant with fewer rows is text: its columns would not pay */
#define VARIANTS_MAX 8192u /* skeletons remembered in one block */
#define ROWS_MAX (1u << 20)
#define TEXT_FRAME ((size_t)8 << 20) /* raw bytes of one zstd frame of text */
