#include <stdio.h>

#include "bench/scep/load.h"
#include "codec/oid.h"

#define OID_SCEP "\x60\x86\x48\x01\x86\xf8\x45\x01\x09"
#define OID_MESSAGE_TYPE OID_SCEP "\x02"
#define OID_SENDER_NONCE OID_SCEP "\x05"
#define OID_TRANSACTION_ID OID_SCEP "\x07"

/* PKCS#10 with a common name and, unless it renews, a challengePassword. */
static void
csr_put(struct buf *b, struct lane *lane, const struct device *by,
    const char *name, const char *challenge)
{
	const struct subject subject = { .common_name = name };
	AUTO_BUF info = { 0 }, signature = { 0 };
	size_t outer, attributes, attribute, set;
	struct err err = { 0 };

	outer = der_open(&info, DER_SEQUENCE);
	der_put_small(&info, 0);
	subject_put(&info, &subject);
	der_put_raw(&info, privkey_spki(by->key));
	attributes = der_open(&info, DER_CONTEXT_CONSTRUCTED(0));
	if (challenge != NULL) {
		attribute = der_open(&info, DER_SEQUENCE);
		oid_put(&info, OID(CHALLENGE_PASSWORD));
		set = der_open(&info, DER_SET);
		der_put(&info, DER_UTF8_STRING, bytes_str(challenge));
		der_close(&info, set);
		der_close(&info, attribute);
	}
	der_close(&info, attributes);
	der_close(&info, outer);
	if (!rsa_sign(lane, by->key, DIGEST_SHA256, buf_bytes(&info),
		&signature, &err))
		die("a request is not signed", &err);
	cert_put(b, buf_bytes(&info), SIG_RSA_SHA256, buf_bytes(&signature));
}

static void
value_put(struct buf *b, int tag, struct bytes value, struct bytes oid,
    struct cms_attribute *out)
{
	der_put(b, tag, value);
	*out = (struct cms_attribute){ oid, buf_bytes(b) };
}

static void
signed_put(struct buf *b, struct lane *lane, const struct letterhead *l,
    const struct device *by, size_t number, struct bytes envelope)
{
	const char *type = l->kind == KIND_RENEW ? "17" : "19";
	AUTO_BUF type_value = { 0 }, id_value = { 0 }, nonce_value = { 0 };
	struct cms_attribute attributes[3];
	uint8_t nonce[SCEP_NONCE_SIZE] = { 0 };
	struct err err = { 0 };
	char transaction[80];

	snprintf(transaction, sizeof(transaction), "%s-%zu", l->run, number);
	memcpy(nonce, &number, sizeof(number));
	value_put(&type_value, DER_PRINTABLE_STRING, bytes_str(type),
	    OID(MESSAGE_TYPE), &attributes[0]);
	value_put(&id_value, DER_PRINTABLE_STRING, bytes_str(transaction),
	    OID(TRANSACTION_ID), &attributes[1]);
	value_put(&nonce_value, DER_OCTET_STRING,
	    bytes_of(nonce, sizeof(nonce)), OID(SENDER_NONCE), &attributes[2]);
	const struct cms_signed_spec spec = { .has_content = true,
		.content = envelope,
		.attributes = attributes,
		.attributes_n = COUNT_OF(attributes),
		.certs = &by->cert.der,
		.certs_n = 1,
		.signer = &by->cert,
		.key = by->key,
		.digest = DIGEST_SHA256 };

	if (!cms_signed_put(b, lane, &spec, &err))
		die("a message is not signed", &err);
}

void
message_make(struct message *m, struct lane *lane, const struct letterhead *l,
    const struct device *by, size_t number)
{
	AUTO_BUF csr = { 0 }, envelope = { 0 };
	struct cert to = *l->to;
	struct err err = { 0 };

	m->by = by;
	if (l->kind == KIND_RENEW)
		snprintf(m->name, sizeof(m->name), "%s", by->name);
	else
		snprintf(m->name, sizeof(m->name), "d%zu-%s.bench.example",
		    number, l->run);
	csr_put(&csr, lane, by, m->name,
	    l->kind == KIND_RENEW	? NULL
		: l->kind == KIND_WRONG ? "not the challenge"
					: l->challenge);
	/* Garbage: a content key that the recipient cannot unwrap. */
	if (l->kind == KIND_GARBAGE)
		to.key = by->cert.key;
	if (!cms_enveloped_put(&envelope, lane, &to, TRANSPORT_PKCS1,
		CIPHER_AES_128_CBC, buf_bytes(&csr), &err))
		die("a request is not encrypted", &err);
	signed_put(&m->der, lane, l, by, number, buf_bytes(&envelope));
}
