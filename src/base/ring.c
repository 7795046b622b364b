/* SPDX-License-Identifier: Apache-2.0 */
/*   shared page:  head (producer) | tail (consumer) | who sleeps
 *   data:         [ size bytes ][ the same size bytes again ]
 * Positions count bytes for ever; position & (size - 1) is the offset. tail <= taken <= head. */
#include "base/ring.h"
#include "base/buf.h"
#include "base/err.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#define RING_HEAD 8 /* length and type */

struct shared {
	_Alignas(64) _Atomic uint64_t head;
	_Alignas(64) _Atomic uint64_t tail;
	_Alignas(64) _Atomic uint32_t data_waiter;
	_Alignas(64) _Atomic uint32_t space_waiter;
};

struct ring {
	struct shared *shared;
	uint8_t *data;
	size_t size, page;
	uint64_t head, taken; /* own copies: head of the producer, taken of the consumer */
	int memory, data_fd, space_fd;
};

static int ring_map(struct ring *r)
{
	uint8_t *p;

	r->shared = mmap(NULL, r->page, PROT_READ | PROT_WRITE, MAP_SHARED, r->memory, 0);
	if (r->shared == MAP_FAILED) {
		r->shared = NULL;
		return -errno;
	}
	p = mmap(NULL, 2 * r->size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return -errno;
	r->data = p;
	for (int i = 0; i < 2; i++)
		if (mmap(p + (size_t)i * r->size, r->size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, r->memory, (off_t)r->page) == MAP_FAILED)
			return -errno;
	return 0;
}

int ring_new(struct ring **ret, size_t size)
{
	struct ring *r = mem_new(1, sizeof(*r));
	int e;

	r->page = (size_t)sysconf(_SC_PAGESIZE);
	for (r->size = 65536; r->size < size;)
		r->size *= 2;
	r->memory = memfd_create("vedette-ring", MFD_CLOEXEC);
	r->data_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r->space_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->memory < 0 || r->data_fd < 0 || r->space_fd < 0 ||
	    ftruncate(r->memory, (off_t)(r->page + r->size)) < 0)
		e = -errno;
	else
		e = ring_map(r);
	if (e < 0) {
		ring_free(r);
		return err_trace(e);
	}
	*ret = r;
	return 0;
}

struct ring *ring_free(struct ring *r)
{
	if (!r)
		return NULL;
	if (r->shared)
		munmap(r->shared, r->page);
	if (r->data)
		munmap(r->data, 2 * r->size);
	for (int i = 0; i < 3; i++) {
		int fd = i == 0 ? r->memory : i == 1 ? r->data_fd : r->space_fd;

		if (fd >= 0)
			close(fd);
	}
	free(r);
	return NULL;
}

static size_t message_size(size_t len)
{
	return (RING_HEAD + len + 7) & ~(size_t)7;
}

static void ring_wake(_Atomic uint32_t *waiter, int fd)
{
	uint64_t one = 1;

	/* Pairs with the fence of the sleeper: it says "I wait" before it looks again. */
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load_explicit(waiter, memory_order_relaxed) &&
	    atomic_exchange_explicit(waiter, 0, memory_order_relaxed))
		while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
			;
}

int ring_room(struct ring *r, size_t len, uint8_t **ret)
{
	size_t need = message_size(len);

	if (len > r->size / 2 - RING_HEAD)
		return -EMSGSIZE;
	if (r->head - atomic_load_explicit(&r->shared->tail, memory_order_acquire) + need > r->size)
		return RING_FULL;
	*ret = r->data + (r->head & (r->size - 1)) + RING_HEAD;
	return 0;
}

void ring_push(struct ring *r, uint32_t type, size_t len)
{
	uint8_t *p = r->data + (r->head & (r->size - 1));
	uint32_t head[2] = { (uint32_t)len, type };

	memcpy(p, head, sizeof(head));
	r->head += message_size(len);
	atomic_store_explicit(&r->shared->head, r->head, memory_order_release);
	ring_wake(&r->shared->data_waiter, r->data_fd);
}

uint64_t ring_pushed(const struct ring *r)
{
	return atomic_load_explicit(&r->shared->head, memory_order_acquire);
}

uint64_t ring_released(const struct ring *r)
{
	return atomic_load_explicit(&r->shared->tail, memory_order_acquire);
}

int ring_next(struct ring *r, uint32_t *ret_type, struct bytes *ret)
{
	uint64_t have = atomic_load_explicit(&r->shared->head, memory_order_acquire) - r->taken;
	uint32_t head[2];

	if (!have)
		return RING_EMPTY;
	if (have > r->size || have < RING_HEAD)
		return -EBADMSG;
	memcpy(head, r->data + (r->taken & (r->size - 1)), sizeof(head));
	if (message_size(head[0]) > have)
		return -EBADMSG;
	*ret_type = head[1];
	*ret = bytes_of(r->data + (r->taken & (r->size - 1)) + RING_HEAD, head[0]);
	r->taken += message_size(head[0]);
	return 0;
}

uint64_t ring_taken(const struct ring *r)
{
	return r->taken;
}

void ring_release(struct ring *r, uint64_t upto)
{
	atomic_store_explicit(&r->shared->tail, upto, memory_order_release);
	ring_wake(&r->shared->space_waiter, r->space_fd);
}

void ring_rewind(struct ring *r)
{
	r->taken = atomic_load_explicit(&r->shared->tail, memory_order_acquire);
	r->head = atomic_load_explicit(&r->shared->head, memory_order_acquire);
}

int ring_data_fd(const struct ring *r)
{
	return r->data_fd;
}

int ring_space_fd(const struct ring *r)
{
	return r->space_fd;
}

static bool will_wait(_Atomic uint32_t *waiter)
{
	atomic_store_explicit(waiter, 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
	return true;
}

static bool no_wait(_Atomic uint32_t *waiter)
{
	atomic_store_explicit(waiter, 0, memory_order_relaxed);
	return false;
}

bool ring_will_wait_data(struct ring *r)
{
	will_wait(&r->shared->data_waiter);
	if (atomic_load_explicit(&r->shared->head, memory_order_acquire) != r->taken)
		return no_wait(&r->shared->data_waiter);
	return true;
}

bool ring_will_wait_space(struct ring *r, size_t len)
{
	uint8_t *p;

	will_wait(&r->shared->space_waiter);
	if (ring_room(r, len, &p) != RING_FULL)
		return no_wait(&r->shared->space_waiter);
	return true;
}

bool ring_will_wait_durable(struct ring *r, uint64_t position)
{
	will_wait(&r->shared->space_waiter);
	if (ring_released(r) >= position)
		return no_wait(&r->shared->space_waiter);
	return true;
}

static void drain(int fd)
{
	uint64_t n;

	while (read(fd, &n, sizeof(n)) < 0 && errno == EINTR)
		;
}

void ring_woken_data(struct ring *r)
{
	drain(r->data_fd);
}

void ring_woken_space(struct ring *r)
{
	drain(r->space_fd);
}

size_t ring_size(const struct ring *r)
{
	return r->size;
}
