#include "cli/manual.h"

/* Roff reads a dash as a hyphen, a backslash as an escape, and a line that
 * begins with a dot or a quote as a request. */
static void
put_text(struct buf *out, const char *s)
{
	if (*s == '.' || *s == '\'')
		buf_add_str(out, "\\&");
	for (; *s != '\0'; s++) {
		if (*s == '-')
			buf_add_str(out, "\\-");
		else if (*s == '\\')
			buf_add_str(out, "\\e");
		else if (strncmp(s, "…", strlen("…")) == 0) {
			buf_add_str(out, "\\&...");
			s += strlen("…") - 1;
		} else
			buf_add_byte(out, (uint8_t)*s);
	}
}

static void
put_options(struct buf *out, const struct cli_option *o)
{
	for (; o != NULL && o->name != NULL; o++) {
		buf_add_str(out, ".TP\n\\fB");
		put_text(out, o->name);
		buf_add_str(out, "\\fR");
		if (o->value != NULL) {
			buf_add_str(out, " \\fI");
			put_text(out, o->value);
			buf_add_str(out, "\\fR");
		}
		buf_add_byte(out, '\n');
		put_text(out, o->text);
		buf_add_byte(out, '\n');
	}
}

static void
put_commands(struct buf *out, const struct cli_command *c)
{
	for (; c->words != NULL; c++) {
		buf_printf(out, ".SS chancery %s\n", c->words);
		if (c->usage[0] != '\0') {
			put_text(out, c->usage);
			buf_add_str(out, "\n.PP\n");
		}
		buf_add_str(out, "This command ");
		put_text(out, c->summary);
		buf_add_str(out, ".\n");
		put_options(out, c->options);
	}
}

static const char head[] =
    ".TH CHANCERY 1 \"\" \"chancery " CHANCERY_VERSION "\"\n"
    ".SH NAME\n"
    "chancery \\- certification authority server\n"
    ".SH SYNOPSIS\n"
    "\\fBchancery\\fR \\fICOMMAND\\fR [\\fB\\-\\-state\\fR \\fIDIR\\fR | "
    "\\fB\\-\\-config\\fR \\fIFILE\\fR] [\\fB\\-\\-json\\fR] \\&...\n"
    ".SH DESCRIPTION\n"
    "chancery is a certification authority in one program: it makes a CA, "
    "serves ACME clients,\n"
    "publishes CA certificates and CRLs, and records whatever it signs.\n"
    "All that it keeps lies under one state directory.\n"
    ".PP\n"
    "Commands that ask the running server reach it by its control socket,\n"
    "run/control.sock of the state directory, which its own user and root "
    "may open.\n"
    "The others open the state directory themselves.\n"
    ".SH OPTIONS\n"
    "Every command takes these, before or after its own.\n";

static const char tail[] =
    ".SH EXIT STATUS\n"
    ".TP\n0\ndone\n"
    ".TP\n1\nrefused or failed; the sentence on standard error says why\n"
    ".TP\n2\nusage: an unknown command, option or value\n"
    ".TP\n3\nno server answers on the control socket\n"
    ".PP\n"
    "With \\fB\\-\\-json\\fR an error is an object with the member error on "
    "standard error.\n"
    ".SH PASSPHRASES\n"
    "The keys are encrypted. Their passphrase is looked for in this order: "
    "the file of\n"
    "\\fB\\-\\-passphrase\\-file\\fR, the systemd credential "
    "chancery.passphrase, the environment,\n"
    "keys/passphrase of the state directory, a prompt.\n"
    ".SH BACKUP AND RESTORE\n"
    "\\fBchancery backup\\fR copies the database first and the signer's "
    "journal after it, while the\n"
    "server runs. The journal of a copy may so be ahead of its database and "
    "is never behind it:\n"
    "a certificate that the copied database knows as issued has its line in "
    "the copied journal.\n"
    "The other way round, a signer could be asked to use a position or a "
    "serial number again that it\n"
    "had used before. Keys are copied as they lie there, encrypted; "
    "keys/passphrase and\n"
    "keys/root.passphrase are left out.\n"
    ".PP\n"
    "To restore, stop the server, put the copy in the place of the state "
    "directory, give the\n"
    "passphrase by one of the ways above, run \\fBchancery check\\fR and "
    "start the server.\n"
    "A restored server does not know what was issued after the backup: such "
    "certificates stay\n"
    "valid and cannot be revoked by it, so back up often.\n"
    "Never let the original and a restored copy run both: they would issue "
    "under the same serial\n"
    "prefix and publish CRLs that contradict each other.\n"
    ".SH ENVIRONMENT\n"
    ".TP\nCHANCERY_PASSPHRASE\nthe passphrase of the CA keys\n"
    ".TP\nCHANCERY_ROOT_PASSPHRASE\nthe passphrase of the root's key "
    "(init)\n"
    ".TP\nCREDENTIALS_DIRECTORY\nwhere systemd puts credentials\n"
    ".SH FILES\n"
    ".TP\nchancery.yaml\nthe configuration, see "
    "\\fBchancery.yaml\\fR(5)\n"
    ".TP\nkeys/\nprivate keys, encrypted, and the signer's journal\n"
    ".TP\ncerts/\ncertificates of the CAs\n"
    ".TP\ndb/\nthe database\n"
    ".TP\ncrl/\nCRLs of offline CAs\n"
    ".TP\nrun/\nthe control socket, the bound addresses (listen.json), the "
    "process id\n"
    ".SH SEE ALSO\n"
    "\\fBchancery.yaml\\fR(5)\n";

void
manual_print(const struct cli_command *more, struct buf *out)
{
	buf_add_str(out, head);
	put_options(out, help_common_options());
	buf_add_str(out, ".SH COMMANDS\n");
	put_commands(out, more);
	put_commands(out, cli_commands);
	buf_add_str(out, tail);
}
