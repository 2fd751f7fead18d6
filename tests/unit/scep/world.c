#include <arpa/inet.h>
#include <openssl/rsa.h>

#include "codec/jose.h"
#include "codec/oid.h"
#include "codec/pem.h"
#include "util/text.h"
#include "world.h"

#define SCEP_ARC "2.16.840.1.113733.1.9."

static const char yaml[] =
    "base_url: https://ca.example.net:8443\n"
    "http_base_url: http://ca.example.net:8080\n"
    "cas:\n"
    "  root: {certificate: certs/root.pem, key: null}\n"
    "  issuing: {key: keys/issuing.key, certificate: certs/issuing.pem}\n"
    "profiles:\n"
    "  default: {ca: issuing}\n"
    "  device: {ca: issuing, lifetime: 30d, keys: [ec-p256, rsa],\n"
    "    subject_cn: csr_cn, extended_key_usage: [clientAuth]}\n"
    "  other: {ca: issuing, keys: [rsa], extended_key_usage: [clientAuth]}\n"
    "scep:\n"
    "  profiles:\n"
    "    default: {profile: device, authentication: [challenge, tokens],\n"
    "      challenge_file: challenge, names: [\"dns:*.example.net\"],\n"
    "      max_failures: 5}\n"
    "    legacy: {profile: device, authentication: [challenge],\n"
    "      challenge_file: challenge, names: [\"dns:*\"], ca_in_reply: true,\n"
    "      legacy_sha1: true, legacy_des3: true}\n"
    "    late: {profile: device, authentication: [challenge],\n"
    "      challenge_file: challenge, names: [\"dns:*\"],\n"
    "      renewal_window: 10d}\n"
    "    never: {profile: device, authentication: [challenge],\n"
    "      challenge_file: challenge, names: [\"dns:*\"], renewal: false}\n"
    "    other: {profile: other, authentication: [tokens]}\n"
    "    mutual: {profile: device, authentication: [challenge],\n"
    "      challenge_file: challenge, names: [\"dns:*\"],\n"
    "      client_certificate_profiles: [device]}\n"
    "    signed: {profile: device, authentication: [tokens, signed],\n"
    "      signed_keys_file: mdm.jwks, signed_per_device: 3,\n"
    "      signed_period: 1h, max_failures: 30}\n"
    "    mdm: {profile: device, authentication: [tokens],\n"
    "      challenge_clients_file: mdms, challenge_lifetime: 10m,\n"
    "      challenges_per_hour: 12, max_failures: 4,\n"
    "      names: [\"dns:*.example.net\"]}\n"
    "    elsewhere: {profile: device, authentication: [signed],\n"
    "      signed_keys_file: mdm.jwks}\n"
    "    both: {profile: device, authentication: [challenge, approval],\n"
    "      challenge_file: challenge, names: [\"dns:*\"]}\n"
    "    queue: {profile: device, authentication: []}\n"
    "    asked: {profile: device, authentication: [webhook], webhook: desk,\n"
    "      names: [\"dns:*.example.net\"], max_failures: 5,\n"
    "      max_inquiries: 3}\n"
    "    managed: {profile: device, authentication: [intune, approval],\n"
    "      intune: contoso}\n"
    "    hasty: {profile: device, authentication: [intune],\n"
    "      intune: fabrikam}\n"
    "webhooks:\n"
    "  desk: {url: \"https://desk.example.net/scep\",\n"
    "    secret_file: desk.secret, token_file: desk.token}\n"
    "intune:\n"
    "  contoso: {tenant: contoso.example, client_id: a,\n"
    "    client_secret_file: intune.secret}\n"
    "  fabrikam: {tenant: fabrikam.example, client_id: b,\n"
    "    client_secret_file: intune.secret, withhold: false}\n";

/* ---- clients ---- */

static struct bytes
der_of_x509(struct world *w, const X509 *x)
{
	uint8_t *der = NULL;
	int n = i2d_X509(x, &der);

	assert_true(n > 0);
	struct bytes out = arena_bytes(w->a, bytes_of(der, (size_t)n));
	OPENSSL_free(der);
	return out;
}

static X509 *
x509_of(struct bytes der)
{
	const uint8_t *p = der.p;
	X509 *x = d2i_X509(NULL, &p, (long)der.n);

	assert_non_null(x);
	return x;
}

/* As Windows has it: "SCEP Protocol Certificate", signed by itself. */
static struct client
client_new(struct world *w, enum key_alg alg, long serial)
{
	struct client c = { .key = test_ca_key(w->t, alg, 2048) };
	X509_NAME *name;

	c.pkey = privkey_evp_for(c.key, NULL, &w->t->err);
	assert_non_null(c.pkey);
	c.x509 = X509_new();
	X509_set_version(c.x509, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(c.x509), serial);
	X509_gmtime_adj(X509_getm_notBefore(c.x509), 0);
	X509_gmtime_adj(X509_getm_notAfter(c.x509), 3600);
	name = X509_get_subject_name(c.x509);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const uint8_t *)"SCEP Protocol Certificate", -1, -1, 0);
	X509_set_issuer_name(c.x509, name);
	X509_set_pubkey(c.x509, c.pkey);
	assert_true(X509_sign(c.x509, c.pkey, EVP_sha256()) > 0);
	c.der = der_of_x509(w, c.x509);
	return c;
}

static void
client_free(struct client *c)
{
	X509_free(c->x509);
	EVP_PKEY_free(c->pkey);
}

void
world_take(struct world *w, struct client *c, const struct answer *got)
{
	(void)w;
	X509_free(c->x509);
	c->der = got->first.der;
	c->x509 = x509_of(c->der);
}

/* ---- the server ---- */

/* test_ca's clock, which tests move by hand. */
static int64_t
now_us(void *ctx)
{
	const struct test_ca *t = ctx;

	return t->now * 1000000;
}

/* Who signs challenges: a JWK Set of one key. */
static void
write_signers(struct world *w)
{
	struct pubkey key;
	struct jwk jwk;

	w->mdm = test_ca_key(w->t, KEY_EC_P256, 0);
	assert_ok(w->t, spki_parse(privkey_spki(w->mdm), &key, &w->t->err));
	jwk_of_key(&key, w->a, &jwk);
	test_ca_write_file(w->t, "mdm.jwks",
	    bytes_str(arena_printf(w->a, "{\"keys\":[%.*s,\"kid\":\"mdm-1\"}]}",
		(int)strlen(jwk.canonical) - 1, jwk.canonical)));
}

/* ---- services ---- */

static bool
outgoing_start(void *ctx, const struct outgoing_request *req,
    void (*done)(void *arg, const struct outgoing_result *res), void *arg,
    struct err *err)
{
	struct world *w = ctx;
	struct world_call *c = &w->calls[w->calls_n];

	if (w->busy)
		return fail(err, ERR_BUSY, "too many calls");
	assert_true(w->calls_n < COUNT_OF(w->calls));
	*c = (struct world_call){ .kind = WORLD_WEBHOOK,
		.url = arena_strdup(w->a, req->url),
		.body = arena_str(w->a, req->body),
		.webhook_done = done,
		.arg = arg };
	for (size_t i = 0; i < req->headers_n; i++) {
		if (strcmp(req->headers[i].name, "X-Chancery-Signature") == 0)
			c->signature =
			    arena_strdup(w->a, req->headers[i].value);
		if (strcmp(req->headers[i].name, "Authorization") == 0)
			c->authorization =
			    arena_strdup(w->a, req->headers[i].value);
	}
	w->calls_n++;
	return true;
}

static bool
intune_call(struct world *w, enum world_call_kind kind,
    const struct intune_request *req, struct bytes certificate, const char *why,
    void (*done)(void *arg, const struct intune_answer *answer), void *arg,
    struct err *err)
{
	if (w->busy)
		return fail(err, ERR_BUSY, "too many calls");
	assert_true(w->calls_n < COUNT_OF(w->calls));
	w->calls[w->calls_n++] = (struct world_call){ .kind = kind,
		.url = arena_strdup(w->a, req->tenant),
		.body = arena_strdup(w->a, why == NULL ? "" : why),
		.certificate = arena_bytes(w->a, certificate),
		.intune_done = done,
		.arg = arg };
	return true;
}

static bool
intune_asked(struct intune *in, const struct intune_request *req,
    void (*done)(void *arg, const struct intune_answer *answer), void *arg,
    struct err *err)
{
	return intune_call(
	    (void *)in, WORLD_VALIDATE, req, BYTES_NONE, NULL, done, arg, err);
}

static bool
intune_issued(struct intune *in, const struct intune_request *req,
    struct bytes certificate,
    void (*done)(void *arg, const struct intune_answer *answer), void *arg,
    struct err *err)
{
	return intune_call(
	    (void *)in, WORLD_ISSUED, req, certificate, NULL, done, arg, err);
}

static bool
intune_failed(struct intune *in, const struct intune_request *req,
    const char *why,
    void (*done)(void *arg, const struct intune_answer *answer), void *arg,
    struct err *err)
{
	return intune_call(
	    (void *)in, WORLD_FAILED, req, BYTES_NONE, why, done, arg, err);
}

/* What was posted to the writer is done. */
static void
settle(struct world *w)
{
	struct inquiry *rows;
	size_t n;

	assert_ok(w->t,
	    store_inquiry_claim(
		w->t->store, 1, 1, w->a, &rows, &n, &w->t->err));
	assert_int_equal(n, 0);
}

void
world_run(struct world *w)
{
	settle(w);
	/* A yes, its certificate, and what follows that. */
	for (unsigned i = 0; i < 3; i++) {
		assert_ok(w->t, scep_run(w->scep, &w->t->err));
		settle(w);
	}
}

struct world_call *
world_call(struct world *w, enum world_call_kind kind)
{
	struct world_call *c;

	assert_true(w->answered_n < w->calls_n);
	c = &w->calls[w->answered_n++];
	assert_int_equal(c->kind, kind);
	return c;
}

void
world_hook_says(struct world *w, int status, const char *body)
{
	struct world_call *c = world_call(w, WORLD_WEBHOOK);
	struct outgoing_result res = { .ok = status != 0,
		.status = status,
		.body = bytes_str(body),
		.transient = status == 0 };

	if (status == 0)
		(void)fail(&res.err, ERR_CONNECTION, "%s", body);
	c->webhook_done(c->arg, &res);
	world_run(w);
}

void
world_intune_says(
    struct world *w, enum world_call_kind kind, enum intune_verdict verdict)
{
	static const char *const codes[] = { [INTUNE_YES] = "Success",
		[INTUNE_NO] = "ChallengeExpired",
		[INTUNE_SILENT] = NULL };
	const struct intune_answer answer = {
		.verdict = verdict, .code = codes[verdict], .text = "asked"
	};
	struct world_call *c = world_call(w, kind);

	c->intune_done(c->arg, &answer);
	world_run(w);
}

static struct scep_deps
world_deps(struct world *w)
{
	return (struct scep_deps){ .store = w->t->store,
		.ca = w->t->ca,
		.ra = w->ra,
		.clock = { now_us, w->t },
		.random = random_system(),
		.workers = 4,
		.read_file = test_ca_read_file,
		.read_ctx = w->t,
		.outgoing = { outgoing_start, w },
		.intune = { (void *)w, intune_asked, intune_issued,
		    intune_failed },
		.waits = w->waits,
		.seal = w->seal };
}

int
world_setup(void **state)
{
	struct world *w = mem_alloc(sizeof(*w));
	const struct ra_cert *certs[RA_CERTS_MAX];
	struct scep_deps deps;
	struct ra_deps ra;

	w->t = test_ca_new(KEY_EC_P256, 0, yaml);
	w->a = w->t->a;
	w->lane = lane_new();
	test_ca_write_file(w->t, "challenge", bytes_str(WORLD_CHALLENGE "\n"));
	write_signers(w);
	w->clock = (struct clock){ now_us, w->t };
	/* openssl passwd -6: Secret:7x and Secret-8. */
	test_ca_write_file(w->t, "mdms",
	    bytes_str("# who fetches\n"
		      "jamf:$6$abcdefgh$mM21zowV5GRs7Y2enwue4YgbVCYODgi4wZB4B3"
		      "a5S71t66hE8A8G8U3drOWprW5PaHPVsBgK5ASLcT3piN77A0\n"
		      "other:$6$ijklmnop$W5lFDe3DOpFDlcsCpdXNB0KqK0dSPmarRy.Mb"
		      "78DnIPZyMFk7r6EnDKwCE.BVwKQtcFjjkh0al0RNKZJYolov1\n"));
	test_ca_write_file(
	    w->t, "desk.secret", bytes_str("0123456789abcdef-desk\n"));
	test_ca_write_file(w->t, "desk.token", bytes_str("letmein\n"));
	ra = (struct ra_deps){
		.ca = w->t->ca, .store = w->t->store, .clock = { now_us, w->t }
	};
	w->ra = ra_new(&ra);
	ra_configure(
	    w->ra, w->t->config, test_ca_key(w->t, KEY_RSA, 2048), NULL);
	assert_ok(w->t, ra_run(w->ra, true, &w->t->err));
	assert_int_equal(ra_certs(w->ra, "issuing", w->t->now, certs), 1);
	w->to = x509_of(certs[0]->cert.der);
	w->waits = http_waits_new(8);
	w->seal = secret_new("0123456789abcdef0123456789abcdef", 32);
	deps = world_deps(w);
	assert_ok(w->t, scep_new(&deps, w->t->config, &w->scep, &w->t->err));
	w->routes = http_routes_new();
	scep_routes(w->scep, w->routes);
	w->one = client_new(w, KEY_RSA, 1);
	w->two = client_new(w, KEY_RSA, 2);
	w->ec = client_new(w, KEY_EC_P256, 3);
	*state = w;
	return 0;
}

int
world_teardown(void **state)
{
	struct world *w = *state;

	client_free(&w->one);
	client_free(&w->two);
	client_free(&w->ec);
	X509_free(w->to);
	http_routes_free(w->routes);
	scep_free(w->scep);
	ra_free(w->ra);
	http_waits_free(w->waits);
	secret_free(w->seal);
	lane_free(w->lane);
	test_ca_free(w->t);
	free(w);
	return 0;
}

/* ---- what a client writes ---- */

static void
put_attribute(struct buf *b, struct bytes oid, struct bytes value)
{
	size_t attribute = der_open(b, DER_SEQUENCE), set;

	oid_put(b, oid);
	set = der_open(b, DER_SET);
	der_put_raw(b, value);
	der_close(b, set);
	der_close(b, attribute);
}

static void
put_names(struct buf *b, const char *dns)
{
	AUTO_BUF value = { 0 };
	size_t list = der_open(&value, DER_SEQUENCE), x, octets, names;

	x = der_open(&value, DER_SEQUENCE);
	oid_put(&value, OID(SUBJECT_ALT_NAME));
	octets = der_open(&value, DER_OCTET_STRING);
	names = der_open(&value, DER_SEQUENCE);
	while (*dns != '\0') {
		size_t n = strcspn(dns, " ");

		der_put(&value, DER_CONTEXT(2), bytes_of(dns, n));
		dns += n + (dns[n] == ' ');
	}
	der_close(&value, names);
	der_close(&value, octets);
	der_close(&value, x);
	der_close(&value, list);
	put_attribute(b, OID(EXTENSION_REQUEST), buf_bytes(&value));
}

struct bytes
world_csr(struct world *w, struct privkey *key, const char *dns,
    const char *challenge)
{
	const struct subject subject = {
		.common_name = arena_str(w->a, bytes_of(dns, strcspn(dns, " ")))
	};
	AUTO_BUF info = { 0 };
	AUTO_BUF password = { 0 };
	AUTO_BUF signature = { 0 };
	struct buf whole = { 0 };
	size_t outer = der_open(&info, DER_SEQUENCE), attributes;

	der_put_small(&info, 0);
	subject_put(&info, &subject);
	der_put_raw(&info, privkey_spki(key));
	attributes = der_open(&info, DER_CONTEXT_CONSTRUCTED(0));
	if (challenge != NULL) {
		der_put(&password, DER_PRINTABLE_STRING, bytes_str(challenge));
		put_attribute(
		    &info, OID(CHALLENGE_PASSWORD), buf_bytes(&password));
	}
	put_names(&info, dns);
	der_close(&info, attributes);
	der_close(&info, outer);
	assert_ok(
	    w->t, privkey_sign(key, buf_bytes(&info), &signature, &w->t->err));
	cert_put(&whole, buf_bytes(&info), privkey_sig_alg(key),
	    buf_bytes(&signature));
	return arena_take_buf(w->a, &whole);
}

static struct bytes
encoded(struct world *w, CMS_ContentInfo *cms)
{
	uint8_t *der = NULL;
	int n = i2d_CMS_ContentInfo(cms, &der);

	assert_true(n > 0);
	struct bytes out = arena_bytes(w->a, bytes_of(der, (size_t)n));
	OPENSSL_free(der);
	return out;
}

struct bytes
world_enclose(struct world *w, const struct letter *l)
{
	AUTO(BIO) *in = BIO_new_mem_buf(l->content.p, (int)l->content.n);
	AUTO(CMS_ContentInfo) *cms = CMS_encrypt(NULL, NULL,
	    l->cipher == NULL ? EVP_aes_128_cbc() : l->cipher,
	    CMS_BINARY | CMS_PARTIAL);
	CMS_RecipientInfo *ri =
	    CMS_add1_recipient_cert(cms, w->to, l->oaep ? CMS_KEY_PARAM : 0);

	assert_non_null(ri);
	if (l->oaep)
		EVP_PKEY_CTX_set_rsa_padding(
		    CMS_RecipientInfo_get0_pkey_ctx(ri),
		    RSA_PKCS1_OAEP_PADDING);
	assert_int_equal(CMS_final(cms, in, NULL, CMS_BINARY), 1);
	return encoded(w, cms);
}

static void
sign_text(CMS_SignerInfo *si, const char *number, const char *text)
{
	char oid[64];

	snprintf(oid, sizeof(oid), SCEP_ARC "%s", number);
	assert_int_equal(CMS_signed_add1_attr_by_txt(si, oid,
			     V_ASN1_PRINTABLESTRING, text, (int)strlen(text)),
	    1);
}

struct bytes
world_write(struct world *w, const struct letter *l)
{
	const struct client *by = l->by == NULL ? &w->one : l->by;
	struct bytes inner =
	    l->envelope.n > 0 ? l->envelope : world_enclose(w, l);
	static const uint8_t nonce[64] = "a nonce of the client's choice";
	AUTO(BIO) *in = BIO_new_mem_buf(inner.p, (int)inner.n);
	AUTO(CMS_ContentInfo) *cms =
	    CMS_sign(NULL, NULL, NULL, NULL, CMS_PARTIAL | CMS_BINARY);
	CMS_SignerInfo *si = CMS_add1_signer(cms, by->x509, by->pkey,
	    l->digest == NULL ? EVP_sha256() : l->digest,
	    CMS_NOSMIMECAP | (l->pss ? CMS_KEY_PARAM : 0));

	assert_non_null(si);
	if (l->pss)
		EVP_PKEY_CTX_set_rsa_padding(
		    CMS_SignerInfo_get0_pkey_ctx(si), RSA_PKCS1_PSS_PADDING);
	sign_text(si, "2",
	    arena_printf(w->a, "%u", l->type == 0 ? SCEP_PKCS_REQ : l->type));
	sign_text(si, "7", l->transaction == NULL ? "T1" : l->transaction);
	assert_int_equal(
	    CMS_signed_add1_attr_by_txt(si, SCEP_ARC "5", V_ASN1_OCTET_STRING,
		nonce, l->nonce_n == 0 ? 16 : (int)l->nonce_n),
	    1);
	assert_int_equal(CMS_final(cms, in, NULL, CMS_BINARY), 1);
	return encoded(w, cms);
}

/* ---- what it reads ---- */

static int
number_of(const struct cms_signed *cms, const char *last, struct arena *a)
{
	AUTO_BUF oid = { 0 };
	const struct cms_attribute *at;
	struct bytes text;
	struct der d;

	assert_true(der_oid_parse(arena_printf(a, SCEP_ARC "%s", last), &oid));
	at = cms_attribute_find(cms, buf_bytes(&oid));
	if (at == NULL)
		return -1;
	d = der_of(at->value);
	assert_true(der_read(&d, DER_PRINTABLE_STRING, &text));
	return atoi(arena_str(a, text));
}

static const char *
text_of(const struct cms_signed *cms, struct arena *a)
{
	AUTO_BUF oid = { 0 };
	const struct cms_attribute *at;
	struct bytes text;
	struct der d;

	assert_true(der_oid_parse("1.3.6.1.5.5.7.24.1", &oid));
	at = cms_attribute_find(cms, buf_bytes(&oid));
	if (at == NULL)
		return NULL;
	d = der_of(at->value);
	assert_true(der_read(&d, DER_UTF8_STRING, &text));
	return arena_str(a, text);
}

static const struct client *
client_of(struct world *w, const struct letter *l)
{
	return l->by == NULL ? &w->one : l->by;
}

/* OpenSSL opens what our server wrote. */
static void
read_payload(struct world *w, const struct letter *l, struct answer *out)
{
	const struct client *by = client_of(w, l);
	struct bytes inner = out->whole.cms.content, bag, one;
	const uint8_t *p = inner.p;
	AUTO(CMS_ContentInfo) *cms =
	    d2i_CMS_ContentInfo(NULL, &p, (long)inner.n);
	AUTO(BIO) *plain = BIO_new(BIO_s_mem());
	struct cms_enveloped e;
	char *data;
	struct der d;

	assert_non_null(cms);
	assert_int_equal(
	    CMS_decrypt(cms, by->pkey, by->x509, NULL, plain, 0), 1);
	bag.n = (size_t)BIO_get_mem_data(plain, &data);
	bag = arena_bytes(w->a, bytes_of(data, bag.n));
	assert_ok(w->t, cms_enveloped_parse(inner, w->a, &e, &w->t->err));
	out->cipher = e.cipher;
	out->transport = e.recipients[0].transport;
	if (!pkcs7_certs_read(bag, &out->certs)) {
		out->crls = bag;
		return;
	}
	d = der_of(out->certs);
	assert_true(der_read_whole(&d, DER_SEQUENCE, &one));
	assert_ok(w->t, cert_parse(one, w->a, &out->first, &w->t->err));
}

static void
read_reply(struct world *w, const struct letter *l, struct answer *out)
{
	struct bytes body = http_resp_body(&w->resp);
	struct cert ra;

	assert_string_equal(http_resp_header_get(&w->resp, "Content-Type"),
	    "application/x-pki-message");
	out->size = body.n;
	assert_ok(w->t,
	    scep_request_parse(
		arena_bytes(w->a, body), w->a, &out->whole, &w->t->err));
	assert_int_equal(out->whole.type, SCEP_CERT_REP);
	assert_ok(
	    w->t, cms_signer_find(&out->whole.cms, w->a, &ra, &w->t->err));
	assert_ok(w->t,
	    cms_signed_verify(w->lane, &out->whole.cms, &ra.key, &w->t->err));
	if (!l->any_transaction)
		assert_string_equal(out->whole.transaction,
		    l->transaction == NULL ? "T1" : l->transaction);
	assert_int_equal(out->whole.sender_nonce.n, SCEP_NONCE_SIZE);
	out->status = number_of(&out->whole.cms, "3", w->a);
	out->fail_info = number_of(&out->whole.cms, "4", w->a);
	out->text = text_of(&out->whole.cms, w->a);
	/* RFC 8894 section 3.3.2: content with SUCCESS, and then alone. */
	assert_int_equal(
	    out->whole.cms.has_content, out->status == SCEP_SUCCESS);
	if (out->status == SCEP_SUCCESS)
		read_payload(w, l, out);
}

struct answer
world_send(struct world *w, const struct letter *l, struct bytes message)
{
	struct answer out = { .status = -1, .fail_info = -1 };
	AUTO_BUF query = { 0 };
	struct http_req *req = arena_alloc(w->a, sizeof(*req));
	struct sockaddr_in *peer = (void *)&req->peer;

	*req = (struct http_req){ .arena = w->a,
		.method = l->get ? HTTP_GET : HTTP_POST,
		.path = l->path == NULL ? "/scep" : l->path,
		.body = l->get ? BYTES_NONE : message,
		.http_version = 11,
		.listener = l->listener == 0 ? LISTENER_HTTP : l->listener,
		.tls = l->listener != 0 && l->listener != LISTENER_HTTP,
		.client_cert = l->client_cert,
		.now = w->t->now };
	if (!l->unsaid)
		buf_add_str(&query, "operation=PKIOperation");
	if (l->get) {
		buf_add_str(&query, "&message=");
		base64_encode(message, 0, &query);
	}
	req->target = req->path;
	req->query = arena_strdup(w->a, buf_cstr(&query));
	peer->sin_family = AF_INET;
	assert_int_equal(
	    inet_pton(AF_INET, l->peer == NULL ? "192.0.2.1" : l->peer,
		&peer->sin_addr),
	    1);
	http_serve(w->routes, req, &w->resp);
	w->req = req;
	if (w->resp.wait != NULL)
		return out;
	out.http = w->resp.status;
	if (out.http == 200)
		read_reply(w, l, &out);
	return out;
}

struct answer
world_told(struct world *w, const struct letter *l, struct http_req *req,
    struct http_resp *resp)
{
	struct answer out = { .status = -1, .fail_info = -1 };
	struct http_resp held = *resp;

	assert_non_null(held.wait);
	(void)http_ticket_cancel(held.wait);
	w->resp = (struct http_resp){ 0 };
	held.wait_then(held.wait_ctx, req, &w->resp);
	out.http = w->resp.status;
	/* RFC 8894 section 4.1: caches take a GET for one. */
	assert_string_equal(
	    http_resp_header_get(&w->resp, "Cache-Control"), "no-store");
	if (out.http == 200)
		read_reply(w, l, &out);
	return out;
}

struct answer
world_ask(struct world *w, const struct letter *l)
{
	return world_send(w, l, world_write(w, l));
}

struct answer
world_enrol(struct world *w, const char *path, const char *dns)
{
	const struct letter l = { .path = path,
		.transaction = dns,
		.content = world_csr(w, w->one.key, dns, WORLD_CHALLENGE) };
	struct answer got = world_ask(w, &l);

	assert_granted(got);
	return got;
}

size_t
world_issued(struct world *w)
{
	const struct cert_filter f = { .limit = 1000, .now = w->t->now };
	struct cert_row *rows;
	size_t n, clients = 0;

	assert_ok(w->t,
	    store_cert_list(w->t->store, &f, w->a, &rows, &n, &w->t->err));
	for (size_t i = 0; i < n; i++)
		clients += strcmp(rows[i].requester, "scep") == 0;
	return clients;
}
