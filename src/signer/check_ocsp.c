#include "signer/check.h"

#define REFUSE(...) fail(err, ERR_SIGNER_REFUSED, __VA_ARGS__)

static bool
check_time(
    const struct check_ocsp *c, const char *what, int64_t t, struct err *err)
{
	if (t < c->now - CHECK_SKEW || t > c->now + CHECK_SKEW)
		return REFUSE("OCSP answer's %s is %lld s from now, expected "
			      "at most %d",
		    what, (long long)(t - c->now), CHECK_SKEW);
	return true;
}

/*
 * The answer for a serial that was never issued, RFC 6960 section 2.2: revoked
 * in 1970 and on hold.  Neither is ever said of a certificate.
 */
static bool
is_unissued(const struct ocsp_single *s)
{
	return s->status == OCSP_REVOKED && s->revoked_at == 0 &&
	    s->reason == REASON_HOLD;
}

static bool
check_revoked(
    const struct check_ocsp *c, const struct ocsp_single *s, struct err *err)
{
	if (s->status != OCSP_REVOKED || is_unissued(s))
		return true;
	if (s->reason == REASON_HOLD)
		return REFUSE("OCSP answer suspends a certificate");
	if (s->revoked_at <= 0 || s->revoked_at > c->now + CHECK_SKEW)
		return REFUSE("OCSP answer says revoked at %lld, expected a "
			      "time until now",
		    (long long)s->revoked_at);
	return true;
}

static bool
check_single(
    const struct check_ocsp *c, const struct ocsp_single *s, struct err *err)
{
	struct ocsp_cert_id id;

	if (!ocsp_cert_id_parse(s->cert_id, &id, NULL) ||
	    !ocsp_cert_id_is_of(&id, c->issuer))
		return REFUSE("OCSP answer is for a certificate of another "
			      "issuer than CA %s",
		    c->limits->ca);
	if (!check_revoked(c, s, err) ||
	    !check_time(c, "thisUpdate", s->this_update, err))
		return false;
	if (s->next_update <= s->this_update)
		return REFUSE("OCSP answer's nextUpdate is not behind its "
			      "thisUpdate");
	if (s->next_update - s->this_update > c->limits->ocsp_validity)
		return REFUSE("OCSP answer is valid for %lld s, expected at "
			      "most %lld",
		    (long long)(s->next_update - s->this_update),
		    (long long)c->limits->ocsp_validity);
	return true;
}

bool
check_ocsp(
    const struct check_ocsp *c, const struct ocsp_data *data, struct err *err)
{
	bool unissued = false;

	if (!c->has_responder)
		return REFUSE(
		    "OCSP answer names a key that is no responder key of ours");
	if (!check_time(c, "producedAt", data->produced_at, err))
		return false;
	for (size_t i = 0; i < data->n; i++) {
		if (!check_single(c, &data->singles[i], err))
			return false;
		unissued = unissued || is_unissued(&data->singles[i]);
	}
	/* RFC 6960 section 4.4.8: it MUST be there then. */
	if (unissued != data->extended_revoke)
		return REFUSE("OCSP answer %s the extension that goes with "
			      "revoking what was not issued",
		    unissued ? "lacks" : "has");
	return true;
}
