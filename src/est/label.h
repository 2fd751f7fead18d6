/*
 * A label: what the clients of one path may have, and how they show who they
 * are.  Made from a row of the configuration and its files; immutable.
 */
#ifndef EST_LABEL_H
#define EST_LABEL_H

#include "ca/ca.h"
#include "est/users.h"

/* Of paths without a label. */
#define LABEL_DEFAULT "default"
#define ANCHORS_MAX 64u

enum authentication {
	BY_CERTIFICATE = 1,
	BY_USERS = 2,
	BY_PASSWORDS = BY_USERS /* those that HTTP carries */
};

struct est_label {
	const struct config_est_label *config;
	unsigned index; /* among the labels of its state */
	unsigned authentication;
	struct users users;
	struct cert *anchors; /* of anchors_file; never our own CAs */
	size_t anchors_n;
};

/* Reads one label's files.  ERR_CONFIG. */
bool est_label_new(const struct config_est_label *config,
    bool (*read_file)(void *ctx, const char *path, size_t max, struct arena *a,
	struct bytes *out, struct err *err),
    void *read_ctx, struct arena *a, struct est_label *out,
    struct err *err) MUST_CHECK;
/* Do the label's patterns take this name?  ERR_IDENTIFIER_REJECTED. */
bool est_label_check_name(const struct est_label *label,
    const struct name *name, struct err *err) MUST_CHECK;
/* Does one of n patterns ("dns:*.a.example") take this name? */
bool est_name_is_among(
    const struct name *name, const char *const *patterns, size_t n);
/* May our own certificates of this profile come as client certificates? */
bool est_label_takes_profile(
    const struct est_label *label, const char *profile);

#endif
