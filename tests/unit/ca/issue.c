#include <pthread.h>
#include "support/unit.h"
#include "ca/core.h"
#include "ca/spec.h"
#include "codec/pem.h"
#include "support/test_ca.h"

#define DAY ((int64_t)24 * 3600)

struct asked {
	struct ca_request req;
	struct ca_issued out;
};

static void
ask(struct test_ca *t, struct asked *q, const char *profile,
    const char *const *names, size_t n)
{
	struct privkey *key = test_ca_key(t, KEY_EC_P256, 0);

	*q = (struct asked){
		.req = { .profile = ca_profile_find(t->ca, profile),
		    .csr = test_ca_csr(t, key, NULL, names, n, false),
		    .names = test_ca_names(t, names, n),
		    .requester = "operator" }
	};
}

static const char *const one[] = { "dns:a.example.net" };

static void
issues(void **state)
{
	struct test_ca *t = *state;
	struct asked q;
	struct cert cert;
	struct cert_row row;
	uint8_t sum[32];

	ask(t, &q, "default", one, 1);
	q.req.evidence = bytes_str("{\"how\":\"http-01\"}");
	assert_ok(t, ca_issue(t->ca, &q.req, t->a, &q.out, &t->err));
	assert_ok(t, cert_parse(q.out.der, t->a, &cert, &t->err));
	assert_int_equal(cert.not_before, t->now - 3600);
	assert_int_equal(cert.subject.n, 2);
	assert_true(cert.names_critical);
	assert_int_equal(cert.ski.n, 0);
	assert_string_equal(cert.ocsp_url, "http://ca.example.net:8080/ocsp");
	assert_string_equal(
	    cert.ca_issuers_url, "http://ca.example.net:8080/ca/issuing.cer");
	assert_string_equal(
	    cert.crl_urls[0], "http://ca.example.net:8080/crl/issuing.crl");
	row = test_ca_row(t, q.out.id);
	assert_int_equal(row.status, CERT_ISSUED);
	assert_memory_equal(row.serial, q.out.serial, SERIAL_SIZE);
	assert_memory_equal(row.profile_hash, profile_hash(q.req.profile), 32);
	assert_string_equal(row.names, "dns:a.example.net");
	assert_true(row.issued_position > row.intent_position);
	digest_sha256(q.req.evidence, sum);
	assert_memory_equal(row.evidence_sha256, sum, 32);
	assert_true(bytes_equal(row.tbs, cert.tbs));
}

/* Both ends belong to the lifetime: 185 million certificates were a second too
 * long.  90 days are 90 days. */
static void
le_2021_06_both_seconds_count(void **state)
{
	struct test_ca *t = *state;
	struct ca_issued out = test_ca_issue(t, "default", "a.example.net");
	struct cert cert;

	assert_ok(t, cert_parse(out.der, t->a, &cert, &t->err));
	assert_int_equal(cert.not_after - cert.not_before + 1, 90 * DAY);
}

/* Node, 40 bits of seconds, 112 random bits; never the same twice. */
static void
ejbca_2019_serials_have_their_bits(void **state)
{
	struct test_ca *t = *state;
	struct random random = random_system();
	uint8_t a[SERIAL_SIZE], b[SERIAL_SIZE];
	unsigned ones[SERIAL_SIZE] = { 0 };

	serial_draw(&random, 0x42, t->now, a);
	assert_int_equal(a[0], 0x42);
	for (int i = 0; i < 1000; i++) {
		int64_t at = 0;

		serial_draw(&random, 0x42, t->now, b);
		assert_memory_not_equal(a, b, SERIAL_SIZE);
		for (int k = 1; k <= 5; k++)
			at = at << 8 | b[k];
		assert_int_equal(at, t->now);
		for (int k = 6; k < (int)SERIAL_SIZE; k++)
			for (int bit = 0; bit < 8; bit++)
				ones[k] += b[k] >> bit & 1;
	}
	/* 4 000 expected of 8 000 bits in each place: seven sigma. */
	for (int k = 6; k < (int)SERIAL_SIZE; k++)
		assert_in_range(ones[k], 3690, 4310);
}

static void
chain_is_leaf_first_without_root(void **state)
{
	struct test_ca *t = *state;
	struct ca_issued out = test_ca_issue(t, "default", "b.example.net");
	struct bytes rest = out.pem_chain, der, pem, whole;
	struct cert_row row = test_ca_row(t, out.id);
	bool found;

	assert_ok(
	    t, pem_next(&rest, "CERTIFICATE", t->a, &found, &der, &t->err));
	assert_true(found && bytes_equal(der, out.der));
	assert_ok(
	    t, pem_next(&rest, "CERTIFICATE", t->a, &found, &der, &t->err));
	assert_true(found && bytes_equal(der, t->issuing_der));
	assert_ok(
	    t, pem_next(&rest, "CERTIFICATE", t->a, &found, &der, &t->err));
	assert_false(found);
	/* The stored one is the same. */
	assert_ok(t, ca_cert_chain(t->ca, &row, t->a, &pem, &whole, &t->err));
	assert_true(bytes_equal(pem, out.pem_chain));
	assert_true(bytes_equal(whole, out.der));
}

static void
lifetimes(void **state)
{
	static const struct {
		int64_t before, after; /* from now; 0: not asked */
		bool ok;
	} rows[] = {
		{ 0, 0, true },
		{ 0, 10 * DAY, true },
		{ -3600, 10 * DAY, true },
		{ -3601, 10 * DAY, false }, /* backdate is an hour */
		{ 0, 60 * DAY - 3601, true }, /* the whole of 60 days */
		/* Whoever asks for the end alone is not backdated. */
		{ 0, 60 * DAY - 3600, true },
		{ 0, 60 * DAY, true },
		{ 0, 60 * DAY + 59, true }, /* his clock is ahead */
		{ 0, 60 * DAY + 60, false },
		{ -1, 60 * DAY - 2, true },
		{ -1, 60 * DAY - 1, false },
		{ 60, 60 * DAY + 59, true },
		{ 60, 60 * DAY + 60, false },
		{ 301, 0, false },
		{ 300, 0, true },
		{ 0, -1, false },
		{ 200, 100, false },
	};
	struct test_ca *t = *state;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct asked q;
		struct err err = { 0 };

		ask(t, &q, "server", one, 1);
		if (rows[i].before != 0)
			q.req.not_before = t->now + rows[i].before;
		if (rows[i].after != 0)
			q.req.not_after = t->now + rows[i].after;
		if (ca_issue(t->ca, &q.req, t->a, &q.out, &err) != rows[i].ok)
			fail_msg("case %zu: %s", i, err.shown);
		if (rows[i].ok && rows[i].after != 0)
			assert_int_equal(
			    q.out.not_after, t->now + rows[i].after);
		if (!rows[i].ok)
			assert_int_equal(err.kind, ERR_REJECTED);
	}
}

/* What an order asks for is judged as its certificate will be. */
static void
times_of_an_order(void **state)
{
	static const struct {
		int64_t before, after; /* from now; 0: not asked */
		int64_t until; /* from now; 0: refused */
	} rows[] = {
		{ 0, 0, INT64_MAX - TEST_NOW },
		{ 0, 10 * DAY, 10 * DAY },
		{ -600, 0, 3000 },
		{ 60, 60 * DAY + 59, 3660 },
		{ 300, 0, 3900 },
		{ 0, 60 * DAY, 60 * DAY },
		{ 0, 60 * DAY + 60, 0 },
		{ 60, 60 * DAY + 60, 0 },
		{ -3601, 0, 0 },
		{ 301, 0, 0 },
		{ 0, -1, 0 },
		{ 200, 100, 0 },
		{ 0, 365 * DAY, 0 },
	};
	struct test_ca *t = *state;
	const struct profile *p = ca_profile_find(t->ca, "server");
	int64_t until;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct err err = { 0 };
		bool ok = ca_check_times(t->ca, p,
		    rows[i].before == 0 ? 0 : t->now + rows[i].before,
		    rows[i].after == 0 ? 0 : t->now + rows[i].after, &until,
		    &err);

		if (ok != (rows[i].until != 0))
			fail_msg("case %zu: %s", i, err.shown);
		if (ok)
			assert_int_equal(until, t->now + rows[i].until);
		else
			assert_int_equal(err.kind, ERR_REJECTED);
	}
}

/* Beyond the CA's own end: an error, never cut off. */
static void
ends_before_its_ca(void **state)
{
	struct test_ca *t = *state;
	int64_t then = t->now;
	struct asked q;
	struct cert ca;

	assert_ok(t, cert_parse(t->issuing_der, t->a, &ca, &t->err));
	t->now = ca.not_after - 90 * DAY + 3600 + 2;
	ask(t, &q, "default", one, 1);
	assert_fails(
	    t, ca_issue(t->ca, &q.req, t->a, &q.out, &t->err), ERR_REJECTED);
	t->now--;
	ask(t, &q, "default", one, 1);
	assert_ok(t, ca_issue(t->ca, &q.req, t->a, &q.out, &t->err));
	assert_int_equal(q.out.not_after, ca.not_after);
	t->now = then;
}

static void
bad_names(void **state)
{
	static const char *const twice[] = { "dns:a.example.net",
		"dns:a.example.net" };
	static const char *const denied[] = { "dns:a.example.net",
		"dns:example.com" };
	struct test_ca *t = *state;
	struct asked q;

	ask(t, &q, "server", one, 1);
	q.req.names.n = 0;
	assert_fails(
	    t, ca_issue(t->ca, &q.req, t->a, &q.out, &t->err), ERR_BAD_CSR);
	ask(t, &q, "server", one, 1);
	q.req.names = test_ca_names(t, twice, 2);
	assert_fails(
	    t, ca_issue(t->ca, &q.req, t->a, &q.out, &t->err), ERR_BAD_CSR);
	ask(t, &q, "server", one, 1);
	q.req.names = test_ca_names(t, denied, 2);
	assert_fails(t, ca_issue(t->ca, &q.req, t->a, &q.out, &t->err),
	    ERR_IDENTIFIER_REJECTED);
}

/* Each name is looked at: a bad one is found wherever it stands (the CA that
 * checked one name a hundred times would fail here). */
static void
le_2020_02_every_name_is_checked(void **state)
{
	struct test_ca *t = *state;
	const char *names[20];

	for (size_t bad = 0; bad < COUNT_OF(names); bad++) {
		struct asked q;

		for (size_t i = 0; i < COUNT_OF(names); i++)
			names[i] = arena_printf(t->a, "dns:n%zu.%s", i,
			    i == bad ? "example.com" : "example.net");
		ask(t, &q, "server", names, COUNT_OF(names));
		assert_fails(t, ca_issue(t->ca, &q.req, t->a, &q.out, &t->err),
		    ERR_IDENTIFIER_REJECTED);
	}
}

static void
bad_keys(void **state)
{
	struct test_ca *t = *state;
	struct asked q;
	struct csr forged;
	uint8_t sum[32];

	/* A type that the profile does not take. */
	ask(t, &q, "default", one, 1);
	q.req.csr =
	    test_ca_csr(t, test_ca_key(t, KEY_EC_P521, 0), NULL, one, 1, false);
	assert_fails(t, ca_issue(t->ca, &q.req, t->a, &q.out, &t->err),
	    ERR_BAD_PUBLIC_KEY);
	/* The account's own key. */
	ask(t, &q, "default", one, 1);
	digest_sha256(q.req.csr->spki, sum);
	q.req.forbidden_spki = sum;
	assert_fails(t, ca_issue(t->ca, &q.req, t->a, &q.out, &t->err),
	    ERR_BAD_PUBLIC_KEY);
	/* A CA's. */
	q.req.forbidden_spki = NULL;
	q.req.csr = test_ca_csr(t, t->issuing_key, NULL, one, 1, false);
	assert_fails(t, ca_issue(t->ca, &q.req, t->a, &q.out, &t->err),
	    ERR_BAD_PUBLIC_KEY);
	/* Possession is not proved. */
	ask(t, &q, "default", one, 1);
	forged = *q.req.csr;
	forged.info = bytes_of(
	    arena_dup(t->a, forged.info.p, forged.info.n), forged.info.n);
	((uint8_t *)(uintptr_t)forged.info.p)[forged.info.n - 1] ^= 1;
	q.req.csr = &forged;
	assert_false(ca_issue(t->ca, &q.req, t->a, &q.out, &t->err));
	assert_true(
	    t->err.kind == ERR_BAD_CSR || t->err.kind == ERR_BAD_SIGNATURE);
	err_clear(&t->err);
}

/* Small RSA, and one that ROCA would have made are crypto's tests; here: that
 * the profile's sizes reach them. */
static void
rsa_sizes(void **state)
{
	struct test_ca *t = *state;
	struct asked q;
	struct profile small = *ca_profile_find(t->ca, "default");

	ask(t, &q, "default", one, 1);
	q.req.csr =
	    test_ca_csr(t, test_ca_key(t, KEY_RSA, 2048), NULL, one, 1, false);
	small.t.rsa_min_bits = 3072;
	q.req.profile = &small;
	assert_fails(t, ca_issue(t->ca, &q.req, t->a, &q.out, &t->err),
	    ERR_BAD_PUBLIC_KEY);
}

static void
blocked_key(void **state)
{
	struct test_ca *t = *state;
	struct cert_row row;
	struct asked q;

	ask(t, &q, "default", one, 1);
	assert_ok(t, ca_issue(t->ca, &q.req, t->a, &q.out, &t->err));
	row = test_ca_row(t, q.out.id);
	assert_ok(t,
	    ca_revoke(
		t->ca, &row, REASON_KEY_COMPROMISE, "test", true, &t->err));
	assert_fails(t, ca_issue(t->ca, &q.req, t->a, &q.out, &t->err),
	    ERR_BAD_PUBLIC_KEY);
}

static void
subjects(void **state)
{
	static const struct {
		const char *profile, *cn, *subject;
	} rows[] = {
		{ "default", "a.example.net", "" },
		{ "server", NULL, "CN=a.example.net,O=Example Ltd,C=CH" },
		{ "server", "b.example.net",
		    "CN=a.example.net,O=Example Ltd,C=CH" },
	};
	struct test_ca *t = *state;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct asked q;
		struct cert cert;

		ask(t, &q, rows[i].profile, one, 1);
		q.req.csr = test_ca_csr(t, test_ca_key(t, KEY_EC_P256, 0),
		    rows[i].cn, one, 1, false);
		assert_ok(t, ca_issue(t->ca, &q.req, t->a, &q.out, &t->err));
		assert_ok(t, cert_parse(q.out.der, t->a, &cert, &t->err));
		assert_string_equal(
		    subject_text(t->a, cert.subject), rows[i].subject);
		assert_int_equal(
		    cert.names_critical, rows[i].subject[0] == '\0');
	}
}

static void
csr_common_names(void **state)
{
	static const struct {
		const char *cn, *subject;
	} rows[] = {
		{ "a.example.net", "CN=a.example.net" },
		{ "A.Example.NET", "CN=a.example.net" },
		{ "b.example.net", "" },
		{ NULL, "" },
	};
	struct test_ca *t = *state;
	struct profile p = *ca_profile_find(t->ca, "default");

	p.subject_cn = SUBJECT_CSR_CN;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct asked q;
		struct cert cert;

		ask(t, &q, "default", one, 1);
		q.req.profile = &p;
		q.req.csr = test_ca_csr(t, test_ca_key(t, KEY_EC_P256, 0),
		    rows[i].cn, one, 1, false);
		assert_ok(t, ca_issue(t->ca, &q.req, t->a, &q.out, &t->err));
		assert_ok(t, cert_parse(q.out.der, t->a, &cert, &t->err));
		assert_string_equal(
		    subject_text(t->a, cert.subject), rows[i].subject);
	}
}

/* The subject of the request, under a profile that takes it. */
static void
subjects_of_requests(void **state)
{
	static const char *const upn[] = { "upn:Jane@example.net" };
	static const struct {
		const char *profile, *cn;
		bool named;
		const char *subject; /* NULL: refused */
	} rows[] = {
		{ "devices", "Jane Doe", false, "CN=Jane Doe" },
		{ "devices", NULL, false, "" },
		{ "devices", "Jane Doe", true, NULL },
		{ "devices", "jane@EXAMPLE.net", true, "CN=jane@EXAMPLE.net" },
		{ "people", "Jane Doe", true, "" },
	};
	struct test_ca *t = *state;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct asked q;
		struct cert cert;
		struct err err = { 0 };

		ask(t, &q, rows[i].profile, upn, 1);
		q.req.csr = test_ca_csr(t, test_ca_key(t, KEY_EC_P256, 0),
		    rows[i].cn, upn, 1, false);
		q.req.subject_named = rows[i].named;
		if (rows[i].subject == NULL) {
			assert_false(
			    ca_issue(t->ca, &q.req, t->a, &q.out, &err));
			assert_int_equal(err.kind, ERR_REJECTED);
			continue;
		}
		assert_ok(t, ca_issue(t->ca, &q.req, t->a, &q.out, &t->err));
		assert_ok(t, cert_parse(q.out.der, t->a, &cert, &t->err));
		assert_string_equal(
		    subject_text(t->a, cert.subject), rows[i].subject);
		assert_true(rows[i].subject[0] == '\0' ||
		    bytes_equal(cert.subject, q.req.csr->subject));
		assert_int_equal(
		    cert.names_critical, rows[i].subject[0] == '\0');
		assert_true(cert.names.n == 1 &&
		    cert.names.v[0].type == NAME_UPN &&
		    strcmp(cert.names.v[0].text, "Jane@example.net") == 0);
	}
}

/* Go writes an emailAddress as a UTF8String (RFC 5280 appendix A.1 has an
 * IA5String). */
static void
subjects_of_go(void **state)
{
#define NAME(tag)                                                              \
	"\x30\x21\x31\x1f\x30\x1d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01"         \
	"\x09\x01" tag "\x10jane@example.net"
	static const uint8_t go[] = NAME("\x0c"), right[] = NAME("\x16");
	static const char *const names[] = { "email:jane@example.net" };
	struct test_ca *t = *state;
	struct csr csr;
	struct cert cert;
	struct asked q;

	ask(t, &q, "devices", names, 1);
	csr = *test_ca_csr(
	    t, test_ca_key(t, KEY_EC_P256, 0), NULL, names, 1, false);
	csr.subject = bytes_of(go, sizeof(go) - 1);
	q.req.csr = &csr;
	q.req.subject_named = true;
	assert_ok(t, ca_issue(t->ca, &q.req, t->a, &q.out, &t->err));
	assert_ok(t, cert_parse(q.out.der, t->a, &cert, &t->err));
	assert_true(
	    bytes_equal(cert.subject, bytes_of(right, sizeof(right) - 1)));
}

/* RFC 5280 section 4.1.2.6: nobody has the CA's name, in whatever form. */
static void
subject_of_the_ca(void **state)
{
	struct test_ca *t = *state;
	struct err err = { 0 };
	struct asked q;
	struct cert ca;
	struct csr csr;

	ask(t, &q, "devices", one, 1);
	assert_ok(t, cert_parse(t->issuing_der, t->a, &ca, &t->err));
	csr = *test_ca_csr(
	    t, test_ca_key(t, KEY_EC_P256, 0), NULL, one, 1, false);
	csr.subject = arena_bytes(t->a, ca.subject);
	q.req.csr = &csr;
	for (int i = 0; i < 2; i++) {
		err_clear(&err);
		assert_false(ca_check_request(t->ca, &q.req, t->a, &err));
		assert_int_equal(err.kind, ERR_REJECTED);
		assert_non_null(strstr(err.shown, "the name of CA"));
		/* The last letter of its CN, in the other case. */
		((uint8_t *)(uintptr_t)csr.subject.p)[csr.subject.n - 1] ^=
		    0x20;
	}
}

/* Of types that the profile does not list, and beside the names of a server. */
static void
subjects_that_are_refused(void **state)
{
	static const char *server[] = { "1.3.6.1.5.5.7.3.1" },
			  *types[] = { "O" };
	struct test_ca *t = *state;
	const struct profile *devices = ca_profile_find(t->ca, "devices");

	for (int i = 0; i < 4; i++) {
		struct profile p = *devices;
		struct err err = { 0 };
		struct asked q;
		bool ok;

		ask(t, &q, "devices", one, 1);
		if (i == 1 || i == 2)
			p.eku = (struct config_strings){ server, 1 };
		if (i == 3)
			p.t.subject_attributes =
			    (struct config_strings){ types, 1 };
		q.req.profile = &p;
		q.req.csr = test_ca_csr(t, test_ca_key(t, KEY_EC_P256, 0),
		    i == 1 ? "A.example.net" : "Jane Doe", one, 1, false);
		ok = ca_check_request(t->ca, &q.req, t->a, &err);
		assert_int_equal(ok, i < 2);
		assert_int_equal(err.kind, i < 2 ? ERR_NONE : ERR_REJECTED);
	}
}

static void
must_staple(void **state)
{
	struct test_ca *t = *state;
	struct profile p = *ca_profile_find(t->ca, "default");

	for (int mode = MUST_STAPLE_NEVER; mode <= MUST_STAPLE_ALWAYS; mode++)
		for (int asked = 0; asked < 2; asked++) {
			struct asked q;
			struct cert cert;

			p.must_staple = (enum must_staple)mode;
			ask(t, &q, "default", one, 1);
			q.req.profile = &p;
			q.req.csr =
			    test_ca_csr(t, test_ca_key(t, KEY_EC_P256, 0), NULL,
				one, 1, asked != 0);
			assert_ok(
			    t, ca_issue(t->ca, &q.req, t->a, &q.out, &t->err));
			assert_ok(
			    t, cert_parse(q.out.der, t->a, &cert, &t->err));
			assert_int_equal(cert.must_staple,
			    mode == MUST_STAPLE_ALWAYS ||
				(mode == MUST_STAPLE_REQUESTED && asked));
		}
}

/* RFC 6960 section 4.2.2.2: OCSPSigning alone, nocheck, nothing to fetch. */
static void
responder(void **state)
{
	struct test_ca *t = *state;
	struct ca_issued out;
	struct cert_row row;
	struct cert cert;

	assert_ok(t,
	    ca_issue_responder(t->ca, "issuing", privkey_spki(t->responder_key),
		"self", t->a, &out, &t->err));
	assert_ok(t, cert_parse(out.der, t->a, &cert, &t->err));
	assert_int_equal(cert.eku_n, 1);
	assert_string_equal(cert.eku[0], "1.3.6.1.5.5.7.3.9");
	assert_true(cert.ocsp_nocheck && !cert.has_names && !cert.is_ca);
	assert_int_equal(cert.key_usage, KU_DIGITAL_SIGNATURE);
	assert_true(cert.key_usage_critical);
	assert_int_equal(cert.crl_urls_n, 0);
	assert_null(cert.ca_issuers_url);
	assert_string_equal(
	    subject_text(t->a, cert.subject), "CN=Test Issuing OCSP");
	row = test_ca_row(t, out.id);
	assert_string_equal(row.profile, "ocsp-responder");
	assert_int_equal(row.status, CERT_ISSUED);
	/* Its profile is no one's to ask for. */
	assert_null(ca_profile_find(t->ca, "ocsp-responder"));
	/* Any other key is none of the signer's. */
	assert_fails(t,
	    ca_issue_responder(t->ca, "issuing",
		privkey_spki(test_ca_key(t, KEY_EC_P256, 0)), "self", t->a,
		&out, &t->err),
	    ERR_SIGNER_REFUSED);
	/* A CA without an online key has no responder from here. */
	assert_fails(t,
	    ca_issue_responder(t->ca, "root", privkey_spki(t->responder_key),
		"self", t->a, &out, &t->err),
	    ERR_REJECTED);
}

static void
check_records_nothing(void **state)
{
	struct test_ca *t = *state;
	struct cert_row *rows;
	struct asked q;
	size_t n;

	ask(t, &q, "default", one, 1);
	assert_ok(t, ca_check_request(t->ca, &q.req, t->a, &t->err));
	assert_ok(
	    t, store_cert_list_intents(t->store, t->a, &rows, &n, &t->err));
	assert_int_equal(n, 0);
	q.req.profile = ca_profile_find(t->ca, "people");
	assert_fails(t, ca_check_request(t->ca, &q.req, t->a, &t->err),
	    ERR_IDENTIFIER_REJECTED);
}

static void
finds_its_own(void **state)
{
	struct test_ca *t = *state;
	struct ca_issued out = test_ca_issue(t, "default", "c.example.net");
	struct bytes forged =
	    bytes_of(arena_dup(t->a, out.der.p, out.der.n), out.der.n);
	struct cert_row row;
	struct cert cert;

	assert_ok(t, ca_find_cert(t->ca, out.der, t->a, &row, &cert, &t->err));
	assert_string_equal(row.id, out.id);
	/* Same serial, another signature: not ours. */
	((uint8_t *)(uintptr_t)forged.p)[forged.n - 1] ^= 1;
	assert_fails(t, ca_find_cert(t->ca, forged, t->a, &row, &cert, &t->err),
	    ERR_NOT_FOUND);
	assert_fails(t,
	    ca_find_cert(t->ca, t->root_der, t->a, &row, &cert, &t->err),
	    ERR_NOT_FOUND);
	assert_fails(t,
	    ca_find_cert(t->ca, bytes_str("x"), t->a, &row, &cert, &t->err),
	    ERR_MALFORMED);
}

/* ---- many at once ---- */

struct crowd {
	struct test_ca *t;
	struct csr *csr;
	struct names names;
	unsigned failed;
};

static void *
crowd_main(void *arg)
{
	struct crowd *c = arg;

	for (int i = 0; i < 25; i++) {
		AUTO_ARENA *a = arena_new();
		struct ca_request req = {
			.profile = ca_profile_find(c->t->ca, "default"),
			.csr = c->csr,
			.names = c->names,
			.requester = "operator",
		};
		struct ca_issued out;
		struct err err = { 0 };

		c->failed += !ca_issue(c->t->ca, &req, a, &out, &err);
	}
	return NULL;
}

static void
many_threads(void **state)
{
	struct test_ca *t = *state;
	struct privkey *key = test_ca_key(t, KEY_EC_P256, 0);
	struct ca_counters before, after;
	struct crowd crowd[8];
	pthread_t threads[COUNT_OF(crowd)];

	ca_counters_get(t->ca, &before);
	for (size_t i = 0; i < COUNT_OF(crowd); i++) {
		crowd[i] = (struct crowd){ .t = t,
			.csr = test_ca_csr(t, key, NULL, one, 1, false),
			.names = test_ca_names(t, one, 1) };
		assert_int_equal(
		    pthread_create(&threads[i], NULL, crowd_main, &crowd[i]),
		    0);
	}
	for (size_t i = 0; i < COUNT_OF(crowd); i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(crowd[i].failed, 0);
	}
	ca_counters_get(t->ca, &after);
	assert_int_equal(after.issued - before.issued, 200);
	assert_null(t->ca->inflight);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(issues),
		cmocka_unit_test(ejbca_2019_serials_have_their_bits),
		cmocka_unit_test(chain_is_leaf_first_without_root),
		cmocka_unit_test(le_2021_06_both_seconds_count),
		cmocka_unit_test(lifetimes),
		cmocka_unit_test(times_of_an_order),
		cmocka_unit_test(bad_names),
		cmocka_unit_test(le_2020_02_every_name_is_checked),
		cmocka_unit_test(bad_keys),
		cmocka_unit_test(rsa_sizes),
		cmocka_unit_test(blocked_key),
		cmocka_unit_test(subjects),
		cmocka_unit_test(csr_common_names),
		cmocka_unit_test(subjects_of_requests),
		cmocka_unit_test(subjects_of_go),
		cmocka_unit_test(subject_of_the_ca),
		cmocka_unit_test(subjects_that_are_refused),
		cmocka_unit_test(must_staple),
		cmocka_unit_test(responder),
		cmocka_unit_test(check_records_nothing),
		cmocka_unit_test(finds_its_own),
		cmocka_unit_test(many_threads),
		cmocka_unit_test(ends_before_its_ca),
	};

	return cmocka_run_group_tests(tests, test_ca_setup, test_ca_teardown);
}
