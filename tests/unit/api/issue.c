#include "world.h"
#include "codec/pem.h"
#include "util/text.h"

static size_t
certificates_in(struct world *w, const char *pem, struct bytes *first)
{
	struct bytes rest = bytes_str(pem), der;
	size_t n = 0;
	bool found = true;

	for (;;) {
		assert_ok(w->t,
		    pem_next(&rest, "CERTIFICATE", w->t->a, &found, &der,
			&w->t->err));
		if (!found)
			return n;
		if (n++ == 0)
			*first = der;
	}
}

static void
names_of_the_csr(void **state)
{
	struct world *w = *state;
	struct cert *cert = arena_alloc(w->t->a, sizeof(*cert));
	struct cert_row row;
	struct bytes leaf;

	world_call(w, "/certs",
	    world_issue_body(w, "default", "dns:www.example.com", NULL));
	assert_int_equal(w->status, 201);
	/* Leaf and issuing CA, without the root. */
	assert_int_equal(certificates_in(w, world_text(w, "pem"), &leaf), 2);
	assert_ok(w->t, cert_parse(leaf, w->t->a, cert, &w->t->err));
	assert_int_equal(cert->names.n, 1);
	assert_string_equal(cert->names.v[0].text, "www.example.com");
	assert_string_equal(
	    hex_arena(w->t->a, cert->serial), world_text(w, "serial"));
	row = test_ca_row(w->t, world_text(w, "id"));
	assert_string_equal(row.requester,
	    arena_printf(w->t->a, "operator uid %u", (unsigned)w->peer_uid));
	assert_int_equal(row.status, CERT_ISSUED);
	assert_null(row.account_id);
}

static void
names_that_were_given(void **state)
{
	struct world *w = *state;
	struct cert_row row;

	world_call(w, "/certs",
	    world_issue_body(w, "default", "dns:www.example.com",
		"[\"dns:a.example.com\", \"dns:b.example.com\"]"));
	assert_int_equal(w->status, 201);
	row = test_ca_row(w->t, world_text(w, "id"));
	assert_string_equal(row.names, "dns:a.example.com\ndns:b.example.com");
}

static void
der_in_base64(void **state)
{
	struct world *w = *state;
	struct test_ca *t = w->t;
	const char *san = "dns:der.example.com";
	struct csr *csr = test_ca_csr(
	    t, test_ca_key(t, KEY_EC_P256, 0), NULL, &san, 1, false);
	AUTO_BUF b64 = { 0 };

	base64_encode(csr->der, 0, &b64);
	world_call(w, "/certs",
	    arena_printf(t->a, "{\"csr\": \"%s\"}", buf_cstr(&b64)));
	/* The default profile. */
	assert_int_equal(w->status, 201);
}

static void
common_name_alone(void **state)
{
	struct world *w = *state;
	struct test_ca *t = w->t;
	AUTO_BUF b64 = { 0 };
	struct cert_row row;

	base64_encode(world_csr_without_names(w, "cn.example.com"), 0, &b64);
	world_call(w, "/certs",
	    arena_printf(t->a, "{\"csr\": \"%s\"}", buf_cstr(&b64)));
	assert_int_equal(w->status, 201);
	row = test_ca_row(t, world_text(w, "id"));
	assert_string_equal(row.names, "dns:cn.example.com");
}

static void
refusals(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *body, *type;
		int status;
	} rows[] = {
		{ "", "malformed", 400 },
		{ "[]", "malformed", 400 },
		{ "{", "malformed", 400 },
		{ "{} {}", "malformed", 400 },
		{ "{\"csr\": 1}", "malformed", 400 },
		{ "{\"profile\": \"default\"}", "malformed", 400 },
		{ "{\"csr\": \"AAAA\", \"profile\": \"nope\"}",
		    "profile-invalid", 400 },
		{ "{\"csr\": \"AAAA\"}", "bad-csr", 400 },
		{ "{\"csr\": \"*\"}", "malformed", 400 },
		{ "{\"csr\": \"-----BEGIN CERTIFICATE-----\\n"
		  "AAAA\\n-----END CERTIFICATE-----\\n\"}",
		    "bad-csr", 400 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		world_call(w, "/certs", rows[i].body);
		world_refused(w, rows[i].status, rows[i].type);
	}
	world_call(w, "/certs", world_issue_body(w, "default", NULL, NULL));
	world_refused(w, 400, "bad-csr");
	world_call(w, "/certs",
	    world_issue_body(w, "default", NULL, "[\"www.example.com\"]"));
	world_refused(w, 400, "malformed");
	world_call(w, "/certs", world_issue_body(w, "default", NULL, "[1]"));
	world_refused(w, 400, "malformed");
	world_call(w, "/certs", world_issue_body(w, "default", NULL, "\"a\""));
	world_refused(w, 400, "malformed");
}

static void
a_lost_signer(void **state)
{
	struct world *w = *state;

	w->t->signing = SIGNING_UNREACHABLE;
	world_call(w, "/certs",
	    world_issue_body(w, "default", "dns:www.example.com", NULL));
	world_refused(w, 503, "signer");
	w->t->signing = SIGNING_WORKS;
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(names_of_the_csr),
		T(names_that_were_given),
		T(der_in_base64),
		T(common_name_alone),
		T(refusals),
		T(a_lost_signer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
