/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/scan.h"
#include "parse/vocabulary.h"
#include <assert.h>

size_t scan_find(struct bytes b, struct bytes needle)
{
	size_t last = needle.len - 1, i = 0;

	if (b.len < needle.len)
		return BYTES_NONE;
#ifdef __SSE2__
	/* Sixteen places at once: where the first and the last byte fit, the rest is compared. */
	const __m128i head = _mm_set1_epi8((char)needle.at[0]);
	const __m128i tail = _mm_set1_epi8((char)needle.at[last]);

	for (; b.len - i >= last + 16; i += 16) {
		const void *p = b.at + i, *q = b.at + i + last;
		__m128i one = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)p), head);
		__m128i two = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)q), tail);
		unsigned hit = (unsigned)_mm_movemask_epi8(_mm_and_si128(one, two));

		for (; hit; hit &= hit - 1) {
			size_t at = i + (size_t)__builtin_ctz(hit);

			if (!memcmp(b.at + at, needle.at, needle.len))
				return at;
		}
	}
#endif
	for (; b.len - i >= needle.len; i++)
		if (b.at[i] == needle.at[0] && b.at[i + last] == needle.at[last] &&
		    !memcmp(b.at + i, needle.at, needle.len))
			return i;
	return BYTES_NONE;
}

/* Length, first eight bytes and last eight: enough to tell these words apart. */
static size_t slot_of(struct bytes w)
{
	uint64_t v = 0, u = 0;

	if (w.len >= 8) {
		v = scan_load8(w.at);
		u = scan_load8(w.at + w.len - 8);
	} else {
		for (size_t i = 0; i < w.len; i++)
			v = v << 8 | w.at[i];
	}
	v = (v + w.len) * 0x9e3779b97f4a7c15 ^ u * 0xc2b2ae3d27d4eb4f;
	return (v ^ v >> 32) * 0x9e3779b97f4a7c15 >> 54; /* ten bits */
}
_Static_assert(VOCABULARY_SLOTS == 1 << 10, "slot_of() gives ten bits");

void vocabulary_add(struct vocabulary *t, struct bytes word)
{
	size_t at = slot_of(word);

	assert(t->n < VOCABULARY_SLOTS / 2);
	t->word[t->n++] = word;
	while (t->slot[at] && !bytes_eq(t->word[t->slot[at] - 1], word))
		at = (at + 1) % VOCABULARY_SLOTS;
	if (!t->slot[at])
		t->slot[at] = (uint16_t)t->n;
}

size_t vocabulary_find(const struct vocabulary *t, struct bytes word)
{
	for (size_t at = slot_of(word); t->slot[at]; at = (at + 1) % VOCABULARY_SLOTS)
		if (bytes_eq(t->word[t->slot[at] - 1], word))
			return t->slot[at] - 1u;
	return BYTES_NONE;
}
