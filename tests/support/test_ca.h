/*
 * A whole CA core for tests: root and issuing certificate from a ceremony, a
 * real store in a temporary directory, the signer's core in this process with
 * its journal and limits, and a clock that the test moves.  The port to the
 * signer can be made to fail.
 *
 * One fixture a test; threads may use t->ca.
 */
#ifndef SUPPORT_TEST_CA_H
#define SUPPORT_TEST_CA_H

#include "ca/ca.h"
#include "ca/ceremony.h"
#include "crypto/key.h"
#include "crypto/own.h"

enum test_signing {
	SIGNING_WORKS,
	SIGNING_UNREACHABLE, /* ERR_SIGNER before anything is signed */
	SIGNING_LOST, /* signed, but the answer is lost */
	SIGNING_REFUSED, /* ERR_SIGNER_REFUSED */
	SIGNING_BROKEN /* a signature with a flipped bit */
};

struct test_ca {
	char dir[96];
	struct arena *a;
	struct err err;
	int64_t now; /* the clock, seconds */
	struct privkey *root_key, *issuing_key, *responder_key;
	struct bytes root_der, issuing_der;
	const char *yaml; /* of the running configuration */
	struct config *config;
	struct store *store;
	struct lanes *lanes;
	struct signer_core *core; /* owned by local */
	struct signer_local *local;
	_Atomic enum test_signing signing;
	struct ca *ca;
};

/* The clock's start: 2026-07-01T12:00:00Z. */
#define TEST_NOW 1782907200

/* Profiles that are shipped or that tests want, as a configuration. */
extern const char test_ca_yaml[];

/* With P-256 keys and test_ca_yaml; state is a struct test_ca. */
int test_ca_setup(void **state);
int test_ca_teardown(void **state);
/* The same by hand, for another key or configuration. */
struct test_ca *test_ca_new(
    enum key_alg alg, unsigned rsa_bits, const char *yaml);
void test_ca_free(struct test_ca *t);
/* Stops core and store and starts them again: a restart of the server. */
void test_ca_restart(struct test_ca *t);
/* The core alone, with another configuration for the signer too. */
void test_ca_limits(struct test_ca *t, const struct config *config);
struct config *test_ca_config(const char *yaml);
/* Files below dir, as the core reads them; and writes one. */
bool test_ca_read_file(void *ctx, const char *path, size_t max, struct arena *a,
    struct bytes *out, struct err *err);
void test_ca_write_file(
    struct test_ca *t, const char *path, struct bytes content);

/* A request for these names ("dns:a.example"), signed by the key. */
struct csr *test_ca_csr(struct test_ca *t, struct privkey *key, const char *cn,
    const char *const *names, size_t n, bool must_staple);
struct names test_ca_names(
    struct test_ca *t, const char *const *names, size_t n);
/* A key that the fixture keeps. */
struct privkey *test_ca_key(
    struct test_ca *t, enum key_alg alg, unsigned rsa_bits);
/* A P-256 leaf for one DNS name of a profile; asserts that it works. */
struct ca_issued test_ca_issue(
    struct test_ca *t, const char *profile, const char *dns);
/* The row of a certificate. */
struct cert_row test_ca_row(struct test_ca *t, const char *id);

#define assert_ok(t, call)                                                     \
	do {                                                                   \
		if (!(call))                                                   \
			fail_msg("%s: %s: %s (%s)", #call,                     \
			    err_kind_name((t)->err.kind), (t)->err.shown,      \
			    (t)->err.detail);                                  \
	} while (0)
/* The call fails with this kind; the error is forgotten. */
#define assert_fails(t, call, wanted)                                          \
	do {                                                                   \
		assert_false(call);                                            \
		if ((t)->err.kind != (wanted))                                 \
			fail_msg("%s: %s: %s", #call,                          \
			    err_kind_name((t)->err.kind), (t)->err.shown);     \
		err_clear(&(t)->err);                                          \
	} while (0)

#endif
