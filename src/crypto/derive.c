#include "crypto/derive.h"
#include "crypto/digest.h"
#include "util/text.h"

struct secret *
passphrase_derive(const struct secret *from, const char *label)
{
	uint8_t derived[32];
	AUTO_BUF text = { 0 };
	struct secret *out;
	struct mac *mac;

	if (from == NULL)
		return NULL;
	mac = mac_new(secret_reveal(from));
	mac_compute(mac, bytes_str(label), derived);
	mac_free(mac);
	base64url_encode(bytes_of(derived, sizeof(derived)), &text);
	out = secret_new(text.p, text.n);
	secret_wipe(derived, sizeof(derived));
	secret_wipe(text.p, text.n);
	return out;
}
