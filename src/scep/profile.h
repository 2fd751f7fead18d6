/*
 * A profile of SCEP: what the clients of one path may have, and how they show
 * who they are.  Made from a row of the configuration and its file; immutable.
 */
#ifndef SCEP_PROFILE_H
#define SCEP_PROFILE_H

#include "ca/client.h"
#include "codec/jwk_set.h"
#include "crypto/password_file.h"
#include "store/inquiry.h"

/* Of paths that name none. */
#define PROFILE_DEFAULT "default"
#define CHALLENGE_MIN 8u
#define CHALLENGE_MAX 255u

enum authentication {
	BY_CHALLENGE = 1,
	BY_TOKENS = 2,
	BY_APPROVAL = 4, /* who shows nothing waits */
	BY_SIGNED = 8,
	/* A service decides. */
	BY_WEBHOOK = 16,
	BY_INTUNE = 32,
	BY_PASSWORDS = BY_CHALLENGE | BY_TOKENS | BY_SIGNED
};

struct webhook;

struct scep_profile {
	const struct config_scep_profile *config;
	const char *ca; /* that issues; of the CA's profile */
	unsigned index; /* among the profiles of its state */
	unsigned authentication;
	const char *service; /* of its tokens (ca/token.h) */
	uint8_t challenge[32]; /* SHA-256, with BY_CHALLENGE */
	bool mutual; /* a TLS client certificate of clients is needed */
	struct client_place clients;
	/* Who fetches secrets; perhaps nobody. */
	struct password_file challenge_clients;
	/* With BY_SIGNED: who signs, and for whom. */
	struct jwk_set signers;
	const char *const *audience;
	size_t audience_n;
	enum inquiry_service asks; /* 0: nobody */
	struct webhook *webhook; /* INQUIRY_WEBHOOK */
	const struct config_intune *tenant; /* INQUIRY_INTUNE */
};

/* How files are read: as in ca_deps. */
struct scep_files {
	bool (*read)(void *ctx, const char *path, size_t max, struct arena *a,
	    struct bytes *out, struct err *err);
	void *ctx;
};
/* A file, or why not, with its name.  ERR_CONFIG. */
bool scep_file_read(const struct scep_files *files, const char *path,
    size_t max, struct arena *a, struct bytes *out, struct err *err) MUST_CHECK;
/* What is made lies in the arena.  ERR_CONFIG. */
bool scep_profile_new(const struct config *all,
    const struct config_scep_profile *config, const struct scep_files *files,
    struct arena *a, struct scep_profile *out, struct err *err) MUST_CHECK;
/* The first line of a file, without its end. */
struct bytes scep_first_line(struct bytes text);
/* Do the patterns take all these names?  ERR_IDENTIFIER_REJECTED. */
bool scep_profile_check_names(const struct scep_profile *p,
    const struct names *names, struct err *err) MUST_CHECK;
/* In constant time. */
bool scep_profile_is_challenge(
    const struct scep_profile *p, struct bytes password);

#endif
