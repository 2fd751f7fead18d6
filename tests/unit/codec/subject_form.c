/* Subjects made by OpenSSL, as devices write them, and what a certificate may
 * take of them. */
#include "support/unit.h"
#include "unit/codec/made.h"
#include "codec/subject_form.h"

static struct arena *arena;

struct entry {
	int nid, type;
	const char *text;
	bool joined; /* in one RDN with the one before */
};

static struct bytes
name_of(const struct entry *entries, size_t n)
{
	X509_NAME *name = X509_NAME_new();
	struct bytes out;

	for (size_t i = 0; i < n && entries[i].nid != 0; i++) {
		X509_NAME_ENTRY *e =
		    X509_NAME_ENTRY_create_by_NID(NULL, entries[i].nid,
			entries[i].type, (const unsigned char *)entries[i].text,
			(int)strlen(entries[i].text));

		assert_non_null(e);
		assert_int_equal(X509_NAME_add_entry(
				     name, e, -1, entries[i].joined ? -1 : 0),
		    1);
		X509_NAME_ENTRY_free(e);
	}
	out = MADE_I2D(arena, i2d_X509_NAME, name);
	X509_NAME_free(name);
	return out;
}

#define U V_ASN1_UTF8STRING
#define P V_ASN1_PRINTABLESTRING
#define I V_ASN1_IA5STRING
#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
/* 64 characters of two octets each. */
#define E8 "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
#define E64 E8 E8 E8 E8 E8 E8 E8 E8

static const struct {
	struct entry entries[6];
	bool good;
} rows[] = {
	{ { { 0 } }, true },
	{ { { NID_countryName, P, "CH", false },
	      { NID_organizationName, U, "Müller & Söhne", false },
	      { NID_organizationalUnitName, P, "a", false },
	      { NID_organizationalUnitName, P, "b", false },
	      { NID_commonName, U, "Jane Doe", false },
	      { NID_pkcs9_emailAddress, I, "jane@a.example", false } },
	    true },
	{ { { NID_domainComponent, I, "example", false },
	      { NID_domainComponent, I, "a", false },
	      { NID_commonName, P, "Users", false },
	      { NID_commonName, P, "Jane Doe", false },
	      { NID_serialNumber, P, "C02XK", true },
	      { NID_userId, U, "jane", false } },
	    true },
	{ { { NID_localityName, U, "Basel", false },
	      { NID_stateOrProvinceName, U, "BS", false },
	      { NID_streetAddress, U, "Ring 1", false },
	      { NID_givenName, U, "Jane", false },
	      { NID_surname, U, "Doe", false }, { NID_title, U, "Dr", false } },
	    true },
	{ { { NID_pkcs9_unstructuredName, I, "r_1.a.example", false },
	      { NID_pkcs9_unstructuredAddress, P, "192.0.2.1", false } },
	    true },
	{ { { NID_commonName, U, X64, false } }, true },
	{ { { NID_commonName, U, X64 "x", false } }, false },
	{ { { NID_commonName, U, E64, false } }, true },
	{ { { NID_commonName, U, E64 "x", false } }, false },
	{ { { NID_commonName, U, "", false } }, false },
	{ { { NID_commonName, U, "  ", false } }, false },
	{ { { NID_commonName, U, "a\tb", false } }, false },
	{ { { NID_commonName, U, "a\xc2\x85", false } }, false },
	/* Hidden from who looks at it: zero width, another direction, a soft
	 * hyphen; next to them what can be seen. */
	{ { { NID_commonName, U, "a\xe2\x80\x8b", false } }, false },
	{ { { NID_commonName, U,
	      "a\xe2\x80\xae"
	      "b",
	      false } },
	    false },
	{ { { NID_commonName, U,
	      "a\xc2\xad"
	      "b",
	      false } },
	    false },
	{ { { NID_commonName, U,
	      "a\xe2\x80\x90"
	      "b",
	      false } },
	    true },
	{ { { NID_commonName, P, "a@b", false } }, false },
	{ { { NID_commonName, P, "a*b", false } }, false },
	{ { { NID_commonName, I, "a", false } }, false },
	{ { { NID_commonName, V_ASN1_T61STRING, "a", false } }, false },
	{ { { NID_commonName, V_ASN1_BMPSTRING, "ab", false } }, false },
	{ { { NID_countryName, P, "ch", false } }, false },
	{ { { NID_countryName, P, "CHE", false } }, false },
	{ { { NID_countryName, U, "CH", false } }, false },
	{ { { NID_serialNumber, U, "1", false } }, false },
	{ { { NID_domainComponent, U, "a", false } }, false },
	{ { { NID_pkcs9_emailAddress, U, "a@b", false } }, false },
	{ { { NID_pkcs9_emailAddress, I, "a\n@b", false } }, false },
	{ { { NID_commonName, U, "a", false },
	      { NID_pseudonym, U, "b", false } },
	    false },
	{ { { NID_businessCategory, U, "b", false } }, false },
};

static void
test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct bytes name =
		    name_of(rows[i].entries, COUNT_OF(rows[i].entries));
		struct err err = { 0 };

		if (subject_form_check(name, NULL, 0, &err) != rows[i].good)
			fail_msg("row %zu, %s: %s", i,
			    subject_text(arena, name), err.shown);
		if (!rows[i].good)
			assert_int_equal(err.kind, ERR_REJECTED);
	}
}

static void
test_types_of_a_profile(void **state)
{
	static const char *const types[] = { "CN", "O" };
	static const struct entry good[] = { { NID_organizationName, U, "o",
						 false },
		{ NID_commonName, U, "a", false } };
	static const struct entry bad[] = { { NID_commonName, U, "a", false },
		{ NID_title, U, "Dr", false } };
	struct err err = { 0 };

	(void)state;
	assert_true(subject_form_check(name_of(good, 2), types, 2, &err));
	assert_false(subject_form_check(name_of(good, 2), types, 1, &err));
	err_clear(&err);
	assert_false(subject_form_check(name_of(bad, 2), types, 2, &err));
	assert_non_null(strstr(err.shown, "type title"));
	assert_true(subject_form_is_type("unstructuredName"));
	assert_false(subject_form_is_type("cn"));
}

static void
test_number_of_attributes(void **state)
{
	struct entry entries[SUBJECT_FORM_ATTRIBUTES_MAX + 1];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(entries); i++)
		entries[i] =
		    (struct entry){ NID_organizationalUnitName, U, "a", false };
	assert_true(subject_form_check(
	    name_of(entries, COUNT_OF(entries) - 1), NULL, 0, NULL));
	assert_false(subject_form_check(
	    name_of(entries, COUNT_OF(entries)), NULL, 0, NULL));
}

/* By hand: OpenSSL sorts a SET that it encodes. */
static void
test_what_is_no_der(void **state)
{
	static const char *const cases[] = {
		/* CN=a+O=b the wrong way round, and twice the same. */
		"30 19 31 17 30 08 06 03 55 04 0a 0c 01 62 30 08 06 03 55 04 "
		"03 0c 01 61 00",
		"30 16 31 14 30 08 06 03 55 04 0a 0c 01 62 30 08 06 03 55 04 "
		"03 0c 01 61",
		"30 16 31 14 30 08 06 03 55 04 03 0c 01 61 30 08 06 03 55 04 "
		"03 0c 01 61",
		/* An empty RDN; something behind a value, behind the Name. */
		"30 02 31 00",
		"30 0e 31 0c 30 0a 06 03 55 04 03 0c 01 61 05 00",
		"30 0c 31 0a 30 08 06 03 55 04 03 0c 01 61 05 00",
		"31 00",
		/* UTF8Strings: Latin-1; by RFC 3629 an overlong 'a', a
		 * surrogate and what is beyond the last. */
		"30 0c 31 0a 30 08 06 03 55 04 03 0c 01 ff",
		"30 0d 31 0b 30 09 06 03 55 04 03 0c 02 c1 a1",
		"30 0e 31 0c 30 0a 06 03 55 04 03 0c 03 ed a0 80",
		"30 0f 31 0d 30 0b 06 03 55 04 03 0c 04 f4 90 80 80",
		"30 0d 31 0b 30 09 06 03 55 04 03 03 02 00 61",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (subject_form_check(
			made_hex(arena, cases[i]), NULL, 0, NULL))
			fail_msg("%s", cases[i]);
	assert_true(
	    subject_form_check(made_hex(arena,
				   "30 16 31 14 30 08 06 03 55 04 03 0c 01 61 "
				   "30 08 06 03 55 04 0a 0c 01 62"),
		NULL, 0, NULL));
}

static void
test_who_is_limited_in_names(void **state)
{
	static const struct entry entries[] = { { NID_organizationName, U, "o",
						    false },
		{ NID_commonName, U, "PC.A.example", false },
		{ NID_userId, U, "jane@a.example", false },
		{ NID_pkcs9_emailAddress, I, "Jane@B.example", false } };
	struct name v[] = { { NAME_DNS, "pc.a.example" },
		{ NAME_UPN, "jane@a.example" },
		{ NAME_EMAIL, "Jane@b.example" } };
	struct names emails, all = { v, 3 }, two = { v, 2 }, one = { v, 1 };
	struct bytes name = name_of(entries, 4);
	struct err err = { 0 };

	(void)state;
	assert_true(subject_form_check_names(name, &all, arena, &err));
	assert_false(subject_form_check_names(name, &two, arena, NULL));
	assert_false(subject_form_check_names(name, &one, arena, NULL));
	assert_true(subject_form_check_cn(name, &one, arena, &err));
	assert_false(subject_form_check_cn(
	    name, &(struct names){ v + 1, 2 }, arena, NULL));
	assert_true(subject_form_check_names(
	    name_of(entries, 1), &(struct names){ NULL, 0 }, arena, &err));
	assert_true(subject_form_emails(name, arena, &emails, &err));
	assert_int_equal(emails.n, 1);
	assert_true(name_equal(&emails.v[0], &v[2]));
}

static void
test_address_that_is_none(void **state)
{
	static const struct entry entries[] = { { NID_pkcs9_emailAddress, I,
	    "jane", false } };
	struct names emails;
	struct err err = { 0 };

	(void)state;
	assert_false(
	    subject_form_emails(name_of(entries, 1), arena, &emails, &err));
	assert_int_equal(err.kind, ERR_REJECTED);
}

/* What Go, Windows and others write, and what goes into the certificate. */
static void
test_normal_form(void **state)
{
	static const struct {
		struct entry in;
		int type; /* 0: stays as it is, and is refused */
		const char *text;
	} cases[] = {
		{ { NID_pkcs9_emailAddress, U, "j@a.example", false }, I,
		    "j@a.example" },
		{ { NID_pkcs9_emailAddress, P, "j@a.example", false }, I,
		    "j@a.example" },
		{ { NID_pkcs9_emailAddress, U, "\xc3\xa9@a.example", false }, 0,
		    NULL },
		{ { NID_serialNumber, U, "C02XK", false }, P, "C02XK" },
		{ { NID_serialNumber, U, "C_02", false }, 0, NULL },
		{ { NID_domainComponent, P, "example", false }, I, "example" },
		{ { NID_countryName, U, "CH", false }, P, "CH" },
		{ { NID_commonName, P, "a@b*c_d", false }, U, "a@b*c_d" },
		{ { NID_commonName, I, "a", false }, U, "a" },
		{ { NID_commonName, P, "a", false }, P, "a" },
		{ { NID_commonName, V_ASN1_T61STRING, "a", false }, 0, NULL },
		{ { NID_businessCategory, I, "b", false }, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct entry want = { cases[i].in.nid, cases[i].type,
			cases[i].text, false };
		struct bytes in = name_of(&cases[i].in, 1);
		struct bytes out = subject_form_normal(in, arena);
		bool changes = cases[i].type != 0;

		if (!bytes_equal(out, changes ? name_of(&want, 1) : in))
			fail_msg("case %zu", i);
		if (subject_form_check(out, NULL, 0, NULL) != changes)
			fail_msg("case %zu", i);
		assert_true(subject_equal(arena, in, out));
		assert_true(bytes_equal(subject_form_normal(out, arena), out));
	}
}

/* By hand: OU=Müller as a BMPString joined with a CN, and what is no Name. */
static void
test_normal_form_of_others(void **state)
{
	struct bytes in = made_hex(arena,
	    "30 1f 31 1d 30 08 06 03 55 04 03 0c 01 61 30 11 06 03 55 04 0b 1e "
	    "0a 00 4d 00 fc 00 6c 00 6c 00 72");
	struct bytes out = subject_form_normal(in, arena);
	static const char *const not_names[] = { "", "30 02 31",
		"30 04 31 02 05 00", "31 00" };

	(void)state;
	assert_true(subject_form_check(out, NULL, 0, NULL));
	assert_string_equal(subject_text(arena, out), "CN=a+OU=Müllr");
	for (size_t i = 0; i < COUNT_OF(not_names); i++) {
		in = made_hex(arena, not_names[i]);
		assert_true(bytes_equal(subject_form_normal(in, arena), in));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_normal_form),
		cmocka_unit_test(test_normal_form_of_others),
		cmocka_unit_test(test_types_of_a_profile),
		cmocka_unit_test(test_number_of_attributes),
		cmocka_unit_test(test_what_is_no_der),
		cmocka_unit_test(test_who_is_limited_in_names),
		cmocka_unit_test(test_address_that_is_none),
	};
	int failed;

	arena = arena_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
