#include "signer/wire.h"
#include "support/unit.h"

static void
assert_round_trip(const struct wire_message *m)
{
	AUTO_BUF packet = { 0 };
	AUTO_BUF again = { 0 };
	struct wire_message out;
	struct err err = { 0 };

	wire_encode(m, &packet);
	assert_true(wire_decode(buf_bytes(&packet), &out, &err));
	wire_encode(&out, &again);
	assert_true(bytes_equal(buf_bytes(&packet), buf_bytes(&again)));
	assert_int_equal(out.type, m->type);
	assert_int_equal(out.id, m->id);
	assert_int_equal(wire_id(buf_bytes(&packet)), m->id);
	assert_true(bytes_equal(out.request.tbs, m->request.tbs));
	assert_true(bytes_equal(out.signature, m->signature));
	assert_true(bytes_equal(out.text, m->text));
	assert_true(bytes_equal(out.issuers, m->issuers));
	assert_int_equal(out.syncs, m->syncs);
	assert_int_equal(out.memfd_size, m->memfd_size);
	assert_int_equal(out.request.position, m->request.position);
}

static void
test_round_trips(void **state)
{
	static const uint8_t issuers[64] = { 1, 2, 3 };
	static uint8_t tbs[WIRE_INLINE_MAX];
	const struct wire_message rows[] = {
		{ .type = WIRE_SIGN,
		    .id = UINT64_MAX,
		    .request = { .kind = SIGN_LEAF,
			.issuer = { 9 },
			.position = 0x0102030405060708,
			.tbs = bytes_of(tbs, 1) } },
		{ .type = WIRE_SIGN,
		    .request = { .kind = SIGN_CRL,
			.tbs = bytes_of(tbs, sizeof(tbs)) } },
		{ .type = WIRE_SIGN_MEMFD,
		    .request = { .kind = SIGN_CRL, .position = 4 },
		    .memfd_size = WIRE_MEMFD_MAX },
		{ .type = WIRE_PING, .id = 1 },
		{ .type = WIRE_LIMITS, .id = 1 },
		{ .type = WIRE_LIMITS_SET, .id = 1 },
		{ .type = WIRE_LIMITS_REFUSED, .text = bytes_str("why") },
		{ .type = WIRE_SIGNED,
		    .id = 3,
		    .signature = bytes_of(tbs, WIRE_SIGNATURE_MAX) },
		{ .type = WIRE_REFUSED, .text = bytes_str("gr\xc3\xbcn") },
		{ .type = WIRE_FAILED },
		{ .type = WIRE_PONG,
		    .syncs = 77,
		    .issuers = bytes_of(issuers, sizeof(issuers)) },
		{ .type = WIRE_PONG },
		{ .type = WIRE_HELLO },
		{ .type = WIRE_RESPONDER, .id = 5 },
		{ .type = WIRE_RESPONDER_KEY },
		{ .type = WIRE_RESPONDER_KEY,
		    .spki = bytes_of(tbs, WIRE_SPKI_MAX) },
		{ .type = WIRE_SIGN,
		    .request = { .kind = SIGN_OCSP, .tbs = bytes_of(tbs, 9) } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_round_trip(&rows[i]);
}

static void
assert_malformed(struct bytes packet)
{
	struct wire_message out = { .id = 42 };
	struct err err = { 0 };

	assert_false(wire_decode(packet, &out, &err));
	assert_int_equal(err.kind, ERR_MALFORMED);
	assert_int_equal(out.id, 42);
}

static void
test_malformed(void **state)
{
	static uint8_t tbs[WIRE_INLINE_MAX + 1];
	const struct wire_message bad[] = {
		{ .type = WIRE_SIGN, .request = { .kind = SIGN_LEAF } },
		{ .type = WIRE_SIGN,
		    .request = { .kind = SIGN_LEAF,
			.tbs = bytes_of(tbs, sizeof(tbs)) } },
		{ .type = WIRE_SIGN,
		    .request = { .kind = (enum signer_kind)0,
			.tbs = bytes_of(tbs, 4) } },
		{ .type = WIRE_SIGN,
		    .request = { .kind = (enum signer_kind)(SIGN_LOG + 1),
			.tbs = bytes_of(tbs, 4) } },
		{ .type = WIRE_SIGN_MEMFD, .request = { .kind = SIGN_CRL } },
		{ .type = WIRE_SIGN_MEMFD,
		    .request = { .kind = SIGN_CRL },
		    .memfd_size = WIRE_MEMFD_MAX + UINT64_C(1) },
		{ .type = WIRE_SIGNED },
		{ .type = WIRE_SIGNED,
		    .signature = bytes_of(tbs, WIRE_SIGNATURE_MAX + 1) },
		{ .type = WIRE_REFUSED, .text = bytes_str("\xff") },
		{ .type = WIRE_REFUSED, .text = bytes_of("a\0b", 3) },
		{ .type = WIRE_FAILED,
		    .text = bytes_of(tbs, WIRE_TEXT_MAX + 1) },
		{ .type = WIRE_PONG, .issuers = bytes_of(tbs, 31) },
		{ .type = WIRE_PONG,
		    .issuers = bytes_of(tbs, 32 * (WIRE_ISSUERS_MAX + 1)) },
		{ .type = WIRE_HELLO, .id = 1 },
		{ .type = WIRE_RESPONDER_KEY,
		    .spki = bytes_of(tbs, WIRE_SPKI_MAX + 1) },
		{ .type = (enum wire_type)0 },
		{ .type = (enum wire_type)0x80 },
		{ .type = (enum wire_type)0xff },
	};
	static const enum wire_type bare[] = { WIRE_PING, WIRE_LIMITS,
		WIRE_LIMITS_SET, WIRE_HELLO };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		AUTO_BUF packet = { 0 };

		wire_encode(&bad[i], &packet);
		assert_malformed(buf_bytes(&packet));
	}
	/* Those without a body have none; a header is whole; the mark holds. */
	for (size_t i = 0; i < COUNT_OF(bare); i++) {
		const struct wire_message m = { .type = bare[i] };
		AUTO_BUF packet = { 0 };

		wire_encode(&m, &packet);
		buf_add_byte(&packet, 0);
		assert_malformed(buf_bytes(&packet));
		for (size_t n = 0; n < WIRE_HEADER; n++)
			assert_malformed(bytes_of(packet.p, n));
		for (size_t k = 0; k < 3; k++) {
			packet.p[k] ^= 1;
			assert_malformed(bytes_of(packet.p, WIRE_HEADER));
			assert_int_equal(
			    wire_id(bytes_of(packet.p, WIRE_HEADER)), 0);
			packet.p[k] ^= 1;
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
