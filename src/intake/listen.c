/* SPDX-License-Identifier: Apache-2.0 */
#include "intake/listen.h"
#include "base/bytes.h"
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define RECEIVE_BYTES (64u << 20)
#define BACKLOG 1024

/* "host:port" or "[address]:port" */
static bool split(const char *address, char host[static 256], char port[static 32])
{
	const char *colon = strrchr(address, ':');
	size_t n = colon ? (size_t)(colon - address) : 0;

	if (!colon || !colon[1] || strlen(colon + 1) >= 32 || n >= 256)
		return false;
	if (n >= 2 && address[0] == '[' && address[n - 1] == ']') {
		address++;
		n -= 2;
	} else if (memchr(address, ':', n)) {
		return false; /* an IPv6 address without brackets */
	}
	memcpy(host, address, n);
	host[n] = 0;
	memcpy(port, colon + 1, strlen(colon + 1) + 1);
	return true;
}

static void receive_buffer(int fd, uint64_t bytes)
{
	int want = bytes > 1u << 30 ? 1 << 30 : (int)bytes;

	/* The kernel doubles what it is given, for its own costs. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &want, sizeof(want)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &want, sizeof(want));
}

static int open_one(enum source_kind kind, const struct addrinfo *a, uint64_t bytes)
{
	int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int one = 1, zero = 0, r;

	if (fd < 0)
		return -errno;
	if (kind == SOURCE_SYSLOG_TCP)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (a->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	if (kind == SOURCE_SYSLOG_UDP)
		receive_buffer(fd, bytes);
	if (bind(fd, a->ai_addr, a->ai_addrlen) < 0 ||
	    (kind == SOURCE_SYSLOG_TCP && listen(fd, BACKLOG) < 0)) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

static int open_inet(enum source_kind kind, const char *address, uint64_t bytes, int *ret,
		     struct why *why)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
				  .ai_socktype =
					  kind == SOURCE_SYSLOG_UDP ? SOCK_DGRAM : SOCK_STREAM };
	char host[256], port[32];
	struct addrinfo *all = NULL;
	bool any;
	int r;

	if (!split(address, host, port))
		return why_set(why, -EINVAL,
			       "listen address \"%s\": it must be HOST:PORT, such as 0.0.0.0:514 "
			       "or [::]:514",
			       address);
	any = !strcmp(host, "*"); /* both families through one socket */
	if (any)
		snprintf(host, sizeof(host), "::");
	r = getaddrinfo(*host ? host : NULL, port, &hints, &all);
	if (r)
		return why_set(why, -EINVAL, "listen address \"%s\": %s", address, gai_strerror(r));
	r = open_one(kind, all, bytes);
	freeaddrinfo(all);
	if (r == -EAFNOSUPPORT && any) { /* a kernel without IPv6 */
		snprintf(host, sizeof(host), "0.0.0.0:%s", port);
		return open_inet(kind, host, bytes, ret, why);
	}
	if (r < 0)
		return why_set(
			why, r, "cannot listen on %s (%s): %s", address, source_kind_name(kind),
			r == -EADDRINUSE ? "another program has it: see ss -lnp" : strerror(-r));
	*ret = r;
	return 0;
}

static int open_unix(const char *path, int *ret, struct why *why)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct stat st;
	int fd, r;

	if (path[0] != '/' || strlen(path) >= sizeof(a.sun_path))
		return why_set(why, -EINVAL,
			       "socket path \"%s\": it must be absolute, and shorter than %zu "
			       "bytes",
			       path, sizeof(a.sun_path));
	memcpy(a.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return why_set(why, -errno, "cannot make a socket: %s", strerror(errno));
	/* A socket that nobody listens to any more; anything else there stays. */
	if (!lstat(path, &st) && S_ISSOCK(st.st_mode) &&
	    connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0 && errno == ECONNREFUSED)
		unlink(path);
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		r = -errno;
		close(fd);
		return why_set(why, r, "cannot listen on %s: %s", path,
			       r == -EADDRINUSE ? "it exists, and another program listens there"
						: strerror(-r));
	}
	chmod(path, 0666);
	*ret = fd;
	return 0;
}

int listen_open(enum source_kind kind, const char *address, uint64_t receive_bytes, int *ret,
		struct why *why)
{
	switch (kind) {
	case SOURCE_SYSLOG_UDP:
	case SOURCE_SYSLOG_TCP:
		return open_inet(kind, address, receive_bytes ? receive_bytes : RECEIVE_BYTES, ret,
				 why);
	case SOURCE_SYSLOG_UNIX:
		return open_unix(address, ret, why);
	default:
		return why_set(why, -EINVAL, "nothing listens for the kind %s",
			       source_kind_name(kind));
	}
}

uint16_t listen_port(int fd)
{
	struct sockaddr_storage a = { 0 };
	socklen_t len = sizeof(a);

	if (getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		return 0;
	if (a.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&a)->sin6_port);
	return a.ss_family == AF_INET ? ntohs(((struct sockaddr_in *)&a)->sin_port) : 0;
}
