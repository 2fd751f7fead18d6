/* What goes over the wire: forms of bodies in and out, status by status. */
#include "world.h"
#include "ca/approval.h"
#include "codec/oid.h"
#include "est/body.h"
#include "support/pss.h"
#include "util/text.h"

#define EST "/.well-known/est"

static const struct world_call basic = { .authorization = WORLD_BASIC };

static void
a_password_gets_a_certificate(void **state)
{
	struct world *w = *state;
	struct cert c;

	assert_int_equal(
	    world_post(w, EST "/simpleenroll",
		world_csr(w, w->key, WORLD_NAME, WORLD_NAME, BYTES_NONE),
		&basic),
	    200);
	c = world_certificate(w);
	assert_int_equal(c.names.n, 1);
	assert_string_equal(c.names.v[0].text, WORLD_NAME);
	assert_true(bytes_equal(c.spki, privkey_spki(w->key)));
	/* Without a subjectAltName it is the common name that is asked for. */
	assert_int_equal(
	    world_post(w, EST "/simpleenroll",
		world_csr(w, w->key, "cn.example.net", NULL, BYTES_NONE),
		&basic),
	    200);
	c = world_certificate(w);
	assert_string_equal(c.names.v[0].text, "cn.example.net");
}

/* openssl req -sigopt rsa_padding_mode:pss */
static void
a_request_signed_with_pss(void **state)
{
	struct world *w = *state;
	struct privkey *key = test_ca_key(w->t, KEY_RSA, 2048);
	AUTO(EVP_PKEY) *pkey = privkey_evp(key);
	struct bytes der =
	    world_csr(w, key, WORLD_NAME, WORLD_NAME, BYTES_NONE);
	uint8_t *broken;

	der = pss_signed(w->a, der, pkey, EVP_sha256(), true);
	assert_int_equal(world_post(w, EST "/simpleenroll", der, &basic), 200);
	assert_true(bytes_equal(world_certificate(w).spki, privkey_spki(key)));
	broken = arena_dup(w->a, der.p, der.n);
	broken[der.n - 9] ^= 1;
	assert_int_equal(
	    world_post(w, EST "/simpleenroll", bytes_of(broken, der.n), &basic),
	    400);
	assert_int_equal(world_issued(w), 1);
}

static void
bodies_that_are_taken(void **state)
{
	struct world *w = *state;
	struct bytes der =
	    world_csr(w, w->key, WORLD_NAME, WORLD_NAME, BYTES_NONE);
	AUTO_BUF one = { 0 };
	AUTO_BUF lines = { 0 };
	const char *text, *crlf = "";

	est_body_encode(der, false, &one);
	est_body_encode(der, true, &lines);
	text = buf_cstr(&lines);
	for (const char *p = text; *p != '\0';) {
		size_t n = strcspn(p, "\n");

		crlf = arena_printf(w->a, "%s%.*s\r\n", crlf, (int)n, p);
		p += n + (p[n] != '\0');
	}
	const char *taken[] = { buf_cstr(&one), text, crlf,
		arena_printf(w->a, "\r\n  %s \n\n", buf_cstr(&one)),
		arena_printf(w->a,
		    "-----BEGIN CERTIFICATE REQUEST-----\n%s"
		    "-----END CERTIFICATE REQUEST-----\n",
		    text),
		arena_printf(w->a,
		    "-----BEGIN NEW CERTIFICATE REQUEST-----\n%s"
		    "-----END NEW CERTIFICATE REQUEST-----\n",
		    text) };

	for (size_t i = 0; i < COUNT_OF(taken); i++)
		if (world_send(w, EST "/simpleenroll", taken[i], &basic) != 200)
			fail_msg("form %zu: %d", i, w->resp.status);
	assert_int_equal(world_issued(w), COUNT_OF(taken));
}

static const char *
base64_of(struct world *w, struct bytes der)
{
	struct buf b = { 0 };

	est_body_encode(der, false, &b);
	return arena_str(w->a, arena_take_buf(w->a, &b));
}

static void
bodies_that_are_refused(void **state)
{
	struct world *w = *state;
	struct bytes der =
	    world_csr(w, w->key, WORLD_NAME, WORLD_NAME, BYTES_NONE);
	uint8_t *flipped = arena_dup(w->a, der.p, der.n);
	uint8_t *longer = arena_alloc(w->a, der.n + 1);
	char *huge = arena_alloc(w->a, 40001);

	memset(huge, 'A', 40000);
	memcpy(longer, der.p, der.n);
	flipped[der.n - 1] ^= 1;
	const struct {
		const char *body, *type;
		int status;
		const char *words;
	} cases[] = {
		{ "", NULL, 400, "empty" },
		{ "!!!!", NULL, 400, "not base64" },
		{ "MIIB", NULL, 400, "PKCS#10" },
		{ base64_of(w, bytes_of(longer, der.n + 1)), NULL, 400,
		    "behind its end" },
		{ base64_of(w, bytes_of(flipped, der.n)), NULL, 400,
		    "signature" },
		{ arena_printf(w->a, "%s=", base64_of(w, der)), NULL, 400,
		    "base64" },
		{ "\x30\x82\x01\x01", NULL, 400, "is DER" },
		{ "-----BEGIN CERTIFICATE-----\nAAAA\n"
		  "-----END CERTIFICATE-----\n",
		    NULL, 400, "PEM of something other" },
		{ arena_printf(w->a,
		      "-----BEGIN CERTIFICATE REQUEST-----\n%s\n"
		      "-----END CERTIFICATE REQUEST-----\nmore\n",
		      base64_of(w, der)),
		    NULL, 400, "behind its PEM block" },
		{ base64_of(w, der), "application/octet-stream", 415,
		    "application/pkcs10" },
		{ huge, NULL, 413, "octets" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct world_call call = { .authorization = WORLD_BASIC,
			.type = cases[i].type };

		if (world_send(w, EST "/simpleenroll", cases[i].body, &call) !=
			cases[i].status ||
		    !world_said(w, cases[i].words))
			fail_msg("case %zu: %d", i, w->resp.status);
	}
	assert_int_equal(world_issued(w), 0);
}

static void
paths_and_methods(void **state)
{
	struct world *w = *state;

	assert_int_equal(world_send(w, EST "/cacerts", NULL, NULL), 200);
	assert_int_equal(world_send(w, "/ca" EST "/cacerts", NULL, NULL), 200);
	assert_int_equal(
	    world_send(w, "/a/b" EST "/mtls/cacerts", NULL, NULL), 200);
	assert_int_equal(world_send(w, EST "/none/cacerts", NULL, NULL), 404);
	assert_int_equal(world_send(w, EST "/mtls/nothing", NULL, NULL), 404);
	assert_int_equal(world_send(w, EST "/simpleenroll", NULL, NULL), 405);
	assert_int_equal(world_send(w, EST "/fullcmc", "AAAA", NULL), 501);
	assert_int_equal(
	    world_send(w, EST "/mtls/serverkeygen", "AAAA", NULL), 404);
}

/* strongSwan 5.9.8 reads no lines, libest 3.2.0 no /cacerts without. */
static void
lines_follow_the_client(void **state)
{
	static const struct world_call libest = { .user_agent =
						      "libest 3.2.0p" };
	static const struct world_call curl = { .user_agent = "curl/7.88.1" };
	struct world *w = *state;
	AUTO_BUF lines = { 0 };
	struct bytes body;

	assert_int_equal(world_send(w, EST "/cacerts", NULL, &curl), 200);
	body = http_resp_body(&w->resp);
	assert_null(memchr(body.p, '\n', body.n));
	assert_int_equal(world_send(w, EST "/cacerts", NULL, &libest), 200);
	body = http_resp_body(&w->resp);
	assert_int_equal(body.p[64], '\n');
	est_body_encode(
	    world_csr(w, w->key, WORLD_NAME, WORLD_NAME, BYTES_NONE), true,
	    &lines);
	assert_int_equal(
	    world_send(w, EST "/simpleenroll", buf_cstr(&lines), &basic), 200);
	body = http_resp_body(&w->resp);
	assert_int_equal(body.p[64], '\n');
	assert_int_equal(
	    world_post(w, EST "/simpleenroll",
		world_csr(w, w->key, WORLD_NAME, WORLD_NAME, BYTES_NONE),
		&basic),
	    200);
	body = http_resp_body(&w->resp);
	assert_null(memchr(body.p, '\n', body.n));
}

static struct bytes
challenge(struct world *w, struct bytes octets)
{
	AUTO_BUF text = { 0 };

	base64_encode(octets, 0, &text);
	return world_attribute(w, OID(CHALLENGE_PASSWORD), DER_PRINTABLE_STRING,
	    arena_bytes(w->a, buf_bytes(&text)));
}

static int
enroll_bound(struct world *w, const char *label, struct bytes more)
{
	const char *path = arena_printf(w->a, EST "/%s/simpleenroll", label);

	return world_post(w, path,
	    world_csr(w, w->key, WORLD_NAME, WORLD_NAME, more), &basic);
}

static void
a_request_is_bound_to_its_connection(void **state)
{
	static const uint8_t one[32] = { 1 }, two[32] = { 2 };
	struct world *w = *state;

	assert_int_equal(enroll_bound(w, "bound", BYTES_NONE), 403);
	assert_true(world_said(w, "no channel binding"));
	w->binding =
	    (struct http_binding){ .kind = HTTP_BINDING_TLS_EXPORTER, .n = 32 };
	memcpy(w->binding.octets, one, sizeof(one));
	assert_int_equal(enroll_bound(w, "bound", BYTES_NONE), 403);
	assert_true(world_said(w, "tls-exporter"));
	assert_int_equal(
	    enroll_bound(w, "bound", challenge(w, bytes_of(two, 32))), 403);
	assert_true(world_said(w, "another connection"));
	/* RFC 7030 section 3.5: verified where it is not required too. */
	assert_int_equal(
	    enroll_bound(w, "default", challenge(w, bytes_of(two, 32))), 403);
	assert_int_equal(world_issued(w), 0);
	assert_int_equal(
	    enroll_bound(w, "bound", challenge(w, bytes_of(one, 32))), 200);
	assert_int_equal(
	    enroll_bound(w, "default", challenge(w, bytes_of(one, 32))), 200);
	/* Another protocol's password is nothing to us. */
	assert_int_equal(enroll_bound(w, "default",
			     world_attribute(w, OID(CHALLENGE_PASSWORD),
				 DER_UTF8_STRING, bytes_str("revoke me"))),
	    200);
	w->binding.kind = HTTP_BINDING_NONE;
	assert_int_equal(
	    enroll_bound(w, "default", challenge(w, bytes_of(one, 32))), 403);
}

static void
who_is_nobody_waits(void **state)
{
	struct world *w = *state;
	struct bytes csr =
	    world_csr(w, w->key, WORLD_NAME, WORLD_NAME, BYTES_NONE);

	for (int i = 0; i < 3; i++) {
		assert_int_equal(
		    world_post(w, EST "/queue/simpleenroll", csr, NULL), 202);
		assert_string_equal(
		    http_resp_header_get(&w->resp, "Retry-After"), "60");
	}
	assert_int_equal(world_issued(w), 0);
}

/* Who has a /64 has more addresses than the queue has places. */
static void
a_network_of_ipv6_is_one_requester(void **state)
{
	static const char *const peers[] = { "2001:db8:1:2::1",
		"2001:db8:1:2:ffff::7", "::ffff:192.0.2.9", "192.0.2.9" };
	static const char *const requesters[] = { "anonymous 2001:db8:1:2::/64",
		"anonymous ::ffff:192.0.2.9", "anonymous 192.0.2.9" };
	struct world *w = *state;
	struct approval *rows;
	size_t n, seen[COUNT_OF(requesters)] = { 0 };

	for (size_t i = 0; i < COUNT_OF(peers); i++) {
		const struct world_call call = { .peer = peers[i] };
		const char *name = arena_printf(w->a, "d%zu.example.net", i);

		assert_int_equal(
		    world_post(w, EST "/queue/simpleenroll",
			world_csr(w, w->key, name, name, BYTES_NONE), &call),
		    202);
	}
	assert_ok(w->t,
	    ca_approval_list(
		w->t->ca, 0, NULL, 10, w->a, &rows, &n, &w->t->err));
	assert_int_equal(n, COUNT_OF(peers));
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < COUNT_OF(requesters); j++)
			seen[j] +=
			    strcmp(rows[i].requester, requesters[j]) == 0;
	assert_int_equal(seen[0], 2);
	assert_int_equal(seen[1], 1);
	assert_int_equal(seen[2], 1);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_password_gets_a_certificate),
		TEST(a_request_signed_with_pss),
		TEST(bodies_that_are_taken),
		TEST(bodies_that_are_refused),
		TEST(paths_and_methods),
		TEST(lines_follow_the_client),
		TEST(a_request_is_bound_to_its_connection),
		TEST(who_is_nobody_waits),
		TEST(a_network_of_ipv6_is_one_requester),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
