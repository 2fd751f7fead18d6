/* Making one issuing CA below another, for `ca new` and `ca rollover`. */
#ifndef CLI_CA_NEW_H
#define CLI_CA_NEW_H

#include "cli/act.h"

struct new_ca {
	const char *name, *kind; /* "issuing-2", "ec-p256" */
	const char *common_name;
	int64_t lifetime; /* 0: as long as the parent lives, at most 10 years */
	struct bytes name_constraints; /* the extension's value, or empty */
};

#define CA_SUB_LIFETIME (INT64_C(3650) * 86400)
#define CA_ROOT_LIFETIME (INT64_C(7300) * 86400)
#define CA_CRL_LIFETIME (INT64_C(365) * 86400)

/* Key, certificate, chain check, record, and the edits that name them; *out is
 * the certificate. */
bool ca_new_make(struct act *act, const struct new_ca *new,
    const struct loaded_ca *parent, struct cert *out,
    struct err *err) MUST_CHECK;
/*
 * The same under somebody else's root, in two steps.  First the key and
 * certs/NAME.csr, with the name of `like` but for the common name; then the
 * chain that came back, checked for the key; `command` is what to say then.
 */
bool ca_request_make(struct act *act, const struct new_ca *new,
    const struct cert *like, const char *command, struct err *err) MUST_CHECK;
bool ca_request_finish(struct act *act, const struct new_ca *new,
    const char *chain_file, struct cert *out, struct err *err) MUST_CHECK;
/* What is left of the parent's life, at most `most`. */
int64_t ca_new_lifetime(
    const struct act *act, const struct cert *parent, int64_t most);
/* "dns:example.com", "ip:10.0.0.0/8", "email:…", "uri:…" as the extension. */
bool ca_new_constraints(const struct act *act,
    const struct config_strings *permit, const struct config_strings *exclude,
    struct bytes *out, struct err *err) MUST_CHECK;

/* The next CRL of an offline CA, written to crl/NAME.crl; entries as encoded
 * (codec/crl.h), previous 0: none. */
bool ca_crl_write(struct act *act, const char *name, const struct cert *cert,
    struct privkey *key, int64_t next_update, uint64_t previous,
    struct bytes entries, uint64_t *number, struct err *err) MUST_CHECK;

#endif
