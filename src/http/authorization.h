/*
 * The Authorization field (RFC 9110 section 11.6.2): who it says that asks.
 * Whether that is so is the protocol's matter.
 *
 * Any thread; what is read lies in the request's arena.
 */
#ifndef HTTP_AUTHORIZATION_H
#define HTTP_AUTHORIZATION_H

#include "http/message.h"

/* What is behind a scheme, such as "Basic"; NULL if it is another one. */
const char *http_after_scheme(const char *field, const char *scheme);
/*
 * RFC 7617 section 2: a name, a colon and a password, from base64.  *password
 * is a part of *whole, which the caller wipes.  ERR_MALFORMED.
 */
bool http_basic_decode(const char *text, struct arena *a, struct bytes *whole,
    const char **name, struct bytes *password, struct err *err) MUST_CHECK;

#endif
