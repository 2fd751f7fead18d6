/*
 * Times are int64_t seconds since 1970 UTC unless the name says otherwise (_us
 * microseconds, _ms milliseconds).  The clock is an input: struct clock is the
 * port, clock_system() the one that production uses.
 */
#ifndef UTIL_TIMES_H
#define UTIL_TIMES_H

#include "util/bytes.h"

struct clock {
	/* Microseconds since 1970 UTC. */
	int64_t (*now_us)(void *ctx);
	void *ctx;
};

/* The system's clock plus an offset in seconds (testing.clock_offset). */
struct clock clock_system(int64_t offset);
static inline int64_t
clock_now(const struct clock *c)
{
	return c->now_us(c->ctx) / 1000000;
}
static inline int64_t
clock_now_us(const struct clock *c)
{
	return c->now_us(c->ctx);
}
/* For time-outs and durations only; never goes back. */
int64_t clock_monotonic_us(void);

#define TIME_RFC3339_SIZE sizeof("2026-01-02T03:04:05Z")
#define TIME_HTTP_SIZE sizeof("Sun, 06 Nov 1994 08:49:37 GMT")
#define TIME_ASN1_SIZE sizeof("20260102030405Z")
/* RFC 3339 in UTC with seconds.  Years 0 to 9999. */
void time_format_rfc3339(int64_t t, char out[TIME_RFC3339_SIZE]);
bool time_parse_rfc3339(
    const char *s, int64_t *out, struct err *err) MUST_CHECK;
/* RFC 9110 section 5.6.7 IMF-fixdate. */
void time_format_http(int64_t t, char out[TIME_HTTP_SIZE]);
bool time_parse_http(const char *s, int64_t *out);
/* The text of GeneralizedTime (4 digit year) and UTCTime (2 digit year). */
void time_format_generalized(int64_t t, char out[TIME_ASN1_SIZE]);
void time_format_utctime(int64_t t, char out[TIME_ASN1_SIZE]);
/* Strict DER forms of RFC 5280 section 4.1.2.5: with seconds and Z. */
bool time_parse_generalized(struct bytes s, int64_t *out);
bool time_parse_utctime(struct bytes s, int64_t *out);
/* "90d", "12h", "30m", "10s", "1h30m", "2w", "1y" (365 d): seconds. */
bool duration_parse(const char *s, int64_t *out, struct err *err) MUST_CHECK;
/* The shortest of the same notation: 7776000 gives "90d". */
void duration_format(int64_t seconds, char out[32]);

#endif
