/*
 * Each rule of the lint has a mutation of a good certificate that it alone
 * refuses: the table below names it, and a rule without a row fails the test.
 */
#include "support/unit.h"
#include "ca/core.h"
#include "ca/lint.h"
#include "ca/spec.h"
#include "support/test_ca.h"

#define DAY ((int64_t)24 * 3600)

/* A certificate in the making, good until a mutation changes it. */
struct lab {
	struct test_ca *t;
	struct arena *a;
	struct profile profile; /* a copy that may be changed */
	struct chain chain;
	struct cert_spec spec;
	struct lint_context ctx;
	/* Done to the encoded bytes. */
	const char *flip; /* extension whose critical changes */
	bool unknown_extension;
};

static const char *
oid_text(struct bytes oid, char text[128])
{
	assert_true(der_oid_text(oid, text));
	return text;
}

/* ---- tools of the mutations ---- */

static const char *const *
one_more(struct lab *l, const char *const *list, size_t *n, const char *text)
{
	const char **more = arena_array(l->a, *n + 1, sizeof(*more));

	memcpy(more, list, *n * sizeof(*more));
	more[(*n)++] = text;
	return more;
}

static struct config_strings
strings(struct lab *l, const char *const *list, size_t n)
{
	struct config_strings s = { arena_array(l->a, n, sizeof(*s.v)), n };

	memcpy(s.v, list, n * sizeof(*s.v));
	return s;
}

static void
set_names(struct lab *l, const char *name, bool authorised)
{
	l->spec.names = test_ca_names(l->t, &name, 1);
	if (authorised)
		l->ctx.names = l->spec.names;
}

static void
set_subject(struct lab *l, const struct subject *s)
{
	AUTO_BUF b = { 0 };

	subject_put(&b, s);
	l->spec.subject = arena_take_buf(l->a, &b);
	l->spec.names_critical = l->spec.subject.n <= 2;
}

/* One more RDN at the end of the subject. */
static void
add_rdn(struct lab *l, const char *oid, const char *value)
{
	AUTO_BUF b = { 0 };
	struct der d = der_of(l->spec.subject), rdns;
	size_t name, set, ava;

	assert_true(der_enter(&d, DER_SEQUENCE, &rdns));
	name = der_open(&b, DER_SEQUENCE);
	buf_add(&b, rdns.p, (size_t)(rdns.end - rdns.p));
	set = der_open(&b, DER_SET);
	ava = der_open(&b, DER_SEQUENCE);
	der_put_oid(&b, oid);
	der_put(&b, DER_UTF8_STRING, bytes_str(value));
	der_close(&b, ava);
	der_close(&b, set);
	der_close(&b, name);
	l->spec.subject = arena_take_buf(l->a, &b);
}

static void
set_policies(struct lab *l, const char *const *list, size_t n)
{
	l->spec.policies = list;
	l->spec.policies_n = n;
	l->profile.t.policies = strings(l, list, n);
}

static void
set_eku(struct lab *l, const char *const *list, size_t n)
{
	l->spec.eku = list;
	l->spec.eku_n = n;
	l->profile.eku = strings(l, list, n);
}

static char *
letters(struct lab *l, size_t n)
{
	char *s = arena_alloc(l->a, n + 1);

	memset(s, 'x', n);
	return s;
}

static void
constrain(struct lab *l, const char *permitted)
{
	struct subtree *tree = arena_alloc(l->a, sizeof(*tree));

	*tree = (struct subtree){ .type = SUBTREE_DNS, .text = permitted };
	l->chain.constraints[0] =
	    (struct constraints){ .permitted = tree, .permitted_n = 1 };
	l->chain.constraints_n = 1;
}

/* ---- the mutations ---- */

#define MUTATION(name) static void m_##name(struct lab *l)

MUTATION(serial_form)
{
	l->spec.serial[0] ^= 1;
}
MUTATION(serial_time)
{
	memset(l->spec.serial + 1, 0, 5);
}
MUTATION(signature_algorithm)
{
	l->spec.sig_alg = SIG_RSA_SHA256;
}
MUTATION(issuer_name)
{
	l->spec.issuer = l->chain.certs[1].subject;
}
MUTATION(validity_order)
{
	l->spec.not_before = l->t->now + 200;
	l->spec.not_after = l->t->now + 100;
}
MUTATION(validity_inclusive)
{
	/* One second, as in 2021. */
	l->profile.t.max_lifetime = l->spec.not_after - l->spec.not_before;
}
MUTATION(validity_ca_cap)
{
	l->ctx.max_lifetime = l->spec.not_after - l->spec.not_before;
}
MUTATION(validity_within_issuer)
{
	l->chain.certs[1].not_after = l->spec.not_after - 1;
}
MUTATION(validity_after_issuer)
{
	l->chain.certs[0].not_before = l->spec.not_before + 1;
}
MUTATION(validity_backdate)
{
	l->spec.not_before -= 61;
	l->spec.not_after -= 61;
}
MUTATION(validity_future)
{
	l->spec.not_before = l->t->now + LINT_FUTURE + 1;
	l->spec.not_after = l->spec.not_before + DAY;
}
MUTATION(validity_not_over)
{
	l->spec.not_after = l->t->now;
}
MUTATION(subject_or_names)
{
	l->spec.names.n = l->ctx.names.n = 0;
}
MUTATION(names_critical)
{
	l->spec.names_critical = false;
}
MUTATION(names_not_critical)
{
	l->spec.names_critical = true;
}
MUTATION(subject_attributes)
{
	add_rdn(l, "2.5.4.7", "Basel");
}
MUTATION(subject_once)
{
	add_rdn(l, "2.5.4.3", "www.example.net");
}
MUTATION(subject_cn_length)
{
	struct subject s = { "CH", "Example Ltd", NULL, letters(l, 65) };

	set_subject(l, &s);
}
MUTATION(subject_o_length)
{
	struct subject s = { "CH", letters(l, 65), NULL, NULL };

	l->profile.t.subject_organization = s.organization;
	set_subject(l, &s);
}
MUTATION(subject_country)
{
	struct subject s = { "ch", "Example Ltd", NULL, NULL };

	set_subject(l, &s);
}
MUTATION(subject_organization)
{
	struct subject s = { "CH", "Other Ltd", NULL, NULL };

	set_subject(l, &s);
}
MUTATION(key_of_request)
{
	l->ctx.spki = privkey_spki(test_ca_key(l->t, KEY_EC_P256, 0));
}
MUTATION(key_of_profile)
{
	l->profile.keys = 1u << KEY_RSA;
}
MUTATION(key_not_issuers)
{
	l->spec.spki = l->ctx.spki = l->chain.certs[0].spki;
}
MUTATION(extensions_known)
{
	l->unknown_extension = true;
}
MUTATION(not_a_ca)
{
	l->spec.is_ca = true;
}
MUTATION(no_name_constraints)
{
	/* permitted { DNS "a" } */
	static const uint8_t value[] = { 0x30, 0x07, 0xa0, 0x05, 0x30, 0x03,
		0x82, 0x01, 'a' };

	l->spec.name_constraints = bytes_of(value, sizeof(value));
}
MUTATION(key_usage_no_ca)
{
	l->spec.key_usage |= KU_CRL_SIGN;
}
MUTATION(key_usage_critical)
{
	l->flip = "2.5.29.15";
}
MUTATION(key_usage_only)
{
	l->spec.key_usage |= KU_ENCIPHER_ONLY;
	l->profile.key_usage |= KU_ENCIPHER_ONLY;
}
MUTATION(key_usage_profile)
{
	l->spec.key_usage |= KU_NON_REPUDIATION;
}
MUTATION(key_usage_rsa)
{
	l->spec.key_usage |= KU_KEY_AGREEMENT;
	l->profile.key_usage |= KU_KEY_AGREEMENT;
}
MUTATION(key_usage_encipher)
{
	l->spec.key_usage |= KU_KEY_ENCIPHERMENT;
}
MUTATION(eku_no_any)
{
	l->spec.eku = one_more(l, l->spec.eku, &l->spec.eku_n, "2.5.29.37.0");
}
MUTATION(eku_no_ocsp)
{
	l->spec.eku =
	    one_more(l, l->spec.eku, &l->spec.eku_n, "1.3.6.1.5.5.7.3.9");
}
MUTATION(eku_once)
{
	l->spec.eku =
	    one_more(l, l->spec.eku, &l->spec.eku_n, "1.3.6.1.5.5.7.3.1");
}
MUTATION(eku_profile)
{
	l->spec.eku =
	    one_more(l, l->spec.eku, &l->spec.eku_n, "1.3.6.1.5.5.7.3.3");
}
MUTATION(aki_issuer)
{
	l->spec.aki = l->chain.certs[1].ski;
}
MUTATION(aki_not_critical)
{
	l->flip = "2.5.29.35";
}
MUTATION(ski_not_critical)
{
	l->spec.ski = l->chain.certs[1].ski;
	l->flip = "2.5.29.14";
}
MUTATION(aia_not_critical)
{
	l->flip = "1.3.6.1.5.5.7.1.1";
}
MUTATION(crldp_not_critical)
{
	l->flip = "2.5.29.31";
}
MUTATION(policies_not_critical)
{
	l->flip = "2.5.29.32";
}
MUTATION(tls_feature_not_critical)
{
	l->spec.must_staple = l->ctx.must_staple = true;
	l->flip = "1.3.6.1.5.5.7.1.24";
}
MUTATION(policies_once)
{
	l->spec.policies = one_more(
	    l, l->spec.policies, &l->spec.policies_n, "2.23.140.1.2.1");
}
MUTATION(policies_profile)
{
	l->spec.policies =
	    one_more(l, l->spec.policies, &l->spec.policies_n, "1.2.3.4");
}
MUTATION(names_authorised)
{
	set_names(l, "dns:other.example.net", false);
}
MUTATION(names_once)
{
	const char *twice[] = { "dns:www.example.net", "dns:www.example.net" };

	l->spec.names = test_ca_names(l->t, twice, 2);
}
MUTATION(names_policy)
{
	set_names(l, "dns:a.secret.example.net", true);
}
MUTATION(names_constraints)
{
	constrain(l, "example.org");
}
/* The subject as it is now is what the request had. */
static void
take_subject(struct lab *l)
{
	l->profile.t.subject_request = true;
	l->ctx.subject = l->spec.subject;
}

MUTATION(subject_of_request)
{
	take_subject(l);
	add_rdn(l, "2.5.4.12", "Dr");
}
MUTATION(subject_form)
{
	add_rdn(l, "2.5.4.12", "\x1b");
	take_subject(l);
}
MUTATION(subject_email)
{
	/* CH, emailAddress=x@example.net in an IA5String */
	static const uint8_t name[] = "\x30\x2d\x31\x0b\x30\x09\x06\x03\x55\x04"
				      "\x06\x13\x02"
				      "CH"
				      "\x31\x1e\x30\x1c\x06"
				      "\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09"
				      "\x01\x16\x0f"
				      "ops@example.net";

	l->spec.subject = bytes_of(name, sizeof(name) - 1);
	take_subject(l);
}
MUTATION(subject_cn_server)
{
	struct subject s = { .common_name = "Jane Doe" };

	set_subject(l, &s);
	take_subject(l);
}
MUTATION(pointer_crl)
{
	l->spec.crl_url = "http://ca.example.net:8080/crl/other.crl";
}
MUTATION(pointer_ca)
{
	l->spec.ca_issuers_url = "http://ca.example.net:8080/ca/other.cer";
}
MUTATION(pointer_ocsp)
{
	l->spec.ocsp_url = "http://ca.example.net:8080/status";
}
MUTATION(must_staple_meant)
{
	l->spec.must_staple = true;
}
MUTATION(nocheck_responder)
{
	l->spec.ocsp_nocheck = true;
}

MUTATION(br_validity)
{
	l->profile.t.max_lifetime = l->ctx.max_lifetime = 400 * DAY;
	l->spec.not_after = l->spec.not_before + 200 * DAY;
}
MUTATION(br_names_present)
{
	struct subject s = { .common_name = "www.chancery.dev" };

	set_subject(l, &s);
	l->spec.names.n = l->ctx.names.n = 0;
}
MUTATION(br_names_types)
{
	l->profile.t.email = true;
	set_names(l, "email:a@chancery.dev", true);
}
MUTATION(br_internal_name)
{
	set_names(l, "dns:www.chancery.local", true);
}
MUTATION(br_reverse_zone)
{
	set_names(l, "dns:2.0.192.in-addr.arpa", true);
}
MUTATION(br_reserved_ip)
{
	set_names(l, "ip:10.0.0.1", true);
}
MUTATION(br_label_reserved)
{
	set_names(l, "dns:ab--cd.chancery.dev", true);
}
MUTATION(br_eku_server)
{
	static const char *const eku[] = { "1.3.6.1.5.5.7.3.2" };

	set_eku(l, eku, 1);
}
MUTATION(br_eku_other)
{
	static const char *const eku[] = { "1.3.6.1.5.5.7.3.1",
		"1.3.6.1.5.5.7.3.8" };

	set_eku(l, eku, 2);
}
MUTATION(br_eku_not_critical)
{
	l->flip = "2.5.29.37";
}
MUTATION(br_key_usage_signature)
{
	l->spec.key_usage = KU_KEY_AGREEMENT;
	l->profile.key_usage |= KU_KEY_AGREEMENT;
}
MUTATION(br_key_usage_repudiation)
{
	l->spec.key_usage |= KU_NON_REPUDIATION;
	l->profile.key_usage |= KU_NON_REPUDIATION;
}
MUTATION(br_key_type)
{
	l->profile.keys |= 1u << KEY_ED25519;
}
MUTATION(br_rsa_octets)
{
	uint8_t n[257], e[] = { 1, 0, 1 };
	struct pubkey key = { .alg = KEY_RSA,
		.bits = 2049,
		.n = { n, sizeof(n) },
		.e = { e, sizeof(e) } };
	AUTO_BUF b = { 0 };

	memset(n, 0xff, sizeof(n));
	n[0] = 1;
	spki_put(&b, &key);
	l->spec.spki = l->ctx.spki = arena_take_buf(l->a, &b);
}
MUTATION(br_policy_reserved)
{
	static const char *const policies[] = { "1.2.3.4" };

	set_policies(l, policies, 1);
}
MUTATION(br_policy_one)
{
	static const char *const policies[] = { "2.23.140.1.2.1",
		"2.23.140.1.2.2" };

	set_policies(l, policies, 2);
}
MUTATION(br_subject_domain)
{
	struct subject s = { .organization = "Example Ltd" };

	l->profile.t.subject_organization = "Example Ltd";
	set_subject(l, &s);
}
MUTATION(br_subject_organization)
{
	static const char *const policies[] = { "2.23.140.1.2.2" };

	set_policies(l, policies, 1);
}
MUTATION(br_subject_unit)
{
	struct subject s = { .organizational_unit = "Unit" };

	set_subject(l, &s);
}
MUTATION(br_subject_cn)
{
	struct subject s = { .common_name = "other.chancery.dev" };

	set_subject(l, &s);
}
MUTATION(br_aia_present)
{
	l->spec.ca_issuers_url = l->profile.t.ca_issuers_url = NULL;
	l->spec.ocsp_url = l->profile.t.ocsp_url = NULL;
}
MUTATION(br_crl_present)
{
	l->spec.crl_url = l->profile.t.crl_url = NULL;
	l->spec.ocsp_url = l->profile.t.ocsp_url = NULL;
}
MUTATION(br_pointer_http)
{
	l->spec.crl_url = l->profile.t.crl_url =
	    "https://ca.example.net/crl/issuing.crl";
}
MUTATION(br_basic_constraints)
{
	l->spec.basic_constraints = true;
	l->flip = "2.5.29.19";
}

#define ROW(rule, profile, key)                                                \
	{                                                                      \
#rule, profile, key, m_##rule                                  \
	}

static const struct {
	const char *rule, *profile;
	enum key_alg key;
	void (*mutate)(struct lab *l);
} table[] = {
	ROW(serial_form, "default", KEY_EC_P256),
	ROW(serial_time, "default", KEY_EC_P256),
	ROW(signature_algorithm, "default", KEY_EC_P256),
	ROW(issuer_name, "default", KEY_EC_P256),
	ROW(validity_order, "default", KEY_EC_P256),
	ROW(validity_inclusive, "default", KEY_EC_P256),
	ROW(validity_ca_cap, "default", KEY_EC_P256),
	ROW(validity_within_issuer, "default", KEY_EC_P256),
	ROW(validity_after_issuer, "default", KEY_EC_P256),
	ROW(validity_backdate, "default", KEY_EC_P256),
	ROW(validity_future, "default", KEY_EC_P256),
	ROW(validity_not_over, "default", KEY_EC_P256),
	ROW(subject_or_names, "default", KEY_EC_P256),
	ROW(names_critical, "default", KEY_EC_P256),
	ROW(names_not_critical, "server", KEY_EC_P256),
	ROW(subject_attributes, "server", KEY_EC_P256),
	ROW(subject_once, "server", KEY_EC_P256),
	ROW(subject_cn_length, "server", KEY_EC_P256),
	ROW(subject_o_length, "server", KEY_EC_P256),
	ROW(subject_country, "server", KEY_EC_P256),
	ROW(subject_organization, "server", KEY_EC_P256),
	ROW(key_of_request, "default", KEY_EC_P256),
	ROW(key_of_profile, "default", KEY_EC_P256),
	ROW(key_not_issuers, "default", KEY_EC_P256),
	ROW(extensions_known, "default", KEY_EC_P256),
	ROW(not_a_ca, "default", KEY_EC_P256),
	ROW(no_name_constraints, "default", KEY_EC_P256),
	ROW(key_usage_no_ca, "default", KEY_EC_P256),
	ROW(key_usage_critical, "default", KEY_EC_P256),
	ROW(key_usage_only, "default", KEY_EC_P256),
	ROW(key_usage_profile, "default", KEY_EC_P256),
	ROW(key_usage_rsa, "server", KEY_RSA),
	{ "key_usage_ec", "server", KEY_EC_P384, m_key_usage_encipher },
	{ "key_usage_ed25519", "server", KEY_ED25519, m_key_usage_encipher },
	ROW(eku_no_any, "default", KEY_EC_P256),
	ROW(eku_no_ocsp, "default", KEY_EC_P256),
	ROW(eku_once, "default", KEY_EC_P256),
	ROW(eku_profile, "default", KEY_EC_P256),
	ROW(aki_issuer, "default", KEY_EC_P256),
	ROW(aki_not_critical, "default", KEY_EC_P256),
	ROW(ski_not_critical, "default", KEY_EC_P256),
	ROW(aia_not_critical, "default", KEY_EC_P256),
	ROW(crldp_not_critical, "default", KEY_EC_P256),
	ROW(policies_not_critical, "public", KEY_EC_P256),
	ROW(tls_feature_not_critical, "default", KEY_EC_P256),
	ROW(policies_once, "public", KEY_EC_P256),
	ROW(policies_profile, "public", KEY_EC_P256),
	ROW(names_authorised, "server", KEY_EC_P256),
	ROW(names_once, "server", KEY_EC_P256),
	ROW(names_policy, "server", KEY_EC_P256),
	ROW(names_constraints, "server", KEY_EC_P256),
	ROW(subject_of_request, "server", KEY_EC_P256),
	ROW(subject_form, "server", KEY_EC_P256),
	ROW(subject_email, "server", KEY_EC_P256),
	ROW(subject_cn_server, "server", KEY_EC_P256),
	ROW(pointer_crl, "default", KEY_EC_P256),
	ROW(pointer_ca, "default", KEY_EC_P256),
	ROW(pointer_ocsp, "default", KEY_EC_P256),
	ROW(must_staple_meant, "default", KEY_EC_P256),
	ROW(nocheck_responder, "default", KEY_EC_P256),
	ROW(br_validity, "public", KEY_EC_P256),
	ROW(br_names_present, "public", KEY_EC_P256),
	ROW(br_names_types, "public", KEY_EC_P256),
	ROW(br_internal_name, "public", KEY_EC_P256),
	ROW(br_reverse_zone, "public", KEY_EC_P256),
	ROW(br_reserved_ip, "public", KEY_EC_P256),
	ROW(br_label_reserved, "public", KEY_EC_P256),
	ROW(br_eku_server, "public", KEY_EC_P256),
	ROW(br_eku_other, "public", KEY_EC_P256),
	ROW(br_eku_not_critical, "public", KEY_EC_P256),
	ROW(br_key_usage_signature, "public", KEY_EC_P256),
	ROW(br_key_usage_repudiation, "public", KEY_EC_P256),
	ROW(br_key_type, "public", KEY_ED25519),
	ROW(br_rsa_octets, "public", KEY_RSA),
	ROW(br_policy_reserved, "public", KEY_EC_P256),
	ROW(br_policy_one, "public", KEY_EC_P256),
	ROW(br_subject_domain, "public", KEY_EC_P256),
	ROW(br_subject_organization, "public", KEY_EC_P256),
	ROW(br_subject_unit, "public", KEY_EC_P256),
	ROW(br_subject_cn, "public", KEY_EC_P256),
	ROW(br_aia_present, "public", KEY_EC_P256),
	ROW(br_crl_present, "public", KEY_EC_P256),
	ROW(br_pointer_http, "public", KEY_EC_P256),
	ROW(br_basic_constraints, "public", KEY_EC_P256),
};

/* ---- the bench ---- */

static void
extension_copy(struct lab *l, struct buf *out, struct bytes whole)
{
	struct der d = der_of(whole), x;
	struct bytes oid, value;
	bool critical = false;
	char text[128];
	size_t mark;

	assert_true(der_enter(&d, DER_SEQUENCE, &x));
	assert_true(der_read(&x, DER_OID, &oid));
	if (der_peek(&x) == DER_BOOLEAN)
		assert_true(der_read_bool(&x, &critical));
	assert_true(der_read(&x, DER_OCTET_STRING, &value));
	if (l->flip != NULL && strcmp(oid_text(oid, text), l->flip) == 0)
		critical = !critical;
	mark = der_open(out, DER_SEQUENCE);
	der_put(out, DER_OID, oid);
	if (critical)
		der_put_bool(out, true);
	der_put(out, DER_OCTET_STRING, value);
	der_close(out, mark);
}

/* The encoded bytes, with the changes that a spec cannot have. */
static struct bytes
encode(struct lab *l)
{
	AUTO_BUF plain = { 0 };
	AUTO_BUF out = { 0 };
	struct der d, tbs, outer, list;
	struct bytes whole;
	size_t top, exts, seq;

	cert_tbs_put(&plain, &l->spec);
	d = der_of(buf_bytes(&plain));
	assert_true(der_enter(&d, DER_SEQUENCE, &tbs));
	top = der_open(&out, DER_SEQUENCE);
	while (der_peek(&tbs) != DER_CONTEXT_CONSTRUCTED(3)) {
		assert_true(der_read_any(&tbs, NULL, NULL, &whole));
		der_put_raw(&out, whole);
	}
	assert_true(der_enter(&tbs, DER_CONTEXT_CONSTRUCTED(3), &outer));
	assert_true(der_enter(&outer, DER_SEQUENCE, &list));
	exts = der_open(&out, DER_CONTEXT_CONSTRUCTED(3));
	seq = der_open(&out, DER_SEQUENCE);
	while (der_read_whole(&list, DER_SEQUENCE, &whole))
		extension_copy(l, &out, whole);
	if (l->unknown_extension) {
		size_t mark = der_open(&out, DER_SEQUENCE);

		der_put_oid(&out, "1.2.3.4.5");
		der_put(&out, DER_OCTET_STRING, bytes_of("\x05\x00", 2));
		der_close(&out, mark);
	}
	der_close(&out, seq);
	der_close(&out, exts);
	der_close(&out, top);
	return arena_take_buf(l->a, &out);
}

static const char *
good_name(const char *profile)
{
	if (strcmp(profile, "public") == 0)
		return "dns:www.chancery.dev";
	return "dns:www.example.net";
}

static void
lab_make(
    struct lab *l, struct test_ca *t, const char *profile, enum key_alg key)
{
	const char *name = good_name(profile);
	const struct profile *p = ca_profile_find(t->ca, profile);
	const struct state_ca *ca = state_ca_find(ca_state(t->ca), p->t.ca);
	struct pubkey *pub = arena_alloc(t->a, sizeof(*pub));
	struct bytes spki =
	    privkey_spki(test_ca_key(t, key, key == KEY_RSA ? 2048 : 0));
	struct spec_input in = { .profile = p,
		.ca = ca,
		.key = pub,
		.spki = spki,
		.names = test_ca_names(t, &name, 1),
		.now = t->now,
		.node = 5 };
	struct random random = random_seeded(3);

	assert_ok(t, spki_parse(spki, pub, &t->err));
	*l = (struct lab){
		.t = t, .a = t->a, .profile = *p, .chain = ca->issuer->chain
	};
	assert_ok(t, spec_derive(&in, &random, t->a, &l->spec, &t->err));
	l->ctx = (struct lint_context){ .profile = &l->profile,
		.chain = &l->chain,
		.key_id = ca->issuer->key_id,
		.spki = spki,
		.names = in.names,
		.must_staple = l->spec.must_staple,
		.now = t->now,
		.max_lifetime = ca->max_lifetime,
		.max_backdate = ca->max_backdate,
		.node = 5,
		.arena = t->a };
	if (key == KEY_ED25519)
		l->profile.keys |= 1u << KEY_ED25519;
}

static size_t
lab_run(struct lab *l, const struct lint_rule **broken, size_t max)
{
	struct cert *c = arena_alloc(l->a, sizeof(*c));

	assert_ok(l->t, cert_parse_tbs(encode(l), l->a, c, &l->t->err));
	return lint_run(c, &l->ctx, broken, max);
}

static void
each_rule_alone(void **state)
{
	struct test_ca *t = *state;

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		const struct lint_rule *broken[8] = { NULL };
		struct lab l;
		size_t n;

		lab_make(&l, t, table[i].profile, table[i].key);
		/* A key type that a Baseline profile may not have breaks its
		 * rule already: that is the mutation. */
		if (table[i].mutate != m_br_key_type &&
		    (n = lab_run(&l, broken, 1)) != 0)
			fail_msg("%s: unchanged, %s is broken", table[i].rule,
			    broken[0]->id);
		table[i].mutate(&l);
		n = lab_run(&l, broken, COUNT_OF(broken));
		if (n != 1)
			fail_msg("%s: %zu rules are broken: %s %s",
			    table[i].rule, n, n > 0 ? broken[0]->id : "",
			    n > 1 ? broken[1]->id : "");
		assert_string_equal(broken[0]->id, table[i].rule);
	}
}

static void
each_rule_has_a_mutation(void **state UNUSED)
{
	const struct lint_rule *rule;
	size_t n = 0;
	bool baseline;

	for (; (rule = lint_rule_at(n, &baseline)) != NULL; n++) {
		bool found = false;

		for (size_t i = 0; i < COUNT_OF(table); i++)
			found = found || strcmp(table[i].rule, rule->id) == 0;
		if (!found)
			fail_msg("rule %s has no mutation", rule->id);
		assert_true(rule->source[0] != '\0');
		assert_int_equal(baseline, strncmp(rule->id, "br_", 3) == 0);
	}
	assert_int_equal(n, COUNT_OF(table));
	assert_true(n >= 35);
}

/* The entry that ca_issue uses tells rule, source and finding. */
static void
check_says_why(void **state)
{
	struct test_ca *t = *state;
	struct lab l;

	lab_make(&l, t, "default", KEY_EC_P256);
	assert_ok(t, lint_check(encode(&l), &l.ctx, &t->err));
	m_validity_inclusive(&l);
	assert_false(lint_check(encode(&l), &l.ctx, &t->err));
	assert_int_equal(t->err.kind, ERR_REJECTED);
	assert_non_null(strstr(t->err.shown, "validity_inclusive"));
	assert_non_null(strstr(t->err.shown, "RFC 5280 section 4.1.2.5"));
	err_clear(&t->err);
	/* What cannot be parsed is refused before any rule. */
	assert_fails(t, lint_check(bytes_of("\x30\x00", 2), &l.ctx, &t->err),
	    ERR_INTERNAL);
}

/* Baseline rules are for profiles that want them. */
static void
baseline_is_optional(void **state)
{
	struct test_ca *t = *state;
	const struct lint_rule *broken[2];
	struct lab l;

	lab_make(&l, t, "public", KEY_EC_P256);
	m_br_internal_name(&l);
	assert_int_equal(lab_run(&l, broken, 2), 1);
	l.profile.t.baseline = false;
	assert_int_equal(lab_run(&l, broken, 2), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_alone),
		cmocka_unit_test(each_rule_has_a_mutation),
		cmocka_unit_test(check_says_why),
		cmocka_unit_test(baseline_is_optional),
	};

	return cmocka_run_group_tests(tests, test_ca_setup, test_ca_teardown);
}
