/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/history.h"
#include "ledger/file.h"
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static void remember(struct history *h, uint64_t size)
{
	h->sizes = mem_must(realloc(h->sizes, (h->n + 1) * sizeof(*h->sizes)));
	h->sizes[h->n++] = size;
}

static int append(struct history *h, struct bytes b)
{
	int fd = openat(h->dirfd, "checkpoints", O_WRONLY | O_CLOEXEC | O_NOFOLLOW), r;

	if (fd < 0)
		return -errno;
	r = io_pwrite(fd, b, h->len); /* over what a failed try may have left */
	if (!r)
		r = file_truncate(fd, h->len + b.len);
	if (!r)
		r = file_sync(fd);
	if (r)
		file_truncate(fd, h->len); /* as good as it goes: the next try writes over it */
	close(fd);
	if (!r)
		h->len += b.len;
	return r;
}

/* Keeps the newer half and every other one of the older. */
static int thin(struct history *h)
{
	struct buf all = { 0 }, kept = { 0 };
	uint64_t *sizes = mem_new(h->n, sizeof(*sizes));
	size_t at = 0, i = 0, n = 0;
	int r = file_read(h->dirfd, "checkpoints", HISTORY_MAX * 2, &all);

	while (!r && i < h->n) {
		struct bytes rest = bytes_from(buf_view(&all), at);
		size_t len = note_length(rest);

		if (!len || rest.len < len + 1)
			r = -EBADMSG;
		else if (i >= h->n / 2 || i % 2 == 0) {
			buf_bytes(&kept, bytes_sub(rest, 0, len + 1));
			sizes[n++] = h->sizes[i];
		}
		at += len + 1;
		i++;
	}
	if (!r)
		r = file_replace(h->dirfd, "checkpoints", buf_view(&kept), 0644);
	if (!r) {
		free(h->sizes);
		h->sizes = sizes;
		h->n = n;
		h->len = kept.len;
	} else {
		free(sizes);
	}
	buf_done(&all);
	buf_done(&kept);
	return r;
}

int history_add(struct history *h, const struct checkpoint *c, const struct key *k,
		const struct verifier *v)
{
	struct buf note = { 0 };
	struct bytes alone;
	int r = 0;

	if (h->len > HISTORY_MAX - CHECKPOINT_MAX)
		r = thin(h);
	checkpoint_sign(c, k, v, &note);
	buf_u8(&note, '\n');
	alone = bytes_of(note.at, note.len - 1);
	if (!r)
		r = append(h, buf_view(&note));
	if (!r) {
		remember(h, c->size);
		r = file_replace(h->dirfd, "checkpoint", alone, 0644);
	}
	if (!r) {
		h->newest = *c;
		h->newest.extension = (struct bytes){ 0 };
	}
	buf_done(&note);
	return r;
}

int history_create(struct history *h, int dirfd, const struct key *k, const struct verifier *v)
{
	struct history fresh = { .dirfd = dirfd };
	struct checkpoint c = { 0 };
	int r = file_replace(dirfd, "checkpoints", (struct bytes){ 0 }, 0644);

	sha256(bytes_of(NULL, 0), &c.root);
	memcpy(c.origin, v->name, sizeof(c.origin));
	if (!r)
		r = history_add(&fresh, &c, k, v);
	if (r)
		history_done(&fresh);
	else
		*h = fresh;
	return r;
}

void history_done(struct history *h)
{
	free(h->sizes);
	h->sizes = NULL;
	h->n = 0;
}

/* All whole notes of the row; ret_last: the newest. */
static int load_row(struct history *h, struct bytes row, const struct verifier *v,
		    struct bytes *ret_last)
{
	struct bytes last = { 0 };

	for (;;) {
		struct bytes rest = bytes_from(row, h->len);
		size_t len = note_length(rest), text;
		struct checkpoint c;

		if (!len || rest.len <= len || rest.at[len] != '\n')
			break;
		text = bytes_find(rest, BYTES("\n\n"));
		if (!checkpoint_parse(bytes_sub(rest, 0, text + 1), &c) ||
		    (h->n && c.size < h->sizes[h->n - 1]))
			return -EBADMSG;
		last = bytes_sub(rest, 0, len);
		remember(h, c.size);
		h->len += len + 1;
	}
	if (!last.len || !checkpoint_open(last, v, true, &h->newest))
		return -EBADMSG;
	*ret_last = last;
	return 0;
}

static int settle(struct history *h, struct bytes row, struct bytes last, struct bytes newest,
		  const struct verifier *v, struct why *why)
{
	struct checkpoint c;
	int r = 0;

	if (!checkpoint_open(newest, v, true, &c))
		return why_set(why, -EBADMSG,
			       "checkpoint: is harmed, or not signed by this "
			       "ledger's key; run `vedette verify -d` on it");
	if (c.size > h->newest.size)
		return why_set(why, -EBADMSG,
			       "checkpoints: its end is missing: it reaches record %llu, the file "
			       "checkpoint says %llu; move the file checkpoints away to go on "
			       "without the older ones",
			       (unsigned long long)h->newest.size, (unsigned long long)c.size);
	if (row.len > h->len) { /* cut in the middle of the last one */
		int fd = openat(h->dirfd, "checkpoints", O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

		r = fd < 0 ? -errno : file_truncate(fd, h->len);
		if (fd >= 0)
			close(fd);
	}
	if (!r && !bytes_eq(last, newest))
		r = file_replace(h->dirfd, "checkpoint", last, 0644);
	h->newest.extension = (struct bytes){ 0 };
	return r;
}

int history_open(struct history *h, int dirfd, const struct verifier *v, struct why *why)
{
	struct history fresh = { .dirfd = dirfd };
	struct buf row = { 0 }, newest = { 0 };
	struct bytes last;
	int r = file_read(dirfd, "checkpoint", CHECKPOINT_MAX, &newest);

	if (r) {
		why_set(why, r, "checkpoint: cannot be read: %s; run `vedette verify -d` on it",
			strerror(-r));
		goto out;
	}
	r = file_read(dirfd, "checkpoints", HISTORY_MAX * 2, &row);
	if (r == -ENOENT) { /* someone took it away on purpose: begin anew */
		buf_bytes(&row, buf_view(&newest));
		buf_u8(&row, '\n');
		r = file_replace(dirfd, "checkpoints", buf_view(&row), 0644);
	}
	if (!r)
		r = load_row(&fresh, buf_view(&row), v, &last);
	if (r)
		why_set(why, r,
			"checkpoints: is harmed (%s); run `vedette verify -d`, then move the file "
			"away to go on without the older ones",
			strerror(-r));
	else
		r = settle(&fresh, buf_view(&row), last, buf_view(&newest), v, why);
out:
	buf_done(&row);
	buf_done(&newest);
	if (r)
		history_done(&fresh);
	else
		*h = fresh;
	return r;
}
