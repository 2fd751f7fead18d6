/*
 * Reads the answer section of a DNS message (RFC 1035 section 4): follows the
 * chain of aliases from the question and collects the records of one type.  It
 * trusts nothing: every offset is checked, a pointer must lead backwards.
 */
#ifndef NET_DNS_MESSAGE_H
#define NET_DNS_MESSAGE_H

#include "util/arena.h"

enum dns_type {
	DNS_A = 1,
	DNS_CNAME = 5,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_CAA = 257
};

enum dns_rcode { DNS_NOERROR = 0, DNS_SERVFAIL = 2, DNS_NXDOMAIN = 3 };

#define DNS_MAX_RECORDS 64u
#define DNS_MAX_CHAIN 16u
/* Octets of a name on the wire (RFC 1035 section 2.3.4). */
#define DNS_MAX_NAME 255u
/* The same as text, each octet as \DDD at worst. */
#define DNS_NAME_TEXT (4u * DNS_MAX_NAME + 1u)

struct dns_answer {
	unsigned rcode;
	const char **chain; /* targets of the aliases, in order */
	size_t chain_n;
	struct bytes *rdata; /* at most DNS_MAX_RECORDS, in the arena */
	size_t rdata_n;
	size_t found; /* how many there were */
};

/* The wanted type of the question's name; TXT strings are joined per record.
 * ERR_DNS. */
bool dns_answer_parse(struct bytes message, enum dns_type type, struct arena *a,
    struct dns_answer *out, struct err *err) MUST_CHECK;

const char *dns_type_name(enum dns_type type);
/* "NXDOMAIN", or "RCODE 17". */
const char *dns_rcode_name(unsigned rcode, char out[16]);
/*
 * RFC 8659 section 4.1: flags, tag length, tag, value; as the presentation
 * form `0 issue "ca.example"`, or hex when it is not of that form.
 */
const char *dns_caa_text(struct bytes rdata, struct arena *a);
/* Whether a name may be asked: 1 to 63 octets a label, 253 in all. */
bool dns_name_check(const char *name, struct err *err) MUST_CHECK;

#endif
