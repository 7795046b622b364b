/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/seal/identity.h"
#include "base/text.h"
#include "ledger/file.h"
#include <openssl/crypto.h>
#include <stdio.h>
#include <sys/random.h>

#define FIRST_LINE "vedette-ledger "

static void identity_text(const struct identity *id, struct buf *ret)
{
	buf_printf(ret, FIRST_LINE "%u\norigin %s\nid ", LEDGER_FORMAT, id->verifier.name);
	hex_encode(ret, bytes_of(id->id, IDENTITY_ID_LEN));
	buf_str(ret, "\ncreated ");
	buf_time(ret, id->created);
	buf_u8(ret, '\n');
}

/* What a crash in the middle of identity_create() has left is used again. */
static int key_at_birth(int dirfd, struct key **ret)
{
	struct buf pem = { 0 };
	int r = file_read(dirfd, "key", 4096, &pem);

	if (!r) {
		r = key_read_pem(buf_view(&pem), ret);
	} else if (r == -ENOENT) {
		r = key_new(ret);
		if (!r) {
			key_pem(*ret, &pem);
			r = file_replace(dirfd, "key", buf_view(&pem), 0600);
			if (r)
				*ret = key_free(*ret);
		}
	}
	if (pem.at)
		OPENSSL_cleanse(pem.at, pem.cap);
	buf_done(&pem);
	return r;
}

int identity_create(int dirfd, const char *origin, struct identity *ret, struct key **ret_key,
		    struct why *why)
{
	uint8_t pub[KEY_PUBLIC_LEN];
	struct identity id = { 0 };
	struct buf b = { 0 };
	struct key *k;
	int r;

	if (!note_name_valid(bytes_str(origin)))
		return why_set(why, -EINVAL,
			       "origin \"%s\" cannot be a key name: no blanks, no plus signs, at "
			       "most %d bytes",
			       origin, NOTE_NAME_MAX - 1);
	r = key_at_birth(dirfd, &k);
	if (r)
		return why_set(why, r, "key: cannot be made: %s", strerror(-r));
	key_public(k, pub);
	verifier_of(origin, pub, &id.verifier);
	if (getrandom(id.id, sizeof(id.id), 0) != sizeof(id.id))
		r = -EIO;
	id.created = clock_real();
	verifier_text(&id.verifier, &b);
	buf_u8(&b, '\n');
	if (!r)
		r = file_replace(dirfd, "key.pub", buf_view(&b), 0644);
	buf_done(&b);
	if (r) {
		key_free(k);
		return why_set(why, r, "a new ledger cannot be written: %s", strerror(-r));
	}
	*ret = id;
	*ret_key = k;
	return 0;
}

int identity_publish(int dirfd, const struct identity *id, const struct key *k)
{
	struct buf b = { 0 };
	int r;

	identity_text(id, &b);
	note_sign(&b, 0, k, &id->verifier);
	r = file_replace(dirfd, "ledger", buf_view(&b), 0644);
	buf_done(&b);
	return r;
}

int identity_public(int dirfd, struct verifier *ret, struct why *why)
{
	struct buf b = { 0 };
	int r = file_read(dirfd, "key.pub", 1024, &b);

	if (r)
		why_set(why, r, "key.pub: cannot be read: %s", strerror(-r));
	else if (!b.len || b.at[b.len - 1] != '\n' ||
		 !verifier_parse(bytes_of(b.at, b.len - 1), ret))
		r = why_set(why, -EBADMSG,
			    "key.pub: is harmed: it must be one line origin+hash+key");
	buf_done(&b);
	return r;
}

static int hex_id(struct bytes hex, uint8_t ret[static IDENTITY_ID_LEN])
{
	if (hex.len != (size_t)2 * IDENTITY_ID_LEN)
		return -EBADMSG;
	for (size_t i = 0; i < IDENTITY_ID_LEN; i++) {
		int a = hex_digit(hex.at[2 * i]), b = hex_digit(hex.at[2 * i + 1]);

		if (a < 0 || b < 0)
			return -EBADMSG;
		ret[i] = (uint8_t)(a << 4 | b);
	}
	return 0;
}

static struct bytes next_line(struct bytes *text)
{
	size_t end = bytes_chr(*text, '\n');
	struct bytes line = bytes_sub(*text, 0, end == BYTES_NONE ? text->len : end);

	*text = bytes_from(*text, end == BYTES_NONE ? text->len : end + 1);
	return line;
}

static int identity_parse(struct bytes text, struct identity *id)
{
	struct buf again = { 0 };
	struct bytes rest = text, line;
	int r;

	next_line(&rest);
	next_line(&rest);
	line = next_line(&rest);
	r = bytes_starts(line, BYTES("id ")) ? hex_id(bytes_from(line, 3), id->id) : -EBADMSG;
	line = next_line(&rest);
	if (!r && (!bytes_starts(line, BYTES("created ")) ||
		   !clock_parse(bytes_from(line, 8), 0, &id->created)))
		r = -EBADMSG;
	if (!r)
		identity_text(id, &again);
	if (!r && !bytes_eq(text, buf_view(&again)))
		r = -EBADMSG;
	buf_done(&again);
	return r;
}

/* The format comes first: a newer one may have changed all that follows but the signature.
 * -EPROTO: another format that nobody signed: what it says cannot be relied on to be readable. */
static int check_format(struct bytes note, bool good, struct why *why)
{
	struct bytes line = next_line(&note);
	uint32_t format;

	if (!bytes_starts(line, BYTES(FIRST_LINE)) ||
	    !bytes_u32(bytes_from(line, sizeof(FIRST_LINE) - 1), &format))
		return why_set(why, -EBADMSG,
			       "ledger: is not the identity of a ledger, or it is harmed");
	if (format == LEDGER_FORMAT)
		return 0;
	if (!good)
		return why_set(why, -EPROTO,
			       "ledger: says format %u, this program reads %u; its signature does "
			       "not fit, so it is harmed, or of a newer Vedette",
			       format, LEDGER_FORMAT);
	return why_set(why, -EPROTONOSUPPORT,
		       "ledger: is of format %u, this program reads %u: use the Vedette that wrote "
		       "it or a newer one",
		       format, LEDGER_FORMAT);
}

int identity_read(int dirfd, const struct verifier *trusted, struct identity *ret, struct why *why)
{
	struct identity id = { 0 };
	struct buf b = { 0 };
	struct bytes text;
	bool good = false;
	int r = file_read(dirfd, "ledger", 4096, &b);

	if (r) {
		buf_done(&b);
		return why_set(why, r, "no ledger is there: the file `ledger` cannot be read: %s",
			       strerror(-r));
	}
	if (trusted)
		id.verifier = *trusted;
	else
		r = identity_public(dirfd, &id.verifier, why);
	if (!r) {
		good = note_open_own(buf_view(&b), &id.verifier, &text);
		r = check_format(buf_view(&b), good, why);
	}
	if (!r && (!good || identity_parse(text, &id)))
		r = why_set(why, -EBADMSG, "ledger: is harmed, or was not made by the key of %s",
			    id.verifier.name);
	buf_done(&b);
	if (!r)
		*ret = id;
	return r;
}

int identity_key(int dirfd, const struct identity *id, struct key **ret, struct why *why)
{
	uint8_t pub[KEY_PUBLIC_LEN];
	struct buf pem = { 0 };
	struct key *k;
	int r = file_read(dirfd, "key", 4096, &pem);

	if (!r)
		r = key_read_pem(buf_view(&pem), &k);
	if (pem.at)
		OPENSSL_cleanse(pem.at, pem.cap);
	buf_done(&pem);
	if (r == -EBADMSG)
		return why_set(why, r, "key: is harmed: not an Ed25519 key as PEM");
	if (r)
		return why_set(why, r, "key: cannot be read: %s", strerror(-r));
	key_public(k, pub);
	if (memcmp(pub, id->verifier.pub, sizeof(pub)) != 0) {
		key_free(k);
		return why_set(why, -EBADMSG, "key: is not the private key of key.pub");
	}
	*ret = k;
	return 0;
}
