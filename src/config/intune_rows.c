#include "config/rows.h"

#define AT(member) offsetof(struct config_intune, member)

static const struct config_row rows[] = {
	{ .key = "tenant",
	    .type = CONFIG_TEXT,
	    .form = FORM_DOMAIN,
	    .at = AT(tenant),
	    .required = true,
	    .sample = "contoso.onmicrosoft.com",
	    .text = "The tenant: its domain, or its identifier in "
		    "hexadecimal." },
	{ .key = "client_id",
	    .type = CONFIG_TEXT,
	    .form = FORM_TEXT,
	    .at = AT(client_id),
	    .required = true,
	    .sample = "00000000-0000-0000-0000-000000000000",
	    .text = "The application (client) ID of the app registration." },
	{ .key = "client_secret_file",
	    .type = CONFIG_TEXT,
	    .form = FORM_PATH,
	    .at = AT(client_secret_file),
	    .required = true,
	    .sample = "keys/intune.secret",
	    .text = "A file with the value of the registration's client "
		    "secret; mode 0600. Read at start and at a reload." },
	{ .key = "authority",
	    .type = CONFIG_TEXT,
	    .form = FORM_HTTPS_URL,
	    .at = AT(authority),
	    .def = "https://login.microsoftonline.com/",
	    .text = "Who gives tokens. National clouds have their own." },
	{ .key = "graph_url",
	    .type = CONFIG_TEXT,
	    .form = FORM_HTTPS_URL,
	    .at = AT(graph_url),
	    .def = "https://graph.microsoft.com/",
	    .text = "Microsoft Graph, which knows where the tenant's Intune "
		    "is." },
	{ .key = "resource_url",
	    .type = CONFIG_TEXT,
	    .form = FORM_HTTPS_URL,
	    .at = AT(resource_url),
	    .def = "https://api.manage.microsoft.com/",
	    .text = "What the token for Intune is asked for; nothing is sent "
		    "there." },
	{ .key = "anchors_file",
	    .type = CONFIG_TEXT,
	    .form = FORM_PATH,
	    .at = AT(anchors_file),
	    .text = "Certificates, PEM, that the services' certificates have "
		    "to lead to; without it, those of outgoing.anchors_file." },
	{ .key = "timeout",
	    .type = CONFIG_DURATION,
	    .at = AT(timeout),
	    .min = 1,
	    .max = 60,
	    .def = "15s",
	    .text = "How long one request to these services may take." },
	{ .key = "withhold",
	    .type = CONFIG_BOOL,
	    .at = AT(withhold),
	    .def = "true",
	    .text = "Whether a certificate is kept back until Intune has "
		    "acknowledged it, as its contract demands. With false "
		    "it is handed out and Intune told afterwards." },
	{ .key = "revocation",
	    .type = CONFIG_BOOL,
	    .at = AT(revocation),
	    .def = "true",
	    .text = "Whether the certificates that Intune wants revoked are "
		    "asked for, and revoked." },
	{ .key = "revocation_period",
	    .type = CONFIG_DURATION,
	    .at = AT(revocation_period),
	    .min = 1,
	    .max = 24 * 3600,
	    .def = "5m",
	    .text = "How often they are asked for." },
	{ .key = "issuer_name",
	    .type = CONFIG_TEXT,
	    .form = FORM_TEXT,
	    .at = AT(issuer_name),
	    .text = "What Intune is told as the name of the issuing CA, and "
		    "whose revocations alone are asked for; without it, the "
		    "issuer of each certificate, and all revocations." },
};

const struct config_table config_intune_table = {
	.rows = rows,
	.n = COUNT_OF(rows),
	.size = sizeof(struct config_intune),
	.at_name = AT(name),
	.at_line = AT(line),
	.name_form = FORM_NAME,
};
