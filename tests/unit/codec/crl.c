#include "support/unit.h"
#include "codec/crl.h"
#include "codec/spki.h"
#include "unit/codec/made.h"
#include <openssl/x509.h>
#include "util/text.h"

static struct arena *arena;
static struct lane *lane;

static const uint8_t id20[20] = { 1 };

static struct crl_spec
spec_of(struct bytes entries)
{
	struct subject s = { .common_name = "CA" };
	struct buf name = { 0 };
	struct crl_spec spec = { .sig_alg = SIG_ECDSA_SHA256,
		.aki = bytes_of(id20, 20),
		.this_update = 1767312000,
		.next_update = 1767312000 + 7 * 86400,
		.number = 1767312000000000,
		.entries = entries };

	subject_put(&name, &s);
	spec.issuer = arena_take_buf(arena, &name);
	return spec;
}

static struct bytes
tbs_of(const struct crl_spec *spec)
{
	struct buf b = { 0 };

	crl_tbs_put(&b, spec);
	return arena_take_buf(arena, &b);
}

static struct bytes
signed_by(struct bytes tbs, enum sig_alg alg, enum key_alg key)
{
	struct buf b = { 0 };

	crl_put(&b, tbs, alg,
	    made_signature(arena, made_key(key), made_md(key), tbs));
	return arena_take_buf(arena, &b);
}

static const struct {
	const char *serial;
	int64_t at;
	enum crl_reason reason;
} entries[] = {
	{ "01", 0, REASON_UNSPECIFIED },
	{ "7f010203040506070809a0b0c0d0e0f011223344", 1767312000,
	    REASON_KEY_COMPROMISE },
	{ "80", -631152001, REASON_SUPERSEDED },
	{ "0102", 2524608000, REASON_CESSATION },
	{ "ff010203040506070809a0b0c0d0e0f011223344", 2524607999,
	    REASON_AA_COMPROMISE },
};

static struct bytes
all_entries(void)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < COUNT_OF(entries); i++)
		crl_entry_put(&b, made_hex(arena, entries[i].serial),
		    entries[i].at, entries[i].reason);
	return arena_take_buf(arena, &b);
}

static void
test_what_is_put_is_what_is_read(void **state)
{
	struct crl_spec spec = spec_of(all_entries());
	struct bytes tbs = tbs_of(&spec), serial;
	struct err err = { 0 };
	enum crl_reason reason;
	size_t pos = 0;
	struct crl c;
	int64_t at;

	(void)state;
	if (!crl_parse_tbs(tbs, &c, &err))
		fail_msg("%s", err.shown);
	assert_true(bytes_equal(c.issuer, spec.issuer));
	assert_true(bytes_equal(c.aki, spec.aki));
	assert_true(bytes_equal(c.entries, spec.entries));
	assert_int_equal(c.this_update, spec.this_update);
	assert_int_equal(c.next_update, spec.next_update);
	assert_int_equal(c.number, spec.number);
	assert_int_equal(c.entries_n, COUNT_OF(entries));
	assert_false(c.has_idp || c.is_delta);
	for (size_t i = 0; i < COUNT_OF(entries); i++) {
		assert_true(crl_entry_next(&c, &pos, &serial, &at, &reason));
		assert_string_equal(
		    hex_arena(arena, serial), entries[i].serial);
		assert_int_equal(at, entries[i].at);
		assert_int_equal(reason, entries[i].reason);
	}
	assert_false(crl_entry_next(&c, &pos, &serial, &at, &reason));
}

static void
test_every_signature_against_openssl(void **state)
{
	static const struct {
		enum key_alg key;
		enum sig_alg alg;
	} rows[] = { { KEY_RSA, SIG_RSA_SHA256 },
		{ KEY_EC_P256, SIG_ECDSA_SHA256 },
		{ KEY_EC_P384, SIG_ECDSA_SHA384 },
		{ KEY_EC_P521, SIG_ECDSA_SHA512 },
		{ KEY_ED25519, SIG_ED25519 } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct crl_spec spec = spec_of(all_entries());
		struct err err = { 0 };
		struct pubkey key;
		const unsigned char *p;
		struct bytes der, tbs;
		struct crl c;

		spec.sig_alg = rows[i].alg;
		tbs = tbs_of(&spec);
		der = signed_by(tbs, rows[i].alg, rows[i].key);
		p = der.p;
		AUTO(X509_CRL) *crl = d2i_X509_CRL(NULL, &p, (long)der.n);

		assert_non_null(crl);
		assert_true(p == der.p + der.n);
		assert_int_equal(
		    X509_CRL_verify(crl, made_key(rows[i].key)), 1);
		assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)),
		    COUNT_OF(entries));
		assert_true(bytes_equal(
		    MADE_I2D(arena, i2d_re_X509_CRL_tbs, crl), tbs));
		assert_true(spki_parse(
		    made_spki(arena, made_key(rows[i].key)), &key, NULL));
		if (!crl_parse(der, &c, &err) ||
		    !crl_verify(lane, &c, &key, &err))
			fail_msg("%s", err.shown);
		assert_true(spki_parse(
		    made_spki(arena, made_key(rows[(i + 1) % 5].key)), &key,
		    NULL));
		assert_false(crl_verify(lane, &c, &key, &err));
		assert_int_equal(err.kind, ERR_BAD_SIGNATURE);
	}
}

static void
test_empty_and_scoped(void **state)
{
	struct crl_spec spec = spec_of(BYTES_NONE);
	struct err err = { 0 };
	struct crl c;

	(void)state;
	if (!crl_parse_tbs(tbs_of(&spec), &c, &err))
		fail_msg("%s", err.shown);
	assert_int_equal(c.entries_n, 0);
	spec.only_ca_certs = true;
	spec.aki = BYTES_NONE;
	spec.number = 0;
	if (!crl_parse_tbs(tbs_of(&spec), &c, &err))
		fail_msg("%s", err.shown);
	assert_true(c.has_idp && c.only_ca_certs);
	assert_int_equal(c.aki.n, 0);
	assert_int_equal(c.number, 0);
}

/* Entries that a CRL of ours never holds; 02 01 05 at the epoch. */
#define HEAD "02 01 05 17 0d 3730303130313030303030305a"

static void
test_entries_that_are_refused(void **state)
{
	static const struct {
		const char *hex;
		bool good;
	} rows[] = {
		{ "30 12" HEAD, true },
		{ "30 20" HEAD "30 0c 30 0a 06 03 551d15 04 03 0a 01 01",
		    true },
		/* An invalidity date besides; an unknown extension. */
		{ "30 2c" HEAD "30 18 30 16 06 03 551d18 04 0f 18 0d "
		  "32303236303130323033303430355a",
		    false },
		{ "30 2e" HEAD "30 1a 30 18 06 03 551d18 04 11 18 0f "
		  "32303236303130323033303430355a",
		    true },
		{ "30 1d" HEAD "30 09 30 07 06 02 2a03 04 01 ff", true },
		/* Reasons: unspecified, hold, 7, removeFromCRL, 11. */
		{ "30 20" HEAD "30 0c 30 0a 06 03 551d15 04 03 0a 01 00",
		    false },
		{ "30 20" HEAD "30 0c 30 0a 06 03 551d15 04 03 0a 01 06",
		    false },
		{ "30 20" HEAD "30 0c 30 0a 06 03 551d15 04 03 0a 01 07",
		    false },
		{ "30 20" HEAD "30 0c 30 0a 06 03 551d15 04 03 0a 01 08",
		    false },
		{ "30 20" HEAD "30 0c 30 0a 06 03 551d15 04 03 0a 01 0b",
		    false },
		/* The reason as INTEGER, twice, or with octets behind it. */
		{ "30 20" HEAD "30 0c 30 0a 06 03 551d15 04 03 02 01 01",
		    false },
		{ "30 2c" HEAD "30 18 30 0a 06 03 551d15 04 03 0a 01 01"
		  "30 0a 06 03 551d15 04 03 0a 01 01",
		    false },
		{ "30 21" HEAD "30 0d 30 0b 06 03 551d15 04 04 0a 01 01 00",
		    false },
		/* An indirect CRL's certificateIssuer, critical. */
		{ "30 22" HEAD "30 0e 30 0c 06 03 551d1d 01 01 ff 04 02 30 00",
		    false },
		{ "30 14" HEAD "30 00", false },
		{ "30 14" HEAD "05 00", false },
		/* Serials: zero, negative, 21 octets. */
		{ "30 12 02 01 00 17 0d 3730303130313030303030305a", false },
		{ "30 12 02 01 80 17 0d 3730303130313030303030305a", false },
		{ "30 26 02 15 010203040506070809a0b0c0d0e0f0112233445566"
		  "17 0d 3730303130313030303030305a",
		    false },
		{ "30 12 02 01 05 17 0d 3730313330313030303030305a", false },
		{ "30 03 02 01 05", false },
		{ "05 00", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct crl_spec spec = spec_of(made_hex(arena, rows[i].hex));
		struct crl c;

		if (crl_parse_tbs(tbs_of(&spec), &c, NULL) != rows[i].good)
			fail_msg("%s", rows[i].hex);
	}
}

/* A TBSCertList by hand: what stands around the entries. */
static bool
parse_by_hand(const char *version, const char *times, const char *entry_list,
    const char *extensions, struct crl *out, struct err *err)
{
	struct crl_spec spec = spec_of(BYTES_NONE);
	struct buf b = { 0 };
	size_t mark = der_open(&b, DER_SEQUENCE);

	buf_add_bytes(&b, made_hex(arena, version));
	sig_alg_put(&b, SIG_ECDSA_SHA256);
	buf_add_bytes(&b, spec.issuer);
	buf_add_bytes(&b, made_hex(arena, times));
	buf_add_bytes(&b, made_hex(arena, entry_list));
	buf_add_bytes(&b, made_hex(arena, extensions));
	der_close(&b, mark);
	return crl_parse_tbs(arena_take_buf(arena, &b), out, err);
}

#define T "17 0d 3730303130313030303030305a"
#define NUMBER "30 0a 06 03 551d14 04 03 02 01 01"
#define REMOVED "30 22 30 20" HEAD "30 0c 30 0a 06 03 551d15 04 03 0a 01 08"

static void
test_frames_that_are_refused(void **state)
{
	static const struct {
		const char *version, *times, *entries, *extensions;
		enum err_kind kind;
	} rows[] = {
		{ "02 01 01", T T, "", "a0 0e 30 0c" NUMBER, ERR_NONE },
		/* Version 1, no nextUpdate, an empty list. */
		{ "", T T, "", "a0 0e 30 0c" NUMBER, ERR_MALFORMED },
		{ "02 01 00", T T, "", "a0 0e 30 0c" NUMBER, ERR_MALFORMED },
		{ "02 01 01", T, "", "a0 0e 30 0c" NUMBER, ERR_MALFORMED },
		{ "02 01 01", T T, "30 00", "a0 0e 30 0c" NUMBER,
		    ERR_MALFORMED },
		/* No extensions, no number, the number twice. */
		{ "02 01 01", T T, "", "", ERR_MALFORMED },
		{ "02 01 01", T T, "", "a0 02 30 00", ERR_MALFORMED },
		{ "02 01 01", T T, "", "a0 1a 30 18" NUMBER NUMBER,
		    ERR_MALFORMED },
		{ "02 01 01", T T, "", "a0 0e 30 0c" NUMBER "05 00",
		    ERR_MALFORMED },
		/* Numbers: 8 octets, 9, 20, 21, negative. */
		{ "02 01 01", T T, "",
		    "a0 16 30 14 30 12 06 03 551d14 04 0b 02 09 "
		    "00ffffffffffffffff",
		    ERR_NONE },
		{ "02 01 01", T T, "",
		    "a0 16 30 14 30 12 06 03 551d14 04 0b 02 09 "
		    "01ffffffffffffffff",
		    ERR_UNSUPPORTED },
		{ "02 01 01", T T, "",
		    "a0 21 30 1f 30 1d 06 03 551d14 04 16 02 14 "
		    "7f010203040506070809a0b0c0d0e0f011223344",
		    ERR_UNSUPPORTED },
		{ "02 01 01", T T, "",
		    "a0 22 30 20 30 1e 06 03 551d14 04 17 02 15 "
		    "7f010203040506070809a0b0c0d0e0f01122334455",
		    ERR_MALFORMED },
		{ "02 01 01", T T, "",
		    "a0 0e 30 0c 30 0a 06 03 551d14 04 03 02 01 81",
		    ERR_MALFORMED },
		/* removeFromCRL needs a delta CRL. */
		{ "02 01 01", T T, REMOVED, "a0 0e 30 0c" NUMBER,
		    ERR_MALFORMED },
		{ "02 01 01", T T, REMOVED,
		    "a0 1d 30 1b" NUMBER
		    "30 0d 06 03 551d1b 01 01 ff 04 03 02 01 01",
		    ERR_NONE },
		/* A critical extension that is not understood. */
		{ "02 01 01", T T, "",
		    "a0 1a 30 18" NUMBER "30 0a 06 02 2a03 01 01 ff 04 01 00",
		    ERR_UNSUPPORTED },
		{ "02 01 01", T T, "",
		    "a0 17 30 15" NUMBER "30 07 06 02 2a03 04 01 00",
		    ERR_NONE },
		/* Distribution points: empty, indirect, both scopes, FALSE,
		 * with a URL, for users. */
		{ "02 01 01", T T, "",
		    "a0 1c 30 1a" NUMBER "30 0c 06 03 551d1c 01 01 ff 04 02 "
		    "30 00",
		    ERR_MALFORMED },
		{ "02 01 01", T T, "",
		    "a0 1f 30 1d" NUMBER "30 0f 06 03 551d1c 01 01 ff 04 05 "
		    "30 03 84 01 ff",
		    ERR_UNSUPPORTED },
		{ "02 01 01", T T, "",
		    "a0 22 30 20" NUMBER "30 12 06 03 551d1c 01 01 ff 04 08 "
		    "30 06 81 01 ff 82 01 ff",
		    ERR_MALFORMED },
		{ "02 01 01", T T, "",
		    "a0 1f 30 1d" NUMBER "30 0f 06 03 551d1c 01 01 ff 04 05 "
		    "30 03 81 01 00",
		    ERR_MALFORMED },
		{ "02 01 01", T T, "",
		    "a0 23 30 21" NUMBER "30 13 06 03 551d1c 01 01 ff 04 09 "
		    "30 07 a0 05 a0 03 86 01 61",
		    ERR_NONE },
		{ "02 01 01", T T, "",
		    "a0 1f 30 1d" NUMBER "30 0f 06 03 551d1c 01 01 ff 04 05 "
		    "30 03 81 01 ff",
		    ERR_NONE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct err err = { 0 };
		struct crl c;

		(void)!parse_by_hand(rows[i].version, rows[i].times,
		    rows[i].entries, rows[i].extensions, &c, &err);
		if (err.kind != rows[i].kind)
			fail_msg("row %zu: %s %s", i, err_kind_name(err.kind),
			    err.shown);
	}
}

static void
test_every_cut(void **state)
{
	struct crl_spec spec = spec_of(all_entries());
	struct bytes tbs = tbs_of(&spec);
	struct bytes der = signed_by(tbs, SIG_ECDSA_SHA256, KEY_EC_P256);
	struct crl c;

	(void)state;
	for (size_t n = 0; n < der.n; n++)
		assert_false(crl_parse(bytes_of(der.p, n), &c, NULL));
	for (size_t n = 0; n < tbs.n; n++)
		assert_false(crl_parse_tbs(bytes_of(tbs.p, n), &c, NULL));
	/* Another algorithm outside than inside. */
	der = signed_by(tbs, SIG_ECDSA_SHA384, KEY_EC_P256);
	assert_false(crl_parse(der, &c, NULL));
}

static void
test_large(void **state)
{
	uint8_t serial[16] = { 1 };
	struct crl_spec spec;
	struct bytes der, tbs;
	const unsigned char *p;
	struct buf b = { 0 };
	struct crl c;

	(void)state;
	for (uint32_t i = 0; i < 20000; i++) {
		memcpy(serial + 12, &i, sizeof(i));
		crl_entry_put(&b, bytes_of(serial, 16), 1767312000 + i,
		    i % 2 == 0 ? REASON_SUPERSEDED : REASON_UNSPECIFIED);
	}
	spec = spec_of(arena_take_buf(arena, &b));
	tbs = tbs_of(&spec);
	der = signed_by(tbs, SIG_ECDSA_SHA256, KEY_EC_P256);
	assert_true(crl_parse(der, &c, NULL));
	assert_int_equal(c.entries_n, 20000);
	p = der.p;
	AUTO(X509_CRL) *crl = d2i_X509_CRL(NULL, &p, (long)der.n);

	assert_non_null(crl);
	assert_true(
	    bytes_equal(MADE_I2D(arena, i2d_re_X509_CRL_tbs, crl), tbs));
}

static void
test_reasons(void **state)
{
	enum crl_reason r;

	(void)state;
	for (unsigned i = 0; i <= 10; i++) {
		const char *name = crl_reason_name((enum crl_reason)i);

		if (i == 7) {
			assert_string_equal(name, "unknown");
			continue;
		}
		assert_true(crl_reason_parse(name, &r));
		assert_int_equal(r, i);
	}
	assert_false(crl_reason_parse("unknown", &r));
	assert_false(crl_reason_parse("KeyCompromise", &r));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_put_is_what_is_read),
		cmocka_unit_test(test_every_signature_against_openssl),
		cmocka_unit_test(test_empty_and_scoped),
		cmocka_unit_test(test_entries_that_are_refused),
		cmocka_unit_test(test_frames_that_are_refused),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_reasons),
	};
	int failed;

	arena = arena_new();
	lane = lane_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	lane_free(lane);
	arena_free(arena);
	return failed;
}
