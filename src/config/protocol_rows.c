#include "config/rows.h"

#define AT(member) offsetof(struct config, member)
#define MINUTE 60
#define HOUR 3600
#define DAY (24 * (int64_t)HOUR)
#define YEAR (365 * DAY)

static const char *const words_unissued[] = { "unauthorized", "unknown",
	"revoked", NULL };
static const char *const words_ocsp_key[] = { "p256", "p384", "rsa-2048",
	"rsa-3072", "ed25519", NULL };

static const struct config_row rows[] = {
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
	{ .key = "webhooks",
	    .type = CONFIG_WEBHOOKS,
	    .at = AT(webhooks),
	    .at_n = AT(webhooks_n),
	    .def = "{}",
	    .text = "Services that decide requests of SCEP, by name; a "
		    "profile of SCEP names one. Each has the options "
		    "webhooks.NAME.* of the manual; docs/scep.md has an "
		    "example." },
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
};

const struct config_table config_protocol_table = {
	.rows = rows,
	.n = COUNT_OF(rows),
	.rest = &config_limits_table,
};
