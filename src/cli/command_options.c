#include "cli/command_options.h"

/* Of the commands ca … and ra …; those of others are in commands.c. */

const struct cli_option import_options[] = {
	{ "--ca", "NAME", "The CA's name in the configuration: issuing." },
	{ "--chain", "FILE",
	    "PEM: this CA's certificate, then its issuers, each behind the "
	    "one that it has signed; the root may be left out." },
	{ "--replace", NULL, "Write over another certificate." },
	{ "--force", "REASON",
	    "Take one with another subject or key identifier than that which "
	    "is there; the reason is recorded." },
	END,
};

const struct cli_option ca_options[] = {
	{ "NAME", NULL, "The CA's name in the configuration." },
	END,
};

const struct cli_option export_options[] = {
	{ "NAME", NULL, "The CA's name in the configuration." },
	{ "--format", "FORMAT",
	    "pem (the default), der, chain (PEM, up to the root) or p7c "
	    "(the chain as PKCS#7)." },
	END,
};

#define CA_KEY_KIND                                                            \
	{                                                                      \
		"--key", "KIND",                                               \
		    "The new key: ec-p256, ec-p384, rsa-2048, rsa-3072, "      \
		    "rsa-4096 or ed25519."                                     \
	}
#define CA_LIFETIME(text)                                                      \
	{                                                                      \
		"--lifetime", "TIME", text                                     \
	}
#define CA_CONSTRAINTS                                                         \
	{ "--permit", "NAME",                                                  \
		"Name constraint: only below dns:example.com, "                \
		"ip:10.0.0.0/8, email:example.com or uri:example.com. May be " \
		"repeated." },                                                 \
	{                                                                      \
		"--exclude", "NAME",                                           \
		    "Name constraint: nothing below it. May be repeated."      \
	}
#define ACT_HELP                                                               \
	{ "--passphrase-file", "F",                                            \
		"The passphrase of the online CA keys, on the first line of "  \
		"F." },                                                        \
	    { "--root-passphrase-file", "F",                                   \
		    "The passphrase of the offline keys, on the first line "   \
		    "of F." },                                                 \
	    { "--root-key", "FILE",                                            \
		    "Where the offline CA's key lies; default "                \
		    "keys/NAME.key." },                                        \
	    { "--dry-run", NULL,                                               \
		    "Open the keys, make everything, write nothing." },        \
	{                                                                      \
		"--no-reload", NULL, "Do not tell a running server."           \
	}

const struct cli_option ca_new_options[] = {
	{ "NAME", NULL, "The new CA's name in the configuration." },
	CA_KEY_KIND,
	CA_LIFETIME("How long its certificate lives; default 10 years, or as "
		    "long as its parent."),
	{ "--parent", "CA",
	    "The offline CA that certifies it; default root, or what took "
	    "over from it." },
	{ "--common-name", "CN",
	    "Its subject is the parent's with this common name." },
	CA_CONSTRAINTS,
	ACT_HELP,
	END,
};

const struct cli_option ca_rollover_options[] = {
	{ "NAME", NULL, "The CA that is replaced: an issuing one, or a root." },
	{ "--as", "NAME", "The next one's name; default NAME-2, NAME-3 …" },
	{ "--same-key", NULL,
	    "Renew the certificate alone: same key, same name, new dates." },
	{ "--request", NULL,
	    "Under a root that is not ours: make the key and a request." },
	{ "--chain", "FILE",
	    "What came back for the request, PEM: the new CA's certificate, "
	    "then those above it." },
	CA_KEY_KIND,
	CA_LIFETIME("Of the new certificate; default 10 years, 20 of a root."),
	{ "--parent", "CA",
	    "The offline CA that certifies it; default the one that "
	    "certified the old one, or what took over from that." },
	{ "--common-name", "CN",
	    "Default: the old one's and its generation; of a root the same "
	    "name, as RFC 4210 wants it." },
	CA_CONSTRAINTS,
	ACT_HELP,
	END,
};

const struct cli_option ca_cross_options[] = {
	{ "NAME", NULL, "The CA of the configuration that is certified." },
	{ "--by", "CA", "The CA that certifies it." },
	{ "--csr", "FILE",
	    "Certify the CA of somebody else instead, by its request, PEM; "
	    "path length 0." },
	CA_LIFETIME("Default: as long as both live."),
	ACT_HELP,
	END,
};

const struct cli_option ca_retire_options[] = {
	{ "NAME", NULL, "An issuing CA without unexpired certificates." },
	ACT_HELP,
	END,
};

const struct cli_option ca_crl_options[] = {
	{ "NAME", NULL, "An offline CA, such as root." },
	{ "--revoke", "SERIAL",
	    "Also list this certificate, of a CA or a cross-certificate." },
	{ "--reason", "REASON",
	    "cACompromise, superseded, cessationOfOperation … (RFC 5280); "
	    "default unspecified." },
	{ "--force", NULL,
	    "List a serial that the configuration does not know; begin anew "
	    "where there is no CRL." },
	CA_LIFETIME("Until the next CRL; default 365d."),
	ACT_HELP,
	END,
};

const struct cli_option ra_rotate_options[] = {
	{ "--key", "KIND", "rsa-2048 (the default), rsa-3072 or rsa-4096." },
	{ "--passphrase-file", "F",
	    "The passphrase of the keys is the first line of F." },
	{ "--dry-run", NULL, "Say what would be done; write nothing." },
	{ "--no-reload", NULL, "Do not have the running server take it up." },
	END,
};

const struct cli_option ra_retire_options[] = {
	{ "--dry-run", NULL, "Say what would be done; write nothing." },
	{ "--no-reload", NULL, "Do not have the running server take it up." },
	END,
};
