/* SPDX-License-Identifier: Apache-2.0 */
/* A query from anyone: it is refused with a column inside it, or it compiles, and then the
 * canonical form, when it holds nothing that has no text form, says the same again; and it can be
 * asked of any record. The first byte parts the input into query and record. */
#include "query/query.h"
#include "query/search.h"
#include "query/syntax.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct query *q, struct bytes raw)
{
	static struct search s; /* set up once: it holds no state between records */
	struct record r = { .seq = 7, .arrival = 1772366400000000, .raw = raw };
	bool hit;

	if (!s.work)
		search_init(&s, q, NULL);
	s.q = q;
	s.event_row = UINT32_MAX;
	hit = match_record(&s, q->root, 0, &r);
	if (q->root->kind == NODE_ALL && !hit)
		abort();
	if (q->root->kind == NODE_NOT && hit == match_record(&s, q->root->child, 0, &r))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes all = bytes_of(data, size), text, raw;
	struct why why = { "" };
	struct buf dump = { 0 };
	struct query *q;
	size_t column = 0;

	if (!size)
		return 0;
	text = bytes_sub(all, 1, (size_t)data[0] * 2);
	raw = bytes_from(all, 1 + text.len);
	if (query_compile(&q, text, 1772366400000000, &why, &column) < 0) {
		if (!why.line[0] || column < 1 || column > text.len + 1)
			abort();
		return 0;
	}
	query_dump(q, &dump);
	if (!dump.len)
		abort();
	ask(q, raw);
	query_free(q);
	buf_done(&dump);
	return 0;
}
