/* SPDX-License-Identifier: Apache-2.0 */
/* Messages and descriptors arrive as sent; what does not fit is dropped without a leak. */
#include "guard/fdpass.h"
#include "tap.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int lowest_free(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	close(fd);
	return fd;
}

int main(void)
{
	int pair[2], fds[FDPASS_MAX], two[2], before;
	char buf[16];
	size_t len, n;
	struct stat a, b;

	is_int(fdpass_pair(pair), 0, "a pair");
	is_int(fdpass_recv(pair[1], buf, sizeof(buf), &len, fds, &n), FDPASS_NONE, "nothing yet");
	is_int(fdpass_send(pair[0], BYTES("plain"), NULL, 0), 0, "send without descriptors");
	is_int(fdpass_recv(pair[1], buf, sizeof(buf), &len, fds, &n), 0, "receive");
	is_bytes(bytes_of(buf, len), BYTES("plain"), "the bytes");
	is_int(n, 0, "no descriptor");
	is_int(fds[0], -1, "unused places are -1");

	two[0] = memfd_create("one", MFD_CLOEXEC);
	two[1] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	is_int(fdpass_send(pair[0], BYTES("two"), two, 2), 0, "send two");
	is_int(fdpass_recv(pair[1], buf, sizeof(buf), &len, fds, &n), 0, "receive two");
	is_int(n, 2, "both are there");
	fstat(two[0], &a);
	fstat(fds[0], &b);
	ok(a.st_ino == b.st_ino && a.st_dev == b.st_dev, "the same file");
	ok(fcntl(fds[0], F_GETFD) & FD_CLOEXEC, "close-on-exec");
	close(fds[0]);
	close(fds[1]);

	before = lowest_free();
	is_int(fdpass_send(pair[0], BYTES("much longer than sixteen bytes"), two, 2), 0, "long");
	is_int(fdpass_recv(pair[1], buf, sizeof(buf), &len, fds, &n), -EMSGSIZE, "too long");
	is_int(lowest_free(), before, "its descriptors were closed");
	is_int(fdpass_send(pair[0], BYTES("x"), two, FDPASS_MAX + 1), -EINVAL, "too many");
	is_int(fdpass_send(pair[0], (struct bytes){ NULL, 0 }, NULL, 0), -EINVAL, "empty");

	close(pair[0]);
	is_int(fdpass_recv(pair[1], buf, sizeof(buf), &len, fds, &n), FDPASS_CLOSED, "closed");
	is_int(fdpass_send(pair[1], BYTES("x"), NULL, 0), -EPIPE, "nobody there");
	return done_testing();
}
