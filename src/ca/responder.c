#include "ca/issue.h"

bool
ca_issue_responder(struct ca *ca, const char *name, struct bytes spki,
    const char *requester, struct arena *a, struct ca_issued *out,
    struct err *err)
{
	const char *json =
	    profile_encode_responder(name, CA_RESPONDER_LIFETIME, a);
	struct profile *fresh;
	const struct profile *p;
	struct pubkey key;
	struct issuance i;

	if (!spki_parse(spki, &key, err) ||
	    !profile_new(bytes_str(json), &fresh, err))
		return false;
	/* Recorded like any other version: the certificate names its hash. */
	p = ca_profile_keep(ca, fresh);
	if (!store_profile_record(
		ca->deps.store, p->hash, p->t.name, p->json, ca_now(ca), err))
		return false;
	i = (struct issuance){ .ca = ca,
		.arena = a,
		.kind = SIGN_RESPONDER,
		.in = { .profile = p,
		    .key = &key,
		    .spki = spki,
		    .now = ca_now(ca),
		    .node = ca->deps.node },
		.requester = requester };
	digest_sha256(spki, i.csr_sha256);
	if (issuance_find_ca(&i, err) && issuance_prepare(&i, err) &&
	    issuance_commit(&i, out, err))
		return true;
	atomic_fetch_add(&ca->refused, 1);
	return false;
}
