/* CAA, RFC 8659 and RFC 8657: acme/caa.h. */
#include <stdlib.h>
#include "support/unit.h"
#include "acme/caa.h"

#define ACCOUNT "https://ca.test/acme/acct/1"

/* "!" in front of a tag makes the record critical. */
struct record {
	const char *tag, *value;
};

static const struct row {
	struct record records[4];
	bool wildcard, allowed;
} rows[] = {
	/* RFC 8659 section 3: no record, no restriction. */
	{ { { NULL, NULL } }, false, true },
	{ { { "issue", "ca.test" } }, false, true },
	{ { { "issue", "ca.test" } }, true, true },
	{ { { "ISSUE", "CA.Test" } }, false, true },
	{ { { "issue", "ca.test." } }, false, true },
	{ { { "issue", "  ca.test  " } }, false, true },
	{ { { "issue", "second.test" } }, false, true },
	{ { { "issue", "other.test" } }, false, false },
	{ { { "issue", "xca.test" } }, false, false },
	{ { { "issue", "other.test" }, { "issue", "ca.test" } }, false, true },
	/* Section 4.2: ";" lets nobody issue. */
	{ { { "issue", ";" } }, false, false },
	{ { { "issue", "" } }, false, false },
	{ { { "issue", "ca.test;" } }, false, true },
	{ { { "issue", "ca.test; x=y" } }, false, true },
	{ { { "issue", "ca.test; x = y ; z=1;" } }, false, true },
	{ { { "issue", "ca.test; junk" } }, false, false },
	{ { { "issue", "ca.test; -x=y" } }, false, false },
	{ { { "issue", "ca.test; x=a b" } }, false, false },
	{ { { "issue", "ca.test other.test" } }, false, false },
	/* Section 4.3: issuewild rules wildcards alone. */
	{ { { "issuewild", "other.test" } }, false, true },
	{ { { "issuewild", "other.test" } }, true, false },
	{ { { "issuewild", ";" }, { "issue", "ca.test" } }, true, false },
	{ { { "issuewild", "ca.test" }, { "issue", ";" } }, true, true },
	{ { { "issuewild", "ca.test" }, { "issue", ";" } }, false, false },
	/* iodef is for reports; unknown ones count when critical. */
	{ { { "iodef", "mailto:a@b" } }, false, true },
	{ { { "!iodef", "mailto:a@b" } }, false, true },
	{ { { "tbs", "unknown" } }, false, true },
	{ { { "!tbs", "unknown" }, { "issue", "ca.test" } }, false, false },
	{ { { "!issue", "ca.test" } }, false, true },
	/* RFC 8657 section 3. */
	{ { { "issue", "ca.test; accounturi=" ACCOUNT } }, false, true },
	{ { { "issue", "ca.test; AccountURI=" ACCOUNT } }, false, true },
	{ { { "issue", "ca.test; accounturi=" ACCOUNT "2" } }, false, false },
	{ { { "issue", "ca.test; accounturi=" } }, false, false },
	{ { { "issue",
	      "ca.test; accounturi=" ACCOUNT ";accounturi=" ACCOUNT } },
	    false, false },
	/* Section 4. */
	{ { { "issue", "ca.test; validationmethods=http-01" } }, false, true },
	{ { { "issue", "ca.test; validationmethods=dns-01,http-01" } }, false,
	    true },
	{ { { "issue", "ca.test; validationmethods=dns-01" } }, false, false },
	{ { { "issue", "ca.test; validationmethods=" } }, false, false },
	{ { { "issue", "ca.test; validationmethods=http-011" } }, false,
	    false },
	{ { { "issue",
	      "ca.test; validationmethods=http-01; accounturi=" ACCOUNT } },
	    false, true },
	{ { { "issue", "ca.test; validationmethods=http-01; accounturi=x" } },
	    false, false },
	/* One record that fits is enough. */
	{ { { "issue", "ca.test; validationmethods=dns-01" },
	      { "issue", "ca.test; validationmethods=http-01" } },
	    false, true },
};

static struct bytes
rdata(const struct record *r, uint8_t out[300])
{
	bool critical = r->tag[0] == '!';
	const char *tag = r->tag + critical;
	size_t n = strlen(tag), m = strlen(r->value);

	out[0] = critical ? 0x80 : 0;
	out[1] = (uint8_t)n;
	memcpy(out + 2, tag, n);
	memcpy(out + 2 + n, r->value, m);
	return bytes_of(out, 2 + n + m);
}

static const char *const identities[] = { "ca.test", "second.test" };

static struct caa_question
question(bool wildcard)
{
	return (struct caa_question){ .identities = identities,
		.identities_n = 2,
		.account_url = ACCOUNT,
		.method = "http-01",
		.wildcard = wildcard };
}

static void
test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct caa_question q = question(rows[i].wildcard);
		uint8_t octets[4][300];
		struct bytes set[4];
		struct err err = { 0 };
		size_t n = 0;
		bool ok;

		for (; n < 4 && rows[i].records[n].tag != NULL; n++)
			set[n] = rdata(&rows[i].records[n], octets[n]);
		ok = caa_check(set, n, &q, &err);
		if (ok != rows[i].allowed)
			fail_msg("row %zu: %s", i, err.shown);
		assert_int_equal(err.kind, ok ? ERR_NONE : ERR_CAA);
	}
}

/* Every cut of a record is refused or read, never read beyond. */
static void
test_malformed_records(void **state)
{
	const struct record r = { "issue", "ca.test; accounturi=x" };
	struct caa_question q = question(false);
	uint8_t octets[300];
	struct bytes whole = rdata(&r, octets);

	(void)state;
	for (size_t n = 0; n <= whole.n; n++) {
		uint8_t *copy = mem_dup(octets, n);
		struct bytes cut = bytes_of(copy, n);
		struct err err = { 0 };
		bool ok = caa_check(&cut, 1, &q, &err);

		if (n < 7)
			assert_int_equal(err.kind, ERR_CAA);
		/* "ca.test", alone and with its ";", allows us. */
		assert_true(
		    !ok || n == 2 + 5 + 7 || n == 2 + 5 + 8 || n == 2 + 5 + 9);
		free(copy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_malformed_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
