/*
 * CAA record data of any shape (RFC 8659).  Property: a record that forbids
 * everybody, added to any set, never makes a refused set allowed; and a record
 * that allows us never makes an allowed set refused.
 */
#include <stdlib.h>
#include "acme/caa.h"

#define SET_MAX 8u

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* Each record is led by its length. */
static size_t
split(const uint8_t *p, size_t n, struct bytes set[SET_MAX])
{
	size_t records = 0;

	while (n > 0 && records < SET_MAX) {
		size_t m = MIN_OF((size_t)p[0], n - 1);

		set[records++] = bytes_of(p + 1, m);
		p += 1 + m;
		n -= 1 + m;
	}
	return records;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const char *const us[] = { "ca.test" };
	static const char nobody[] = "\0\5issue;", ours[] = "\0\5issueca.test";
	struct bytes set[SET_MAX + 1];
	struct caa_question q = { .identities = us,
		.identities_n = 1,
		.account_url = "https://ca.test/acme/acct/1",
		.method = "http-01" };
	struct err err = { 0 };
	size_t records;
	bool alone;

	if (n == 0)
		return 0;
	q.wildcard = p[0] & 1;
	records = split(p + 1, n - 1, set);
	alone = caa_check(set, records, &q, &err);
	if (alone != (err.kind == ERR_NONE))
		abort();
	set[records] = bytes_of(nobody, sizeof(nobody) - 1);
	if (!alone && caa_check(set, records + 1, &q, NULL))
		abort();
	set[records] = bytes_of(ours, sizeof(ours) - 1);
	if (alone && !caa_check(set, records + 1, &q, NULL))
		abort();
	return 0;
}
