/*
 * The chain above what a CA issues: its own certificate first, then each
 * issuer, as far as they are known, up to a self-signed root.  Checked before a
 * CA is used and before one is imported: path validation as RFC 5280 section
 * 6.1 has it, from our side.
 *
 * Read-only once built; everything lies in the caller's arena.
 */
#ifndef CA_CHAIN_H
#define CA_CHAIN_H

#include "ca/constraints.h"
#include "codec/cert.h"
#include "util/times.h"

#define CHAIN_MAX 10u
#define CHAIN_PEM_MAX (CHAIN_MAX * CERT_MAX)

struct chain {
	struct cert certs[CHAIN_MAX]; /* [0] is the CA itself */
	size_t n;
	bool has_root; /* the last one is self-signed */
	/* Of each certificate that has name constraints. */
	struct constraints constraints[CHAIN_MAX];
	size_t constraints_n;
};

/* Reads every CERTIFICATE block.  ERR_MALFORMED; at most CHAIN_MAX. */
bool chain_read_pem(struct bytes pem, struct arena *a, struct cert *out,
    size_t *n, struct err *err) MUST_CHECK;
bool cert_is_self_signed(const struct cert *c);
/*
 * Orders `pool` (any order, extras are left out) above the CA's certificate
 * and checks each link: names, key identifiers, signatures.
 */
bool chain_build(struct lane *lane, const struct cert *ca,
    const struct cert *pool, size_t pool_n, struct arena *a, struct chain *out,
    struct err *err) MUST_CHECK;
/*
 * May certs[0] issue end-entity certificates?  CA bit, key usage, path lengths
 * and unknown critical extensions of the whole chain.
 */
bool chain_check(const struct chain *c, struct err *err) MUST_CHECK;
/* Is every certificate of it valid at `now`? */
bool chain_check_dates(
    const struct chain *c, int64_t now, struct err *err) MUST_CHECK;
/* Names and subject against every certificate's name constraints. */
bool chain_check_name(const struct chain *c, const struct name *name,
    struct arena *a, struct err *err) MUST_CHECK;
bool chain_check_names(const struct chain *c, struct names names,
    struct bytes subject, struct arena *a, struct err *err) MUST_CHECK;

/*
 * `ca import`: a chain that another CA returned for our CSR, leaf (our CA)
 * first and then upwards without a gap; the root may be left out.  Its key is
 * the CSR's.  *out is the checked chain.
 */
bool ca_chain_check(struct lane *lane, struct bytes pem, struct bytes spki,
    int64_t now, struct arena *a, struct chain *out,
    struct err *err) MUST_CHECK;

#endif
