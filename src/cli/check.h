/*
 * `chancery check`: everything that is wrong, at once, without changing
 * anything.  Each part adds its findings; none stops the others.
 */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "cli/bound.h"
#include "cli/finding.h"
#include "util/secret.h"

struct check {
	struct cli *cli;
	const struct config *config;
	struct bound bound; /* our own server, if it runs */
	struct findings findings;
	const struct secret *passphrase; /* NULL: none was given */
	int64_t now;
};

/* check_state.c: folders, modes, owners, kept passphrases. */
void check_state(struct check *c);
/* check_keys.c: keys open, fit their certificates; what ends soon. */
void check_keys(struct check *c);
void check_expiry(struct check *c);
void check_weak_keys(struct check *c);
/* check_store.c: database, journal, node. */
void check_store(struct check *c);
/* check_net.c: ports, control socket, users. */
void check_net(struct check *c);
void check_users(struct check *c);

/* Shorthands; every text is printed into the arena by the caller. */
void check_mistake(struct check *c, const char *where, const char *found,
    const char *expected, const char *mend);
void check_warning(struct check *c, const char *where, const char *found,
    const char *expected, const char *mend);
void check_note(struct check *c, const char *where, const char *found);

#endif
