/* `check` and the signer's limits: both read configuration and files alone. */
#include <time.h>
#include "support/unit.h"
#include "codec/pem.h"
#include "support/test_ca.h"

#define YEAR ((int64_t)365 * 24 * 3600)

static size_t
mistakes(struct test_ca *t, const char *yaml, const char **first)
{
	struct config *c = test_ca_config(yaml);
	struct config_mistakes m = { 0 };
	bool ok = ca_check_config(c, test_ca_read_file, t, &m);
	size_t n = m.n;

	assert_int_equal(ok, n == 0);
	*first = n == 0 ? "" : arena_strdup(t->a, m.v[0].found);
	for (size_t i = 0; i < n; i++)
		assert_true(m.v[i].line > 0 && m.v[i].mend[0] != '\0');
	config_mistakes_free(&m);
	config_free(c);
	return n;
}

static const char *
replaced(struct test_ca *t, const char *from, const char *to)
{
	const char *at = strstr(test_ca_yaml, from);

	assert_non_null(at);
	return arena_printf(t->a, "%.*s%s%s", (int)(at - test_ca_yaml),
	    test_ca_yaml, to, at + strlen(from));
}

/* An issuing certificate of any lifetime at this path; check looks at the
 * system's clock, so these are relative to it. */
static void
write_ca(struct test_ca *t, const char *path, int64_t from, int64_t lifetime,
    struct bytes constraints)
{
	struct ceremony c = { .common_name = "Checked",
		.now = (int64_t)time(NULL) + from,
		.lifetime = lifetime,
		.random = random_system(),
		.node = 1 };
	struct privkey *root_key = test_ca_key(t, KEY_EC_P256, 0);
	struct privkey *key = test_ca_key(t, KEY_EC_P256, 0);
	struct cert root;
	AUTO_BUF root_der = { 0 };
	AUTO_BUF der = { 0 };
	AUTO_BUF pem = { 0 };

	assert_ok(t, ca_ceremony_root(&c, root_key, &root_der, &t->err));
	assert_ok(t, cert_parse(buf_bytes(&root_der), t->a, &root, &t->err));
	c.common_name = "Checked below";
	assert_ok(t,
	    ca_ceremony_sub(&c, privkey_spki(key), &root, root_key, "root",
		NULL, constraints, &der, &t->err));
	pem_put(&pem, "CERTIFICATE", buf_bytes(&der));
	pem_put(&pem, "CERTIFICATE", buf_bytes(&root_der));
	test_ca_write_file(t, path, buf_bytes(&pem));
}

static void
certificates(void **state)
{
	struct test_ca *t = *state;
	const char *found;

	write_ca(t, "certs/good.pem", -60, YEAR, BYTES_NONE);
	assert_int_equal(
	    mistakes(
		t, replaced(t, "certs/issuing.pem", "certs/good.pem"), &found),
	    0);
	assert_int_equal(
	    mistakes(
		t, replaced(t, "certs/issuing.pem", "certs/none.pem"), &found),
	    1);
	assert_non_null(strstr(found, "issuing"));
	test_ca_write_file(t, "certs/junk.pem", bytes_str("junk\n"));
	assert_int_equal(
	    mistakes(
		t, replaced(t, "certs/issuing.pem", "certs/junk.pem"), &found),
	    1);
	write_ca(t, "certs/old.pem", -2 * YEAR, YEAR, BYTES_NONE);
	assert_int_equal(
	    mistakes(
		t, replaced(t, "certs/issuing.pem", "certs/old.pem"), &found),
	    1);
	assert_non_null(strstr(found, "expired"));
}

static void
leaf_is_no_ca(void **state)
{
	struct test_ca *t = *state;
	struct ca_issued leaf = test_ca_issue(t, "default", "a.example");
	const char *found;
	AUTO_BUF pem = { 0 };

	pem_put(&pem, "CERTIFICATE", leaf.der);
	test_ca_write_file(t, "certs/leaf.pem", buf_bytes(&pem));
	assert_int_equal(
	    mistakes(
		t, replaced(t, "certs/issuing.pem", "certs/leaf.pem"), &found),
	    1);
	assert_non_null(strstr(found, "no CA"));
}

/* The file that an offline CA's CRL is served from. */
static void
offline_crl(void **state)
{
	struct test_ca *t = *state;
	const char *found, *yaml;
	struct cert root, issuing;
	AUTO_BUF good = { 0 };
	AUTO_BUF other = { 0 };

	write_ca(t, "certs/good.pem", -60, YEAR, BYTES_NONE);
	yaml = replaced(t, "certs/issuing.pem", "certs/good.pem");
	assert_ok(t, cert_parse(t->root_der, t->a, &root, &t->err));
	assert_ok(t, cert_parse(t->issuing_der, t->a, &issuing, &t->err));
	assert_ok(t,
	    ca_ceremony_crl(&root, t->root_key, t->now, t->now + YEAR, 1,
		BYTES_NONE, &good, &t->err));
	test_ca_write_file(t, "crl/root.crl", buf_bytes(&good));
	assert_int_equal(mistakes(t, yaml, &found), 0);
	assert_ok(t,
	    ca_ceremony_crl(&issuing, t->issuing_key, t->now, t->now + YEAR, 1,
		BYTES_NONE, &other, &t->err));
	test_ca_write_file(t, "crl/root.crl", buf_bytes(&other));
	assert_int_equal(mistakes(t, yaml, &found), 1);
	assert_non_null(strstr(found, "crl/root.crl"));
	test_ca_write_file(t, "crl/root.crl", buf_bytes(&good));
}

/* A CA with forty days to go: the profiles of 47 and 90 days are told. */
static void
profile_beyond_its_ca(void **state)
{
	struct test_ca *t = *state;
	const char *found;

	write_ca(t, "certs/short.pem", -60, 40 * 86400, BYTES_NONE);
	assert_int_equal(
	    mistakes(
		t, replaced(t, "certs/issuing.pem", "certs/short.pem"), &found),
	    4);
	assert_non_null(strstr(found, "default"));
}

static void
names_outside_constraints(void **state)
{
	static const uint8_t example_com[] = { 0x30, 0x11, 0xa0, 0x0f, 0x30,
		0x0d, 0x82, 0x0b, 'e', 'x', 'a', 'm', 'p', 'l', 'e', '.', 'c',
		'o', 'm' };
	struct test_ca *t = *state;
	const char *found;

	write_ca(t, "certs/tight.pem", -60, YEAR,
	    bytes_of(example_com, sizeof(example_com)));
	assert_int_equal(
	    mistakes(
		t, replaced(t, "certs/issuing.pem", "certs/tight.pem"), &found),
	    2); /* the server's own certificate is the other one */
	assert_non_null(strstr(found, "server"));
	assert_non_null(strstr(found, "example.net"));
}

/* It would issue itself none, and not start. */
static void
own_name(void **state)
{
	struct test_ca *t = *state;
	const char *found,
	    *yaml = replaced(t, "{ca: issuing}",
		"{ca: issuing, dns_allow: [other.example]}");

	assert_int_equal(mistakes(t, yaml, &found), 1);
	assert_non_null(strstr(found, "ca.example.net"));
	assert_int_equal(
	    mistakes(t, arena_printf(t->a, "%stls: {profile: public}\n", yaml),
		&found),
	    0);
	assert_int_equal(mistakes(t,
			     arena_printf(t->a,
				 "%stls: {certificate: certs/own.pem, key: "
				 "keys/own.key}\n",
				 yaml),
			     &found),
	    0);
}

/* Several mistakes, several lines. */
static void
all_at_once(void **state)
{
	struct test_ca *t = *state;
	const char *found;
	const char *yaml = replaced(t, "certs/issuing.pem", "certs/none.pem");
	const char *at = strstr(yaml, "  people:\n");

	yaml = arena_printf(t->a,
	    "%.*s  people:\n    key_usage: "
	    "[keyEncipherment]\n%s",
	    (int)(at - yaml), yaml, at + strlen("  people:\n"));
	at = strstr(yaml, "policies: [2.23.140.1.2.1]");
	yaml = arena_printf(t->a, "%.*spolicies: []\n", (int)(at - yaml), yaml);
	assert_int_equal(mistakes(t, yaml, &found), 3);
}

/* ---- limits ---- */

static struct signer_limits *
limits(struct test_ca *t, const char *yaml, size_t *n)
{
	struct config *c = test_ca_config(yaml);
	struct signer_limits *l;
	struct bytes json;

	assert_ok(t,
	    ca_signer_limits(c, 9, test_ca_read_file, t, t->a, &json, &t->err));
	assert_ok(t, signer_limits_decode(json, t->a, &l, n, &t->err));
	config_free(c);
	return l;
}

static bool
among(const struct signer_strings *s, const char *text)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i], text) == 0)
			return true;
	return false;
}

static void
limits_are_the_union(void **state)
{
	struct test_ca *t = *state;
	struct signer_limits *l;
	struct cert cert;
	size_t n;

	l = limits(t, test_ca_yaml, &n);
	assert_int_equal(n, 1);
	assert_ok(t, cert_parse(t->issuing_der, t->a, &cert, &t->err));
	assert_string_equal(l->ca, "issuing");
	assert_int_equal(l->node, 9);
	assert_true(bytes_equal(l->issuer_name, cert.subject));
	assert_true(bytes_equal(l->key_id, cert.ski));
	assert_int_equal(l->ca_not_after, cert.not_after);
	assert_true(l->dns && l->ip && l->email && l->uri && l->upn);
	/* default has no list of DNS names, so any name is allowed. */
	assert_int_equal(l->dns_allow.n, 0);
	assert_int_equal(l->email_allow.n, 1);
	assert_true(among(&l->email_allow, "example.net"));
	assert_int_equal(l->upn_allow.n, 2);
	assert_true(among(&l->upn_allow, ".corp.example"));
	assert_true(among(&l->eku_allowed, "1.3.6.1.5.5.7.3.1"));
	assert_true(among(&l->eku_allowed, "1.3.6.1.5.5.7.3.4"));
	assert_false(among(&l->eku_allowed, "1.3.6.1.5.5.7.3.9"));
	assert_int_equal(l->eku_allowed.n, 3);
}

static void
limits_of_lists(void **state)
{
	struct test_ca *t = *state;
	struct signer_limits *l;
	size_t n;

	l = limits(t,
	    "base_url: https://ca.example.net\n"
	    "http_base_url: http://ca.example.net\n"
	    "cas:\n"
	    "  issuing: {key: k, certificate: certs/issuing.pem, "
	    "max_lifetime: 100d, hourly_budget: 7}\n"
	    "profiles:\n"
	    "  default: {ca: issuing, dns_allow: [a.example], ip: false}\n"
	    "  other: {ca: issuing, dns_allow: [b.example, a.example], "
	    "ip: false}\n",
	    &n);
	assert_int_equal(n, 1);
	assert_int_equal(l->dns_allow.n, 2);
	assert_true(among(&l->dns_allow, "a.example"));
	assert_true(among(&l->dns_allow, "b.example"));
	assert_false(l->ip || l->email || l->uri || l->upn);
	assert_int_equal(l->max_lifetime, 100 * 86400);
	assert_int_equal(l->hourly_budget, 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificates),
		cmocka_unit_test(leaf_is_no_ca),
		cmocka_unit_test(offline_crl),
		cmocka_unit_test(profile_beyond_its_ca),
		cmocka_unit_test(names_outside_constraints),
		cmocka_unit_test(own_name),
		cmocka_unit_test(all_at_once),
		cmocka_unit_test(limits_are_the_union),
		cmocka_unit_test(limits_of_lists),
	};

	return cmocka_run_group_tests(tests, test_ca_setup, test_ca_teardown);
}
