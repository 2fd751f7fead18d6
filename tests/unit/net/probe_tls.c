/* tls-alpn-01 (RFC 8737, RFC 8738 section 6). */
#include "support/unit.h"
#include "support/probing.h"

static struct probing probing;
static struct probed got;
static struct http_standin *server;

static int
setup(void **state)
{
	(void)state;
	probing_begin(&probing);
	dns_standin_add(probing.dns, "x.test", "A", "127.0.0.1");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	probing_end(&probing);
	http_standin_free(server);
	server = NULL;
	return 0;
}

static void
serve(struct tls_standin tls)
{
	server = http_standin_new("127.0.0.1", 0, &tls);
	probing.v.tls_alpn_port = http_standin_port(server);
	probing_start(&probing);
}

static void
refused(enum err_kind kind, const char *words)
{
	assert_false(got.ok);
	if (strstr(got.err.shown, words) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", words, got.err.shown);
	assert_int_equal(got.err.kind, kind);
	assert_non_null(strstr(got.record, "\"error\""));
}

static void
expect_leaf(const char *sni)
{
	unsigned char der[4096];
	char shown[256];
	size_t n = http_standin_certificate(server, der, sizeof(der));

	if (!got.ok)
		fail_msg("%s", got.err.shown);
	assert_true(got.alpn);
	assert_int_equal(got.certificate_n, n);
	assert_memory_equal(got.certificate, der, n);
	http_standin_sni(server, shown, sizeof(shown));
	assert_string_equal(shown, sni);
}

static void
test_leaf(void **state)
{
	(void)state;
	serve((struct tls_standin){ .alpn = "acme-tls/1" });
	probing_ask(&probing, PROBE_TLS_ALPN, "x.test", false, &got);
	expect_leaf("x.test");
	assert_non_null(strstr(got.record, "\"tls\":\"TLSv1.3\""));
	assert_non_null(strstr(got.record, "\"alpn\":\"acme-tls/1\""));
}

static void
test_ip(void **state)
{
	(void)state;
	serve((struct tls_standin){ .alpn = "acme-tls/1" });
	probing_ask(&probing, PROBE_TLS_ALPN, "127.0.0.1", true, &got);
	expect_leaf("1.0.0.127.in-addr.arpa");
}

static void
test_ip_refused(void **state)
{
	(void)state;
	serve((struct tls_standin){ .alpn = "acme-tls/1" });
	probing_ask(&probing, PROBE_TLS_ALPN, "fe80::1", true, &got);
	refused(ERR_REJECTED, "fe80::1 is link-local");
}

static void
test_no_alpn(void **state)
{
	(void)state;
	serve((struct tls_standin){ .alpn = NULL });
	probing_ask(&probing, PROBE_TLS_ALPN, "x.test", false, &got);
	refused(ERR_TLS, "did not choose the protocol acme-tls/1");
	assert_false(got.alpn);
}

static void
test_alpn_alert(void **state)
{
	(void)state;
	serve((struct tls_standin){ .refuse_alpn = true });
	probing_ask(&probing, PROBE_TLS_ALPN, "x.test", false, &got);
	refused(ERR_TLS, "TLS failed: tlsv1 alert no application protocol");
	assert_false(got.transient);
}

/* RFC 8737 section 3: TLS 1.2 or newer. */
static void
test_old_tls(void **state)
{
	(void)state;
	serve((struct tls_standin){ .alpn = "acme-tls/1", .tls11 = true });
	probing_ask(&probing, PROBE_TLS_ALPN, "x.test", false, &got);
	refused(ERR_TLS, "TLS failed");
}

static void
test_not_tls(void **state)
{
	(void)state;
	server = http_standin_new("127.0.0.1", 0, NULL);
	probing.v.tls_alpn_port = http_standin_port(server);
	probing_start(&probing);
	probing_ask(&probing, PROBE_TLS_ALPN, "x.test", false, &got);
	refused(ERR_TLS, "TLS failed");
}

static void
test_silent(void **state)
{
	(void)state;
	probing.v.timeout = 1;
	serve((struct tls_standin){ .silent = true });
	probing_ask(&probing, PROBE_TLS_ALPN, "x.test", false, &got);
	refused(ERR_CONNECTION, "no answer within 1 s");
	assert_true(got.transient);
}

static void
test_refused_connection(void **state)
{
	(void)state;
	probing_start(&probing);
	probing_ask(&probing, PROBE_TLS_ALPN, "x.test", false, &got);
	refused(ERR_CONNECTION, "connection refused");
	assert_true(got.transient);
}

static void
test_v6_then_v4(void **state)
{
	(void)state;
	dns_standin_add(probing.dns, "x.test", "AAAA", "::1");
	serve((struct tls_standin){ .alpn = "acme-tls/1" });
	probing_ask(&probing, PROBE_TLS_ALPN, "x.test", false, &got);
	expect_leaf("x.test");
	assert_non_null(strstr(got.record, "\"address\":\"::1\""));
}

#define TLS(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TLS(test_leaf),
		TLS(test_ip),
		TLS(test_ip_refused),
		TLS(test_no_alpn),
		TLS(test_alpn_alert),
		TLS(test_old_tls),
		TLS(test_not_tls),
		TLS(test_silent),
		TLS(test_refused_connection),
		TLS(test_v6_then_v4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
