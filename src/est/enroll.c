#include "est/handlers.h"
#include "est/names.h"

/* RFC 7030 section 4.2.1. */
bool
est_post_enroll(struct est_call *call, struct http_resp *resp, struct err *err)
{
	struct identity id;
	struct csr csr;
	struct est_grant grant = { .id = &id, .csr = &csr };

	return est_identity_find(call, &id, err) &&
	    est_request_read(call, csr_parse, &csr, err) &&
	    est_names_decide(call, &id, &csr, &grant.names, err) &&
	    est_issue(call, &grant, resp, err);
}
