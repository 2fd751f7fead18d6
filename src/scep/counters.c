#include "scep/counters.h"

static const struct {
	unsigned type;
	const char *name;
} kinds[SCEP_KINDS] = {
	{ SCEP_PKCS_REQ, "PKCSReq" },
	{ SCEP_RENEWAL_REQ, "RenewalReq" },
	{ SCEP_CERT_POLL, "CertPoll" },
	{ SCEP_GET_CERT, "GetCert" },
	{ SCEP_GET_CRL, "GetCRL" },
	{ 0, "other" },
};

/* The failInfo n of RFC 8894 section 3.2.1.4.4 is at 2 + n. */
static const char *const outcomes[SCEP_OUTCOMES] = { "success", "pending",
	"badAlg", "badMessageCheck", "badRequest", "badTime", "badCertId",
	"refused" };

const char *
scep_kind_name(size_t kind)
{
	return kinds[kind].name;
}

const char *
scep_outcome_name(size_t outcome)
{
	return outcomes[outcome];
}

static void
count(struct scep_counts *c, unsigned type, size_t outcome)
{
	size_t kind = 0;

	while (kind < SCEP_KINDS - 1 && kinds[kind].type != type)
		kind++;
	atomic_fetch_add_explicit(
	    &c->n[kind][outcome], 1, memory_order_relaxed);
}

void
scep_count_reply(struct scep_counts *c, unsigned type, enum scep_status status,
    enum scep_fail_info fail_info)
{
	count(c, type,
	    status == SCEP_SUCCESS	 ? 0
		: status == SCEP_PENDING ? 1
					 : 2 + (size_t)fail_info);
}

void
scep_count_refusal(struct scep_counts *c, unsigned type)
{
	count(c, type, SCEP_OUTCOMES - 1);
}
