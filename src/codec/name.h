/*
 * Names that a certificate can carry in its subjectAltName (RFC 5280 section
 * 4.2.1.6).  One normal form: DNS in lower-case A-labels without a final dot,
 * IP as canonical text (RFC 5952 for v6), e-mail and UPN with a lower-case
 * domain, URI as given.  No policy here: which names are allowed is decided in
 * src/ca.
 *
 * Any thread; what is read lies in the caller's arena.
 */
#ifndef CODEC_NAME_H
#define CODEC_NAME_H

#include "codec/der.h"

enum name_type {
	NAME_DNS = 1,
	NAME_IP,
	NAME_EMAIL,
	NAME_URI,
	/* Microsoft's User Principal Name, an otherName: who logs on. */
	NAME_UPN
};

struct name {
	enum name_type type;
	const char *text; /* normal form; a wildcard keeps its "*." */
};

struct names {
	struct name *v;
	size_t n;
};

#define NAMES_MAX 1000u

/* Normalises and checks one name: LDH labels of ≤ 63, ≤ 253 in all, a wildcard
 * only as the whole leftmost label above two labels, no IP in a DNS name.
 * ERR_MALFORMED. */
bool name_parse(enum name_type type, struct bytes text, struct arena *a,
    struct name *out, struct err *err) MUST_CHECK;
/* "dns:a.example", "ip:192.0.2.1", "email:…", "uri:…", "upn:…". */
bool name_parse_tagged(const char *s, struct arena *a, struct name *out,
    struct err *err) MUST_CHECK;
const char *name_type_tag(enum name_type type); /* "dns", "ip", … */
bool name_is_wildcard(const struct name *n);
bool name_equal(const struct name *a, const struct name *b);
/* Does one of n patterns ("dns:*.a.example", as text_match) take this name? */
bool name_is_among(
    const struct name *name, const char *const *patterns, size_t n);
/* Orders by type, then text. */
int name_compare(const void *a, const void *b);
/* Sorted, without duplicates; a new array in the arena. */
struct names names_sorted(struct arena *a, struct names in);
bool names_equal_sets(struct arena *a, struct names x, struct names y);
/* Reads GeneralNames' content (inside the SEQUENCE): one to NAMES_MAX names,
 * all of the five types.  ERR_MALFORMED, ERR_UNSUPPORTED, ERR_TOO_LARGE. */
bool names_read_general(struct bytes content, struct arena *a,
    struct names *out, struct err *err) MUST_CHECK;
enum names_mode {
	NAMES_NORMALISE, /* names_read_general: what a client sent */
	NAMES_NORMAL, /* ours: refuse what is not the normal form */
	NAMES_TOLERANT /* other people's: leave out what we do not do */
};
/* *others is set when a name was left out (NAMES_TOLERANT only). */
bool names_read(struct bytes content, enum names_mode mode, struct arena *a,
    struct names *out, bool *others, struct err *err) MUST_CHECK;
/* Appends one GeneralName. */
void name_put_general(struct buf *b, const struct name *n);
/* IP text to 4 or 16 octets; returns the length, 0 if it is no IP. */
size_t name_ip_octets(const char *text, uint8_t out[16]);
/* 4 or 16 octets to canonical text; false for any other length. */
#define NAME_IP_SIZE 46u
bool name_ip_text(struct bytes octets, char out[NAME_IP_SIZE]) MUST_CHECK;

#endif
