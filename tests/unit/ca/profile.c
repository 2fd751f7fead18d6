#include "support/unit.h"
#include "ca/ca.h"
#include "ca/profile.h"
#include "support/test_ca.h"

static struct profile *
compile(struct test_ca *t, const struct config_profile *c)
{
	struct profile *p;

	assert_ok(t,
	    profile_new(
		bytes_str(profile_encode(c, t->config->http_base_url, t->a)),
		&p, &t->err));
	return p;
}

static void
json_round_trip(void **state)
{
	struct test_ca *t = *state;

	for (size_t i = 0; i < t->config->profiles_n; i++) {
		const struct config_profile *c = &t->config->profiles[i];
		struct profile *p = compile(t, c), *again;
		uint8_t sum[32];

		assert_ok(t, profile_new(bytes_str(p->json), &again, &t->err));
		assert_string_equal(p->json, again->json);
		assert_memory_equal(p->hash, again->hash, 32);
		digest_sha256(bytes_str(p->json), sum);
		assert_memory_equal(p->hash, sum, 32);
		assert_int_equal(p->keys, again->keys);
		assert_int_equal(p->key_usage, again->key_usage);
		assert_int_equal(p->eku.n, again->eku.n);
		assert_int_equal(p->t.lifetime, c->lifetime);
		assert_int_equal(p->t.dns_allow.n, c->dns_allow.n);
		assert_string_equal(profile_name(p), c->name);
		profile_free(p);
		profile_free(again);
	}
}

/* Members are sorted and nothing is between them. */
static void
json_is_canonical(void **state)
{
	struct test_ca *t = *state;
	const struct config_profile *c =
	    config_profile_find(t->config, "server");
	struct profile *p = compile(t, c);

	assert_int_equal(
	    strncmp(p->json, "{\"acme\":true,\"backdate\":3600,", 29), 0);
	assert_non_null(strstr(p->json,
	    "\"crl_url\":\"http://ca.example.net:8080/crl/issuing.crl\""));
	assert_non_null(strstr(
	    p->json, "\"ocsp_url\":\"http://ca.example.net:8080/ocsp\""));
	assert_null(strchr(p->json, '\n'));
	assert_null(strstr(p->json, ": "));
	profile_free(p);
}

/* Anything that changes a certificate changes the version. */
static void
hash_follows_content(void **state)
{
	struct test_ca *t = *state;
	struct config_profile c = *config_profile_find(t->config, "default");
	struct profile *p = compile(t, &c), *q;

	c.lifetime--;
	q = compile(t, &c);
	assert_memory_not_equal(p->hash, q->hash, 32);
	profile_free(q);
	c = *config_profile_find(t->config, "default");
	assert_ok(t,
	    profile_new(
		bytes_str(profile_encode(&c, "http://other.example", t->a)), &q,
		&t->err));
	assert_memory_not_equal(p->hash, q->hash, 32);
	profile_free(q);
	profile_free(p);
}

static struct config_strings
list(struct test_ca *t, const char *text)
{
	struct config_strings s = { arena_array(t->a, 1, sizeof(*s.v)), 1 };

	s.v[0] = text;
	return s;
}

static void
refusals(void **state)
{
	struct test_ca *t = *state;
	const struct config_profile *good =
	    config_profile_find(t->config, "default");
	struct config_profile bad[26];
	const struct config_profile *devices =
	    config_profile_find(t->config, "devices");
	size_t n = 0;

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		bad[i] = i < 21 ? *good : *devices;
	bad[n++].extended_key_usage = list(t, "OCSPSigning");
	bad[n++].extended_key_usage = list(t, "1.3.6.1.5.5.7.3.9");
	bad[n++].extended_key_usage = list(t, "2.5.29.37.0");
	bad[n++].extended_key_usage = (struct config_strings){ NULL, 0 };
	bad[n++].extended_key_usage = list(t, "nonsense");
	bad[n++].key_usage = list(t, "keyCertSign");
	bad[n++].key_usage = list(t, "cRLSign");
	bad[n++].key_usage = (struct config_strings){ NULL, 0 };
	bad[n++].key_usage = list(t, "keyEncipherment"); /* EC cannot */
	bad[n++].keys = (struct config_strings){ NULL, 0 };
	bad[n++].keys = list(t, "dsa");
	bad[n++].rsa_min_bits = 1024;
	bad[n++].max_lifetime = good->lifetime - 1;
	bad[n++].backdate = good->lifetime;
	bad[n++].subject_country = "Switzerland";
	bad[n++].policies = list(t, "1.x");
	bad[n].dns = bad[n].wildcards = bad[n].ip = false;
	n++;
	bad[n++].max_names = 0;
	bad[n++].baseline = true; /* no policies */
	bad[n++].dns = false; /* wildcards without DNS */
	bad[n++].subject_attributes = list(t, "CN"); /* of what is built */
	/* Of a subject that the request decides. */
	bad[n++].acme = true;
	bad[n++].subject_organization = "Example Ltd";
	bad[n++].subject_country = "CH";
	bad[n++].subject_cn = SUBJECT_CSR_CN;
	bad[n++].subject_attributes = list(t, "businessCategory");
	assert_int_equal(n, COUNT_OF(bad));
	for (size_t i = 0; i < n; i++) {
		struct profile *p;

		if (profile_new(bytes_str(profile_encode(
				    &bad[i], t->config->http_base_url, t->a)),
			&p, &t->err))
			fail_msg("case %zu compiles", i);
		assert_int_equal(t->err.kind, ERR_CONFIG);
		err_clear(&t->err);
	}
}

/* CA certificates were given OCSPSigning, and could then answer for their
 * issuer: no profile of a configuration has it, by name or by number. */
static void
responders_2020_no_profile_has_ocsp_signing(void **state)
{
	static const char *const words[] = { "OCSPSigning",
		"1.3.6.1.5.5.7.3.9" };
	struct test_ca *t = *state;
	struct config_profile bad = *config_profile_find(t->config, "default");
	struct profile *p;

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		bad.extended_key_usage = list(t, words[i]);
		assert_fails(t,
		    profile_new(bytes_str(profile_encode(
				    &bad, t->config->http_base_url, t->a)),
			&p, &t->err),
		    ERR_CONFIG);
	}
}

/* A CA that gives an hour at most has a responder, too. */
static void
responder_of_a_short_life(void **state)
{
	static const int64_t lives[] = { 3600, 86400, 90 * 86400 };
	struct test_ca *t = *state;

	for (size_t i = 0; i < COUNT_OF(lives); i++) {
		struct profile *p;

		assert_ok(t,
		    profile_new(bytes_str(profile_encode_responder(
				    "issuing", lives[i], t->a)),
			&p, &t->err));
		assert_true(p->t.backdate <= lives[i] / 8);
		assert_in_range(p->t.backdate, 1, 86400);
		profile_free(p);
	}
}

static void
damaged_records(void **state)
{
	struct test_ca *t = *state;
	struct profile *p = compile(
			   t, config_profile_find(t->config, "default")),
		       *q;
	char *text = arena_strdup(t->a, p->json);

	*strstr(text, "\"dns\"") = ' ';
	assert_fails(
	    t, profile_new(bytes_str(text), &q, &t->err), ERR_MALFORMED);
	text = arena_strdup(t->a, p->json);
	memcpy(strstr(text, "\"dns\":true"), "\"dnx\":true", 10);
	assert_fails(
	    t, profile_new(bytes_str(text), &q, &t->err), ERR_MALFORMED);
	text = arena_strdup(t->a, p->json);
	memcpy(strstr(text, "\"format\":1"), "\"format\":2", 10);
	assert_fails(
	    t, profile_new(bytes_str(text), &q, &t->err), ERR_MALFORMED);
	profile_free(p);
}

/* Versions that were recorded before a member was thought of are as they were.
 */
static void
older_records(void **state)
{
	static const char *const later[] = { "\"subject_attributes\":[],",
		"\"subject_request\":false,", "\"upn\":false,",
		"\"upn_allow\":[],", "\"upn_deny\":[]," };
	struct test_ca *t = *state;
	struct profile *p = compile(
			   t, config_profile_find(t->config, "default")),
		       *old;
	char *text = arena_strdup(t->a, p->json);

	for (size_t i = 0; i < COUNT_OF(later); i++) {
		char *at = strstr(text, later[i]);

		assert_non_null(at);
		memmove(at, at + strlen(later[i]),
		    strlen(at + strlen(later[i])) + 1);
	}
	assert_ok(t, profile_new(bytes_str(text), &old, &t->err));
	assert_false(old->t.upn || profile_takes_subject(old));
	assert_string_equal(old->json, text);
	assert_memory_not_equal(old->hash, p->hash, 32);
	profile_free(old);
	profile_free(p);
}

static void
usage_by_key_type(void **state)
{
	struct test_ca *t = *state;
	struct profile *p =
	    compile(t, config_profile_find(t->config, "server"));

	assert_int_equal(profile_key_usage(p, KEY_RSA),
	    KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT);
	assert_int_equal(
	    profile_key_usage(p, KEY_EC_P256), KU_DIGITAL_SIGNATURE);
	assert_int_equal(
	    profile_key_usage(p, KEY_ED25519), KU_DIGITAL_SIGNATURE);
	profile_free(p);
}

static void
names(void **state)
{
	static const struct {
		const char *profile, *name;
		bool allowed;
	} rows[] = {
		{ "default", "dns:anything.test", true },
		{ "default", "dns:*.anything.test", true },
		{ "default", "ip:192.0.2.1", true },
		{ "default", "email:a@example.net", false },
		{ "default", "uri:https://example.net/", false },
		{ "server", "dns:example.net", true },
		{ "server", "dns:a.example.org", true },
		{ "server", "dns:example.com", false },
		{ "server", "dns:secret.example.net", false },
		{ "server", "dns:a.secret.example.net", false },
		{ "server", "dns:*.example.net", false },
		{ "server", "dns:*.a.example.net", true },
		{ "people", "dns:example.net", false },
		{ "people", "email:a@example.net", true },
		{ "people", "email:a@x.example.net", false },
		{ "people", "uri:spiffe://example.net/a", true },
		{ "people", "uri:spiffe://example.net.evil/a", false },
		{ "people", "uri:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1",
		    false },
		{ "people", "email:Mixed.Case@EXAMPLE.net", true },
		{ "default", "upn:a@example.net", false },
		{ "people", "upn:a@Example.NET", true },
		{ "people", "upn:a@x.example.net", false },
		{ "people", "upn:a@corp.example", false },
		{ "people", "upn:a@x.corp.example", true },
		{ "people", "upn:a@secret.corp.example", false },
		{ "people", "upn:a@y.secret.corp.example", false },
		{ "people", "upn:a@example.org", false },
	};
	struct test_ca *t = *state;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct profile *p =
		    ca_profile_find(t->ca, rows[i].profile);
		struct name n;
		struct err err = { 0 };

		assert_ok(
		    t, name_parse_tagged(rows[i].name, t->a, &n, &t->err));
		if (profile_check_name(p, &n, &err) != rows[i].allowed)
			fail_msg("%s: %s", rows[i].profile, rows[i].name);
		if (!rows[i].allowed)
			assert_int_equal(err.kind, ERR_IDENTIFIER_REJECTED);
	}
}

static void
networks(void **state)
{
	static const struct {
		const char *ip;
		bool allowed;
	} rows[] = {
		{ "ip:10.1.2.3", true },
		{ "ip:10.9.0.1", false },
		{ "ip:11.0.0.1", false },
		{ "ip:2001:db8::1", true },
		{ "ip:2001:db9::1", false },
	};
	struct test_ca *t = *state;
	struct config_profile c = *config_profile_find(t->config, "default");
	struct config_cidr allow[2], deny[1];
	struct profile *p;

	assert_ok(t, config_cidr_parse("10.0.0.0/8", &allow[0], &t->err));
	assert_ok(t, config_cidr_parse("2001:db8::/32", &allow[1], &t->err));
	assert_ok(t, config_cidr_parse("10.9.0.0/16", &deny[0], &t->err));
	allow[0].text = "10.0.0.0/8";
	allow[1].text = "2001:db8::/32";
	deny[0].text = "10.9.0.0/16";
	c.ip_allow = (struct config_cidrs){ allow, 2 };
	c.ip_deny = (struct config_cidrs){ deny, 1 };
	p = compile(t, &c);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct name n;
		struct err err = { 0 };

		assert_ok(t, name_parse_tagged(rows[i].ip, t->a, &n, &t->err));
		if (profile_check_name(p, &n, &err) != rows[i].allowed)
			fail_msg("%s", rows[i].ip);
	}
	profile_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_round_trip),
		cmocka_unit_test(json_is_canonical),
		cmocka_unit_test(hash_follows_content),
		cmocka_unit_test(refusals),
		cmocka_unit_test(responders_2020_no_profile_has_ocsp_signing),
		cmocka_unit_test(responder_of_a_short_life),
		cmocka_unit_test(damaged_records),
		cmocka_unit_test(older_records),
		cmocka_unit_test(usage_by_key_type),
		cmocka_unit_test(names),
		cmocka_unit_test(networks),
	};

	return cmocka_run_group_tests(tests, test_ca_setup, test_ca_teardown);
}
