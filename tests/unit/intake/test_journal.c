/* SPDX-License-Identifier: Apache-2.0 */
/* A journald of our own, in a mount namespace, rotated and vacuumed while it is read. */
#include "intake/journal_json.h"
#include "world.h"
#include <dirent.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define JOURNALD "/lib/systemd/systemd-journald"

static void json(void)
{
	static struct journal_fields f;
	struct buf b = { 0 };

	journal_fields_add(&f, BYTES("MESSAGE=a \"b\"\n\x01"));
	journal_fields_add(&f, BYTES("A=1"));
	journal_fields_add(&f, BYTES("BIN=\xff\0\x01"));
	journal_fields_add(&f, BYTES("A=2"));
	journal_fields_add(&f, BYTES("EMPTY="));
	journal_fields_add(&f, BYTES("no field"));
	journal_fields_add(&f, BYTES("A=\xfe"));
	journal_json(&b, &f, 5, 7);
	is_bytes(buf_view(&b),
		 BYTES("{\"__REALTIME_TIMESTAMP\":\"5\",\"__MONOTONIC_TIMESTAMP\":\"7\","
		       "\"MESSAGE\":\"a \\\"b\\\"\\n\\u0001\",\"A\":[\"1\",\"2\",[254]],"
		       "\"BIN\":[255,0,1],\"EMPTY\":\"\",\"__DROPPED\":1}"),
		 "an entry as JSON");
	journal_fields_done(&f);
	buf_done(&b);
}

static pid_t journald_start(void)
{
	struct stat st;
	pid_t pid;

	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/run", "tmpfs", 0, NULL) < 0)
		return -1;
	mkdir("/run/systemd", 0755);
	mkdir("/run/systemd/journal", 0755);
	mkdir("/run/log", 0755);
	mkdir("/run/log/journal", 0755);
	pid = fork();
	if (!pid) {
		close(2);
		execl(JOURNALD, JOURNALD, (char *)NULL);
		_exit(1);
	}
	for (int i = 0; i < 200 && stat("/run/systemd/journal/socket", &st) < 0; i++)
		usleep(20000);
	usleep(200000);
	return pid;
}

static void send_entry(struct bytes fields)
{
	static int fd = -1;
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket" };

	if (fd < 0) {
		fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
			abort();
	}
	if (send(fd, fields.at, fields.len, 0) < 0)
		abort();
}

static int next_n;

static void send_some(int n)
{
	for (int i = 0; i < n; i++) {
		char text[200];
		int len = snprintf(text, sizeof(text),
				   "MESSAGE=entry %06d\nPRIORITY=6\nSYSLOG_IDENTIFIER=tester\n",
				   next_n++);

		send_entry(bytes_of(text, (size_t)len));
	}
}

static void judge(struct world *w, int from, int to, const char *what)
{
	struct got *g = world_got(w, SOURCE_JOURNAL, "tester");
	int lost = 0, twice = 0;

	for (int i = from; i < to; i++) {
		char text[64];
		struct bytes b = buf_view(&g->bytes);
		size_t at;

		snprintf(text, sizeof(text), "\"MESSAGE\":\"entry %06d\"", i);
		at = bytes_find(b, bytes_str(text));
		if (at == BYTES_NONE)
			lost++;
		else if (bytes_find(bytes_from(b, at + 1), bytes_str(text)) != BYTES_NONE)
			twice++;
	}
	is_int(lost, 0, "%s: no entry is lost", what);
	is_int(twice, 0, "%s: no entry is there twice", what);
}

static void vacuum(void)
{
	char path[600], sub[300];
	struct dirent *e;
	DIR *d = opendir("/run/log/journal");

	sub[0] = 0;
	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			snprintf(sub, sizeof(sub), "/run/log/journal/%s", e->d_name);
	if (d)
		closedir(d);
	d = opendir(sub);
	while (d && (e = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s", sub, e->d_name);
		if (strchr(e->d_name, '@'))
			unlink(path);
	}
	if (d)
		closedir(d);
}

int main(void)
{
	struct world *w;
	pid_t pid;
	int n;

	json();
	if (geteuid() != 0 || access(JOURNALD, X_OK) < 0 || (pid = journald_start()) < 0) {
		skip("needs root, a mount namespace and " JOURNALD);
		return done_testing();
	}
	w = world_new(4 << 20);
	names_add(w->names, SOURCE_JOURNAL, "/run/log/journal/*/*.journal", NULL);
	send_some(500);
	send_entry(BYTES("MESSAGE=bytes\nBIN\n\x03\0\0\0\0\0\0\0\xff\0\x01\nSYSLOG_IDENTIFIER=odd\n"
			 "A=1\nA=2\n"));
	usleep(300000);
	world_start(w);
	ok(world_wait(w, SOURCE_JOURNAL, "tester", 500, 5000), "what was there is read");
	world_wait(w, SOURCE_JOURNAL, "odd", 1, 2000);
	{
		struct bytes odd = buf_view(&world_got(w, SOURCE_JOURNAL, "odd")->bytes);

		ok(bytes_find(odd, BYTES("\"BIN\":[255,0,1]")) != BYTES_NONE &&
			   bytes_find(odd, BYTES("\"A\":[\"1\",\"2\"]")) != BYTES_NONE &&
			   bytes_starts(odd, BYTES("{\"__REALTIME_TIMESTAMP\":\"")),
		   "bytes and repeated fields");
	}
	send_some(20);
	ok(world_wait(w, SOURCE_JOURNAL, "tester", 520, 3000), "and what comes");
	for (int i = 0; i < 12; i++) {
		send_some(100);
		kill(pid, SIGUSR2); /* rotate */
		send_some(50);
		world_run(w, 100 + i * 20);
		if (i % 3 == 1) {
			world_kill(w);
			send_some(30);
			kill(pid, SIGUSR2);
			usleep(50000);
			world_start(w);
		}
		if (i % 4 == 3) {
			world_run(w, 600);
			vacuum(); /* of files that have been read */
		}
	}
	n = next_n;
	world_wait(w, SOURCE_JOURNAL, "tester", (size_t)n, 10000);
	world_run(w, 500);
	is_int(world_got(w, SOURCE_JOURNAL, "tester")->records, n, "each entry once");
	judge(w, 0, n, "rotated, vacuumed, killed");
	is_int(world_noted(w, "journal-gap"), 0, "no gap is told where there is none");
	is_int(world_stop(w), 0, "stops in good order");
	send_some(10);
	usleep(200000);
	kill(pid, SIGUSR2);
	usleep(200000);
	vacuum();
	send_some(10);
	usleep(200000);
	world_start(w);
	ok(world_wait(w, SOURCE_JOURNAL, "tester", (size_t)n + 10, 5000), "it goes on");
	world_run(w, 300);
	ok(world_noted(w, "journal-gap"), "entries that were vacuumed away unread are a gap");
	ok(world_noted(w, "\"oldest\":\"2") && world_noted(w, "\"newest\":\"2") &&
		   world_noted(w, "\"count\":"),
	   "its times and its length are told");
	is_int(world_stop(w), 0, "stops in good order");
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	world_free(w);
	return done_testing();
}
