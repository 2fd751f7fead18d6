#include "config/rows.h"

const struct config_section config_sections[] = {
	{ "cas",
	    "The certification authorities, by name. A CA without a key is "
	    "offline: its certificate is served, and it signs nothing here." },
	{ "profiles",
	    "What may be issued, by name. A change makes a new version of the "
	    "profile; orders that are under way keep the version that they "
	    "began with." },
	{ "validation",
	    "How control over names is validated: the outgoing requests and "
	    "DNS look-ups, and where they may go." },
	{ "outgoing",
	    "HTTPS calls to services that the configuration names, such as "
	    "webhooks and Microsoft Intune. Their hosts are looked up as "
	    "validation says (resolvers, hosts_file), at any address." },
	{ "acme", "The ACME protocol (RFC 8555)." },
	{ "est",
	    "EST (RFC 7030): devices enrol and renew over HTTPS. Without a "
	    "label it is not served." },
	{ "scep",
	    "SCEP (RFC 8894): devices enrol and renew by signed and encrypted "
	    "messages over HTTP. Without a profile it is not served." },
	{ "intune",
	    "Microsoft Intune: tenants whose devices enrol by SCEP with a "
	    "challenge that Intune made." },
	{ "webhooks",
	    "Services of one's own that are asked by HTTPS whether a request "
	    "is to be granted." },
	{ "ocsp", "OCSP (RFC 6960): what is answered under /ocsp." },
	{ "crl", "Certificate revocation lists (RFC 5280)." },
	{ "limits", "What one client, or all of them, may take." },
	{ "log",
	    "The log on standard error: one line per request, job or fault." },
	{ "testing",
	    "Faults on purpose, for tests of clients. Only serve --testing "
	    "heeds them." },
	{ "tls", "The server's own TLS certificate." },
};
const size_t config_sections_n = COUNT_OF(config_sections);

const char *
config_section_text(const char *key, size_t n)
{
	for (size_t i = 0; i < config_sections_n; i++)
		if (strlen(config_sections[i].key) == n &&
		    memcmp(config_sections[i].key, key, n) == 0)
			return config_sections[i].text;
	return NULL;
}
