/* What a probe brought back against what was expected: acme/compare.h. */
#include <stdlib.h>
#include "support/unit.h"
#include "acme/compare.h"
#include "crypto/lane.h"
#include "support/acme_client.h"

struct fixture {
	struct arena *arena;
	struct lane *lane;
	struct validation_job job;
	struct expectation e;
	struct probe_request request;
};

static void
expect(struct fixture *f, enum challenge_type type, unsigned name_type,
    const char *name)
{
	f->job = (struct validation_job){ .authz_id = "a",
		.type = type,
		.attempt = 1,
		.name_type = name_type,
		.name = name,
		.token = "token" };
	memset(f->job.thumbprint, 0x5a, sizeof(f->job.thumbprint));
	expectation_make(&f->job, f->arena, &f->e, &f->request);
}

static int
setup(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));

	f->arena = arena_new();
	f->lane = lane_new();
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	arena_free(f->arena);
	lane_free(f->lane);
	free(f);
	return 0;
}

static bool
check(struct fixture *f, const struct probe_result *r, struct err *err)
{
	err_clear(err);
	return expectation_check(&f->e, r, f->lane, f->arena, err);
}

static void
test_questions(void **state)
{
	struct fixture *f = *state;

	expect(f, CHALLENGE_HTTP_01, NAME_DNS, "a.test");
	assert_int_equal(f->request.kind, PROBE_HTTP);
	assert_string_equal(f->request.name, "a.test");
	assert_string_equal(
	    f->request.path, "/.well-known/acme-challenge/token");
	assert_false(f->request.is_ip);
	expect(f, CHALLENGE_HTTP_01, NAME_IP, "192.0.2.1");
	assert_true(f->request.is_ip);
	expect(f, CHALLENGE_DNS_01, NAME_DNS, "a.test");
	assert_int_equal(f->request.kind, PROBE_TXT);
	assert_string_equal(f->request.name, "_acme-challenge.a.test");
	expect(f, CHALLENGE_TLS_ALPN_01, NAME_IP, "2001:db8::1");
	assert_int_equal(f->request.kind, PROBE_TLS_ALPN);
	assert_true(f->request.is_ip);
	assert_string_equal(f->request.name, "2001:db8::1");
}

static void
test_http(void **state)
{
	struct fixture *f = *state;
	struct probe_result r = { .ok = true };
	struct err err = { 0 };
	const char *right;

	expect(f, CHALLENGE_HTTP_01, NAME_DNS, "a.test");
	right = f->e.key_authorization;
	r.body = bytes_str(right);
	assert_true(check(f, &r, &err));
	/* RFC 8555 section 8.3: white space behind it is no matter. */
	r.body = bytes_str(arena_printf(f->arena, "%s \t\r\n\n", right));
	assert_true(check(f, &r, &err));
	r.body = bytes_str(arena_printf(f->arena, " %s", right));
	assert_false(check(f, &r, &err));
	r.body = bytes_str(arena_printf(f->arena, "%sx", right));
	assert_false(check(f, &r, &err));
	r.body = bytes_of(right, strlen(right) - 1);
	assert_false(check(f, &r, &err));
	r.body = bytes_of(right, strlen(right) + 1);
	assert_false(check(f, &r, &err));
	r.body = BYTES_NONE;
	assert_false(check(f, &r, &err));
	r.body = bytes_str("<html>\x01 not \"found\"</html>");
	assert_false(check(f, &r, &err));
	assert_int_equal(err.kind, ERR_INCORRECT_RESPONSE);
	/* What was looked up, and what came back. */
	assert_non_null(strstr(
	    err.shown, "http://a.test/.well-known/acme-challenge/token"));
	assert_non_null(strstr(err.shown, "<html>? not \"found\"</html>"));
}

static void
test_dns(void **state)
{
	struct fixture *f = *state;
	struct bytes txt[3] = { bytes_str("x"), bytes_str("y"), BYTES_NONE };
	struct probe_result r = { .ok = true, .txt = txt, .txt_n = 3 };
	struct err err = { 0 };

	expect(f, CHALLENGE_DNS_01, NAME_DNS, "a.test");
	assert_false(check(f, &r, &err));
	assert_int_equal(err.kind, ERR_INCORRECT_RESPONSE);
	assert_non_null(strstr(err.shown, "TXT _acme-challenge.a.test"));
	txt[2] = bytes_str(f->e.digest_text);
	assert_true(check(f, &r, &err));
	/* The digest, not the key authorization. */
	txt[2] = bytes_str(f->e.key_authorization);
	assert_false(check(f, &r, &err));
	r.txt_n = 0;
	assert_false(check(f, &r, &err));
}

static void
test_what_the_probe_says_counts(void **state)
{
	struct fixture *f = *state;
	struct probe_result r = { .ok = false };
	struct err err = { 0 };

	expect(f, CHALLENGE_HTTP_01, NAME_DNS, "a.test");
	assert_false(fail(&r.err, ERR_CONNECTION, "refused at 192.0.2.1:80"));
	r.body = bytes_str(f->e.key_authorization);
	assert_false(check(f, &r, &err));
	assert_int_equal(err.kind, ERR_CONNECTION);
	assert_string_equal(err.shown, "refused at 192.0.2.1:80");
}

static bool
tls(struct fixture *f, const struct acme_tls_certificate *t, struct err *err)
{
	struct probe_result r = { .ok = true, .alpn_acme = true };
	size_t n;
	uint8_t *der = acme_tls_certificate(t, &n);
	bool ok;

	r.certificate = bytes_of(der, n);
	ok = check(f, &r, err);
	if (ok) {
		/* Without ALPN it is just some certificate. */
		r.alpn_acme = false;
		assert_false(check(f, &r, err));
	} else {
		assert_int_equal(err->kind, ERR_INCORRECT_RESPONSE);
	}
	/* Cut anywhere it is none. */
	r.alpn_acme = true;
	r.certificate.n = n / 2;
	assert_false(check(f, &r, err));
	free(der);
	return ok;
}

static void
test_tls_alpn(void **state)
{
	struct fixture *f = *state;
	struct acme_tls_certificate t = { .names = "DNS:a.test" };
	struct err err = { 0 };

	expect(f, CHALLENGE_TLS_ALPN_01, NAME_DNS, "a.test");
	t.key_authorization = f->e.key_authorization;
	assert_true(tls(f, &t, &err));
	t.names = "DNS:A.test";
	assert_true(tls(f, &t, &err));
	/* RFC 8737 section 3: the name and no other entry. */
	t.names = "DNS:b.test";
	assert_false(tls(f, &t, &err));
	t.names = "DNS:a.test,DNS:b.test";
	assert_false(tls(f, &t, &err));
	t.names = "DNS:a.test,DNS:a.test";
	assert_false(tls(f, &t, &err));
	t.names = "DNS:a.test,RID:1.2.3";
	assert_false(tls(f, &t, &err));
	t.names = "IP:192.0.2.1";
	assert_false(tls(f, &t, &err));
	t.names = "DNS:a.test";
	t.not_critical = true;
	assert_false(tls(f, &t, &err));
	t.not_critical = false;
	t.no_identifier = true;
	assert_false(tls(f, &t, &err));
	t.no_identifier = false;
	t.signed_by_other = true;
	assert_false(tls(f, &t, &err));
	t.signed_by_other = false;
	t.key_authorization = "token.another";
	assert_false(tls(f, &t, &err));
}

static void
test_tls_alpn_ip(void **state)
{
	struct fixture *f = *state;
	struct acme_tls_certificate t = { .names = "IP:192.0.2.1" };
	struct err err = { 0 };

	/* RFC 8738 section 6: an iPAddress. */
	expect(f, CHALLENGE_TLS_ALPN_01, NAME_IP, "192.0.2.1");
	t.key_authorization = f->e.key_authorization;
	assert_true(tls(f, &t, &err));
	t.names = "DNS:192.0.2.1";
	assert_false(tls(f, &t, &err));
	t.names = "IP:192.0.2.2";
	assert_false(tls(f, &t, &err));
	expect(f, CHALLENGE_TLS_ALPN_01, NAME_IP, "2001:db8::1");
	t.names = "IP:2001:db8:0:0::1";
	assert_true(tls(f, &t, &err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_questions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_http, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dns, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_what_the_probe_says_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tls_alpn, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_tls_alpn_ip, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
