/* SPDX-License-Identifier: Apache-2.0 */
/* The walk keeps one bit a level (object or array) and, for the first levels, where the path of
 * that level ends in one buffer:
 *
 *	{"a":{"b":[{"c":1}]}}      path "a" "a.b" "a.b" "a.b.c"
 *	 0    1    2 3             base  0   1     3     3
 */
#include "parse/json.h"
#include "parse/scan.h"

#define PATH_LEVELS 24 /* paths are kept this deep */
#define KEY_SLOTS 1024
#define KEYS_MAX 768
#define PROBES_MAX 64

/* The keys of a line, each with the number of its object, by their hashes. A slot counts only where
 * it is of this line: so nothing has to be cleared. Who makes hashes collide flags his own line. */
struct key_set {
	struct {
		uint64_t hash;
		uint64_t line;
	} slot[KEY_SLOTS];
	uint64_t line;
	uint32_t containers; /* opened so far */
	unsigned n, depth; /* walks within walks: JSON in a string */
	enum json_keys found;
};
static _Thread_local struct key_set key_set;

struct walk {
	struct bytes b;
	json_leaf_fn fn;
	void *ctx;
	unsigned depth; /* open containers */
	uint64_t object[JSON_DEPTH / 64]; /* bit d: container d is an object */
	struct key_set *keys; /* or NULL: nobody asks */
	uint32_t number[JSON_DEPTH]; /* of container d, where keys are looked at */
	uint16_t base[PATH_LEVELS]; /* length of the path of container d */
	size_t path_len; /* > JSON_PATH_MAX: too long to be told */
	uint8_t path[JSON_PATH_MAX + 2];
};

static void blanks(struct bytes *b)
{
	while (b->len &&
	       (b->at[0] == ' ' || b->at[0] == '\n' || b->at[0] == '\t' || b->at[0] == '\r'))
		scan_skip(b, 1);
}

/* Bytes up to a quote, a backslash or a control character. */
static size_t plain_run(struct bytes b)
{
	size_t i = 0;
#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
	const __m128i control = _mm_set1_epi8(0x1f);

	for (; i + 16 <= b.len; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(b.at + i));
		__m128i low = _mm_cmpeq_epi8(_mm_max_epu8(v, control), control);
		__m128i any = _mm_or_si128(
			_mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash)), low);
		unsigned hit = (unsigned)_mm_movemask_epi8(any);

		if (hit)
			return i + (size_t)__builtin_ctz(hit);
	}
#endif
	while (i < b.len && b.at[i] != '"' && b.at[i] != '\\' && b.at[i] > 0x1f)
		i++;
	return i;
}

static bool hex4(struct bytes b, unsigned *ret)
{
	unsigned v = 0;

	if (b.len < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		int d = hex_digit(b.at[i]);

		if (d < 0)
			return false;
		v = v << 4 | (unsigned)d;
	}
	*ret = v;
	return true;
}

/* What \c stands for; NUL where it is no escape. */
static inline uint8_t means_of(uint8_t c)
{
	static const uint8_t means[256] = {
		['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
		['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t',
	};

	return means[c];
}

static bool take_string(struct bytes *b, struct bytes *ret, bool *ret_escaped)
{
	struct bytes all;

	if (!scan_take_chr(b, '"'))
		return false;
	all = *b;
	*ret_escaped = false;
	for (;;) {
		unsigned unused;

		if (!scan_is(*b, '\\')) /* escapes come in flocks */
			scan_skip(b, plain_run(*b));
		if (!b->len || b->at[0] < ' ')
			return false;
		if (scan_take_chr(b, '"')) {
			*ret = scan_head(all, all.len - b->len - 1);
			return true;
		}
		*ret_escaped = true;
		scan_skip(b, 1);
		if (scan_take_chr(b, 'u')) {
			if (!hex4(*b, &unused))
				return false;
			scan_skip(b, 4);
		} else if (means_of(scan_at(*b, 0))) {
			scan_skip(b, 1);
		} else {
			return false;
		}
	}
}

static bool take_number(struct bytes *b, struct bytes *ret)
{
	struct bytes all = *b, whole;

	scan_take_chr(b, '-');
	whole = scan_digits(b);
	if (!whole.len || (whole.len > 1 && whole.at[0] == '0'))
		return false;
	if (scan_take_chr(b, '.') && !scan_digits(b).len)
		return false;
	if (scan_take_chr(b, 'e') || scan_take_chr(b, 'E')) {
		if (!scan_take_chr(b, '+'))
			scan_take_chr(b, '-');
		if (!scan_digits(b).len)
			return false;
	}
	*ret = scan_head(all, all.len - b->len);
	return true;
}

static size_t put_utf8(uint8_t *to, uint32_t c)
{
	if (c < 0x80) {
		to[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (uint8_t)(0xc0 | c >> 6);
		to[1] = (uint8_t)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (uint8_t)(0xe0 | c >> 12);
		to[1] = (uint8_t)(0x80 | (c >> 6 & 63));
		to[2] = (uint8_t)(0x80 | (c & 63));
		return 3;
	}
	to[0] = (uint8_t)(0xf0 | c >> 18);
	to[1] = (uint8_t)(0x80 | (c >> 12 & 63));
	to[2] = (uint8_t)(0x80 | (c >> 6 & 63));
	to[3] = (uint8_t)(0x80 | (c & 63));
	return 4;
}

/* Behind "\u": the code point, of two escapes where they are a pair. */
static uint32_t take_code(struct bytes *b)
{
	unsigned hi = 0xfffd, lo;
	struct bytes next;

	if (!hex4(*b, &hi))
		return 0xfffd;
	scan_skip(b, 4);
	if (hi < 0xd800 || hi > 0xdfff)
		return hi;
	next = *b;
	if (hi < 0xdc00 && TAKE(&next, "\\u") && hex4(next, &lo) && lo >= 0xdc00 && lo <= 0xdfff) {
		scan_skip(&next, 4);
		*b = next;
		return 0x10000 + ((hi - 0xd800) << 10 | (lo - 0xdc00));
	}
	return 0xfffd;
}

/* An escape never stands for more bytes than it has: `to` needs b.len bytes. */
static size_t unescape(struct bytes b, uint8_t *to)
{
	size_t n = 0;

	while (b.len) {
		size_t run = 0;

		while (run + 16 <= b.len) { /* most runs are short: a copy too long does no harm */
			size_t found = scan_chr(scan_head(bytes_from(b, run), 16), '\\');

			memcpy(to + n + run, b.at + run, 16);
			run += found;
			if (found < 16)
				break;
		}
		while (run < b.len && b.at[run] != '\\') {
			to[n + run] = b.at[run];
			run++;
		}
		n += run;
		scan_skip(&b, run + 1);
		if (!b.len)
			break;
		if (scan_take_chr(&b, 'u')) {
			n += put_utf8(to + n, take_code(&b));
			continue;
		}
		to[n++] = means_of(b.at[0]);
		scan_skip(&b, 1);
	}
	return n;
}

struct bytes json_unescape(struct arena *a, struct bytes escaped)
{
	uint8_t *to = arena_take(a, escaped.len);

	return bytes_of(to, unescape(escaped, to));
}

static bool in_object(const struct walk *w)
{
	unsigned d = w->depth - 1;

	return w->object[d / 64] >> (d % 64) & 1;
}

static bool push(struct walk *w, bool object)
{
	unsigned d = w->depth;

	if (d == JSON_DEPTH)
		return false;
	w->object[d / 64] &= ~(1ull << (d % 64));
	w->object[d / 64] |= (uint64_t)object << (d % 64);
	if (d < PATH_LEVELS)
		w->base[d] =
			(uint16_t)(w->path_len > JSON_PATH_MAX ? JSON_PATH_MAX + 1 : w->path_len);
	if (w->keys)
		w->number[d] = ++w->keys->containers;
	w->depth++;
	return true;
}

static uint64_t hash_of(struct bytes name, uint32_t container)
{
	uint64_t h = (container + 1) * 0x9e3779b97f4a7c15 ^ name.len;

	for (; name.len >= 8; scan_skip(&name, 8)) {
		h = (h ^ scan_load8(name.at)) * 0xc2b2ae3d27d4eb4f;
		h ^= h >> 29;
	}
	for (size_t i = 0; i < name.len; i++)
		h = (h ^ name.at[i]) * 0x100000001b3;
	h *= 0x9e3779b97f4a7c15;
	return h ^ h >> 32;
}

static void note_key(struct key_set *k, struct bytes name, uint32_t container)
{
	uint64_t h = hash_of(name, container);
	size_t at = h % KEY_SLOTS;

	for (unsigned tries = 0; k->slot[at].line == k->line; at = (at + 1) % KEY_SLOTS) {
		if (k->slot[at].hash == h) {
			k->found = JSON_TWICE;
			return;
		}
		if (++tries == PROBES_MAX)
			break;
	}
	if (k->slot[at].line == k->line || k->n == KEYS_MAX) {
		if (k->found == JSON_ONCE)
			k->found = JSON_UNCHECKED;
		return;
	}
	k->slot[at].hash = h;
	k->slot[at].line = k->line;
	k->n++;
}

/* "name": and the path of its value */
static bool take_name(struct walk *w)
{
	struct bytes name;
	bool escaped;
	size_t base;

	blanks(&w->b);
	if (!take_string(&w->b, &name, &escaped))
		return false;
	blanks(&w->b);
	if (!scan_take_chr(&w->b, ':'))
		return false;
	base = w->depth <= PATH_LEVELS ? w->base[w->depth - 1] : JSON_PATH_MAX + 1;
	if (base + 1 + name.len > JSON_PATH_MAX) {
		w->path_len = JSON_PATH_MAX + 1;
		if (w->keys)
			note_key(w->keys, name, w->number[w->depth - 1]);
		return true;
	}
	if (base)
		w->path[base++] = '.';
	if (escaped)
		w->path_len = base + unescape(name, w->path + base);
	else
		w->path_len = base + name.len;
	if (!escaped && name.len)
		memcpy(w->path + base, name.at, name.len);
	if (w->keys) /* of an escaped name what it stands for */
		note_key(w->keys, escaped ? bytes_of(w->path + base, w->path_len - base) : name,
			 w->number[w->depth - 1]);
	return true;
}

static bool scalar(struct walk *w)
{
	struct json_leaf leaf = { .type = JSON_STRING };
	uint8_t c = scan_at(w->b, 0);

	if (c == '"') {
		if (!take_string(&w->b, &leaf.value, &leaf.escaped))
			return false;
	} else if (c == '-' || is_digit(c)) {
		leaf.type = JSON_NUMBER;
		if (!take_number(&w->b, &leaf.value))
			return false;
	} else if (TAKE(&w->b, "true")) {
		leaf.type = JSON_TRUE;
		leaf.value = BYTES("true");
	} else if (TAKE(&w->b, "false")) {
		leaf.type = JSON_FALSE;
		leaf.value = BYTES("false");
	} else if (TAKE(&w->b, "null")) {
		leaf.type = JSON_NULL;
	} else {
		return false;
	}
	if (w->path_len <= JSON_PATH_MAX) {
		leaf.path = bytes_of(w->path, w->path_len);
		w->fn(w->ctx, &leaf);
	}
	return true;
}

/* Behind a value: closes what ends here, and stands before the next value. 0: all is closed. */
static int next_value(struct walk *w)
{
	for (;;) {
		bool object;

		if (!w->depth)
			return 0;
		object = in_object(w);
		blanks(&w->b);
		if (scan_take_chr(&w->b, ',')) {
			if (object)
				return take_name(w) ? 1 : -1;
			if (w->depth <= PATH_LEVELS)
				w->path_len = w->base[w->depth - 1];
			else
				w->path_len = JSON_PATH_MAX + 1;
			return 1;
		}
		if (!scan_take_chr(&w->b, object ? '}' : ']'))
			return -1;
		w->depth--;
	}
}

/* Before a value: opens containers, tells scalars. */
static int value(struct walk *w)
{
	blanks(&w->b);
	if (scan_take_chr(&w->b, '{')) {
		if (!push(w, true))
			return -1;
		blanks(&w->b);
		if (scan_is(w->b, '}'))
			return next_value(w);
		return take_name(w) ? 1 : -1;
	}
	if (scan_take_chr(&w->b, '[')) {
		if (!push(w, false))
			return -1;
		blanks(&w->b);
		return scan_is(w->b, ']') ? next_value(w) : 1;
	}
	return scalar(w) ? next_value(w) : -1;
}

static bool walk(struct bytes b, json_leaf_fn fn, void *ctx, struct key_set *keys)
{
	struct walk w;
	int more = 1;

	w.keys = keys;
	w.b = b;
	w.fn = fn;
	w.ctx = ctx;
	w.depth = 0;
	w.path_len = 0;
	blanks(&w.b);
	if (!scan_is(w.b, '{'))
		return false;
	memset(w.object, 0, sizeof(w.object));
	while (more > 0)
		more = value(&w);
	blanks(&w.b);
	return !more && !w.b.len;
}

bool json_walk(struct bytes b, json_leaf_fn fn, void *ctx)
{
	return walk(b, fn, ctx, NULL);
}

bool json_walk_keys(struct bytes b, json_leaf_fn fn, void *ctx, enum json_keys *ret)
{
	bool good;

	if (!key_set.depth++) {
		key_set.line++; /* 64 bits: comes round for nobody */
		key_set.containers = key_set.n = 0;
		key_set.found = JSON_ONCE;
	}
	good = walk(b, fn, ctx, &key_set);
	key_set.depth--;
	*ret = key_set.found;
	return good;
}
