/* SPDX-License-Identifier: Apache-2.0 */
/* key.h — Ed25519 (RFC 8032) by libcrypto: the seal of a ledger.
 * Threads: pure. Memory: a struct key is an object of its own; the seed never leaves it but as the
 * PEM text (PKCS #8) of the file `key`. */
#pragma once
#include "base/buf.h"
#include "base/err.h"

#define KEY_PUBLIC_LEN 32
#define KEY_SIGNATURE_LEN 64

struct key; /* a private key */

int key_new(struct key **ret); /* drawn at random */
struct key *key_free(struct key *k);
int key_read_pem(struct bytes pem, struct key **ret); /* -EBADMSG: not one, or not as we write it */
void key_pem(const struct key *k, struct buf *ret);
void key_public(const struct key *k, uint8_t ret[static KEY_PUBLIC_LEN]);
void key_sign(const struct key *k, struct bytes message, uint8_t ret[static KEY_SIGNATURE_LEN]);
bool key_check(const uint8_t pub[static KEY_PUBLIC_LEN], struct bytes message,
	       struct bytes signature);
