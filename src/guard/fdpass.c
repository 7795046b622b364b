/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/fdpass.h"
#include "base/err.h"
#include <sys/socket.h>
#include <unistd.h>

union control { /* aligned as CMSG_FIRSTHDR wants it */
	char room[CMSG_SPACE(sizeof(int) * FDPASS_MAX)];
	struct cmsghdr align;
};

int fdpass_pair(int ret[static 2])
{
	int s[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, s) < 0)
		return err_trace(-errno);
	ret[0] = s[0];
	ret[1] = s[1];
	return 0;
}

int fdpass_send(int sock, struct bytes b, const int *fds, size_t n)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)b.at, .iov_len = b.len };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control c = { { 0 } };
	ssize_t r;

	if (!b.len || n > FDPASS_MAX)
		return -EINVAL;
	if (n) {
		struct cmsghdr *h;

		m.msg_control = c.room;
		m.msg_controllen = CMSG_SPACE(sizeof(int) * n);
		h = CMSG_FIRSTHDR(&m);
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(sizeof(int) * n);
		memcpy(CMSG_DATA(h), fds, sizeof(int) * n);
	}
	do
		r = sendmsg(sock, &m, MSG_NOSIGNAL);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	return 0;
}

static void take_fds(struct msghdr *m, int *fds, size_t *n)
{
	for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h; h = CMSG_NXTHDR(m, h)) {
		size_t have;

		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		have = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < have; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(h) + i * sizeof(int), sizeof(int));
			if (*n < FDPASS_MAX)
				fds[(*n)++] = fd;
			else
				close(fd);
		}
	}
}

int fdpass_recv(int sock, void *buf, size_t cap, size_t *ret_len, int fds[static FDPASS_MAX],
		size_t *ret_n)
{
	struct iovec iov = { .iov_base = buf, .iov_len = cap };
	union control c = { { 0 } };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = c.room,
			    .msg_controllen = sizeof(c.room) };
	size_t n = 0;
	ssize_t r;

	for (size_t i = 0; i < FDPASS_MAX; i++)
		fds[i] = -1;
	do
		r = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return errno == EAGAIN ? FDPASS_NONE : errno == ECONNRESET ? FDPASS_CLOSED : -errno;
	take_fds(&m, fds, &n);
	if (r == 0 && !n)
		return FDPASS_CLOSED;
	if (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		for (size_t i = 0; i < n; i++) {
			close(fds[i]);
			fds[i] = -1;
		}
		return -EMSGSIZE;
	}
	*ret_len = (size_t)r;
	*ret_n = n;
	return 0;
}
