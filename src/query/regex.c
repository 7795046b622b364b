/* SPDX-License-Identifier: Apache-2.0 */
#include "query/regex.h"
#include "base/buf.h"
#define PCRE2_CODE_UNIT_WIDTH 8
#include <hs/hs.h>
#include <pcre2.h>
#include <stdlib.h>

#define MATCH_LIMIT 500000 /* backtracking steps for one record: some milliseconds */
#define HEAP_LIMIT_KIB 8192
#define JIT_STACK_MAX (512u << 10)
#define NEST_MAX 100
#define SCAN_PATTERN_MAX 400 /* longer ones may take Vectorscan seconds to compile */
#define SCAN_REPEAT_MAX 64

struct regex {
	pcre2_code *code;
	hs_database_t *scan; /* NULL: not used */
	struct arena arena;
	const struct need *need;
};

struct regex_work {
	pcre2_match_context *context;
	pcre2_match_data *data;
	pcre2_jit_stack *stack;
	hs_scratch_t *scratch;
	const struct regex *scratch_for; /* scratch is known to be large enough for it */
};

/* A bounded repeat with a high count makes an automaton of that many states. */
static bool scan_suits(struct bytes p)
{
	if (p.len > SCAN_PATTERN_MAX)
		return false;
	for (size_t i = 0; i < p.len; i++) {
		unsigned v = 0;

		if (p.at[i] != '{' && p.at[i] != ',')
			continue;
		for (size_t k = i + 1; k < p.len && is_digit(p.at[k]) && v < 1000; k++)
			v = v * 10 + (unsigned)(p.at[k] - '0');
		if (v > SCAN_REPEAT_MAX)
			return false;
	}
	return true;
}

static void scan_compile(struct regex *r, struct bytes pattern, struct bytes flags)
{
	unsigned f = HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY;
	hs_compile_error_t *e = NULL;
	struct buf text = { 0 };

	if (!scan_suits(pattern) || bytes_chr(pattern, 0) != BYTES_NONE)
		return;
	buf_bytes(&text, pattern);
	for (size_t i = 0; i < flags.len; i++)
		f |= flags.at[i] == 'i'	  ? HS_FLAG_CASELESS
		     : flags.at[i] == 'm' ? HS_FLAG_MULTILINE
					  : HS_FLAG_DOTALL;
	if (hs_compile(buf_cstr(&text), f, HS_MODE_BLOCK, NULL, &r->scan, &e) != HS_SUCCESS) {
		hs_free_compile_error(e);
		e = NULL;
		if (hs_compile(buf_cstr(&text), f | HS_FLAG_PREFILTER, HS_MODE_BLOCK, NULL,
			       &r->scan, &e) != HS_SUCCESS) {
			hs_free_compile_error(e);
			r->scan = NULL;
		}
	}
	buf_done(&text);
}

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
	struct regex *x = mem_new(1, sizeof(*x));
	uint32_t options = 0;
	int r;

	for (size_t i = 0; i < flags.len; i++)
		options |= flags.at[i] == 'i'	? PCRE2_CASELESS
			   : flags.at[i] == 'm' ? PCRE2_MULTILINE
						: PCRE2_DOTALL;
	r = compile(x, pattern, options, why, ret_at);
	if (r < 0) {
		regex_free(x);
		return r;
	}
	x->need = need_of_regex(&x->arena, pattern, options & PCRE2_CASELESS);
	if (x->need->kind == NEED_NOTHING)
		scan_compile(x, pattern, flags);
	*ret = x;
	return 0;
}

struct regex *regex_free(struct regex *r)
{
	if (!r)
		return NULL;
	pcre2_code_free(r->code);
	hs_free_database(r->scan);
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
	hs_free_scratch(w->scratch);
	pcre2_jit_stack_free(w->stack);
	pcre2_match_data_free(w->data);
	pcre2_match_context_free(w->context);
	free(w);
	return NULL;
}

static int on_scan(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		   void *ctx)
{
	(void)id, (void)from, (void)to, (void)flags;
	*(bool *)ctx = true;
	return 1;
}

/* false: surely no match. */
static bool scan(const struct regex *r, struct regex_work *w, struct bytes text)
{
	bool hit = false;

	if (w->scratch_for != r) {
		if (hs_alloc_scratch(r->scan, &w->scratch) != HS_SUCCESS)
			return true;
		w->scratch_for = r;
	}
	if (text.len > UINT32_MAX ||
	    (hs_scan(r->scan, text.len ? (const char *)text.at : "", (unsigned)text.len, 0,
		     w->scratch, on_scan, &hit) != HS_SUCCESS &&
	     !hit))
		return true;
	return hit;
}

int regex_find(const struct regex *r, struct regex_work *w, struct bytes text, size_t from,
	       size_t *ret_from, size_t *ret_to)
{
	int n;

	if (r->scan && !from && !scan(r, w, text))
		return 0;
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
