#include "ca/crl_gate.h"
#include "util/text.h"

struct walk {
	const struct crl *crl;
	size_t pos;
	bool more;
	struct bytes serial;
};

/* Steps on; entries must ascend, or two lists could not be compared. */
static bool
walk_next(struct walk *w, struct err *err)
{
	struct bytes before = w->serial;
	enum crl_reason reason;
	int64_t at;

	w->more = crl_entry_next(w->crl, &w->pos, &w->serial, &at, &reason);
	if (w->more && before.n != 0 &&
	    (w->serial.n < before.n ||
		(w->serial.n == before.n &&
		    bytes_compare(w->serial, before) <= 0)))
		return fail(err, ERR_INTERNAL,
		    "CRL %llu is not sorted or lists a serial twice",
		    (unsigned long long)w->crl->number);
	return true;
}

static int
serial_compare(struct bytes a, struct bytes b)
{
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	return bytes_compare(a, b);
}

static bool
check_left(const struct crl_gate *gate, const struct crl *prev,
    struct bytes serial, struct err *err)
{
	char text[2 * SERIAL_SIZE + 1];
	struct err why = { 0 };

	if (gate->may_leave(gate->ctx, serial, prev->this_update, &why))
		return true;
	hex_encode(serial, text);
	return fail(err, ERR_INTERNAL,
	    "serial %s was on CRL %llu and is gone too early: %s", text,
	    (unsigned long long)prev->number, why.shown);
}

static bool
check_entries(const struct crl_gate *gate, const struct crl *prev,
    const struct crl *next, struct err *err)
{
	struct walk old = { .crl = prev }, new = { .crl = next };

	if (!walk_next(&old, err) || !walk_next(&new, err))
		return false;
	while (old.more || new.more) {
		int order = !old.more ? 1
		    : !new.more	      ? -1
				      : serial_compare(old.serial, new.serial);

		if (order < 0 && !check_left(gate, prev, old.serial, err))
			return false;
		if (order <= 0 && !walk_next(&old, err))
			return false;
		if (order >= 0 && !walk_next(&new, err))
			return false;
	}
	return true;
}

bool
crl_gate_check(const struct crl_gate *gate, const struct crl *prev,
    const struct crl *next, struct err *err)
{
	struct crl none;

	if (next->next_update <= next->this_update)
		return fail(err, ERR_INTERNAL, "CRL %llu ends before it begins",
		    (unsigned long long)next->number);
	if (prev == NULL) {
		none = *next;
		none.entries = BYTES_NONE;
		none.entries_n = 0;
		return check_entries(gate, &none, next, err);
	}
	if (next->number <= prev->number)
		return fail(err, ERR_INTERNAL,
		    "CRL number %llu does not rise above %llu",
		    (unsigned long long)next->number,
		    (unsigned long long)prev->number);
	if (next->this_update < prev->this_update)
		return fail(err, ERR_INTERNAL,
		    "CRL %llu is older than the published one",
		    (unsigned long long)next->number);
	if (!bytes_equal(next->issuer, prev->issuer) ||
	    !bytes_equal(next->aki, prev->aki))
		return fail(err, ERR_INTERNAL,
		    "CRL %llu is of another issuer than the published one",
		    (unsigned long long)next->number);
	if (next->has_idp != prev->has_idp || next->is_delta != prev->is_delta)
		return fail(err, ERR_INTERNAL,
		    "CRL %llu has another scope than the published one",
		    (unsigned long long)next->number);
	return check_entries(gate, prev, next, err);
}
