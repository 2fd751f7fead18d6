/* Each type and each outcome has a place of its own. */
#include "support/unit.h"
#include "scep/counters.h"

static uint64_t
at(const struct scep_counts *c, const char *kind, const char *outcome)
{
	for (size_t i = 0; i < SCEP_KINDS; i++)
		for (size_t k = 0; k < SCEP_OUTCOMES; k++)
			if (strcmp(scep_kind_name(i), kind) == 0 &&
			    strcmp(scep_outcome_name(k), outcome) == 0)
				return atomic_load(&c->n[i][k]);
	fail_msg("no %s %s", kind, outcome);
	return 0;
}

static void
each_has_its_place(void **state)
{
	static struct scep_counts c;
	uint64_t all = 0;

	(void)state;
	scep_count_reply(&c, SCEP_PKCS_REQ, SCEP_SUCCESS, 0);
	scep_count_reply(&c, SCEP_PKCS_REQ, SCEP_SUCCESS, 0);
	scep_count_reply(&c, SCEP_CERT_POLL, SCEP_PENDING, 0);
	scep_count_reply(&c, SCEP_RENEWAL_REQ, SCEP_FAILURE, SCEP_BAD_ALG);
	scep_count_reply(&c, SCEP_GET_CRL, SCEP_FAILURE, SCEP_BAD_CERT_ID);
	scep_count_reply(
	    &c, SCEP_GET_CERT, SCEP_FAILURE, SCEP_BAD_MESSAGE_CHECK);
	scep_count_reply(&c, 18, SCEP_FAILURE, SCEP_BAD_REQUEST);
	scep_count_refusal(&c, 0);
	assert_int_equal(at(&c, "PKCSReq", "success"), 2);
	assert_int_equal(at(&c, "CertPoll", "pending"), 1);
	assert_int_equal(at(&c, "RenewalReq", "badAlg"), 1);
	assert_int_equal(at(&c, "GetCRL", "badCertId"), 1);
	assert_int_equal(at(&c, "GetCert", "badMessageCheck"), 1);
	assert_int_equal(at(&c, "other", "badRequest"), 1);
	assert_int_equal(at(&c, "other", "refused"), 1);
	for (size_t i = 0; i < SCEP_KINDS; i++)
		for (size_t k = 0; k < SCEP_OUTCOMES; k++)
			all += atomic_load(&c.n[i][k]);
	assert_int_equal(all, 8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_has_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
