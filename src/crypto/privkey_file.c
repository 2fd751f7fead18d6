#include <limits.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include "crypto/privkey_state.h"
#include "util/text.h"

#define PEM_MAX 65536u

/*
 * RFC 7914 section 2: N = 2^14, r = 8, p = 1 take 16 MiB and about 40 ms; the
 * passphrase guards a file that root alone may read.
 */
#define SCRYPT_N 16384
#define SCRYPT_R 8
#define SCRYPT_P 1

OWN_DEFINE(EVP_ENCODE_CTX, EVP_ENCODE_CTX_free)
OWN_DEFINE(X509_SIG, X509_SIG_free)
OWN_DEFINE(PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free)

static const char label_clear[] = "PRIVATE KEY";
static const char label_encrypted[] = "ENCRYPTED PRIVATE KEY";

static const char *
find(struct bytes in, const char *what)
{
	return in.n == 0 ? NULL : memmem(in.p, in.n, what, strlen(what));
}

/* The one block of the file; its base64 text.  RFC 7468 section 3. */
static bool
pem_block(struct bytes pem, const char *label, bool *found, struct bytes *text,
    struct err *err)
{
	char head[64], tail[64];
	const char *begin, *end, *p;

	snprintf(head, sizeof(head), "-----BEGIN %s-----", label);
	snprintf(tail, sizeof(tail), "-----END %s-----", label);
	begin = find(pem, head);
	*found = begin != NULL;
	if (begin == NULL)
		return true;
	begin += strlen(head);
	end =
	    find(bytes_of(begin, pem.n - (size_t)(begin - (const char *)pem.p)),
		tail);
	if (end == NULL)
		return fail(err, ERR_MALFORMED,
		    "private key file has no line %s", tail);
	for (p = end + strlen(tail); p < (const char *)pem.p + pem.n; p++)
		if (strchr(" \t\r\n", *p) == NULL || *p == '\0')
			return fail(err, ERR_MALFORMED,
			    "private key file goes on after the key");
	*text = bytes_of(begin, (size_t)(end - begin));
	return true;
}

static PKCS8_PRIV_KEY_INFO *
decrypt(struct bytes der, const struct secret *passphrase, struct err *err)
{
	const unsigned char *p = der.p;
	AUTO(X509_SIG) *sealed = d2i_X509_SIG(NULL, &p, (long)der.n);
	PKCS8_PRIV_KEY_INFO *info;
	struct bytes pass;

	if (sealed == NULL || p != der.p + der.n) {
		(void)fail_ossl(
		    err, ERR_MALFORMED, "encrypted private key is not PKCS#8");
		return NULL;
	}
	if (passphrase == NULL) {
		(void)fail(err, ERR_UNAUTHORIZED,
		    "private key is encrypted and no passphrase was given");
		return NULL;
	}
	pass = secret_reveal(passphrase);
	info = PKCS8_decrypt_ex(
	    sealed, (const char *)pass.p, (int)pass.n, privkey_libctx(), NULL);
	if (info == NULL)
		(void)fail_ossl(err, ERR_UNAUTHORIZED,
		    "private key cannot be decrypted: wrong passphrase");
	return info;
}

static PKCS8_PRIV_KEY_INFO *
parse_clear(struct bytes der, struct err *err)
{
	const unsigned char *p = der.p;
	PKCS8_PRIV_KEY_INFO *info;

	info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)der.n);
	if (info == NULL || p != der.p + der.n) {
		PKCS8_PRIV_KEY_INFO_free(info);
		(void)fail_ossl(
		    err, ERR_MALFORMED, "private key is not PKCS#8");
		return NULL;
	}
	return info;
}

static bool
load_der(struct bytes der, bool encrypted, const struct secret *passphrase,
    struct privkey **out, struct err *err)
{
	AUTO(PKCS8_PRIV_KEY_INFO) *info =
	    encrypted ? decrypt(der, passphrase, err) : parse_clear(der, err);
	EVP_PKEY *pkey;
	struct privkey *key;

	if (info == NULL)
		return false;
	pkey = EVP_PKCS82PKEY_ex(info, privkey_libctx(), NULL);
	if (pkey == NULL)
		return fail_ossl(
		    err, ERR_MALFORMED, "private key cannot be read");
	key = privkey_adopt(pkey, err);
	if (key == NULL)
		return false;
	*out = key;
	return true;
}

/* base64 with white space; the octets are wiped by the caller. */
static bool
decode(struct bytes text, struct buf *der, struct err *err)
{
	AUTO(EVP_ENCODE_CTX) *c = EVP_ENCODE_CTX_new();
	int n = 0, last = 0;

	buf_reserve(der, text.n);
	EVP_DecodeInit(c);
	if (EVP_DecodeUpdate(c, der->p, &n, text.p, (int)text.n) < 0 ||
	    EVP_DecodeFinal(c, der->p + n, &last) != 1 || n + last == 0)
		return fail_ossl(
		    err, ERR_MALFORMED, "private key is not base64");
	der->n = (size_t)n + (size_t)last;
	return true;
}

bool
privkey_load(struct bytes pem, const struct secret *passphrase,
    struct privkey **out, struct err *err)
{
	AUTO_BUF der = { 0 };
	struct bytes text;
	bool found, encrypted, ok;

	if (pem.n > PEM_MAX)
		return fail(err, ERR_TOO_LARGE,
		    "private key file has %zu octets, at most %u", pem.n,
		    PEM_MAX);
	if (!pem_block(pem, label_encrypted, &found, &text, err))
		return false;
	encrypted = found;
	if (!found && !pem_block(pem, label_clear, &found, &text, err))
		return false;
	if (!found)
		return fail(err, ERR_MALFORMED,
		    "no PKCS#8 private key (BEGIN PRIVATE KEY or BEGIN "
		    "ENCRYPTED PRIVATE KEY) in the file");
	ok = decode(text, &der, err) &&
	    load_der(buf_bytes(&der), encrypted, passphrase, out, err);
	secret_wipe(der.p, der.cap);
	return ok;
}

static int
encode_encrypted(
    PKCS8_PRIV_KEY_INFO *info, struct bytes pass, unsigned char **der)
{
	AUTO(X509_SIG) *sealed = NULL;
	X509_ALGOR *pbe;

	if (pass.n > INT_MAX)
		return -1;
	pbe = PKCS5_pbe2_set_scrypt(
	    EVP_aes_256_cbc(), NULL, 16, NULL, SCRYPT_N, SCRYPT_R, SCRYPT_P);
	if (pbe == NULL)
		return -1;
	/* Takes pbe, but only when it succeeds. */
	sealed = PKCS8_set0_pbe_ex((const char *)pass.p, (int)pass.n, info, pbe,
	    privkey_libctx(), NULL);
	if (sealed == NULL) {
		X509_ALGOR_free(pbe);
		return -1;
	}
	return i2d_X509_SIG(sealed, der);
}

bool
privkey_encode(const struct privkey *key, const struct secret *passphrase,
    struct buf *out, struct err *err)
{
	AUTO(PKCS8_PRIV_KEY_INFO) *info = EVP_PKEY2PKCS8(key->pkey);
	const char *label = passphrase == NULL ? label_clear : label_encrypted;
	unsigned char *der = NULL;
	int n;

	if (info == NULL)
		return fail_ossl(err, ERR_INTERNAL, "key not encoded");
	n = passphrase == NULL
	    ? i2d_PKCS8_PRIV_KEY_INFO(info, &der)
	    : encode_encrypted(info, secret_reveal(passphrase), &der);
	if (n <= 0)
		return fail_ossl(err, ERR_INTERNAL, "key not encoded");
	buf_printf(out, "-----BEGIN %s-----\n", label);
	base64_encode(bytes_of(der, (size_t)n), 64, out);
	if (out->p[out->n - 1] != '\n')
		buf_add_byte(out, '\n');
	buf_printf(out, "-----END %s-----\n", label);
	OPENSSL_clear_free(der, (size_t)n);
	return true;
}

bool
privkey_encode_pkcs8(
    const struct privkey *key, struct secret **out, struct err *err)
{
	AUTO(PKCS8_PRIV_KEY_INFO) *info = EVP_PKEY2PKCS8(key->pkey);
	unsigned char *der = NULL;
	int n = info == NULL ? 0 : i2d_PKCS8_PRIV_KEY_INFO(info, &der);

	if (n <= 0)
		return fail_ossl(err, ERR_INTERNAL, "key not encoded");
	*out = secret_new(der, (size_t)n);
	OPENSSL_clear_free(der, (size_t)n);
	return true;
}
