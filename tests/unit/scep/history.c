/*
 * What went wrong in other servers of SCEP and EST, one test each, by the name
 * of the incident; docs/testing.md has the table.  Those whose rule is of EST
 * stand there.
 */
#include <openssl/err.h>
#include "ca/token.h"
#include "codec/oid.h"
#include "codec/pem.h"
#include "forge.h"
#include "util/text.h"

static struct bytes
request(struct world *w, const char *names)
{
	return world_csr(w, w->one.key, names, WORLD_CHALLENGE);
}

/* An address of its own each time: what is refused counts. */
static struct answer
ask(struct world *w, struct letter l)
{
	static unsigned n;

	l.peer = arena_printf(w->a, "203.0.113.%u", 1 + n++ % 250);
	return world_ask(w, &l);
}

/* GHSA-q4r8-xm5f-56gw: a type that the parser knew and the check did not was
 * issued without a challenge; and an unset challenge was equal to none. */
static void
step_ca_cve_2026_30836_nothing_is_issued_by_default(void **state)
{
	struct world *w = *state;

	for (unsigned type = 0; type < 40; type++) {
		struct letter l = { .type = type,
			.transaction = arena_printf(w->a, "%u", type),
			.content =
			    world_csr(w, w->one.key, "a.example.net", NULL) };
		struct forge f = forge_usual(w, world_enclose(w, &l));

		f.at[FORGE_TYPE].values = forge_value(w, DER_PRINTABLE_STRING,
		    bytes_str(arena_printf(w->a, "%u", type)));
		assert_int_not_equal(forge_send(w, &f).status, SCEP_SUCCESS);
		/* Where nobody said who may enrol, an operator says it. */
		l.path = "/scep/queue";
		l.type = type == 0 ? 1 : type;
		assert_int_equal(ask(w, l).status,
		    type == SCEP_PKCS_REQ ? SCEP_PENDING : SCEP_FAILURE);
	}
	assert_int_equal(world_issued(w), 0);
}

/* GHSA-h8cp-697h-8c8p: what authorized one thing authorized all.  A secret is
 * of its profile, a challenge of its protocol's profile. */
static void
step_ca_cve_2025_44005_secrets_are_of_one_profile(void **state)
{
	struct world *w = *state;
	const char *names[] = { "dns:a.example.net" };
	struct token_spec spec = { .profile = "other",
		.names = test_ca_names(w->t, names, 1),
		.uses = 1,
		.expires_at = w->t->now + 3600,
		.by = "test" };
	char secret[TOKEN_SECRET_LENGTH + 1];
	struct letter l = { .transaction = "X" };
	struct token token;

	assert_ok(w->t,
	    ca_token_create(w->t->ca, &spec, w->a, &token, secret, &w->t->err));
	l.content = world_csr(w, w->one.key, "a.example.net", secret);
	assert_failed(ask(w, l), SCEP_BAD_REQUEST);
	/* The shared challenge is none where secrets are asked for. */
	l.path = "/scep/other";
	l.content = request(w, "a.example.net");
	assert_failed(ask(w, l), SCEP_BAD_REQUEST);
	assert_int_equal(world_issued(w), 0);
	/* It was not spent by that. */
	l.content = world_csr(w, w->one.key, "a.example.net", secret);
	assert_granted(ask(w, l));
}

/* certctl: what failed as a message was tried as a CSR, which checked neither
 * signature nor encryption. */
static void
certctl_there_is_no_second_parser(void **state)
{
	struct world *w = *state;
	struct bytes csr = request(w, "a.example.net"), whole;
	struct letter l = { .content = csr };
	struct forge f;
	AUTO_BUF pem = { 0 };
	AUTO_BUF bag = { 0 };

	/* As it is; in PEM; signed and not enveloped; in a bag. */
	assert_int_equal(forge_ask(w, csr).http, 400);
	buf_add_str(&pem, "-----BEGIN CERTIFICATE REQUEST-----\n");
	base64_encode(csr, 64, &pem);
	buf_add_str(&pem, "\n-----END CERTIFICATE REQUEST-----\n");
	assert_int_equal(forge_ask(w, buf_bytes(&pem)).http, 400);
	f = forge_usual(w, csr);
	assert_failed(forge_send(w, &f), SCEP_BAD_MESSAGE_CHECK);
	pkcs7_certs_put(&bag, &w->one.der, 1);
	assert_int_equal(forge_ask(w, buf_bytes(&bag)).http, 400);
	/* Enveloped and not signed; signed, but by nobody. */
	assert_int_equal(forge_ask(w, world_enclose(w, &l)).http, 400);
	whole = arena_bytes(w->a, world_write(w, &l));
	((uint8_t *)(uintptr_t)whole.p)[whole.n - 9] ^= 1;
	assert_failed(forge_ask(w, whole), SCEP_BAD_MESSAGE_CHECK);
	assert_int_equal(world_issued(w), 0);
}

/* VU#971035: who knows the password could be anybody. */
static void
vu_971035_a_password_is_not_every_name(void **state)
{
	struct world *w = *state;
	static const char *const others[] = { "a.example.org", "example.net",
		"a.example.net evil.example.org", "a.example.net.evil.test",
		"a.example.net *.example.org", "xexample.net" };

	for (size_t i = 0; i < COUNT_OF(others); i++) {
		const struct letter l = { .transaction =
					      arena_printf(w->a, "V%zu", i),
			.content = request(w, others[i]) };

		assert_failed(ask(w, l), SCEP_BAD_REQUEST);
	}
	assert_int_equal(world_issued(w), 0);
	const struct letter l = { .content = request(w, "a.example.net") };
	assert_granted(ask(w, l));
}

/* sscep#189, openxpki#126, and sscep's constant transaction: it is the client's
 * text, and says nothing of who asks. */
static void
sscep_189_a_transaction_is_no_key(void **state)
{
	struct world *w = *state;
	struct letter l = { .transaction = "SSCEP transactionId",
		.content = request(w, "a.example.net") };
	struct bytes message = world_write(w, &l);
	struct answer first = world_send(w, &l, message), again;

	assert_granted(first);
	/* Replayed, by whomever: the same certificate, to the same key. */
	l.peer = "203.0.113.77";
	again = world_send(w, &l, message);
	assert_granted(again);
	assert_true(bytes_equal(again.first.der, first.first.der));
	/* The same key asks for something else: not the old one. */
	l.content = request(w, "b.example.net");
	again = world_ask(w, &l);
	assert_granted(again);
	assert_false(bytes_equal(again.first.der, first.first.der));
	/* Another key under it is told nothing of the first. */
	l.by = &w->two;
	l.content = world_csr(w, w->two.key, "a.example.net", WORLD_CHALLENGE);
	assert_failed(ask(w, l), SCEP_BAD_REQUEST);
	l.content = request(w, "a.example.net");
	assert_failed(ask(w, l), SCEP_BAD_REQUEST);
	assert_int_equal(world_issued(w), 2);
}

/* RFC 8894 section 3.2.1.1: a PrintableString, unless the client's text is
 * none: Go's encoding/asn1 reads no reply with such a one. */
static void
go_reads_the_transaction_of_a_reply(void **state)
{
	static const struct {
		const char *text;
		int tag;
	} rows[] = { { "0123 abcXYZ'()+,-./:=?", DER_PRINTABLE_STRING },
		{ "device_7@example.net", DER_UTF8_STRING },
		{ "a*", DER_UTF8_STRING } };
	struct world *w = *state;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct letter l = { .transaction = rows[i].text,
			.content = request(w, "a.example.net") };
		struct answer got = world_ask(w, &l);
		const struct cms_attribute *at =
		    cms_attribute_find(&got.whole.cms,
			bytes_str("\x60\x86\x48\x01\x86\xf8\x45\x01\x09\x07"));

		assert_granted(got);
		assert_non_null(at);
		assert_int_equal(at->value.p[0], rows[i].tag);
	}
}

/* Infisical#6163, Dogtag PR#5005: who signs a renewal, and for what. */
static void
infisical_6163_dogtag_5005_renewals_are_held_to_the_record(void **state)
{
	struct world *w = *state;
	struct answer got = world_enrol(w, NULL, "a.example.net");
	struct letter l = { .type = SCEP_RENEWAL_REQ };
	struct cert_row row;
	struct cert cert;

	/* A certificate that looks like it, by its holder's own hand. */
	AUTO(X509) *x = X509_dup(w->two.x509);
	const uint8_t *p = got.first.der.p;
	AUTO(X509) *real = d2i_X509(NULL, &p, (long)got.first.der.n);
	X509_set_subject_name(x, X509_get_subject_name(real));
	X509_set_issuer_name(x, X509_get_issuer_name(real));
	X509_set_serialNumber(x, X509_get_serialNumber(real));
	assert_true(X509_sign(x, w->two.pkey, EVP_sha256()) > 0);
	struct client forged = w->two;
	forged.x509 = x;
	l.by = &forged;
	l.transaction = "D1";
	l.content = world_csr(w, w->two.key, "a.example.net", NULL);
	assert_int_equal(ask(w, l).status, SCEP_FAILURE);

	world_take(w, &w->one, &got);
	l.by = NULL;
	/* One name more, another one, and another subject. */
	static const char *const names[] = { "a.example.net b.example.net",
		"b.example.net", "b.example.net a.example.net" };
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		l.transaction = arena_printf(w->a, "D2%zu", i);
		l.content = world_csr(w, w->two.key, names[i], NULL);
		assert_failed(ask(w, l), SCEP_BAD_REQUEST);
	}
	assert_ok(w->t,
	    ca_find_cert(
		w->t->ca, got.first.der, w->a, &row, &cert, &w->t->err));
	assert_ok(w->t,
	    ca_revoke(w->t->ca, &row, REASON_KEY_COMPROMISE, "test", false,
		&w->t->err));
	l.transaction = "D3";
	l.content = world_csr(w, w->two.key, "a.example.net", NULL);
	assert_failed(ask(w, l), SCEP_BAD_REQUEST);
	assert_int_equal(world_issued(w), 1);
}

static bool
has_cap(struct bytes caps, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = (const char *)caps.p; (p = strstr(p, name));
	     p += n)
		if ((p == (const char *)caps.p || p[-1] == '\n') &&
		    p[n] == '\n')
			return true;
	return false;
}

/* RFC 8894 section 7.5: whoever is on the way may change GetCACaps, so what it
 * says is no more than what is done, and the floor is the server's. */
static void
rfc_8894_7_5_capabilities_are_the_floor(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *path;
		bool legacy;
	} rows[] = { { "/scep", false }, { "/scep/legacy", true } };

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct http_req req = { .arena = w->a,
			.method = HTTP_GET,
			.path = (char *)(uintptr_t)rows[i].path,
			.target = (char *)(uintptr_t)rows[i].path,
			.query = (char *)(uintptr_t) "operation=GetCACaps",
			.http_version = 11,
			.listener = LISTENER_HTTP,
			.now = w->t->now };
		struct letter l = { .path = rows[i].path,
			.transaction = arena_printf(w->a, "L%zu", i),
			.content = request(w, "a.example.net") };
		struct bytes caps;

		http_serve(w->routes, &req, &w->resp);
		assert_int_equal(w->resp.status, 200);
		caps = bytes_str(arena_str(w->a, http_resp_body(&w->resp)));
		assert_true(has_cap(caps, "SCEPStandard"));
		assert_true(has_cap(caps, "SHA-256"));
		assert_false(has_cap(caps, "DES"));
		assert_false(has_cap(caps, "MD5"));
		assert_int_equal(has_cap(caps, "DES3"), rows[i].legacy);
		assert_int_equal(has_cap(caps, "SHA-1"), rows[i].legacy);
		/* Asked for all the same. */
		l.digest = EVP_sha1();
		assert_int_equal(
		    ask(w, l).status == SCEP_SUCCESS, rows[i].legacy);
		l.digest = NULL;
		l.cipher = EVP_des_ede3_cbc();
		assert_int_equal(
		    ask(w, l).status == SCEP_SUCCESS, rows[i].legacy);
		l.cipher = NULL;
		l.digest = EVP_md5();
		assert_int_equal(ask(w, l).http, 400);
	}
}

/* certctl, OpenXPKI: no way to authenticate meant that nobody had to. */
static void
certctl_no_authentication_is_an_operators_matter(void **state)
{
	struct world *w = *state;
	static const char *const challenges[] = { NULL, "", "anything" };

	for (size_t i = 0; i < COUNT_OF(challenges); i++) {
		const struct letter l = { .path = "/scep/queue",
			.transaction = arena_printf(w->a, "N%zu", i),
			.content = world_csr(
			    w, w->one.key, "a.example.net", challenges[i]) };

		assert_int_equal(ask(w, l).status, SCEP_PENDING);
	}
	assert_int_equal(world_issued(w), 0);
}

/* step-ca, micromdm: texts of the program's own errors went out. */
static void
step_ca_no_error_text_goes_out(void **state)
{
	struct world *w = *state;
	static const char *const inner[] = { "error:", "openssl", "sqlite",
		".c:", "/", "asn1", "0x" };
	struct letter good = { .content = request(w, "a.example.net") };
	struct bytes whole = world_write(w, &good);

	for (size_t i = 0; i < 60; i++) {
		uint8_t *octets = arena_dup(w->a, whole.p, whole.n);
		struct answer got;
		const char *said;

		octets[i * whole.n / 60] ^= 0x24;
		got = forge_ask(w, bytes_of(octets, whole.n));
		if (got.status == SCEP_SUCCESS)
			continue;
		said = got.http == 200
		    ? got.text
		    : arena_str(w->a, http_resp_body(&w->resp));
		assert_non_null(said);
		assert_true(strlen(said) < 200);
		for (size_t k = 0; k < COUNT_OF(inner); k++)
			if (strcasestr(said, inner[k]) != NULL)
				fail_msg("octet %zu: %s", i, said);
		assert_true(
		    got.http == 200 || got.http == 400 || got.http == 413);
	}
}

/* strongSwan CVE-2026-78123: clients read our answers; so does a second reader
 * here, which is ours and OpenSSL's, with each octet changed. */
static void
strongswan_cve_2026_78123_changed_answers_do_not_verify(void **state)
{
	struct world *w = *state;
	struct answer got = world_enrol(w, NULL, "a.example.net");
	struct bytes whole = arena_bytes(w->a, http_resp_body(&w->resp));
	size_t verified = 0;

	assert_true(whole.n == got.size);
	for (size_t i = 0; i < whole.n; i++) {
		AUTO_ARENA *a = arena_new();
		uint8_t *octets = arena_dup(a, whole.p, whole.n);
		const uint8_t *p = octets;
		struct scep_request r;
		struct err err = { 0 };
		struct cert signer;
		CMS_ContentInfo *theirs;

		octets[i] ^= (uint8_t)(1u << i % 8);
		if (scep_request_parse(
			bytes_of(octets, whole.n), a, &r, &err) &&
		    cms_signer_find(&r.cms, a, &signer, &err) &&
		    cms_signed_verify(w->lane, &r.cms, &signer.key, &err)) {
			verified++;
			/* Only what nobody signs was changed. */
			assert_true(
			    bytes_equal(r.cms.content, got.whole.cms.content));
			assert_true(bytes_equal(r.cms.signed_attributes,
			    got.whole.cms.signed_attributes));
		}
		theirs = d2i_CMS_ContentInfo(NULL, &p, (long)whole.n);
		CMS_ContentInfo_free(theirs);
		ERR_clear_error();
	}
	/* Most of an answer is signed, or says what is. */
	assert_true(verified < whole.n / 2);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(step_ca_cve_2026_30836_nothing_is_issued_by_default),
		TEST(step_ca_cve_2025_44005_secrets_are_of_one_profile),
		TEST(certctl_there_is_no_second_parser),
		TEST(vu_971035_a_password_is_not_every_name),
		TEST(sscep_189_a_transaction_is_no_key),
		TEST(go_reads_the_transaction_of_a_reply),
		TEST(
		    infisical_6163_dogtag_5005_renewals_are_held_to_the_record),
		TEST(rfc_8894_7_5_capabilities_are_the_floor),
		TEST(certctl_no_authentication_is_an_operators_matter),
		TEST(step_ca_no_error_text_goes_out),
		TEST(strongswan_cve_2026_78123_changed_answers_do_not_verify),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
