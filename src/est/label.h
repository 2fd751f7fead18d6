/*
 * A label: what the clients of one path may have, and how they show who they
 * are.  Made from a row of the configuration and its files; immutable.
 */
#ifndef EST_LABEL_H
#define EST_LABEL_H

#include "ca/client.h"
#include "est/named_keys.h"
#include "crypto/password_file.h"

/* Of paths without a label. */
#define LABEL_DEFAULT "default"

enum authentication {
	BY_CERTIFICATE = 1,
	BY_USERS = 2,
	BY_TOKENS = 4,
	BY_APPROVAL = 8, /* who shows nothing waits */
	BY_PASSWORDS = BY_USERS | BY_TOKENS /* those that HTTP carries */
};

struct est_label {
	const struct config_est_label *config;
	unsigned index; /* among the labels of its state */
	unsigned authentication;
	struct password_file users;
	struct client_place clients; /* whose certificates it takes */
	const struct cert *recipients; /* of recipients_file */
	size_t recipients_n;
	struct named_keys keys;
};

/* How files are read: as in ca_deps. */
struct est_files {
	bool (*read)(void *ctx, const char *path, size_t max, struct arena *a,
	    struct bytes *out, struct err *err);
	void *ctx;
};
/* Reads one label's files.  ERR_CONFIG. */
bool est_label_new(const struct config_est_label *config,
    const struct est_files *files, struct arena *a, struct est_label *out,
    struct err *err) MUST_CHECK;
/* Do the label's patterns take this name?  ERR_IDENTIFIER_REJECTED. */
bool est_label_check_name(const struct est_label *label,
    const struct name *name, struct err *err) MUST_CHECK;

#endif
