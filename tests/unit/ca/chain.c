/* Chains that are built, imported and refused; the ceremonies that make them.
 */
#include "support/unit.h"
#include "support/x509v3.h"
#include "ca/chain.h"
#include "codec/csr.h"
#include "codec/pem.h"
#include "support/test_ca.h"

#define YEAR ((int64_t)365 * 24 * 3600)

/* A CA certificate of any shape, by spec. */
struct made {
	struct test_ca *t;
	struct privkey *key;
	struct bytes der;
	struct cert *cert;
};

struct shape {
	const char *cn;
	int64_t from, to; /* from now */
	bool leaf, no_ski;
	int path_length;
	unsigned key_usage;
	struct bytes name_constraints;
	bool forged;
};

static struct made
make(struct test_ca *t, const struct shape *s, struct made *issuer)
{
	struct made m = { .t = t,
		.key = test_ca_key(t, KEY_EC_P256, 0),
		.cert = arena_alloc(t->a, sizeof(*m.cert)) };
	struct made *by = issuer == NULL ? &m : issuer;
	struct subject name = { .common_name = s->cn };
	struct cert_spec spec = { .serial = { 1, 2, 3 },
		.sig_alg = privkey_sig_alg(by->key),
		.not_before = t->now + s->from,
		.not_after = t->now + s->to,
		.spki = privkey_spki(m.key),
		.is_ca = !s->leaf,
		.path_length = s->path_length,
		.key_usage = s->key_usage,
		.name_constraints = s->name_constraints };
	struct pubkey pub;
	uint8_t id[20];
	AUTO_BUF subject = { 0 };
	AUTO_BUF tbs = { 0 };
	AUTO_BUF signature = { 0 };
	AUTO_BUF der = { 0 };

	assert_ok(t, spki_parse(spec.spki, &pub, &t->err));
	key_identifier(&pub, id);
	if (!s->no_ski)
		spec.ski = bytes_of(id, sizeof(id));
	subject_put(&subject, &name);
	spec.subject = buf_bytes(&subject);
	spec.issuer = issuer == NULL ? spec.subject : issuer->cert->subject;
	if (issuer != NULL)
		spec.aki = issuer->cert->ski;
	cert_tbs_put(&tbs, &spec);
	assert_ok(t,
	    privkey_sign(s->forged ? m.key : by->key, buf_bytes(&tbs),
		&signature, &t->err));
	cert_put(&der, buf_bytes(&tbs), spec.sig_alg, buf_bytes(&signature));
	m.der = arena_take_buf(t->a, &der);
	assert_ok(t, cert_parse(m.der, t->a, m.cert, &t->err));
	return m;
}

#define CA_USAGE (KU_KEY_CERT_SIGN | KU_CRL_SIGN)

static const struct shape root_shape = { .cn = "Root",
	.from = -YEAR,
	.to = YEAR,
	.path_length = -1,
	.key_usage = CA_USAGE };
static const struct shape sub_shape = { .cn = "Sub",
	.from = -YEAR,
	.to = YEAR,
	.path_length = 0,
	.key_usage = CA_USAGE };

static struct bytes
pem_of(struct test_ca *t, const struct made *const *list, size_t n)
{
	AUTO_BUF b = { 0 };

	for (size_t i = 0; i < n; i++)
		pem_put(&b, "CERTIFICATE", list[i]->der);
	return arena_take_buf(t->a, &b);
}

static bool
import(struct test_ca *t, struct bytes pem, const struct made *of,
    struct chain *out)
{
	struct lane *lane = lane_new();
	bool ok = ca_chain_check(
	    lane, pem, privkey_spki(of->key), t->now, t->a, out, &t->err);

	lane_free(lane);
	return ok;
}

static void
imports(void **state)
{
	struct test_ca *t = *state;
	struct shape middle_shape = sub_shape;
	struct chain *c = arena_alloc(t->a, sizeof(*c));
	struct made root = make(t, &root_shape, NULL), middle, sub;

	middle_shape.cn = "Middle";
	middle_shape.path_length = 1;
	middle = make(t, &middle_shape, &root);
	sub = make(t, &sub_shape, &middle);
	assert_ok(t,
	    import(t,
		pem_of(t, (const struct made *[]){ &sub, &middle, &root }, 3),
		&sub, c));
	assert_int_equal(c->n, 3);
	assert_true(c->has_root);
	/* The root may be left out. */
	assert_ok(t,
	    import(t, pem_of(t, (const struct made *[]){ &sub, &middle }, 2),
		&sub, c));
	assert_int_equal(c->n, 2);
	assert_false(c->has_root);
	/* The wrong order, a gap, a mixture, another key, the root itself. */
	assert_fails(t,
	    import(t,
		pem_of(t, (const struct made *[]){ &root, &middle, &sub }, 3),
		&sub, c),
	    ERR_REJECTED);
	assert_fails(t,
	    import(t, pem_of(t, (const struct made *[]){ &sub, &root }, 2),
		&sub, c),
	    ERR_REJECTED);
	assert_fails(t,
	    import(t,
		pem_of(t, (const struct made *[]){ &sub, &middle, &root }, 3),
		&middle, c),
	    ERR_REJECTED);
	assert_fails(t,
	    import(t, pem_of(t, (const struct made *[]){ &root }, 1), &root, c),
	    ERR_REJECTED);
	assert_fails(
	    t, import(t, bytes_str("nothing"), &sub, c), ERR_MALFORMED);
}

static void
refuses_what_cannot_issue(void **state)
{
	struct test_ca *t = *state;
	struct chain *c = arena_alloc(t->a, sizeof(*c));
	struct made root = make(t, &root_shape, NULL);
	struct shape bad[8];
	size_t n = 0;

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		bad[i] = sub_shape;
	bad[n].leaf = true;
	bad[n].key_usage = KU_DIGITAL_SIGNATURE;
	bad[n++].path_length = -1;
	bad[n++].key_usage = KU_CRL_SIGN;
	bad[n++].key_usage = KU_KEY_CERT_SIGN;
	bad[n++].key_usage = 0;
	bad[n++].no_ski = true;
	bad[n++].to = -1;
	bad[n++].from = 60;
	bad[n++].forged = true;
	assert_int_equal(n, COUNT_OF(bad));
	for (size_t i = 0; i < n; i++) {
		struct made sub = make(t, &bad[i], &root);

		if (import(t,
			pem_of(t, (const struct made *[]){ &sub, &root }, 2),
			&sub, c))
			fail_msg("case %zu is imported", i);
		err_clear(&t->err);
	}
}

static void
path_lengths(void **state)
{
	static const struct {
		int root, middle;
		bool ok;
	} rows[] = {
		{ -1, -1, true },
		{ 2, 1, true },
		{ 1, 1, false }, /* two CAs are below the root */
		{ -1, 0, false },
		{ 0, -1, false },
	};
	struct test_ca *t = *state;
	struct chain *c = arena_alloc(t->a, sizeof(*c));

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct shape r = root_shape, m = sub_shape;
		struct made root, middle, sub;
		bool ok;

		r.path_length = rows[i].root;
		m.path_length = rows[i].middle;
		m.cn = "Middle";
		root = make(t, &r, NULL);
		middle = make(t, &m, &root);
		sub = make(t, &sub_shape, &middle);
		ok = import(t,
		    pem_of(
			t, (const struct made *[]){ &sub, &middle, &root }, 3),
		    &sub, c);
		err_clear(&t->err);
		assert_int_equal(ok, rows[i].ok);
	}
}

static struct bytes
permitted_dns(struct test_ca *t, const char *suffix)
{
	AUTO_BUF b = { 0 };
	size_t seq = der_open(&b, DER_SEQUENCE);
	size_t list = der_open(&b, DER_CONTEXT_CONSTRUCTED(0));
	size_t tree = der_open(&b, DER_SEQUENCE);

	der_put(&b, DER_CONTEXT(2), bytes_str(suffix));
	der_close(&b, tree);
	der_close(&b, list);
	der_close(&b, seq);
	return arena_take_buf(t->a, &b);
}

/* Those of every certificate of the chain count. */
static void
name_constraints(void **state)
{
	static const struct {
		const char *name;
		bool ok;
	} rows[] = {
		{ "dns:a.b.example.net", true },
		{ "dns:a.example.net", false },
		{ "dns:b.example.org", false },
		{ "ip:192.0.2.1", true },
	};
	struct test_ca *t = *state;
	struct chain *c = arena_alloc(t->a, sizeof(*c));
	struct shape r = root_shape, s = sub_shape;
	struct bytes empty = bytes_of("\x30\x00", 2);
	struct made root, sub;

	r.name_constraints = permitted_dns(t, "example.net");
	s.name_constraints = permitted_dns(t, "b.example.net");
	root = make(t, &r, NULL);
	sub = make(t, &s, &root);
	assert_ok(t,
	    import(t, pem_of(t, (const struct made *[]){ &sub, &root }, 2),
		&sub, c));
	assert_int_equal(c->constraints_n, 2);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		bool ok = chain_check_names(c,
		    test_ca_names(t, &rows[i].name, 1), empty, t->a, &t->err);

		err_clear(&t->err);
		if (ok != rows[i].ok)
			fail_msg("%s", rows[i].name);
	}
}

/* ---- ceremonies ---- */

static struct ceremony
ceremony(struct test_ca *t)
{
	return (struct ceremony){ .common_name = "Ceremony",
		.organization = "Example Ltd",
		.country = "CH",
		.now = t->now,
		.lifetime = YEAR,
		.random = random_system(),
		.node = 7 };
}

static void
ceremony_root_and_sub(void **state)
{
	struct test_ca *t = *state;
	struct privkey *root_key = test_ca_key(t, KEY_EC_P384, 0);
	struct privkey *sub_key = test_ca_key(t, KEY_RSA, 2048);
	struct ceremony c = ceremony(t);
	struct cert root, sub;
	AUTO_BUF der = { 0 };
	AUTO_BUF sub_der = { 0 };

	assert_ok(t, ca_ceremony_root(&c, root_key, &der, &t->err));
	assert_ok(t, cert_parse(buf_bytes(&der), t->a, &root, &t->err));
	assert_true(cert_is_self_signed(&root));
	assert_true(root.is_ca && !root.has_path_length);
	assert_int_equal(root.key_usage, CA_USAGE);
	assert_int_equal(root.not_after - root.not_before + 1, YEAR);
	assert_int_equal(root.serial.p[0], 7);
	c.common_name = "Below";
	assert_ok(t,
	    ca_ceremony_sub(&c, privkey_spki(sub_key), &root, root_key, "root",
		"http://ca.example.net", BYTES_NONE, &sub_der, &t->err));
	assert_ok(t, cert_parse(buf_bytes(&sub_der), t->a, &sub, &t->err));
	assert_true(sub.has_path_length && sub.path_length == 0);
	assert_true(bytes_equal(sub.aki, root.ski));
	assert_string_equal(
	    sub.ca_issuers_url, "http://ca.example.net/ca/root.cer");
	assert_string_equal(
	    sub.crl_urls[0], "http://ca.example.net/crl/root.crl");
	/* Beyond the root, with the wrong key, under the root's own name. */
	c.lifetime++;
	assert_fails(t,
	    ca_ceremony_sub(&c, privkey_spki(sub_key), &root, root_key, "root",
		NULL, BYTES_NONE, &sub_der, &t->err),
	    ERR_REJECTED);
	c.lifetime--;
	assert_fails(t,
	    ca_ceremony_sub(&c, privkey_spki(sub_key), &root, sub_key, "root",
		NULL, BYTES_NONE, &sub_der, &t->err),
	    ERR_REJECTED);
	c.common_name = "Ceremony";
	assert_fails(t,
	    ca_ceremony_sub(&c, privkey_spki(sub_key), &root, root_key, "root",
		NULL, BYTES_NONE, &sub_der, &t->err),
	    ERR_REJECTED);
	c.common_name = NULL;
	assert_fails(
	    t, ca_ceremony_root(&c, root_key, &der, &t->err), ERR_REJECTED);
}

/* The request, read by us and by OpenSSL. */
static void
ceremony_csr(void **state)
{
	struct test_ca *t = *state;
	enum key_alg algs[] = { KEY_EC_P256, KEY_EC_P384, KEY_RSA,
		KEY_ED25519 };

	for (size_t i = 0; i < COUNT_OF(algs); i++) {
		struct privkey *key =
		    test_ca_key(t, algs[i], algs[i] == KEY_RSA ? 2048 : 0);
		struct ceremony c = ceremony(t);
		AUTO(X509_REQ) *req = NULL;
		STACK_OF(X509_EXTENSION) * list;
		BASIC_CONSTRAINTS *bc;
		const unsigned char *p;
		AUTO_BUF der = { 0 };

		assert_ok(t, ca_ceremony_csr(&c, key, &der, &t->err));
		p = der.p;
		req = d2i_X509_REQ(NULL, &p, (long)der.n);
		assert_non_null(req);
		assert_int_equal(
		    X509_REQ_verify(req, X509_REQ_get0_pubkey(req)), 1);
		list = X509_REQ_get_extensions(req);
		bc = X509V3_get_d2i(list, NID_basic_constraints, NULL, NULL);
		assert_non_null(bc);
		assert_true(bc->ca);
		BASIC_CONSTRAINTS_free(bc);
		sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	}
}

static void
ceremony_crl(void **state)
{
	struct test_ca *t = *state;
	uint8_t serial[SERIAL_SIZE] = { 1, 2, 3 };
	struct cert root;
	AUTO_BUF entries = { 0 };
	AUTO_BUF der = { 0 };
	struct crl crl;

	assert_ok(t, cert_parse(t->root_der, t->a, &root, &t->err));
	crl_entry_put(&entries, bytes_of(serial, sizeof(serial)), t->now,
	    REASON_CA_COMPROMISE);
	assert_ok(t,
	    ca_ceremony_crl(&root, t->root_key, t->now, t->now + YEAR, 3,
		buf_bytes(&entries), &der, &t->err));
	assert_ok(t, crl_parse(buf_bytes(&der), &crl, &t->err));
	assert_int_equal(crl.number, 3);
	assert_int_equal(crl.entries_n, 1);
	assert_fails(t,
	    ca_ceremony_crl(&root, t->issuing_key, t->now, t->now + YEAR, 4,
		BYTES_NONE, &der, &t->err),
	    ERR_REJECTED);
	assert_fails(t,
	    ca_ceremony_crl(&root, t->root_key, t->now, t->now, 4, BYTES_NONE,
		&der, &t->err),
	    ERR_REJECTED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(imports),
		cmocka_unit_test(refuses_what_cannot_issue),
		cmocka_unit_test(path_lengths),
		cmocka_unit_test(name_constraints),
		cmocka_unit_test(ceremony_root_and_sub),
		cmocka_unit_test(ceremony_csr),
		cmocka_unit_test(ceremony_crl),
	};

	return cmocka_run_group_tests(tests, test_ca_setup, test_ca_teardown);
}
