/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_note.c — signed notes, checkpoints, verifier keys, definitions of sources: what is accepted
 * has one form only. */
#include "ledger/seal/checkpoint.h"
#include "ledger/source_table.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t pub[KEY_PUBLIC_LEN] = { 1 };
	struct bytes b = bytes_of(data, size), text;
	struct buf again = { 0 }, hold = { 0 };
	struct checkpoint c;
	struct verifier v;
	struct source s;
	size_t n;

	verifier_of("test.example/log", pub, &v);
	assert(!note_open(b, &v, 1, &text, NULL)); /* nobody has the key */
	n = note_length(b);
	assert(n <= size);
	if (verifier_parse(b, &v)) {
		verifier_text(&v, &again);
		assert(bytes_eq(b, buf_view(&again)));
	}
	buf_clear(&again);
	if (checkpoint_parse(b, &c)) {
		checkpoint_text(&c, &again);
		assert(bytes_eq(b, buf_view(&again)));
	}
	buf_clear(&again);
	if (source_definition_parse(b, &s, &hold)) {
		source_definition(&s, &again);
		assert(bytes_eq(b, buf_view(&again)));
	}
	buf_done(&again);
	buf_done(&hold);
	return 0;
}
