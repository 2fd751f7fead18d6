#include "ca/issue.h"
#include "codec/subject_form.h"

static bool
check_names(const struct ca_request *req, const struct profile *p,
    struct arena *a, struct err *err)
{
	if (req->names.n == 0)
		return fail(
		    err, ERR_BAD_CSR, "no names: expected at least one");
	if (req->names.n > (size_t)p->t.max_names)
		return fail(err, ERR_REJECTED,
		    "%zu names, profile %s allows %lld", req->names.n,
		    p->t.name, (long long)p->t.max_names);
	/* Each name is looked at exactly once, by its own index. */
	for (size_t i = 0; i < req->names.n; i++)
		if (!profile_check_name(p, &req->names.v[i], err))
			return false;
	if (names_sorted(a, req->names).n != req->names.n)
		return fail(err, ERR_BAD_CSR, "a name comes twice");
	return true;
}

/* A subject that goes in as it came, but for the types of its strings. */
static bool
check_subject(const struct ca_request *req, const struct profile *p,
    struct arena *a, struct err *err)
{
	const struct config_strings *types = &p->t.subject_attributes;
	struct bytes subject;
	struct names emails;

	if (!p->t.subject_request)
		return true;
	subject = subject_form_normal(req->csr->subject, a);
	if (!subject_form_check(subject, types->v, types->n, err) ||
	    !subject_form_emails(subject, a, &emails, err))
		return false;
	for (size_t i = 0; i < emails.n; i++)
		if (!profile_check_name(p, &emails.v[i], err))
			return false;
	/* What a TLS client reads as a name must be one. */
	if (profile_has_eku(p, PROFILE_EKU_SERVER) &&
	    !subject_form_check_cn(subject, &req->names, a, err))
		return false;
	return !req->subject_named ||
	    subject_form_check_names(subject, &req->names, a, err);
}

/* The CPU-bound part, on a lane: the key's form, then its possession. */
static bool
check_key(struct ca *ca, const struct ca_request *req, const struct profile *p,
    struct err *err)
{
	AUTO_LANE loan = lane_lend(ca->deps.lanes);

	return pubkey_check(loan.lane, &req->csr->key,
		   (unsigned)p->t.rsa_min_bits, (unsigned)p->t.rsa_max_bits,
		   err) &&
	    csr_verify(loan.lane, req->csr, err);
}

static bool
check_key_not_ours(struct ca *ca, struct bytes spki, struct err *err)
{
	uint8_t sum[32];

	digest_sha256(spki, sum);
	if (ca_issuer_by_key(ca, sum) != NULL)
		return fail(
		    err, ERR_BAD_PUBLIC_KEY, "the key is the key of a CA");
	return true;
}

static bool
check_key_not_blocked(
    struct ca *ca, const struct ca_request *req, struct err *err)
{
	uint8_t sum[32];
	bool blocked;

	digest_sha256(req->csr->spki, sum);
	/* RFC 8555 section 11.1: the account key is no certificate key. */
	if (req->forbidden_spki != NULL &&
	    memcmp(sum, req->forbidden_spki, sizeof(sum)) == 0)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "the key of the CSR is the account's key");
	if (!store_key_is_blocked(ca->deps.store, sum, &blocked, err))
		return false;
	if (blocked)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "the key is blocked: it was reported as compromised");
	return true;
}

bool
issuance_check(
    struct issuance *i, const struct ca_request *req, struct err *err)
{
	struct ca *ca = i->ca;
	const struct profile *p = req->profile;

	if (p == NULL || p->t.responder)
		return fail(err, ERR_PROFILE_INVALID,
		    "no profile that certifies names");
	/* By price: tables first, then the store's index, then the key. */
	return profile_check_key(p, &req->csr->key, err) &&
	    check_names(req, p, i->arena, err) &&
	    check_subject(req, p, i->arena, err) &&
	    token_check_request(ca, req, i->arena, err) &&
	    approval_check_request(ca, req, i->arena, err) &&
	    check_key_not_ours(ca, req->csr->spki, err) &&
	    check_key_not_blocked(ca, req, err) && check_key(ca, req, p, err);
}
