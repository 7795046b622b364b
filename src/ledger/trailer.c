/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/trailer.h"
#include "base/cursor.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/text.h"
#include "ledger/file.h"
#include "ledger/form.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#define MAGIC_BLOCK "VDTBLK01"
#define MAGIC_GONE "VDTGONE1"

void trailer_done(struct trailer *t)
{
	buf_done(&t->bytes);
	*t = (struct trailer){ 0 };
}

static void footer(struct buf *b, size_t from, const char *magic)
{
	struct bytes t = bytes_from(buf_view(b), from);

	uint32_t sum = (uint32_t)checksum64(t);

	buf_u32le(b, (uint32_t)t.len);
	buf_u32le(b, sum);
	buf_add(b, magic, 8);
}

void trailer_write(const struct trailer *t, const struct key *k, const struct verifier *v,
		   struct buf *ret)
{
	struct checkpoint c = { .size = trailer_size(t), .root = t->root };
	struct hash256 node[64];
	unsigned n = range_nodes(&t->low, GROUP_LEVEL, node);
	struct buf line = { 0 };
	size_t from = ret->len;

	memcpy(c.origin, v->name, sizeof(c.origin));
	buf_printf(&line, "vedette-block %llu %u %llu %lld %lld %lld %lld ",
		   (unsigned long long)t->first, t->count, (unsigned long long)t->raw_bytes,
		   (long long)t->time_min, (long long)t->time_max, (long long)t->arrival_min,
		   (long long)t->arrival_max);
	base64_encode(&line, bytes_of(t->payload.at, SHA256_LEN));
	buf_u8(&line, '\n');
	c.extension = buf_view(&line);
	buf_u8(ret, (uint8_t)n);
	buf_add(ret, node, n * sizeof(*node));
	checkpoint_sign(&c, k, v, ret);
	footer(ret, from, MAGIC_BLOCK);
	buf_done(&line);
}

void trailer_write_gone(const struct trailer *t, struct buf *ret)
{
	size_t from = ret->len;

	buf_bytes(ret, buf_view(&t->bytes));
	footer(ret, from, MAGIC_GONE);
}

static bool block_line(struct bytes line, struct trailer *t)
{
	struct buf hash = { 0 };
	uint64_t count;
	bool good = form_take(&line, "vedette-block ") && form_u64(&line, &t->first) &&
		    form_take(&line, " ") && form_u64(&line, &count) && count &&
		    count <= UINT32_MAX && form_take(&line, " ") &&
		    form_u64(&line, &t->raw_bytes) && form_take(&line, " ") &&
		    form_i64(&line, &t->time_min) && form_take(&line, " ") &&
		    form_i64(&line, &t->time_max) && form_take(&line, " ") &&
		    form_i64(&line, &t->arrival_min) && form_take(&line, " ") &&
		    form_i64(&line, &t->arrival_max) && form_take(&line, " ") && line.len == 45 &&
		    line.at[44] == '\n' && base64_decode(bytes_sub(line, 0, 44), &hash) &&
		    hash.len == SHA256_LEN;

	if (good) {
		t->count = (uint32_t)count;
		memcpy(t->payload.at, hash.at, SHA256_LEN);
	}
	buf_done(&hash);
	return good;
}

static bool trailer_parse(struct trailer *t)
{
	struct cursor c = cursor_of(buf_view(&t->bytes));
	uint8_t n = cur_u8(&c);
	struct bytes nodes = cur_take(&c, (uint64_t)n * SHA256_LEN);
	struct hash256 node[GROUP_LEVEL];
	struct checkpoint cp;
	size_t end;

	if (c.bad || n > GROUP_LEVEL)
		return false;
	t->note = cur_rest(&c);
	end = bytes_find(t->note, BYTES("\n\n"));
	if (end == BYTES_NONE || !checkpoint_parse(bytes_sub(t->note, 0, end + 1), &cp) ||
	    !block_line(cp.extension, t) || cp.size < t->count || cp.size > SEQ_MAX ||
	    cp.size - t->count != t->first || n != (unsigned)__builtin_popcountll(cp.size % GROUP))
		return false;
	if (n)
		memcpy(node, nodes.at, nodes.len);
	range_of_nodes(cp.size % GROUP, node, &t->low);
	t->root = cp.root;
	return true;
}

int trailer_read(int fd, struct trailer *ret, struct why *why)
{
	uint8_t tail[TRAILER_MAX + TRAILER_FOOTER];
	struct trailer t = { 0 };
	struct bytes b;
	struct cursor c;
	struct stat st;
	uint32_t len, sum;
	size_t want;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return why_set(why, -errno, "cannot be read: %s", strerror(errno));
	want = (uint64_t)st.st_size < sizeof(tail) ? (size_t)st.st_size : sizeof(tail);
	n = io_pread(fd, tail, want, (uint64_t)st.st_size - want);
	if (n < 0)
		return why_set(why, (int)n, "cannot be read: %s", strerror((int)-n));
	b = bytes_of(tail, (size_t)n);
	if (b.len < TRAILER_FOOTER)
		return why_set(why, -EBADMSG, "is cut off");
	c = cursor_of(bytes_from(b, b.len - TRAILER_FOOTER));
	len = cur_u32le(&c);
	sum = cur_u32le(&c);
	t.gone = bytes_eq(cur_rest(&c), BYTES(MAGIC_GONE));
	if ((!t.gone && !bytes_ends(b, BYTES(MAGIC_BLOCK))) || len > TRAILER_MAX ||
	    len > b.len - TRAILER_FOOTER)
		return why_set(why, -EBADMSG, "its end is harmed or cut off");
	b = bytes_sub(b, b.len - TRAILER_FOOTER - len, len);
	buf_bytes(&t.bytes, b);
	if (sum != (uint32_t)checksum64(b) || !trailer_parse(&t)) {
		trailer_done(&t);
		return why_set(why, -EBADMSG, "its trailer is harmed");
	}
	t.body_len = (uint64_t)st.st_size - TRAILER_FOOTER - len;
	*ret = t;
	return 0;
}

bool trailer_check(const struct trailer *t, const struct verifier *v)
{
	struct checkpoint c;

	return checkpoint_open(t->note, v, true, &c);
}

void bridge_make(uint64_t size, const struct range *before, const struct hash256 *leaf,
		 struct bridge *ret)
{
	struct bridge b = { .size = size, .low = *before };
	uint64_t until = size % GROUP;

	while (b.low.size < until) {
		uint64_t i = b.low.size;

		range_add(&b.low, 0, &leaf[i]);
	}
	while (until && until < GROUP) { /* the next subtree is as large as the lowest bit allows */
		unsigned k = (unsigned)__builtin_ctzll(until);
		struct hash256 h[GROUP / 2];

		memcpy(h, leaf + until, sizeof(*h) << k);
		tree_fold(h, k);
		b.next[b.n++] = h[0];
		until += 1u << k;
	}
	*ret = b;
}

void bridge_group(const struct bridge *b, struct hash256 *ret)
{
	struct range all = b->low;

	for (unsigned i = 0; i < b->n; i++)
		range_add(&all, (unsigned)__builtin_ctzll(all.size), &b->next[i]);
	*ret = all.node[GROUP_LEVEL];
}

void bridge_write(const struct bridge *b, struct buf *to)
{
	struct hash256 node[64];
	unsigned n = range_nodes(&b->low, GROUP_LEVEL, node);

	buf_u64le(to, b->size);
	buf_add(to, node, n * sizeof(*node));
	buf_add(to, b->next, b->n * sizeof(*b->next));
}

/* The number of subtrees follows from the size, so it is not written. */
static bool bridge_read(struct cursor *c, struct bridge *ret)
{
	struct bridge b = { .size = cur_u64le(c) };
	uint64_t until = b.size % GROUP;
	struct bytes nodes = cur_take(c, (uint64_t)__builtin_popcountll(until) * SHA256_LEN), next;
	struct hash256 node[GROUP_LEVEL];

	if (c->bad || !until)
		return false;
	memcpy(node, nodes.at, nodes.len);
	range_of_nodes(until, node, &b.low);
	for (; until < GROUP; until += 1u << __builtin_ctzll(until))
		b.n++;
	next = cur_take(c, (uint64_t)b.n * SHA256_LEN);
	if (c->bad)
		return false;
	memcpy(b.next, next.at, next.len);
	*ret = b;
	return true;
}

int bridges_read(struct bytes body, struct bridge **ret, size_t *ret_n)
{
	struct cursor c = cursor_of(body);
	uint32_t n = cur_u32le(&c);
	struct bridge *all;

	if (c.bad || n > body.len / SHA256_LEN)
		return -EBADMSG;
	all = mem_new(n, sizeof(*all));
	for (uint32_t i = 0; i < n; i++) {
		if (!bridge_read(&c, &all[i])) {
			free(all);
			return -EBADMSG;
		}
	}
	if (cur_left(&c)) {
		free(all);
		return -EBADMSG;
	}
	*ret = all;
	*ret_n = n;
	return 0;
}
