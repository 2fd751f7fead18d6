/* http-01 against honest and hostile targets (RFC 8555 section 8.3). */
#include "support/unit.h"
#include "support/probing.h"
#include "util/times.h"

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
#define OK OK_HEAD "Content-Length: 9\r\n\r\ntoken.key"

struct web {
	struct probing p;
	struct http_standin *http, *tls;
	struct probed got;
};

static struct web web;

static int
setup(void **state)
{
	struct tls_standin tls = { 0 };

	memset(&web, 0, sizeof(web));
	probing_begin(&web.p);
	web.http = http_standin_new("127.0.0.1", 0, NULL);
	web.tls = http_standin_new("127.0.0.1", 0, &tls);
	web.p.v.http_port = http_standin_port(web.http);
	web.p.v.tls_alpn_port = http_standin_port(web.tls);
	dns_standin_add(web.p.dns, "x.test", "A", "127.0.0.1");
	*state = &web;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	probing_end(&web.p);
	http_standin_free(web.http);
	http_standin_free(web.tls);
	return 0;
}

static void
ask(const char *name)
{
	if (web.p.probes == NULL)
		probing_start(&web.p);
	probing_ask(&web.p, PROBE_HTTP, name, false, &web.got);
}

/* The sentence, the kind and that the record repeats it. */
static void
refused(enum err_kind kind, const char *words)
{
	assert_false(web.got.ok);
	if (strstr(web.got.err.shown, words) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", words, web.got.err.shown);
	assert_int_equal(web.got.err.kind, kind);
	assert_non_null(strstr(web.got.record, "\"error\""));
}

static void
redirect_to(const char *prefix, const char *location)
{
	char text[4096];

	snprintf(text, sizeof(text),
	    "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
	    location);
	http_standin_on(web.http, prefix, HTTP_SENDS, text);
}

static void
test_answer(void **state)
{
	char head[2048], host[64];

	(void)state;
	http_standin_on(web.http, PROBING_PATH, HTTP_SENDS, OK);
	ask("x.test");
	if (!web.got.ok)
		fail_msg("%s", web.got.err.shown);
	assert_int_equal(web.got.body_n, 9);
	assert_memory_equal(web.got.body, "token.key", 9);
	assert_non_null(strstr(web.got.record, "\"status\":200"));
	assert_non_null(strstr(web.got.record, "\"address\":\"127.0.0.1\""));
	assert_non_null(strstr(web.got.record, "\"rcode\":\"NOERROR\""));
	assert_non_null(strstr(web.got.record, "\"elapsed_ms\""));
	http_standin_last(web.http, head, sizeof(head));
	snprintf(host, sizeof(host), "\r\nHost: x.test:%u\r\n",
	    http_standin_port(web.http));
	assert_non_null(strstr(head, host));
	assert_non_null(
	    strstr(head, "\r\nUser-Agent: Chancery-validation\r\n"));
	assert_non_null(strstr(head, "\r\nAccept: */*\r\n"));
}

static void
test_chunked(void **state)
{
	(void)state;
	http_standin_on(web.http, "/", HTTP_SENDS,
	    OK_HEAD "Transfer-Encoding: chunked\r\n\r\n"
		    "5\r\ntoken\r\n4\r\n.key\r\n0\r\n\r\n");
	ask("x.test");
	assert_true(web.got.ok);
	assert_memory_equal(web.got.body, "token.key", 9);
}

static void
test_not_found(void **state)
{
	(void)state;
	http_standin_on(web.http, "/", HTTP_SENDS,
	    "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nno\x01!");
	ask("x.test");
	refused(ERR_INCORRECT_RESPONSE, "answered 404, expected 200");
	assert_false(web.got.transient);
	assert_non_null(strstr(web.got.record, "no\\\\x01!"));
}

static void
test_server_error(void **state)
{
	(void)state;
	http_standin_on(web.http, "/", HTTP_SENDS,
	    "HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n");
	ask("x.test");
	refused(ERR_INCORRECT_RESPONSE, "answered 503");
	assert_true(web.got.transient);
}

static void
test_refused_connection(void **state)
{
	char words[128];

	(void)state;
	web.p.v.http_port = probing_free_port();
	ask("x.test");
	snprintf(words, sizeof(words),
	    "http://x.test:%u" PROBING_PATH
	    " at [127.0.0.1]:%u: connection refused",
	    (unsigned)web.p.v.http_port, (unsigned)web.p.v.http_port);
	refused(ERR_CONNECTION, words);
	assert_true(web.got.transient);
}

static void
test_body_too_large(void **state)
{
	(void)state;
	http_standin_on(web.http, "/", HTTP_FLOODS, OK_HEAD "\r\n");
	ask("x.test");
	refused(ERR_INCORRECT_RESPONSE, "longer than 1024 octets");
}

static void
test_body_of_the_cap(void **state)
{
	char text[2048];

	(void)state;
	snprintf(text, sizeof(text),
	    OK_HEAD "Content-Length: 1024\r\n\r\n%01024d", 7);
	http_standin_on(web.http, "/", HTTP_SENDS, text);
	ask("x.test");
	assert_true(web.got.ok);
	assert_int_equal(web.got.body_n, PROBE_MAX_BODY);
}

static void
test_endless_header(void **state)
{
	(void)state;
	http_standin_on(web.http, "/", HTTP_FLOODS, OK_HEAD "X: y\r\nZ: ");
	ask("x.test");
	assert_false(web.got.ok);
	assert_int_not_equal(web.got.err.kind, ERR_NONE);
}

static void
test_many_headers(void **state)
{
	char text[32768];
	size_t n = (size_t)sprintf(text, OK_HEAD);

	(void)state;
	while (n < 20000)
		n += (size_t)sprintf(text + n, "X-Filler: %0100d\r\n", 1);
	sprintf(text + n, "\r\n");
	http_standin_on(web.http, "/", HTTP_SENDS, text);
	ask("x.test");
	refused(ERR_INCORRECT_RESPONSE, "header is longer than");
}

static void
test_not_http(void **state)
{
	(void)state;
	http_standin_on(web.http, "/", HTTP_SENDS, "SSH-2.0-OpenSSH_9.2\r\n");
	ask("x.test");
	refused(ERR_INCORRECT_RESPONSE, "not HTTP");
}

static void
test_hangs_up(void **state)
{
	(void)state;
	http_standin_on(web.http, "/", HTTP_HANGS_UP, "");
	ask("x.test");
	refused(ERR_CONNECTION, "closed without an answer");
}

static void
test_short_body(void **state)
{
	(void)state;
	http_standin_on(web.http, "/", HTTP_SENDS,
	    OK_HEAD "Content-Length: 90\r\n\r\ntoken.key");
	ask("x.test");
	refused(ERR_CONNECTION, "before the end of the body");
}

/* Each octet comes in time, the whole does not: one bounded slot. */
static void
test_slow_drip(void **state)
{
	int64_t began = clock_monotonic_us();

	(void)state;
	web.p.v.timeout = 1;
	http_standin_on(
	    web.http, "/", HTTP_DRIPS, OK_HEAD "Content-Length: 900\r\n\r\n");
	ask("x.test");
	refused(ERR_CONNECTION, "no answer within 1 s");
	assert_true(web.got.transient);
	assert_in_range(clock_monotonic_us() - began, 900000, 4000000);
}

static void
test_silent(void **state)
{
	(void)state;
	web.p.v.timeout = 1;
	http_standin_on(web.http, "/", HTTP_IS_SILENT, "");
	ask("x.test");
	refused(ERR_CONNECTION, "no answer within 1 s");
}

static void
test_redirect_relative(void **state)
{
	(void)state;
	redirect_to(PROBING_PATH, "/elsewhere?a=b#c");
	http_standin_on(web.http, "/elsewhere?a=b ", HTTP_SENDS, OK);
	ask("x.test");
	if (!web.got.ok)
		fail_msg("%s", web.got.err.shown);
	assert_non_null(strstr(web.got.record, "/elsewhere?a=b\""));
}

static void
test_redirect_body_unread(void **state)
{
	(void)state;
	http_standin_on(web.http, PROBING_PATH, HTTP_FLOODS,
	    "HTTP/1.1 301 Moved\r\nLocation: /b\r\n\r\n");
	http_standin_on(web.http, "/b", HTTP_SENDS, OK);
	ask("x.test");
	assert_true(web.got.ok);
}

/* RFC 8555 section 8.3: the redirect's certificate does not matter. */
static void
test_redirect_https(void **state)
{
	char url[128], sni[256];

	(void)state;
	dns_standin_add(web.p.dns, "y.test", "A", "127.0.0.1");
	snprintf(url, sizeof(url), "https://y.test:%u/t",
	    http_standin_port(web.tls));
	redirect_to(PROBING_PATH, url);
	http_standin_on(web.tls, "/t", HTTP_SENDS, OK);
	ask("x.test");
	if (!web.got.ok)
		fail_msg("%s", web.got.err.shown);
	http_standin_sni(web.tls, sni, sizeof(sni));
	assert_string_equal(sni, "y.test");
}

static void
test_redirect_bad_tls(void **state)
{
	char url[128];

	(void)state;
	/* A port that is allowed, but speaks no TLS. */
	snprintf(url, sizeof(url), "https://x.test:%u/t",
	    http_standin_port(web.http));
	redirect_to(PROBING_PATH, url);
	ask("x.test");
	refused(ERR_TLS, "TLS failed");
}

static void
test_redirect_loop(void **state)
{
	(void)state;
	redirect_to(PROBING_PATH, "/a");
	redirect_to("/a", "/b");
	redirect_to("/b", PROBING_PATH);
	ask("x.test");
	refused(ERR_INCORRECT_RESPONSE, "redirect loop");
	assert_int_equal(http_standin_requests(web.http), 3);
}

static void
test_redirect_endless(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		char from[64], to[64];

		snprintf(from, sizeof(from), "/hop%02u", i);
		snprintf(to, sizeof(to), "/hop%02u", i + 1);
		redirect_to(from, to);
	}
	redirect_to(PROBING_PATH, "/hop00");
	ask("x.test");
	refused(ERR_INCORRECT_RESPONSE, "more than 10 redirects");
	assert_int_equal(http_standin_requests(web.http), 11);
}

static void
test_redirect_refused(void **state)
{
	static const struct {
		const char *location, *words;
	} rows[] = {
		{ "ftp://x.test/", "the scheme ftp" },
		{ "file:///etc/passwd", "the scheme file" },
		{ "http://u:p@x.test/", "user information" },
		{ "http://x.test:22/", "port 22" },
		{ "http://127.0.0.1/", "the address 127.0.0.1" },
		{ "http://[::1]/", "the address ::1" },
		{ "http://2130706433/", "the address 127.0.0.1" },
		{ "http://0x7f.1/", "the address 127.0.0.1" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		redirect_to(PROBING_PATH, rows[i].location);
		ask("x.test");
		refused(ERR_INCORRECT_RESPONSE, rows[i].words);
	}
}

static void
test_private_address(void **state)
{
	(void)state;
	dns_standin_add(web.p.dns, "inside.test", "A", "10.1.2.3");
	ask("inside.test");
	refused(ERR_REJECTED,
	    "inside.test: the address 10.1.2.3 is private (RFC 1918), which "
	    "validation.permit_networks does not permit");
}

static void
test_redirect_to_private(void **state)
{
	(void)state;
	dns_standin_add(web.p.dns, "inside.test", "A", "169.254.169.254");
	redirect_to(PROBING_PATH, "http://inside.test/latest/meta-data");
	ask("x.test");
	refused(ERR_REJECTED, "169.254.169.254 is link-local");
}

/* The second hop is resolved anew and its new address is judged anew. */
static void
test_rebinding(void **state)
{
	(void)state;
	dns_standin_add(web.p.dns, "re.test", "A", "127.0.0.1");
	dns_standin_add_later(web.p.dns, "re.test", "A", "10.0.0.1", 2);
	redirect_to(PROBING_PATH, "/second");
	http_standin_on(web.http, "/second", HTTP_SENDS, OK);
	ask("re.test");
	refused(ERR_REJECTED, "re.test: the address 10.0.0.1");
	assert_int_equal(http_standin_requests(web.http), 1);
	assert_int_equal(dns_standin_queries(web.p.dns, "re.test", 1), 2);
}

static void
test_permitted_beside_refused(void **state)
{
	(void)state;
	dns_standin_add(web.p.dns, "both.test", "A", "10.0.0.1");
	dns_standin_add(web.p.dns, "both.test", "A", "127.0.0.1");
	http_standin_on(web.http, "/", HTTP_SENDS, OK);
	ask("both.test");
	assert_true(web.got.ok);
}

static void
test_v6_then_v4(void **state)
{
	(void)state;
	dns_standin_add(web.p.dns, "x.test", "AAAA", "::1");
	http_standin_on(web.http, "/", HTTP_SENDS, OK);
	ask("x.test");
	if (!web.got.ok)
		fail_msg("%s", web.got.err.shown);
	assert_non_null(strstr(web.got.record, "\"address\":\"::1\""));
	assert_non_null(strstr(web.got.record, "onnection refused"));
	assert_non_null(strstr(web.got.record, "\"address\":\"127.0.0.1\""));
}

static void
test_v6(void **state)
{
	struct http_standin *v6 = http_standin_new("::1", 0, NULL);

	(void)state;
	web.p.v.http_port = http_standin_port(v6);
	dns_standin_add(web.p.dns, "six.test", "AAAA", "::1");
	http_standin_on(v6, "/", HTTP_SENDS, OK);
	ask("six.test");
	http_standin_free(v6);
	assert_true(web.got.ok);
}

static void
test_ip_identifier(void **state)
{
	char url[64];

	(void)state;
	snprintf(url, sizeof(url), "http://127.0.0.2:%u/b",
	    http_standin_port(web.http));
	redirect_to(PROBING_PATH, url);
	http_standin_on(web.http, "/b", HTTP_SENDS, OK);
	probing_start(&web.p);
	probing_ask(&web.p, PROBE_HTTP, "127.0.0.1", true, &web.got);
	/* The redirect is allowed; on 127.0.0.2 nobody listens. */
	refused(ERR_CONNECTION, "at [127.0.0.2]");
	probing_ask(&web.p, PROBE_HTTP, "10.0.0.1", true, &web.got);
	refused(ERR_REJECTED, "10.0.0.1 is private");
	probing_ask(&web.p, PROBE_HTTP, "x.test", true, &web.got);
	refused(ERR_MALFORMED, "no IP address");
}

#define WEB(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WEB(test_answer),
		WEB(test_chunked),
		WEB(test_not_found),
		WEB(test_server_error),
		WEB(test_refused_connection),
		WEB(test_body_too_large),
		WEB(test_body_of_the_cap),
		WEB(test_endless_header),
		WEB(test_many_headers),
		WEB(test_not_http),
		WEB(test_hangs_up),
		WEB(test_short_body),
		WEB(test_slow_drip),
		WEB(test_silent),
		WEB(test_redirect_relative),
		WEB(test_redirect_body_unread),
		WEB(test_redirect_https),
		WEB(test_redirect_bad_tls),
		WEB(test_redirect_loop),
		WEB(test_redirect_endless),
		WEB(test_redirect_refused),
		WEB(test_private_address),
		WEB(test_redirect_to_private),
		WEB(test_rebinding),
		WEB(test_permitted_beside_refused),
		WEB(test_v6_then_v4),
		WEB(test_v6),
		WEB(test_ip_identifier),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
