/*
 * A CRL that we accept OpenSSL accepts, too, with as many entries.  Its list,
 * made anew entry by entry, reads the same.
 */
#include "codec/crl.h"
#include "crypto/own.h"
#include "require.h"

static void
against_openssl(struct bytes der, const struct crl *c)
{
	const unsigned char *p = der.p;
	AUTO(X509_CRL) *x = d2i_X509_CRL(NULL, &p, (long)der.n);
	STACK_OF(X509_REVOKED) * list;

	REQUIRE(x != NULL && p == der.p + der.n);
	list = X509_CRL_get_REVOKED(x);
	REQUIRE((list == NULL ? 0 : (size_t)sk_X509_REVOKED_num(list)) ==
	    c->entries_n);
}

static void
made_anew(const struct crl *c)
{
	struct crl_spec spec = { .sig_alg = c->sig_alg,
		.issuer = c->issuer,
		.aki = c->aki,
		.this_update = c->this_update,
		.next_update = c->next_update,
		.number = c->number,
		.only_ca_certs = c->only_ca_certs };
	AUTO_BUF entries = { 0 };
	AUTO_BUF tbs = { 0 };
	AUTO_BUF der = { 0 };
	enum crl_reason reason;
	struct bytes serial;
	size_t pos = 0, n = 0;
	struct crl again;
	int64_t at;

	while (crl_entry_next(c, &pos, &serial, &at, &reason)) {
		/* A delta's removals do not belong into a full CRL. */
		if (reason == REASON_REMOVE)
			return;
		crl_entry_put(&entries, serial, at, reason);
		n++;
	}
	REQUIRE(pos == c->entries.n && n == c->entries_n);
	spec.entries = buf_bytes(&entries);
	crl_tbs_put(&tbs, &spec);
	crl_put(&der, buf_bytes(&tbs), c->sig_alg, bytes_str("sig"));
	REQUIRE(crl_parse(buf_bytes(&der), &again, NULL));
	REQUIRE(bytes_equal(again.tbs, buf_bytes(&tbs)));
	REQUIRE(bytes_equal(again.issuer, c->issuer));
	REQUIRE(bytes_equal(again.aki, c->aki));
	REQUIRE(again.number == c->number);
	REQUIRE(again.this_update == c->this_update);
	REQUIRE(again.next_update == c->next_update);
	REQUIRE(again.entries_n == n);
	REQUIRE(bytes_equal(again.entries, spec.entries));
	against_openssl(buf_bytes(&der), &again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	struct crl c;

	if (size > 8192)
		return 0;
	if (crl_parse(in, &c, NULL)) {
		against_openssl(in, &c);
		made_anew(&c);
	}
	if (crl_parse_tbs(in, &c, NULL))
		made_anew(&c);
	return 0;
}
