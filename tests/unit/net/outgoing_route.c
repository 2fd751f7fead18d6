/* Where a call goes: hosts file, DNS, the next address, the proxy. */
#include "support/unit.h"
#include <stdlib.h>
#include <unistd.h>
#include "support/calling.h"

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

static struct calling world;
static struct called called;

static int
setup(void **state)
{
	(void)state;
	calling_begin(&world);
	http_standin_on(world.https, "/", HTTP_SENDS, ok);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	called_free(&called);
	calling_end(&world);
	return 0;
}

static void
ask(const char *host)
{
	called_free(&called);
	calling_ask(&world, calling_url(host, world.https, "/x"), &called);
}

static void
assert_answered(void)
{
	if (!called.ok)
		fail_msg("%s", called.err.shown);
	assert_int_equal(called.status, 200);
	assert_string_equal(called.body, "ok");
}

static void
test_literal(void **state)
{
	(void)state;
	calling_start(&world);
	ask("127.0.0.1");
	assert_answered();
	assert_int_equal(dns_standin_queries(world.dns, "127.0.0.1", 0), 0);
}

static void
test_ipv6(void **state)
{
	struct http_standin *s =
	    calling_server(&world.pki, "::1", 0, "DNS:six.test,IP:::1", 30);

	(void)state;
	http_standin_on(s, "/", HTTP_SENDS, ok);
	dns_standin_add(world.dns, "six.test", "AAAA", "::1");
	calling_start(&world);
	calling_ask(&world, calling_url("[::1]", s, "/"), &called);
	assert_answered();
	assert_non_null(strstr(called.err.shown, " at [::1]:"));
	called_free(&called);
	calling_ask(&world, calling_url("six.test", s, "/"), &called);
	assert_answered();
	http_standin_free(s);
}

static void
test_hosts_file(void **state)
{
	static const char line[] = "127.0.0.1 a.test\n";
	char path[] = "/tmp/chancery-hosts-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(write(fd, line, sizeof(line) - 1) == sizeof(line) - 1);
	close(fd);
	world.c.validation.hosts_file = path;
	calling_start(&world);
	ask("a.test");
	unlink(path);
	assert_answered();
	assert_int_equal(dns_standin_queries(world.dns, "a.test", 0), 0);
}

/* Nobody listens at the first address: the next one is asked. */
static void
test_refused_then_next(void **state)
{
	(void)state;
	dns_standin_clear(world.dns, "a.test");
	dns_standin_add(world.dns, "a.test", "A", "127.0.0.2");
	dns_standin_add(world.dns, "a.test", "A", "127.0.0.1");
	calling_start(&world);
	ask("a.test");
	assert_answered();
	assert_non_null(strstr(called.err.shown, " at 127.0.0.1:"));
	assert_int_equal(http_standin_requests(world.https), 1);
}

/* One listens, and never says a word of TLS. */
static void
test_silent_then_next(void **state)
{
	const struct tls_standin silent = { .silent = true };
	struct http_standin *s = http_standin_new(
	    "127.0.0.2", http_standin_port(world.https), &silent);

	(void)state;
	dns_standin_clear(world.dns, "a.test");
	dns_standin_add(world.dns, "a.test", "A", "127.0.0.2");
	dns_standin_add(world.dns, "a.test", "A", "127.0.0.1");
	/* Half of this for the first one. */
	world.timeout_ms = 4000;
	calling_start(&world);
	ask("a.test");
	assert_answered();
	http_standin_free(s);
}

/* A request that was sent is not sent to another address as well. */
static void
test_answered_is_not_asked_again(void **state)
{
	struct http_standin *s = calling_server(&world.pki, "127.0.0.2",
	    http_standin_port(world.https), "DNS:a.test", 30);

	(void)state;
	http_standin_on(s, "/", HTTP_HANGS_UP, "");
	dns_standin_clear(world.dns, "a.test");
	dns_standin_add(world.dns, "a.test", "A", "127.0.0.2");
	dns_standin_add(world.dns, "a.test", "A", "127.0.0.1");
	calling_start(&world);
	ask("a.test");
	assert_call_failed(
	    &called, ERR_CONNECTION, true, "closed without an answer");
	assert_int_equal(http_standin_requests(s), 1);
	assert_int_equal(http_standin_requests(world.https), 0);
	http_standin_free(s);
}

static void
test_all_refused(void **state)
{
	(void)state;
	dns_standin_clear(world.dns, "a.test");
	dns_standin_add(world.dns, "a.test", "A", "127.0.0.2");
	dns_standin_add(world.dns, "a.test", "A", "127.0.0.3");
	calling_start(&world);
	ask("a.test");
	assert_call_failed(&called, ERR_CONNECTION, true, "connection refused");
	assert_non_null(strstr(called.err.shown, " at 127.0.0.3:"));
}

static void
test_dns_failures(void **state)
{
	(void)state;
	dns_standin_manner(world.dns, "sick.test", 0, DNS_SERVFAILS);
	dns_standin_add(world.dns, "empty.test", "TXT", "x");
	calling_start(&world);
	ask("unknown.test");
	assert_call_failed(&called, ERR_DNS, false, "answered NXDOMAIN");
	assert_non_null(strstr(called.err.shown, "https://unknown.test:"));
	ask("sick.test");
	assert_call_failed(&called, ERR_DNS, true, "sick.test at 127.0.0.1:");
	ask("empty.test");
	assert_call_failed(&called, ERR_DNS, false, "found no address");
}

/* A name server that never answers for AAAA costs a second, not the call. */
static void
test_one_family_silent(void **state)
{
	(void)state;
	dns_standin_manner(world.dns, "a.test", 28, DNS_IS_SILENT);
	calling_start(&world);
	ask("a.test");
	assert_answered();
}

static void
test_dns_silent(void **state)
{
	(void)state;
	dns_standin_manner(world.dns, "a.test", 0, DNS_IS_SILENT);
	world.timeout_ms = 500;
	calling_start(&world);
	ask("a.test");
	assert_call_failed(
	    &called, ERR_DNS, true, "DNS A and AAAA lookups of a.test");
	assert_non_null(strstr(called.err.shown, "no answer within 0.5 s"));
}

/* DNSSEC is for validations: here the certificate vouches. */
static void
test_unsigned_zone(void **state)
{
	char path[] = "/tmp/chancery-anchor-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	close(fd);
	assert_true(dns_standin_sign(world.dns, "signed.test", path, false));
	world.c.validation.dnssec = DNSSEC_REQUIRE;
	world.c.validation.trust_anchor_file = path;
	calling_start(&world);
	ask("a.test");
	unlink(path);
	assert_answered();
}

/* ---- by a proxy ---- */

static struct http_standin *proxy;
static char proxy_url[64];

static void
proxy_begin(enum http_manner manner, const char *text)
{
	proxy = http_standin_new("127.0.0.1", 0, NULL);
	http_standin_on(proxy, "", manner, text);
	snprintf(proxy_url, sizeof(proxy_url), "http://proxy.test:%u",
	    http_standin_port(proxy));
	dns_standin_add(world.dns, "proxy.test", "A", "127.0.0.1");
	world.c.outgoing.proxy = proxy_url;
	calling_start(&world);
}

static void
test_proxy(void **state)
{
	const struct outgoing_header header = { "Authorization", "s3cret" };
	struct outgoing_request req = { .method = OUTGOING_POST,
		.url = "https://a.test/in",
		.headers = &header,
		.headers_n = 1,
		.content_type = "text/plain",
		.body = bytes_str("s3cret") };
	char port[16], head[2048], body[16];

	(void)state;
	snprintf(port, sizeof(port), "%u", http_standin_port(world.https));
	proxy_begin(HTTP_TUNNELS, port);
	calling_request(&world, &req, &called);
	assert_answered();
	assert_non_null(
	    strstr(called.err.shown, "a.test/in by the proxy 127.0.0.1:"));
	/* The proxy resolves the service; its head has no secret. */
	assert_int_equal(dns_standin_queries(world.dns, "a.test", 0), 0);
	http_standin_last(proxy, head, sizeof(head));
	assert_ptr_equal(strstr(head, "CONNECT a.test:443 HTTP/1.1\r\n"), head);
	assert_null(strstr(head, "s3cret"));
	http_standin_last(world.https, head, sizeof(head));
	assert_non_null(strstr(head, "\r\nAuthorization: s3cret\r\n"));
	assert_int_equal(http_standin_body(world.https, body, sizeof(body)), 6);
	assert_string_equal(body, "s3cret");
	http_standin_free(proxy);
}

/* A proxy cannot pass as the service. */
static void
test_proxy_to_another(void **state)
{
	struct http_standin *s =
	    calling_server(&world.pki, "127.0.0.1", 0, "DNS:b.test", 30);
	char port[16];

	(void)state;
	snprintf(port, sizeof(port), "%u", http_standin_port(s));
	proxy_begin(HTTP_TUNNELS, port);
	ask("a.test");
	assert_call_failed(
	    &called, ERR_TLS, false, "its certificate is not for a.test");
	assert_int_equal(http_standin_requests(s), 0);
	http_standin_free(s);
	http_standin_free(proxy);
}

static void
test_proxy_refuses(void **state)
{
	static const struct {
		const char *text;
		bool transient;
		const char *says;
	} rows[] = {
		{ "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", false,
		    "the proxy answered 403 to CONNECT" },
		{ "HTTP/1.1 407 Who\r\nContent-Length: 0\r\n"
		  "Proxy-Authenticate: Basic realm=\"x\"\r\n\r\n",
		    false, "the proxy answered 407 to CONNECT" },
		{ "HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n", true,
		    "the proxy answered 502 to CONNECT" },
	};

	(void)state;
	proxy_begin(HTTP_SENDS, "");
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		http_standin_on(proxy, "", HTTP_SENDS, rows[i].text);
		ask("a.test");
		assert_call_failed(
		    &called, ERR_CONNECTION, rows[i].transient, rows[i].says);
	}
	assert_int_equal(http_standin_requests(proxy), COUNT_OF(rows));
	http_standin_free(proxy);
}

static void
test_proxy_unknown(void **state)
{
	(void)state;
	world.c.outgoing.proxy = "http://no-proxy.test:3128";
	calling_start(&world);
	ask("a.test");
	assert_call_failed(&called, ERR_DNS, false, "lookup of no-proxy.test");
	assert_int_equal(http_standin_requests(world.https), 0);
}

/* Some are called without it: of the list, and this machine. */
static void
test_no_proxy(void **state)
{
	static const struct {
		const char *domain, *host;
		bool proxied;
	} rows[] = {
		{ "a.test", "a.test", false },
		{ "A.TEST", "a.test", false },
		{ "a.test", "x.a.test", false },
		{ "a.test", "xa.test", true },
		{ ".a.test", "a.test", true },
		{ ".a.test", "x.a.test", false },
		{ "test", "a.test", false },
		{ "b.test", "a.test", true },
		{ "b.test", "127.0.0.1", false },
		{ "b.test", "127.9.9.9", false },
		{ "b.test", "[::1]", false },
		{ "b.test", "localhost", false },
		{ "b.test", "x.localhost", false },
		{ "b.test", "192.0.2.1", true },
		{ "0.0.0.0", "0.0.0.0", false },
	};
	static const char answer[] =
	    "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n";
	const char *domain;
	unsigned seen = 0;

	(void)state;
	proxy_begin(HTTP_SENDS, answer);
	world.c.outgoing.no_proxy = (struct config_strings){ &domain, 1 };
	world.timeout_ms = 2000;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct err err = { 0 };

		domain = rows[i].domain;
		assert_true(outgoing_reload(world.outgoing, &world.c, &err));
		/* Nobody listens there, or nothing good comes of it. */
		called_free(&called);
		calling_ask(
		    &world, calling_url(rows[i].host, proxy, "/"), &called);
		seen += rows[i].proxied;
		if (http_standin_requests(proxy) != seen)
			fail_msg("%s by %s: %s", rows[i].host, domain,
			    called.err.shown);
	}
	http_standin_free(proxy);
}

/* What the environment says is none of the server's business. */
static void
test_environment(void **state)
{
	(void)state;
	setenv("https_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	calling_start(&world);
	ask("a.test");
	unsetenv("https_proxy");
	unsetenv("ALL_PROXY");
	assert_answered();
}

#define ROUTE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ROUTE(test_literal),
		ROUTE(test_ipv6),
		ROUTE(test_hosts_file),
		ROUTE(test_refused_then_next),
		ROUTE(test_silent_then_next),
		ROUTE(test_answered_is_not_asked_again),
		ROUTE(test_all_refused),
		ROUTE(test_dns_failures),
		ROUTE(test_one_family_silent),
		ROUTE(test_dns_silent),
		ROUTE(test_unsigned_zone),
		ROUTE(test_proxy),
		ROUTE(test_proxy_to_another),
		ROUTE(test_proxy_refuses),
		ROUTE(test_proxy_unknown),
		ROUTE(test_no_proxy),
		ROUTE(test_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
