/* SPDX-License-Identifier: Apache-2.0 */
#include "intake/counts.h"
#include "base/buf.h"
#include <sys/mman.h>

struct counts *counts_new(void)
{
	void *p = mmap(NULL, sizeof(struct counts), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return mem_must(p == MAP_FAILED ? NULL : p);
}

struct counts *counts_free(struct counts *c)
{
	if (c)
		munmap(c, sizeof(*c));
	return NULL;
}

static void put_name(char *to, size_t cap, struct bytes b)
{
	size_t n = b.len < cap - 1 ? b.len : cap - 1;

	memset(to, 0, cap);
	if (n)
		memcpy(to, b.at, n);
}

void counts_name(struct counts *c, uint32_t handle, enum source_kind kind, struct bytes host,
		 struct bytes name)
{
	struct count_row *row;

	if (!c || !handle || handle > COUNT_SOURCES)
		return;
	row = &c->row[handle - 1];
	atomic_store_explicit(&row->used, 0, memory_order_release);
	row->kind = kind;
	put_name(row->host, sizeof(row->host), host);
	put_name(row->name, sizeof(row->name), name);
	atomic_store_explicit(&row->used, 1, memory_order_release);
}

bool counts_row(const struct counts *c, uint32_t i, struct count_view *ret)
{
	const struct count_row *row;

	if (i >= COUNT_SOURCES)
		return false;
	row = &c->row[i];
	if (atomic_load_explicit(&row->used, memory_order_acquire) != 1)
		return false;
	ret->kind = row->kind < SOURCE_KIND_N ? (enum source_kind)row->kind : SOURCE_SELF;
	memcpy(ret->host, row->host, sizeof(ret->host));
	memcpy(ret->name, row->name, sizeof(ret->name));
	ret->host[sizeof(ret->host) - 1] = 0; /* the writer is not trusted to have done so */
	ret->name[sizeof(ret->name) - 1] = 0;
	ret->records = count_get(&row->records);
	ret->bytes = count_get(&row->bytes);
	ret->lost = count_get(&row->lost);
	ret->cut = count_get(&row->cut);
	ret->last = (usec)count_get(&row->last);
	return true;
}

uint64_t counts_ack(const struct counts *c, double q)
{
	uint64_t bucket[COUNT_BUCKETS], all = 0, seen = 0;

	for (size_t i = 0; i < COUNT_BUCKETS; i++)
		all += bucket[i] = count_get(&c->ack[i]);
	for (size_t i = 0; i < COUNT_BUCKETS && all; i++) {
		seen += bucket[i];
		if ((double)seen >= q * (double)all)
			return 1ull << i;
	}
	return 0;
}
