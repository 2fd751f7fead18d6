#include "ca/rollover.h"
#include "codec/pem.h"
#include "scep/handlers.h"

#define CERTS_MAX 16u

static bool
has_next(const struct scep_call *call, struct ca_rollover *out)
{
	return ca_rollover_get(call->scep->deps.ca, call->profile->ca, out) &&
	    out->next != NULL;
}

/* RFC 8894 section 3.5.2.  Nothing that the profile would refuse. */
bool
scep_get_caps(struct scep_call *call, struct http_resp *resp, struct err *err)
{
	const struct config_scep_profile *c = call->profile->config;
	struct ca_rollover rollover;
	AUTO_BUF text = { 0 };

	(void)err;
	buf_add_str(&text, "AES\n");
	if (c->legacy_des3)
		buf_add_str(&text, "DES3\n");
	if (has_next(call, &rollover))
		buf_add_str(&text, "GetNextCACert\n");
	buf_add_str(&text, "POSTPKIOperation\n");
	if (c->renewal)
		buf_add_str(&text, "Renewal\n");
	if (c->legacy_sha1)
		buf_add_str(&text, "SHA-1\n");
	/* strongSwan 5.9.8 takes AES for missing unless SHA-384 is there, which
	 * RFC 8894 has no word for (tests/interop/scep_strongswan.py). */
	buf_add_str(&text, "SHA-256\nSHA-384\nSHA-512\nSCEPStandard\n");
	resp->status = 200;
	resp->body = arena_take_buf(call->a, &text);
	scep_resp_type(resp, "text/plain");
	return true;
}

/* RFC 8894 section 4.2.1.2: this server's first, which clients take. */
bool
scep_get_certs(struct scep_call *call, struct http_resp *resp, struct err *err)
{
	struct bytes certs[CERTS_MAX];
	const struct bytes *chain;
	AUTO_BUF bag = { 0 };
	size_t n;

	if (!ra_chain(call->scep->deps.ca, call->profile->ca,
		call->profile->config->chain == SCEP_CHAIN_FULL, call->a,
		&chain, &n, err))
		return false;
	n = MIN_OF(n, CERTS_MAX - 1);
	certs[0] = call->ras[0]->cert.der;
	memcpy(certs + 1, chain, n * sizeof(*chain));
	pkcs7_certs_put(&bag, certs, n + 1);
	resp->status = 200;
	resp->body = arena_take_buf(call->a, &bag);
	scep_resp_type(resp, "application/x-x509-ca-ra-cert");
	return true;
}

/* RFC 8894 section 4.7.1: the next CA, signed by the RA of this one. */
bool
scep_get_next(struct scep_call *call, struct http_resp *resp, struct err *err)
{
	const struct ra_cert *ra = call->ras[0];
	struct ca_rollover rollover;
	AUTO_BUF bag = { 0 };
	AUTO_BUF out = { 0 };

	if (!has_next(call, &rollover))
		return fail(err, ERR_NOT_FOUND,
		    "no other CA is to take over from this one");
	pkcs7_certs_put(&bag, &rollover.next->der, 1);
	const struct cms_signed_spec spec = { .has_content = true,
		.content = buf_bytes(&bag),
		.certs = &ra->cert.der,
		.certs_n = 1,
		.signer = &ra->cert,
		.key = ra->key,
		.digest = DIGEST_SHA256 };
	AUTO_LANE loan = lane_lend(call->scep->lanes);

	if (!cms_signed_put(&out, loan.lane, &spec, err))
		return false;
	resp->status = 200;
	resp->body = arena_take_buf(call->a, &out);
	scep_resp_type(resp, "application/x-x509-next-ca-cert");
	return true;
}
