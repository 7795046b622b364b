/* SPDX-License-Identifier: Apache-2.0 */
#include "query/regex.h"
#include "base/buf.h"
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#define MATCH_LIMIT 500000 /* backtracking steps for one record: some milliseconds */
#define HEAP_LIMIT_KIB 8192
#define JIT_STACK_MAX (512u << 10)
#define NEST_MAX 100

struct regex {
	uint64_t id; /* an address may be used again */
	pcre2_code *code;
	struct automaton *automaton; /* NULL: not for this pattern */
	struct arena arena;
	const struct need *need;
};

struct regex_work {
	pcre2_match_context *context;
	pcre2_match_data *data;
	pcre2_jit_stack *stack;
	uint64_t of[REGEXES_MAX], last; /* id of the regex; 0: none */
	struct scanner *scanner[REGEXES_MAX], *last_scanner;
	size_t oldest;
};

static int compile(struct regex *r, struct bytes pattern, uint32_t options, struct why *why,
		   size_t *ret_at)
{
	pcre2_compile_context *c = mem_must(pcre2_compile_context_create(NULL));
	int error;
	PCRE2_SIZE at;

	pcre2_set_parens_nest_limit(c, NEST_MAX);
	r->code =
		pcre2_compile(pattern.len ? pattern.at : (const uint8_t *)"", pattern.len,
			      options | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C,
			      &error, &at, c);
	pcre2_compile_context_free(c);
	if (!r->code) {
		char text[160] = "";

		pcre2_get_error_message(error, (PCRE2_UCHAR *)text, sizeof(text));
		if (ret_at)
			*ret_at = at;
		return why_set(why, -EINVAL, "the regular expression is wrong here: %s", text);
	}
	pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE); /* without JIT it is only slower */
	return 0;
}

int regex_new(struct regex **ret, struct bytes pattern, struct bytes flags, struct why *why,
	      size_t *ret_at)
{
	static _Atomic uint64_t ids;
	struct regex *x = mem_new(1, sizeof(*x));
	uint32_t options = 0;
	int r;

	for (size_t i = 0; i < flags.len; i++)
		options |= flags.at[i] == 'i'	? PCRE2_CASELESS
			   : flags.at[i] == 'm' ? PCRE2_MULTILINE
						: PCRE2_DOTALL;
	x->id = ++ids;
	r = compile(x, pattern, options, why, ret_at);
	if (r < 0) {
		regex_free(x);
		return r;
	}
	x->need = need_of_regex(&x->arena, pattern, options & PCRE2_CASELESS);
	automaton_new(&x->automaton, pattern, flags);
	*ret = x;
	return 0;
}

struct regex *regex_free(struct regex *r)
{
	if (!r)
		return NULL;
	pcre2_code_free(r->code);
	automaton_free(r->automaton);
	arena_done(&r->arena);
	free(r);
	return NULL;
}

const struct need *regex_need(const struct regex *r)
{
	return r->need;
}

int regex_work_new(struct regex_work **ret)
{
	struct regex_work *w = mem_new(1, sizeof(*w));

	w->context = mem_must(pcre2_match_context_create(NULL));
	w->data = mem_must(pcre2_match_data_create(1, NULL));
	w->stack = pcre2_jit_stack_create(32 << 10, JIT_STACK_MAX, NULL);
	pcre2_jit_stack_assign(w->context, NULL, w->stack);
	pcre2_set_match_limit(w->context, MATCH_LIMIT);
	pcre2_set_heap_limit(w->context, HEAP_LIMIT_KIB);
	*ret = w;
	return 0;
}

struct regex_work *regex_work_free(struct regex_work *w)
{
	if (!w)
		return NULL;
	for (size_t i = 0; i < REGEXES_MAX; i++)
		scanner_free(w->scanner[i]);
	pcre2_jit_stack_free(w->stack);
	pcre2_match_data_free(w->data);
	pcre2_match_context_free(w->context);
	free(w);
	return NULL;
}

struct scanner *regex_scanner(const struct regex *r, struct regex_work *w)
{
	if (!r->automaton)
		return NULL;
	if (w->last != r->id) {
		size_t i = 0;

		while (i < REGEXES_MAX && w->of[i] != r->id)
			i++;
		if (i == REGEXES_MAX) {
			i = w->oldest++ % REGEXES_MAX;
			scanner_free(w->scanner[i]);
			w->of[i] = r->id;
			w->scanner[i] = scanner_new(r->automaton);
		}
		w->last = r->id;
		w->last_scanner = w->scanner[i];
	}
	return w->last_scanner;
}

int regex_has(const struct regex *r, struct regex_work *w, struct bytes text)
{
	struct scanner *s = regex_scanner(r, w);
	int found = s ? walker_find(scanner_walker(s), text) : -1;

	return found >= 0 ? found : regex_find(r, w, text, 0, NULL, NULL);
}

int regex_find(const struct regex *r, struct regex_work *w, struct bytes text, size_t from,
	       size_t *ret_from, size_t *ret_to)
{
	int n;

	n = pcre2_match(r->code, text.len ? text.at : (const uint8_t *)"", text.len, from, 0,
			w->data, w->context);
	if (n == PCRE2_ERROR_NOMATCH)
		return 0;
	if (n < 0)
		return -1;
	if (ret_from && ret_to) {
		const PCRE2_SIZE *o = pcre2_get_ovector_pointer(w->data);

		*ret_from = o[0];
		*ret_to = o[1] < o[0] ? o[0] : o[1]; /* \K in a look-ahead may turn them round */
	}
	return 1;
}
