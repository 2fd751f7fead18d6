#include "signer/check.h"

#define REFUSE(...) fail(err, ERR_SIGNER_REFUSED, __VA_ARGS__)

/* Numbers that were announced and never signed are passed over; a second's
 * worth, so that a clock that was set back does not have to catch up. */
#define NUMBER_SLACK 1000000u

static uint64_t
number_expected(uint64_t previous, int64_t this_update)
{
	uint64_t by_time = (uint64_t)this_update * 1000000;

	return MAX_OF(previous + 1, by_time);
}

bool
check_crl_scope(const struct check *c, const struct crl *crl, unsigned *shard,
    struct err *err)
{
	if (!crl->has_idp) {
		*shard = 0;
		return true;
	}
	/* A list for a part that is none of ours would hide what it lacks. */
	if (*c->limits->crl_base == '\0' || crl->is_delta ||
	    !crl_shard_of_uri(crl->idp_uri, c->limits->crl_base, shard))
		return REFUSE("CRL is for a part that is no shard of CA %s",
		    c->limits->ca);
	return true;
}

static bool
check_delta(const struct check *c, const struct crl *crl, uint64_t full,
    struct err *err)
{
	if (*c->limits->delta_url == '\0')
		return REFUSE(
		    "CRL is a delta, and CA %s has none", c->limits->ca);
	/* RFC 5280 section 5.2.4: a complete CRL with this number exists. */
	if (crl->base == 0 || crl->base > full)
		return REFUSE("delta CRL's base is %llu, expected one up to "
			      "%llu, the last that was signed",
		    (unsigned long long)crl->base, (unsigned long long)full);
	return true;
}

/* A freshest CRL that is not ours would send readers elsewhere. */
static bool
check_freshest(const struct check *c, const struct crl *crl, struct err *err)
{
	if (crl->has_freshest &&
	    (*c->limits->delta_url == '\0' ||
		!bytes_equal(
		    crl->freshest_uri, bytes_str(c->limits->delta_url))))
		return REFUSE("CRL points to a delta CRL that is not that of "
			      "CA %s",
		    c->limits->ca);
	return true;
}

static bool
check_times(const struct check *c, const struct crl *crl, struct err *err)
{
	if (crl->this_update < c->now - CHECK_SKEW ||
	    crl->this_update > c->now + CHECK_SKEW)
		return REFUSE("CRL's thisUpdate is %lld s from now, expected "
			      "at most %d",
		    (long long)(crl->this_update - c->now), CHECK_SKEW);
	if (crl->next_publish != 0 &&
	    (crl->next_publish < crl->this_update ||
		crl->next_publish > crl->next_update))
		return REFUSE("CRL's next publication is outside of its time");
	if (crl->next_update <= crl->this_update)
		return REFUSE("CRL's nextUpdate is not behind its thisUpdate");
	if (crl->next_update - crl->this_update > c->limits->crl_validity)
		return REFUSE("CRL is valid for %lld s, expected at most %lld",
		    (long long)(crl->next_update - crl->this_update),
		    (long long)c->limits->crl_validity);
	return true;
}

bool
check_crl(const struct check *c, const struct crl *crl, uint64_t previous,
    uint64_t full, struct err *err)
{
	uint64_t number;

	if (!check_issuer(c, crl->issuer, crl->aki, crl->sig_alg, err) ||
	    !check_freshest(c, crl, err))
		return false;
	if (crl->is_delta && !check_delta(c, crl, full, err))
		return false;
	if (crl->has_unknown)
		return REFUSE("CRL has an extension that we do not sign");
	if (!check_times(c, crl, err))
		return false;
	/* Design section 4.  Not just any higher number: one near 2^64 would
	 * be the last CRL of this CA. */
	number = number_expected(previous, crl->this_update);
	if (crl->number < number || crl->number - number > NUMBER_SLACK)
		return REFUSE("CRL number is %llu, expected %llu",
		    (unsigned long long)crl->number,
		    (unsigned long long)number);
	return true;
}
