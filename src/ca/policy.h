/*
 * May a name go into a certificate?  A profile's allow and deny lists (deny
 * wins), and the matching of names against suffixes, domains and prefixes that
 * name constraints need as well.  profile_check_name is declared in ca.h.
 *
 * Pure functions over normal forms (codec/name.h); any thread.
 */
#ifndef CA_POLICY_H
#define CA_POLICY_H

#include "codec/name.h"

struct profile;

/* Is the DNS name the suffix itself or below it?  A leading dot of the suffix
 * means only below it.  A wildcard counts as its parent. */
bool dns_is_under(const char *name, const char *suffix);
/* Does the name, or anything that a wildcard name stands for, lie under the
 * suffix?  For lists that exclude. */
bool dns_touches(const char *name, const char *suffix);
/* "example.com": mailboxes at that host; ".example.com": at any host below. */
bool email_is_at(const char *mailbox, const char *domain);
/* A prefix that ends where a part of the URI ends. */
bool uri_has_prefix(const char *uri, const char *prefix);
/* The host of "scheme://[user@]host[:port]…", lower case; NULL if none. */
char *uri_host(struct arena *a, const char *uri);

#endif
