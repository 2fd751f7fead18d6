#include "config/rows.h"

#define AT(member) offsetof(struct config, member)

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
};

const struct config_table config_root_table = {
	.rows = rows,
	.n = COUNT_OF(rows),
	.rest = &config_outside_table,
	.size = sizeof(struct config),
};
