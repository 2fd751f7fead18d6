#include "ca/client.h"
#include "crypto/verified.h"

#define EKU_CLIENT_AUTH "1.3.6.1.5.5.7.3.2"
#define EKU_ANY "2.5.29.37.0"
#define RSA_BITS_MIN 2048u

static bool
has_eku(const struct cert *c, const char *oid)
{
	for (size_t i = 0; i < c->eku_n; i++)
		if (strcmp(c->eku[i], oid) == 0)
			return true;
	return false;
}

/* RFC 5280 sections 4.2.1.3, 4.2.1.12 and 6.1, for the end of a path. */
static bool
check_form(const struct cert *c, int64_t now, struct err *err)
{
	if (now < c->not_before || now > c->not_after)
		return fail(err, ERR_UNAUTHORIZED, "the client certificate %s",
		    now > c->not_after ? "has expired" : "is not valid yet");
	if (c->is_ca)
		return fail(
		    err, ERR_UNAUTHORIZED, "the client certificate is a CA's");
	if (c->unknown_critical)
		return fail(err, ERR_UNAUTHORIZED,
		    "the client certificate has a critical extension that is "
		    "not known here");
	/* The TLS layer leaves all judgement to us, also OpenSSL's of keys. */
	if (c->key.alg == KEY_RSA && c->key.bits < RSA_BITS_MIN)
		return fail(err, ERR_UNAUTHORIZED,
		    "the client certificate's RSA key has %u bits, expected "
		    "%u or more",
		    c->key.bits, RSA_BITS_MIN);
	if (c->has_key_usage && (c->key_usage & KU_DIGITAL_SIGNATURE) == 0)
		return fail(err, ERR_UNAUTHORIZED,
		    "the client certificate's key usage has no "
		    "digitalSignature");
	if (c->eku_n > 0 && !has_eku(c, EKU_CLIENT_AUTH) &&
	    !has_eku(c, EKU_ANY))
		return fail(err, ERR_UNAUTHORIZED,
		    "the client certificate's extended key usage has no "
		    "clientAuth");
	return true;
}

/* One look at one certificate. */
struct look {
	const struct client_check *check;
	const struct client_place *place;
	struct arena *a;
};

static bool
signed_by(const struct look *look, const struct cert *c, const struct cert *ca)
{
	const struct client_check *check = look->check;
	struct err why = { 0 };
	uint8_t key[32];
	bool holds;

	if (!bytes_equal(c->issuer, ca->subject))
		return false;
	verified_key(check->verified, check->generation, check->index,
	    VERIFIED_CERTIFICATE, c->der, ca->spki, key);
	if (verified_has(check->verified, key, check->now))
		return true;
	AUTO_LANE loan = lane_lend(check->lanes);

	holds = cert_verify(loan.lane, c, ca, &why);
	if (holds)
		verified_add(check->verified, key, check->now);
	return holds;
}

static const struct ca_view *
find_our_ca(const struct look *look, const struct cert *c)
{
	const struct ca_view *views;
	size_t n = ca_list(look->check->ca, &views);

	for (size_t i = 0; i < n; i++)
		if (signed_by(look, c, &views[i].cert))
			return &views[i];
	return NULL;
}

static bool
below_an_anchor(const struct look *look, const struct cert *c)
{
	const struct client_place *place = look->place;

	for (size_t i = 0; i < place->anchors_n; i++)
		if (look->check->now <= place->anchors[i].not_after &&
		    signed_by(look, c, &place->anchors[i]))
			return true;
	return false;
}

static bool
takes_profile(const struct client_place *place, const char *profile)
{
	for (size_t i = 0; i < place->profiles.n; i++)
		if (strcmp(place->profiles.v[i], profile) == 0)
			return true;
	return false;
}

/* One of ours: our record is what counts, not its signature alone. */
static bool
check_record(const struct look *look, const struct ca_view *ca,
    struct ca_client *out, struct err *err)
{
	struct err why = { 0 };

	if (!store_cert_get_by_serial(look->check->store, ca->key,
		out->cert.serial, look->a, &out->row, &why)) {
		if (why.kind == ERR_NOT_FOUND)
			return fail(err, ERR_UNAUTHORIZED,
			    "the client certificate is in no record of this "
			    "CA");
		*err = why;
		return false;
	}
	if (out->row.status != CERT_ISSUED)
		return fail(
		    err, ERR_UNAUTHORIZED, "the client certificate is revoked");
	if (!takes_profile(look->place, out->row.profile))
		return fail(err, ERR_UNAUTHORIZED,
		    "the client certificate is of profile %s, which %s does "
		    "not take",
		    out->row.profile, look->place->name);
	out->ours = true;
	return true;
}

bool
ca_client_verify(const struct client_check *check,
    const struct client_place *place, struct bytes der, struct arena *a,
    struct ca_client *out, struct err *err)
{
	const struct look look = { check, place, a };
	struct ca_client client = { 0 };
	const struct ca_view *ca;
	struct err why = { 0 };

	if (!cert_parse(der, a, &client.cert, &why))
		return fail_detail(err, ERR_UNAUTHORIZED,
		    "the client certificate cannot be read", "%s", why.shown);
	if (!check_form(&client.cert, check->now, err))
		return false;
	ca = find_our_ca(&look, &client.cert);
	if (ca != NULL) {
		if (!check_record(&look, ca, &client, err))
			return false;
	} else if (!below_an_anchor(&look, &client.cert)) {
		return fail(err, ERR_UNAUTHORIZED,
		    "the client certificate is of no CA that %s takes",
		    place->name);
	}
	*out = client;
	return true;
}

bool
ca_client_has_usage(const struct ca_client *client, const char *oid)
{
	return has_eku(&client->cert, oid);
}
