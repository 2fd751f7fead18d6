/*
 * BER to DER, and the CMS that SCEP clients send.  Asserts: what the first
 * makes is one element of DER lengths and comes out of itself unchanged; what
 * is parsed lies inside of it.
 */
#include "codec/ber.h"
#include "codec/scep.h"
#include "require.h"

static bool
is_inside(struct bytes part, struct bytes whole)
{
	return part.n == 0 ||
	    (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

static void
check_signed(struct bytes der, struct arena *a)
{
	struct scep_request r;
	struct err err = { 0 };
	struct cert cert;

	if (!scep_request_parse(der, a, &r, &err))
		return;
	REQUIRE(r.transaction[0] != '\0');
	REQUIRE(is_inside(r.sender_nonce, der));
	REQUIRE(is_inside(r.cms.content, der));
	REQUIRE(r.cms.attributes_n >= 3);
	for (size_t i = 0; i < r.cms.attributes_n; i++)
		REQUIRE(cms_attribute_find(&r.cms, r.cms.attributes[i].oid) ==
		    &r.cms.attributes[i]);
	if (cms_signer_find(&r.cms, a, &cert, &err))
		REQUIRE(cms_id_is_of(&r.cms.signer, &cert));
}

static void
check_enveloped(struct bytes der, struct arena *a)
{
	struct cms_enveloped e;
	struct err err = { 0 };

	if (!cms_enveloped_parse(der, a, &e, &err))
		return;
	REQUIRE(e.recipients_n > 0);
	REQUIRE(e.iv.n == cipher_iv_size(e.cipher));
	for (size_t i = 0; i < e.recipients_n; i++)
		REQUIRE(is_inside(e.recipients[i].wrapped, der));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_BUF der = { 0 }, again = { 0 };
	AUTO_ARENA *a = arena_new();
	struct bytes issuer, other;
	struct err err = { 0 };
	struct der d;

	if (size > 65536 || !ber_to_der(bytes_of(data, size), &der, &err)) {
		REQUIRE(der.n == 0);
		return 0;
	}
	d = der_of(buf_bytes(&der));
	REQUIRE(der_read_any(&d, NULL, NULL, NULL) && der_at_end(&d));
	REQUIRE(ber_to_der(buf_bytes(&der), &again, &err));
	REQUIRE(bytes_equal(buf_bytes(&der), buf_bytes(&again)));
	check_signed(buf_bytes(&der), a);
	check_enveloped(buf_bytes(&der), a);
	if (scep_poll_parse(buf_bytes(&der), &issuer, &other, &err))
		REQUIRE(is_inside(other, buf_bytes(&der)));
	err_clear(&err);
	if (scep_serial_parse(buf_bytes(&der), &issuer, &other, &err))
		REQUIRE(is_inside(other, buf_bytes(&der)));
	return 0;
}
