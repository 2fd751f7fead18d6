#include "config/rows.h"

#define AT(member) offsetof(struct config_webhook, member)

static const struct config_row rows[] = {
	{ .key = "url",
	    .type = CONFIG_TEXT,
	    .form = FORM_HTTPS_URL,
	    .at = AT(url),
	    .required = true,
	    .sample = "https://devices.example.com/scep",
	    .text = "Where each request is sent, by POST and as JSON; the "
		    "answer 200 with {\"allow\": true} grants it. "
		    "Redirections are not followed." },
	{ .key = "anchors_file",
	    .type = CONFIG_TEXT,
	    .form = FORM_PATH,
	    .at = AT(anchors_file),
	    .text = "Certificates, PEM, that the service's certificate has to "
		    "lead to; without it, those of outgoing.anchors_file." },
	{ .key = "secret_file",
	    .type = CONFIG_TEXT,
	    .form = FORM_PATH,
	    .at = AT(secret_file),
	    .text = "A file, mode 0600, with a secret of 16 characters or "
		    "more in its first line: each request has its HMAC-SHA256 "
		    "over the body, in hex, as X-Chancery-Signature. Read at "
		    "start and at a reload." },
	{ .key = "token_file",
	    .type = CONFIG_TEXT,
	    .form = FORM_PATH,
	    .at = AT(token_file),
	    .text = "A file, mode 0600, with what is sent as Authorization: "
		    "Bearer, in its first line. Read at start and at a "
		    "reload." },
	{ .key = "timeout",
	    .type = CONFIG_DURATION,
	    .at = AT(timeout),
	    .min = 1,
	    .max = 60,
	    .def = "10s",
	    .text = "How long one request to the service may take. A client "
		    "is told to poll after 25 s." },
};

const struct config_table config_webhook_table = {
	.rows = rows,
	.n = COUNT_OF(rows),
	.size = sizeof(struct config_webhook),
	.at_name = AT(name),
	.at_line = AT(line),
	.name_form = FORM_NAME,
};
