/* SPDX-License-Identifier: Apache-2.0 */
/* Finding variables costs by the number of digits runs, not by the length of the line: bit masks of
 * "letter or digit", "digit" and "control" are made 16 bytes at a time, then the scan jumps from
 * one run with a digit in it to the next. (Measured on 280-byte nova lines: 0.13 µs a line, against
 * 0.45 µs for a scan byte by byte; column CPU of `vedette-blockbench`.) */
#include "ledger/block/token.h"
#ifdef __x86_64__
#include <immintrin.h>
#endif

#define MASK_WORDS (LINE_BYTES / 64 + 1)

struct scan {
	const uint8_t *raw;
	uint32_t len;
	/* hex: 0-9 a-f; one word more than there are, so that 64 bits can be read at any place */
	uint64_t alnum[MASK_WORDS + 1], digit[MASK_WORDS + 1], hex[MASK_WORDS + 1];
};

static inline uint64_t mask_16(const uint8_t *p, uint64_t *digit, uint64_t *hex, bool *control)
{
#ifdef __x86_64__
	__m128i v = _mm_loadu_si128((const __m128i_u *)p);
	__m128i d = _mm_sub_epi8(v, _mm_set1_epi8('0'));
	__m128i l = _mm_sub_epi8(_mm_or_si128(v, _mm_set1_epi8(32)), _mm_set1_epi8('a'));
	__m128i is_d = _mm_cmpeq_epi8(_mm_min_epu8(d, _mm_set1_epi8(9)), d);
	__m128i is_l = _mm_cmpeq_epi8(_mm_min_epu8(l, _mm_set1_epi8(25)), l);
	__m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(31)), v);
	__m128i fine = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\t')),
				    _mm_cmpeq_epi8(v, _mm_set1_epi8('\r')));
	__m128i bad = _mm_andnot_si128(fine, low);

	__m128i a = _mm_sub_epi8(v, _mm_set1_epi8('a'));
	__m128i is_a = _mm_cmpeq_epi8(_mm_min_epu8(a, _mm_set1_epi8(5)), a);

	*control |= _mm_movemask_epi8(bad) != 0;
	*digit = (uint64_t)(unsigned)_mm_movemask_epi8(is_d);
	*hex = (uint64_t)(unsigned)_mm_movemask_epi8(_mm_or_si128(is_d, is_a));
	return (uint64_t)(unsigned)_mm_movemask_epi8(_mm_or_si128(is_d, is_l));
#else
	uint64_t a = 0;

	*digit = *hex = 0;
	for (unsigned i = 0; i < 16; i++) {
		*hex |= (uint64_t)(is_digit(p[i]) || (uint8_t)(p[i] - 'a') < 6) << i;
		a |= (uint64_t)is_alnum(p[i]) << i;
		*digit |= (uint64_t)is_digit(p[i]) << i;
		*control |= p[i] < 32 && p[i] != '\t' && p[i] != '\r';
	}
	return a;
#endif
}

/* The masks of 64 bytes. */
static inline __attribute__((always_inline)) void scan_64(struct scan *s, const uint8_t *p,
							  size_t word, bool *control)
{
	uint64_t alnum = 0, digit = 0, hex = 0;

	for (unsigned k = 0; k < 64; k += 16) {
		uint64_t d, h, a = mask_16(p + k, &d, &h, control);

		alnum |= a << k;
		digit |= d << k;
		hex |= h << k;
	}
	s->alnum[word] = alnum;
	s->digit[word] = digit;
	s->hex[word] = hex;
}

static bool scan_words(struct scan *s, const uint8_t *p, size_t from, size_t to)
{
	bool control = false;

	for (size_t word = from; word < to; word++, p += 64)
		scan_64(s, p, word, &control);
	return control;
}

#ifdef __x86_64__
/* The same with two table lookups a byte, by its low and its high half: their common bits are its
 * classes. (Half the time of the above; a tenth of what making tokens costs.) */
enum {
	CLASS_C0 = 1,
	CLASS_C1 = 2,
	CLASS_DIGIT = 4,
	CLASS_TO_O = 8,
	CLASS_A_F = 16,
	CLASS_TO_Z = 32
};
#define CLASS_ALNUM (CLASS_DIGIT | CLASS_TO_O | CLASS_TO_Z)
#define LOW(n)                                                                                     \
	(((n) == 9 || (n) == 13 ? 0 : CLASS_C0) | CLASS_C1 | ((n) < 10 ? CLASS_DIGIT : 0) |        \
	 ((n) > 0 ? CLASS_TO_O : 0) | ((n) > 0 && (n) < 7 ? CLASS_A_F : 0) |                       \
	 ((n) < 11 ? CLASS_TO_Z : 0))

__attribute__((target("avx2"))) static bool scan_words_avx2(struct scan *s, const uint8_t *p,
							    size_t from, size_t to)
{
	const __m128i low16 =
		_mm_setr_epi8(LOW(0), LOW(1), LOW(2), LOW(3), LOW(4), LOW(5), LOW(6), LOW(7),
			      LOW(8), LOW(9), LOW(10), LOW(11), LOW(12), LOW(13), LOW(14), LOW(15));
	const __m128i high16 =
		_mm_setr_epi8(CLASS_C0, CLASS_C1, 0, CLASS_DIGIT, CLASS_TO_O, CLASS_TO_Z,
			      CLASS_TO_O | CLASS_A_F, CLASS_TO_Z, 0, 0, 0, 0, 0, 0, 0, 0);
	const __m256i low = _mm256_broadcastsi128_si256(low16);
	const __m256i high = _mm256_broadcastsi128_si256(high16);
	const __m256i half = _mm256_set1_epi8(15), alnum = _mm256_set1_epi8(CLASS_ALNUM);
	__m256i all = _mm256_setzero_si256();

	for (size_t word = from; word < to; word++) {
		uint64_t a = 0, d = 0, h = 0;

		for (unsigned k = 0; k < 64; k += 32, p += 32) {
			__m256i v = _mm256_loadu_si256((const __m256i_u *)p);
			__m256i hi = _mm256_and_si256(_mm256_srli_epi16(v, 4), half);
			/* A byte of 0x80 and more has no class: its high half says so. */
			__m256i c = _mm256_and_si256(
				_mm256_shuffle_epi8(low, _mm256_and_si256(v, half)),
				_mm256_shuffle_epi8(high, hi));
			__m256i an = _mm256_cmpgt_epi8(_mm256_and_si256(c, alnum),
						       _mm256_setzero_si256());

			all = _mm256_or_si256(all, c);
			a |= (uint64_t)(uint32_t)_mm256_movemask_epi8(an) << k;
			d |= (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_slli_epi16(c, 5)) << k;
			h |= (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_slli_epi16(c, 3)) << k;
		}
		s->alnum[word] = a;
		s->digit[word] = d;
		s->hex[word] = d | h;
	}
	return !_mm256_testz_si256(all, _mm256_set1_epi8(CLASS_C0 | CLASS_C1));
}
#endif

/* False when a control character other than TAB and CR is there. */
static bool scan_set(struct scan *s, struct bytes raw)
{
	bool (*words)(struct scan *, const uint8_t *, size_t, size_t) = scan_words;
	size_t whole = raw.len / 64;
	bool control = false;
	uint8_t tail[64];

#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2"))
		words = scan_words_avx2;
#endif
	s->raw = raw.at;
	s->len = (uint32_t)raw.len;
	if (whole)
		control = words(s, raw.at, 0, whole);
	memset(tail, ' ', sizeof(tail));
	if (raw.len & 63)
		memcpy(tail, raw.at + 64 * whole, raw.len & 63);
	control |= words(s, tail, whole, whole + 1);
	s->alnum[whole + 1] = s->digit[whole + 1] = s->hex[whole + 1] = 0;
	return !control;
}

/* The 64 bits from place `at` on. */
static uint64_t bits_at(const uint64_t *m, uint32_t at)
{
	uint64_t low = m[at / 64] >> (at & 63);

	return at & 63 ? low | m[at / 64 + 1] << (64 - (at & 63)) : low;
}

/* First set bit at or after `from`, or len. */
static inline __attribute__((always_inline)) uint32_t next_set(const uint64_t *m, uint32_t from,
							       uint32_t len)
{
	uint32_t w = from / 64;
	uint64_t v;

	if (from >= len)
		return len;
	v = m[w] & (UINT64_MAX << (from & 63));
	while (!v) {
		if (++w * 64 >= len)
			return len;
		v = m[w];
	}
	return w * 64 + (uint32_t)__builtin_ctzll(v);
}

/* First clear bit at or after `from`, or len (bits at and after len are clear). */
static inline __attribute__((always_inline)) uint32_t next_clear(const uint64_t *m, uint32_t from,
								 uint32_t len)
{
	uint32_t w = from / 64;
	uint64_t v;

	if (from >= len)
		return len;
	v = ~m[w] & (UINT64_MAX << (from & 63));
	while (!v) {
		if (++w * 64 >= len)
			return len;
		v = ~m[w];
	}
	w = w * 64 + (uint32_t)__builtin_ctzll(v);
	return w < len ? w : len;
}

/* Start of the run of set bits that holds `at`, not before `low`. */
static inline __attribute__((always_inline)) uint32_t run_start(const uint64_t *m, uint32_t at,
								uint32_t low)
{
	uint32_t w = at / 64;
	uint64_t v = ~m[w] & ~(UINT64_MAX << (at & 63));

	while (!v) {
		if (!w || w * 64 <= low)
			return low;
		v = ~m[--w];
	}
	w = w * 64 + 64 - (uint32_t)__builtin_clzll(v);
	return w > low ? w : low;
}

static int two(const uint8_t *p)
{
	return is_digit(p[0]) && is_digit(p[1]) ? (p[0] - '0') * 10 + p[1] - '0' : -1;
}

static int month_of(const uint8_t *p)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int m = 0; m < 12; m++)
		if (!memcmp(p, names + 3 * m, 3))
			return m + 1;
	return 0;
}

/* hh:mm:ss at p, 8 bytes known to be there */
static bool take_hms(const uint8_t *p, struct civil *c)
{
	c->hour = two(p);
	c->minute = two(p + 3);
	c->second = two(p + 6);
	return p[2] == ':' && p[5] == ':' && c->hour >= 0 && c->hour < 24 && c->minute >= 0 &&
	       c->minute < 60 && c->second >= 0 && c->second < 60;
}

/* Digits of a fraction at p (at most 7 looked at); micro is their value. */
static unsigned take_fraction(const uint8_t *p, const uint8_t *end, int *micro)
{
	unsigned n = 0;
	int v = 0;

	for (; p + n < end && n < 7 && is_digit(p[n]); n++)
		v = v * 10 + p[n] - '0';
	for (unsigned i = n; i < 6; i++)
		v *= 10;
	*micro = v;
	return n;
}

/* The days of a date are looked up once while the same date comes again. */
static usec day_usec(const struct civil *c)
{
	static _Thread_local int last = -1;
	static _Thread_local usec last_usec;
	int key = (c->year * 16 + c->month) * 32 + c->day;

	if (key != last) {
		last = key;
		last_usec = civil_days(c->year, c->month, c->day) * USEC_PER_DAY;
	}
	return last_usec;
}

static usec civil_quick(const struct civil *c)
{
	return day_usec(c) + ((int64_t)c->hour * 3600 + c->minute * 60 + c->second) * USEC_PER_SEC +
	       c->micro;
}

/* "2026-11-22 01:02:" at p as microseconds; the last one is remembered: lines come in order. */
static bool iso_minute(const uint8_t *p, usec *ret)
{
	static _Thread_local uint8_t last[17];
	static _Thread_local usec last_usec;
	struct civil c = { 0 };

	if (!memcmp(p, last, sizeof(last))) {
		*ret = last_usec;
		return true;
	}
	if (p[4] != '-' || p[7] != '-' || (p[10] != ' ' && p[10] != 'T') || p[13] != ':' ||
	    p[16] != ':' || two(p) < 0 || two(p + 2) < 0)
		return false;
	c.year = two(p) * 100 + two(p + 2);
	c.month = two(p + 5);
	c.day = two(p + 8);
	c.hour = two(p + 11);
	c.minute = two(p + 14);
	if (!civil_valid(&c))
		return false;
	memcpy(last, p, sizeof(last));
	last_usec = civil_usec(&c);
	*ret = last_usec;
	return true;
}

static bool token_iso(const struct scan *s, struct token *t)
{
	const uint8_t *p = s->raw + t->start, *end = s->raw + s->len;
	int micro = 0, second;
	unsigned n;
	usec at;

	if (end - p < 19 || !iso_minute(p, &at))
		return false;
	second = two(p + 17);
	if (second < 0 || second > 59)
		return false;
	t->end = t->start + 19;
	t->param[0] = p[10];
	t->param[1] = '.';
	t->param[2] = 0;
	if (end - p > 20 && (p[19] == '.' || p[19] == ',')) {
		n = take_fraction(p + 20, end, &micro);
		if (n > 6)
			return false;
		if (n) {
			t->param[1] = p[19];
			t->param[2] = (uint8_t)n;
			t->end += 1 + n;
		} else {
			micro = 0;
		}
	}
	if (t->end < s->len && is_alnum(s->raw[t->end]) && s->raw[t->end] != 'Z')
		return false;
	t->type = VAR_ISO;
	t->value = at + second * USEC_PER_SEC + micro;
	return true;
}

/* "Nov  2 01:02:03" or with " 2026" (and a fraction before it) behind: t is the run of the day.
 * Without a year: the one that puts the stamp nearest to `near`. */
static bool token_bsd(const struct scan *s, struct token *t, uint32_t low, usec near)
{
	const uint8_t *raw = s->raw, *end = raw + s->len, *p = raw + t->start, *q;
	uint32_t digits = t->end - t->start, back = digits == 2 ? 4 : 5;
	struct civil c = { 0 }, today;
	unsigned fraction = 0;
	usec best = 0;

	if (t->start < low + back || end - p < (ptrdiff_t)digits + 9 || raw[t->end] != ' ' ||
	    p[-1] != ' ')
		return false;
	if (digits == 1 && p[-2] != ' ')
		return false;
	c.month = month_of(p - back);
	c.day = digits == 2 ? two(p) : p[0] - '0';
	q = p + digits + 1;
	if (!c.month || c.day < 1 || !take_hms(q, &c))
		return false;
	if (t->start > back && is_alnum(raw[t->start - back - 1]))
		return false;
	q += 8;
	t->param[0] = c.day < 10 && digits == 2 ? '0' : ' ';
	if (end - q > 2 && *q == '.' && is_digit(q[1])) {
		fraction = take_fraction(q + 1, end, &c.micro);
		q += 1 + fraction;
	}
	if (fraction <= 6 && end - q >= 5 && *q == ' ' && two(q + 1) >= 0 && two(q + 3) >= 0 &&
	    (end - q == 5 || !is_alnum(q[5]))) {
		c.year = two(q + 1) * 100 + two(q + 3);
		if (!civil_valid(&c))
			return false;
		t->start -= back;
		t->end = (uint32_t)(q + 5 - raw);
		t->type = VAR_CTIME;
		t->param[1] = (uint8_t)fraction;
		t->value = civil_quick(&c);
		return true;
	}
	c.micro = 0;
	civil_of(near, &today);
	for (int year = today.year - 1; year <= today.year + 1; year++) {
		usec at;

		c.year = year;
		if (!civil_valid(&c))
			continue;
		at = civil_usec(&c);
		if (!best ||
		    (at > near ? at - near : near - at) < (best > near ? best - near : near - best))
			best = at;
	}
	if (!best)
		return false;
	t->end = t->start + digits + 9;
	t->start -= back;
	t->type = VAR_BSD;
	t->value = best;
	return t->end >= s->len || !is_alnum(raw[t->end]);
}

static bool token_httpd(const struct scan *s, struct token *t)
{
	const uint8_t *p = s->raw + t->start;
	struct civil c = { 0 };

	if (s->len - t->start < 20 || p[2] != '/' || p[6] != '/' || p[11] != ':')
		return false;
	c.day = two(p);
	c.month = month_of(p + 3);
	if (two(p + 7) < 0 || two(p + 9) < 0)
		return false;
	c.year = two(p + 7) * 100 + two(p + 9);
	if (!take_hms(p + 12, &c) || !civil_valid(&c))
		return false;
	t->end = t->start + 20;
	if (t->end < s->len && is_alnum(s->raw[t->end]))
		return false;
	t->type = VAR_HTTPD;
	t->value = civil_quick(&c);
	return true;
}

static bool hex_lower(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_digit(p[i]) && (uint8_t)(p[i] - 'a') > 5)
			return false;
	return true;
}

/* 8-4-4-4-12 */
#define UUID_HEX 0xfff7bdeffull
#define UUID_ALL 0xfffffffffull

/* 36 bytes of the shape of a uuid at `at`, whatever stands around them. */
static bool uuid_shape(const struct scan *s, uint32_t at)
{
	const uint8_t *p = s->raw + at;

	return s->len - at >= 36 && (bits_at(s->hex, at) & UUID_ALL) == UUID_HEX && p[8] == '-' &&
	       p[13] == '-' && p[18] == '-' && p[23] == '-';
}

/* Where a uuid could begin that the run [start, end) is a group of: the run itself, when it ends as
 * a first group would; or so far before it, when the groups in front are letters alone. */
static uint32_t uuid_start(const struct scan *s, const struct token *t)
{
	static const uint8_t before[] = { 9, 14, 19, 24 };
	uint32_t len = t->end - t->start;

	if (len >= 8 && t->end < s->len && s->raw[t->end] == '-' && uuid_shape(s, t->end - 8))
		return t->end - 8;
	if (!t->start || s->raw[t->start - 1] != '-' || (len != 4 && len < 12))
		return UINT32_MAX;
	for (unsigned i = 0; i < sizeof(before); i++)
		if (t->start >= before[i] && uuid_shape(s, t->start - before[i]))
			return t->start - before[i];
	return UINT32_MAX;
}

enum uuid_found { UUID_NONE, UUID_HERE, UUID_ODD };

/* ODD: the shape is there, but with letters or digits right before or behind it, or partly in what
 * was taken before. Such a line is text, so that every shape of a uuid becomes a key of the filter.
 */
static enum uuid_found token_uuid(const struct scan *s, struct token *t, uint32_t low)
{
	uint32_t at = uuid_start(s, t);

	if (at == UINT32_MAX)
		return UUID_NONE;
	if (at < low || (at && is_alnum(s->raw[at - 1])) ||
	    (at + 36 < s->len && is_alnum(s->raw[at + 36]))) {
		t->value = at;
		return UUID_ODD;
	}
	t->start = at;
	t->end = at + 36;
	t->type = VAR_UUID;
	return UUID_HERE;
}

static bool token_hex(const struct scan *s, struct token *t)
{
	uint32_t len = t->end - t->start;

	if ((len != 32 && len != 40 && len != 64) ||
	    ~bits_at(s->hex, t->start) & (UINT64_MAX >> (64 - len)))
		return false;
	t->type = VAR_HEX;
	t->param[0] = (uint8_t)len;
	return true;
}

/* Byte by byte, where the line ends soon. */
static bool token_ip_at_end(const struct scan *s, struct token *t)
{
	const uint8_t *p = s->raw + t->start, *end = s->raw + s->len;

	for (int part = 0; part < 4; part++) {
		unsigned v = 0, n = 0;

		for (; p < end && n < 4 && is_digit(*p); n++)
			v = v * 10 + *p++ - '0';
		if (!n || n > 3 || v > 255 || (n > 1 && p[-(int)n] == '0'))
			return false;
		if (part < 3 && (p >= end || *p++ != '.'))
			return false;
	}
	if (p < end && is_alnum(*p))
		return false;
	t->end = (uint32_t)(p - s->raw);
	t->type = VAR_IP;
	return true;
}

/* A number of n <= 3 digits at p, behind which a fourth byte is there. */
static inline unsigned three_digits(const uint8_t *p, unsigned n)
{
	uint32_t v;

	memcpy(&v, p, 4);
	v <<= 8 * (4 - n);
	return (v >> 8 & 15) * 100 + (v >> 16 & 15) * 10 + (v >> 24 & 15);
}

static bool token_ip(const struct scan *s, struct token *t)
{
	uint64_t digits = bits_at(s->digit, t->start);
	uint32_t at = t->start;

	/* the longest address, and the byte behind it */
	if (s->len - at < 16)
		return token_ip_at_end(s, t);
	for (int part = 0; part < 4; part++) {
		unsigned n = (unsigned)__builtin_ctzll(~digits), v;

		if (!n || n > 3)
			return false;
		v = three_digits(s->raw + at, n);
		if (v > 255 || (n > 1 && s->raw[at] == '0') || (part < 3 && s->raw[at + n] != '.'))
			return false;
		at += n + (part < 3);
		digits >>= n + 1;
	}
	if (is_alnum(s->raw[at]))
		return false;
	t->end = at;
	t->type = VAR_IP;
	return true;
}

/* The value of eight digits, the first one lowest in memory (Lemire, "Quickly parsing eight
 * digits", 2018). */
static inline uint64_t eight_digits(uint64_t v)
{
	v = (v & 0x0f0f0f0f0f0f0f0full) * 2561 >> 8;
	v = (v & 0x00ff00ff00ff00ffull) * 6553601 >> 16;
	return (v & 0x0000ffff0000ffffull) * 42949672960001ull >> 32;
}

/* The value of n <= 8 digits at p: the eight bytes that end with them are looked at at once. */
static inline uint64_t few_digits(const struct scan *s, const uint8_t *p, uint32_t n)
{
	uint64_t v = 0;

	if (__builtin_expect(p - s->raw >= 8, 1)) {
		memcpy(&v, p + n - 8, 8);
		return eight_digits(v & UINT64_MAX << (64 - 8 * n));
	}
	for (uint32_t i = 0; i < n; i++)
		v = v * 10 + (p[i] - '0');
	return v;
}

/* The value of 1 to 18 digits at p. */
static inline int64_t number_at(const struct scan *s, const uint8_t *p, uint32_t n)
{
	uint32_t first = (n - 1) % 8 + 1;
	uint64_t v = few_digits(s, p, first);

	for (p += first, n -= first; n; p += 8, n -= 8)
		v = v * 100000000 + few_digits(s, p, 8);
	return (int64_t)v;
}

static void token_number(const struct scan *s, struct token *t)
{
	static const int64_t unit[] = { 1,	10,	 100,	   1000,      10000,
					100000, 1000000, 10000000, 100000000, 1000000000 };
	const uint8_t *p = s->raw + t->start;
	uint32_t len = t->end - t->start, digits = 0;
	bool zero = p[0] == '0' && len > 1;

	if (!zero && t->end + 1 < s->len && s->raw[t->end] == '.') {
		uint32_t end = next_clear(s->digit, t->end + 1, s->len);

		digits = end - t->end - 1;
		if (digits && digits <= 9 && len + digits <= 18 &&
		    (end == s->len || !is_alnum(s->raw[end]))) {
			t->value = number_at(s, p, len) * unit[digits] +
				   number_at(s, p + len + 1, digits);
			t->end = end;
			t->type = VAR_DEC;
			t->param[0] = (uint8_t)digits;
			return;
		}
	}
	t->value = number_at(s, p, len);
	t->type = zero ? VAR_PAD : VAR_INT;
	t->param[0] = (uint8_t)len;
}

/* Classifies the run [start, end), which may grow at both ends (not before `low`); false: the line
 * is to be text. */
static inline __attribute__((always_inline)) bool classify(const struct scan *s, struct token *t,
							   uint32_t low, usec near, bool times)
{
	uint32_t len = t->end - t->start;
	uint8_t next = t->end < s->len ? s->raw[t->end] : 0;
	bool number = len <= 64 && !(~bits_at(s->digit, t->start) & (UINT64_MAX >> (64 - len)));
	enum uuid_found found = UUID_NONE;

	if (len == 4 || len >= 8)
		found = token_uuid(s, t, low);
	if (found == UUID_HERE)
		return true;
	if (found == UUID_ODD && times)
		return false;
	if (!number) {
		if (!token_hex(s, t))
			t->type = VAR_WORD;
	} else if (times && len == 4 && next == '-' && token_iso(s, t)) {
		;
	} else if (len <= 3 && next == '.' && token_ip(s, t)) {
		;
	} else if (times && len <= 2 && next == ' ' && token_bsd(s, t, low, near)) {
		;
	} else if (times && len == 2 && next == '/' && token_httpd(s, t)) {
		;
	} else if (!token_hex(s, t)) {
		if (len > 18)
			t->type = VAR_WORD;
		else
			token_number(s, t);
	}
	return true;
}

/* Type and parameters; what is not used of them is written over by what follows. */
static inline void skeleton_add(struct line *l, const struct token *t)
{
	uint8_t *p = l->skeleton + l->skeleton_len;

	p[0] = t->type;
	memcpy(p + 1, t->param, 3);
	l->skeleton_len += 1 + var_params(t->type);
}

/* Literals are short: 16 bytes are copied at a time, past the end where there is room. */
static inline void skeleton_lit(struct line *l, const uint8_t *from, size_t n, size_t room)
{
	uint8_t *to = l->skeleton + l->skeleton_len;

	l->skeleton_len += n;
	if (room < n + 16) {
		memcpy(to, from, n);
		return;
	}
	for (size_t i = 0; i < n; i += 16)
		memcpy(to + i, from + i, 16);
}

bool line_tokenize(struct line *l, struct bytes raw, usec near)
{
	struct scan s;
	uint32_t at = 0;

	l->n = 0;
	l->skeleton_len = 0;
	if (!raw.len || raw.len > LINE_BYTES - 64 || !scan_set(&s, raw))
		return false;
	for (;;) {
		uint32_t d = next_set(s.digit, at, s.len);
		struct token *t = &l->tok[l->n];

		if (d >= s.len)
			break;
		if (l->n == LINE_VARS)
			return false;
		t->start = run_start(s.alnum, d, at);
		t->end = next_clear(s.alnum, d, s.len);
		if (!classify(&s, t, at, near, true))
			return false;
		skeleton_lit(l, raw.at + at, t->start - at, s.len - at);
		skeleton_add(l, t);
		at = t->end;
		l->n++;
	}
	memcpy(l->skeleton + l->skeleton_len, raw.at + at, s.len - at);
	l->skeleton_len += s.len - at;
	return true;
}

/* The keys of one window of at most LINE_BYTES - 64 bytes. */
static void window_keys(struct bytes text, token_key_fn *fn, void *ctx)
{
	struct scan s;
	uint32_t at = 0;

	scan_set(&s, text);
	for (;;) {
		uint32_t d = next_set(s.digit, at, s.len);
		struct token t = { .start = 0 }, odd;

		if (d >= s.len)
			return;
		t.start = run_start(s.alnum, d, at);
		t.end = next_clear(s.alnum, d, s.len);
		odd = t;
		if (token_uuid(&s, &odd, at) == UUID_ODD)
			fn(ctx, VAR_UUID, bytes_of(text.at + odd.value, 36));
		classify(&s, &t, at, 0, false);
		if (t.type == VAR_UUID || t.type == VAR_HEX || t.type == VAR_IP ||
		    t.type == VAR_WORD)
			fn(ctx, t.type, bytes_of(text.at + t.start, t.end - t.start));
		at = t.end;
	}
}

/* Long texts are gone through in windows. A window ends where neither word, uuid nor address goes
 * on, if there is such a place; else the next one begins a little before its end. */
void token_keys(struct bytes text, token_key_fn *fn, void *ctx)
{
	const size_t max = LINE_BYTES - 64;

	while (text.len > max) {
		size_t end = max;

		while (end > max - 512 && (is_alnum(text.at[end - 1]) || text.at[end - 1] == '-' ||
					   text.at[end - 1] == '.'))
			end--;
		if (end == max - 512) {
			window_keys(bytes_sub(text, 0, max), fn, ctx);
			text = bytes_from(text, max - 256);
		} else {
			window_keys(bytes_sub(text, 0, end), fn, ctx);
			text = bytes_from(text, end);
		}
	}
	window_keys(text, fn, ctx);
}

bool token_parse_uuid(struct bytes text, uint8_t ret[16])
{
	static const uint8_t from[] = { 0, 9, 14, 19, 24 }, len[] = { 8, 4, 4, 4, 12 };

	if (text.len != 36)
		return false;
	for (unsigned g = 0; g < 5; g++)
		if (!hex_lower(text.at + from[g], len[g]) || (g && text.at[from[g] - 1] != '-'))
			return false;
	token_uuid_bytes(text.at, ret);
	return true;
}

bool token_parse_ip(struct bytes text, uint8_t ret[4])
{
	size_t i = 0;

	for (int part = 0; part < 4; part++) {
		unsigned v = 0, n = 0;

		for (; i < text.len && n < 4 && is_digit(text.at[i]); n++)
			v = v * 10 + text.at[i++] - '0';
		if (!n || n > 3 || v > 255 || (n > 1 && text.at[i - n] == '0'))
			return false;
		if (part < 3 && (i >= text.len || text.at[i++] != '.'))
			return false;
		ret[part] = (uint8_t)v;
	}
	return i == text.len;
}
