#include "signer/check.h"
#include "world.h"

static void
test_hosts_below(void **state)
{
	static const struct {
		const char *host, *domain;
		bool below;
	} rows[] = {
		{ "example.com", "example.com", true },
		{ "a.example.com", "example.com", true },
		{ "A.Example.COM", "example.com", true },
		{ "aexample.com", "example.com", false },
		{ "example.com.evil", "example.com", false },
		{ "com", "example.com", false },
		{ "example.com", ".example.com", false },
		{ "a.example.com", ".example.com", true },
		{ "*.example.com", ".example.com", true },
		{ "*.example.com", "example.com", true },
		{ "*.com", "example.com", false },
		{ "anything", "", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(check_host_below(rows[i].host, rows[i].domain),
		    rows[i].below);
}

static void
test_uri_hosts(void **state)
{
	static const struct {
		const char *uri, *host;
	} rows[] = {
		{ "https://A.example/x", "a.example" },
		{ "https://a.example:8443", "a.example" },
		{ "https://evil@a.example/", "a.example" },
		{ "https://a.example@evil.org/", "evil.org" },
		{ "https://a.example#@evil.org/", "a.example" },
		{ "ldap://[2001:db8::1]:389/", "[2001:db8::1]" },
		{ "urn:uuid:1", NULL },
		{ "urn:uuid://a.example/", NULL },
		{ "https:///x", NULL },
	};
	AUTO_ARENA *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const char *host = check_uri_host(rows[i].uri, a);

		if (rows[i].host == NULL)
			assert_null(host);
		else
			assert_string_equal(host, rows[i].host);
	}
}

static const struct subject no_subject = { 0 };

static struct cert
cert_with(struct world *w, const struct subject *subject, const char *tagged)
{
	struct cert_spec s = world_leaf(w);
	struct cert cert;
	struct err err = { 0 };
	AUTO_BUF b = { 0 };

	subject_put(&b, subject);
	s.subject = arena_take_buf(w->arena, &b);
	s.names_critical = true;
	s.names = world_names(w, &tagged, 1);
	if (!cert_parse_tbs(world_tbs(w, &s), w->arena, &cert, &err))
		print_error("%s\n", err.shown);
	assert_int_equal(err.kind, ERR_NONE);
	return cert;
}

static bool
allowed(struct world *w, const struct cert *cert)
{
	const struct check c = { .limits = &w->limits,
		.sig_alg = privkey_sig_alg(w->ca),
		.now = world_now(w),
		.arena = w->arena };
	struct err err = { 0 };

	return check_names(&c, cert, &err) && check_subject(&c, cert, &err) &&
	    check_constraints(&c, cert, &err);
}

static void
test_lists(void **state)
{
	static const struct {
		const char *name;
		bool allowed;
	} rows[] = {
		{ "dns:example.com", true },
		{ "dns:a.b.example.com", true },
		{ "dns:*.example.com", true },
		{ "dns:below.example", false },
		{ "dns:a.below.example", true },
		{ "dns:*.below.example", true },
		{ "dns:example.org", false },
		{ "ip:192.0.2.255", true },
		{ "ip:192.0.3.0", false },
		{ "ip:2001:db8:7fff::1", true },
		{ "ip:2001:db8:8000::1", false },
		{ "email:a@example.com", true },
		{ "email:a@sub.example.com", false },
		{ "uri:https://example.com/a", true },
		{ "uri:https://example.com:1/a", false },
		{ "uri:http://example.com/", false },
		{ "upn:a@example.com", true },
		{ "upn:a@sub.example.com", false },
		{ "upn:a@x.below.example", true },
		{ "upn:a@below.example", false },
	};
	struct world w;

	(void)state;
	world_make(&w);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct cert cert = cert_with(&w, &no_subject, rows[i].name);

		if (allowed(&w, &cert) != rows[i].allowed)
			print_error("%s\n", rows[i].name);
		assert_int_equal(allowed(&w, &cert), rows[i].allowed);
	}
	world_free(&w);
}

/* An empty list is any name; a type that is off is none. */
static void
test_empty_lists_and_types(void **state)
{
	static const char *const names[] = { "dns:any.example.org",
		"ip:198.51.100.1", "email:a@b.example", "uri:urn:x:y",
		"upn:a@b.example" };
	struct world w;

	(void)state;
	world_make(&w);
	w.limits.dns_allow.n = w.limits.ip_allow.n = 0;
	w.limits.email_allow.n = w.limits.uri_allow.n = 0;
	w.limits.upn_allow.n = 0;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct cert cert = cert_with(&w, &no_subject, names[i]);

		assert_true(allowed(&w, &cert));
	}
	w.limits.dns = w.limits.ip = w.limits.email = w.limits.uri = false;
	w.limits.upn = false;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct cert cert = cert_with(&w, &no_subject, names[i]);

		assert_false(allowed(&w, &cert));
	}
	world_free(&w);
}

/* No profile with wildcards, no wildcard, however it is allowed as a name. */
static void
test_no_wildcards(void **state)
{
	struct world w;
	struct cert cert;

	(void)state;
	world_make(&w);
	cert = cert_with(&w, &no_subject, "dns:*.example.com");
	assert_true(allowed(&w, &cert));
	w.limits.wildcards = false;
	assert_false(allowed(&w, &cert));
	w.limits.dns_allow.n = 0;
	assert_false(allowed(&w, &cert));
	world_free(&w);
}

static void
test_common_name(void **state)
{
	const struct subject rows[] = { { .common_name = "WWW.example.com" },
		{ .organization = "Example" },
		{ .common_name = "other.example.com" },
		{ .common_name = "Jane Doe" } };
	struct world w;

	(void)state;
	world_make(&w);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct cert cert =
		    cert_with(&w, &rows[i], "dns:www.example.com");

		assert_int_equal(allowed(&w, &cert), i < 2);
	}
	world_free(&w);
}

/* A CA whose profiles take the subject of the request, of some types. */
static void
test_requested_subject(void **state)
{
	static const char *const types[] = { "CN", "O" };
	static const char *const user[] = { "1.3.6.1.5.5.7.3.2" };
	const struct subject jane = { .common_name = "Jane Doe",
		.organization = "Any" };
	const struct subject unit = { .common_name = "Jane Doe",
		.organizational_unit = "Any" };
	struct world w;
	struct cert cert;

	(void)state;
	world_make(&w);
	cert = cert_with(&w, &jane, "dns:www.example.com");
	cert.eku[0] = user[0];
	cert.eku_n = 1;
	assert_false(allowed(&w, &cert));
	w.limits.subject_request = true;
	assert_true(allowed(&w, &cert));
	w.limits.subject_attributes = (struct signer_strings){ types, 2 };
	assert_true(allowed(&w, &cert));
	w.limits.subject_attributes.n = 1;
	assert_false(allowed(&w, &cert));
	w.limits.subject_attributes.n = 2;
	/* Nothing beside the names for what a TLS server shows. */
	cert.eku[0] = "1.3.6.1.5.5.7.3.1";
	assert_false(allowed(&w, &cert));
	cert.eku_n = 0;
	assert_false(allowed(&w, &cert));
	cert = cert_with(&w, &unit, "dns:www.example.com");
	cert.eku[0] = user[0];
	cert.eku_n = 1;
	assert_false(allowed(&w, &cert));
	world_free(&w);
}

/* An address in the subject is one of those that the CA signs, and nobody's
 * subject is the CA's. */
static void
test_requested_subject_that_is_not_the_clients(void **state)
{
	static const uint8_t other[] = "\x30\x20\x31\x1e\x30\x1c\x06\x09\x2a"
				       "\x86\x48\x86\xf7\x0d\x01\x09\x01\x16"
				       "\x0f"
				       "ops@example.org";
	struct world w;
	struct cert cert;

	(void)state;
	world_make(&w);
	w.limits.subject_request = true;
	cert = cert_with(&w, &no_subject, "dns:www.example.com");
	cert.subject = bytes_of(other, sizeof(other) - 1);
	assert_false(allowed(&w, &cert));
	w.limits.email_allow.n = 0;
	assert_true(allowed(&w, &cert));
	w.limits.email = false;
	assert_false(allowed(&w, &cert));
	cert.eku[0] = "1.3.6.1.5.5.7.3.2";
	cert.eku_n = 1;
	cert.subject = w.ca_name;
	assert_false(allowed(&w, &cert));
	w.limits.issuer_name = bytes_of(other, sizeof(other) - 1);
	assert_true(allowed(&w, &cert));
	world_free(&w);
}

/* ---- name constraints ---- */

static void
subtree(struct buf *b, int tag, struct bytes base)
{
	size_t mark = der_open(b, DER_SEQUENCE);

	der_put(b, tag, base);
	der_close(b, mark);
}

/* NameConstraints of one permitted and one excluded base; an empty tag: none.
 */
static struct bytes
constraints_of(struct world *w, int permitted, struct bytes p, int excluded,
    struct bytes x)
{
	AUTO_BUF b = { 0 };
	size_t outer = der_open(&b, DER_SEQUENCE), mark;

	if (permitted != 0) {
		mark = der_open(&b, DER_CONTEXT_CONSTRUCTED(0));
		subtree(&b, permitted, p);
		der_close(&b, mark);
	}
	if (excluded != 0) {
		mark = der_open(&b, DER_CONTEXT_CONSTRUCTED(1));
		subtree(&b, excluded, x);
		der_close(&b, mark);
	}
	der_close(&b, outer);
	return arena_take_buf(w->arena, &b);
}

#define OTHER DER_CONTEXT_CONSTRUCTED(0)
#define EMAIL DER_CONTEXT(1)
#define DNS DER_CONTEXT(2)
#define DIRECTORY DER_CONTEXT_CONSTRUCTED(4)
#define URI DER_CONTEXT(6)
#define IP DER_CONTEXT(7)

static void
test_constraints(void **state)
{
	static const uint8_t net[] = { 192, 0, 2, 0, 255, 255, 255, 128 };
	static const struct {
		int tag;
		const char *base, *name;
		bool permits, excludes;
	} rows[] = {
		{ DNS, "example.com", "dns:example.com", true, true },
		{ DNS, "example.com", "dns:a.example.com", true, true },
		{ DNS, "example.com", "dns:example.org", false, false },
		{ DNS, "a.example.com", "dns:*.example.com", false, true },
		{ DNS, "", "dns:anything.example", true, true },
		{ DNS, "example.com", "ip:192.0.2.1", true, false },
		{ EMAIL, "example.com", "email:a@example.com", true, true },
		{ EMAIL, "example.com", "email:a@x.example.com", false, false },
		{ EMAIL, ".example.com", "email:a@x.example.com", true, true },
		{ EMAIL, "a@example.com", "email:a@example.com", true, true },
		{ EMAIL, "b@example.com", "email:a@example.com", false, false },
		{ URI, "example.com", "uri:https://example.com/", true, true },
		{ URI, "example.com", "uri:https://a.example.com/", false,
		    false },
		{ URI, ".example.com", "uri:https://a.example.com/", true,
		    true },
		/* Without a domain name: refused by any constraint. */
		{ URI, "example.com", "uri:urn:x:y", false, true },
		{ URI, "example.com", "uri:urn:x://example.com/", false, true },
		{ URI, "example.com", "uri:https://192.0.2.1/", false, true },
		{ URI, "192.0.2.1", "uri:https://192.0.2.1/", false, true },
		{ URI, "example.com", "uri:https://[2001:db8::1]/", false,
		    true },
		/* No rule of matching: a UPN under any such constraint is
		 * neither permitted nor beside what is excluded. */
		{ OTHER, "\x06\x01\x2a", "upn:a@example.com", false, true },
		{ OTHER, "\x06\x01\x2a", "email:a@example.com", true, false },
		{ EMAIL, "example.org", "upn:a@example.com", true, false },
		{ IP, (const char *)net, "ip:192.0.2.127", true, true },
		{ IP, (const char *)net, "ip:192.0.2.128", false, false },
		{ IP, (const char *)net, "ip:2001:db8::1", false, false },
	};
	struct world w;

	(void)state;
	world_make(&w);
	w.limits.dns_allow.n = w.limits.ip_allow.n = 0;
	w.limits.email_allow.n = w.limits.uri_allow.n = 0;
	w.limits.upn_allow.n = 0;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct cert cert = cert_with(&w, &no_subject, rows[i].name);
		struct bytes base = rows[i].tag == IP
		    ? bytes_of(net, sizeof(net))
		    : bytes_str(rows[i].base);

		w.limits.name_constraints =
		    constraints_of(&w, rows[i].tag, base, 0, BYTES_NONE);
		if (allowed(&w, &cert) != rows[i].permits)
			print_error("%s in %s\n", rows[i].name, rows[i].base);
		assert_int_equal(allowed(&w, &cert), rows[i].permits);
		w.limits.name_constraints =
		    constraints_of(&w, 0, BYTES_NONE, rows[i].tag, base);
		if (allowed(&w, &cert) == rows[i].excludes)
			print_error("%s out %s\n", rows[i].name, rows[i].base);
		assert_int_equal(allowed(&w, &cert), !rows[i].excludes);
	}
	world_free(&w);
}

static void
test_directory_constraint(void **state)
{
	const struct subject mine = { .organization = "Example",
		.common_name = "www.example.com" };
	const struct subject base = { .organization = "Example" };
	const struct subject other = { .organization = "Other" };
	AUTO_BUF b = { 0 };
	AUTO_BUF o = { 0 };
	struct world w;
	struct cert cert, bare;

	(void)state;
	world_make(&w);
	subject_put(&b, &base);
	subject_put(&o, &other);
	cert = cert_with(&w, &mine, "dns:www.example.com");
	bare = cert_with(&w, &no_subject, "dns:www.example.com");
	w.limits.name_constraints =
	    constraints_of(&w, DIRECTORY, buf_bytes(&b), 0, BYTES_NONE);
	assert_true(allowed(&w, &cert));
	assert_true(allowed(&w, &bare));
	w.limits.name_constraints =
	    constraints_of(&w, DIRECTORY, buf_bytes(&o), 0, BYTES_NONE);
	assert_false(allowed(&w, &cert));
	assert_true(allowed(&w, &bare));
	w.limits.name_constraints =
	    constraints_of(&w, 0, BYTES_NONE, DIRECTORY, buf_bytes(&b));
	assert_false(allowed(&w, &cert));
	world_free(&w);
}

/* What cannot be read permits nothing. */
static void
test_unreadable_constraints(void **state)
{
	static const char *const rows[] = { "\x04\x00", "\x30\x01",
		"\x30\x02\xa2\x00", "\x30\x04\xa0\x02\x04\x00",
		"\x30\x02\xa0" };
	struct world w;
	struct cert cert;

	(void)state;
	world_make(&w);
	cert = cert_with(&w, &no_subject, "dns:www.example.com");
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		size_t n = i == 0 ? 2 : (size_t)(uint8_t)rows[i][1] + 2;

		/* Some are shorter than they say. */
		n = i == 1 ? 2 : i == 4 ? 3 : n;
		w.limits.name_constraints = bytes_of(rows[i], n);
		assert_false(allowed(&w, &cert));
	}
	world_free(&w);
}

/* An emailAddress of the subject is under the constraints on addresses, and the
 * subject under those on directory names, in whatever case. */
static void
test_requested_subject_under_constraints(void **state)
{
	static const uint8_t email[] = "\x30\x20\x31\x1e\x30\x1c\x06\x09\x2a"
				       "\x86\x48\x86\xf7\x0d\x01\x09\x01\x16"
				       "\x0f"
				       "ops@example.com";
	static const struct {
		const char *base;
		bool permits;
	} rows[] = { { "example.com", true }, { "example.org", false },
		{ ".example.com", false }, { "ops@example.com", true } };
	const struct subject upper = { .organization = "EXAMPLE  ltd",
		.common_name = "www.example.com" };
	const struct subject base = { .organization = "Example Ltd" };
	AUTO_BUF b = { 0 };
	struct world w;
	struct cert cert;

	(void)state;
	world_make(&w);
	w.limits.subject_request = true;
	cert = cert_with(&w, &no_subject, "dns:www.example.com");
	cert.subject = bytes_of(email, sizeof(email) - 1);
	assert_true(allowed(&w, &cert));
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct bytes to = bytes_str(rows[i].base);

		w.limits.name_constraints =
		    constraints_of(&w, EMAIL, to, 0, BYTES_NONE);
		assert_int_equal(allowed(&w, &cert), rows[i].permits);
		w.limits.name_constraints =
		    constraints_of(&w, 0, BYTES_NONE, EMAIL, to);
		assert_int_equal(allowed(&w, &cert), !rows[i].permits);
	}
	subject_put(&b, &base);
	cert = cert_with(&w, &upper, "dns:www.example.com");
	w.limits.name_constraints =
	    constraints_of(&w, DIRECTORY, buf_bytes(&b), 0, BYTES_NONE);
	assert_true(allowed(&w, &cert));
	w.limits.name_constraints =
	    constraints_of(&w, 0, BYTES_NONE, DIRECTORY, buf_bytes(&b));
	assert_false(allowed(&w, &cert));
	world_free(&w);
}

/* A common name of a client that OpenSSL holds against constraints on DNS
 * names. */
static void
test_requested_host_under_constraints(void **state)
{
	static const struct {
		const char *cn;
		bool permits, excludes;
	} rows[] = { { "pc.example.com", true, true },
		{ "pc.example.org", false, false },
		{ "Jane Doe", true, false } };
	struct bytes base = bytes_str("example.com");
	struct world w;

	(void)state;
	world_make(&w);
	w.limits.subject_request = true;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct subject s = { .common_name = rows[i].cn };
		struct cert cert = cert_with(&w, &s, "email:a@example.com");

		cert.eku[0] = "1.3.6.1.5.5.7.3.2";
		cert.eku_n = 1;
		w.limits.name_constraints = BYTES_NONE;
		assert_true(allowed(&w, &cert));
		w.limits.name_constraints =
		    constraints_of(&w, DNS, base, 0, BYTES_NONE);
		assert_int_equal(allowed(&w, &cert), rows[i].permits);
		w.limits.name_constraints =
		    constraints_of(&w, 0, BYTES_NONE, DNS, base);
		assert_int_equal(allowed(&w, &cert), !rows[i].excludes);
	}
	world_free(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts_below),
		cmocka_unit_test(test_uri_hosts),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_empty_lists_and_types),
		cmocka_unit_test(test_no_wildcards),
		cmocka_unit_test(test_common_name),
		cmocka_unit_test(test_requested_subject),
		cmocka_unit_test(
		    test_requested_subject_that_is_not_the_clients),
		cmocka_unit_test(test_constraints),
		cmocka_unit_test(test_directory_constraint),
		cmocka_unit_test(test_requested_subject_under_constraints),
		cmocka_unit_test(test_requested_host_under_constraints),
		cmocka_unit_test(test_unreadable_constraints),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
