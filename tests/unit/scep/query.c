/* The query of GET: operations, and messages as clients mangle them. */
#include "support/unit.h"
#include "scep/query.h"

static void
operations(void **state)
{
	static const struct {
		const char *query;
		int operation; /* -1: refused */
	} rows[] = {
		{ "operation=GetCACaps", SCEP_GET_CA_CAPS },
		/* certmonger 0.79.17, and jscep. */
		{ "operation=GetCACaps&message=0", SCEP_GET_CA_CAPS },
		{ "message=&operation=GetCACert", SCEP_GET_CA_CERT },
		{ "operation=GetNextCACert", SCEP_GET_NEXT_CA_CERT },
		{ "operation=PKI%4fperation", SCEP_PKI_OPERATION },
		{ "a&&b=c&operation=PKIOperation&d", SCEP_PKI_OPERATION },
		{ "operation=GetCaCaps", -1 },
		{ "operation=", -1 },
		{ "operation=GetCACaps&operation=GetCACert", -1 },
		{ "operation=GetCACert&message=a&message=b", -1 },
		{ "operation=GetCACert%zz", -1 },
		{ "", SCEP_NO_OPERATION },
		{ NULL, SCEP_NO_OPERATION },
		{ "message=a", SCEP_NO_OPERATION },
	};
	AUTO_ARENA *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct scep_query q = { 0 };
		struct err err = { 0 };
		bool ok = scep_query_parse(rows[i].query, a, &q, &err);

		assert_int_equal(ok, rows[i].operation != -1);
		if (ok)
			assert_int_equal(q.operation, rows[i].operation);
		else
			assert_int_equal(err.kind, ERR_MALFORMED);
	}
}

static void
messages(void **state)
{
	static const struct {
		const char *sent;
		size_t n; /* 0: refused */
	} rows[] = {
		/* Octets fb ff bf 00, as base64 has them and clients send. */
		{ "+/+/AA==", 4 },
		{ "%2B%2F%2B%2FAA%3D%3D", 4 },
		{ " / /AA==", 4 },
		{ "%20/%20/AA==", 4 },
		{ "+/+/AA", 4 },
		{ "+/%0A+/%0D%0AAA==%0A", 4 },
		{ "+/+/A", 0 },
		{ "+/+!AA==", 0 },
		{ "+/+/%", 0 },
		{ "====", 0 },
		{ "", SCEP_NO_OPERATION },
	};
	static const uint8_t octets[] = { 0xfb, 0xff, 0xbf, 0x00 };
	AUTO_ARENA *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct bytes out = { 0 };
		struct err err = { 0 };
		bool ok =
		    scep_query_decode(bytes_str(rows[i].sent), a, &out, &err);

		assert_int_equal(ok, rows[i].n != 0);
		if (!ok) {
			assert_int_equal(err.kind, ERR_MALFORMED);
			continue;
		}
		assert_int_equal(out.n, rows[i].n);
		assert_memory_equal(out.p, octets, rows[i].n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operations),
		cmocka_unit_test(messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
