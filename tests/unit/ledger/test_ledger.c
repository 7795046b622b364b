/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

static void test_life(void)
{
	const char *dir = scratch_dir();
	struct ledger_options o = { .block_records = 1000 };
	struct ledger *l = scratch_open(dir, &o);
	struct verify_result res;
	uint32_t src;

	ok(l != NULL, "a new ledger opens");
	if (!l)
		return;
	src = scratch_source(l, "/var/log/a");
	is_int(src, 1, "the first source is 1");
	is_int(scratch_source(l, "/var/log/a"), 1, "and found again");
	is_int(scratch_fill(l, src, 0, 3499, 170), 0, "records go in");
	is_int(ledger_size(l), 3500, "with the definition");
	is_int(ledger_position(l, src, BYTES("offset 17")), 0, "a position");
	is_int(ledger_ring_position(l, 3, 12345), 0, "a ring's");
	ok(!ledger_position_of(l, src).len, "is not durable yet");
	is_int(ledger_commit(l), 0, "commit");
	is_bytes(ledger_position_of(l, src), BYTES("offset 17"), "and now it is");
	is_int(scratch_verify(dir), 0, "verifies while it is open");
	is_int(scratch_seal(l), 3, "three segments are sealed");
	is_int(scratch_verify(dir), 0, "verifies");
	ledger_close(l);
	is_int(scratch_verify_with(dir, NULL, NULL, false, &res, NULL), 0, "verifies when closed");
	is_int(res.records, 3500, "records");
	is_int(res.blocks, 3, "blocks");
	is_int(res.unsigned_records, 0, "all signed");
	l = scratch_open(dir, &o);
	ok(l != NULL, "opens again");
	if (!l)
		return;
	is_int(ledger_size(l), 3500, "with all records");
	is_bytes(ledger_position_of(l, src), BYTES("offset 17"), "and the position");
	is_int(ledger_ring_position_of(l, 3), 12345, "and the ring's");
	is_int(scratch_source(l, "/var/log/a"), 1, "and the source");
	is_int(scratch_fill(l, src, 3499, 5000, 333), 0, "more");
	is_int(ledger_close_segment(l), 0, "close the segment");
	is_int(scratch_seal(l), 6, "sealed");
	is_int(ledger_size(l), 8500, "size");
	ledger_close(l);
	is_int(scratch_verify(dir), 0, "verifies");
	l = scratch_open(dir, &o);
	is_bytes(ledger_position_of(l, src), BYTES("offset 17"), "the position outlived segments");
	ledger_close(l);
	is_int(scratch_verify(dir), 0, "verifies");
	scratch_remove(dir);
}

int main(void)
{
	test_life();
	return done_testing();
}
