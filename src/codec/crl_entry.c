#include <stdlib.h>
#include "codec/crl_entry.h"
#include "codec/extension.h"
#include "codec/oid.h"
#include "util/times.h"

/* A reasonCode extension; the last octet is the reason. */
#define REASON_HEAD "\x30\x0c\x30\x0a\x06\x03" OID_CRL_REASON "\x04\x03\x0a\x01"
#define REASON_HEAD_SIZE (sizeof(REASON_HEAD) - 1)

/* The largest entry: serial and sign octet, GeneralizedTime, reason. */
#define ENTRY_MAX (2 + 2 + 1 + SERIAL_SIZE + 2 + 15 + REASON_HEAD_SIZE + 1)

/* 1950-01-01 and 2050-01-01, RFC 5280 section 5.1.2.6. */
#define UTC_FROM (-631152000)
#define UTC_UNTIL 2524608000

static uint8_t *
serial_write(uint8_t *o, struct bytes serial)
{
	bool pad;

	while (serial.n > 0 && serial.p[0] == 0) {
		serial.p++;
		serial.n--;
	}
	if (serial.n > SERIAL_SIZE)
		abort(); /* no certificate of ours has such a serial */
	pad = serial.n == 0 || serial.p[0] >= 0x80;
	*o++ = DER_INTEGER;
	*o++ = (uint8_t)(serial.n + pad);
	*o = 0;
	o += pad;
	if (serial.n != 0)
		memcpy(o, serial.p, serial.n);
	return o + serial.n;
}

static uint8_t *
time_write(uint8_t *o, int64_t t)
{
	bool utc = t >= UTC_FROM && t < UTC_UNTIL;
	char text[TIME_ASN1_SIZE];
	size_t n;

	if (utc)
		time_format_utctime(t, text);
	else
		time_format_generalized(t, text);
	n = strlen(text);
	*o++ = utc ? DER_UTCTIME : DER_GENERALIZED_TIME;
	*o++ = (uint8_t)n;
	memcpy(o, text, n);
	return o + n;
}

/* Straight into the buffer: a CRL has a million of these. */
void
crl_entry_put(struct buf *b, struct bytes serial, int64_t revoked_at,
    enum crl_reason reason)
{
	uint8_t *start, *o;

	_Static_assert(ENTRY_MAX - 2 < 0x80, "an entry has a short length");
	buf_reserve(b, ENTRY_MAX);
	start = b->p + b->n;
	o = serial_write(start + 2, serial);
	o = time_write(o, revoked_at);
	/* RFC 5280 section 5.3.1: unspecified is left out. */
	if (reason != REASON_UNSPECIFIED) {
		memcpy(o, REASON_HEAD, REASON_HEAD_SIZE);
		o += REASON_HEAD_SIZE;
		*o++ = (uint8_t)reason;
	}
	start[0] = DER_SEQUENCE;
	start[1] = (uint8_t)(o - start - 2);
	b->n += (size_t)(o - start);
}

static const struct {
	enum crl_reason reason;
	const char *name;
} reasons[] = {
	/* RFC 5280 section 5.3.1. */
	{ REASON_UNSPECIFIED, "unspecified" },
	{ REASON_KEY_COMPROMISE, "keyCompromise" },
	{ REASON_CA_COMPROMISE, "cACompromise" },
	{ REASON_AFFILIATION_CHANGED, "affiliationChanged" },
	{ REASON_SUPERSEDED, "superseded" },
	{ REASON_CESSATION, "cessationOfOperation" },
	{ REASON_HOLD, "certificateHold" },
	{ REASON_REMOVE, "removeFromCRL" },
	{ REASON_PRIVILEGE_WITHDRAWN, "privilegeWithdrawn" },
	{ REASON_AA_COMPROMISE, "aACompromise" },
};

const char *
crl_reason_name(enum crl_reason r)
{
	for (size_t i = 0; i < COUNT_OF(reasons); i++)
		if (reasons[i].reason == r)
			return reasons[i].name;
	return "unknown";
}

bool
crl_reason_parse(const char *s, enum crl_reason *out)
{
	for (size_t i = 0; i < COUNT_OF(reasons); i++)
		if (strcmp(reasons[i].name, s) == 0) {
			*out = reasons[i].reason;
			return true;
		}
	return false;
}

/* ENUMERATED, and a reason that a CRL of ours may give: not unspecified, which
 * is left out, nor a hold. */
static bool
reason_read(struct bytes value, enum crl_reason *out)
{
	struct der d = der_of(value);
	struct bytes c;

	if (!der_read(&d, DER_ENUMERATED, &c) || !der_at_end(&d) || c.n != 1)
		return false;
	switch (c.p[0]) {
	case REASON_KEY_COMPROMISE:
	case REASON_CA_COMPROMISE:
	case REASON_AFFILIATION_CHANGED:
	case REASON_SUPERSEDED:
	case REASON_CESSATION:
	case REASON_REMOVE:
	case REASON_PRIVILEGE_WITHDRAWN:
	case REASON_AA_COMPROMISE:
		*out = (enum crl_reason)c.p[0];
		return true;
	}
	return false;
}

/* RFC 5280 section 5.3.2: GeneralizedTime whatever the year. */
static bool
invalidity_date_is_valid(struct bytes value)
{
	struct der d = der_of(value);
	struct bytes c;

	return der_read(&d, DER_GENERALIZED_TIME, &c) && der_at_end(&d) &&
	    c.n == 15 && c.p[14] == 'Z';
}

static bool
entry_extensions_read(struct der *list, struct crl_entry *out)
{
	bool has_reason = false, has_date = false;
	struct cert_extension x;

	if (der_at_end(list))
		return false;
	while (!der_at_end(list)) {
		if (!extension_read(list, false, &x))
			return false;
		if (bytes_equal(x.oid, OID(CRL_REASON))) {
			if (has_reason || !reason_read(x.value, &out->reason))
				return false;
			has_reason = true;
		} else if (bytes_equal(x.oid, OID(INVALIDITY_DATE))) {
			if (has_date || !invalidity_date_is_valid(x.value))
				return false;
			has_date = true;
		} else if (x.critical)
			return false; /* certificateIssuer: an indirect CRL */
		else
			out->has_unknown = true;
	}
	return true;
}

bool
crl_entry_read(struct der *d, struct crl_entry *out)
{
	struct der inner, list;

	out->reason = REASON_UNSPECIFIED;
	out->has_unknown = false;
	if (!der_enter(d, DER_SEQUENCE, &inner) ||
	    !der_read_uint(&inner, &out->serial) || out->serial.n == 0 ||
	    out->serial.n > SERIAL_SIZE ||
	    !der_read_time(&inner, &out->revoked_at))
		return false;
	if (der_at_end(&inner))
		return true;
	return der_enter(&inner, DER_SEQUENCE, &list) && der_at_end(&inner) &&
	    entry_extensions_read(&list, out);
}

bool
crl_entry_next(const struct crl *c, size_t *pos, struct bytes *serial,
    int64_t *revoked_at, enum crl_reason *reason)
{
	struct crl_entry entry;
	struct der d;

	if (*pos >= c->entries.n)
		return false;
	d = der_of(bytes_of(c->entries.p + *pos, c->entries.n - *pos));
	if (!crl_entry_read(&d, &entry))
		return false;
	*pos = (size_t)(d.p - c->entries.p);
	*serial = entry.serial;
	*revoked_at = entry.revoked_at;
	*reason = entry.reason;
	return true;
}

/* ---- the shape that nearly all entries have ---- */

/*
 * SEQUENCE { INTEGER of 20 octets, Time, [reasonCode] }, as octets:
 *
 *	30 25 02 14 serial(20) 17 0d YYMMDDhhmmssZ
 *	30 33 02 14 serial(20) 17 0d YYMMDDhhmmssZ reason(14)
 *
 * and from 2050 on 18 0f and two digits more.
 */
#define TIME_AT (CRL_SERIAL_AT + SERIAL_SIZE)
#define SHORTEST (TIME_AT + 2 + 13)
#define REASON_SIZE (REASON_HEAD_SIZE + 1)

/* Of reason_read, but for removeFromCRL: a delta with that one is read the slow
 * way. */
#define REASONS_PLAIN                                                          \
	(1u << REASON_KEY_COMPROMISE | 1u << REASON_CA_COMPROMISE |            \
	    1u << REASON_AFFILIATION_CHANGED | 1u << REASON_SUPERSEDED |       \
	    1u << REASON_CESSATION | 1u << REASON_PRIVILEGE_WITHDRAWN |        \
	    1u << REASON_AA_COMPROMISE)

/* Two digits at p as a number; 255 or so when they are none. */
static unsigned
two(const uint8_t *p)
{
	unsigned a = p[0] - 48u, b = p[1] - 48u;

	return a > 9 || b > 9 ? 255 : a * 10 + b;
}

/* As time_parse_utctime would say, for the days that every month has; the
 * others, and what is wrong, are left to it. */
static bool
utctime_is_plain(const uint8_t *p)
{
	return two(p) < 100 && two(p + 2) - 1 < 12 && two(p + 4) - 1 < 28 &&
	    two(p + 6) < 24 && two(p + 8) < 60 && two(p + 10) < 60 &&
	    p[12] == 'Z';
}

static bool
time_is_valid(const uint8_t *p)
{
	struct der d = der_of(bytes_of(p, 2 + (size_t)p[1]));
	int64_t t;

	if (p[0] == DER_UTCTIME && p[1] == 13 && utctime_is_plain(p + 2))
		return true;
	return der_read_time(&d, &t);
}

static bool
reason_is_plain(const uint8_t *p)
{
	return memcmp(p, REASON_HEAD, REASON_HEAD_SIZE) == 0 &&
	    p[REASON_HEAD_SIZE] <= REASON_AA_COMPROMISE &&
	    (1u << p[REASON_HEAD_SIZE] & REASONS_PLAIN) != 0;
}

size_t
crl_entry_size(const uint8_t *p, size_t left)
{
	size_t n, plain;

	if (left < SHORTEST || p[0] != DER_SEQUENCE || p[1] >= 0x80)
		return 0;
	n = (size_t)p[1] + 2;
	plain = TIME_AT + 2 + (size_t)p[TIME_AT + 1];
	if (n > left || (n != plain && n != plain + REASON_SIZE))
		return 0;
	/* 20 octets, positive; minimal, so the first is not zero. */
	if (p[2] != DER_INTEGER || p[3] != SERIAL_SIZE || p[4] == 0 ||
	    p[4] >= 0x80)
		return 0;
	if (!time_is_valid(p + TIME_AT))
		return 0;
	return n == plain || reason_is_plain(p + plain) ? n : 0;
}
