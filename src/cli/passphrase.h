/*
 * Where the passphrase of the keys comes from, in this order: a file named on
 * the command line, the systemd credential, the environment, the file
 * keys/passphrase that init made when it was given none, a prompt.
 */
#ifndef CLI_PASSPHRASE_H
#define CLI_PASSPHRASE_H

#include "util/secret.h"

struct passphrase_source {
	const char *credential; /* name under CREDENTIALS_DIRECTORY */
	const char *environment; /* CHANCERY_PASSPHRASE; unset after */
	const char *kept; /* keys/passphrase */
	const char *prompt;
};

extern const struct passphrase_source passphrase_online;
extern const struct passphrase_source passphrase_root;

/*
 * state is the state directory's descriptor; file the one named on the command
 * line, or NULL.  NULL in *out when there is none anywhere; a terminal is asked
 * only with `ask`.
 */
bool passphrase_find(const struct passphrase_source *src, const char *file,
    int state, bool ask, struct secret **out, struct err *err) MUST_CHECK;
/* As find; when there is none, draws one and keeps it in src->kept. */
bool passphrase_make(const struct passphrase_source *src, const char *file,
    int state, struct secret **out, bool *kept, struct err *err) MUST_CHECK;

/*
 * The server's own keys (TLS, RA, seal) are encrypted under a passphrase that
 * is derived from the operator's, so that a taken server does not hold the one
 * that opens the CA keys.
 */
struct secret *passphrase_for_server(const struct secret *passphrase);

#endif
