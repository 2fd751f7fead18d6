#include "ca/profile.h"
#include "est/handlers.h"
#include "est/reply.h"

/* RFC 7030 section 4.1.3: the label's CA, what is above it, and the root. */
bool
est_get_cacerts(struct est_call *call, struct http_resp *resp, struct err *err)
{
	const struct profile *p;
	struct blob *blob;

	if (!est_profile(call, &p, err))
		return false;
	blob = ca_artefact(
	    call->est->deps.ca, p->t.ca, CA_CHAIN_P7, NULL, NULL, NULL);
	if (blob == NULL)
		return fail(err, ERR_INTERNAL, "this label has no CA");
	est_reply_base64(
	    call, resp, "application/pkcs7-mime", blob_bytes(blob));
	blob_unref(blob);
	return true;
}
