#include "config/rows.h"

#define AT(member) offsetof(struct config_est_label, member)

static const char *const words_authentication[] = { "certificate", "users",
	"tokens", "approval", NULL };
static const char *const words_server_key[] = { "same", "ec-p256", "ec-p384",
	"rsa-2048", "rsa-3072", "rsa-4096", "ed25519", NULL };
static const char *const words_certificate_names[] = { "same", "any", NULL };
static const char *const words_wrap[] = { "auto", "always", "never", NULL };

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
	    .def = "[certificate]",
	    .text = "Who may enrol: certificate is a TLS client certificate "
		    "of certificate_profiles or below anchors_file; users is "
		    "HTTP Basic against users_file; tokens is a one-time "
		    "secret of chancery token create as password of HTTP "
		    "Basic or as Bearer token; approval lets who shows none "
		    "of these wait for an operator. [] is [approval]." },
	{ .key = "approval_always",
	    .type = CONFIG_BOOL,
	    .at = AT(approval_always),
	    .def = "false",
	    .text = "Whether every request waits for an operator's approval, "
		    "also of who is authenticated." },
	{ .key = "approval_lifetime",
	    .type = CONFIG_DURATION,
	    .at = AT(approval_lifetime),
	    .min = 60,
	    .max = 90 * 24 * 3600,
	    .def = "7d",
	    .text = "How long a request stays in the approval queue." },
	{ .key = "retry_after",
	    .type = CONFIG_DURATION,
	    .at = AT(retry_after),
	    .min = 1,
	    .max = 24 * 3600,
	    .def = "60s",
	    .text = "When a client whose request waits is told to ask again." },
	{ .key = "users_file",
	    .type = CONFIG_TEXT,
	    .form = FORM_PATH,
	    .at = AT(users_file),
	    .text = "Users, one NAME:HASH or NAME:HASH:PATTERN,PATTERN… a "
		    "line; a hash is what openssl passwd -6, mkpasswd or "
		    "htpasswd -B prints, a pattern is as in names. Read at "
		    "start and at a reload." },
	{ .key = "anchors_file",
	    .type = CONFIG_TEXT,
	    .form = FORM_PATH,
	    .at = AT(anchors_file),
	    .text = "Certificates, PEM, of the CAs whose client certificates "
		    "are taken besides our own, such as makers of devices. "
		    "Each must be the issuer itself: intermediate "
		    "certificates that a client sends are not read." },
	{ .key = "certificate_profiles",
	    .type = CONFIG_LIST,
	    .form = FORM_NAME,
	    .at = AT(certificate_profiles),
	    .def = "[]",
	    .text = "The profiles of our own certificates that are taken as "
		    "client certificates; empty is the label's own profile. "
		    "They need the usage clientAuth." },
	{ .key = "certificate_names",
	    .type = CONFIG_WORD,
	    .at = AT(certificate_names),
	    .words = words_certificate_names,
	    .def = "same",
	    .text = "The names that simpleenroll gives to who comes with a "
		    "client certificate: same is those of that certificate, "
		    "any is all that names and the profile allow." },
	{ .key = "registrars",
	    .type = CONFIG_BOOL,
	    .at = AT(registrars),
	    .def = "false",
	    .text = "Whether our own client certificates with the usage "
		    "id-kp-cmcRA (1.3.6.1.5.5.7.3.28) may enrol and renew "
		    "for others." },
	{ .key = "change_names",
	    .type = CONFIG_BOOL,
	    .at = AT(change_names),
	    .def = "false",
	    .text = "Whether simplereenroll may change subject and names by "
		    "the attribute ChangeSubjectName (RFC 7030 section "
		    "4.2.2)." },
	{ .key = "channel_binding",
	    .type = CONFIG_BOOL,
	    .at = AT(channel_binding),
	    .def = "false",
	    .text = "Whether a request must be bound to its TLS connection: "
		    "its challengePassword is tls-unique under TLS 1.2 and "
		    "tls-exporter under TLS 1.3, in base64 (RFC 7030 section "
		    "3.5, RFC 9266). It cannot pass a proxy that ends TLS." },
	{ .key = "names",
	    .type = CONFIG_LIST,
	    .form = FORM_NAME_PATTERN,
	    .at = AT(names),
	    .def = "[]",
	    .text = "The names that this label gives, such as "
		    "dns:*.devices.example.com; empty is all that the "
		    "profile allows." },
	{ .key = "max_failures",
	    .type = CONFIG_INT,
	    .at = AT(max_failures),
	    .min = 1,
	    .max = 100000,
	    .def = "10",
	    .text = "Failed authentications of one address (of a /64 of "
		    "IPv6) in failure_period; more are refused untried until "
		    "it is over." },
	{ .key = "failure_period",
	    .type = CONFIG_DURATION,
	    .at = AT(failure_period),
	    .min = 1,
	    .max = 24 * 3600,
	    .def = "5m",
	    .text = "See max_failures." },
	{ .key = "server_keys",
	    .type = CONFIG_BOOL,
	    .at = AT(server_keys),
	    .def = "false",
	    .text = "Whether serverkeygen makes keys for clients. They are "
		    "neither stored nor logged." },
	{ .key = "server_keys_clear",
	    .type = CONFIG_BOOL,
	    .at = AT(server_keys_clear),
	    .def = "false",
	    .text = "Whether serverkeygen also hands out keys that nothing "
		    "but TLS protects." },
	{ .key = "server_key",
	    .type = CONFIG_TEXT,
	    .form = FORM_WORD,
	    .at = AT(server_key),
	    .words = words_server_key,
	    .def = "same",
	    .text = "The kind of key that serverkeygen makes; same is that "
		    "of the key in the request." },
	{ .key = "recipients_file",
	    .type = CONFIG_TEXT,
	    .form = FORM_PATH,
	    .at = AT(recipients_file),
	    .text = "Certificates, PEM, that generated keys may be encrypted "
		    "to, besides the client certificate." },
	{ .key = "named_keys_file",
	    .type = CONFIG_TEXT,
	    .form = FORM_PATH,
	    .at = AT(named_keys_file),
	    .text = "Secret keys that generated keys may be encrypted to, one "
		    "NAME:HEX a line of 16, 24 or 32 octets; mode 0600." },
	{ .key = "server_keys_per_hour",
	    .type = CONFIG_INT,
	    .at = AT(server_keys_per_hour),
	    .min = 1,
	    .max = 100000,
	    .def = "60",
	    .text = "Keys that serverkeygen makes for one address (for a /64 "
		    "of IPv6) in an hour." },
	{ .key = "base64_wrap",
	    .type = CONFIG_WORD,
	    .at = AT(base64_wrap),
	    .words = words_wrap,
	    .def = "auto",
	    .text = "Lines of the base64 that is sent: auto does as the "
		    "client did in its request, or as it is known to want "
		    "it." },
};

const struct config_table config_est_label_table = {
	.rows = rows,
	.n = COUNT_OF(rows),
	.size = sizeof(struct config_est_label),
	.at_name = AT(name),
	.at_line = AT(line),
	.name_form = FORM_LABEL,
};
