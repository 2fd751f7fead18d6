/* What falls out of the table before protocol code runs. */
#include "support/unit.h"
#include "http/route.h"

static void
say(void *ctx, struct http_req *req, struct http_resp *resp)
{
	resp->status = 200;
	resp->body = bytes_str(arena_printf(req->arena, "%s[%s][%s]",
	    (const char *)ctx, req->capture[0] ? req->capture[0] : "-",
	    req->capture[1] ? req->capture[1] : "-"));
}

static void
refuse(void *ctx, struct http_req *req, struct http_resp *resp, int status,
    const char *why)
{
	(void)ctx;
	http_problem(req, resp, status, "urn:test", why);
}

#define ALL (LISTENER_HTTPS | LISTENER_EST | LISTENER_HTTP)
#define ROW(m, p, name, type, l, r)                                            \
	{                                                                      \
		(m), (p), say, (void *)(uintptr_t)(name), ON_LOOP, 10, (type), \
		    (l), (r)                                                   \
	}

static const struct http_route rows[] = {
	ROW(HTTP_GET, "/x/{a}/directory", "profile", NULL, ALL, NULL),
	ROW(HTTP_GET, "/x/order/{id}", "order", NULL, ALL, NULL),
	ROW(HTTP_GET, "/x/directory", "directory", NULL, ALL, NULL),
	ROW(HTTP_POST, "/x/directory", "post", "application/jose+json", ALL,
	    refuse),
	ROW(HTTP_GET, "/o/{rest*}", "rest", NULL, ALL, NULL),
	ROW(HTTP_GET, "/{any}/end", "wild", NULL, ALL, NULL),
	ROW(HTTP_GET, "/", "root", NULL, ALL, NULL),
	ROW(HTTP_GET, "/tls", "tls", NULL, LISTENER_HTTPS, NULL),
	ROW(HTTP_GET, "/metrics", "ops", NULL, LISTENER_OPS, NULL),
	ROW(HTTP_GET, "/{top*}/.known/{op}", "known", NULL, ALL, NULL),
	ROW(HTTP_GET, "/{top*}/.known/{a}/do", "label", NULL, ALL, NULL),
	ROW(HTTP_POST, "/{top*}/.known/post", "post", NULL, LISTENER_HTTPS,
	    NULL),
};

static struct http_routes *
table(void)
{
	struct http_routes *r = http_routes_new();

	http_routes_add(r, rows, COUNT_OF(rows));
	http_routes_add_refusal(r, "/x/", refuse, NULL);
	return r;
}

static void
paths(void **state)
{
	static const struct {
		enum listener_kind listener;
		enum http_method method;
		const char *path;
		int status;
		const char *body;
	} cases[] = {
		{ LISTENER_HTTPS, HTTP_GET, "/x/a/directory", 200,
		    "profile[a][-]" },
		/* Literal further to the left wins. */
		{ LISTENER_HTTPS, HTTP_GET, "/x/order/directory", 200,
		    "order[directory][-]" },
		{ LISTENER_HTTPS, HTTP_GET, "/x/directory", 200,
		    "directory[-][-]" },
		{ LISTENER_HTTPS, HTTP_HEAD, "/x/directory", 200, NULL },
		{ LISTENER_HTTPS, HTTP_OTHER, "/x/directory", 405, NULL },
		{ LISTENER_HTTPS, HTTP_OPTIONS, "/x/directory", 405, NULL },
		{ LISTENER_HTTPS, HTTP_GET, "/x//directory", 404, NULL },
		{ LISTENER_HTTPS, HTTP_GET, "/x/directory/", 404, NULL },
		{ LISTENER_HTTPS, HTTP_GET, "/o/a//b/", 200, "rest[a//b/][-]" },
		{ LISTENER_HTTPS, HTTP_GET, "/o/", 200, "rest[][-]" },
		{ LISTENER_HTTPS, HTTP_GET, "/o", 404, NULL },
		{ LISTENER_HTTPS, HTTP_GET, "/z/end", 200, "wild[z][-]" },
		{ LISTENER_HTTPS, HTTP_GET, "/", 200, "root[-][-]" },
		{ LISTENER_HTTPS, HTTP_GET, "/x/%64irectory", 404, NULL },
		{ LISTENER_HTTPS, HTTP_GET, "/tls", 200, "tls[-][-]" },
		{ LISTENER_EST, HTTP_GET, "/tls", 421, NULL },
		{ LISTENER_HTTP, HTTP_GET, "/tls", 404, NULL },
		{ LISTENER_HTTPS, HTTP_GET, "/metrics", 404, NULL },
		{ LISTENER_OPS, HTTP_GET, "/metrics", 200, "ops[-][-]" },
		{ LISTENER_HTTPS, HTTP_OPTIONS, "*", 204, NULL },
		/* Any prefix, none too. */
		{ LISTENER_HTTPS, HTTP_GET, "/.known/do", 200, "known[][do]" },
		{ LISTENER_HTTPS, HTTP_GET, "/ca/x/.known/do", 200,
		    "known[/ca/x][do]" },
		{ LISTENER_HTTPS, HTTP_GET, "//.known/do", 200,
		    "known[/][do]" },
		{ LISTENER_HTTPS, HTTP_GET, "/x/.known/lab/do", 200,
		    "label[/x][lab]" },
		{ LISTENER_HTTPS, HTTP_GET, "/.known/.known/do", 200,
		    "known[/.known][do]" },
		{ LISTENER_HTTPS, HTTP_GET, "/x/.known/lab/not", 404, NULL },
		{ LISTENER_HTTPS, HTTP_GET, "/x/.knowns/do", 404, NULL },
		{ LISTENER_HTTPS, HTTP_GET, "/x.known/do", 404, NULL },
		{ LISTENER_HTTPS, HTTP_GET, "/.known/", 404, NULL },
		{ LISTENER_HTTPS, HTTP_POST, "/p/.known/post", 200,
		    "post[/p][-]" },
		{ LISTENER_HTTPS, HTTP_POST, "/p/.known/do", 405, NULL },
		/* What others serve goes first. */
		{ LISTENER_HTTPS, HTTP_GET, "/o/.known/do", 200,
		    "rest[.known/do][-]" },
	};
	struct http_routes *r = table();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO_ARENA *a = arena_new();
		struct http_req req = { .arena = a,
			.method = cases[i].method,
			.path = cases[i].path,
			.listener = cases[i].listener };
		struct http_resp resp;

		http_serve(r, &req, &resp);
		if (resp.status != cases[i].status)
			fail_msg("%s: %d", cases[i].path, resp.status);
		if (cases[i].body != NULL)
			assert_true(bytes_is(resp.body, cases[i].body));
	}
	http_routes_free(r);
}

static void
rest(void *ctx, struct http_req *req, struct http_resp *resp)
{
	assert_null(resp->rest);
	assert_int_equal(resp->headers_n, 0);
	assert_string_equal(ctx, "loop");
	resp->status = 201;
	resp->body = bytes_str(req->carried);
}

static void
first(void *ctx, struct http_req *req, struct http_resp *resp)
{
	if (req->method == HTTP_GET) {
		say(ctx, req, resp);
		return;
	}
	req->carried = arena_strdup(req->arena, "carried");
	http_hand_on(resp, rest, ctx);
}

static void
what_the_loop_hands_on_the_rest_answers(void **state)
{
	static const struct http_route row = { .methods = HTTP_GET | HTTP_POST,
		.pattern = "/first",
		.handler = first,
		.ctx = (void *)(uintptr_t) "loop",
		.place = ON_LOOP,
		.listeners = ALL };
	AUTO_ARENA *a = arena_new();
	struct http_routes *r = http_routes_new();
	struct http_req req = { .arena = a,
		.method = HTTP_GET,
		.path = "/first",
		.listener = LISTENER_HTTPS };
	struct http_resp resp;

	(void)state;
	http_routes_add(r, &row, 1);
	http_serve(r, &req, &resp);
	assert_int_equal(resp.status, 200);
	assert_true(bytes_is(resp.body, "loop[-][-]"));
	req.method = HTTP_POST;
	http_serve(r, &req, &resp);
	assert_int_equal(resp.status, 201);
	assert_true(bytes_is(resp.body, "carried"));
	http_routes_free(r);
}

static void
a_refusal_has_the_form_of_its_protocol(void **state)
{
	AUTO_ARENA *a = arena_new();
	struct http_routes *r = table();
	struct http_req req = { .arena = a,
		.method = HTTP_GET,
		.path = "/x/none",
		.listener = LISTENER_HTTPS };
	struct http_resp resp;

	(void)state;
	http_serve(r, &req, &resp);
	assert_int_equal(resp.status, 404);
	assert_string_equal(http_resp_header_get(&resp, "Content-Type"),
	    "application/problem+json");
	req.path = "/none";
	http_serve(r, &req, &resp);
	assert_string_equal(http_resp_header_get(&resp, "Content-Type"),
	    "text/plain; charset=utf-8");
	http_refuse(r, NULL, &req, &resp, 503, "full");
	assert_string_equal(http_resp_header_get(&resp, "Retry-After"), "5");
	http_routes_free(r);
}

static void
methods_are_listed(void **state)
{
	AUTO_ARENA *a = arena_new();
	struct http_routes *r = table();
	struct http_req req = { .arena = a,
		.method = HTTP_OTHER,
		.path = "/x/directory",
		.listener = LISTENER_HTTPS };
	struct http_resp resp;

	(void)state;
	http_serve(r, &req, &resp);
	assert_int_equal(resp.status, 405);
	assert_string_equal(
	    http_resp_header_get(&resp, "Allow"), "GET, HEAD, POST");
	http_routes_free(r);
}

static void
media_type_and_length(void **state)
{
	AUTO_ARENA *a = arena_new();
	struct http_routes *r = table();
	struct http_header h = { "Content-Type",
		"application/jose+json; charset=utf-8" };
	struct http_req req = { .arena = a,
		.method = HTTP_POST,
		.path = "/x/directory",
		.listener = LISTENER_HTTPS,
		.headers = &h,
		.headers_n = 1 };
	struct http_resp resp = { 0 };

	(void)state;
	assert_non_null(http_route_find(r, &req, 10, &resp));
	assert_non_null(http_route_find(r, &req, -1, &resp));
	assert_null(http_route_find(r, &req, 11, &resp));
	assert_int_equal(resp.status, 413);
	h.value = "application/json";
	assert_null(http_route_find(r, &req, 1, &resp));
	assert_int_equal(resp.status, 415);
	req.headers_n = 0;
	assert_null(http_route_find(r, &req, 1, &resp));
	assert_int_equal(resp.status, 415);
	assert_string_equal(http_resp_header_get(&resp, "Content-Type"),
	    "application/problem+json");
	http_routes_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths),
		cmocka_unit_test(what_the_loop_hands_on_the_rest_answers),
		cmocka_unit_test(a_refusal_has_the_form_of_its_protocol),
		cmocka_unit_test(methods_are_listed),
		cmocka_unit_test(media_type_and_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
