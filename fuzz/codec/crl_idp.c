/*
 * IssuingDistributionPoint and the points of freshestCRL: what we accept
 * OpenSSL accepts, and the form that we make reads the same again.
 */
#include "codec/crl.h"
#include "crypto/own.h"
#include "require.h"
/* Behind ours: its macros have the names of our key usage bits. */
#include <openssl/x509v3.h>

static void
idp_against_openssl(struct bytes in, const struct crl_idp *idp)
{
	const unsigned char *p = in.p;
	ISSUING_DIST_POINT *x = d2i_ISSUING_DIST_POINT(NULL, &p, (long)in.n);

	REQUIRE(x != NULL && p == in.p + in.n);
	REQUIRE((x->distpoint != NULL) == idp->has_name);
	REQUIRE((x->onlyuser > 0) == idp->only_user_certs);
	REQUIRE((x->onlyCA > 0) == idp->only_ca_certs);
	REQUIRE(x->onlysomereasons == NULL && x->indirectCRL <= 0 &&
	    x->onlyattr <= 0);
	ISSUING_DIST_POINT_free(x);
}

static void
made_anew(const struct crl_idp *idp)
{
	struct crl_idp again;
	AUTO_BUF b = { 0 };

	if (idp->uri.n == 0 && idp->has_name)
		return; /* a name of another form is not written */
	crl_idp_put(&b, idp);
	REQUIRE(crl_idp_parse(buf_bytes(&b), &again, NULL));
	REQUIRE(bytes_equal(again.uri, idp->uri));
	REQUIRE(again.only_user_certs == idp->only_user_certs);
	REQUIRE(again.only_ca_certs == idp->only_ca_certs);
}

/* A shard's URI says its number, and no other URI says it. */
static void
shard(struct bytes uri)
{
	static const char base[] = "http://a/crl/b/";
	AUTO_ARENA *a = arena_new();
	unsigned n;

	if (!crl_shard_of_uri(uri, base, &n))
		return;
	REQUIRE(n >= 1 && n <= CRL_SHARDS_MAX);
	REQUIRE(bytes_equal(uri, bytes_str(crl_shard_uri(a, base, n))));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size), uri;
	struct crl_idp idp;

	if (size > 4096)
		return 0;
	shard(in);
	if (crl_idp_parse(in, &idp, NULL)) {
		shard(idp.uri);
		idp_against_openssl(in, &idp);
		made_anew(&idp);
	}
	if (crl_points_parse(in, &uri)) {
		const unsigned char *p = in.p;
		CRL_DIST_POINTS *x = d2i_CRL_DIST_POINTS(NULL, &p, (long)size);

		REQUIRE(x != NULL && p == in.p + in.n);
		REQUIRE(uri.n == 0 || sk_DIST_POINT_num(x) == 1);
		CRL_DIST_POINTS_free(x);
	}
	return 0;
}
