#include <stdio.h>
#include <time.h>
#include "util/text.h"
#include "util/times.h"

#define DAY 86400
#define YEAR0 (-62167219200LL) /* 0000-01-01T00:00:00Z */
#define YEAR9999 253402300799LL /* 9999-12-31T23:59:59Z */

static int64_t
system_now_us(void *ctx)
{
	int64_t offset = (int64_t)(intptr_t)ctx;
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ((int64_t)ts.tv_sec + offset) * 1000000 + ts.tv_nsec / 1000;
}

struct clock
clock_system(int64_t offset)
{
	return (struct clock){ system_now_us, (void *)(intptr_t)offset };
}

int64_t
clock_monotonic_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

struct civil {
	unsigned year, month, day, hour, minute, second, weekday;
};

/*
 * The proleptic Gregorian calendar, counted in years that begin in March: then
 * the leap day is the last of its year, and (153 * m + 2) / 5 days lie before
 * month m.
 */
static int64_t
days_of(unsigned year, unsigned month, unsigned day)
{
	/* Shifted by 400 years so that everything stays positive. */
	int64_t y = (int64_t)year + 400 - (month <= 2);
	int64_t m = month > 2 ? month - 3 : month + 9;
	int64_t d = y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 +
	    (int64_t)day - 1;

	return d - 719468 - 146097;
}

static struct civil
civil_of(int64_t t)
{
	struct civil c;
	int64_t days, secs, era, doe, yoe, doy, mp;

	if (t < YEAR0)
		t = YEAR0;
	if (t > YEAR9999)
		t = YEAR9999;
	days = t / DAY;
	secs = t % DAY;
	if (secs < 0) {
		secs += DAY;
		days--;
	}
	c.hour = (unsigned)(secs / 3600);
	c.minute = (unsigned)(secs / 60 % 60);
	c.second = (unsigned)(secs % 60);
	/* 1970-01-01 was a Thursday. */
	c.weekday = (unsigned)(((days + 4) % 7 + 7) % 7);
	days += 719468 + 146097;
	era = days / 146097;
	doe = days % 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	c.day = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
	c.month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
	c.year = (unsigned)(yoe + era * 400 - 400 + (c.month <= 2));
	return c;
}

static bool
is_leap(unsigned year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* False if there is no such moment. */
static bool
civil_time(const struct civil *c, int64_t *out)
{
	static const uint8_t lengths[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30,
		31, 30, 31 };
	unsigned last;

	if (c->month < 1 || c->month > 12)
		return false;
	last = lengths[c->month - 1];
	if (c->month == 2 && is_leap(c->year))
		last = 29;
	if (c->day < 1 || c->day > last || c->hour > 23 || c->minute > 59 ||
	    c->second > 59)
		return false;
	*out = days_of(c->year, c->month, c->day) * DAY +
	    (int64_t)c->hour * 3600 + (int64_t)c->minute * 60 +
	    (int64_t)c->second;
	return true;
}

static char *
put(char *o, unsigned v, unsigned digits)
{
	for (unsigned i = digits; i-- > 0; v /= 10)
		o[i] = (char)('0' + v % 10);
	return o + digits;
}

/* Reads exactly n digits. */
static bool
get(const char **s, unsigned digits, unsigned *out)
{
	unsigned v = 0;

	for (; digits > 0; digits--, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		v = v * 10 + (unsigned)(**s - '0');
	}
	*out = v;
	return true;
}

static bool
get_char(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

void
time_format_rfc3339(int64_t t, char out[TIME_RFC3339_SIZE])
{
	struct civil c = civil_of(t);
	char *o = out;

	o = put(o, c.year, 4);
	*o++ = '-';
	o = put(o, c.month, 2);
	*o++ = '-';
	o = put(o, c.day, 2);
	*o++ = 'T';
	o = put(o, c.hour, 2);
	*o++ = ':';
	o = put(o, c.minute, 2);
	*o++ = ':';
	o = put(o, c.second, 2);
	*o++ = 'Z';
	*o = '\0';
}

/* "+hh:mm", "-hh:mm" or "Z" at the end of an RFC 3339 time. */
static bool
get_offset(const char **s, int64_t *seconds)
{
	bool negative = **s == '-';
	unsigned h, m;

	*seconds = 0;
	if (**s == 'Z' || **s == 'z') {
		(*s)++;
		return true;
	}
	if (**s != '+' && **s != '-')
		return false;
	(*s)++;
	if (!get(s, 2, &h) || !get_char(s, ':') || !get(s, 2, &m) || h > 23 ||
	    m > 59)
		return false;
	*seconds = (int64_t)(h * 3600 + m * 60);
	if (negative)
		*seconds = -*seconds;
	return true;
}

bool
time_parse_rfc3339(const char *text, int64_t *out, struct err *err)
{
	const char *s = text;
	struct civil c = { 0 };
	int64_t t, offset;
	bool ok;

	/* RFC 3339 section 5.6: T and Z in either case, any fraction. */
	ok = get(&s, 4, &c.year) && get_char(&s, '-') && get(&s, 2, &c.month) &&
	    get_char(&s, '-') && get(&s, 2, &c.day) &&
	    (get_char(&s, 'T') || get_char(&s, 't')) && get(&s, 2, &c.hour) &&
	    get_char(&s, ':') && get(&s, 2, &c.minute) && get_char(&s, ':') &&
	    get(&s, 2, &c.second);
	if (ok && *s == '.') {
		s++;
		ok = *s >= '0' && *s <= '9';
		while (*s >= '0' && *s <= '9')
			s++;
	}
	/* A leap second becomes the second before it. */
	if (c.second == 60)
		c.second = 59;
	if (!ok || !get_offset(&s, &offset) || *s != '\0' ||
	    !civil_time(&c, &t))
		return fail(err, ERR_MALFORMED,
		    "\"%.40s\" is not a time of RFC 3339, such as "
		    "2026-01-02T03:04:05Z",
		    text);
	*out = t - offset;
	return true;
}

static const char weekdays[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri",
	"Sat" };
static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

void
time_format_http(int64_t t, char out[TIME_HTTP_SIZE])
{
	struct civil c = civil_of(t);
	char *o = out;

	memcpy(o, weekdays[c.weekday], 3);
	o += 3;
	*o++ = ',';
	*o++ = ' ';
	o = put(o, c.day, 2);
	*o++ = ' ';
	memcpy(o, months[c.month - 1], 3);
	o += 3;
	*o++ = ' ';
	o = put(o, c.year, 4);
	*o++ = ' ';
	o = put(o, c.hour, 2);
	*o++ = ':';
	o = put(o, c.minute, 2);
	*o++ = ':';
	o = put(o, c.second, 2);
	memcpy(o, " GMT", 5);
}

/* A three-letter name; returns its index or n. */
static unsigned
get_name(const char **s, const char (*names)[4], unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (strncmp(*s, names[i], 3) == 0) {
			*s += 3;
			return i;
		}
	return n;
}

bool
time_parse_http(const char *s, int64_t *out)
{
	struct civil c = { 0 };

	if (get_name(&s, weekdays, 7) == 7 || !get_char(&s, ',') ||
	    !get_char(&s, ' ') || !get(&s, 2, &c.day) || !get_char(&s, ' '))
		return false;
	c.month = get_name(&s, months, 12) + 1;
	if (!get_char(&s, ' ') || !get(&s, 4, &c.year) || !get_char(&s, ' ') ||
	    !get(&s, 2, &c.hour) || !get_char(&s, ':') ||
	    !get(&s, 2, &c.minute) || !get_char(&s, ':') ||
	    !get(&s, 2, &c.second) || strcmp(s, " GMT") != 0)
		return false;
	return civil_time(&c, out);
}

static char *
put_clock(char *o, const struct civil *c)
{
	o = put(o, c->month, 2);
	o = put(o, c->day, 2);
	o = put(o, c->hour, 2);
	o = put(o, c->minute, 2);
	o = put(o, c->second, 2);
	*o++ = 'Z';
	return o;
}

void
time_format_generalized(int64_t t, char out[TIME_ASN1_SIZE])
{
	struct civil c = civil_of(t);

	*put_clock(put(out, c.year, 4), &c) = '\0';
}

void
time_format_utctime(int64_t t, char out[TIME_ASN1_SIZE])
{
	struct civil c = civil_of(t);

	*put_clock(put(out, c.year % 100, 2), &c) = '\0';
}

/* MMDDhhmmssZ and the end. */
static bool
get_clock(const char *s, struct civil *c, int64_t *out)
{
	return get(&s, 2, &c->month) && get(&s, 2, &c->day) &&
	    get(&s, 2, &c->hour) && get(&s, 2, &c->minute) &&
	    get(&s, 2, &c->second) && strcmp(s, "Z") == 0 && civil_time(c, out);
}

bool
time_parse_generalized(struct bytes in, int64_t *out)
{
	char text[16] = "";
	const char *s = text;
	struct civil c = { 0 };

	if (in.n != 15)
		return false;
	memcpy(text, in.p, in.n);
	return get(&s, 4, &c.year) && get_clock(s, &c, out);
}

bool
time_parse_utctime(struct bytes in, int64_t *out)
{
	char text[16] = "";
	const char *s = text;
	struct civil c = { 0 };

	if (in.n != 13)
		return false;
	memcpy(text, in.p, in.n);
	if (!get(&s, 2, &c.year))
		return false;
	/* RFC 5280 section 4.1.2.5.1: 50 to 99 are of the last century. */
	c.year += c.year >= 50 ? 1900 : 2000;
	return get_clock(s, &c, out);
}

static const struct duration_unit {
	char letter;
	int64_t seconds;
} duration_units[] = {
	{ 'y', 365 * (int64_t)DAY },
	{ 'w', 7 * (int64_t)DAY },
	{ 'd', DAY },
	{ 'h', 3600 },
	{ 'm', 60 },
	{ 's', 1 },
};

static const struct duration_unit *
duration_unit_find(char letter)
{
	for (size_t i = 0; i < COUNT_OF(duration_units); i++)
		if (duration_units[i].letter == letter)
			return &duration_units[i];
	return NULL;
}

bool
duration_parse(const char *text, int64_t *out, struct err *err)
{
	const struct duration_unit *last = NULL;
	const char *s = text;
	int64_t total = 0;

	while (*s != '\0') {
		const struct duration_unit *unit = NULL;
		int64_t v = 0;
		bool digits = false, fits = true;

		for (; *s >= '0' && *s <= '9'; s++) {
			digits = true;
			fits = fits && v <= YEAR9999;
			if (fits)
				v = v * 10 + (*s - '0');
		}
		if (*s != '\0')
			unit = duration_unit_find(*s++);
		/* "1h30m", never "30m1h" or "1m1m". */
		if (!digits || !fits || unit == NULL ||
		    (last != NULL && unit <= last) ||
		    v > YEAR9999 / unit->seconds)
			return fail(err, ERR_MALFORMED,
			    "\"%.40s\" is not a duration such as 90d, 12h, "
			    "30m, 10s or 1h30m",
			    text);
		total += v * unit->seconds;
		last = unit;
	}
	if (last == NULL || total > YEAR9999)
		return fail(err, ERR_MALFORMED,
		    "\"%.40s\" is not a duration such as 90d, 12h, 30m, 10s or "
		    "1h30m",
		    text);
	*out = total;
	return true;
}

void
duration_format(int64_t seconds, char out[32])
{
	const char *sign = "";
	size_t n;

	if (seconds < 0) {
		sign = "-";
		seconds = seconds == INT64_MIN ? INT64_MAX : -seconds;
	}
	n = (size_t)snprintf(out, 32, "%s", sign);
	if (seconds == 0) {
		snprintf(out + n, 32 - n, "0s");
		return;
	}
	/* Weeks and years only when they say it all: 90d, not 12w6d. */
	if (seconds % duration_units[0].seconds == 0) {
		snprintf(out + n, 32 - n, "%lldy",
		    (long long)(seconds / duration_units[0].seconds));
		return;
	}
	for (size_t i = 2; i < COUNT_OF(duration_units); i++) {
		int64_t v = seconds / duration_units[i].seconds;

		seconds %= duration_units[i].seconds;
		if (v != 0 && n < 32)
			n += (size_t)snprintf(out + n, 32 - n, "%lld%c",
			    (long long)v, duration_units[i].letter);
	}
}
