/* SPDX-License-Identifier: Apache-2.0 */
/* The path is walked step by step, each step pinned by a descriptor (O_PATH): a link that is
 * looked at cannot be another one when it is followed. Whoever made a link must be root, us, or
 * the owner of the file that it leads to in the end. */
#include "intake/names_in.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define STEPS 40 /* links in one path, as the kernel has it */
#define PATH_BYTES 4096

bool identity_of(const char *path, bool follow, struct identity *ret, struct timespec *ret_mtime)
{
	struct statx x;

	if (statx(AT_FDCWD, path, AT_STATX_SYNC_AS_STAT | (follow ? 0 : AT_SYMLINK_NOFOLLOW),
		  STATX_TYPE | STATX_INO | STATX_MTIME | STATX_BTIME, &x) < 0 ||
	    !S_ISREG(x.stx_mode))
		return false;
	*ret = (struct identity){
		.dev = makedev(x.stx_dev_major, x.stx_dev_minor),
		.ino = x.stx_ino,
		.birth = x.stx_mask & STATX_BTIME
				 ? x.stx_btime.tv_sec * 1000000000 + x.stx_btime.tv_nsec
				 : 0,
	};
	if (ret_mtime)
		*ret_mtime = (struct timespec){ x.stx_mtime.tv_sec, x.stx_mtime.tv_nsec };
	return true;
}

struct walk {
	char rest[2 * PATH_BYTES]; /* what is still to be walked */
	int fd; /* where we are */
	uid_t makers[STEPS]; /* of the links on the way */
	unsigned links;
};

static void step_to(struct walk *w, int fd)
{
	close(w->fd);
	w->fd = fd;
}

/* The link's text takes the place of its name before the rest. */
static int take_link(struct walk *w, int link, uid_t maker)
{
	char text[PATH_BYTES], rest[PATH_BYTES];
	ssize_t n = readlinkat(link, "", text, sizeof(text) - 1);

	if (n < 0)
		return -errno;
	if (n == (ssize_t)sizeof(text) - 1 || strlen(w->rest) >= sizeof(rest))
		return -ENAMETOOLONG;
	if (w->links == STEPS)
		return -ELOOP;
	text[n] = 0;
	w->makers[w->links++] = maker;
	memcpy(rest, w->rest, strlen(w->rest) + 1);
	snprintf(w->rest, sizeof(w->rest), "%s/%s", text, rest);
	if (text[0] == '/') {
		int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (root < 0)
			return -errno;
		step_to(w, root);
	}
	return 0;
}

static int walk_step(struct walk *w)
{
	char name[256];
	struct stat st;
	size_t n;
	int fd;

	n = strspn(w->rest, "/");
	memmove(w->rest, w->rest + n, strlen(w->rest + n) + 1);
	n = strcspn(w->rest, "/");
	if (n >= sizeof(name))
		return -ENAMETOOLONG;
	memcpy(name, w->rest, n);
	name[n] = 0;
	memmove(w->rest, w->rest + n, strlen(w->rest + n) + 1);
	if (!n)
		return 0;
	fd = openat(w->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	if (S_ISLNK(st.st_mode)) {
		int r = take_link(w, fd, st.st_uid);

		close(fd);
		return r;
	}
	step_to(w, fd);
	return 0;
}

static int walk_all(struct walk *w, const char *path)
{
	int r = 0;

	if (strlen(path) >= PATH_BYTES || path[0] != '/')
		return -ENAMETOOLONG;
	memcpy(w->rest, path, strlen(path) + 1);
	w->links = 0;
	w->fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (w->fd < 0)
		return -errno;
	while (!r && w->rest[strspn(w->rest, "/")])
		r = walk_step(w);
	return r;
}

int names_open(const char *path, struct identity *ret_id, int *ret_fd)
{
	struct walk *w = mem_new(1, sizeof(*w));
	char proc[64];
	struct stat st;
	int r, fd;

	r = walk_all(w, path);
	if (!r && fstat(w->fd, &st) < 0)
		r = -errno;
	if (!r && !S_ISREG(st.st_mode))
		r = -EINVAL;
	for (unsigned i = 0; !r && i < w->links; i++)
		if (w->makers[i] && w->makers[i] != geteuid() && w->makers[i] != st.st_uid)
			r = -ELOOP;
	if (!r) {
		snprintf(proc, sizeof(proc), "/proc/self/fd/%d", w->fd);
		fd = open(proc, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (fd < 0)
			r = -errno;
		else if (!identity_of(proc, true, ret_id, NULL))
			r = -ESTALE;
		if (fd >= 0 && r)
			close(fd);
		if (!r)
			*ret_fd = fd;
	}
	if (w->fd >= 0)
		close(w->fd);
	free(w);
	return r;
}
