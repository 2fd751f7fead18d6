#include "codec/crl.h"
#include "codec/extension.h"

/* The members of IssuingDistributionPoint, by their tags. */
enum { NAME, ONLY_USER, ONLY_CA, SOME_REASONS, INDIRECT, ONLY_ATTRIBUTE, N };

static bool
fail_form(struct err *err)
{
	return fail(err, ERR_MALFORMED,
	    "CRL has a malformed issuing distribution point");
}

/* A fullName of URIs, which is what anybody can fetch; *uri stays empty when
 * there are several.  Other names are no form of ours. */
static bool
point_name_read(struct bytes name, struct bytes *uri)
{
	struct der d = der_of(name), names;
	struct bytes c = BYTES_NONE;
	size_t n = 0;

	if (!der_enter(&d, DER_CONTEXT_CONSTRUCTED(0), &names) ||
	    !der_at_end(&d) || der_at_end(&names))
		return false;
	for (; !der_at_end(&names); n++)
		if (!der_read(&names, DER_CONTEXT(6), &c))
			return false;
	*uri = n == 1 ? c : BYTES_NONE;
	return true;
}

static void
point_name_put(struct buf *b, struct bytes uri)
{
	size_t name = der_open(b, DER_CONTEXT_CONSTRUCTED(0));
	size_t full = der_open(b, DER_CONTEXT_CONSTRUCTED(0));

	der_put(b, DER_CONTEXT(6), uri);
	der_close(b, full);
	der_close(b, name);
}

bool
crl_idp_parse(struct bytes value, struct crl_idp *out, struct err *err)
{
	struct der d = der_of(value), inner;
	struct crl_idp idp = { .uri = BYTES_NONE };
	bool found[N] = { false };
	struct bytes c;

	if (!der_enter(&d, DER_SEQUENCE, &inner) || !der_at_end(&d) ||
	    !der_read_optional(
		&inner, DER_CONTEXT_CONSTRUCTED(0), &found[NAME], &c) ||
	    (found[NAME] && !point_name_read(c, &idp.uri)))
		return fail_form(err);
	for (int i = ONLY_USER; i < N; i++) {
		/* X.690 section 11.5: FALSE, the default, is not encoded. */
		if (!der_read_optional(&inner, DER_CONTEXT(i), &found[i], &c) ||
		    (found[i] && i != SOME_REASONS &&
			(c.n != 1 || c.p[0] != 0xff)))
			return fail_form(err);
	}
	/* The same section: an empty one MUST NOT be issued, and the scopes
	 * exclude each other. */
	if (!der_at_end(&inner) || (found[ONLY_USER] && found[ONLY_CA]) ||
	    !(found[NAME] || found[ONLY_USER] || found[ONLY_CA] ||
		found[SOME_REASONS] || found[INDIRECT] ||
		found[ONLY_ATTRIBUTE]))
		return fail_form(err);
	if (found[SOME_REASONS] || found[INDIRECT] || found[ONLY_ATTRIBUTE])
		return fail(err, ERR_UNSUPPORTED,
		    "CRL is indirect, for some reasons only, or for attribute "
		    "certificates");
	idp.has_name = found[NAME];
	idp.only_user_certs = found[ONLY_USER];
	idp.only_ca_certs = found[ONLY_CA];
	*out = idp;
	return true;
}

void
crl_idp_put(struct buf *b, const struct crl_idp *idp)
{
	static const uint8_t yes[] = { 0xff };
	size_t mark = der_open(b, DER_SEQUENCE);

	if (idp->uri.n != 0)
		point_name_put(b, idp->uri);
	if (idp->only_user_certs)
		der_put(b, DER_CONTEXT(ONLY_USER), bytes_of(yes, 1));
	if (idp->only_ca_certs)
		der_put(b, DER_CONTEXT(ONLY_CA), bytes_of(yes, 1));
	der_close(b, mark);
}

void
crl_points_put(struct buf *b, const char *uri)
{
	size_t list = der_open(b, DER_SEQUENCE);
	size_t point = der_open(b, DER_SEQUENCE);

	point_name_put(b, bytes_str(uri));
	der_close(b, point);
	der_close(b, list);
}

bool
crl_points_parse(struct bytes value, struct bytes *uri)
{
	struct der d = der_of(value), list, point;
	struct bytes name, found = BYTES_NONE;
	size_t n = 0;

	if (!der_enter(&d, DER_SEQUENCE, &list) || !der_at_end(&d) ||
	    der_at_end(&list))
		return false;
	for (; !der_at_end(&list); n++)
		/* For some reasons only, or by another issuer: not ours. */
		if (!der_enter(&list, DER_SEQUENCE, &point) ||
		    !der_read(&point, DER_CONTEXT_CONSTRUCTED(0), &name) ||
		    !der_at_end(&point) || !point_name_read(name, &found))
			return false;
	*uri = n == 1 ? found : BYTES_NONE;
	return true;
}

const char *
crl_shard_uri(struct arena *a, const char *base, unsigned shard)
{
	return arena_printf(a, "%s%u.crl", base, shard);
}

bool
crl_shard_of_uri(struct bytes uri, const char *base, unsigned *shard)
{
	size_t n = strlen(base), digits = 0;
	unsigned v = 0;

	if (uri.n <= n || memcmp(uri.p, base, n) != 0)
		return false;
	uri = bytes_of(uri.p + n, uri.n - n);
	while (digits < uri.n && digits < 4 && uri.p[digits] >= '0' &&
	    uri.p[digits] <= '9')
		v = v * 10 + (unsigned)(uri.p[digits++] - '0');
	if (digits == 0 || uri.p[0] == '0' || v > CRL_SHARDS_MAX ||
	    uri.n != digits + 4 || memcmp(uri.p + digits, ".crl", 4) != 0)
		return false;
	*shard = v;
	return true;
}
