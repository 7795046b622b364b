/* SPDX-License-Identifier: Apache-2.0 */
/* Syslog over real sockets into the real intake. */
#include "intake/listen.h"
#include "world.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static uint16_t port_of[8];

static int listen_at(struct world *w, enum source_kind kind, const char *address, uint64_t buffer)
{
	struct why why = { "" };
	size_t i = w->config.listener_n++;
	int fd = -1;

	if (listen_open(kind, address, buffer, &fd, &why) < 0) {
		printf("# %s\n", why.line);
		abort();
	}
	w->listener[i] = (struct intake_listener){
		.fd = fd, .kind = kind, .name = address, .slot = (uint32_t)i
	};
	port_of[i] = listen_port(fd);
	return fd;
}

static int dial(int type, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, type, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		abort();
	return fd;
}

/* From another address of the loopback net: another source. */
static int dial_from(const char *from, int type, uint16_t port)
{
	struct sockaddr_in me = { .sin_family = AF_INET };
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, type, 0);

	inet_pton(AF_INET, from, &me.sin_addr);
	if (fd < 0 || bind(fd, (struct sockaddr *)&me, sizeof(me)) < 0 ||
	    connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		abort();
	return fd;
}

static void put(int fd, struct bytes b)
{
	while (b.len) {
		ssize_t n = send(fd, b.at, b.len, MSG_NOSIGNAL);

		if (n < 0)
			abort();
		b = bytes_from(b, (size_t)n);
	}
}

static void done(struct world *w)
{
	is_int(world_stop(w), 0, "stops in good order");
	for (size_t i = 0; i < w->config.listener_n; i++)
		close(w->listener[i].fd);
	world_free(w);
}

static void all_kinds(void)
{
	struct world *w = world_new(4 << 20);
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "/tmp/vedette-test-log" };
	struct got *udp, *tcp, *un;
	int u, t, x;

	listen_at(w, SOURCE_SYSLOG_UDP, "127.0.0.1:0", 0);
	listen_at(w, SOURCE_SYSLOG_TCP, "[::]:0", 0);
	listen_at(w, SOURCE_SYSLOG_UNIX, a.sun_path, 0);
	world_start(w);
	u = dial(SOCK_DGRAM, port_of[0]);
	t = dial(SOCK_STREAM, port_of[1]);
	x = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (connect(x, (struct sockaddr *)&a, sizeof(a)) < 0)
		abort();
	put(u, BYTES("<13>one\n"));
	put(u, BYTES("<13>t\0w\xff"));
	send(u, "", 0, 0);
	put(t, BYTES("<14>a\n7 <14>b\nc<14>d"));
	put(x, BYTES("<15>local"));
	world_wait(w, SOURCE_SYSLOG_UDP, "127.0.0.1", 3, 3000);
	world_wait(w, SOURCE_SYSLOG_UNIX, a.sun_path, 1, 3000);
	put(t, BYTES("e\n"));
	world_wait(w, SOURCE_SYSLOG_TCP, "127.0.0.1", 3, 3000);
	put(t, BYTES("<14>end"));
	close(t);
	world_wait(w, SOURCE_SYSLOG_TCP, "127.0.0.1", 4, 3000);
	udp = world_got(w, SOURCE_SYSLOG_UDP, "127.0.0.1");
	is_bytes(buf_view(&udp->bytes), BYTES("<13>one\n|<13>t\0w\xff||"),
		 "a datagram is a record, byte for byte, also an empty one");
	tcp = world_got(w, SOURCE_SYSLOG_TCP, "127.0.0.1");
	is_bytes(buf_view(&tcp->bytes), BYTES("<14>a\n<14>b\nc|<14>de\n<14>end"),
		 "frames of a stream, counted or not; IPv4 through an IPv6 socket is IPv4");
	is_bytes(buf_view(&tcp->ends), BYTES("\0\1\0\2"), "with their ends");
	un = world_got(w, SOURCE_SYSLOG_UNIX, a.sun_path);
	is_bytes(buf_view(&un->bytes), BYTES("<15>local|"), "a unix datagram");
	is_int(count_get(&w->counts->records), 8, "counted");
	close(u);
	close(x);
	done(w);
	unlink(a.sun_path);
}

/* Many connections, each with messages cut anywhere: all whole, all in order. */
static void many(void)
{
	struct world *w = world_new(4 << 20);
	enum { CONNS = 200, EACH = 300 };
	static int fd[CONNS];
	static size_t at[CONNS];
	static struct buf text[CONNS];
	size_t lost = 0, left = CONNS;
	struct buf got = { 0 };
	usec end = clock_mono() + 20 * USEC_PER_SEC;

	listen_at(w, SOURCE_SYSLOG_TCP, "127.0.0.1:0", 0);
	world_start(w);
	for (int i = 0; i < CONNS; i++) {
		fd[i] = dial(SOCK_STREAM, port_of[0]);
		fcntl(fd[i], F_SETFL, O_NONBLOCK);
		for (int k = 0; k < EACH; k++) {
			char line[600];
			int n = snprintf(line, sizeof(line), "<13>c%04d m%05d %.*s", i, k,
					 (i * 31 + k * 17) % 500,
					 "................................................"
					 "................................................"
					 "................................................");

			if ((i + k) % 3 == 0)
				buf_printf(&text[i], "%d %s", n, line);
			else
				buf_printf(&text[i], "%s\n", line);
		}
	}
	while (left && clock_mono() < end) {
		for (int i = 0; i < CONNS; i++) {
			size_t n = 1 + (size_t)rand() % 3000;
			ssize_t sent;

			if (fd[i] < 0)
				continue;
			if (n > text[i].len - at[i])
				n = text[i].len - at[i];
			sent = send(fd[i], text[i].at + at[i], n, MSG_NOSIGNAL);
			at[i] += sent > 0 ? (size_t)sent : 0;
			if (at[i] == text[i].len) {
				close(fd[i]);
				fd[i] = -1;
				left--;
			}
		}
		world_take(w);
	}
	world_wait(w, SOURCE_SYSLOG_TCP, "127.0.0.1", CONNS * EACH, 5000);
	is_int(world_got(w, SOURCE_SYSLOG_TCP, "127.0.0.1")->records, CONNS * EACH,
	       "200 connections, 300 messages each");
	buf_bytes(&got, buf_view(&world_got(w, SOURCE_SYSLOG_TCP, "127.0.0.1")->bytes));
	for (int i = 0; i < CONNS; i++)
		for (int k = 0; k < EACH; k++) {
			char head[32];

			snprintf(head, sizeof(head), "<13>c%04d m%05d ", i, k);
			if (k % 97 == 0)
				lost += bytes_find(buf_view(&got), bytes_str(head)) == BYTES_NONE;
		}
	is_int(lost, 0, "each is there");
	for (int i = 0; i < CONNS; i++)
		buf_done(&text[i]);
	buf_done(&got);
	done(w);
}

static void long_ones(void)
{
	struct world *w = world_new(8 << 20);
	static char big[3 << 20];
	struct got *g;
	int t;

	w->config.limits.net_memory = 65536;
	listen_at(w, SOURCE_SYSLOG_TCP, "127.0.0.1:0", 0);
	world_start(w);
	memset(big, 'y', sizeof(big));
	memcpy(big, "<13>", 4);
	big[sizeof(big) - 1] = '\n';
	t = dial(SOCK_STREAM, port_of[0]);
	for (size_t sent = 0; sent < sizeof(big);) {
		ssize_t n = send(t, big + sent, sizeof(big) - sent, MSG_DONTWAIT);

		sent += n > 0 ? (size_t)n : 0;
		world_pump(w);
	}
	put(t, BYTES("<13>after\n"));
	world_run(w, 200);
	close(t);
	world_run(w, 100);
	g = world_got(w, SOURCE_SYSLOG_TCP, "127.0.0.1");
	is_int(g->bytes.len, sizeof(big) + 10, "a message above all limits comes in pieces");
	ok(g->records > 3 && bytes_ends(buf_view(&g->bytes), BYTES("y\n<13>after\n")),
	   "all of it, and what follows");
	is_int(count_get(&w->counts->cut), (long long)g->records - 2, "the pieces are counted");
	done(w);
}

static void lost_datagrams(void)
{
	struct world *w = world_new(1 << 20);
	unsigned long sent = 0, told = 0;
	struct got *g;
	struct bytes notes;
	size_t at;
	int u;

	w->config.limits.stage_memory = 1 << 18;
	w->config.limits.record_limit = 4096;
	w->config.limits.multiline_bytes = 4096;
	listen_at(w, SOURCE_SYSLOG_UDP, "127.0.0.1:0", 1 << 18);
	w->lazy = true;
	world_start(w);
	u = dial(SOCK_DGRAM, port_of[0]);
	for (int i = 0; i < 40000; i++) {
		char line[300];
		int n = snprintf(line, sizeof(line), "<13>%0200d", i);

		sent += send(u, line, (size_t)n, 0) == n;
		if (i % 200 == 0)
			world_run(w, 1);
	}
	world_run(w, 300);
	w->lazy = false;
	ring_release(w->ring, ring_taken(w->ring));
	world_run(w, 2500);
	g = world_got(w, SOURCE_SYSLOG_UDP, "127.0.0.1");
	printf("# sent %lu, stored %zu, lost %lu\n", sent, g->records,
	       (unsigned long)count_get(&w->counts->lost));
	ok(g->records < sent, "a full ring and full buffers lose datagrams");
	is_int(g->records + count_get(&w->counts->lost), (long long)sent,
	       "sent = stored + counted lost, to the last one");
	notes = buf_view(&w->notes);
	while ((at = bytes_find(notes, BYTES("\"count\":"))) != BYTES_NONE) {
		uint64_t n = 0;

		notes = bytes_from(notes, at + 8);
		for (size_t i = 0; i < notes.len && is_digit(notes.at[i]); i++)
			n = 10 * n + (uint64_t)(notes.at[i] - '0');
		told += n;
	}
	is_int(told, (long long)count_get(&w->counts->lost), "and told in notes");
	close(u);
	done(w);
}

/* Until nothing waits in the kernel: what is lost then is lost by the intake. */
static void read_all(struct world *w, size_t listener)
{
	usec end = clock_mono() + 60 * USEC_PER_SEC;
	int waits = 1;

	while (clock_mono() < end && waits) {
		world_run(w, 1);
		if (ioctl(w->listener[listener].fd, FIONREAD, &waits) < 0)
			abort();
	}
}

/* One that floods while the ring is full, one that speaks now and then: the latter loses nothing.
 */
static void fair_udp(void)
{
	struct world *w = world_new(1 << 20);
	size_t quiet = 0;
	int a, b;

	w->config.limits.stage_memory = 1 << 20;
	w->config.limits.record_limit = 4096;
	w->config.limits.multiline_bytes = 4096;
	listen_at(w, SOURCE_SYSLOG_UDP, "127.0.0.1:0", 8 << 20);
	w->lazy = true;
	world_start(w);
	a = dial_from("127.0.0.2", SOCK_DGRAM, port_of[0]);
	b = dial_from("127.0.0.3", SOCK_DGRAM, port_of[0]);
	put(b, BYTES("<13>hello"));
	world_run(w, 20);
	for (int i = 0; i < 30000; i++) {
		char line[300];
		int n = snprintf(line, sizeof(line), "<13>%0200d", i);

		send(a, line, (size_t)n, 0);
		if (i % 300 == 0) {
			put(b, BYTES("<13>quiet"));
			quiet++;
			read_all(w, 0);
		}
	}
	w->lazy = false;
	ring_release(w->ring, ring_taken(w->ring));
	world_wait(w, SOURCE_SYSLOG_UDP, "127.0.0.3", quiet + 1, 30000);
	world_run(w, 100);
	is_int(world_got(w, SOURCE_SYSLOG_UDP, "127.0.0.3")->records, (long long)quiet + 1,
	       "the quiet one loses nothing");
	ok(world_got(w, SOURCE_SYSLOG_UDP, "127.0.0.2")->records < 30000,
	   "the one that floods loses its own");
	close(a);
	close(b);
	done(w);
}

static void fair_tcp(void)
{
	struct world *w = world_new(1 << 20);
	static char flood[1 << 16];
	usec worst = 0;
	size_t heard = 0;
	int a[8], b;

	for (size_t i = 0; i < sizeof(flood); i++)
		flood[i] = i % 100 == 99 ? '\n' : 'f';
	listen_at(w, SOURCE_SYSLOG_TCP, "127.0.0.1:0", 0);
	w->config.limits.record_limit = 65536;
	w->config.limits.multiline_bytes = 65536;
	world_start(w);
	for (int i = 0; i < 8; i++) {
		a[i] = dial_from("127.0.0.2", SOCK_STREAM, port_of[0]);
		fcntl(a[i], F_SETFL, O_NONBLOCK);
	}
	b = dial_from("127.0.0.3", SOCK_STREAM, port_of[0]);
	for (int round = 0; round < 20; round++) {
		usec from = clock_mono();

		put(b, BYTES("<13>quiet\n"));
		heard++;
		while (world_got(w, SOURCE_SYSLOG_TCP, "127.0.0.3")->records < heard &&
		       clock_mono() - from < 2 * USEC_PER_SEC) {
			for (int i = 0; i < 8; i++)
				if (send(a[i], flood, sizeof(flood), MSG_NOSIGNAL) < 0)
					continue;
			world_take(w);
		}
		if (clock_mono() - from > worst)
			worst = clock_mono() - from;
	}
	printf("# worst delay beside a flood: %lld us\n", (long long)worst);
	is_int(world_got(w, SOURCE_SYSLOG_TCP, "127.0.0.3")->records, 20, "all heard");
	ok(worst < USEC_PER_SEC, "beside eight connections of one that floods, soon");
	for (int i = 0; i < 8; i++)
		close(a[i]);
	close(b);
	done(w);
}

static void limits(void)
{
	struct world *w = world_new(1 << 20);
	int fd[40];
	char c;

	w->config.limits.max_connections = 20;
	w->config.limits.max_peer_connections = 10;
	w->config.limits.max_sources = 8;
	w->config.limits.record_limit = 65536;
	w->config.limits.multiline_bytes = 65536;
	listen_at(w, SOURCE_SYSLOG_TCP, "127.0.0.1:0", 0);
	listen_at(w, SOURCE_SYSLOG_UDP, "127.0.0.1:0", 0);
	world_start(w);
	for (int i = 0; i < 15; i++)
		fd[i] = dial_from("127.0.0.2", SOCK_STREAM, port_of[0]);
	world_run(w, 50);
	is_int(count_get(&w->counts->connections), 10, "so many connections of one peer");
	is_int(recv(fd[14], &c, 1, MSG_DONTWAIT), 0, "further ones are ended");
	put(fd[9], BYTES("<13>x\n"));
	for (int i = 15; i < 40; i++) {
		char from[32];

		snprintf(from, sizeof(from), "127.0.1.%d", i);
		fd[i] = dial_from(from, SOCK_DGRAM, port_of[1]);
		put(fd[i], BYTES("<13>y"));
	}
	world_run(w, 1500);
	is_int(world_got(w, SOURCE_SYSLOG_UDP, "overflow")->records, 19,
	       "six addresses have names, the others share one");
	ok(world_noted(w, "sources-full") && world_noted(w, "connections-refused"), "noted");
	is_int(world_got(w, SOURCE_SYSLOG_TCP, "127.0.0.2")->records, 1, "the connected are heard");
	for (int i = 0; i < 40; i++)
		close(fd[i]);
	done(w);
}

/* Nothing is read while the ring is full; then all of it comes. */
static void pressure(void)
{
	struct world *w = world_new(1 << 20);
	static char text[64 << 20];
	size_t sent = 0, n = 0;
	usec end;
	int t;

	w->config.limits.record_limit = 65536;
	w->config.limits.multiline_bytes = 65536;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 128 == 127 ? '\n' : (char)('a' + i / 128 % 26);
	listen_at(w, SOURCE_SYSLOG_TCP, "127.0.0.1:0", 0);
	w->paused = true;
	world_start(w);
	t = dial(SOCK_STREAM, port_of[0]);
	fcntl(t, F_SETFL, O_NONBLOCK);
	for (int i = 0; i < 200; i++) {
		ssize_t k = send(t, text + sent, sizeof(text) - sent, 0);

		sent += k > 0 ? (size_t)k : 0;
		world_run(w, 2);
	}
	ok(sent < 32 << 20, "the sender is held up: %zu bytes are under way", sent);
	w->paused = false;
	end = clock_mono() + 20 * USEC_PER_SEC;
	while (sent < sizeof(text) && clock_mono() < end) {
		ssize_t k = send(t, text + sent, sizeof(text) - sent, 0);

		sent += k > 0 ? (size_t)k : 0;
		world_take(w);
	}
	n = sizeof(text) / 128;
	world_wait(w, SOURCE_SYSLOG_TCP, "127.0.0.1", n, 5000);
	is_int(world_got(w, SOURCE_SYSLOG_TCP, "127.0.0.1")->records, (long long)n, "then all");
	ok(bytes_eq(buf_view(&world_got(w, SOURCE_SYSLOG_TCP, "127.0.0.1")->bytes),
		    bytes_of(text, sizeof(text))),
	   "byte for byte");
	ok(count_get(&w->counts->waits) > 0 && counts_ack(w->counts, 0.5) > 0,
	   "waits and times to become durable are counted");
	close(t);
	done(w);
}

static void stopping(void)
{
	struct world *w = world_new(4 << 20);
	int t, u;

	listen_at(w, SOURCE_SYSLOG_TCP, "127.0.0.1:0", 0);
	listen_at(w, SOURCE_SYSLOG_UDP, "127.0.0.1:0", 0);
	world_start(w);
	t = dial(SOCK_STREAM, port_of[0]);
	put(t, BYTES("<13>first\n"));
	world_wait(w, SOURCE_SYSLOG_TCP, "127.0.0.1", 1, 3000);
	kill(w->pid, SIGSTOP);
	u = dial(SOCK_DGRAM, port_of[1]);
	put(t, BYTES("<13>second\n<13>unfinished"));
	put(u, BYTES("<13>third"));
	control_stop(w->control[0]);
	kill(w->pid, SIGCONT);
	is_int(world_end(w), 0, "told to stop");
	is_bytes(buf_view(&world_got(w, SOURCE_SYSLOG_TCP, "127.0.0.1")->bytes),
		 BYTES("<13>first\n<13>second\n<13>unfinished"), "what had come in is there");
	is_int(world_got(w, SOURCE_SYSLOG_UDP, "127.0.0.1")->records, 1, "datagrams too");
	close(t);
	close(u);
	for (size_t i = 0; i < w->config.listener_n; i++)
		close(w->listener[i].fd);
	world_free(w);
}

static void addresses(void)
{
	static const char *const bad[] = { "514",      "::1:514",
					   "host:",    "nowhere.invalid:514",
					   "[::1]514", "127.0.0.1:http1" };
	struct why why = { "" };
	int fd, other, good = 0;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		good += listen_open(SOURCE_SYSLOG_TCP, bad[i], 0, &fd, &why) >= 0 || !why.line[0];
	is_int(good, 0, "bad addresses are refused, each with a reason");
	is_int(listen_open(SOURCE_SYSLOG_TCP, "127.0.0.1:0", 0, &fd, &why), 0, "a good one");
	{
		char again[32];

		snprintf(again, sizeof(again), "127.0.0.1:%u", listen_port(fd));
		ok(listen_open(SOURCE_SYSLOG_TCP, again, 0, &other, &why) == -EADDRINUSE &&
			   bytes_find(bytes_str(why.line), BYTES("ss -lnp")) != BYTES_NONE,
		   "one that is taken: %s", why.line);
	}
	close(fd);
	is_int(listen_open(SOURCE_SYSLOG_UNIX, "/tmp/vedette-test-log", 0, &fd, &why), 0, "unix");
	ok(listen_open(SOURCE_SYSLOG_UNIX, "/tmp/vedette-test-log", 0, &other, &why) < 0,
	   "not while somebody listens: %s", why.line);
	close(fd);
	is_int(listen_open(SOURCE_SYSLOG_UNIX, "/tmp/vedette-test-log", 0, &fd, &why), 0,
	       "a stale socket is replaced");
	close(fd);
	unlink("/tmp/vedette-test-log");
}

/* A process that floods one connection until it is killed. */
static pid_t flood(uint16_t port)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		static char room[1 << 16];
		int fd = dial_from("127.0.0.9", SOCK_STREAM, port);

		memset(room, 'f', sizeof(room));
		for (size_t i = 99; i < sizeof(room); i += 100)
			room[i] = '\n';
		room[sizeof(room) - 1] = '\n';
		for (;;)
			put(fd, bytes_of(room, sizeof(room)));
	}
	return pid;
}

/* As world_wait(), with a keeper so slow that the ring is full whenever it looks. */
static bool slow_wait(struct world *w, enum source_kind kind, const char *name, size_t n)
{
	usec end = clock_mono() + 60 * USEC_PER_SEC;

	while (clock_mono() < end && world_got(w, kind, name)->records < n) {
		usleep(30000);
		world_pump(w);
	}
	return world_got(w, kind, name)->records >= n;
}

/* A sender that fills the ring whenever there is room in it keeps nobody out. */
static void flooded(void)
{
	struct world *w = world_new(256 << 10);
	char dir[] = "/tmp/vedette-net-XXXXXX", path[64], pattern[64];
	FILE *file;
	pid_t pid;
	int quiet;

	if (!mkdtemp(dir))
		abort();
	snprintf(path, sizeof(path), "%s/a.log", dir);
	snprintf(pattern, sizeof(pattern), "%s/*.log", dir);
	w->config.limits.record_limit = w->config.limits.multiline_bytes = 4096;
	listen_at(w, SOURCE_SYSLOG_TCP, "127.0.0.1:0", 0);
	names_add(w->names, SOURCE_FILE, pattern, NULL);
	world_start(w);
	pid = flood(port_of[0]);
	slow_wait(w, SOURCE_SYSLOG_TCP, "127.0.0.9", 10000);
	file = fopen(path, "w");
	if (!file)
		abort();
	quiet = dial_from("127.0.0.8", SOCK_STREAM, port_of[0]);
	for (int i = 0; i < 100; i++) {
		fprintf(file, "line %d\n", i);
		put(quiet, BYTES("a quiet one\n"));
	}
	fclose(file);
	ok(slow_wait(w, SOURCE_SYSLOG_TCP, "127.0.0.8", 100), "another sender is heard beside it");
	ok(slow_wait(w, SOURCE_FILE, path, 100), "and a file is read");
	is_int(waitpid(pid, NULL, WNOHANG), 0, "while it floods");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(quiet);
	done(w);
	unlink(path);
	rmdir(dir);
}

/* Listeners come and go while it runs. */
static void listeners(void)
{
	struct world *w = world_new(4 << 20);
	struct intake_listener more = { .kind = SOURCE_SYSLOG_TCP, .name = "more", .slot = 2 };
	struct intake_listener udp = { .kind = SOURCE_SYSLOG_UDP, .name = "udp", .slot = 3 };
	struct why why = { "" };
	int old, waits, late, u;

	listen_at(w, SOURCE_SYSLOG_TCP, "127.0.0.1:0", 0);
	listen_at(w, SOURCE_SYSLOG_UDP, "127.0.0.1:0", 0);
	if (listen_open(more.kind, "127.0.0.1:0", 0, &more.fd, &why) < 0 ||
	    listen_open(udp.kind, "127.0.0.1:0", 0, &udp.fd, &why) < 0)
		abort();
	world_start(w);
	old = dial_from("127.0.0.2", SOCK_STREAM, port_of[0]);
	put(old, BYTES("one\nhalf "));
	world_wait(w, SOURCE_SYSLOG_TCP, "127.0.0.2", 1, 3000);
	is_int(control_listen(w->control[0], &more), 0, "told of a listener");
	is_int(control_listen(w->control[0], &udp), 0, "and of another");
	late = dial_from("127.0.0.3", SOCK_STREAM, listen_port(more.fd));
	u = dial_from("127.0.0.4", SOCK_DGRAM, listen_port(udp.fd));
	put(late, BYTES("two\n"));
	put(u, BYTES("three"));
	ok(world_wait(w, SOURCE_SYSLOG_TCP, "127.0.0.3", 1, 5000), "the new one is heard");
	ok(world_wait(w, SOURCE_SYSLOG_UDP, "127.0.0.4", 1, 5000), "both are");
	kill(w->pid, SIGSTOP);
	waits = dial_from("127.0.0.5", SOCK_STREAM, port_of[0]);
	put(waits, BYTES("waits\n"));
	put(u, BYTES("waits"));
	control_unlisten(w->control[0], SOURCE_SYSLOG_TCP, "127.0.0.1:0");
	control_unlisten(w->control[0], SOURCE_SYSLOG_UDP, "udp");
	kill(w->pid, SIGCONT);
	put(old, BYTES("and half\n"));
	ok(world_wait(w, SOURCE_SYSLOG_TCP, "127.0.0.2", 2, 5000), "a connection of one that went");
	ok(world_wait(w, SOURCE_SYSLOG_TCP, "127.0.0.5", 1, 5000), "one that waited there");
	ok(world_wait(w, SOURCE_SYSLOG_UDP, "127.0.0.4", 2, 5000), "a datagram that did");
	is_bytes(buf_view(&world_got(w, SOURCE_SYSLOG_TCP, "127.0.0.2")->bytes),
		 BYTES("one\nhalf and half\n"), "whole");
	close(more.fd);
	close(udp.fd);
	close(old);
	close(waits);
	close(late);
	close(u);
	done(w);
}

int main(void)
{
	addresses();
	all_kinds();
	many();
	long_ones();
	lost_datagrams();
	fair_udp();
	fair_tcp();
	limits();
	pressure();
	stopping();
	flooded();
	listeners();
	return done_testing();
}
