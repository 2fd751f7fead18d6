#include "support/unit.h"
#include "ca/rollover.h"
#include "codec/pem.h"
#include "support/test_ca.h"
#include "util/blob.h"
#include "util/text.h"

#define YEAR ((int64_t)365 * 24 * 3600)

/* The fixture's CAs, a next issuing CA, and a next root tied to the old one. */
struct roll {
	struct test_ca *t;
	struct privkey *root2_key, *issuing2_key;
	struct cert root, root2, issuing, issuing2;
	struct bytes new_with_old, old_with_new; /* DER */
};

static struct ceremony
ceremony(const struct roll *r, int64_t lifetime)
{
	return (struct ceremony){ .common_name = "Issuing 2",
		.now = r->t->now,
		.lifetime = lifetime,
		.random = random_system(),
		.node = 3 };
}

static struct bytes
write_cert(struct roll *r, const char *path, struct buf *der)
{
	struct bytes out = arena_take_buf(r->t->a, der);
	AUTO_BUF pem = { 0 };

	pem_put(&pem, "CERTIFICATE", out);
	test_ca_write_file(r->t, path, buf_bytes(&pem));
	return out;
}

static void
parse(struct roll *r, struct bytes der, struct cert *out)
{
	assert_ok(r->t, cert_parse(der, r->t->a, out, &r->t->err));
}

static struct bytes
mirror(struct roll *r, const char *path, const struct cert *own,
    const struct cert *by, struct privkey *by_key, int64_t lifetime)
{
	const struct ceremony c = ceremony(r, lifetime);
	struct buf der = { 0 };

	assert_ok(r->t,
	    ca_ceremony_mirror(
		&c, own, by, by_key, "root", NULL, &der, &r->t->err));
	return write_cert(r, path, &der);
}

static void
make_roots(struct roll *r)
{
	struct ceremony c = ceremony(r, 15 * YEAR);
	struct buf der = { 0 };

	parse(r, r->t->root_der, &r->root);
	r->root2_key = test_ca_key(r->t, KEY_EC_P256, 0);
	c.subject = r->root.subject;
	assert_ok(r->t, ca_ceremony_root(&c, r->root2_key, &der, &r->t->err));
	parse(r, write_cert(r, "certs/root-2.pem", &der), &r->root2);
	r->new_with_old = mirror(r, "certs/root-2-by-root.pem", &r->root2,
	    &r->root, r->t->root_key, YEAR);
	r->old_with_new = mirror(r, "certs/root-by-root-2.pem", &r->root,
	    &r->root2, r->root2_key, YEAR);
}

static struct roll *
roll_new(struct test_ca *t)
{
	struct roll *r = arena_alloc(t->a, sizeof(*r));
	struct ceremony c;
	struct buf der = { 0 };
	AUTO_BUF pem = { 0 };

	r->t = t;
	make_roots(r);
	parse(r, t->issuing_der, &r->issuing);
	r->issuing2_key = test_ca_key(t, KEY_EC_P256, 0);
	c = ceremony(r, 5 * YEAR);
	assert_ok(t,
	    ca_ceremony_sub(&c, privkey_spki(r->issuing2_key), &r->root2,
		r->root2_key, "root-2", "http://ca.example.net:8080",
		BYTES_NONE, &der, &t->err));
	parse(r, write_cert(r, "certs/issuing-2.pem", &der), &r->issuing2);
	/* The signer takes the key itself; a copy of it. */
	{
		struct privkey *copy;

		assert_ok(
		    t, privkey_encode(r->issuing2_key, NULL, &pem, &t->err));
		assert_ok(
		    t, privkey_load(buf_bytes(&pem), NULL, &copy, &t->err));
		signer_core_add_key(t->core, copy);
	}
	return r;
}

#define HEAD                                                                   \
	"base_url: https://ca.example.net:8443\n"                              \
	"http_base_url: http://ca.example.net:8080\n"                          \
	"cas:\n"                                                               \
	"  issuing-2: {key: keys/i2.key, certificate: certs/issuing-2.pem}\n"
#define ROOTS                                                                  \
	"  root: {certificate: certs/root.pem, successor: root-2,\n"           \
	"    cross_certificates: [certs/root-by-root-2.pem]}\n"                \
	"  root-2: {certificate: certs/root-2.pem,\n"                          \
	"    cross_certificates: [certs/root-2-by-root.pem]}\n"
#define ISSUING "  issuing: {key: k, certificate: certs/issuing.pem"
#define PROFILE "profiles: {default: {ca: issuing-2}}\n"

static const char drains[] =
    HEAD ROOTS ISSUING ", successor: issuing-2}\n" PROFILE;
static const char stranger[] = HEAD ROOTS ISSUING "}\n" PROFILE;

static struct config *
reload(struct test_ca *t, const char *yaml)
{
	struct config *c = test_ca_config(yaml);

	test_ca_limits(t, c);
	assert_ok(t, ca_reload(t->ca, c, &t->err));
	return c;
}

static bool
issue_with(struct test_ca *t, const struct profile *p, struct ca_issued *out)
{
	static const char *const names[] = { "dns:a.example.net" };
	struct privkey *key = test_ca_key(t, KEY_EC_P256, 0);
	struct ca_request req = { .profile = p,
		.csr = test_ca_csr(t, key, NULL, names, 1, false),
		.names = test_ca_names(t, names, 1),
		.requester = "operator" };

	return ca_issue(t->ca, &req, t->a, out, &t->err);
}

/* How many certificates a PEM text has, and is this one among them? */
static size_t
count_pem(struct test_ca *t, struct bytes pem, struct bytes der, bool *found)
{
	struct bytes one;
	size_t n = 0;
	bool more;

	*found = false;
	for (;;) {
		assert_ok(t,
		    pem_next(&pem, "CERTIFICATE", t->a, &more, &one, &t->err));
		if (!more)
			return n;
		n++;
		*found = *found || bytes_equal(one, der);
	}
}

static void
test_orders_of_the_old_ca_are_finished_by_it(void **state)
{
	struct test_ca *t = *state;
	const struct profile *old = ca_profile_find(t->ca, "default");
	struct roll *r = roll_new(t);
	struct config *c = reload(t, drains), *s;
	struct ca_issued a, b;
	struct cert cert;

	assert_ok(t, issue_with(t, old, &a));
	parse(r, a.der, &cert);
	assert_true(bytes_equal(cert.issuer, r->issuing.subject));
	assert_ok(t, issue_with(t, ca_profile_find(t->ca, "default"), &b));
	parse(r, b.der, &cert);
	assert_true(bytes_equal(cert.issuer, r->issuing2.subject));
	/* A CA that nobody took over from signs for no profile. */
	s = reload(t, stranger);
	assert_fails(t, issue_with(t, old, &a), ERR_SIGNER_REFUSED);
	config_free(c);
	config_free(s);
}

static void
test_chains_end_in_the_link_of_their_root(void **state)
{
	struct test_ca *t = *state;
	const struct profile *old = ca_profile_find(t->ca, "default");
	struct roll *r = roll_new(t);
	struct config *c = reload(t, drains);
	struct ca_issued a, b;
	bool found;

	assert_ok(t, issue_with(t, old, &a));
	assert_int_equal(count_pem(t, a.pem_chain, r->old_with_new, &found), 3);
	assert_true(found);
	assert_ok(t, issue_with(t, ca_profile_find(t->ca, "default"), &b));
	assert_int_equal(count_pem(t, b.pem_chain, r->new_with_old, &found), 3);
	assert_true(found);
	/* One that has ended is left out, at the next reload. */
	t->now += YEAR + 1;
	assert_ok(t, ca_reload(t->ca, c, &t->err));
	assert_ok(t, issue_with(t, ca_profile_find(t->ca, "default"), &b));
	assert_int_equal(count_pem(t, b.pem_chain, r->new_with_old, &found), 2);
	assert_false(found);
	config_free(c);
}

static void
test_links_are_served_under_their_names(void **state)
{
	struct test_ca *t = *state;
	struct roll *r = roll_new(t);
	struct config *c = reload(t, drains);
	char etag[67];
	struct blob *b =
	    ca_artefact(t->ca, "root-2-by-root", CA_CERT_DER, etag, NULL, NULL);

	assert_non_null(b);
	assert_true(bytes_equal(blob_bytes(b), r->new_with_old));
	blob_unref(b);
	b = ca_artefact(t->ca, "root-by-root-2", CA_CERT_PEM, etag, NULL, NULL);
	assert_non_null(b);
	blob_unref(b);
	assert_null(
	    ca_artefact(t->ca, "root-2-by-root", CA_CRL, etag, NULL, NULL));
	assert_null(ca_artefact(
	    t->ca, "issuing-by-root", CA_CERT_DER, etag, NULL, NULL));
	b = ca_roots_pem(t->ca, etag);
	assert_non_null(b);
	{
		bool found;

		assert_int_equal(
		    count_pem(t, blob_bytes(b), r->root2.der, &found), 2);
		assert_true(found);
	}
	blob_unref(b);
	config_free(c);
}

static void
test_clients_of_either_side_learn_the_rollover(void **state)
{
	static const char *const names[] = { "issuing", "root", "issuing-2",
		"root-2" };
	struct test_ca *t = *state;
	struct roll *r = roll_new(t);
	struct ca_rollover got;
	struct config *c;

	assert_true(ca_rollover_get(t->ca, "issuing", &got));
	assert_null(got.next);
	assert_null(got.new_root);
	assert_false(ca_rollover_get(t->ca, "nobody", &got));
	c = reload(t, drains);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		assert_true(ca_rollover_get(t->ca, names[i], &got));
		assert_true(bytes_equal(got.old_root->der, r->root.der));
		assert_true(bytes_equal(got.new_root->der, r->root2.der));
		assert_true(bytes_equal(got.old_with_new, r->old_with_new));
		assert_true(bytes_equal(got.new_with_old, r->new_with_old));
		if (i == 0)
			assert_true(
			    bytes_equal(got.next->der, r->issuing2.der));
		else if (i == 1)
			assert_true(bytes_equal(got.next->der, r->root2.der));
		else
			assert_null(got.next);
	}
	config_free(c);
}

static void
test_a_cross_certificate_of_another_key_is_refused(void **state)
{
	static const char wrong[] = HEAD
	    "  root: {certificate: certs/root.pem,\n"
	    "    cross_certificates: [certs/root-2-by-root.pem]}\n"
	    "  root-2: {certificate: certs/root-2.pem}\n" ISSUING "}\n" PROFILE;
	struct test_ca *t = *state;
	struct roll *r = roll_new(t);
	struct config *c = test_ca_config(wrong);

	assert_fails(t, ca_reload(t->ca, c, &t->err), ERR_CONFIG);
	config_free(c);
	(void)r;
}

/* ---- ceremonies ---- */

static void
test_a_mirror_keeps_name_key_and_limits(void **state)
{
	struct test_ca *t = *state;
	struct roll *r = roll_new(t);
	struct cert x;

	parse(r,
	    mirror(
		r, "certs/x.pem", &r->issuing, &r->root2, r->root2_key, YEAR),
	    &x);
	assert_true(bytes_equal(x.subject, r->issuing.subject));
	assert_true(bytes_equal(x.spki, r->issuing.spki));
	assert_true(bytes_equal(x.ski, r->issuing.ski));
	assert_true(bytes_equal(x.aki, r->root2.ski));
	assert_true(x.is_ca && x.has_path_length && x.path_length == 0);
	assert_int_equal(x.policies_n, 1);
	assert_false(bytes_equal(x.serial, r->issuing.serial));
	/* A root renews itself: self-signed, no authority key identifier. */
	parse(r,
	    mirror(
		r, "certs/y.pem", &r->root, &r->root, t->root_key, 30 * YEAR),
	    &x);
	assert_true(bytes_equal(x.spki, r->root.spki));
	assert_true(bytes_equal(x.issuer, x.subject));
	assert_int_equal(x.aki.n, 0);
	assert_true(x.not_after > r->root.not_after);
}

static void
test_what_the_issuer_may_not_sign_is_refused(void **state)
{
	struct test_ca *t = *state;
	struct roll *r = roll_new(t);
	struct ceremony c = ceremony(r, YEAR);
	AUTO_BUF der = { 0 };
	struct cert leaf;
	struct ca_issued issued;

	/* Path length 0; another key; too long; not a CA at all. */
	assert_fails(t,
	    ca_ceremony_mirror(&c, &r->root2, &r->issuing, t->issuing_key,
		"issuing", NULL, &der, &t->err),
	    ERR_REJECTED);
	assert_fails(t,
	    ca_ceremony_mirror(&c, &r->issuing, &r->root2, t->root_key,
		"root-2", NULL, &der, &t->err),
	    ERR_REJECTED);
	c = ceremony(r, 40 * YEAR);
	assert_fails(t,
	    ca_ceremony_mirror(&c, &r->issuing, &r->root2, r->root2_key,
		"root-2", NULL, &der, &t->err),
	    ERR_REJECTED);
	c = ceremony(r, YEAR);
	issued = test_ca_issue(t, "default", "a.example.net");
	parse(r, issued.der, &leaf);
	assert_fails(t,
	    ca_ceremony_mirror(&c, &leaf, &r->root2, r->root2_key, "root-2",
		NULL, &der, &t->err),
	    ERR_REJECTED);
	assert_int_equal(der.n, 0);
}

static void
test_a_name_gets_another_common_name(void **state)
{
	const struct subject s = { .country = "CH",
		.organization = "Example",
		.organizational_unit = "Unit",
		.common_name = "Old CA" };
	struct test_ca *t = *state;
	AUTO_BUF name = { 0 };
	struct bytes renamed;

	subject_put(&name, &s);
	renamed = ca_ceremony_rename(buf_bytes(&name), "New CA 2", t->a);
	assert_string_equal(
	    subject_text(t->a, renamed), "CN=New CA 2,OU=Unit,O=Example,C=CH");
	renamed = ca_ceremony_rename(bytes_str("no name"), "x", t->a);
	assert_int_equal(renamed.n, 0);
}

#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, test_ca_setup, test_ca_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_orders_of_the_old_ca_are_finished_by_it),
		T(test_chains_end_in_the_link_of_their_root),
		T(test_links_are_served_under_their_names),
		T(test_clients_of_either_side_learn_the_rollover),
		T(test_a_cross_certificate_of_another_key_is_refused),
		T(test_a_mirror_keeps_name_key_and_limits),
		T(test_what_the_issuer_may_not_sign_is_refused),
		T(test_a_name_gets_another_common_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
