/* What csrattrs say, octet by octet, for a profile of each kind of key. */
#include "support/unit.h"
#include "est/csrattrs.h"
#include "util/text.h"

static struct profile
profile_of(const char **key, const char **eku)
{
	struct profile p = { .t = { .keys = { key, 1 },
				 .rsa_min_bits = 3072,
				 .subject_organization = "X" },
		.key_usage = KU_DIGITAL_SIGNATURE,
		.eku = { eku, 1 },
		.subject_cn = SUBJECT_CSR_CN };

	return p;
}

static const char *
made(struct arena *a, const char *key, bool binding)
{
	const char *eku = "1.3.6.1.5.5.7.3.2";
	struct profile p = profile_of(&key, &eku);
	AUTO_BUF der = { 0 };

	est_csrattrs_put(&der, &p, binding);
	assert_true(der_check(buf_bytes(&der)));
	return hex_arena(a, buf_bytes(&der));
}

#define EXTENSIONS                                                             \
	"300e0603551d0f0101ff04040302078030130603551d25040c300a06082b06010505" \
	"070302"

static void
both_forms_stand_in_it(void **state)
{
	AUTO_ARENA *a = arena_new();
	const char *ec = made(a, "ec-p256", false);

	(void)state;
	/* ecPublicKey with the curve (RFC 9908, 3.2). */
	assert_non_null(
	    strstr(ec, "301506072a8648ce3d0201310a06082a8648ce3d030107"));
	/* One id-ExtensionReq, with the values. */
	assert_non_null(
	    strstr(ec, "06092a864886f70d01090e31273025" EXTENSIONS));
	/* The template: O=X and a CN to fill in, the key, and a subjectAltName
	 * to fill in (RFC 9908 appendix A). */
	assert_non_null(strstr(ec, "060b2a864886f70d010910023d"));
	assert_non_null(strstr(ec, "310a3008060355040a0c0158"));
	assert_non_null(strstr(ec, "310730050603550403"));
	assert_non_null(
	    strstr(ec, "a015301306072a8648ce3d020106082a8648ce3d030107"));
	assert_non_null(strstr(ec,
	    "060b2a864886f70d010910023e"
	    "312e302c"
	    "30050603551d11" EXTENSIONS));
}

/* RFC 9908 section 4: who knows the template looks at nothing beside it, so it
 * would hide that a challengePassword is wanted. */
static void
a_binding_is_asked_for_without_a_template(void **state)
{
	AUTO_ARENA *a = arena_new();
	const char *ec = made(a, "ec-p256", true);

	(void)state;
	assert_non_null(strstr(ec, "06092a864886f70d010907"));
	assert_non_null(strstr(ec, "06092a864886f70d01090e31273025"));
	assert_null(strstr(ec, "060b2a864886f70d010910023d"));
}

/* RFC 9908 section 3.4: without a demand on the subject "it MUST be absent". */
static void
no_subject_is_no_demand(void **state)
{
	AUTO_ARENA *a = arena_new();
	const char *key = "ec-p256", *eku = "1.3.6.1.5.5.7.3.2";
	struct profile p = profile_of(&key, &eku);
	AUTO_BUF der = { 0 };

	(void)state;
	p.t.subject_organization = NULL;
	p.subject_cn = SUBJECT_NONE;
	est_csrattrs_put(&der, &p, false);
	assert_non_null(
	    strstr(hex_arena(a, buf_bytes(&der)), "020100a01530130607"));
}

static void
keys_of_other_kinds(void **state)
{
	AUTO_ARENA *a = arena_new();
	const char *rsa = made(a, "rsa", false);
	const char *ed = made(a, "ed25519", false);

	(void)state;
	/* No binding, no challengePassword. */
	assert_null(strstr(rsa, "2a864886f70d010907"));
	/* rsaEncryption and the size, 3072. */
	assert_non_null(strstr(rsa, "301106092a864886f70d010101310402020c00"));
	/* And a key of that size, whose value means nothing. */
	assert_non_null(strstr(rsa,
	    "a08201a2300d06092a864886f70d0101010500"
	    "0382018f003082018a02820181008000"));
	/* An attribute, if without a value; not a way to sign. */
	assert_non_null(strstr(ed, "300706032b65703100"));
	assert_non_null(strstr(ed, "a007300506032b6570"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_forms_stand_in_it),
		cmocka_unit_test(a_binding_is_asked_for_without_a_template),
		cmocka_unit_test(no_subject_is_no_demand),
		cmocka_unit_test(keys_of_other_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
