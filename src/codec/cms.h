/*
 * CMS as SCEP uses it, RFC 5652: SignedData with one signer, EnvelopedData with
 * RSA key transport; read from DER (ber.h makes it of what clients send) and
 * written as DER.  Any other content type, recipient or algorithm is refused
 * before a private key is touched.
 *
 * Not for anybody's CMS: EST's encrypted keys for EC recipients are OpenSSL's.
 * Any thread; what is parsed borrows the DER and the arena.
 */
#ifndef CODEC_CMS_H
#define CODEC_CMS_H

#include "codec/cert.h"
#include "crypto/rsa.h"

#define CMS_CERTS_MAX 16u
#define CMS_ATTRIBUTES_MAX 32u
#define CMS_RECIPIENTS_MAX 8u

/* Who a signer or recipient is: one of the two. */
struct cms_id {
	struct bytes issuer, serial; /* Name, whole; magnitude */
	struct bytes key_id; /* subjectKeyIdentifier */
};
bool cms_id_is_of(const struct cms_id *id, const struct cert *cert);

struct cms_attribute {
	struct bytes oid; /* content octets */
	struct bytes value; /* the one value, whole */
};

/* ---- SignedData ---- */

struct cms_signed {
	bool has_content;
	struct bytes content; /* of the OCTET STRING; type data */
	struct bytes certs[CMS_CERTS_MAX]; /* whole */
	size_t certs_n;
	struct cms_id signer;
	enum digest_alg digest;
	enum sig_alg sig_alg;
	size_t pss_salt;
	struct bytes signed_attributes; /* content of the SET, as sent */
	struct cms_attribute attributes[CMS_ATTRIBUTES_MAX];
	size_t attributes_n;
	struct bytes signature;
};

/*
 * One signer with signed attributes, each of one value.  ERR_MALFORMED;
 * ERR_UNSUPPORTED for algorithms and other forms: MD5 is one of them.
 */
bool cms_signed_parse(
    struct bytes der, struct cms_signed *out, struct err *err) MUST_CHECK;
/* The signer's certificate among those sent.  ERR_MALFORMED: it is not there;
 * ERR_UNSUPPORTED, ERR_BAD_PUBLIC_KEY: it cannot be read. */
bool cms_signer_find(const struct cms_signed *s, struct arena *a,
    struct cert *out, struct err *err) MUST_CHECK;
/* contentType, messageDigest and the signature, by this key.
 * ERR_BAD_SIGNATURE. */
bool cms_signed_verify(struct lane *lane, const struct cms_signed *s,
    const struct pubkey *key, struct err *err) MUST_CHECK;
/* NULL if there is none; the OID as content octets. */
const struct cms_attribute *cms_attribute_find(
    const struct cms_signed *s, struct bytes oid);

struct cms_signed_spec {
	bool has_content;
	struct bytes content;
	const struct cms_attribute *attributes; /* beside contentType and
						   messageDigest */
	size_t attributes_n;
	const struct bytes *certs; /* whole */
	size_t certs_n;
	const struct cert *signer;
	const struct privkey *key; /* the signer's; RSA */
	enum digest_alg digest;
};
/* ContentInfo with SignedData; the signature's algorithm is written as
 * rsaEncryption, which Cisco IOS and strongSwan 5.9.8 insist on. */
bool cms_signed_put(struct buf *b, struct lane *lane,
    const struct cms_signed_spec *spec, struct err *err) MUST_CHECK;

/* ---- EnvelopedData ---- */

struct cms_recipient {
	struct cms_id id;
	enum transport_alg transport;
	struct bytes wrapped;
};

struct cms_enveloped {
	struct cms_recipient recipients[CMS_RECIPIENTS_MAX];
	size_t recipients_n;
	enum cipher_alg cipher;
	struct bytes iv, ciphertext;
};

/* ERR_MALFORMED; ERR_UNSUPPORTED: a recipient that is not key transport, an
 * algorithm that we do not do, or other than EnvelopedData. */
bool cms_enveloped_parse(struct bytes der, struct arena *a,
    struct cms_enveloped *out, struct err *err) MUST_CHECK;
/* What was enclosed; or octets that are nothing, when the wrapped key or the
 * padding was wrong: nobody is told, and it takes as long (CVE-2026-42768).
 * ERR_REJECTED: no whole blocks.  ERR_UNSUPPORTED: a cipher that this lane has
 * not. */
bool cms_enveloped_open(struct lane *lane, const struct cms_enveloped *e,
    const struct cms_recipient *r, const struct privkey *key,
    struct secret **out, struct err *err) MUST_CHECK;
/* ContentInfo with EnvelopedData for one recipient. */
bool cms_enveloped_put(struct buf *b, struct lane *lane, const struct cert *to,
    enum transport_alg transport, enum cipher_alg cipher, struct bytes content,
    struct err *err) MUST_CHECK;

/* ---- shared by the files of this noun ---- */

/* ContentInfo of this type → the content of its SEQUENCE. */
bool cms_content_enter(struct bytes der, struct bytes type, const char *what,
    struct der *out, struct err *err) MUST_CHECK;
/* issuerAndSerialNumber, or [0] subjectKeyIdentifier. */
bool cms_id_read(struct der *d, struct cms_id *out) MUST_CHECK;
void cms_id_put(struct buf *b, const struct cert *cert);

#endif
