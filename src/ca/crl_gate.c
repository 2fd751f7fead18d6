#include "ca/crl_gate.h"
#include "ca/crl_set.h"
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

/* Entries of any shape, one by one. */
static bool
check_walk(const struct crl_gate *gate, const struct crl *prev,
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

static struct bytes
serial_of(const uint8_t *entry)
{
	return bytes_of(entry + CRL_SERIAL_AT, SERIAL_SIZE);
}

/*
 * Both have our own shape and ascend, which the parser has seen: what stayed
 * is the same octets, and each step is one memcmp.
 */
static bool
check_uniform(const struct crl_gate *gate, const struct crl *prev,
    const struct crl *next, struct err *err)
{
	const uint8_t *o = prev->entries.p, *n = next->entries.p;
	const uint8_t *o_end = prev->entries.n == 0 ? o : o + prev->entries.n;
	const uint8_t *n_end = next->entries.n == 0 ? n : n + next->entries.n;

	while (o < o_end) {
		size_t size = crl_entry_octets(o);
		int order;

		if (n < n_end && o[1] == n[1] && memcmp(o, n, size) == 0) {
			o += size;
			n += size;
			continue;
		}
		order =
		    n == n_end ? -1 : bytes_compare(serial_of(o), serial_of(n));
		if (order < 0 && !check_left(gate, prev, serial_of(o), err))
			return false;
		if (order <= 0)
			o += size;
		if (order >= 0)
			n += crl_entry_octets(n);
	}
	return true;
}

static bool
check_entries(const struct crl_gate *gate, const struct crl *prev,
    const struct crl *next, struct err *err)
{
	if (prev->is_uniform && next->is_uniform)
		return check_uniform(gate, prev, next, err);
	return check_walk(gate, prev, next, err);
}

/* What holds beside the entries when next takes the place of prev. */
static bool
check_succession(const struct crl_gate *gate, const struct crl *prev,
    const struct crl *next, struct err *err)
{
	if (next->number <= prev->number)
		return fail(err, ERR_INTERNAL,
		    "CRL number %llu does not rise above %llu",
		    (unsigned long long)next->number,
		    (unsigned long long)prev->number);
	if (next->this_update < prev->this_update &&
	    prev->this_update <= gate->now + CRL_CLOCK_BACK)
		return fail(err, ERR_INTERNAL,
		    "CRL %llu is older than the published one",
		    (unsigned long long)next->number);
	if (!bytes_equal(next->issuer, prev->issuer) ||
	    !bytes_equal(next->aki, prev->aki))
		return fail(err, ERR_INTERNAL,
		    "CRL %llu is of another issuer than the published one",
		    (unsigned long long)next->number);
	return true;
}

static bool
scope_is_same(const struct crl *a, const struct crl *b)
{
	return a->has_idp == b->has_idp &&
	    bytes_equal(a->idp_uri, b->idp_uri) &&
	    a->only_ca_certs == b->only_ca_certs && a->is_delta == b->is_delta;
}

static bool
check_span(const struct crl *next, struct err *err)
{
	if (next->next_update <= next->this_update)
		return fail(err, ERR_INTERNAL, "CRL %llu ends before it begins",
		    (unsigned long long)next->number);
	return true;
}

bool
crl_gate_check(const struct crl_gate *gate, const struct crl *prev,
    const struct crl *next, struct err *err)
{
	struct crl none;

	if (!check_span(next, err))
		return false;
	if (prev == NULL) {
		none = *next;
		none.entries = BYTES_NONE;
		none.entries_n = 0;
		return check_entries(gate, &none, next, err);
	}
	if (!check_succession(gate, prev, next, err))
		return false;
	if (!scope_is_same(prev, next))
		return fail(err, ERR_INTERNAL,
		    "CRL %llu has another scope than the published one",
		    (unsigned long long)next->number);
	return check_entries(gate, prev, next, err);
}

bool
crl_gate_check_delta(const struct crl_gate *gate, const struct crl *full,
    const struct crl *prev, const struct crl *next, struct err *err)
{
	struct crl_cursor in_full = crl_cursor_of(full->entries);
	struct crl_cursor in_next = crl_cursor_of(next->entries);
	struct crl_cursor was;

	if (!check_span(next, err) ||
	    !check_succession(gate, full, next, err) ||
	    (prev != NULL && !check_succession(gate, prev, next, err)))
		return false;
	/* RFC 5280 section 5.2.4: of the same scope as its base. */
	if (!next->is_delta || full->is_delta || next->has_idp ||
	    full->has_idp || next->base != full->number)
		return fail(err, ERR_INTERNAL,
		    "CRL %llu is no delta of the published CRL %llu",
		    (unsigned long long)next->number,
		    (unsigned long long)full->number);
	/* Our own, so all have one shape; else nothing is compared, and nothing
	 * published. */
	if (!full->is_uniform || !next->is_uniform ||
	    (prev != NULL && !prev->is_uniform))
		return fail(err, ERR_INTERNAL,
		    "CRL %llu or its base is not sorted or not of our making",
		    (unsigned long long)next->number);
	if (prev == NULL)
		return true;
	for (was = crl_cursor_of(prev->entries); was.p < was.end;
	     was.p += crl_entry_octets(was.p))
		if (!crl_cursor_seek(&in_next, was.p + CRL_SERIAL_AT) &&
		    !crl_cursor_seek(&in_full, was.p + CRL_SERIAL_AT) &&
		    !check_left(gate, prev, serial_of(was.p), err))
			return false;
	return true;
}
