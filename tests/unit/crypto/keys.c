#include "keys.h"
#include <openssl/core_names.h>
#include "support/unit.h"

static struct bytes
number(EVP_PKEY *pkey, const char *name, struct arena *a)
{
	AUTO(BIGNUM) *v = NULL;
	uint8_t *p;
	int n;

	assert_int_equal(EVP_PKEY_get_bn_param(pkey, name, &v), 1);
	n = BN_num_bytes(v);
	p = arena_alloc(a, (size_t)n);
	BN_bn2bin(v, p);
	return bytes_of(p, (size_t)n);
}

struct pubkey
key_parts(const struct privkey *key, struct arena *a)
{
	AUTO(EVP_PKEY) *pkey = privkey_evp(key);
	struct pubkey out = { .alg = privkey_alg(key),
		.bits = (unsigned)EVP_PKEY_get_bits(pkey) };
	uint8_t raw[200];
	size_t n;

	if (out.alg == KEY_RSA) {
		out.n = number(pkey, OSSL_PKEY_PARAM_RSA_N, a);
		out.e = number(pkey, OSSL_PKEY_PARAM_RSA_E, a);
	} else {
		assert_int_equal(
		    EVP_PKEY_get_octet_string_param(
			pkey, OSSL_PKEY_PARAM_PUB_KEY, raw, sizeof(raw), &n),
		    1);
		out.point = arena_bytes(a, bytes_of(raw, n));
	}
	return out;
}
