/* Certificates that are put together by hand: what the parser takes and what
 * not, field by field. */
#include "support/unit.h"
#include "codec/cert.h"
#include "unit/codec/made.h"
#include "util/text.h"

static struct arena *arena;

static struct bytes
name_of(const char *cn)
{
	struct subject s = { .organization = "Org", .common_name = cn };
	struct buf b = { 0 };

	subject_put(&b, &s);
	return arena_take_buf(arena, &b);
}

/* A TBS by hand: version, serial and what stands behind the key. */
static bool
parse_by_hand(const char *version, const char *serial, const char *tail,
    struct cert *out, enum err_kind *kind)
{
	struct bytes spki = made_spki(arena, made_key(KEY_EC_P256));
	AUTO_BUF b = { 0 };
	struct buf whole = { 0 };
	struct err err = { 0 };
	size_t mark = der_open(&b, DER_SEQUENCE), validity;
	bool ok;

	buf_add_bytes(&b, made_hex(arena, version));
	buf_add_bytes(&b, made_hex(arena, serial));
	sig_alg_put(&b, SIG_ECDSA_SHA256);
	buf_add_bytes(&b, name_of("i"));
	validity = der_open(&b, DER_SEQUENCE);
	der_put_time(&b, 0);
	der_put_time(&b, 1);
	der_close(&b, validity);
	buf_add_bytes(&b, name_of("s"));
	buf_add_bytes(&b, spki);
	buf_add_bytes(&b, made_hex(arena, tail));
	der_close(&b, mark);
	cert_put(&whole, buf_bytes(&b), SIG_ECDSA_SHA256, bytes_str("sig"));
	ok = cert_parse(arena_take_buf(arena, &whole), arena, out, &err);
	*kind = err.kind;
	return ok;
}

#define OCTETS_16 " 11111111111111111111111111111111 "

static void
test_versions_serials_and_ids(void **state)
{
	static const struct {
		const char *version, *serial, *tail;
		bool good;
		unsigned is_version;
	} rows[] = {
		{ "", "02 01 05", "", true, 1 },
		{ "a0 03 02 01 01", "02 01 05", "", true, 2 },
		{ "a0 03 02 01 02", "02 01 05", "", true, 3 },
		{ "a0 03 02 01 00", "02 01 05", "", false, 0 },
		{ "a0 03 02 01 03", "02 01 05", "", false, 0 },
		{ "a0 05 02 01 02 05 00", "02 01 05", "", false, 0 },
		/* An old root's zero; 20 octets and a sign; 21; 64; 65. */
		{ "", "02 01 00", "", true, 1 },
		{ "", "02 15 00 ff0102030405060708090a0b0c0d0e0f10111213", "",
		    true, 1 },
		{ "", "02 15 01 ff0102030405060708090a0b0c0d0e0f10111213", "",
		    true, 1 },
		{ "", "02 40" OCTETS_16 OCTETS_16 OCTETS_16 OCTETS_16, "", true,
		    1 },
		{ "", "02 41" OCTETS_16 OCTETS_16 OCTETS_16 OCTETS_16 "11", "",
		    false, 0 },
		{ "", "02 01 ff", "", false, 0 },
		{ "", "02 00", "", false, 0 },
		/* Unique identifiers. */
		{ "a0 03 02 01 01", "02 01 05", "81 02 00 aa", true, 2 },
		{ "a0 03 02 01 01", "02 01 05", "81 02 00 aa 82 02 00 bb", true,
		    2 },
		{ "", "02 01 05", "81 02 00 aa", false, 0 },
		{ "a0 03 02 01 01", "02 01 05", "82 02 00 aa 81 02 00 bb",
		    false, 0 },
		{ "a0 03 02 01 01", "02 01 05", "81 00", false, 0 },
		/* Extensions: only in version 3, at least one, and last. */
		{ "a0 03 02 01 02", "02 01 05",
		    "a3 0b 30 09 30 07 06 03 551d0e 04 00", false, 0 },
		{ "a0 03 02 01 02", "02 01 05",
		    "a3 0d 30 0b 30 09 06 03 551d13 04 02 30 00", true, 3 },
		{ "a0 03 02 01 01", "02 01 05",
		    "a3 0d 30 0b 30 09 06 03 551d13 04 02 30 00", false, 0 },
		{ "a0 03 02 01 02", "02 01 05", "a3 02 30 00", false, 0 },
		{ "a0 03 02 01 02", "02 01 05", "a3 00", false, 0 },
		{ "a0 03 02 01 02", "02 01 05",
		    "a3 0d 30 0b 30 09 06 03 551d13 04 02 30 00 05 00", false,
		    0 },
		/* Basic constraints: FALSE encoded, a length without cA. */
		{ "a0 03 02 01 02", "02 01 05",
		    "a3 10 30 0e 30 0c 06 03 551d13 04 05 30 03 01 01 00",
		    false, 0 },
		{ "a0 03 02 01 02", "02 01 05",
		    "a3 10 30 0e 30 0c 06 03 551d13 04 05 30 03 02 01 00",
		    false, 0 },
		/* Key usage without a bit; with an unknown bit. */
		{ "a0 03 02 01 02", "02 01 05",
		    "a3 0e 30 0c 30 0a 06 03 551d0f 04 03 03 01 00", false, 0 },
		/* Trailing zero bits, as old roots have them. */
		{ "a0 03 02 01 02", "02 01 05",
		    "a3 0f 30 0d 30 0b 06 03 551d0f 04 04 03 02 00 06", true,
		    3 },
		/* An unknown extension, critical. */
		{ "a0 03 02 01 02", "02 01 05",
		    "a3 0e 30 0c 30 0a 06 02 2a03 01 01 ff 04 01 00", true, 3 },
	};
	enum err_kind kind;
	struct cert c;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (parse_by_hand(rows[i].version, rows[i].serial, rows[i].tail,
			&c, &kind) != rows[i].good)
			fail_msg("row %zu", i);
		if (!rows[i].good)
			assert_int_equal(kind, ERR_MALFORMED);
		else
			assert_int_equal(c.version, rows[i].is_version);
	}
	assert_true(c.unknown_critical);
	assert_true(parse_by_hand("", "02 01 00", "", &c, &kind));
	assert_true(c.serial.n == 1 && c.serial.p[0] == 0);
}

/* A certificate of version 3 with one extension. */
static enum err_kind
kind_with(const char *oid, const char *value, struct cert *out)
{
	AUTO_BUF b = { 0 };
	size_t outer = der_open(&b, DER_CONTEXT_CONSTRUCTED(3));
	size_t list = der_open(&b, DER_SEQUENCE);
	size_t one = der_open(&b, DER_SEQUENCE);
	enum err_kind kind;

	der_put(&b, DER_OID, made_hex(arena, oid));
	der_put(&b, DER_OCTET_STRING, made_hex(arena, value));
	der_close(&b, one);
	der_close(&b, list);
	der_close(&b, outer);
	(void)parse_by_hand("a0 03 02 01 02", "02 01 05",
	    hex_arena(arena, buf_bytes(&b)), out, &kind);
	return kind;
}

#define EKU "551d25"
#define SKI "551d0e"
#define AKI "551d23"
#define SAN "551d11"
#define CDP "551d1f"
#define POLICIES "551d20"
#define CONSTRAINTS "551d1e"
#define AIA "2b06010505070101"
#define NOCHECK "2b0601050507300105"

static void
test_extension_values(void **state)
{
	static const struct {
		const char *oid, *value;
		bool good;
	} rows[] = {
		{ EKU, "30 05 06 03 2a0304", true },
		{ EKU, "30 00", false },
		{ EKU, "30 02 05 00", false },
		{ EKU, "30 04 06 02 2a83", false },
		{ EKU, "30 05 06 03 2a0304 05 00", false },
		{ EKU, "31 05 06 03 2a0304", false },
		{ SKI, "04 01 aa", true },
		{ SKI, "04 00", false },
		{ SKI, "04 01 aa 00", false },
		{ SKI, "30 00", false },
		{ AKI, "30 03 80 01 aa", true },
		{ AKI, "30 00", true },
		{ AKI, "30 02 80 00", false },
		{ AKI, "30 0b a1 06 a4 04 30 02 31 00 82 01 05", true },
		{ AKI, "30 03 82 01 05", false },
		{ AKI, "30 08 a1 06 a4 04 30 02 31 00", false },
		{ AKI, "30 06 82 01 05 80 01 aa", false },
		{ SAN, "30 03 82 01 61", true },
		{ SAN, "30 00", false },
		{ SAN, "30 03 82 02 61", false },
		{ SAN, "82 01 61", false },
		/* fullName; a relative name; neither; reasons; a cRLIssuer. */
		{ CDP, "30 0b 30 09 a0 07 a0 05 86 03 61 3a 62", true },
		{ CDP, "30 06 30 04 a0 02 a1 00", true },
		{ CDP, "30 06 30 04 a0 02 a2 00", false },
		{ CDP, "30 06 30 04 81 02 07 80", true },
		{ CDP, "30 0a 30 08 a2 06 a4 04 30 02 31 00", true },
		{ CDP, "30 08 30 06 a0 04 a0 02 86 03", false },
		{ CDP, "30 06 30 04 a0 02 05 00", false },
		{ CDP, "30 02 05 00", false },
		{ CDP, "30 00", false },
		{ AIA, "30 0f 30 0d 06 08 2b06010505073001 86 01 61", true },
		{ AIA, "30 0e 30 0c 06 08 2b06010505073001 86 00", true },
		{ AIA, "30 0c 30 0a 06 08 2b06010505073001", false },
		{ AIA, "30 11 30 0f 06 08 2b06010505073001 86 01 61 05 00",
		    false },
		{ AIA, "30 00", false },
		{ POLICIES, "30 06 30 04 06 02 2a03", true },
		{ POLICIES, "30 08 30 06 06 02 2a03 30 00", true },
		{ POLICIES, "30 08 30 06 06 02 2a03 05 00", false },
		{ POLICIES, "30 04 30 02 05 00", false },
		{ POLICIES, "30 00", false },
		{ CONSTRAINTS, "30 00", true },
		{ CONSTRAINTS, "05 00", false },
		{ CONSTRAINTS, "30 02 05", false },
		{ CONSTRAINTS, "", false },
		{ NOCHECK, "05 00", true },
		{ NOCHECK, "05 01 00", false },
		{ NOCHECK, "", false },
	};
	struct cert c;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		enum err_kind kind = kind_with(rows[i].oid, rows[i].value, &c);

		if (kind != (rows[i].good ? ERR_NONE : ERR_MALFORMED))
			fail_msg("%s %s: %s", rows[i].oid, rows[i].value,
			    err_kind_name(kind));
	}
}

/* A SEQUENCE of n times the same. */
static const char *
list_of(const char *element, unsigned n)
{
	struct buf b = { 0 };
	size_t mark = der_open(&b, DER_SEQUENCE);

	for (unsigned i = 0; i < n; i++)
		buf_add_bytes(&b, made_hex(arena, element));
	der_close(&b, mark);
	return hex_arena(arena, arena_take_buf(arena, &b));
}

static void
test_caps(void **state)
{
	struct cert c;

	(void)state;
	assert_int_equal(
	    kind_with(EKU, list_of("06 01 2a", CERT_EKU_MAX), &c), ERR_NONE);
	assert_int_equal(c.eku_n, CERT_EKU_MAX);
	assert_int_equal(
	    kind_with(EKU, list_of("06 01 2a", CERT_EKU_MAX + 1), &c),
	    ERR_TOO_LARGE);
	/* Where nothing hangs on it, the rest is left out. */
	assert_int_equal(
	    kind_with(
		POLICIES, list_of("30 03 06 01 2a", CERT_POLICIES_MAX + 1), &c),
	    ERR_NONE);
	assert_int_equal(c.policies_n, CERT_POLICIES_MAX);
	assert_int_equal(
	    kind_with(CDP,
		list_of("30 09 a0 07 a0 05 86 03 61 3a 62", CERT_URLS_MAX + 1),
		&c),
	    ERR_NONE);
	assert_int_equal(c.crl_urls_n, CERT_URLS_MAX);
	assert_int_equal(kind_with(SAN, list_of("82 01 61", NAMES_MAX + 1), &c),
	    ERR_TOO_LARGE);
}

/* `ca import` says what is not supported rather than what is broken. */
static void
test_unsupported_keys_are_named(void **state)
{
	static const char *const types[] = { "X25519", "ED448" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		AUTO(EVP_PKEY) *key = EVP_PKEY_Q_keygen(NULL, NULL, types[i]);
		struct err err = { 0 };
		struct cert c;

		assert_false(
		    cert_parse(made_cert(arena, key, made_key(KEY_EC_P256),
				   EVP_sha256(), "x", NULL),
			arena, &c, &err));
		assert_int_equal(err.kind, ERR_UNSUPPORTED);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions_serials_and_ids),
		cmocka_unit_test(test_extension_values),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_unsupported_keys_are_named),
	};
	int failed;

	arena = arena_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
