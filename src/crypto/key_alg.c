#include <stdlib.h>
#include "crypto/lane_state.h"
#include "util/text.h"

static const struct {
	const char *name;
	enum key_alg alg;
	unsigned rsa_bits;
} key_alg_rows[] = {
	{ "rsa", KEY_RSA, 0 },
	{ "rsa-2048", KEY_RSA, 2048 },
	{ "rsa-3072", KEY_RSA, 3072 },
	{ "rsa-4096", KEY_RSA, 4096 },
	{ "ec-p256", KEY_EC_P256, 0 },
	{ "ec-p384", KEY_EC_P384, 0 },
	{ "ec-p521", KEY_EC_P521, 0 },
	{ "ed25519", KEY_ED25519, 0 },
};

static const struct {
	enum digest_alg digest;
	enum { FOR_RSA, FOR_EC, FOR_ED } family;
} sig_alg_rows[] = {
	[SIG_RSA_SHA256] = { DIGEST_SHA256, FOR_RSA },
	[SIG_RSA_SHA384] = { DIGEST_SHA384, FOR_RSA },
	[SIG_RSA_SHA512] = { DIGEST_SHA512, FOR_RSA },
	[SIG_ECDSA_SHA256] = { DIGEST_SHA256, FOR_EC },
	[SIG_ECDSA_SHA384] = { DIGEST_SHA384, FOR_EC },
	[SIG_ECDSA_SHA512] = { DIGEST_SHA512, FOR_EC },
	[SIG_ED25519] = { DIGEST_SHA512, FOR_ED },
	[SIG_RSA_SHA1] = { DIGEST_SHA1, FOR_RSA },
	[SIG_PSS_SHA256] = { DIGEST_SHA256, FOR_RSA },
	[SIG_PSS_SHA384] = { DIGEST_SHA384, FOR_RSA },
	[SIG_PSS_SHA512] = { DIGEST_SHA512, FOR_RSA },
};

const char *
key_alg_name(enum key_alg alg)
{
	for (size_t i = 0; i < COUNT_OF(key_alg_rows); i++)
		if (key_alg_rows[i].alg == alg)
			return key_alg_rows[i].name;
	return "unknown";
}

bool
key_alg_parse(const char *s, enum key_alg *alg, unsigned *rsa_bits)
{
	for (size_t i = 0; i < COUNT_OF(key_alg_rows); i++)
		if (strcmp(key_alg_rows[i].name, s) == 0) {
			*alg = key_alg_rows[i].alg;
			*rsa_bits = key_alg_rows[i].rsa_bits;
			return true;
		}
	return false;
}

enum sig_alg
key_alg_signs(enum key_alg alg)
{
	switch (alg) {
	case KEY_RSA:
		return SIG_RSA_SHA256;
	case KEY_EC_P256:
		return SIG_ECDSA_SHA256;
	case KEY_EC_P384:
		return SIG_ECDSA_SHA384;
	case KEY_EC_P521:
		return SIG_ECDSA_SHA512;
	case KEY_ED25519:
		return SIG_ED25519;
	}
	return SIG_ECDSA_SHA256;
}

enum digest_alg
sig_alg_digest(enum sig_alg alg)
{
	return sig_alg_rows[alg].digest;
}

bool
sig_alg_is_pss(enum sig_alg alg)
{
	return alg == SIG_PSS_SHA256 || alg == SIG_PSS_SHA384 ||
	    alg == SIG_PSS_SHA512;
}

bool
sig_alg_is_for(enum sig_alg alg, enum key_alg key)
{
	if (alg < SIG_RSA_SHA256 || (size_t)alg >= COUNT_OF(sig_alg_rows))
		return false;
	switch (sig_alg_rows[alg].family) {
	case FOR_RSA:
		return key == KEY_RSA;
	case FOR_EC:
		return key == KEY_EC_P256 || key == KEY_EC_P384 ||
		    key == KEY_EC_P521;
	case FOR_ED:
		return key == KEY_ED25519;
	}
	return false;
}
