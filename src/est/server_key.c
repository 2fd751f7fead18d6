#include "codec/oid.h"
#include "codec/pem.h"
#include "codec/spki.h"
#include "est/body.h"
#include "est/handlers.h"
#include "est/key_wrap.h"
#include "est/keygen.h"
#include "est/names.h"
#include "est/reply.h"
#include "est/sign.h"
#include "http/rate.h"
#include "util/text.h"

#define HOUR 3600

/* What is made for a client; the key is freed, and so wiped, with it. */
struct made {
	struct privkey *key;
	struct csr csr; /* as the client's, with our key */
};

static void
made_done(struct made *m)
{
	privkey_free(m->key);
	m->key = NULL;
}

/* RFC 7030 section 4.4: off by default. */
static bool
check_allowed(
    struct est_call *call, const struct key_wrap *wrap, struct err *err)
{
	const struct config_est_label *c = call->label->config;

	if (!wrap->asked && !c->server_keys_clear)
		return fail(err, ERR_REJECTED,
		    "label %s hands out no key that is not encrypted beyond "
		    "TLS: the CSR needs a DecryptKeyIdentifier or an "
		    "AsymmetricDecryptKeyIdentifier (RFC 7030 section 4.4.1)",
		    c->name);
	if (!rates_over(call->est->keys_made, &call->req->peer,
		call->label->index, c->server_keys_per_hour, HOUR,
		call->req->now, &call->retry_after))
		return true;
	return fail(err, ERR_RATE_LIMITED,
	    "this address has had %lld keys within an hour",
	    (long long)c->server_keys_per_hour);
}

/* "same" is the kind of the key that came with the request. */
static bool
kind_derive(const struct est_call *call, const struct csr *csr,
    enum key_alg *alg, unsigned *bits, struct err *err)
{
	struct pubkey key;

	*bits = 0;
	if (key_alg_parse(call->label->config->server_key, alg, bits))
		return true;
	if (!spki_parse(csr->spki, &key, err))
		return false;
	*alg = key.alg;
	if (*alg == KEY_RSA)
		*bits = key.bits <= 2048 ? 2048
		    : key.bits <= 3072	 ? 3072
					 : 4096;
	return true;
}

/*
 * RFC 7030 section 4.4.1: the key and the signature that came are to be
 * ignored; all else is as in any other CSR.  So the rest is put together with
 * the new key and goes the way of every request.
 */
static bool
request_make(struct est_call *call, const struct csr *sent, struct made *m,
    struct err *err)
{
	AUTO_BUF info = { 0 };
	AUTO_BUF signature = { 0 };
	AUTO_BUF whole = { 0 };
	size_t outer, attributes, attribute, set, list;

	outer = der_open(&info, DER_SEQUENCE);
	der_put_small(&info, 0);
	der_put_raw(&info, sent->subject);
	der_put_raw(&info, privkey_spki(m->key));
	attributes = der_open(&info, DER_CONTEXT_CONSTRUCTED(0));
	if (sent->extensions.n > 0) {
		attribute = der_open(&info, DER_SEQUENCE);
		oid_put(&info, OID(EXTENSION_REQUEST));
		set = der_open(&info, DER_SET);
		list = der_open(&info, DER_SEQUENCE);
		der_put_raw(&info, sent->extensions);
		der_close(&info, list);
		der_close(&info, set);
		der_close(&info, attribute);
	}
	der_close(&info, attributes);
	der_close(&info, outer);
	if (!privkey_sign(m->key, buf_bytes(&info), &signature, err))
		return false;
	/* The same frame as a certificate's: octets, algorithm, bits. */
	cert_put(&whole, buf_bytes(&info), privkey_sig_alg(m->key),
	    buf_bytes(&signature));
	return csr_parse(
	    arena_take_buf(call->a, &whole), call->a, &m->csr, err);
}

/* SignedData of an AsymmetricKeyPackage (RFC 5958), in EnvelopedData. */
static bool
key_wrap(struct est_call *call, const struct key_wrap *wrap, struct bytes pkcs8,
    struct buf *out, struct err *err)
{
	struct est *est = call->est;
	AUTO_BUF package = { 0 };
	AUTO_BUF signed_data = { 0 };
	bool ok;

	buf_reserve(&package, pkcs8.n + 8);
	der_put(&package, DER_SEQUENCE, pkcs8);
	buf_reserve(&signed_data, pkcs8.n + 65536);
	AUTO_LANE loan = lane_lend(est->deps.lanes);

	ok = est_sign(est, loan.lane, ENVELOPE_KEY_PACKAGE, buf_bytes(&package),
		 &signed_data, err) &&
	    envelope_put(loan.lane, &wrap->to, wrap->cipher,
		buf_bytes(&signed_data), out, err);
	secret_wipe(package.p, package.cap);
	secret_wipe(signed_data.p, signed_data.cap);
	return ok;
}

static void
part_put(struct est_call *call, struct buf *b, const char *boundary,
    const char *type, struct bytes der)
{
	buf_printf(b,
	    "--%s\r\nContent-Type: %s\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n",
	    boundary, type);
	est_body_encode(der, est_reply_wraps(call), b);
	buf_add_str(b, "\r\n");
}

/* RFC 7030 section 4.4.2: the key, then the certificate. */
static void
reply(struct est_call *call, struct http_resp *resp, const char *type,
    struct bytes key, struct bytes certificate)
{
	const struct random *random = &call->est->deps.random;
	uint8_t octets[16];
	const char *boundary;
	AUTO_BUF bag = { 0 };
	AUTO_BUF body = { 0 };

	random_fill(random, octets, sizeof(octets));
	boundary = hex_arena(call->a, bytes_of(octets, sizeof(octets)));
	pkcs7_certs_put(&bag, &certificate, 1);
	/* In one piece, so that no copy of the key is left behind. */
	buf_reserve(&body, (key.n + bag.n) * 3 / 2 + 1024);
	part_put(call, &body, boundary, type, key);
	part_put(call, &body, boundary,
	    "application/pkcs7-mime; smime-type=certs-only", buf_bytes(&bag));
	buf_printf(&body, "--%s--\r\n", boundary);
	resp->status = 200;
	resp->body = arena_take_buf(call->a, &body);
	resp->secret = true;
	http_resp_headerf(resp, call->a, "Content-Type",
	    "multipart/mixed; boundary=%s", boundary);
}

/* Makes the key and what the certificate is asked for with. */
static bool
make(struct est_call *call, const struct csr *sent, struct made *m,
    struct err *err)
{
	enum key_alg alg;
	unsigned bits;

	if (!kind_derive(call, sent, &alg, &bits, err) ||
	    !keygen_run(call->est->keygen, alg, bits, &m->key, err))
		return false;
	/* It is counted by what it costs, whatever comes of it. */
	rates_add(call->est->keys_made, &call->req->peer, call->label->index,
	    HOUR, call->req->now);
	return request_make(call, sent, m, err);
}

static bool
make_and_issue(struct est_call *call, const struct key_wrap *wrap,
    struct est_grant *grant, struct made *m, struct http_resp *resp,
    struct err *err)
{
	AUTO_SECRET *pkcs8 = NULL;
	AUTO_BUF wrapped = { 0 };
	struct ca_issued issued;

	/* A key that cannot be handed out is not certified. */
	if (!make(call, grant->csr, m, err) ||
	    !privkey_encode_pkcs8(m->key, &pkcs8, err) ||
	    (wrap->asked &&
		!key_wrap(call, wrap, secret_reveal(pkcs8), &wrapped, err)))
		return false;
	grant->csr = &m->csr;
	if (!est_issue_now(call, grant, &issued, err))
		return false;
	est_reply_secret(resp, &issued);
	if (wrap->asked)
		reply(call, resp,
		    "application/pkcs7-mime; smime-type=server-generated-key",
		    buf_bytes(&wrapped), issued.der);
	else
		reply(call, resp, "application/pkcs8", secret_reveal(pkcs8),
		    issued.der);
	return true;
}

bool
est_post_server_key(
    struct est_call *call, struct http_resp *resp, struct err *err)
{
	struct made made = { 0 };
	struct identity id;
	struct csr csr;
	struct est_grant grant = { .id = &id, .csr = &csr };
	struct key_wrap wrap;
	bool ok;

	if (!call->label->config->server_keys)
		return fail(err, ERR_NOT_FOUND,
		    "label %s makes no keys for clients",
		    call->label->config->name);
	if (!est_identity_find(call, &id, err) ||
	    !est_request_read(call, csr_parse_unsigned, &csr, err) ||
	    !est_names_decide(call, &id, &csr, &grant.names, err) ||
	    !est_key_wrap_decide(&csr, call->label,
		id.client.cert.der.n > 0 ? &id.client.cert : NULL, &wrap,
		err) ||
	    !check_allowed(call, &wrap, err))
		return false;
	/* Who comes again gets no second key: the first was not kept. */
	if (id.kind == IDENTITY_TOKEN &&
	    !token_check_usable(&id.token, call->req->now, err))
		return false;
	ok = make_and_issue(call, &wrap, &grant, &made, resp, err);
	made_done(&made);
	return ok;
}
