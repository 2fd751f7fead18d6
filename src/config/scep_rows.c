#include "config/rows.h"

#define AT(member) offsetof(struct config_scep_profile, member)

static const char *const words_authentication[] = { "challenge", "tokens",
	"signed", "approval", "webhook", "intune", NULL };
static const char *const words_chain[] = { "full", "issuer", NULL };

static const struct config_row rows[] = {
	{ .key = "profile",
	    .type = CONFIG_TEXT,
	    .form = FORM_NAME,
	    .at = AT(profile),
	    .required = true,
	    .sample = "default",
	    .text = "The profile of what is issued, and by it the CA." },
	{ .key = "authentication",
	    .type = CONFIG_LIST,
	    .form = FORM_WORD,
	    .at = AT(authentication),
	    .words = words_authentication,
	    .def = "[approval]",
	    .text = "Who may enrol: challenge is the password of "
		    "challenge_file; tokens is a one-time secret of chancery "
		    "token create as challengePassword; signed is a JWS as "
		    "challengePassword that a key of signed_keys_file has "
		    "signed; approval lets a "
		    "request without a challengePassword wait for an "
		    "operator; webhook and intune ask a service outside. [] is "
		    "[approval]. A wrong challengePassword is refused, and "
		    "never waits." },
	{ .key = "challenge_file",
	    .type = CONFIG_TEXT,
	    .form = FORM_PATH,
	    .at = AT(challenge_file),
	    .text = "A file with one password of 8 characters or more, which "
		    "all clients share; mode 0600. It lets whoever knows it "
		    "have any name, so names has to say which. Read at start "
		    "and at a reload." },
	{ .key = "signed_keys_file",
	    .type = CONFIG_TEXT,
	    .form = FORM_PATH,
	    .at = AT(signed_keys_file),
	    .text = "A file with the public keys of who signs challenges: a "
		    "JWK Set, or PEM blocks PUBLIC KEY. Read at start and at "
		    "a reload." },
	{ .key = "signed_audience",
	    .type = CONFIG_LIST,
	    .at = AT(signed_audience),
	    .def = "[]",
	    .text = "What a signed challenge may name as its audience (aud); "
		    "empty is the URLs of this profile, by base_url, "
		    "http_base_url and, behind client certificates, the "
		    "listener of kind est." },
	{ .key = "signed_max_lifetime",
	    .type = CONFIG_DURATION,
	    .at = AT(signed_max_lifetime),
	    .min = 60,
	    .max = 30 * 24 * 3600,
	    .def = "24h",
	    .text = "The longest time from a signed challenge's iat, and from "
		    "now, to its exp." },
	{ .key = "signed_per_device",
	    .type = CONFIG_INT,
	    .at = AT(signed_per_device),
	    .min = 1,
	    .max = 100000,
	    .def = "10",
	    .text = "Signed challenges of one device (sub) that are taken in "
		    "signed_period." },
	{ .key = "signed_period",
	    .type = CONFIG_DURATION,
	    .at = AT(signed_period),
	    .min = 1,
	    .max = 30 * 24 * 3600,
	    .def = "24h",
	    .text = "See signed_per_device." },
	{ .key = "challenge_clients_file",
	    .type = CONFIG_TEXT,
	    .form = FORM_PATH,
	    .at = AT(challenge_clients_file),
	    .text = "A file with the MDMs that fetch one-time secrets for "
		    "their devices, by POST to the path of this profile with "
		    "/challenge behind it, over https: NAME:HASH a line, with "
		    "a hash of openssl passwd -6, mkpasswd or htpasswd -B. "
		    "names has to say what the secrets are good for. Read at "
		    "start and at a reload." },
	{ .key = "challenge_lifetime",
	    .type = CONFIG_DURATION,
	    .at = AT(challenge_lifetime),
	    .min = 60,
	    .max = 30 * 24 * 3600,
	    .def = "1h",
	    .text = "How long a secret that was fetched can be used." },
	{ .key = "challenges_per_hour",
	    .type = CONFIG_INT,
	    .at = AT(challenges_per_hour),
	    .min = 1,
	    .max = 1000000,
	    .def = "10000",
	    .text = "Secrets that one client of challenge_clients_file can "
		    "fetch in an hour." },
	{ .key = "names",
	    .type = CONFIG_LIST,
	    .form = FORM_NAME_PATTERN,
	    .at = AT(names),
	    .def = "[]",
	    .text = "The names that this profile gives, such as "
		    "dns:*.devices.example.com; empty is all that the profile "
		    "of the CA allows." },
	{ .key = "approval_lifetime",
	    .type = CONFIG_DURATION,
	    .at = AT(approval_lifetime),
	    .min = 60,
	    .max = 90 * 24 * 3600,
	    .def = "7d",
	    .text = "How long a request stays in the approval queue." },
	{ .key = "renewal",
	    .type = CONFIG_BOOL,
	    .at = AT(renewal),
	    .def = "true",
	    .text = "Whether a request that a valid certificate of the same "
		    "profile has signed gets a new one with the same names, "
		    "without a challengePassword." },
	{ .key = "renewal_window",
	    .type = CONFIG_DURATION,
	    .at = AT(renewal_window),
	    .min = 0,
	    .max = 365 * 24 * 3600,
	    .def = "0s",
	    .text = "How long before its end a certificate may be renewed; 0s "
		    "is at any time." },
	{ .key = "chain",
	    .type = CONFIG_WORD,
	    .at = AT(chain),
	    .words = words_chain,
	    .def = "full",
	    .text = "What GetCACert gives behind the certificate of this "
		    "server: full is the chain of the CA with its root, "
		    "issuer is the CA's certificate alone, which Intune "
		    "wants." },
	{ .key = "ca_in_reply",
	    .type = CONFIG_BOOL,
	    .at = AT(ca_in_reply),
	    .def = "false",
	    .text = "Whether the CA's certificate goes with what is issued: "
		    "Cisco VPN clients want it, Juniper's do not take it." },
	{ .key = "requested_validity",
	    .type = CONFIG_BOOL,
	    .at = AT(requested_validity),
	    .def = "false",
	    .text = "Whether a CSR may say how long its certificate is good, "
		    "by ValidityPeriod and ValidityPeriodUnits as Intune's "
		    "devices do: up to max_lifetime of the profile, more is "
		    "cut to that. Off, as in NDES, such a request gets the "
		    "profile's lifetime." },
	{ .key = "legacy_sha1",
	    .type = CONFIG_BOOL,
	    .at = AT(legacy_sha1),
	    .def = "false",
	    .text = "Whether requests signed with SHA-1 are taken, and "
		    "answered with it." },
	{ .key = "legacy_des3",
	    .type = CONFIG_BOOL,
	    .at = AT(legacy_des3),
	    .def = "false",
	    .text = "Whether triple DES is taken beside AES, and offered by "
		    "GetCACaps." },
	{ .key = "legacy_des",
	    .type = CONFIG_BOOL,
	    .at = AT(legacy_des),
	    .def = "false",
	    .text = "Whether requests encrypted with single DES are taken. "
		    "RFC 8894 section 2.9 forbids it, and it can be broken "
		    "in a day: anybody on the path can read the "
		    "challengePassword. Answers use triple DES. Switching "
		    "it on takes effect at a restart." },
	{ .key = "max_failures",
	    .type = CONFIG_INT,
	    .at = AT(max_failures),
	    .min = 1,
	    .max = 100000,
	    .def = "20",
	    .text = "Wrong passwords and undecipherable messages of one "
		    "address (of a /64 of IPv6) in failure_period; more "
		    "messages are refused unread until it is over." },
	{ .key = "failure_period",
	    .type = CONFIG_DURATION,
	    .at = AT(failure_period),
	    .min = 1,
	    .max = 24 * 3600,
	    .def = "5m",
	    .text = "See max_failures." },
	{ .key = "client_anchors_file",
	    .type = CONFIG_TEXT,
	    .form = FORM_PATH,
	    .at = AT(client_anchors_file),
	    .text = "A PEM file of the CAs whose TLS client certificates open "
		    "this profile. With it, or client_certificate_profiles, "
		    "every operation needs such a certificate and is served "
		    "by listeners of kind est alone, besides what "
		    "authentication asks for. Each must be the issuer "
		    "itself." },
	{ .key = "client_certificate_profiles",
	    .type = CONFIG_LIST,
	    .form = FORM_NAME,
	    .at = AT(client_certificate_profiles),
	    .def = "[]",
	    .text = "The profiles of our own certificates that open this one "
		    "as TLS client certificates, while they are not revoked; "
		    "see client_anchors_file. They need the usage "
		    "clientAuth." },
	{ .key = "webhook",
	    .type = CONFIG_TEXT,
	    .form = FORM_NAME,
	    .at = AT(webhook),
	    .text = "Which of webhooks decides, with webhook in "
		    "authentication. It is asked about every request but a "
		    "renewal without a challengePassword." },
	{ .key = "intune",
	    .type = CONFIG_TEXT,
	    .form = FORM_NAME,
	    .at = AT(intune),
	    .text = "Which tenant of the section intune decides, with intune "
		    "in authentication. It is asked about every request that "
		    "has a challengePassword." },
	{ .key = "max_inquiries",
	    .type = CONFIG_INT,
	    .at = AT(max_inquiries),
	    .min = 1,
	    .max = 100000,
	    .def = "256",
	    .text = "Requests that may be under way at webhook or intune; "
		    "more are answered with 503." },
};

const struct config_table config_scep_profile_table = {
	.rows = rows,
	.n = COUNT_OF(rows),
	.size = sizeof(struct config_scep_profile),
	.at_name = AT(name),
	.at_line = AT(line),
	.name_form = FORM_NAME,
};
