/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/seal/key.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>

struct key {
	EVP_PKEY *pkey;
};

static struct key *key_of(EVP_PKEY *pkey)
{
	struct key *k = mem_new(1, sizeof(*k));

	k->pkey = pkey;
	return k;
}

int key_new(struct key **ret)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	if (!pkey)
		return -EIO;
	*ret = key_of(pkey);
	return 0;
}

struct key *key_free(struct key *k)
{
	if (k)
		EVP_PKEY_free(k->pkey);
	free(k);
	return NULL;
}

static int no_passphrase(char *to, int size, int writing, void *ctx)
{
	(void)to, (void)size, (void)writing, (void)ctx;
	return -1; /* never ask on the terminal */
}

int key_read_pem(struct bytes pem, struct key **ret)
{
	struct buf again = { 0 };
	struct key *k;
	EVP_PKEY *pkey;
	bool same;
	BIO *bio;

	if (pem.len > 4096)
		return -EBADMSG;
	bio = mem_must(BIO_new_mem_buf(pem.at, (int)pem.len));
	pkey = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	if (!pkey || EVP_PKEY_get_id(pkey) != EVP_PKEY_ED25519) {
		EVP_PKEY_free(pkey);
		return -EBADMSG;
	}
	k = key_of(pkey);
	key_pem(k, &again); /* PEM has slack; a byte that nobody reads could change unseen */
	same = bytes_eq(pem, buf_view(&again));
	OPENSSL_cleanse(again.at, again.len);
	buf_done(&again);
	if (!same) {
		key_free(k);
		return -EBADMSG;
	}
	*ret = k;
	return 0;
}

void key_pem(const struct key *k, struct buf *ret)
{
	BIO *bio = mem_must(BIO_new(BIO_s_secmem()));
	char *text;
	long n;

	if (PEM_write_bio_PKCS8PrivateKey(bio, k->pkey, NULL, NULL, 0, NULL, NULL) != 1)
		mem_must(NULL);
	n = BIO_get_mem_data(bio, &text);
	buf_add(ret, text, (size_t)n);
	BIO_free(bio);
}

void key_public(const struct key *k, uint8_t ret[static KEY_PUBLIC_LEN])
{
	size_t n = KEY_PUBLIC_LEN;

	if (EVP_PKEY_get_raw_public_key(k->pkey, ret, &n) != 1 || n != KEY_PUBLIC_LEN)
		mem_must(NULL);
}

void key_sign(const struct key *k, struct bytes message, uint8_t ret[static KEY_SIGNATURE_LEN])
{
	EVP_MD_CTX *ctx = mem_must(EVP_MD_CTX_new());
	size_t n = KEY_SIGNATURE_LEN;

	if (EVP_DigestSignInit(ctx, NULL, NULL, NULL, k->pkey) != 1 ||
	    EVP_DigestSign(ctx, ret, &n, message.at, message.len) != 1 || n != KEY_SIGNATURE_LEN)
		mem_must(NULL);
	EVP_MD_CTX_free(ctx);
}

bool key_check(const uint8_t pub[static KEY_PUBLIC_LEN], struct bytes message,
	       struct bytes signature)
{
	EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, pub, KEY_PUBLIC_LEN);
	EVP_MD_CTX *ctx = mem_must(EVP_MD_CTX_new());
	bool good =
		pkey && signature.len == KEY_SIGNATURE_LEN &&
		EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
		EVP_DigestVerify(ctx, signature.at, signature.len,
				 message.at ? message.at : (const uint8_t *)"", message.len) == 1;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	return good;
}
