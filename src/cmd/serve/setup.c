/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve/setup.h"
#include "base/io.h"
#include "cmd/serve/status_path.h"
#include "intake/listen.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const char *given(const char *s)
{
	return s && *s ? s : NULL;
}

int setup_accounts(const struct config *c, struct accounts *ret, struct why *why)
{
	static const char *const keepers[] = { "vedette", "_vedette", "nobody", NULL };
	const char *const outside[] = { "vedette-intake", "_vedette-intake", NULL };
	struct accounts a;
	int r = priv_account(given(c->user), keepers, &a.keeper, why);

	if (r < 0)
		return why_in(why, r, "user");
	r = priv_account(given(c->user_intake), outside, &a.outside, why);
	if (r == -ENOENT && !given(c->user_intake))
		a.outside = a.keeper;
	else if (r < 0)
		return why_in(why, r, "user_intake");
	*ret = a;
	return 0;
}

/* Only what root owns and nobody has linked from elsewhere: the directory belongs to the keeper's
 * account, which must not get at other files by planting them here. */
static void own(int dirfd, const char *name, const struct priv_account *owner, unsigned depth)
{
	int fd = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), dir;
	const struct dirent *e;
	struct stat st = { 0 };
	DIR *d;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_uid == 0 &&
	    (S_ISDIR(st.st_mode) || (S_ISREG(st.st_mode) && st.st_nlink == 1)))
		if (fchownat(fd, "", owner->uid, owner->gid, AT_EMPTY_PATH) < 0)
			say(SAY_WARN, "cannot give %s to account %s: %s", name, owner->name,
			    strerror(errno));
	dir = S_ISDIR(st.st_mode) && depth ? openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
					   : -1;
	close(fd);
	d = dir >= 0 ? fdopendir(dir) : NULL;
	while (d && (e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			own(dir, e->d_name, owner, depth - 1);
	if (d)
		closedir(d);
}

int setup_state(const char *dir, const char *what, const struct priv_account *owner, int *ret_dirfd,
		struct why *why)
{
	int r = io_make_dirs(dir), fd;

	if (r < 0)
		return why_set(why, r, "%s: %s cannot be made: %s", what, dir, strerror(-r));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return why_set(why, -errno, "%s: %s: %s", what, dir, strerror(errno));
	if (owner->change)
		own(AT_FDCWD, dir, owner, 3);
	*ret_dirfd = fd;
	return 0;
}

int setup_directory(const struct config *c, const struct priv_account *owner, int *ret_dirfd,
		    struct why *why)
{
	return setup_state(c->ledger.dir, "ledger.dir", owner, ret_dirfd, why);
}

static int take_or_open(const struct config *c, struct listeners *old, struct listener *l,
			struct why *why)
{
	int r;

	for (size_t i = 0; old && i < old->n; i++) {
		struct listener *o = &old->at[i];

		if (o->fd < 0 || o->kind != l->kind || strcmp(o->address, l->address) != 0)
			continue;
		l->fd = o->fd; /* stays in both until all are open */
		l->slot = o->slot;
		return 0;
	}
	l->fresh = true;
	l->slot = UINT32_MAX;
	r = listen_open(l->kind, l->address, c->receive_buffer, &l->fd, why);
	return r < 0 ? why_in(why, r, "%s %s", source_kind_name(l->kind), l->address) : 0;
}

static bool holds(const struct listeners *l, int fd)
{
	for (size_t i = 0; l && i < l->n; i++)
		if (l->at[i].fd == fd)
			return true;
	return false;
}

/* Closes those that `but` does not hold too. */
static void close_listeners(struct listeners *l, const struct listeners *but)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->at[i].fd >= 0 && !holds(but, l->at[i].fd))
			close(l->at[i].fd);
		free(l->at[i].address);
	}
	free(l->at);
	*l = (struct listeners){ NULL, 0 };
}

static bool slot_used(const struct listeners *l, uint32_t slot)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->at[i].slot == slot)
			return true;
	return false;
}

static void give_slots(struct listeners *l)
{
	uint32_t slot = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (l->at[i].slot != UINT32_MAX)
			continue;
		while (slot_used(l, slot))
			slot++;
		l->at[i].slot = slot;
	}
}

void setup_listeners_done(struct listeners *l)
{
	close_listeners(l, NULL);
}

int setup_listeners(const struct config *c, struct listeners *old, struct listeners *ret,
		    struct why *why)
{
	const struct {
		enum source_kind kind;
		const struct config_list *list;
	} kinds[] = { { SOURCE_SYSLOG_UDP, &c->syslog_udp },
		      { SOURCE_SYSLOG_TCP, &c->syslog_tcp },
		      { SOURCE_SYSLOG_UNIX, &c->syslog_unix } };
	struct listeners l = { NULL, 0 };
	int r = 0;

	l.at = mem_new(c->syslog_udp.n + c->syslog_tcp.n + c->syslog_unix.n + 1, sizeof(*l.at));
	for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
		for (size_t i = 0; r == 0 && i < kinds[k].list->n; i++) {
			struct listener *one = &l.at[l.n++];

			one->kind = kinds[k].kind;
			one->fd = -1;
			one->address = mem_must(strdup(kinds[k].list->at[i]));
			r = take_or_open(c, old, one, why);
		}
	}
	if (r < 0) {
		close_listeners(&l, old);
		return r;
	}
	give_slots(&l);
	if (old)
		close_listeners(old, &l);
	*ret = l;
	return 0;
}

static void status_path(const struct config *c, struct buf *ret)
{
	if (given(c->desk_socket))
		buf_str(ret, c->desk_socket);
	else
		status_usual_path(c->ledger.dir, ret);
}

static int bind_status(const char *path, const struct priv_account *owner, int *ret)
{
	struct sockaddr_un at;
	int dir = status_address(path, &at), fd, r = 0;

	if (dir < 0)
		return dir;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	unlink(at.sun_path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 16) < 0 ||
	    chmod(at.sun_path, 0660) < 0)
		r = -errno;
	if (r == 0 && owner->change && lchown(at.sun_path, owner->uid, owner->gid) < 0)
		r = -errno;
	close(dir);
	if (r < 0 && fd >= 0)
		close(fd);
	else if (r == 0)
		*ret = fd;
	return r;
}

int setup_status_socket(const struct config *c, const struct priv_account *owner, int *ret,
			struct why *why)
{
	struct buf path = { 0 };
	int r;

	status_path(c, &path);
	r = bind_status(buf_cstr(&path), owner, ret);
	if (r < 0)
		why_set(why, r, "desk.socket: %s: %s", buf_cstr(&path), strerror(-r));
	buf_done(&path);
	return r;
}

void setup_status_remove(const struct config *c)
{
	struct buf path = { 0 };
	struct sockaddr_un at;
	int dir;

	status_path(c, &path);
	dir = status_address(buf_cstr(&path), &at);
	if (dir >= 0) {
		unlink(at.sun_path);
		close(dir);
	}
	buf_done(&path);
}
