#include <arpa/inet.h>
#include <stdio.h>
#include "codec/name.h"

size_t
name_ip_octets(const char *text, uint8_t out[16])
{
	struct in6_addr v6;
	struct in_addr v4;

	/* Both refuse leading zeros, short forms and zones. */
	if (inet_pton(AF_INET, text, &v4) == 1) {
		memcpy(out, &v4, 4);
		return 4;
	}
	if (inet_pton(AF_INET6, text, &v6) == 1) {
		memcpy(out, &v6, 16);
		return 16;
	}
	return 0;
}

/* The first longest run of at least two zero groups; *length 0: none. */
static unsigned
zero_run(const unsigned groups[8], unsigned *length)
{
	unsigned best = 0, best_length = 0;

	for (unsigned i = 0; i < 8; i++) {
		unsigned n = 0;

		while (i + n < 8 && groups[i + n] == 0)
			n++;
		if (n > best_length) {
			best = i;
			best_length = n;
		}
	}
	*length = best_length >= 2 ? best_length : 0;
	return best;
}

/* RFC 5952 section 4: lower case, no leading zeros, "::" once and for the
 * longest run.  inet_ntop is not used: it writes ::102:304 as an IPv4 one. */
static void
ipv6_text(const uint8_t o[16], char out[NAME_IP_SIZE])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	unsigned groups[8], run, length;
	char *s = out;

	if (memcmp(o, mapped, sizeof(mapped)) == 0) {
		/* RFC 5952 section 5: a prefix known to hold IPv4. */
		snprintf(out, NAME_IP_SIZE, "::ffff:%u.%u.%u.%u", o[12], o[13],
		    o[14], o[15]);
		return;
	}
	for (unsigned i = 0; i < 8; i++)
		groups[i] = (unsigned)o[2 * i] << 8 | o[2 * i + 1];
	run = zero_run(groups, &length);
	for (unsigned i = 0; i < 8; i++) {
		if (length != 0 && i == run) {
			*s++ = ':';
			if (i == 0)
				*s++ = ':';
			i += length - 1;
			continue;
		}
		s += snprintf(s, 6, "%x%s", groups[i], i < 7 ? ":" : "");
	}
	*s = '\0';
}

bool
name_ip_text(struct bytes octets, char out[NAME_IP_SIZE])
{
	if (octets.n == 4)
		snprintf(out, NAME_IP_SIZE, "%u.%u.%u.%u", octets.p[0],
		    octets.p[1], octets.p[2], octets.p[3]);
	else if (octets.n == 16)
		ipv6_text(octets.p, out);
	else
		return false;
	return true;
}
