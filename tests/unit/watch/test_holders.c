/* SPDX-License-Identifier: Apache-2.0 */
/* Who writes a log, and what becomes of him. */
#include "tap.h"
#include "watch/holders.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct holders *h;
static char path[] = "/tmp/holders.XXXXXX";
static usec now = USEC_PER_SEC;

/* Looks until a note comes; its event is left in `event`. */
static bool wait_note(const char *event, unsigned looks)
{
	struct bytes p, json;
	struct buf want = { 0 };
	bool good = false;

	for (unsigned i = 0; i < looks * 2000 && !holders_next(h, &p, &json); i++) {
		struct stat st;

		now += USEC_PER_SEC / 10;
		if (!holders_step(h, now))
			continue;
		holders_begin(h);
		if (stat(path, &st) == 0)
			holders_file(h, path, st.st_dev, st.st_ino);
		holders_end(h);
		if (!looks--)
			break;
	}
	if (!holders_next(h, &p, &json))
		return false;
	buf_printf(&want, "{\"event\":\"%s\",\"path\":\"%s\",\"pid\":", event, path);
	good = bytes_starts(json, buf_view(&want)) && bytes_eq(p, bytes_str(path));
	if (!good)
		tap_show("got", json);
	buf_done(&want);
	holders_told(h);
	return good;
}

static pid_t writer(int fd)
{
	pid_t pid = fork();

	if (pid == 0) {
		dup2(fd, 1);
		execl("/bin/sleep", "sleep", "600", (char *)NULL);
		_exit(1);
	}
	return pid;
}

int main(void)
{
	int fd = mkostemp(path, O_CLOEXEC), status;
	pid_t pid = writer(fd);

	close(fd);
	h = holders_new();
	ok(!wait_note("", 4), "who only writes is not told of");
	kill(pid, SIGSTOP);
	waitpid(pid, &status, WUNTRACED);
	ok(wait_note("writer-stopped", 2), "stopped");
	kill(pid, SIGCONT);
	waitpid(pid, &status, WCONTINUED);
	ok(wait_note("writer-goes-on", 2), "goes on");
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	ok(wait_note("writer-gone", 4), "killed");
	fd = open(path, O_WRONLY | O_CLOEXEC);
	pid = writer(fd);
	close(fd);
	ok(wait_note("writer-back", 4), "another one has opened it");
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	holders_free(h);
	unlink(path);
	return done_testing();
}
