#include "crypto/secret_text.h"
#include "crypto/digest.h"

static const char alphabet[62] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "abcdefghijklmnopqrstuvwxyz"
				 "0123456789";

void
secret_text_draw(const struct random *random, char out[SECRET_TEXT_LENGTH + 1])
{
	size_t n = 0;

	while (n < SECRET_TEXT_LENGTH) {
		uint8_t octet;

		random_fill(random, &octet, 1);
		/* The top two bits are dropped and 62 and 63 drawn again, so
		 * that no character is more likely than another. */
		octet &= 63;
		if (octet < sizeof(alphabet))
			out[n++] = alphabet[octet];
		secret_wipe(&octet, 1);
	}
	out[n] = '\0';
}

bool
secret_text_has_form(struct bytes text)
{
	if (text.n != SECRET_TEXT_LENGTH)
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (memchr(alphabet, text.p[i], sizeof(alphabet)) == NULL)
			return false;
	return true;
}

void
secret_text_hash(struct bytes text, uint8_t out[32])
{
	digest_sha256(text, out);
}

bool
secret_text_matches(struct bytes text, const uint8_t hash[32])
{
	uint8_t sum[32];

	secret_text_hash(text, sum);
	return bytes_equal_secret(
	    bytes_of(sum, sizeof(sum)), bytes_of(hash, sizeof(sum)));
}
