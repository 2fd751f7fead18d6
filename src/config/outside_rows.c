#include "config/rows.h"

#define AT(member) offsetof(struct config, member)
#define MINUTE 60

static const char *const words_dnssec[] = { "off", "check", "require", NULL };
static const char *const words_caa[] = { "off", "check", NULL };

static const struct config_row rows[] = {
	{ .key = "validation.resolvers",
	    .type = CONFIG_LIST,
	    .form = FORM_RESOLVER,
	    .at = AT(validation.resolvers),
	    .def = "[]",
	    .text = "The DNS resolvers that are asked; empty takes the "
		    "system's." },
	{ .key = "validation.hosts_file",
	    .type = CONFIG_TEXT,
	    .form = FORM_PATH,
	    .at = AT(validation.hosts_file),
	    .text = "A file in the form of /etc/hosts whose names are "
		    "answered without asking a resolver." },
	{ .key = "validation.http_port",
	    .type = CONFIG_INT,
	    .at = AT(validation.http_port),
	    .min = 1,
	    .max = 65535,
	    .def = "80",
	    .text = "The port of http-01. Another than 80 is for tests and "
		    "closed networks: RFC 8555 requires 80." },
	{ .key = "validation.tls_alpn_port",
	    .type = CONFIG_INT,
	    .at = AT(validation.tls_alpn_port),
	    .min = 1,
	    .max = 65535,
	    .def = "443",
	    .text = "The port of tls-alpn-01. Another than 443 is for tests "
		    "and closed networks: RFC 8737 requires 443." },
	{ .key = "validation.permit_networks",
	    .type = CONFIG_CIDRS,
	    .at = AT(validation.permit_networks),
	    .def = "[10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, "
		   "\"fc00::/7\"]",
	    .text = "The special-purpose networks that a validation may "
		    "connect to. Loopback, link-local, multicast, unspecified "
		    "and documentation addresses are refused unless they are "
		    "named here; public addresses need no entry." },
	{ .key = "validation.dnssec",
	    .type = CONFIG_WORD,
	    .at = AT(validation.dnssec),
	    .words = words_dnssec,
	    .def = "off",
	    .text = "check refuses answers whose signatures are wrong; "
		    "require refuses unsigned answers too. Both need "
		    "trust_anchor_file." },
	{ .key = "validation.trust_anchor_file",
	    .type = CONFIG_TEXT,
	    .form = FORM_PATH,
	    .at = AT(validation.trust_anchor_file),
	    .text = "DNSSEC trust anchors, for check and require." },
	{ .key = "validation.caa",
	    .type = CONFIG_WORD,
	    .at = AT(validation.caa),
	    .words = words_caa,
	    .def = "off",
	    .text = "check looks up the CAA records (RFC 8659, RFC 8657) of "
		    "a DNS name with each ACME validation and refuses names "
		    "that do not permit acme.caa_identities. A valid "
		    "authorization then lasts 8 hours at most." },
	{ .key = "validation.timeout",
	    .type = CONFIG_DURATION,
	    .at = AT(validation.timeout),
	    .min = 1,
	    .max = 5 * MINUTE,
	    .def = "10s",
	    .text = "How long one probe may take, DNS included." },
	{ .key = "validation.attempts",
	    .type = CONFIG_INT,
	    .at = AT(validation.attempts),
	    .min = 1,
	    .max = 20,
	    .def = "3",
	    .text = "Probes of a challenge before it is invalid." },
	{ .key = "validation.max_concurrent",
	    .type = CONFIG_INT,
	    .at = AT(validation.max_concurrent),
	    .min = 1,
	    .max = 10000,
	    .def = "256",
	    .text = "Probes that run at once; more wait." },
	{ .key = "outgoing.anchors_file",
	    .type = CONFIG_TEXT,
	    .form = FORM_PATH,
	    .at = AT(outgoing.anchors_file),
	    .def = OUTGOING_SYSTEM_ANCHORS,
	    .text = "Certificates in PEM that vouch for services without "
		    "anchors of their own; read at start and at a reload. Any "
		    "but the default has to exist; without the default, calls "
		    "that need it fail." },
	{ .key = "outgoing.proxy",
	    .type = CONFIG_TEXT,
	    .form = FORM_BASE_HTTP,
	    .at = AT(outgoing.proxy),
	    .text = "The proxy that calls go through, by CONNECT, without a "
		    "password: http://proxy.example.com:3128. It sees the "
		    "names of the services, no more. "
		    "Validations never use it." },
	{ .key = "outgoing.no_proxy",
	    .type = CONFIG_LIST,
	    .form = FORM_SUFFIX,
	    .at = AT(outgoing.no_proxy),
	    .def = "[]",
	    .text = "Domains whose hosts are called without the proxy, with a "
		    "dot in front those below alone. localhost and loopback "
		    "addresses always are." },
	{ .key = "outgoing.timeout",
	    .type = CONFIG_DURATION,
	    .at = AT(outgoing.timeout),
	    .min = 1,
	    .max = 5 * MINUTE,
	    .def = "30s",
	    .text = "How long a call may take at most, its time in the queue "
		    "and DNS included." },
	{ .key = "outgoing.max_concurrent",
	    .type = CONFIG_INT,
	    .at = AT(outgoing.max_concurrent),
	    .min = 1,
	    .max = 10000,
	    .def = "64",
	    .text = "Calls that run at once. Eight times as many wait; more "
		    "are not made." },
};

const struct config_table config_outside_table = {
	.rows = rows,
	.n = COUNT_OF(rows),
	.rest = &config_protocol_table,
};
