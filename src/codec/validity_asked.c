#include "codec/validity_asked.h"
#include "codec/dirstring.h"
#include "codec/oid.h"
#include "util/text.h"

#define TEXT_MAX 128u /* octets of a BMPString that we look at */

/* The two values, whichever is which. */
struct asked {
	const char *period, *units;
};

static const struct {
	const char *word;
	int64_t seconds;
} words[] = {
	{ "Hours", 3600 },
	{ "Days", 86400 },
	{ "Weeks", 7 * 86400 },
	{ "Months", 30 * 86400 },
	{ "Years", 365 * 86400 },
};

/* BMPString; NULL for one that is too long to be of ours. */
static bool
text_read(struct der *d, struct arena *a, const char **out)
{
	struct bytes octets;

	if (!der_read(d, DER_BMP_STRING, &octets))
		return false;
	*out = octets.n > TEXT_MAX ? NULL
				   : dirstring_text(DER_BMP_STRING, octets, a);
	return true;
}

static bool
take(const char **slot, const char *name, const char *value, struct err *err)
{
	if (value == NULL)
		return fail(err, ERR_BAD_CSR,
		    "CSR has a %s that is not a short text", name);
	if (*slot != NULL)
		return fail(err, ERR_BAD_CSR, "CSR has a %s twice", name);
	*slot = value;
	return true;
}

/* EnrollmentNameValuePair ::= SEQUENCE { name BMPString, value BMPString } */
static bool
pair_read(
    struct der *values, struct arena *a, struct asked *out, struct err *err)
{
	const char *name, *value;
	struct der d;

	if (!der_enter(values, DER_SEQUENCE, &d) || !text_read(&d, a, &name) ||
	    !text_read(&d, a, &value) || !der_at_end(&d))
		return fail(err, ERR_BAD_CSR,
		    "CSR has an enrolment pair that is not a name and a value");
	if (name == NULL)
		return true;
	if (text_equal_nocase(name, "ValidityPeriod"))
		return take(&out->period, "ValidityPeriod", value, err);
	if (text_equal_nocase(name, "ValidityPeriodUnits"))
		return take(&out->units, "ValidityPeriodUnits", value, err);
	return true;
}

static bool
attribute_read(
    struct der *list, struct arena *a, struct asked *out, struct err *err)
{
	struct der attribute, values;
	struct bytes oid;

	if (!der_enter(list, DER_SEQUENCE, &attribute) ||
	    !der_read(&attribute, DER_OID, &oid) ||
	    !der_enter(&attribute, DER_SET, &values) || !der_at_end(&attribute))
		return fail(
		    err, ERR_BAD_CSR, "CSR has an attribute that is not DER");
	if (!bytes_equal(oid, OID(MS_NAME_VALUE_PAIR)))
		return true;
	while (!der_at_end(&values))
		if (!pair_read(&values, a, out, err))
			return false;
	return true;
}

static int64_t
word_seconds(const char *text)
{
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (text_equal_nocase(text, words[i].word))
			return words[i].seconds;
	return 0;
}

static bool
seconds_derive(
    const char *word, const char *number, int64_t *out, struct err *err)
{
	int64_t unit = word_seconds(word), n;
	struct err why = { 0 };

	if (unit == 0)
		return fail(err, ERR_BAD_CSR,
		    "CSR asks for a validity in \"%.40s\", expected Hours, "
		    "Days, Weeks, Months or Years",
		    word);
	if (!text_parse_int(number, 1, VALIDITY_ASKED_MAX / unit, &n, &why))
		return fail(err, ERR_BAD_CSR,
		    "CSR asks for a validity of \"%.40s\" %s, expected a "
		    "number",
		    number, word);
	*out = n * unit;
	return true;
}

bool
validity_asked_parse(
    struct bytes attributes, struct arena *a, int64_t *seconds, struct err *err)
{
	struct der list = der_of(attributes);
	struct asked asked = { NULL, NULL };

	while (!der_at_end(&list))
		if (!attribute_read(&list, a, &asked, err))
			return false;
	if (asked.period == NULL && asked.units == NULL) {
		*seconds = 0;
		return true;
	}
	if (asked.period == NULL || asked.units == NULL)
		return fail(err, ERR_BAD_CSR,
		    "CSR has one of ValidityPeriod and ValidityPeriodUnits, "
		    "expected both");
	/* Intune on Android has the number in ValidityPeriod and the word in
	 * ValidityPeriodUnits (Intune-Resource-Access#162;
	 * tests/interop/scep_names.py). */
	if (word_seconds(asked.period) == 0 && word_seconds(asked.units) != 0)
		return seconds_derive(asked.units, asked.period, seconds, err);
	return seconds_derive(asked.period, asked.units, seconds, err);
}
