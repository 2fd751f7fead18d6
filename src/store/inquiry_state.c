#include "store/inquiry.h"

#define TO(state) (1u << (state))

/* What follows what; the trigger inquiry_stays of the schema says the same. */
static const unsigned next[INQUIRY_STATES] = {
	[INQUIRY_ASKING] =
	    TO(INQUIRY_GRANTED) | TO(INQUIRY_REFUSED) | TO(INQUIRY_FAILED),
	[INQUIRY_GRANTED] =
	    TO(INQUIRY_ISSUED) | TO(INQUIRY_CLOSED) | TO(INQUIRY_FAILED),
	[INQUIRY_ISSUED] = TO(INQUIRY_CLOSED) | TO(INQUIRY_WITHDRAWN),
};

static const char *const names[INQUIRY_STATES] = {
	[INQUIRY_ASKING] = "asking",
	[INQUIRY_GRANTED] = "granted",
	[INQUIRY_ISSUED] = "issued",
	[INQUIRY_CLOSED] = "closed",
	[INQUIRY_REFUSED] = "refused",
	[INQUIRY_FAILED] = "failed",
	[INQUIRY_WITHDRAWN] = "withdrawn",
};

const char *
inquiry_state_name(enum inquiry_state s)
{
	return names[s];
}

bool
inquiry_may_move(enum inquiry_state from, enum inquiry_state to)
{
	return from == to || (next[from] & TO(to)) != 0;
}

bool
inquiry_is_running(const struct inquiry *row)
{
	return row->state == INQUIRY_ASKING || row->state == INQUIRY_GRANTED ||
	    (row->state == INQUIRY_ISSUED && row->withhold);
}

bool
inquiry_is_released(const struct inquiry *row)
{
	return row->state == INQUIRY_CLOSED ||
	    (row->state == INQUIRY_ISSUED && !row->withhold);
}
