/* Directories, nonces, refusals: what needs no account. */
#include <stdlib.h>
#include "support/unit.h"
#include "support/acme_world.h"

static int
setup(void **state)
{
	*state = world_new(NULL);
	return 0;
}

static int
teardown(void **state)
{
	world_free(*state);
	return 0;
}

static struct reply *
serve(struct world *w, enum http_method method, const char *path)
{
	return world_serve(
	    w, &(struct world_request){ .method = method, .path = path });
}

static void
test_directory_names_what_works(void **state)
{
	struct world *w = *state;
	struct reply *r = world_get(w, "/acme/directory");
	static const char *const not_yet[] = { "newAuthz", "keyChange",
		"renewalInfo" };

	assert_status(r, 200);
	assert_string_equal(
	    reply_text(r, "newNonce"), WORLD_BASE "/acme/new-nonce");
	assert_string_equal(
	    reply_text(r, "newAccount"), WORLD_BASE "/acme/new-account");
	assert_string_equal(
	    reply_text(r, "newOrder"), WORLD_BASE "/acme/new-order");
	assert_string_equal(
	    reply_text(r, "revokeCert"), WORLD_BASE "/acme/revoke-cert");
	for (size_t i = 0; i < COUNT_OF(not_yet); i++)
		assert_null(reply_member(r, not_yet[i]));
	assert_null(reply_member(r, "meta.externalAccountRequired"));
	/* Rule 7: the directory has no index link. */
	assert_false(reply_has_link(r, "index"));
	assert_null(reply_header(r, "Replay-Nonce", 0));
}

static void
test_getssl_greps_one_member_per_line(void **state)
{
	struct reply *r = world_get(*state, "/acme/directory");
	AUTO_STR *text =
	    mem_printf("%.*s", (int)r->body.n, (const char *)r->body.p);

	assert_non_null(strstr(text, "\n  \"newNonce\": \""));
	assert_non_null(strstr(text, "\",\n  \"newAccount\": \""));
	assert_int_equal(text[r->body.n - 1], '\n');
}

static void
test_acmez_finds_profiles(void **state)
{
	struct world *w = *state;
	struct reply *r = world_get(w, "/acme/directory");

	assert_string_equal(
	    reply_text(r, "meta.profiles.default"), "The usual");
	assert_string_equal(reply_text(r, "meta.profiles.short"), "short");
	/* One without ACME is not offered. */
	assert_null(reply_member(r, "meta.profiles.inner"));
}

static void
test_directory_of_a_profile(void **state)
{
	struct world *w = *state;
	struct reply *r = world_get(w, "/acme/short/directory");

	assert_status(r, 200);
	assert_string_equal(
	    reply_text(r, "newOrder"), WORLD_BASE "/acme/short/new-order");
	assert_string_equal(
	    reply_text(r, "newAccount"), WORLD_BASE "/acme/new-account");
	assert_int_equal(json_object_size(reply_member(r, "meta.profiles")), 1);
	assert_problem(world_get(w, "/acme/inner/directory"), 404, "malformed");
	assert_problem(world_get(w, "/acme/none/directory"), 404, "malformed");
}

static void
test_orders_of_a_profile_s_directory(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");
	struct reply *r = world_post(w, c, "/acme/short/new-order",
	    order_payload(w, "dns:a.test", NULL));

	assert_status(r, 201);
	assert_string_equal(reply_text(r, "profile"), "short");
	assert_string_equal(reply_header(r, "Link", 0),
	    "<" WORLD_BASE "/acme/short/directory>;rel=\"index\"");
	r = world_post(w, c, "/acme/short/new-order",
	    order_payload(w, "dns:a.test", ",\"profile\":\"default\""));
	assert_problem(r, 400, "invalidProfile");
	r = world_post(w, c, "/acme/inner/new-order",
	    order_payload(w, "dns:a.test", NULL));
	assert_problem(r, 400, "invalidProfile");
}

/* Rule 34. */
static void
test_acme_sh_and_dehydrated_get_nonces(void **state)
{
	struct world *w = *state;
	struct reply *head = serve(w, HTTP_HEAD, "/acme/new-nonce"),
		     *get = world_get(w, "/acme/new-nonce");

	assert_status(head, 200);
	assert_status(get, 204);
	assert_int_equal(get->body.n, 0);
	assert_non_null(reply_header(head, "Replay-Nonce", 0));
	assert_string_not_equal(reply_header(head, "Replay-Nonce", 0),
	    reply_header(get, "Replay-Nonce", 0));
	assert_string_equal(reply_header(get, "Cache-Control", 0), "no-store");
	assert_string_equal(reply_header(head, "Cache-Control", 0), "no-store");
}

/* RFC 8555 section 6.3. */
static void
test_post_as_get_of_directory_and_nonce(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");
	struct reply *r = world_post(w, c, "/acme/directory", NULL);

	assert_status(r, 200);
	assert_non_null(reply_text(r, "newOrder"));
	assert_status(world_post(w, c, "/acme/new-nonce", NULL), 204);
	assert_problem(
	    world_post(w, c, "/acme/directory", "{}"), 400, "malformed");
	assert_problem(
	    world_post(w, c, "/acme/none/directory", NULL), 404, "malformed");
}

/* Rule 6: each refusal has a fresh nonce (check_reply looks), and is a problem
 * document. */
static void
test_nginx_acme_and_vault_refusals_have_nonces(void **state)
{
	struct world *w = *state;
	struct world_request q = { .method = HTTP_POST,
		.path = "/acme/new-order",
		.content_type = "application/json",
		.body = bytes_str("{}") };
	struct http_resp resp = { 0 };
	struct http_req req = { .arena = world_arena(w),
		.method = HTTP_POST,
		.path = "/acme/new-order",
		.target = "/acme/new-order" };
	char *large = mem_alloc(400000);

	assert_problem(world_get(w, "/acme/nothing"), 404, "malformed");
	assert_problem(world_get(w, "/acme/"), 404, "malformed");
	/* RFC 8555 section 6.3. */
	assert_problem(world_get(w, "/acme/new-order"), 405, "malformed");
	assert_problem(world_get(w, "/acme/order/x"), 405, "malformed");
	assert_problem(world_get(w, "/acme/cert/x"), 405, "malformed");
	assert_problem(
	    serve(w, HTTP_OTHER, "/acme/directory"), 405, "malformed");
	assert_problem(world_serve(w, &q), 415, "malformed");
	q.content_type = "application/jose+json";
	memset(large, ' ', 400000);
	q.body = bytes_of(large, 400000);
	assert_problem(world_serve(w, &q), 413, "malformed");
	/* What the net layer refuses while it is overloaded. */
	http_refuse(world_routes(w), NULL, &req, &resp, 503, "too much to do");
	assert_int_equal(resp.status, 503);
	assert_string_equal(http_resp_header_get(&resp, "Retry-After"), "5");
	assert_non_null(http_resp_header_get(&resp, "Replay-Nonce"));
	assert_non_null(strstr((const char *)resp.body.p, "serverInternal"));
	free(large);
}

/* Rule 1: lower-case names broke getssl, acme-tiny and old dehydrated. */
static void
test_dehydrated_getssl_acme_tiny_header_case(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");
	struct reply *replies[] = { world_get(w, "/acme/directory"),
		world_get(w, "/acme/new-nonce"), world_get(w, "/acme/x"),
		world_order(w, c, "dns:a.test", NULL) };

	for (size_t i = 0; i < COUNT_OF(replies); i++)
		for (size_t j = 0; j < replies[i]->headers_n; j++) {
			const char *p = replies[i]->headers[j].name;
			bool start = true;

			for (; *p != '\0'; p++) {
				assert_true(start ? *p >= 'A' && *p <= 'Z'
						  : (*p >= 'a' && *p <= 'z') ||
					    *p == '-');
				start = *p == '-';
			}
		}
}

/* Rule 2; the driver looks at the spelling of each Link of each reply. */
static void
test_uacme_and_posh_acme_link_spelling(void **state)
{
	struct world *w = *state;

	assert_string_equal(
	    reply_header(world_get(w, "/acme/new-nonce"), "Link", 0),
	    "<" WORLD_BASE "/acme/directory>;rel=\"index\"");
}

/* Rule 10: no parameters. */
static void
test_acmez_uacme_x_crypto_media_types(void **state)
{
	struct world *w = *state;

	assert_string_equal(
	    reply_header(world_get(w, "/acme/x"), "Content-Type", 0),
	    "application/problem+json");
	assert_string_equal(
	    reply_header(world_get(w, "/acme/directory"), "Content-Type", 0),
	    "application/json");
}

/* Parameters of the media type are no other type. */
static void
test_content_type_with_parameters(void **state)
{
	struct world *w = *state;
	struct world_request q = { .method = HTTP_POST,
		.path = "/acme/new-order",
		.content_type = "Application/JOSE+json; charset=utf-8",
		.body = bytes_str("{}") };

	assert_problem(world_serve(w, &q), 400, "malformed");
	q.content_type = "";
	assert_problem(world_serve(w, &q), 415, "malformed");
}

static void
test_browser_preflight(void **state)
{
	struct world *w = *state;
	struct reply *r = serve(w, HTTP_OPTIONS, "/acme/new-order");

	assert_status(r, 204);
	assert_non_null(
	    strstr(reply_header(r, "Access-Control-Allow-Methods", 0), "POST"));
	assert_string_equal(
	    reply_header(r, "Access-Control-Allow-Headers", 0), "Content-Type");
	assert_status(serve(w, HTTP_OPTIONS, "/acme/order/x/finalize"), 204);
	assert_problem(
	    serve(w, HTTP_OPTIONS, "/acme/nothing"), 404, "malformed");
}

/* SIGHUP: new answers; what runs goes on. */
static void
test_reload(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256"),
			   *late = acme_client_new("ES256");
	EVP_PKEY *key = acme_key_new("ES256");
	struct reply *order = world_order(w, c, "dns:a.test", NULL), *r;

	assert_null(reply_member(
	    world_get(w, "/acme/directory"), "meta.termsOfService"));
	world_reload(w, "acme: {terms_of_service: \"https://ca.test/t\"}\n");
	assert_string_equal(
	    reply_text(world_get(w, "/acme/directory"), "meta.termsOfService"),
	    "https://ca.test/t");
	r = world_post_jws(w, late, "/acme/new-account",
	    &(struct acme_jws){ .jwk = true, .payload = "{}" });
	assert_problem(r, 403, "userActionRequired");
	world_authorize(w, c, order, "http-01");
	r = world_finalize(w, c, order, key, "dns:a.test");
	assert_string_equal(reply_text(r, "status"), "valid");
	EVP_PKEY_free(key);
	acme_client_free(late);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_directory_names_what_works, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_getssl_greps_one_member_per_line, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_acmez_finds_profiles, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_directory_of_a_profile, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_orders_of_a_profile_s_directory, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_acme_sh_and_dehydrated_get_nonces, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_post_as_get_of_directory_and_nonce, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_nginx_acme_and_vault_refusals_have_nonces, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    test_dehydrated_getssl_acme_tiny_header_case, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    test_uacme_and_posh_acme_link_spelling, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_acmez_uacme_x_crypto_media_types, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_content_type_with_parameters, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_browser_preflight, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reload, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
