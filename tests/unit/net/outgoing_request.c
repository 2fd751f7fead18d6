/* What is refused before anything is asked. */
#include "support/unit.h"
#include "support/calling.h"

static struct calling world;

static int
setup(void **state)
{
	(void)state;
	calling_begin(&world);
	calling_start(&world);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	calling_end(&world);
	return 0;
}

static void
assert_malformed(const struct outgoing_request *req, const char *what)
{
	struct err err = { 0 };
	struct called called;

	if (calling_post(&world, req, &called, &err))
		fail_msg("taken: %s", what);
	if (err.kind != ERR_MALFORMED)
		fail_msg("%s: %s", what, err.shown);
}

static void
test_urls(void **state)
{
	static const char *const bad[] = { "", "a.test", "/path",
		"http://a.test/", "HTTP://a.test/", "ftp://a.test/",
		"file:///etc/passwd", "httpss://a.test/", "https://",
		"https:///path", "https:/s://a.test/", "https:a.test://b.test/",
		"https://user@a.test/", "https://@a.test/", "https://:@a.test/",
		"https://user:pw@a.test/", "https://a.test/#part",
		"https://a.test/#", "https://a.test:0/",
		"https://a.test:65536/", "https://a.test:x/", "https://a test/",
		"https://a.test/\r\nX: y", "https://a.test/\x01",
		"https://\xc3\xa4.test/", "https://a..test/", "https://.test/",
		"https://[::1/", "https://[::g]/", "https://[fe80::1%25lo]/",
		"https://a.test%00.evil.test/", "https://a.test\\@b.test/" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		const struct outgoing_request req = { .url = bad[i] };

		assert_malformed(&req, bad[i]);
	}
	assert_malformed(&(struct outgoing_request){ 0 }, "no URL");
	assert_int_equal(outgoing_count(world.outgoing).failed, 0);
}

static void
test_long_url(void **state)
{
	char url[OUTGOING_MAX_URL + 2] = "https://a.test/";
	const struct outgoing_request req = { .url = url };

	(void)state;
	memset(url + 15, 'a', sizeof(url) - 16);
	assert_malformed(&req, "a URL of one character more");
}

static void
test_headers(void **state)
{
	static char large[16400];
	const struct outgoing_header bad[] = { { "X\r\nY", "z" },
		{ "X", "y\r\nZ: z" }, { "X", "y\nz" }, { "X", "y\rz" },
		{ "X", "\x01" }, { "X", "\x7f" }, { "", "y" }, { "X:", "y" },
		{ "X y", "z" }, { "Host", "b.test" }, { "host", "b.test" },
		{ "Content-Length", "0" }, { "Transfer-Encoding", "chunked" },
		{ "Connection", "upgrade" }, { "Proxy-Authorization", "x" },
		{ NULL, "y" }, { "X", NULL }, { "X", large } };
	struct outgoing_header many[OUTGOING_MAX_HEADERS + 1];
	struct outgoing_request req = { .url = "https://a.test/",
		.headers_n = 1 };

	(void)state;
	memset(large, 'x', sizeof(large) - 1);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		req.headers = &bad[i];
		assert_malformed(
		    &req, bad[i].name == NULL ? "none" : bad[i].name);
	}
	for (size_t i = 0; i < COUNT_OF(many); i++)
		many[i] = (struct outgoing_header){ "X", "y" };
	req.headers = many;
	req.headers_n = COUNT_OF(many);
	assert_malformed(&req, "too many");
}

static void
test_bodies(void **state)
{
	static uint8_t large[OUTGOING_MAX_BODY + 1];
	struct outgoing_request req = { .method = OUTGOING_POST,
		.url = "https://a.test/" };

	(void)state;
	assert_malformed(&req, "a POST without a type");
	req.content_type = "text/plain\r\nX: y";
	assert_malformed(&req, "a type of two lines");
	req.content_type = "text/plain";
	req.body = bytes_of(large, sizeof(large));
	assert_malformed(&req, "too long a body");
	req.body.n = 1;
	req.method = OUTGOING_GET;
	assert_malformed(&req, "a GET with a body");
	req.body.n = 0;
	req.timeout_ms = -1;
	assert_malformed(&req, "a time before now");
	req.timeout_ms = 0;
	req.anchors = bytes_str("nonsense");
	assert_malformed(&req, "anchors that are none");
}

/* A proxy is an http URL without anything but host and port. */
static void
test_proxies(void **state)
{
	static const char *const bad[] = { "https://127.0.0.1:3128",
		"socks5://127.0.0.1", "127.0.0.1:3128",
		"http://user:pw@127.0.0.1:3128", "http://[::g]:1" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct config c = world.c;
		struct err err = { 0 };

		c.outgoing.proxy = bad[i];
		assert_false(outgoing_reload(world.outgoing, &c, &err));
		assert_int_equal(err.kind, ERR_CONFIG);
		assert_non_null(strstr(err.shown, "outgoing.proxy"));
	}
}

#define REQUEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		REQUEST(test_urls),
		REQUEST(test_long_url),
		REQUEST(test_headers),
		REQUEST(test_bodies),
		REQUEST(test_proxies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
