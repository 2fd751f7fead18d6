/*
 * Microsoft Intune as it is asked by a third party's SCEP server: the REST
 * contract of microsoft/Intune-Resource-Access, src/CsrValidation.  Intune made
 * the challengePassword, and it alone can say what that allows.
 *
 * Tenants are rows of the configuration's `intune`.  Nothing here blocks: the
 * three questions go out by the outgoing port, and their answers come on its
 * thread.  Knows nothing of SCEP messages; src/scep asks.
 */
#ifndef INTUNE_INTUNE_H
#define INTUNE_INTUNE_H

#include "ca/ca.h"
#include "http/outgoing.h"

struct intune; /* all tenants */

struct intune_deps {
	struct outgoing_port outgoing;
	struct store *store; /* revocations */
	struct ca *ca;
	struct clock clock;
	struct random random;
	/* As in ca_deps: files of secrets and anchors. */
	bool (*read_file)(void *ctx, const char *path, size_t max,
	    struct arena *a, struct bytes *out, struct err *err);
	void *read_ctx;
};

/* Reads the files of the tenants.  ERR_CONFIG. */
bool intune_new(const struct intune_deps *deps, const struct config *config,
    struct intune **out, struct err *err) MUST_CHECK;
/* After the outgoing port has ended: nothing is on its way any more. */
void intune_free(struct intune *in);
/* All or nothing.  Cached tokens and addresses are dropped. */
bool intune_reload(
    struct intune *in, const struct config *config, struct err *err) MUST_CHECK;
/* Reads the files of every tenant and tells what is wrong with them (`check`).
 */
void intune_check_config(const struct config *config,
    bool (*read_file)(void *ctx, const char *path, size_t max, struct arena *a,
	struct bytes *out, struct err *err),
    void *read_ctx, struct config_mistakes *mistakes);
/* Downloads revocations that are due and tells what became of them; called by
 * housekeeping, starts and returns. */
bool intune_run(struct intune *in, struct err *err) MUST_CHECK;

enum intune_verdict {
	INTUNE_YES = 1,
	INTUNE_NO, /* its code was read, and is not Success */
	INTUNE_SILENT /* no answer that can be read: try again */
};

struct intune_answer {
	enum intune_verdict verdict;
	const char *code; /* "ChallengeExpired"; NULL with INTUNE_SILENT */
	const char *text; /* for the log: what was asked, where, what came */
	int64_t retry_after; /* seconds; 0: not said */
};

/* A request as its client sent it; the CSR has the challengePassword. */
struct intune_request {
	const char *tenant; /* row of `intune` */
	const char *transaction;
	struct bytes csr; /* PKCS#10, DER */
};

/*
 * Each: done is called exactly once, on the outgoing loop, unless false is
 * returned (ERR_NOT_FOUND: no such tenant; ERR_BUSY).
 */
bool intune_validate(struct intune *in, const struct intune_request *req,
    void (*done)(void *arg, const struct intune_answer *answer), void *arg,
    struct err *err) MUST_CHECK;
/* It was issued: certificate is DER. */
bool intune_notify_success(struct intune *in, const struct intune_request *req,
    struct bytes certificate,
    void (*done)(void *arg, const struct intune_answer *answer), void *arg,
    struct err *err) MUST_CHECK;
/* It was allowed by Intune, and could not be issued. */
bool intune_notify_failure(struct intune *in, const struct intune_request *req,
    const char *why,
    void (*done)(void *arg, const struct intune_answer *answer), void *arg,
    struct err *err) MUST_CHECK;

#endif
