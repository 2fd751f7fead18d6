/*
 * The query of a SCEP request (RFC 8894 section 4.1): its operation, and the
 * message that GET carries in base64.  Pure; any thread.
 */
#ifndef SCEP_QUERY_H
#define SCEP_QUERY_H

#include "util/arena.h"

enum scep_operation {
	SCEP_NO_OPERATION, /* the query says none */
	SCEP_GET_CA_CAPS,
	SCEP_GET_CA_CERT,
	SCEP_GET_NEXT_CA_CERT,
	SCEP_PKI_OPERATION
};

struct scep_query {
	enum scep_operation operation;
	bool has_message;
	struct bytes message; /* as it stands in the query */
};

/* Of what stands behind the question mark; NULL: nothing does.  Parameters that
 * are not known are passed over.  ERR_MALFORMED. */
bool scep_query_parse(const char *query, struct arena *a,
    struct scep_query *out, struct err *err) MUST_CHECK;
/*
 * The message's octets.  Clients leave "+" as it is, which others on the way
 * turn into a space (Apple), break lines (Cisco IOS sends %0A) and leave the
 * padding out.  ERR_MALFORMED.
 */
bool scep_query_decode(struct bytes message, struct arena *a, struct bytes *out,
    struct err *err) MUST_CHECK;

#endif
