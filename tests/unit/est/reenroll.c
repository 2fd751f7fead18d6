/* Which CSR may replace which certificate (RFC 7030 section 4.2.2). */
#include "support/unit.h"
#include "codec/oid.h"
#include "codec/renewal.h"
#include "est/reenroll.h"

struct part {
	const char *oid; /* content octets */
	size_t oid_n;
	int tag;
	const char *text;
};
#define PART(oid, tag, text)                                                   \
	{                                                                      \
		OID_##oid, sizeof(OID_##oid) - 1, tag, text                    \
	}

static struct bytes
name_of(struct arena *a, const struct part *parts, size_t n)
{
	struct buf b = { 0 };
	size_t name = der_open(&b, DER_SEQUENCE);

	for (size_t i = 0; i < n && parts[i].text != NULL; i++) {
		size_t set = der_open(&b, DER_SET);
		size_t one = der_open(&b, DER_SEQUENCE);

		oid_put(&b, bytes_of(parts[i].oid, parts[i].oid_n));
		der_put(&b, parts[i].tag, bytes_str(parts[i].text));
		der_close(&b, one);
		der_close(&b, set);
	}
	der_close(&b, name);
	return arena_take_buf(a, &b);
}

static void
names_are_compared_as_the_rfc_says(void **state)
{
	static const struct {
		struct part x[2], y[2];
		bool equal;
	} cases[] = {
		{ { PART(COMMON_NAME, DER_UTF8_STRING, "Device 7") },
		    { PART(COMMON_NAME, DER_PRINTABLE_STRING, "device 7") },
		    true },
		{ { PART(COMMON_NAME, DER_UTF8_STRING, " Device   7 ") },
		    { PART(COMMON_NAME, DER_UTF8_STRING, "device 7") }, true },
		{ { PART(COMMON_NAME, DER_UTF8_STRING, "device7") },
		    { PART(COMMON_NAME, DER_UTF8_STRING, "device 7") }, false },
		{ { PART(COMMON_NAME, DER_UTF8_STRING, "a") },
		    { PART(ORGANIZATION, DER_UTF8_STRING, "a") }, false },
		{ { PART(ORGANIZATION, DER_UTF8_STRING, "o"),
		      PART(COMMON_NAME, DER_UTF8_STRING, "a") },
		    { PART(COMMON_NAME, DER_UTF8_STRING, "a"),
			PART(ORGANIZATION, DER_UTF8_STRING, "o") },
		    false },
		{ { PART(COMMON_NAME, DER_UTF8_STRING, "a") },
		    { PART(COMMON_NAME, DER_UTF8_STRING, "a"),
			PART(ORGANIZATION, DER_UTF8_STRING, "o") },
		    false },
		/* RFC 4518: blanks of other scripts are blanks, and what
		 * nobody sees does not count; other letters have their case. */
		{ { PART(COMMON_NAME, DER_UTF8_STRING,
		      "De\xe2\x80\x8bvice\xe3"
		      "\x80\x80 7") },
		    { PART(COMMON_NAME, DER_UTF8_STRING, "device 7") }, true },
		{ { PART(COMMON_NAME, DER_UTF8_STRING, "\xc3\x89") },
		    { PART(COMMON_NAME, DER_UTF8_STRING, "\xc3\xa9") }, false },
		{ { { 0 } }, { { 0 } }, true },
	};
	AUTO_ARENA *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct bytes x = name_of(a, cases[i].x, 2);
		struct bytes y = name_of(a, cases[i].y, 2);

		if (subject_equal(a, x, y) != cases[i].equal ||
		    subject_equal(a, y, x) != cases[i].equal)
			fail_msg("case %zu", i);
	}
}

static void
a_name_may_have_moved_out_of_the_subject(void **state)
{
	static const struct part cn[] = { PART(
	    COMMON_NAME, DER_UTF8_STRING, "a.example") };
	static const struct part more[] = { PART(COMMON_NAME, DER_UTF8_STRING,
						"a.example"),
		PART(ORGANIZATION, DER_UTF8_STRING, "o") };
	AUTO_ARENA *a = arena_new();
	struct name v[] = { { NAME_DNS, "a.example" },
		{ NAME_DNS, "b.example" } };
	struct cert old = { .subject = name_of(a, NULL, 0), .names = { v, 2 } };
	struct csr csr = { .subject = name_of(a, cn, 1),
		.common_name = "a.example" };
	struct err err = { 0 };

	(void)state;
	assert_true(
	    renewal_check(&csr, (struct names){ v, 2 }, false, &old, a, &err));
	assert_false(
	    renewal_check(&csr, (struct names){ v, 1 }, false, &old, a, &err));
	assert_int_equal(err.kind, ERR_REJECTED);
	err_clear(&err);
	err_clear(&err);
	/* Not where the new one would have it back. */
	assert_false(
	    renewal_check(&csr, (struct names){ v, 2 }, true, &old, a, &err));
	assert_int_equal(err.kind, ERR_REJECTED);
	csr.subject = old.subject;
	csr.common_name = NULL;
	assert_true(
	    renewal_check(&csr, (struct names){ v, 2 }, true, &old, a, NULL));
	csr.common_name = "a.example";
	/* More than that name asks for more than the certificate had. */
	csr.subject = name_of(a, more, 2);
	assert_false(
	    renewal_check(&csr, (struct names){ v, 2 }, false, &old, a, &err));
	err_clear(&err);
	csr.subject = name_of(a, cn, 1);
	csr.common_name = "c.example";
	assert_false(
	    renewal_check(&csr, (struct names){ v, 2 }, false, &old, a, &err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_compared_as_the_rfc_says),
		cmocka_unit_test(a_name_may_have_moved_out_of_the_subject),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
