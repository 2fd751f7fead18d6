#include "cli/commands.h"

/*
 * One row a command, in the order of the manual.  Help and chancery(1) are
 * printed from them; a test holds usage, options and parsers against each
 * other.
 */

#define END                                                                    \
	{                                                                      \
		NULL, NULL, NULL                                               \
	}
#define LIMIT                                                                  \
	{                                                                      \
		"--limit", "N", "At most so many, newest first; default 100."  \
	}

static const struct cli_option check_options[] = {
	{ "--quiet", NULL, "Print mistakes alone: nothing when all is well." },
	{ "--passphrase-file", "F",
	    "Open the keys with the passphrase on the first line of F, and "
	    "hold them against their certificates." },
	END,
};

static const struct cli_option backup_options[] = {
	{ "--to", "DIR", "A folder that does not exist; it is made." },
	END,
};

static const struct cli_option import_options[] = {
	{ "--ca", "NAME", "The CA's name in the configuration: issuing." },
	{ "--chain", "FILE",
	    "PEM: this CA's certificate, then its issuers, each behind the "
	    "one that it has signed; the root may be left out." },
	{ "--replace", NULL, "Write over another certificate." },
	END,
};

static const struct cli_option config_options[] = {
	{ "--markdown", NULL,
	    "Print the reference of all options as Markdown instead." },
	END,
};

static const struct cli_option issue_options[] = {
	{ "--csr", "FILE",
	    "The certificate signing request, PEM or DER; it proves that the "
	    "requester has the key." },
	{ "--profile", "NAME", "The profile of the configuration." },
	{ "--name", "NAME",
	    "A name to certify: dns:www.example.com, ip:192.0.2.1, "
	    "email:a@example.com or uri:urn:x. May be repeated; without it "
	    "the names are the CSR's." },
	END,
};

static const struct cli_option cert_list_options[] = {
	{ "--status", "STATUS",
	    "Only valid, revoked, expired, voided (recorded, never released) "
	    "or intent (recorded, not yet signed)." },
	{ "--name", "PATTERN",
	    "Only those with a name that fits, such as *.example.com." },
	{ "--expires-within", "TIME",
	    "Only those valid now that end within, say, 30d." },
	{ "--profile", "NAME", "Only those of a profile." },
	{ "--account", "ID", "Only those of an ACME account." },
	LIMIT,
	END,
};

static const struct cli_option serial_options[] = {
	{ "SERIAL", NULL,
	    "The certificate's serial number in hex, colons allowed, or its "
	    "id." },
	END,
};

static const struct cli_option revoke_options[] = {
	{ "SERIAL", NULL,
	    "The certificate's serial number in hex, colons allowed, or its "
	    "id." },
	{ "--reason", "REASON",
	    "keyCompromise, affiliationChanged, superseded, "
	    "cessationOfOperation, privilegeWithdrawn or unspecified (the "
	    "default). keyCompromise also keeps the key from being certified "
	    "again." },
	END,
};

static const struct cli_option limit_options[] = {
	LIMIT,
	END,
};

static const struct cli_option order_list_options[] = {
	{ "--account", "ID", "Only those of an account." },
	LIMIT,
	END,
};

static const struct cli_option id_options[] = {
	{ "ID", NULL, "As the list prints it." },
	END,
};

static const struct cli_option ca_options[] = {
	{ "NAME", NULL, "The CA's name in the configuration." },
	END,
};

static const struct cli_option export_options[] = {
	{ "NAME", NULL, "The CA's name in the configuration." },
	{ "--format", "FORMAT",
	    "pem (the default), der, chain (PEM, up to the root) or p7c "
	    "(the chain as PKCS#7)." },
	END,
};

const struct cli_command cli_commands[] = {
	{ "check", "[--quiet] [--passphrase-file F]",
	    "reports every mistake of the configuration and the state "
	    "directory at once",
	    check_run, check_options },
	{ "config", "[--markdown]",
	    "prints a commented configuration with every option and default",
	    config_run, config_options },
	{ "urls", "",
	    "prints every URL, the root's fingerprint, the control socket",
	    urls_run, NULL },
	{ "version", "", "prints the version", version_run, NULL },
	{ "backup", "--to DIR",
	    "copies the state directory consistently while the server runs, "
	    "and verifies the copy",
	    backup_run, backup_options },
	{ "cert issue", "--csr FILE --profile NAME [--name dns:…|ip:…]…",
	    "issues a certificate and prints its chain, leaf first, without "
	    "the root",
	    cert_issue_run, issue_options },
	{ "cert list",
	    "[--status STATUS] [--name PATTERN] [--expires-within TIME] "
	    "[--profile NAME] [--account ID] [--limit N]",
	    "lists certificates", cert_list_run, cert_list_options },
	{ "cert show", "SERIAL", "shows a certificate and its record",
	    cert_show_run, serial_options },
	{ "cert revoke", "SERIAL [--reason REASON]",
	    "revokes a certificate; the CRL is made again at once",
	    cert_revoke_run, revoke_options },
	{ "account list", "[--limit N]", "lists ACME accounts",
	    account_list_run, limit_options },
	{ "account show", "ID", "shows an ACME account", account_show_run,
	    id_options },
	{ "account deactivate", "ID", "deactivates an ACME account, for good",
	    account_deactivate_run, id_options },
	{ "order list", "[--account ID] [--limit N]", "lists ACME orders",
	    order_list_run, order_list_options },
	{ "order show", "ID",
	    "shows an ACME order with its authorizations and what their "
	    "validations saw",
	    order_show_run, id_options },
	{ "ca list", "", "lists the CAs", ca_list_run, NULL },
	{ "ca show", "NAME", "shows a CA, its CRL and its certificate",
	    ca_show_run, ca_options },
	{ "ca export", "NAME [--format FORMAT]",
	    "prints a CA's certificate, from the state directory",
	    ca_export_run, export_options },
	{ "ca import", "--ca NAME --chain FILE [--replace]",
	    "installs the certificate that another CA has issued for our "
	    "request, after checking it",
	    ca_import_run, import_options },
	{ NULL, NULL, NULL, NULL, NULL },
};
