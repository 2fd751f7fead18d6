#include <arpa/inet.h>
#include <openssl/x509.h>

#include "codec/oid.h"
#include "codec/pem.h"
#include "est/body.h"
#include "util/text.h"
#include "world.h"

static const char yaml[] =
    "base_url: https://ca.example.net:8443\n"
    "http_base_url: http://ca.example.net:8080\n"
    "cas:\n"
    "  root: {certificate: certs/root.pem, key: null}\n"
    "  issuing: {key: keys/issuing.key, certificate: certs/issuing.pem}\n"
    "profiles:\n"
    "  default: {ca: issuing}\n"
    "  device: {ca: issuing, lifetime: 30d, keys: [ec-p256, rsa],\n"
    "    extended_key_usage: [clientAuth]}\n"
    "  other: {ca: issuing, extended_key_usage: [clientAuth]}\n"
    "  people: {ca: issuing, acme: false, subject: request,\n"
    "    extended_key_usage: [clientAuth]}\n"
    "  ra: {ca: issuing, extended_key_usage: [clientAuth,\n"
    "    1.3.6.1.5.5.7.3.28]}\n"
    "est:\n"
    "  labels:\n"
    "    default: {profile: device, users_file: users, max_failures: 3,\n"
    "      authentication: [certificate, users, tokens]}\n"
    "    mtls: {profile: device}\n"
    "    other: {profile: other, change_names: true}\n"
    "    ra: {profile: device, certificate_profiles: [ra], registrars: true}\n"
    "    makers: {profile: device, anchors_file: makers.pem, registrars: "
    "true,\n"
    "      certificate_names: any, names: [\"dns:*.example.net\"]}\n"
    "    bound: {profile: device, users_file: users,\n"
    "      authentication: [users], channel_binding: true}\n"
    "    people: {profile: people, users_file: users,\n"
    "      authentication: [certificate, users]}\n"
    "    queue: {profile: device, authentication: []}\n"
    "    keys: {profile: device, users_file: users, authentication: [users],\n"
    "      server_keys: true, named_keys_file: named}\n"
    "    clear: {profile: device, users_file: users, server_keys: true,\n"
    "      authentication: [users], server_keys_clear: true,\n"
    "      server_keys_per_hour: 2}\n"
    "    one: {profile: device, users_file: users, server_keys: true,\n"
    "      authentication: [users], named_keys_file: named,\n"
    "      server_keys_per_hour: 1}\n"
    "    curve: {profile: device, users_file: users, server_keys: true,\n"
    "      authentication: [users], server_keys_clear: true,\n"
    "      server_key: ec-p256}\n"
    "    secrets: {profile: device, authentication: [tokens],\n"
    "      server_keys: true, server_keys_clear: true}\n"
    "    change: {profile: device, users_file: users, change_names: true,\n"
    "      authentication: [users]}\n";

/* The password is "secret"; made by openssl passwd -5. */
static const char users[] =
    "# users of the tests\n"
    "dev:$5$chancerytests$KGtR0oVfcDNh1w3Rw7bsJWjgfcN09t0RQjDg.f6mCX4\n"
    "few:$5$chancerytests$KGtR0oVfcDNh1w3Rw7bsJWjgfcN09t0RQjDg.f6mCX4"
    ":dns:a.example.net,dns:b.*\n";

/* Any self-signed CA that is none of ours will do: test_ca's root of another
 * fixture would be the same, so it is made here. */
static void
write_files(struct world *w)
{
	struct test_ca *t = w->t;
	struct cert maker;
	struct ceremony ours = { .common_name = "Maker",
		.now = t->now,
		.lifetime = 3600,
		.random = random_system(),
		.node = 1 };
	struct buf der = { 0 };
	AUTO_BUF pem = { 0 };

	assert_ok(t, privkey_generate(KEY_EC_P256, 0, &w->maker_key, &t->err));
	assert_ok(t, ca_ceremony_root(&ours, w->maker_key, &der, &t->err));
	pem_put(&pem, "CERTIFICATE", buf_bytes(&der));
	assert_ok(
	    t, cert_parse(arena_take_buf(t->a, &der), t->a, &maker, &t->err));
	w->maker = maker.subject;
	test_ca_write_file(t, "makers.pem", buf_bytes(&pem));
	test_ca_write_file(t, "users", bytes_str(users));
	test_ca_write_file(
	    t, "named", bytes_str("plant:000102030405060708090a0b0c0d0e0f\n"));
}

int
world_setup(void **state)
{
	struct world *w = mem_alloc(sizeof(*w));
	struct est_deps deps;

	w->t = test_ca_new(KEY_EC_P256, 0, yaml);
	write_files(w);
	deps = (struct est_deps){ .store = w->t->store,
		.ca = w->t->ca,
		.lanes = w->t->lanes,
		.clock = clock_system(0),
		.random = random_seeded(7),
		.workers = 4,
		.read_file = test_ca_read_file,
		.read_ctx = w->t };
	assert_ok(w->t, est_new(&deps, w->t->config, &w->est, &w->t->err));
	w->routes = http_routes_new();
	est_routes(w->est, w->routes);
	w->key = test_ca_key(w->t, KEY_EC_P256, 0);
	w->a = w->t->a;
	*state = w;
	return 0;
}

int
world_teardown(void **state)
{
	struct world *w = *state;

	http_routes_free(w->routes);
	est_free(w->est);
	privkey_free(w->maker_key);
	test_ca_free(w->t);
	free(w);
	return 0;
}

struct bytes
world_attribute(struct world *w, struct bytes oid, int tag, struct bytes value)
{
	struct buf b = { 0 };
	size_t attribute = der_open(&b, DER_SEQUENCE), set;

	oid_put(&b, oid);
	set = der_open(&b, DER_SET);
	der_put(&b, tag, value);
	der_close(&b, set);
	der_close(&b, attribute);
	return arena_take_buf(w->a, &b);
}

static void
put_extensions(struct buf *b, const char *dns)
{
	size_t attribute = der_open(b, DER_SEQUENCE), set, list, x, value,
	       names;

	oid_put(b, OID(EXTENSION_REQUEST));
	set = der_open(b, DER_SET);
	list = der_open(b, DER_SEQUENCE);
	x = der_open(b, DER_SEQUENCE);
	oid_put(b, OID(SUBJECT_ALT_NAME));
	value = der_open(b, DER_OCTET_STRING);
	names = der_open(b, DER_SEQUENCE);
	der_put(b, DER_CONTEXT(2), bytes_str(dns));
	der_close(b, names);
	der_close(b, value);
	der_close(b, x);
	der_close(b, list);
	der_close(b, set);
	der_close(b, attribute);
}

struct bytes
world_csr(struct world *w, struct privkey *key, const char *cn, const char *dns,
    struct bytes more)
{
	const struct subject subject = { .common_name = cn };
	AUTO_BUF info = { 0 };
	AUTO_BUF signature = { 0 };
	struct buf whole = { 0 };
	size_t outer = der_open(&info, DER_SEQUENCE), attributes;

	der_put_small(&info, 0);
	subject_put(&info, &subject);
	der_put_raw(&info, privkey_spki(key));
	attributes = der_open(&info, DER_CONTEXT_CONSTRUCTED(0));
	if (dns != NULL)
		put_extensions(&info, dns);
	der_put_raw(&info, more);
	der_close(&info, attributes);
	der_close(&info, outer);
	assert_ok(
	    w->t, privkey_sign(key, buf_bytes(&info), &signature, &w->t->err));
	cert_put(&whole, buf_bytes(&info), privkey_sig_alg(key),
	    buf_bytes(&signature));
	return arena_take_buf(w->a, &whole);
}

int
world_send(struct world *w, const char *path, const char *body,
    const struct world_call *call)
{
	static const struct world_call none;
	struct http_header headers[3];
	struct http_req req = { .arena = w->a,
		.method = body == NULL ? HTTP_GET : HTTP_POST,
		.target = path,
		.path = path,
		.headers = headers,
		.body = body == NULL ? BYTES_NONE : bytes_str(body),
		.http_version = 11,
		.tls = true,
		.now = w->t->now };
	struct sockaddr_in *peer = (void *)&req.peer;
	struct sockaddr_in6 *peer6 = (void *)&req.peer;

	if (call == NULL)
		call = &none;
	req.listener = call->https ? LISTENER_HTTPS : LISTENER_EST;
	req.client_cert = call->client_cert;
	if (w->binding.kind != HTTP_BINDING_NONE)
		req.binding = &w->binding;
	if (body != NULL)
		headers[req.headers_n++] = (struct http_header){ "Content-Type",
			call->type == NULL ? "application/pkcs10"
					   : call->type };
	if (call->authorization != NULL)
		headers[req.headers_n++] =
		    (struct http_header){ "Authorization",
			    call->authorization };
	if (call->user_agent != NULL)
		headers[req.headers_n++] =
		    (struct http_header){ "User-Agent", call->user_agent };
	peer->sin_family = AF_INET;
	if (call->peer != NULL && strchr(call->peer, ':') != NULL) {
		peer6->sin6_family = AF_INET6;
		assert_int_equal(
		    inet_pton(AF_INET6, call->peer, &peer6->sin6_addr), 1);
	} else {
		assert_int_equal(
		    inet_pton(AF_INET,
			call->peer == NULL ? "192.0.2.1" : call->peer,
			&peer->sin_addr),
		    1);
	}
	http_serve(w->routes, &req, &w->resp);
	return w->resp.status;
}

int
world_post(struct world *w, const char *path, struct bytes der,
    const struct world_call *call)
{
	AUTO_BUF text = { 0 };

	est_body_encode(der, false, &text);
	return world_send(w, path, buf_cstr(&text), call);
}

bool
world_said(const struct world *w, const char *words)
{
	struct bytes body = http_resp_body(&w->resp);

	if (body.n > 0 && memmem(body.p, body.n, words, strlen(words)) != NULL)
		return true;
	print_error("said: %.*s\n", (int)body.n, (const char *)body.p);
	return false;
}

struct cert
world_certificate(struct world *w)
{
	struct bytes bag, certs, one;
	struct der d;
	bool wrapped;
	struct cert c;

	assert_string_equal(http_resp_header_get(&w->resp, "Content-Type"),
	    "application/pkcs7-mime; smime-type=certs-only");
	assert_string_equal(
	    http_resp_header_get(&w->resp, "Content-Transfer-Encoding"),
	    "base64");
	assert_ok(w->t,
	    est_body_decode(
		http_resp_body(&w->resp), w->a, &bag, &wrapped, &w->t->err));
	assert_true(pkcs7_certs_read(bag, &certs));
	d = der_of(certs);
	assert_true(der_read_whole(&d, DER_SEQUENCE, &one));
	/* RFC 7030 section 4.2.3: only the certificate that was issued. */
	assert_true(der_at_end(&d));
	assert_ok(w->t, cert_parse(one, w->a, &c, &w->t->err));
	return c;
}

struct bytes
world_client(
    struct world *w, const char *profile, struct privkey *key, const char *dns)
{
	const char *names[] = { arena_printf(w->a, "dns:%s", dns) };
	struct ca_request req = { .profile = ca_profile_find(w->t->ca, profile),
		.csr = test_ca_csr(w->t, key, NULL, names, 1, false),
		.names = test_ca_names(w->t, names, 1),
		.requester = "operator" };
	struct ca_issued out;

	assert_ok(w->t, ca_issue(w->t->ca, &req, w->a, &out, &w->t->err));
	return out.der;
}

struct bytes
world_made(struct world *w, struct bytes spki, const char *const *eku,
    size_t eku_n, const char *dns)
{
	const char *names[] = { arena_printf(w->a, "dns:%s", dns) };
	const struct subject subject = { .common_name = "made" };
	AUTO_BUF name = { 0 };
	AUTO_BUF tbs = { 0 };
	AUTO_BUF signature = { 0 };
	struct buf whole = { 0 };
	struct cert_spec spec = { .serial = { 1 },
		.sig_alg = privkey_sig_alg(w->maker_key),
		.issuer = w->maker,
		.not_before = w->t->now - 60,
		.not_after = w->t->now + 600,
		.spki = spki,
		.path_length = -1,
		.eku = eku,
		.eku_n = eku_n,
		.names = test_ca_names(w->t, names, 1) };

	subject_put(&name, &subject);
	spec.subject = buf_bytes(&name);
	cert_tbs_put(&tbs, &spec);
	assert_ok(w->t,
	    privkey_sign(
		w->maker_key, buf_bytes(&tbs), &signature, &w->t->err));
	cert_put(&whole, buf_bytes(&tbs), spec.sig_alg, buf_bytes(&signature));
	return arena_take_buf(w->a, &whole);
}

size_t
world_issued(struct world *w)
{
	const struct cert_filter f = { .limit = 1000, .now = w->t->now };
	struct cert_row *rows;
	size_t n;

	assert_ok(w->t,
	    store_cert_list(w->t->store, &f, w->a, &rows, &n, &w->t->err));
	return n;
}
