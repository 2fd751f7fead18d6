#include "config/rows.h"

#define AT(member) offsetof(struct config_est_label, member)

static const char *const words_authentication[] = { "certificate", "users",
	NULL };
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
		    "HTTP Basic against users_file." },
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
	    .text = "Whether client certificates with the usage "
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
