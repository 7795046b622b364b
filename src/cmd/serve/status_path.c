/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve/status_path.h"
#include "base/io.h"
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

int status_ask(const char *path, struct bytes request, size_t most, struct buf *ret,
	       struct why *why)
{
	size_t had = ret->len;
	struct sockaddr_un at;
	int dir = status_address(path, &at), fd;
	ssize_t n = 0;

	if (dir < 0)
		return why_set(why, dir, "%s: %s", path, strerror(-dir));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0) {
		int e = errno;

		close(dir);
		if (fd >= 0)
			close(fd);
		return why_set(why, -e, "%s: %s", path,
			       e == ENOENT || e == ECONNREFUSED ? "no serve is running there"
								: strerror(e));
	}
	close(dir);
	if (io_write(fd, request) < 0)
		n = -errno;
	while (n >= 0 && ret->len - had < most) {
		n = io_read(fd, buf_reserve(ret, 65536), 65536);
		ret->len += n > 0 ? (size_t)n : 0;
		if (n <= 0)
			break;
	}
	close(fd);
	if (ret->len == had)
		return why_set(why, n < 0 ? (int)n : -ENODATA, "%s: no answer", path);
	return 0;
}
