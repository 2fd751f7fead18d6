/*
 * What a request says.  The query of a list: known names only, each at most
 * once, decoded.
 */
#ifndef API_QUERY_H
#define API_QUERY_H

#include "codec/json.h"
#include "codec/name.h"
#include "http/message.h"

struct query_field {
	const char *name;
	const char **to; /* NULL until it is found */
};

/* ERR_MALFORMED for an unknown or repeated name. */
bool query_read(struct http_req *req, const struct query_field *fields,
    size_t n, struct err *err) MUST_CHECK;
/* The size of a page: 1 to API_PAGE_MAX; API_PAGE when s is NULL. */
#define API_PAGE 100u
#define API_PAGE_MAX 500u
bool query_limit(const char *s, unsigned *out, struct err *err) MUST_CHECK;
/* A capture of the path, percent-decoded. */
bool query_capture(struct http_req *req, unsigned n, const char **out,
    struct err *err) MUST_CHECK;
/* A member of the body: a list of "dns:a.example", or NULL for none. */
bool query_names(const json_t *list, struct arena *a, struct names *out,
    struct err *err) MUST_CHECK;

#endif
