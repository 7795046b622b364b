/* SPDX-License-Identifier: Apache-2.0 */
/* A crash between commits loses and doubles nothing, and a database that is not right is told so.
 */
#include "make.h"
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char dir[] = "/tmp/vedette-test-XXXXXX", file[64];

static const char *at(const char *end)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s/alerts.db%s", dir, end);
	return path;
}

static void clean(void)
{
	unlink(at(""));
	unlink(at("-wal"));
	unlink(at("-shm"));
}

/* Findings of records first to last, as an analyst hands them in: from the cursor on. */
static void feed(struct alerts *a, uint64_t upto)
{
	static const char *const users[] = { "ann", "bob", "cat" };

	for (uint64_t seq = alerts_cursor(a); seq < upto; seq++)
		find(a, "r1", users[seq % 3], LEVEL_LOW, START + (usec)seq, seq);
}

/* A process that hands in findings and commits every 100, and is killed at a point that no commit
 * has reached. */
static void die_at(uint64_t seq)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct alerts_options o = ALERTS_OPTIONS;
		struct alerts *a = NULL;
		struct why why;

		o.cache = 16; /* written before the commit, too */
		if (alerts_open(&a, file, &o, START, &why) < 0)
			_exit(1);
		while (alerts_cursor(a) + 100 < seq) {
			struct alerts_blob b = { "counter", BYTES("state") };

			feed(a, alerts_cursor(a) + 100);
			if (alerts_commit(a, alerts_cursor(a) + 100, &b, 1, &why) < 0)
				_exit(1);
		}
		feed(a, seq);
		kill(getpid(), SIGKILL);
	}
	waitpid(pid, &status, 0);
	ok(WIFSIGNALED(status), "killed with findings up to %llu handed in",
	   (unsigned long long)seq);
}

static void crash(void)
{
	struct alerts *a;
	struct alerts_numbers n;
	struct buf blob = { 0 };
	json_t *list;
	long long count = 0;

	die_at(250);
	die_at(777);
	die_at(1042);
	a = open_at(file, &ALERTS_OPTIONS);
	is_int(alerts_cursor(a), 1000, "the cursor is that of the last commit");
	ok(alerts_blob(a, "counter", &blob), "the detector's state came with it");
	is_bytes(buf_view(&blob), BYTES("state"), "whole");
	feed(a, 1200);
	commit_at(a, START, 1200);
	alerts_numbers(a, &n);
	is_int(n.findings, 1200, "every finding is in once");
	list = ask(a, "{\"request\":\"list\"}");
	for (size_t i = 0; i < 3; i++)
		count += json_integer_value(json_object_get(json_array_get(list, i), "count"));
	is_int(json_array_size(list), 4, "in three alerts");
	is_int(count, 1200, "with exact counts");
	json_decref(list);
	is_str(kinds(a, 0), "opened opened opened", "and each was told once");
	buf_done(&blob);
	alerts_close(a);
	clean();
}

static void readers(void)
{
	struct alerts *a = open_at(file, &ALERTS_OPTIONS);
	struct seen_changes s;
	uint64_t id = 0;

	find(a, "r1", "ann", LEVEL_LOW, START, 1);
	commit_at(a, START, 2);
	find(a, "r1", "ann", LEVEL_LOW, START, 2);
	commit_at(a, START + HOUR, 3);
	s = changes(a, 0);
	is_int(s.last, 2, "changes are numbered");
	json_decref(s.list);
	alerts_forget(a, ALERTS_LEDGER, 2);
	alerts_forget(a, ALERTS_NOTIFY, 7);
	commit_at(a, START + HOUR, 4);
	is_str(kinds(a, 0), "opened", "a repeat that both readers have is kept no longer");
	alerts_close(a);
	a = open_at(file, &ALERTS_OPTIONS);
	is_int(alerts_forgotten(a, ALERTS_LEDGER), 2, "what a reader has is remembered");
	is_int(alerts_forgotten(a, ALERTS_NOTIFY), 2, "and nobody has what was not given out");
	find(a, "r1", "bob", LEVEL_LOW, START, 5);
	commit_at(a, START + HOUR, 6);
	s = changes(a, 2);
	is_int(s.last, 3, "numbers go on rising after a restart");
	json_decref(s.list);
	ok(alerts_change_id(BYTES("{\"event\":\"alert-level-raised\",\"change\":123,\"kind\":"),
			    &id) &&
		   id == 123,
	   "a note of the ledger tells its number");
	ok(!alerts_change_id(BYTES("{\"event\":\"alert-x\",\"change\":\"1\"}"), &id) &&
		   !alerts_change_id(BYTES("{\"event\":\"start\",\"change\":1}"), &id),
	   "other notes do not");
	alerts_close(a);
	clean();
}

static void harm(const char *what, size_t size)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	for (size_t i = 0; i < size && write(fd, what, strlen(what)) > 0;)
		i += strlen(what);
	close(fd);
}

static void damaged(void)
{
	struct alerts *a = NULL;
	struct why why = { "" };
	char aside[200];

	harm("this is no database, but somebody's words. ", 4000);
	snprintf(aside, sizeof(aside), "%s.damaged-%lld", file, (long long)(START / SECOND));
	is_int(alerts_open(&a, file, &ALERTS_OPTIONS, START, &why), ALERTS_ANEW,
	       "a damaged database does not stop us");
	ok(strstr(why.line, aside), "the line says where it lies");
	is_int(access(aside, F_OK), 0, "and there it lies");
	is_int(alerts_cursor(a), 0, "the new one begins at the beginning");
	alerts_close(a);
	unlink(aside);
	clean();
}

static void foreign(void)
{
	struct alerts *a = open_at(file, &ALERTS_OPTIONS);
	struct alerts_options look = ALERTS_OPTIONS;
	struct why why = { "" };
	sqlite3 *db = NULL;

	alerts_close(a);
	sqlite3_open(file, &db);
	sqlite3_exec(db, "PRAGMA user_version=2", NULL, NULL, NULL);
	sqlite3_close(db);
	is_int(alerts_open(&a, file, &ALERTS_OPTIONS, START, &why), -EPROTONOSUPPORT,
	       "a database of a newer program is refused");
	ok(strstr(why.line, "newer vedette"), "and the line says so");
	sqlite3_open(file, &db);
	sqlite3_exec(db, "PRAGMA application_id=7", NULL, NULL, NULL);
	sqlite3_close(db);
	is_int(alerts_open(&a, file, &ALERTS_OPTIONS, START, &why), -EINVAL,
	       "and one of another program");
	clean();
	look.read_only = true;
	is_int(alerts_open(&a, file, &look, START, &why), -ENOENT, "none is made only to look");
	ok(access(file, F_OK) < 0, "there is none then, either");
}

static void looked_at(void)
{
	struct alerts *a = open_at(file, &ALERTS_OPTIONS), *look;
	struct alerts_options o = ALERTS_OPTIONS;
	json_t *list;

	find(a, "r1", "ann", LEVEL_LOW, START, 1);
	commit_at(a, START, 2);
	find(a, "r1", "bob", LEVEL_LOW, START, 2);
	o.read_only = true;
	look = open_at(file, &o);
	list = ask(look, "{\"request\":\"list\"}");
	is_int(json_array_size(list), 2, "who looks while it is written sees what was committed");
	json_decref(list);
	list = ask(look, "{\"request\":\"close\",\"id\":1,\"by\":\"eve\"}");
	is_str(of(last_of(list), "ok"), "false", "and can change nothing");
	json_decref(list);
	alerts_close(look);
	alerts_close(a);
	clean();
}

/* The disk is full (here: files may not grow): what was committed stays, and can be gone on from.
 */
static void full(void)
{
	struct alerts *a = open_at(file, &ALERTS_OPTIONS);
	struct rlimit had, small = { 0 };
	struct why why = { "" };
	struct buf reply = { 0 };
	json_t *list;

	feed(a, 30);
	commit_at(a, START, 30);
	getrlimit(RLIMIT_FSIZE, &had);
	small = (struct rlimit){ 4096, had.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	is_int(alerts_request(a, BYTES("eve"), BYTES("{\"request\":\"close\",\"id\":1}"), &reply),
	       REQUEST_REFUSED, "what cannot be written is not said to be done");
	ok(bytes_find(buf_view(&reply), BYTES("nothing was changed")) != BYTES_NONE,
	   "and the reply says so");
	buf_done(&reply);
	feed(a, 60);
	ok(alerts_commit(a, 60, NULL, 0, &why) < 0, "a commit without room fails");
	ok(why.line[0], "with a line: %s", why.line);
	is_int(alerts_cursor(a), 30, "the cursor is where it was");
	setrlimit(RLIMIT_FSIZE, &had);
	feed(a, 60);
	commit_at(a, START, 60);
	list = ask(a, "{\"request\":\"list\",\"order\":\"count\"}");
	is_int(json_array_size(list), 4, "with room again, the findings are handed in again");
	is_str(of(json_array_get(list, 0), "count"), "20", "and count once");
	is_str(of(json_array_get(list, 2), "state"), "open", "nothing was closed");
	json_decref(list);
	is_str(kinds(a, 0), "opened opened opened", "and nothing was told twice");
	alerts_close(a);
	clean();
}

static void private(void)
{
	struct alerts *a = NULL;
	struct why why = { "" };
	struct stat s;
	mode_t had = umask(0);

	a = open_at(file, &ALERTS_OPTIONS);
	umask(had);
	is_int(stat(file, &s), 0, "the database is there");
	is_int(s.st_mode & 0777, 0600, "and nobody else may read it");
	is_int(stat(at("-wal"), &s), 0, "nor what lies beside it");
	is_int(s.st_mode & 0777, 0600, "while it is open");
	alerts_close(a);
	clean();
	ok(symlink("elsewhere", file) == 0 &&
		   alerts_open(&a, file, &ALERTS_OPTIONS, START, &why) < 0,
	   "a link somebody planted is not followed");
	clean();
}

static void idle(void)
{
	struct alerts *a = open_at(file, &ALERTS_OPTIONS);
	struct alerts_numbers n;

	for (unsigned i = 0; i < 100; i++)
		commit_at(a, START + i * SECOND, 0);
	alerts_numbers(a, &n);
	is_int(n.commits, 0, "where nothing happens nothing is written");
	alerts_close(a);
	clean();
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	snprintf(file, sizeof(file), "%s", at(""));
	crash();
	readers();
	damaged();
	foreign();
	looked_at();
	full();
	private();
	idle();
	rmdir(dir);
	return done_testing();
}
