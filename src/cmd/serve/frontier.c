/* SPDX-License-Identifier: Apache-2.0 */
/* As in base/ring.c: the sleeper says "I wait" before it looks again, the waker looks at that word
 * after it has told; the fences keep the two in this order. */
#include "cmd/serve/frontier.h"
#include <errno.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

int frontier_fd(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

void frontier_tell(struct frontier *f, int fd, uint64_t durable)
{
	if (count_get(&f->durable) == durable)
		return;
	atomic_store_explicit(&f->durable, durable, memory_order_release);
	atomic_thread_fence(memory_order_seq_cst);
	if (count_get(&f->waits)) {
		count_set(&f->waits, 0);
		(void)!write(fd, &(uint64_t){ 1 }, 8); /* full: it is awake anyway */
	}
}

uint64_t frontier_durable(const struct frontier *f)
{
	return atomic_load_explicit(&f->durable, memory_order_acquire);
}

bool frontier_will_wait(struct frontier *f, uint64_t seen)
{
	count_set(&f->waits, 1);
	atomic_thread_fence(memory_order_seq_cst);
	if (frontier_durable(f) <= seen)
		return true;
	count_set(&f->waits, 0);
	return false;
}

void frontier_woken(struct frontier *f, int fd)
{
	uint64_t n;

	count_set(&f->waits, 0);
	(void)!read(fd, &n, sizeof(n)); /* nothing there: woken by something else */
}
