#include "support/unit.h"
#include "unit/codec/made.h"
#include "codec/subject.h"

static struct arena *arena;

static void
test_what_is_put_is_what_is_read(void **state)
{
	static const struct subject s = { "DE", "Müller & Söhne", "Keys, locks",
		"Root #1" };
	static const struct subject only_cn = { .common_name = "a.example" };
	static const struct subject none = { 0 };
	AUTO_BUF full = { 0 };
	AUTO_BUF cn = { 0 };
	AUTO_BUF empty = { 0 };

	(void)state;
	subject_put(&full, &s);
	assert_true(subject_check(buf_bytes(&full), NULL));
	assert_string_equal(subject_text(arena, buf_bytes(&full)),
	    "CN=Root #1,OU=Keys\\, locks,O=Müller & Söhne,C=DE");
	assert_string_equal(
	    subject_common_name(arena, buf_bytes(&full)), "Root #1");
	subject_put(&cn, &only_cn);
	assert_string_equal(
	    subject_text(arena, buf_bytes(&cn)), "CN=a.example");
	subject_put(&empty, &none);
	assert_int_equal(empty.n, 2);
	assert_true(subject_check(buf_bytes(&empty), NULL));
	assert_string_equal(subject_text(arena, buf_bytes(&empty)), "");
	assert_null(subject_common_name(arena, buf_bytes(&empty)));
}

static void
test_openssl_reads_the_same(void **state)
{
	static const struct subject s = { "DE", "Org", "Unit", "Näme" };
	AUTO_BUF b = { 0 };
	const unsigned char *p;
	X509_NAME *name;
	struct bytes again;

	(void)state;
	subject_put(&b, &s);
	p = b.p;
	name = d2i_X509_NAME(NULL, &p, (long)b.n);
	assert_non_null(name);
	assert_true(p == b.p + b.n);
	assert_int_equal(X509_NAME_entry_count(name), 4);
	again = MADE_I2D(arena, i2d_X509_NAME, name);
	assert_true(bytes_equal(again, buf_bytes(&b)));
	X509_NAME_free(name);
}

static void
test_common_names_of_every_string_type(void **state)
{
	static const struct {
		const char *hex, *text; /* NULL: cannot be read */
	} rows[] = {
		{ "30 0d 31 0b 30 09 06 03 550403 0c 02 c3a9", "é" },
		{ "30 0d 31 0b 30 09 06 03 550403 13 02 4142", "AB" },
		{ "30 0d 31 0b 30 09 06 03 550403 16 02 4140", "A@" },
		{ "30 0d 31 0b 30 09 06 03 550403 14 02 41e9", "Aé" },
		{ "30 0d 31 0b 30 09 06 03 550403 1e 02 20ac", "€" },
		{ "30 0f 31 0d 30 0b 06 03 550403 1c 04 0001f600", "😀" },
		/* Not UTF-8, a NUL, half a character, a surrogate. */
		{ "30 0d 31 0b 30 09 06 03 550403 0c 02 c328", NULL },
		{ "30 0d 31 0b 30 09 06 03 550403 0c 02 4100", NULL },
		{ "30 0d 31 0b 30 09 06 03 550403 13 02 41e9", NULL },
		{ "30 0c 31 0a 30 08 06 03 550403 1e 01 41", NULL },
		{ "30 0d 31 0b 30 09 06 03 550403 1e 02 d800", NULL },
		{ "30 0d 31 0b 30 09 06 03 550403 1e 02 0000", NULL },
		{ "30 0d 31 0b 30 09 06 03 550403 04 02 4142", NULL },
		/* The last one counts. */
		{ "30 1a 31 0b 30 09 06 03 550403 0c 02 4141"
		  "31 0b 30 09 06 03 550403 0c 02 4242",
		    "BB" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct bytes name = made_hex(arena, rows[i].hex);
		const char *text;

		/* What is no Name at all has no common name, either. */
		if (!subject_check(name, NULL)) {
			assert_null(rows[i].text);
			continue;
		}
		text = subject_common_name(arena, name);
		if ((text == NULL) != (rows[i].text == NULL))
			fail_msg("%s", rows[i].hex);
		if (text != NULL)
			assert_string_equal(text, rows[i].text);
	}
}

static void
test_text_escapes(void **state)
{
	static const struct {
		const char *hex, *text;
	} rows[] = {
		/* RFC 4514 section 2.4. */
		{ "30 0d 31 0b 30 09 06 03 550403 0c 02 2341", "CN=\\#A" },
		{ "30 0d 31 0b 30 09 06 03 550403 0c 02 2020", "CN=\\ \\ " },
		{ "30 0d 31 0b 30 09 06 03 550403 0c 02 2b2c", "CN=\\+\\," },
		{ "30 0d 31 0b 30 09 06 03 550403 0c 02 0a41", "CN=\\0aA" },
		{ "30 0d 31 0b 30 09 06 03 550403 04 02 4142", "CN=#04024142" },
		{ "30 0c 31 0a 30 08 06 02 2a03 0c 02 4142",
		    "1.2.3=#0c024142" },
		/* Two attributes in one part. */
		{ "30 18 31 16 30 09 06 03 550403 0c 02 4141"
		  "30 09 06 03 55040a 0c 02 4242",
		    "CN=AA+O=BB" },
		{ "05 00", "(not a Name)" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_string_equal(
		    subject_text(arena, made_hex(arena, rows[i].hex)),
		    rows[i].text);
}

static void
test_bad_structures(void **state)
{
	static const char *const rows[] = { "", "30", "31 00", "30 00 00",
		"30 02 31 00", "30 02 30 00", "30 04 31 02 30 00",
		"30 06 31 04 30 02 06 00", "30 07 31 05 30 03 06 01 2a",
		/* Something behind the value; a value that is not DER. */
		"30 0f 31 0d 30 0b 06 03 550403 0c 02 4142 05 00",
		"30 0d 31 0b 30 09 06 03 550403 30 02 4142",
		"30 0d 31 0b 30 09 06 03 550483 0c 02 4142" };
	AUTO_BUF b = { 0 };
	size_t mark;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (subject_check(made_hex(arena, rows[i]), NULL))
			fail_msg("%s", rows[i]);
	mark = der_open(&b, DER_SEQUENCE);
	for (unsigned i = 0; i < 65; i++)
		buf_add_bytes(
		    &b, made_hex(arena, "31 0b 30 09 06 03 550403 0c 02 4142"));
	der_close(&b, mark);
	assert_false(subject_check(buf_bytes(&b), NULL));
}

/* One RDN of several attributes is a set of them. */
static void
test_sets_of_attributes(void **state)
{
	static const struct {
		const char *x, *y;
		bool equal;
	} rows[] = {
#define CN(c) "30 08 06 03 55 04 03 0c 01 " c
#define CN_PRINTABLE(c) "30 08 06 03 55 04 03 13 01 " c
#define O(c) "30 08 06 03 55 04 0a 0c 01 " c
#define TWO "30 16 31 14 "
		{ TWO CN("61") O("62"), TWO CN("41") O("42"), true },
		{ TWO CN("61") O("62"), TWO O("62") CN_PRINTABLE("61"), true },
		{ TWO CN("61") O("62"), TWO CN("61") O("63"), false },
		{ TWO CN("61") O("62"), TWO CN("61") CN("41"), false },
		{ TWO CN("61") O("62"), "30 0c 31 0a " CN("61"), false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct bytes x = made_hex(arena, rows[i].x);
		struct bytes y = made_hex(arena, rows[i].y);

		assert_true(subject_check(x, NULL) && subject_check(y, NULL));
		if (subject_equal(arena, x, y) != rows[i].equal ||
		    subject_equal(arena, y, x) != rows[i].equal ||
		    subject_is_within(arena, x, y) != rows[i].equal)
			fail_msg("row %zu", i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_put_is_what_is_read),
		cmocka_unit_test(test_openssl_reads_the_same),
		cmocka_unit_test(test_sets_of_attributes),
		cmocka_unit_test(test_common_names_of_every_string_type),
		cmocka_unit_test(test_text_escapes),
		cmocka_unit_test(test_bad_structures),
	};
	int failed;

	arena = arena_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
