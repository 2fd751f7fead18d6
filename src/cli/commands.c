#include "cli/command_options.h"
#include "cli/commands.h"

/*
 * One row a command, in the order of the manual.  Help and chancery(1) are
 * printed from them; a test holds usage, options and parsers against each
 * other.
 */

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
	    "email:a@example.com, uri:urn:x or upn:a@example.com. May be "
	    "repeated; without it "
	    "the names are the CSR's." },
	{ "--replaces", "SERIAL",
	    "The certificate that this one is the renewal of, for the "
	    "record." },
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
	{ "--ca", "NAME", "Only those of a CA of the configuration." },
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
	    "again and revokes its other certificates." },
	{ "--profile", "NAME",
	    "All valid certificates of a profile; with other such options, "
	    "those that fit them all. Nothing is revoked without --confirm." },
	{ "--account", "ID", "All of an ACME account." },
	{ "--ca", "NAME", "All that a CA of the configuration issued." },
	{ "--name", "PATTERN",
	    "All with a name that fits, such as *.example.com." },
	{ "--issued-from", "TIME",
	    "All issued at or after it: 2026-07-01 or "
	    "2026-07-01T12:00:00Z." },
	{ "--issued-before", "TIME", "All issued before it." },
	{ "--confirm", "HASH",
	    "Revoke exactly the set that the same command without it has "
	    "shown; refused when it is another one by now." },
	{ "--key-proof", "FILE",
	    "A request (CSR) that was signed with a key in the wrong hands: "
	    "its key is blocked, its certificates are revoked." },
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

static const struct cli_option token_create_options[] = {
	{ "--profile", "NAME", "The profile of the configuration." },
	{ "--name", "NAME",
	    "A name that may be certified: dns:www.example.com, ip:192.0.2.1, "
	    "email:a@example.com, uri:urn:x or upn:a@example.com. May be "
	    "repeated; a request may "
	    "have some of them. Without it: any that the profile allows." },
	{ "--uses", "N", "Certificates that it is good for; default 1." },
	{ "--expires", "TIME",
	    "How long it is good, up to 366d; default 24h." },
	AS,
	END,
};

static const struct cli_option token_id_options[] = {
	{ "ID", NULL, "As the list prints it." },
	AS,
	END,
};

static const struct cli_option operator_add_options[] = {
	{ "NAME", NULL, "1 to 64 of a-z, 0-9 and . _ @ -." },
	{ "--uid", "N",
	    "The operator's user id. Without it only root and the server's "
	    "user can act as this operator, by --as." },
	AS,
	END,
};

static const struct cli_option operator_name_options[] = {
	{ "NAME", NULL, "As the list prints it." },
	AS,
	END,
};

static const struct cli_option approval_list_options[] = {
	{ "--status", "STATUS",
	    "Only pending, approved, rejected, issued or expired." },
	LIMIT,
	END,
};

static const struct cli_option approve_options[] = {
	{ "ID", NULL, "As the list prints it." },
	{ "--hash", "HASH",
	    "The request sha256 that approval show has printed: what you have "
	    "looked at is what is approved." },
	AS,
	END,
};

static const struct cli_option reject_options[] = {
	{ "ID", NULL, "As the list prints it." },
	{ "--hash", "HASH",
	    "The request sha256 that approval show has printed." },
	{ "--reason", "TEXT", "For the record and whoever asked." },
	AS,
	END,
};

#define ACT_USAGE                                                              \
	"[--passphrase-file F] [--root-passphrase-file F] [--root-key FILE] "  \
	"[--dry-run] [--no-reload]"

static const struct cli_option log_verify_options[] = {
	{ "--checkpoint", "FILE",
	    "A checkpoint that you kept: the log must begin with the one that "
	    "it is of." },
	{ "--key", "KEY",
	    "The verifier key that checkpoints must be signed with; without "
	    "it, the one that is stored with each." },
	END,
};

static const struct cli_option log_replay_options[] = {
	{ "--to", "FILE", "Keep what was rebuilt in a new SQLite database." },
	END,
};

static const struct cli_option log_prove_options[] = {
	{ "SERIAL", NULL, "The serial number of a certificate, in hex." },
	{ "POSITION", NULL, "Or a position of the log, in decimal." },
	{ "--consistency", "OLD",
	    "Prove instead that the log begins with the one of OLD: a number "
	    "of entries, or a file with a checkpoint." },
	{ "--to", "FILE", "Write to a new file instead of printing." },
	END,
};

static const struct cli_option log_check_options[] = {
	{ "FILE", NULL, "What log prove has written." },
	{ "--key", "KEY",
	    "The verifier key of the log, name+hash+key, as log checkpoint "
	    "prints it." },
	{ "--checkpoint", "FILE",
	    "The checkpoint from which a proof of consistency must start." },
	END,
};

static const struct cli_option log_export_options[] = {
	{ "--from", "N", "The first position; default 1." },
	{ "--to", "N", "The last position; default the last one." },
	END,
};

static const struct cli_option crl_ca_options[] = {
	{ "NAME", NULL, "The CA's name in the configuration; default: all." },
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
	{ "cert issue",
	    "--csr FILE --profile NAME [--name dns:…|ip:…]… "
	    "[--replaces SERIAL]",
	    "issues a certificate and prints its chain, leaf first, without "
	    "the root",
	    cert_issue_run, issue_options },
	{ "cert list",
	    "[--status STATUS] [--name PATTERN] [--expires-within TIME] "
	    "[--profile NAME] [--account ID] [--ca NAME] [--limit N]",
	    "lists certificates", cert_list_run, cert_list_options },
	{ "cert show", "SERIAL", "shows a certificate and its record",
	    cert_show_run, serial_options },
	{ "cert revoke",
	    "SERIAL|--key-proof FILE|[--profile NAME] [--account ID] [--ca "
	    "NAME] [--name PATTERN] [--issued-from TIME] [--issued-before "
	    "TIME] [--confirm HASH] [--reason REASON]",
	    "revokes a certificate, or all that have something in common; "
	    "the CRL is made again at once",
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
	{ "ca import", "--ca NAME --chain FILE [--replace] [--force REASON]",
	    "installs the certificate that another CA has issued for our "
	    "request, after checking it",
	    ca_import_run, import_options },
	{ "ca new",
	    "NAME [--key KIND] [--lifetime TIME] [--parent CA] "
	    "[--common-name CN] [--permit NAME]… [--exclude NAME]… " ACT_USAGE,
	    "makes an issuing CA beside the first one", ca_new_run,
	    ca_new_options },
	{ "ca rollover",
	    "NAME [--as NAME] [--same-key|--request|--chain FILE] [--key KIND] "
	    "[--lifetime TIME] "
	    "[--parent CA] [--common-name CN] [--permit NAME]… "
	    "[--exclude NAME]… " ACT_USAGE,
	    "makes the next generation of a CA; the old one drains",
	    ca_rollover_run, ca_rollover_options },
	{ "ca cross", "NAME|--csr FILE --by CA [--lifetime TIME] " ACT_USAGE,
	    "makes a cross-certificate: the same name and key, certified by "
	    "another CA",
	    ca_cross_run, ca_cross_options },
	{ "ca retire", "NAME " ACT_USAGE,
	    "ends an issuing CA that has drained: last CRL, key put aside",
	    ca_retire_run, ca_retire_options },
	{ "ca crl",
	    "NAME [--revoke SERIAL] [--reason REASON] [--force] "
	    "[--lifetime TIME] " ACT_USAGE,
	    "makes the next CRL of an offline CA, and revokes a CA",
	    ca_crl_run_command, ca_crl_options },
	{ "ra show", "",
	    "shows the keys that SCEP clients encrypt to, and their "
	    "certificates",
	    ra_show_run, NULL },
	{ "ra rotate",
	    "[--key KIND] [--passphrase-file F] [--dry-run] [--no-reload]",
	    "makes the next key for SCEP; the one before it opens messages "
	    "until its certificates end",
	    ra_rotate_run, ra_rotate_options },
	{ "ra retire", "[--dry-run] [--no-reload]",
	    "ends the previous key for SCEP at once", ra_retire_run,
	    ra_retire_options },
	{ "crl now", "[NAME]",
	    "makes and publishes the CRLs of a CA, or of all that are online, "
	    "due or not",
	    crl_now_run, crl_ca_options },
	{ "crl show", "[NAME]",
	    "prints the published CRLs: full, of shards, deltas", crl_show_run,
	    crl_ca_options },
	{ "log checkpoint", "",
	    "prints the newest checkpoint of the log and its verifier key",
	    log_checkpoint_run, NULL },
	{ "log verify", "[--checkpoint FILE] [--key KEY]",
	    "walks the whole log and holds rows, tree, checkpoints and the "
	    "signer's journal against each other; tells everything that is "
	    "wrong",
	    log_verify_run, log_verify_options },
	{ "log replay", "[--to FILE]",
	    "rebuilds certificates, revocations, accounts, profiles, blocked "
	    "keys and CRLs from the log alone and holds the live tables "
	    "against them",
	    log_replay_run, log_replay_options },
	{ "log prove", "SERIAL|POSITION [--to FILE] | --consistency OLD",
	    "writes a proof that an entry is in the log, or that the log only "
	    "grew",
	    log_prove_run, log_prove_options },
	{ "log check-proof", "FILE --key KEY [--checkpoint FILE]",
	    "checks a proof; needs neither server nor state directory",
	    log_check_proof_run, log_check_options },
	{ "log export", "[--from N] [--to N]",
	    "prints the entries of the log, a line of JSON each",
	    log_export_run, log_export_options },
	{ "token create",
	    "--profile NAME [--name NAME]… [--uses N] [--expires TIME] "
	    "[--as NAME]",
	    "makes a one-time enrolment secret and prints it alone",
	    token_create_run, token_create_options },
	{ "token list", "[--limit N]", "lists enrolment secrets, without them",
	    token_list_run, limit_options },
	{ "token revoke", "ID [--as NAME]", "revokes an enrolment secret",
	    token_revoke_run, token_id_options },
	{ "operator add", "NAME [--uid N] [--as NAME]",
	    "names an operator, who can decide requests; the first one is "
	    "added by root, later ones by operators",
	    operator_add_run, operator_add_options },
	{ "operator list", "", "lists operators, removed ones last",
	    operator_list_run, NULL },
	{ "operator remove", "NAME [--as NAME]",
	    "removes an operator; the record keeps the name",
	    operator_remove_run, operator_name_options },
	{ "approval list", "[--status STATUS] [--limit N]",
	    "lists requests that an operator decides", approval_list_run,
	    approval_list_options },
	{ "approval show", "ID", "shows a request, its hash and its CSR",
	    approval_show_run, id_options },
	{ "approval approve", "ID --hash HASH [--as NAME]",
	    "lets a request pass: the client gets its certificate when it "
	    "comes again",
	    approval_approve_run, approve_options },
	{ "approval reject", "ID --hash HASH --reason TEXT [--as NAME]",
	    "refuses a request for good", approval_reject_run, reject_options },
	{ NULL, NULL, NULL, NULL, NULL },
};
