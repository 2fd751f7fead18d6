#include "ocsp/plan.h"

bool
plan_derive(int64_t now, int64_t validity, int64_t end, uint64_t spread,
    struct plan *out)
{
	int64_t life = MIN_OF(validity, end - now);

	if (life < 2)
		return false;
	*out = (struct plan){ .this_update = now,
		.next_update = now + life,
		/* Between a quarter and three eighths: even the latest leaves
		 * an eighth of the life for trying again. */
		.refresh_at = now + life / 4 +
		    (int64_t)(spread % (uint64_t)(life / 8 + 1)),
		/* Baseline Requirements 4.9.10: anew before the half of it. */
		.limit = now + life / 2 };
	return true;
}

bool
plan_holds(const struct plan *p, int64_t now)
{
	return p->this_update <= now && now < p->limit;
}

/*
 * RFC 9919 section 5: the responder has a newer answer before max-age is over,
 * so it counts to the limit of ours, not to nextUpdate.
 */
int64_t
plan_max_age(const struct plan *p, int64_t now)
{
	int64_t left = p->limit - now;

	if (left < 0)
		return 0;
	return MIN_OF(left, PLAN_MAX_AGE);
}
