#include "codec/renewal.h"
#include "scep/handlers.h"

static bool
check_record(const struct scep_call *call, const struct cert_row *row,
    const struct cert *cert, struct err *err)
{
	const struct config_scep_profile *c = call->profile->config;
	int64_t now = call->req->now;

	/* The record of this moment, not a CRL of a while ago. */
	if (row->status != CERT_ISSUED)
		return fail(err, ERR_REJECTED,
		    "the certificate to be renewed is revoked");
	if (strcmp(row->profile, c->profile) != 0)
		return fail(err, ERR_REJECTED,
		    "the certificate to be renewed is of profile %s, which "
		    "profile %s does not renew",
		    row->profile, c->name);
	if (now < cert->not_before || now > cert->not_after)
		return fail(err, ERR_REJECTED,
		    "the certificate to be renewed %s",
		    now > cert->not_after ? "has expired" : "is not valid yet");
	if (c->renewal_window != 0 && cert->not_after - now > c->renewal_window)
		return fail(err, ERR_REJECTED,
		    "the certificate is valid for %lld s more, it can be "
		    "renewed in its last %lld s",
		    (long long)(cert->not_after - now),
		    (long long)c->renewal_window);
	return true;
}

static bool
takes_subject(const struct scep_call *call)
{
	const struct profile *p = ca_profile_find(
	    call->scep->deps.ca, call->profile->config->profile);

	return p != NULL && profile_takes_subject(p);
}

bool
scep_renewal_check(struct scep_call *call, const struct csr *csr,
    struct scep_grant *grant, struct err *err)
{
	struct cert_row row;
	struct cert old;

	if (!ca_find_cert(call->scep->deps.ca, call->signer.der, call->a, &row,
		&old, err))
		return false;
	if (!call->profile->config->renewal)
		return fail(err, ERR_REJECTED,
		    "profile %s does not renew certificates",
		    call->profile->config->name);
	if (!check_record(call, &row, &old, err) ||
	    !renewal_check(
		csr, grant->names, takes_subject(call), &old, call->a, err))
		return false;
	grant->by = "renewal";
	grant->who = row.id;
	grant->replaces = row.id;
	return true;
}
