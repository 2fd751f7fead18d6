#include "config/form.h"
#include "config/rows.h"
#include "util/times.h"

#define AT(member) offsetof(struct config, member)
#define MINUTE 60
#define HOUR 3600
#define DAY (24 * (int64_t)HOUR)
#define YEAR (365 * DAY)

static const char *const words_dnssec[] = { "off", "check", "require", NULL };
static const char *const words_caa[] = { "off", "check", NULL };
static const char *const words_unissued[] = { "unauthorized", "unknown",
	"revoked", NULL };
static const char *const words_ocsp_key[] = { "p256", "p384", "rsa-2048",
	"rsa-3072", "ed25519", NULL };
static const char *const words_format[] = { "json", "text", NULL };
static const char *const words_level[] = { "debug", "info", "warn", "error",
	NULL };

static const struct config_row rows[] = {
	{ .key = "base_url",
	    .type = CONFIG_TEXT,
	    .form = FORM_BASE_HTTPS,
	    .at = AT(base_url),
	    .required = true,
	    .sample = "https://ca.example.com:8443",
	    .text = "Where clients reach the https listener. All ACME URLs "
		    "begin with it; it is never derived from a request." },
	{ .key = "http_base_url",
	    .type = CONFIG_TEXT,
	    .form = FORM_BASE_HTTP,
	    .at = AT(http_base_url),
	    .required = true,
	    .sample = "http://ca.example.com:8080",
	    .text = "Where relying parties reach the http listener. "
		    "Certificates carry it in their CA issuers and CRL "
		    "pointers, so it must stay valid as long as they do." },
	{ .key = "listen",
	    .type = CONFIG_LISTENERS,
	    .at = AT(listen),
	    .def = "- {kind: https, address: \"[::]:8443\", tls_min: \"1.3\"}\n"
		   "- {kind: est, address: \"[::]:8444\", tls_min: \"1.2\"}\n"
		   "- {kind: http, address: \"[::]:8080\"}\n"
		   "- {kind: ops, address: \"127.0.0.1:9464\"}\n",
	    .text = "The listeners: https serves ACME and everything of http, "
		    "est serves EST and asks for client certificates, http "
		    "serves CRLs and CA "
		    "certificates, ops serves metrics. Port 0 takes a free "
		    "port; run/listen.json says which." },
	{ .key = "control_socket",
	    .type = CONFIG_TEXT,
	    .form = FORM_PATH,
	    .at = AT(control_socket),
	    .def = "run/control.sock",
	    .text = "The socket by which the commands reach the server. The "
		    "whole path must be shorter than 108 octets." },
	{ .key = "control_group",
	    .type = CONFIG_TEXT,
	    .form = FORM_USER,
	    .at = AT(control_group),
	    .text = "The group whose members may open the control socket. "
		    "Those of them who are named operators (operator add "
		    "--uid) can read, and decide requests of the approval "
		    "queue; the others are turned away. Without it the socket "
		    "is for root and the server's user." },
	{ .key = "trusted_proxies",
	    .type = CONFIG_CIDRS,
	    .at = AT(trusted_proxies),
	    .def = "[]",
	    .text = "Networks of reverse proxies whose forwarded client "
		    "addresses are believed." },
	{ .key = "user",
	    .type = CONFIG_TEXT,
	    .form = FORM_USER,
	    .at = AT(user),
	    .def = "chancery",
	    .text = "The user that the server runs as when it is started as "
		    "root." },
	{ .key = "signer_user",
	    .type = CONFIG_TEXT,
	    .form = FORM_USER,
	    .at = AT(signer_user),
	    .def = "chancery-signer",
	    .text = "The user that the signer runs as when it is started as "
		    "root." },
	{ .key = "weak_keys",
	    .type = CONFIG_LIST,
	    .form = FORM_PATH,
	    .at = AT(weak_keys),
	    .def = "[]",
	    .text = "Files of known weak RSA keys in the form of Debian's "
		    "openssl-blacklist (20 hexadecimal digits a line), beyond "
		    "those that the program knows; read at start." },
	{ .key = "workers",
	    .type = CONFIG_INT,
	    .at = AT(workers),
	    .min = 1,
	    .max = 1024,
	    .def = "32",
	    .text = "Threads that work on requests, one request each." },
	{ .key = "loops",
	    .type = CONFIG_INT,
	    .at = AT(loops),
	    .min = 0,
	    .max = 256,
	    .def = "0",
	    .text = "Threads that do network and TLS; 0 is one per core." },
	{ .key = "cas",
	    .type = CONFIG_CAS,
	    .at = AT(cas),
	    .at_n = AT(cas_n),
	    .def = "{issuing: {key: keys/issuing.key, "
		   "certificate: certs/issuing.pem}}",
	    .text = "The certification authorities by name." },
	{ .key = "profiles",
	    .type = CONFIG_PROFILES,
	    .at = AT(profiles),
	    .at_n = AT(profiles_n),
	    .def = "{default: {ca: issuing}}",
	    .text = "The profiles by name." },
	{ .key = "default_profile",
	    .type = CONFIG_TEXT,
	    .form = FORM_NAME,
	    .at = AT(default_profile),
	    .def = "default",
	    .text = "The profile of requests that name none." },
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
	{ .key = "acme.external_account_required",
	    .type = CONFIG_BOOL,
	    .at = AT(acme.external_account_required),
	    .def = "false",
	    .text = "Whether a new account must be bound to a key that the "
		    "operator gave (RFC 8555 section 7.3.4). This version "
		    "hands out no such keys: true closes registration." },
	{ .key = "acme.terms_of_service",
	    .type = CONFIG_TEXT,
	    .form = FORM_URL,
	    .at = AT(acme.terms_of_service),
	    .text = "The URL of terms that a new account must agree to." },
	{ .key = "acme.website",
	    .type = CONFIG_TEXT,
	    .form = FORM_URL,
	    .at = AT(acme.website),
	    .text = "The URL of a page about this CA, shown in the "
		    "directory." },
	{ .key = "acme.caa_identities",
	    .type = CONFIG_LIST,
	    .form = FORM_DOMAIN,
	    .at = AT(acme.caa_identities),
	    .def = "[]",
	    .text = "The domain names by which CAA records name this CA, "
		    "shown in the directory." },
	{ .key = "acme.order_lifetime",
	    .type = CONFIG_DURATION,
	    .at = AT(acme.order_lifetime),
	    .min = MINUTE,
	    .max = 90 * DAY,
	    .def = "8h",
	    .text = "How long an order may stay unfinished." },
	{ .key = "acme.authz_lifetime",
	    .type = CONFIG_DURATION,
	    .at = AT(acme.authz_lifetime),
	    .min = MINUTE,
	    .max = YEAR,
	    .def = "7h",
	    .text = "How long a valid authorization may be used." },
	{ .key = "acme.pending_authz_lifetime",
	    .type = CONFIG_DURATION,
	    .at = AT(acme.pending_authz_lifetime),
	    .min = MINUTE,
	    .max = 90 * DAY,
	    .def = "1h",
	    .text = "How long an authorization may stay pending." },
	{ .key = "acme.max_names",
	    .type = CONFIG_INT,
	    .at = AT(acme.max_names),
	    .min = 1,
	    .max = 1000,
	    .def = "100",
	    .text = "Names in one order; a profile may allow fewer." },
	{ .key = "est.labels",
	    .type = CONFIG_EST_LABELS,
	    .at = AT(est.labels),
	    .at_n = AT(est.labels_n),
	    .def = "{}",
	    .text = "The labels of EST by name; the one named default also "
		    "answers paths without a label. Each has the options "
		    "est.labels.NAME.* of the manual; docs/est.md has "
		    "examples." },
	{ .key = "scep.profiles",
	    .type = CONFIG_SCEP_PROFILES,
	    .at = AT(scep.profiles),
	    .at_n = AT(scep.profiles_n),
	    .def = "{}",
	    .text = "The profiles of SCEP by name; the one named default also "
		    "answers /scep, /cgi-bin/pkiclient.exe and "
		    "/certsrv/mscep/mscep.dll. Each has the options "
		    "scep.profiles.NAME.* of the manual; docs/scep.md has "
		    "examples." },
	{ .key = "intune",
	    .type = CONFIG_INTUNE,
	    .at = AT(intune),
	    .at_n = AT(intune_n),
	    .def = "{}",
	    .text = "The tenants of Microsoft Intune by name; a profile of "
		    "SCEP names one. Each has the options intune.NAME.* of "
		    "the manual; docs/intune.md has examples." },
	{ .key = "ocsp.validity",
	    .type = CONFIG_DURATION,
	    .at = AT(ocsp.validity),
	    .min = 10 * MINUTE,
	    .max = 31 * DAY,
	    .def = "7d",
	    .text = "From thisUpdate to nextUpdate of an OCSP answer; never "
		    "beyond the notAfter of the responder's or the CA's "
		    "certificate. An answer is served for the first half of "
		    "it at most." },
	{ .key = "ocsp.key",
	    .type = CONFIG_TEXT,
	    .form = FORM_WORD,
	    .at = AT(ocsp.key),
	    .words = words_ocsp_key,
	    .def = "p256",
	    .text = "The kind of key that init makes for the OCSP responder, "
		    "keys/ocsp.key. That file may be replaced by a key of any "
		    "of these kinds: its certificates are issued at the next "
		    "start." },
	{ .key = "ocsp.unissued",
	    .type = CONFIG_WORD,
	    .at = AT(ocsp.unissued),
	    .words = words_unissued,
	    .def = "unauthorized",
	    .text = "The answer for a serial that was never issued: the error "
		    "unauthorized (RFC 9919), or a signed unknown or revoked "
		    "(certificateHold, 1970-01-01; RFC 6960). Never good." },
	{ .key = "crl.period",
	    .type = CONFIG_DURATION,
	    .at = AT(crl.period),
	    .min = 10,
	    .max = 30 * DAY,
	    .def = "24h",
	    .text = "A new CRL is made at least this often." },
	{ .key = "crl.validity",
	    .type = CONFIG_DURATION,
	    .at = AT(crl.validity),
	    .min = MINUTE,
	    .max = YEAR,
	    .def = "7d",
	    .text = "From thisUpdate to nextUpdate of a CRL; at least three "
		    "times crl.period, so that two runs may fail." },
	{ .key = "crl.shards",
	    .type = CONFIG_INT,
	    .at = AT(crl.shards),
	    .min = 0,
	    .max = 256,
	    .def = "0",
	    .text = "How many shards the certificates of profiles with "
		    "crl_shards are spread over; 0: every certificate names "
		    "the full CRL. A certificate stays in its shard when the "
		    "number changes." },
	{ .key = "crl.delta",
	    .type = CONFIG_DURATION,
	    .at = AT(crl.delta),
	    .min = 0,
	    .max = 30 * DAY,
	    .def = "0s",
	    .text = "With it a delta CRL is made at least this often and at "
		    "once after a revocation, and the full CRL by crl.period "
		    "alone. 0s: no delta CRLs, and the full CRL is made at "
		    "once after a revocation." },
	{ .key = "crl.next_publish",
	    .type = CONFIG_BOOL,
	    .at = AT(crl.next_publish),
	    .def = "false",
	    .text = "Whether CRLs have Microsoft's extension Next CRL Publish, "
		    "by which Windows fetches the next one ahead of time." },
	{ .key = "limits.max_connections",
	    .type = CONFIG_INT,
	    .at = AT(limits.max_connections),
	    .min = 1,
	    .max = 1000000,
	    .def = "10000",
	    .text = "Connections open at once." },
	{ .key = "limits.max_connections_per_address",
	    .type = CONFIG_INT,
	    .at = AT(limits.max_connections_per_address),
	    .min = 1,
	    .max = 1000000,
	    .def = "512",
	    .text = "Connections of one client address open at once." },
	{ .key = "limits.max_streams",
	    .type = CONFIG_INT,
	    .at = AT(limits.max_streams),
	    .min = 1,
	    .max = 1000,
	    .def = "128",
	    .text = "Requests at once on one HTTP/2 connection." },
	{ .key = "limits.handshake_timeout",
	    .type = CONFIG_DURATION,
	    .at = AT(limits.handshake_timeout),
	    .min = 1,
	    .max = HOUR,
	    .def = "10s",
	    .text = "How long a TLS handshake may take." },
	{ .key = "limits.header_timeout",
	    .type = CONFIG_DURATION,
	    .at = AT(limits.header_timeout),
	    .min = 1,
	    .max = HOUR,
	    .def = "10s",
	    .text = "How long the head of a request may take to arrive." },
	{ .key = "limits.body_timeout",
	    .type = CONFIG_DURATION,
	    .at = AT(limits.body_timeout),
	    .min = 1,
	    .max = HOUR,
	    .def = "30s",
	    .text = "How long the body of a request may take to arrive." },
	{ .key = "limits.idle_timeout",
	    .type = CONFIG_DURATION,
	    .at = AT(limits.idle_timeout),
	    .min = 1,
	    .max = HOUR,
	    .def = "60s",
	    .text = "How long a connection may lie idle." },
	{ .key = "limits.queue",
	    .type = CONFIG_INT,
	    .at = AT(limits.queue),
	    .min = 1,
	    .max = 100000,
	    .def = "1024",
	    .text = "Requests that may wait for a worker; more are answered "
		    "503." },
	{ .key = "limits.held_replies",
	    .type = CONFIG_INT,
	    .at = AT(limits.held_replies),
	    .min = 0,
	    .max = 100000,
	    .def = "1000",
	    .text = "Replies that may wait for the outcome of a job; beyond "
		    "that the client is told to ask again." },
	{ .key = "log.format",
	    .type = CONFIG_WORD,
	    .at = AT(log.format),
	    .words = words_format,
	    .def = "json",
	    .text = "json for machines, text for eyes." },
	{ .key = "log.level",
	    .type = CONFIG_WORD,
	    .at = AT(log.level),
	    .words = words_level,
	    .def = "info",
	    .text = "The least grave events that are logged." },
	{ .key = "testing.reject_nonces_percent",
	    .type = CONFIG_INT,
	    .at = AT(testing.reject_nonces_percent),
	    .min = 0,
	    .max = 100,
	    .def = "0",
	    .text =
		"The share of good ACME nonces that are refused, but never two "
		"in a row for one account: clients try again once." },
	{ .key = "testing.clock_offset",
	    .type = CONFIG_OFFSET,
	    .at = AT(testing.clock_offset),
	    .min = -10 * YEAR,
	    .max = 10 * YEAR,
	    .def = "0s",
	    .text = "Added to the clock; may be negative, as in -1h." },
	{ .key = "tls.certificate",
	    .type = CONFIG_TEXT,
	    .form = FORM_PATH,
	    .at = AT(tls.certificate),
	    .text = "An operator's own certificate and chain, PEM, served as "
		    "it is; null: the server issues its own from its default "
		    "CA and renews it by itself." },
	{ .key = "tls.key",
	    .type = CONFIG_TEXT,
	    .form = FORM_PATH,
	    .at = AT(tls.key),
	    .def = "keys/tls.key",
	    .text = "The private key of the server's certificate, PKCS#8." },
	{ .key = "tls.profile",
	    .type = CONFIG_TEXT,
	    .form = FORM_NAME,
	    .at = AT(tls.profile),
	    .text = "The profile of the certificate that the server issues to "
		    "itself; null is the default profile." },
	{ .key = "tls.lifetime",
	    .type = CONFIG_DURATION,
	    .at = AT(tls.lifetime),
	    .min = HOUR,
	    .max = 10 * YEAR,
	    .def = "30d",
	    .text = "The lifetime of the certificate that the server issues to "
		    "itself, as far as the profile allows it." },
};

const struct config_table config_root_table = {
	.rows = rows,
	.n = COUNT_OF(rows),
	.size = sizeof(struct config),
};

static void
add_words(const struct config_row *row, const char *head, struct buf *out)
{
	buf_add_str(out, head);
	for (size_t i = 0; row->words[i] != NULL; i++)
		buf_printf(out, "%s%s", i == 0 ? "" : ", ", row->words[i]);
}

static void
add_form(const struct config_row *row, struct buf *out)
{
	if (row->form == FORM_WORD || row->form == FORM_EKU)
		add_words(row, "one of ", out);
	if (row->form == FORM_EKU)
		buf_add_str(out, ", or a dotted object identifier");
	if (config_form_expected(row->form) != NULL)
		buf_add_str(out, config_form_expected(row->form));
}

static void
add_type(const struct config_row *row, struct buf *out)
{
	char min[32], max[32];

	switch (row->type) {
	case CONFIG_TEXT:
		add_form(row, out);
		return;
	case CONFIG_WORD:
		add_words(row, "one of ", out);
		return;
	case CONFIG_BOOL:
		buf_add_str(out, "true or false");
		return;
	case CONFIG_INT:
		if (row->min == row->max)
			buf_printf(out, "%lld", (long long)row->min);
		else
			buf_printf(out, "a number from %lld to %lld",
			    (long long)row->min, (long long)row->max);
		return;
	case CONFIG_DURATION:
	case CONFIG_OFFSET:
		duration_format(row->min, min);
		duration_format(row->max, max);
		buf_printf(out, "a duration from %s to %s", min, max);
		return;
	case CONFIG_LIST:
		buf_add_str(out, "a list, each ");
		add_form(row, out);
		return;
	case CONFIG_CIDRS:
		buf_add_str(out, "a list of networks such as 10.0.0.0/8");
		return;
	case CONFIG_LISTENERS:
		buf_add_str(out,
		    "a list of {kind: https|est|http|ops, address: "
		    "\"ADDRESS:PORT\", tls_min: \"1.2\"|\"1.3\"}");
		return;
	case CONFIG_CAS:
	case CONFIG_PROFILES:
	case CONFIG_EST_LABELS:
	case CONFIG_SCEP_PROFILES:
	case CONFIG_INTUNE:
		buf_add_str(out, "a map of names to options");
		return;
	case CONFIG_TYPES:
		return;
	}
}

void
config_row_expected(const struct config_row *row, struct buf *out)
{
	add_type(row, out);
	if (row->def == NULL && !row->required)
		buf_add_str(out, ", or null");
}

const struct config_table *
config_row_table(const struct config_row *row)
{
	switch (row->type) {
	case CONFIG_CAS:
		return &config_ca_table;
	case CONFIG_PROFILES:
		return &config_profile_table;
	case CONFIG_EST_LABELS:
		return &config_est_label_table;
	case CONFIG_SCEP_PROFILES:
		return &config_scep_profile_table;
	case CONFIG_INTUNE:
		return &config_intune_table;
	default:
		return NULL;
	}
}
