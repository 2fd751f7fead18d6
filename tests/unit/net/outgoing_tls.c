/* Who may answer: the anchors and the host's name decide. */
#include <stdlib.h>
#include <unistd.h>
#include "support/unit.h"
#include "support/calling.h"

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

static struct calling world;
static struct called called;
static struct tls_pki other;

static int
setup(void **state)
{
	(void)state;
	calling_begin(&world);
	tls_pki_init(&other, "another CA");
	http_standin_on(world.https, "/", HTTP_SENDS, ok);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	called_free(&called);
	tls_pki_done(&other);
	calling_end(&world);
	return 0;
}

/* Refused in the handshake: no request ever reached the server. */
static void
assert_untrusted(struct http_standin *s, const char *says)
{
	assert_call_failed(&called, ERR_TLS, false, says);
	assert_int_equal(called.status, 0);
	assert_int_equal(http_standin_requests(s), 0);
}

static void
ask_with(const char *pem)
{
	struct outgoing_request req = { .method = OUTGOING_GET,
		.url = calling_url("a.test", world.https, "/"),
		.anchors = bytes_str(pem),
		.timeout_ms = 20000 };

	called_free(&called);
	calling_request(&world, &req, &called);
}

static void
test_wrong_name(void **state)
{
	(void)state;
	dns_standin_add(world.dns, "b.test", "A", "127.0.0.1");
	calling_start(&world);
	calling_ask(&world, calling_url("b.test", world.https, "/"), &called);
	assert_untrusted(world.https, "its certificate is not for b.test");
}

static void
test_wrong_address(void **state)
{
	struct http_standin *s = calling_server(
	    &world.pki, "127.0.0.1", 0, "DNS:a.test,IP:127.0.0.9", 30);

	(void)state;
	calling_start(&world);
	calling_ask(&world, calling_url("127.0.0.1", s, "/"), &called);
	assert_untrusted(s, "its certificate is not for 127.0.0.1");
	http_standin_free(s);
}

static void
test_expired(void **state)
{
	struct http_standin *s =
	    calling_server(&world.pki, "127.0.0.1", 0, "DNS:a.test", -1);

	(void)state;
	calling_start(&world);
	calling_ask(&world, calling_url("a.test", s, "/"), &called);
	assert_untrusted(s, "certificate has expired");
	http_standin_free(s);
}

static void
test_unknown_anchor(void **state)
{
	(void)state;
	world.named_anchors = other.pem;
	calling_start(&world);
	calling_ask(&world, calling_url("a.test", world.https, "/"), &called);
	assert_untrusted(
	    world.https, "is not signed by an anchor of anchors.pem");
}

static void
test_self_signed(void **state)
{
	const struct tls_standin tls = { .alpn = "http/1.1" };
	struct http_standin *s = http_standin_new("127.0.0.1", 0, &tls);

	(void)state;
	calling_start(&world);
	calling_ask(&world, calling_url("a.test", s, "/"), &called);
	assert_untrusted(s, "is not signed by an anchor of anchors.pem");
	http_standin_free(s);
}

/* Anchors of a call hold for that call, and nothing else holds for it. */
static void
test_own_anchors(void **state)
{
	(void)state;
	world.named_anchors = other.pem;
	calling_start(&world);
	ask_with(world.pki.pem);
	assert_int_equal(called.status, 200);
	called_free(&called);
	calling_ask(&world, calling_url("a.test", world.https, "/"), &called);
	assert_int_equal(called.err.kind, ERR_TLS);
	ask_with(world.pki.pem);
	assert_int_equal(called.status, 200);
	assert_int_equal(http_standin_requests(world.https), 2);
}

static void
test_own_anchors_alone(void **state)
{
	(void)state;
	calling_start(&world);
	ask_with(other.pem);
	assert_untrusted(world.https, "is not signed by an anchor of the call");
	ask_with(world.pki.pem);
	assert_int_equal(called.status, 200);
	ask_with(other.pem);
	assert_int_equal(called.err.kind, ERR_TLS);
}

/* Which files libcurl and OpenSSL take for the system's is for the environment
 * to say; a call looks at none. */
static void
test_not_the_systems(void **state)
{
	static const char *const names[] = { "SSL_CERT_FILE",
		"CURL_CA_BUNDLE" };
	char path[] = "/tmp/chancery-anchors-XXXXXX";
	FILE *f = fdopen(mkstemp(path), "w");

	(void)state;
	assert_non_null(f);
	fputs(world.pki.pem, f);
	fclose(f);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		setenv(names[i], path, 1);
	calling_start(&world);
	ask_with(other.pem);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		unsetenv(names[i]);
	unlink(path);
	assert_untrusted(world.https, "is not signed by an anchor of the call");
}

/* A server's own certificate may be the anchor. */
static void
test_pinned(void **state)
{
	struct tls_standin tls = { .alpn = "http/1.1" };
	struct http_standin *s;
	char pem[TLS_PKI_PEM];
	struct outgoing_request req = { .method = OUTGOING_GET };

	(void)state;
	tls_pki_leaf(&other, "DNS:a.test", 30, &tls.key, &tls.cert);
	s = http_standin_new("127.0.0.1", 0, &tls);
	http_standin_on(s, "/", HTTP_SENDS, ok);
	tls_pki_print(tls.cert, pem);
	req.url = calling_url("a.test", s, "/");
	req.anchors = bytes_str(pem);
	calling_start(&world);
	calling_request(&world, &req, &called);
	if (!called.ok)
		fail_msg("%s", called.err.shown);
	EVP_PKEY_free(tls.key);
	X509_free(tls.cert);
	http_standin_free(s);
}

static void
test_old_tls(void **state)
{
	struct tls_standin tls = { .tls11 = true };
	struct http_standin *s;

	(void)state;
	tls_pki_leaf(&world.pki, "DNS:a.test", 30, &tls.key, &tls.cert);
	s = http_standin_new("127.0.0.1", 0, &tls);
	calling_start(&world);
	calling_ask(&world, calling_url("a.test", s, "/"), &called);
	assert_untrusted(s, "TLS failed");
	EVP_PKEY_free(tls.key);
	X509_free(tls.cert);
	http_standin_free(s);
}

/* Nobody needs the system's file until a call does. */
static void
test_no_system_anchors(void **state)
{
	(void)state;
	world.c.outgoing.anchors_file = NULL;
	calling_start(&world);
	calling_ask(&world, calling_url("a.test", world.https, "/"), &called);
	assert_int_equal(called.err.kind, ERR_CONFIG);
	assert_false(called.transient);
	assert_non_null(strstr(called.err.shown, "outgoing.anchors_file"));
	assert_int_equal(http_standin_requests(world.https), 0);
	ask_with(world.pki.pem);
	assert_int_equal(called.status, 200);
}

static void
test_system_anchors(void **state)
{
	(void)state;
	world.c.outgoing.anchors_file = OUTGOING_SYSTEM_ANCHORS;
	world.system_anchors = world.pki.pem;
	calling_start(&world);
	calling_ask(&world, calling_url("a.test", world.https, "/"), &called);
	assert_int_equal(called.status, 200);
}

static void
test_named_file(void **state)
{
	static const char *const bad[] = { NULL, "", "no certificate",
		"-----BEGIN CERTIFICATE-----\nMIIB\n"
		"-----END CERTIFICATE-----\n" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct err err = { 0 };

		world.named_anchors = bad[i];
		assert_null(calling_try(&world, &err));
		assert_int_equal(err.kind, ERR_CONFIG);
		assert_non_null(strstr(err.shown, "anchors.pem"));
	}
}

/* The second certificate is cut: none of them counts. */
static void
test_half_a_file(void **state)
{
	AUTO_BUF pem = { 0 };
	struct err err = { 0 };

	(void)state;
	buf_add_str(&pem, world.pki.pem);
	buf_add(&pem, other.pem, strlen(other.pem) / 2);
	world.named_anchors = buf_cstr(&pem);
	assert_null(calling_try(&world, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_non_null(strstr(err.shown, "after 1 certificates"));
	world.named_anchors = world.pki.pem;
	calling_start(&world);
}

#define TLS(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TLS(test_wrong_name),
		TLS(test_wrong_address),
		TLS(test_expired),
		TLS(test_unknown_anchor),
		TLS(test_self_signed),
		TLS(test_own_anchors),
		TLS(test_own_anchors_alone),
		TLS(test_not_the_systems),
		TLS(test_pinned),
		TLS(test_old_tls),
		TLS(test_no_system_anchors),
		TLS(test_system_anchors),
		TLS(test_named_file),
		TLS(test_half_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
