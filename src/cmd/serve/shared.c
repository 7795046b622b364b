/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve/shared.h"
#include "base/buf.h"
#include <sys/mman.h>

const char *const serve_role_names[SERVE_ROLES] = { "intake",  "journal", "configs", "keeper",
						    "analyst", "desk",	  "hand" };

static void *shared_memory(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return mem_must(p == MAP_FAILED ? NULL : p);
}

struct shared *shared_new(void)
{
	return shared_memory(sizeof(struct shared));
}

struct ring_notes *ring_notes_new(void)
{
	return shared_memory(sizeof(struct ring_notes));
}
