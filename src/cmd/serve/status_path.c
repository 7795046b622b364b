/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve/status_path.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void status_usual_path(const char *ledger_dir, struct buf *ret)
{
	size_t n = strlen(ledger_dir);

	while (n > 1 && ledger_dir[n - 1] == '/')
		n--;
	buf_add(ret, ledger_dir, n);
	buf_str(ret, ".status");
}

int status_address(const char *path, struct sockaddr_un *ret)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char folder[4096] = ".";
	int fd;

	if (slash && snprintf(folder, sizeof(folder), "%.*s/", (int)(slash - path), path) >=
			     (int)sizeof(folder))
		return -ENAMETOOLONG;
	fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (!*name || snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/%s", fd,
			       name) >= (int)sizeof(ret->sun_path)) {
		close(fd);
		return *name ? -ENAMETOOLONG : -EISDIR;
	}
	return fd;
}
