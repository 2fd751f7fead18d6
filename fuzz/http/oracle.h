/*
 * A second opinion on one request, by libhttp-parser.  Apart from our own
 * parser because both call their methods HTTP_GET.
 */
#ifndef FUZZ_HTTP_ORACLE_H
#define FUZZ_HTTP_ORACLE_H

#include "util/bytes.h"

struct oracle {
	bool failed, complete;
	size_t used; /* the last octet of the message not counted */
	const char *method;
	struct buf url, body;
};

void oracle_ask(struct bytes in, struct oracle *o);

#endif
