/* SPDX-License-Identifier: Apache-2.0 */
/* Regular expressions of rules. PCRE2 says whether one is good and decides what is not strictly
 * regular; an automaton (base/automaton.h) decides the rest in one step a byte. What a text must
 * hold for a match is found once, for the prefilter.
 * PCRE2's own match limit counts anew at each start and not within the repeat of one character, so
 * it lets (\w+)\s+\1 take 0.7 s of 64 KiB of letters. Here each item of a pattern calls out, what
 * was walked over since the last call is its cost, and the sum is bounded: about 1 ms. */
#include "detect/sigma/rx.h"
#include "base/automaton.h"
#include "base/buf.h"
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#define COST_CALL 16u /* of one call, in bytes walked over */
#define COST_MAX 1000000u
#define HEAP_LIMIT_KIB 512
#define BACKTRACK_BYTES ((size_t)1 << 20) /* what is behind is not given to PCRE2 */
#define NEST_MAX 100
#define PATTERN_MAX 20000u

struct rx {
	struct bytes text;
	pcre2_code *code;
	struct automaton *automaton; /* NULL: not strictly regular */
	const struct need *need;
	bool refers; /* back to what it has captured: comparing that costs, too */
	size_t index;
	struct rx *next;
};

struct rx_work {
	pcre2_match_context *context;
	pcre2_match_data *data;
	uint64_t cost;
	size_t at; /* of the last call */
	bool refers;
	struct walker **walker; /* by index; made when first asked for */
	size_t n;
};

static int charge(pcre2_callout_block *b, void *ctx)
{
	struct rx_work *w = ctx;
	size_t at = b->current_position;

	w->cost += COST_CALL + (at > w->at ? at - w->at : w->at - at);
	for (uint32_t i = 1; w->refers && i < b->capture_top; i++)
		if (b->offset_vector[2 * i + 1] != PCRE2_UNSET)
			w->cost += b->offset_vector[2 * i + 1] - b->offset_vector[2 * i];
	w->at = at;
	return w->cost > COST_MAX ? PCRE2_ERROR_MATCHLIMIT : 0;
}

static int compile(struct rx *r, struct bytes pattern, uint32_t options, struct why *why)
{
	pcre2_compile_context *c = mem_must(pcre2_compile_context_create(NULL));
	int error;
	PCRE2_SIZE at;

	pcre2_set_parens_nest_limit(c, NEST_MAX);
	r->code = pcre2_compile(pattern.len ? pattern.at : (const uint8_t *)"", pattern.len,
				options | PCRE2_AUTO_CALLOUT | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP |
					PCRE2_NEVER_BACKSLASH_C,
				&error, &at, c);
	pcre2_compile_context_free(c);
	if (!r->code) {
		char text[160] = "";

		pcre2_get_error_message(error, (PCRE2_UCHAR *)text, sizeof(text));
		return why_set(why, -EINVAL, "the regular expression is wrong at character %zu: %s",
			       (size_t)at + 1, text);
	}
	return 0;
}

/* (?i) and its like at the front are flags like those of the modifiers. */
static struct bytes without_flags(struct bytes pattern, bool *caseless, bool *multiline,
				  bool *dotall)
{
	size_t end = bytes_chr(pattern, ')');
	bool i = false, m = false, s = false;

	if (!bytes_starts(pattern, BYTES("(?")) || end == BYTES_NONE || end == 2)
		return pattern;
	for (size_t k = 2; k < end; k++) {
		i |= pattern.at[k] == 'i';
		m |= pattern.at[k] == 'm';
		s |= pattern.at[k] == 's';
		if (pattern.at[k] != 'i' && pattern.at[k] != 'm' && pattern.at[k] != 's')
			return pattern;
	}
	*caseless |= i;
	*multiline |= m;
	*dotall |= s;
	return bytes_from(pattern, end + 1);
}

int rx_new(struct ruleset *s, struct bytes pattern, bool caseless, bool multiline, bool dotall,
	   struct rx **ret, struct why *why)
{
	uint32_t options, references = 0;
	char flags[4];
	size_t n = 0;
	struct rx *r;
	int e;

	if (pattern.len > PATTERN_MAX)
		return why_set(why, -EINVAL, "the regular expression is longer than %u bytes",
			       PATTERN_MAX);
	r = mem_new(1, sizeof(*r));
	r->text = pattern;
	pattern = without_flags(pattern, &caseless, &multiline, &dotall);
	options = (caseless ? PCRE2_CASELESS : 0) | (multiline ? PCRE2_MULTILINE : 0) |
		  (dotall ? PCRE2_DOTALL : 0);
	e = compile(r, pattern, options, why);
	if (e < 0) {
		free(r);
		return e;
	}
	if (caseless)
		flags[n++] = 'i';
	if (multiline)
		flags[n++] = 'm';
	if (dotall)
		flags[n++] = 's';
	automaton_new(&r->automaton, pattern, bytes_of(flags, n));
	pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE);
	pcre2_pattern_info(r->code, PCRE2_INFO_BACKREFMAX, &references);
	r->refers = references > 0;
	r->need = need_of_regex(&s->arena, pattern, caseless);
	r->index = s->regexes ? s->regexes->index + 1 : 0;
	r->next = s->regexes;
	s->regexes = r;
	*ret = r;
	return 0;
}

const struct need *rx_need(const struct rx *r)
{
	return r->need;
}

struct bytes rx_text(const struct rx *r)
{
	return r->text;
}

struct rx *rx_free_all(struct rx *r)
{
	while (r) {
		struct rx *next = r->next;

		pcre2_code_free(r->code);
		automaton_free(r->automaton);
		free(r);
		r = next;
	}
	return NULL;
}

struct rx_work *rx_work_new(const struct ruleset *s)
{
	struct rx_work *w = mem_new(1, sizeof(*w));

	w->context = mem_must(pcre2_match_context_create(NULL));
	w->data = mem_must(pcre2_match_data_create(1, NULL));
	pcre2_set_callout(w->context, charge, w);
	pcre2_set_heap_limit(w->context, HEAP_LIMIT_KIB);
	w->n = s->regexes ? s->regexes->index + 1 : 0;
	w->walker = mem_new(w->n + 1, sizeof(*w->walker));
	return w;
}

struct rx_work *rx_work_free(struct rx_work *w)
{
	if (!w)
		return NULL;
	for (size_t i = 0; i < w->n; i++)
		walker_free(w->walker[i]);
	free(w->walker);
	pcre2_match_data_free(w->data);
	pcre2_match_context_free(w->context);
	free(w);
	return NULL;
}

int rx_find(const struct rx *r, struct rx_work *w, struct bytes text)
{
	int found = -1;
	bool cut = text.len > BACKTRACK_BYTES;

	if (r->automaton) {
		if (!w->walker[r->index])
			w->walker[r->index] = walker_new(r->automaton);
		found = walker_find(w->walker[r->index], text);
		if (found >= 0)
			return found;
	}
	text = bytes_sub(text, 0, BACKTRACK_BYTES);
	w->cost = 0;
	w->at = 0;
	w->refers = r->refers;
	found = pcre2_match(r->code, text.len ? text.at : (const uint8_t *)"", text.len, 0, 0,
			    w->data, w->context);
	if (found >= 0)
		return 1;
	return found == PCRE2_ERROR_NOMATCH && !cut ? 0 : -1;
}
