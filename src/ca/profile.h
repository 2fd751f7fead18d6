/*
 * A profile version: what a certificate of this profile may be.  Immutable; it
 * is always built from its canonical JSON (sorted members, no white space), the
 * same text that the store records, so that a version read back years later is
 * the version that issued.  Its SHA-256 is its name in every record.
 *
 * Not here: whether a name is allowed (policy.h), what goes into a certificate
 * (spec.h).
 *
 * Threads: read-only once built.  Each version owns its arena.
 */
#ifndef CA_PROFILE_H
#define CA_PROFILE_H

#include "codec/cert.h"
#include "config/config.h"
#include "crypto/key.h"

struct store;
struct profile;

/* The reserved name of the profile of OCSP responder certificates. */
#define PROFILE_RESPONDER "ocsp-responder"
/* Baseline Requirements 7.1.2.8.1: within one day. */
#define RESPONDER_BACKDATE (23 * 3600)
/* And that of the certificates that SCEP messages are encrypted to. */
#define PROFILE_RA "scep-ra"
#define PROFILE_JSON_MAX (1u << 20)

/* What the JSON says, member by member. */
struct profile_text {
	const char *name, *ca, *description;
	int64_t lifetime, max_lifetime, backdate;
	int64_t rsa_min_bits, rsa_max_bits, max_names;
	bool dns, wildcards, ip, email, uri, upn;
	bool acme, baseline, responder, revocation_secret;
	bool subject_request; /* the subject is the CSR's */
	struct config_strings subject_attributes; /* of that; empty: any */
	const char *subject_cn; /* none, first_name, csr_cn */
	const char *must_staple; /* never, requested, always */
	const char *subject_organization, *subject_country;
	const char *ca_issuers_url, *crl_url; /* NULL: no pointer */
	const char *ocsp_url;
	const char *crl_shards_url; /* before a shard's number; NULL: the
				       certificates name crl_url */
	struct config_strings keys, key_usage, extended_key_usage, policies;
	struct config_strings dns_allow, dns_deny, ip_allow, ip_deny;
	struct config_strings email_allow, email_deny, uri_allow, uri_deny;
	struct config_strings upn_allow, upn_deny;
};

struct profile {
	struct arena *arena;
	struct profile_text t;
	const char *json;
	uint8_t hash[32];
	/* derived from the text */
	unsigned keys; /* 1 << enum key_alg */
	unsigned key_usage; /* before the key type's own limits */
	struct config_strings eku; /* dotted */
	struct config_cidrs ip_allow, ip_deny;
	enum subject_cn subject_cn;
	enum must_staple must_staple;
};

/* ---- profile_encode.c ---- */

/* The choices by their names in the JSON. */
#define SUBJECT_CN_CHOICES 3
#define MUST_STAPLE_CHOICES 3
extern const char *const profile_subject_cn_names[SUBJECT_CN_CHOICES];
extern const char *const profile_must_staple_names[MUST_STAPLE_CHOICES];

/* The canonical JSON of a configured profile; resolves the pointers.  Never
 * fails: what is wrong with it, profile_new finds. */
const char *profile_encode(
    const struct config_profile *c, const char *http_base_url, struct arena *a);
/* The canonical JSON of the profile of a CA's OCSP responder certificates. */
const char *profile_encode_responder(
    const char *ca, int64_t lifetime, struct arena *a);
/* The same of a CA's SCEP RA certificates. */
const char *profile_encode_ra(const char *ca, const char *http_base_url,
    int64_t lifetime, struct arena *a);
/* What a RA certificate is for, and no other of ours: Microsoft's "Certificate
 * Request Agent", which clients of NDES know. */
#define PROFILE_RA_EKU "1.3.6.1.4.1.311.20.2.1"
/* RFC 6960 section 4.2.2.2. */
#define PROFILE_EKU_OCSP "1.3.6.1.5.5.7.3.9"

/* ---- profile.c ---- */

/*
 * Builds a version from its JSON and refuses what no profile may be: a CA or
 * CRL signing usage, OCSPSigning, anyExtendedKeyUsage, no usage at all,
 * lifetimes that contradict each other.  ERR_CONFIG.
 */
bool profile_new(
    struct bytes json, struct profile **out, struct err *err) MUST_CHECK;
void profile_free(struct profile *p);

#define PROFILE_EKU_SERVER "1.3.6.1.5.5.7.3.1"
bool profile_has_eku(const struct profile *p, const char *oid);
/* Does the profile take this type of key?  Sizes and weaknesses are
 * pubkey_check's.  ERR_BAD_PUBLIC_KEY. */
bool profile_check_key(const struct profile *p, const struct pubkey *key,
    struct err *err) MUST_CHECK;
/* The key usage of a certificate for this type of key; 0: none fits. */
unsigned profile_key_usage(const struct profile *p, enum key_alg key);

#endif
