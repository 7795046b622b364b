/* SPDX-License-Identifier: Apache-2.0 */
/* feed — sends the lines of a file to a listener on 127.0.0.1, for measuring.
 *     feed tcp PORT FILE [RATE]            one stream; RATE lines a second, 0 = as taken
 *     feed udp PORT FILE [RATE [SECONDS]]  one datagram a line, over and over for SECONDS
 * Says on stdout what was sent, as JSON, once the listener has taken all of it. */
#include "base/bytes.h"
#include "base/clock.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64 /* datagrams a call */

static uint64_t sent_lines, sent_bytes;
static usec from;

static void fail(const char *what)
{
	perror(what);
	exit(2);
}

/* Sleeps until `n` lines are due; 0 is no limit. */
static void pace(uint64_t rate, uint64_t n)
{
	usec due = rate ? from + (usec)(n * 1000000 / rate) - clock_mono() : 0;
	struct timespec t = { due / USEC_PER_SEC, due % USEC_PER_SEC * 1000 };

	if (due > 0)
		nanosleep(&t, NULL);
}

/* The line at the start of b without its newline; b goes on behind it. */
static struct bytes line_of(struct bytes *b)
{
	size_t n = bytes_chr(*b, '\n');
	struct bytes line = bytes_sub(*b, 0, n);

	*b = bytes_from(*b, n == BYTES_NONE ? b->len : n + 1);
	return line;
}

static void send_stream(int fd, struct bytes all, uint64_t rate)
{
	char end;

	while (all.len) {
		struct bytes piece = bytes_sub(all, 0, rate ? 16384 : 262144);

		while (piece.len) {
			ssize_t n = write(fd, piece.at, piece.len);

			if (n < 0 && errno != EINTR)
				fail("feed: write");
			for (ssize_t i = 0; i < n; i++)
				sent_lines += piece.at[i] == '\n';
			sent_bytes += n > 0 ? (uint64_t)n : 0;
			piece = bytes_from(piece, n > 0 ? (size_t)n : 0);
			all = bytes_from(all, n > 0 ? (size_t)n : 0);
		}
		pace(rate, sent_lines);
	}
	/* The other end closes when it has read all there was. */
	shutdown(fd, SHUT_WR);
	while (read(fd, &end, 1) > 0)
		;
}

static void send_datagrams(int fd, struct bytes all, uint64_t rate, usec duration)
{
	struct mmsghdr msg[BATCH] = { 0 };
	struct iovec iov[BATCH];
	struct bytes rest = all;

	while (clock_mono() - from < duration) {
		for (int i = 0; i < BATCH; i++) {
			struct bytes line;

			if (!rest.len)
				rest = all;
			line = line_of(&rest);
			iov[i] = (struct iovec){ (void *)(uintptr_t)line.at, line.len };
			msg[i].msg_hdr.msg_iov = &iov[i];
			msg[i].msg_hdr.msg_iovlen = 1;
			sent_bytes += line.len;
		}
		for (unsigned done = 0; done < BATCH;) {
			int n = sendmmsg(fd, msg + done, BATCH - done, 0);

			if (n > 0)
				done += (unsigned)n;
			else if (errno != ENOBUFS && errno != ECONNREFUSED && errno != EINTR)
				fail("feed: sendmmsg");
		}
		sent_lines += BATCH;
		pace(rate, sent_lines);
	}
}

static struct bytes file_of(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *p;

	if (fd < 0 || fstat(fd, &st) < 0)
		fail(path);
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (p == MAP_FAILED)
		fail(path);
	return bytes_of(p, (size_t)st.st_size);
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	uint64_t port = 0, rate = 0, seconds = 10;
	bool udp = argc > 1 && !strcmp(argv[1], "udp");
	int fd, room = 4 << 20;
	double took;

	if (argc < 4 || argc > 6 || (!udp && strcmp(argv[1], "tcp")) ||
	    !bytes_u64(bytes_str(argv[2]), &port) || port > 65535 ||
	    (argc > 4 && !bytes_u64(bytes_str(argv[4]), &rate)) ||
	    (argc > 5 && !bytes_u64(bytes_str(argv[5]), &seconds))) {
		fprintf(stderr, "usage: feed tcp|udp PORT FILE [RATE [SECONDS]]\n");
		return 2;
	}
	to.sin_port = htons((uint16_t)port);
	fd = socket(AF_INET, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		fail("feed: connect");
	from = clock_mono();
	if (udp)
		send_datagrams(fd, file_of(argv[3]), rate, (usec)seconds * USEC_PER_SEC);
	else
		send_stream(fd, file_of(argv[3]), rate);
	took = (double)(clock_mono() - from) / 1e6;
	printf("{\"lines\": %llu, \"bytes\": %llu, \"seconds\": %.3f, \"cpu\": %.3f}\n",
	       (unsigned long long)sent_lines, (unsigned long long)sent_bytes, took,
	       (double)clock_cpu() / 1e6);
	return 0;
}
