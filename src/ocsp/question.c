#include "ocsp/question.h"

void
ocsp_serial_widen(struct bytes magnitude, uint8_t out[SERIAL_SIZE])
{
	memset(out, 0, SERIAL_SIZE);
	/* Zero has no octets, and memcpy no NULL. */
	if (magnitude.n > 0)
		memcpy(
		    out + SERIAL_SIZE - magnitude.n, magnitude.p, magnitude.n);
}

static bool
look_up(struct ocsp *o, const struct question *q, size_t i, struct status *out,
    struct err *err)
{
	uint8_t serial[SERIAL_SIZE];

	ocsp_serial_widen(q->request.ids[i].serial, serial);
	return ca_status_get(o->deps.ca, q->issuer->key, serial, out, err);
}

static bool
find_issuer(struct question *q, int64_t now, struct err *err)
{
	const struct ocsp_issuer *first = NULL;

	for (size_t i = 0; i < q->request.n; i++) {
		const struct ocsp_issuer *found =
		    ocsp_issuer_find(q->state, &q->request.ids[i]);

		/* RFC 6960 section 2.3: not able to respond with authority. */
		if (found == NULL)
			return fail(err, ERR_NOT_FOUND,
			    "the issuer of certificate %zu is none of ours", i);
		if (found->not_after <= now)
			return fail(err, ERR_NOT_FOUND,
			    "the issuer of certificate %zu has expired", i);
		if (first != NULL && memcmp(found->key, first->key, 32) != 0)
			return fail(err, ERR_NOT_FOUND,
			    "certificates of more than one issuer in a "
			    "request");
		first = found;
	}
	q->issuer = first;
	return true;
}

bool
question_decide(
    struct ocsp *o, struct question *q, int64_t now, struct err *err)
{
	q->state = atomic_load(&o->state);
	if (!find_issuer(q, now, err))
		return false;
	for (size_t i = 0; i < q->request.n; i++) {
		if (!look_up(o, q, i, &q->statuses[i], err))
			return false;
		/* RFC 9919 section 3.1.1: without a record, unauthorized. */
		if (q->statuses[i].kind == STATUS_NOT_ISSUED &&
		    q->state->unissued == OCSP_NO_ANSWER)
			return fail(err, ERR_NOT_FOUND,
			    "the serial of certificate %zu was not issued", i);
	}
	return true;
}

bool
question_is_current(struct ocsp *o, const struct question *q)
{
	struct err err = { 0 };
	struct status now;

	for (size_t i = 0; i < q->request.n; i++)
		if (!look_up(o, q, i, &now, &err) ||
		    now.kind != q->statuses[i].kind ||
		    now.version != q->statuses[i].version)
			return false;
	return true;
}

void
question_single(const struct status *st, enum ocsp_unissued unissued,
    struct ocsp_single *out)
{
	out->reason = -1;
	out->revoked_at = 0;
	switch (st->kind) {
	case STATUS_GOOD:
		out->status = OCSP_GOOD;
		return;
	case STATUS_REVOKED:
		out->status = OCSP_REVOKED;
		out->revoked_at = st->revoked_at;
		/* RFC 5280 section 5.3.1: unspecified is said by silence. */
		if (st->reason != REASON_UNSPECIFIED)
			out->reason = st->reason;
		return;
	case STATUS_NOT_ISSUED:
		break;
	}
	if (unissued != OCSP_SAY_REVOKED) {
		out->status = OCSP_UNKNOWN;
		return;
	}
	/* RFC 6960 section 2.2: certificateHold at 1970-01-01. */
	out->status = OCSP_REVOKED;
	out->reason = REASON_HOLD;
}

uint64_t
question_version(const struct status *st, enum ocsp_unissued unissued)
{
	/* What was issued never has such a high one (status_index.c). */
	return st->kind == STATUS_NOT_ISSUED ? UINT64_MAX - unissued
					     : st->version;
}
