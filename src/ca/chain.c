#include "ca/chain.h"
#include "codec/pem.h"
#include "codec/subject_form.h"

bool
chain_read_pem(struct bytes pem, struct arena *a, struct cert *out, size_t *n,
    struct err *err)
{
	struct bytes der;
	size_t used = 0;
	bool found;

	for (;;) {
		if (!pem_next(&pem, "CERTIFICATE", a, &found, &der, err))
			return false;
		if (!found)
			break;
		if (used == CHAIN_MAX)
			return fail(err, ERR_TOO_LARGE,
			    "more than %u certificates in a chain", CHAIN_MAX);
		if (!cert_parse(der, a, &out[used], err))
			return false;
		used++;
	}
	if (used == 0)
		return fail(err, ERR_MALFORMED, "no CERTIFICATE block found");
	*n = used;
	return true;
}

bool
cert_is_self_signed(const struct cert *c)
{
	/* The signature itself is checked where it matters: in the chain. */
	return bytes_equal(c->issuer, c->subject) &&
	    (c->aki.n == 0 || c->ski.n == 0 || bytes_equal(c->aki, c->ski));
}

/* RFC 5280 section 4.2.1.1: when both are there they must agree. */
static bool
is_issued_by(const struct cert *c, const struct cert *issuer)
{
	return bytes_equal(c->issuer, issuer->subject) &&
	    (c->aki.n == 0 || issuer->ski.n == 0 ||
		bytes_equal(c->aki, issuer->ski));
}

static const struct cert *
issuer_find(struct lane *lane, const struct cert *c, const struct cert *pool,
    size_t n, struct err *err)
{
	const struct cert *named = NULL;
	struct err why = { 0 };

	for (size_t i = 0; i < n; i++) {
		if (!is_issued_by(c, &pool[i]) ||
		    bytes_equal(c->der, pool[i].der))
			continue;
		named = &pool[i];
		err_clear(&why);
		/* Two certificates may share name and key (cross-signs), and
		 * two keys a name: the signature decides. */
		if (cert_verify(lane, c, named, &why))
			return named;
	}
	if (named != NULL)
		(void)fail(err, ERR_REJECTED,
		    "no certificate of that name has signed the one below it");
	return NULL;
}

static bool
constraints_add(
    struct chain *c, const struct cert *cert, struct arena *a, struct err *err)
{
	if (cert->name_constraints.n == 0)
		return true;
	if (!constraints_parse(cert->name_constraints, a,
		&c->constraints[c->constraints_n], err))
		return false;
	c->constraints_n++;
	return true;
}

bool
chain_build(struct lane *lane, const struct cert *ca, const struct cert *pool,
    size_t pool_n, struct arena *a, struct chain *out, struct err *err)
{
	struct chain c = { .certs = { *ca }, .n = 1 };

	for (;;) {
		const struct cert *top = &c.certs[c.n - 1], *issuer;
		struct err why = { 0 };

		if (!constraints_add(&c, top, a, err))
			return false;
		if (cert_is_self_signed(top)) {
			if (!cert_verify(lane, top, top, err))
				return false;
			c.has_root = true;
			break;
		}
		issuer = issuer_find(lane, top, pool, pool_n, &why);
		if (issuer == NULL && why.kind != ERR_NONE)
			return fail(err, why.kind, "%s", why.shown);
		if (issuer == NULL)
			break;
		if (c.n == CHAIN_MAX)
			return fail(err, ERR_TOO_LARGE,
			    "more than %u certificates in a chain", CHAIN_MAX);
		c.certs[c.n++] = *issuer;
	}
	*out = c;
	return true;
}

static const char *
text_of(const struct cert *c, struct arena *a)
{
	return subject_text(a, c->subject);
}

/* `below`: CA certificates between this one and the end entity. */
static bool
check_one(
    const struct cert *c, unsigned below, struct arena *a, struct err *err)
{
	/* RFC 5280 section 6.1.4 (k), (l), (m), (n), (o). */
	if (!c->has_basic_constraints || !c->is_ca)
		return fail(err, ERR_REJECTED, "%s is no CA certificate",
		    text_of(c, a));
	if (c->has_key_usage && (c->key_usage & KU_KEY_CERT_SIGN) == 0)
		return fail(err, ERR_REJECTED,
		    "%s has a key usage without keyCertSign", text_of(c, a));
	if (c->has_path_length && c->path_length < below)
		return fail(err, ERR_REJECTED,
		    "%s allows %u CA certificates below it, the chain has %u",
		    text_of(c, a), c->path_length, below);
	if (c->unknown_critical)
		return fail(err, ERR_REJECTED,
		    "%s has a critical extension that is not known here",
		    text_of(c, a));
	return true;
}

bool
chain_check_dates(const struct chain *c, int64_t now, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	char when[TIME_RFC3339_SIZE];

	for (size_t i = 0; i < c->n; i++) {
		const struct cert *cert = &c->certs[i];

		if (now < cert->not_before) {
			time_format_rfc3339(cert->not_before, when);
			return fail(err, ERR_REJECTED,
			    "%s is not valid before %s", text_of(cert, a),
			    when);
		}
		if (now > cert->not_after) {
			time_format_rfc3339(cert->not_after, when);
			return fail(err, ERR_REJECTED, "%s has expired at %s",
			    text_of(cert, a), when);
		}
	}
	return true;
}

bool
chain_check(const struct chain *c, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	const struct cert *ca = &c->certs[0];
	unsigned below = 0;

	for (size_t i = 0; i < c->n; i++) {
		if (!check_one(&c->certs[i], below, a, err))
			return false;
		/* Self-issued ones do not count towards a path length. */
		if (!bytes_equal(c->certs[i].issuer, c->certs[i].subject))
			below++;
	}
	/* RFC 5280 section 4.1.2.6: a CA has a name. */
	if (ca->subject.n <= 2)
		return fail(
		    err, ERR_REJECTED, "the CA certificate's subject is empty");
	if (ca->has_key_usage && (ca->key_usage & KU_CRL_SIGN) == 0)
		return fail(err, ERR_REJECTED,
		    "%s has a key usage without cRLSign: it could not sign "
		    "its CRL",
		    text_of(ca, a));
	return true;
}

bool
chain_check_name(const struct chain *c, const struct name *name,
    struct arena *a, struct err *err)
{
	for (size_t i = 0; i < c->constraints_n; i++)
		if (!constraints_check_name(&c->constraints[i], name, a, err))
			return false;
	return true;
}

bool
chain_check_names(const struct chain *c, struct names names,
    struct bytes subject, struct arena *a, struct err *err)
{
	struct names emails, hosts;

	if (c->constraints_n != 0) {
		/* RFC 5280 section 4.2.1.10: those of the subject too. */
		if (!subject_form_emails(subject, a, &emails, err))
			return false;
		for (size_t i = 0; i < emails.n; i++)
			if (!chain_check_name(c, &emails.v[i], a, err))
				return false;
		/* And what is read as a DNS name although it is none of the
		 * names (RFC 6125 section 6.4.4; OpenSSL 3.0 verifies so). */
		hosts = subject_form_hosts(subject, a);
		for (size_t i = 0; i < hosts.n; i++)
			if (!chain_check_name(c, &hosts.v[i], a, err))
				return false;
	}
	for (size_t i = 0; i < c->constraints_n; i++)
		if (!constraints_check_subject(
			&c->constraints[i], subject, a, err))
			return false;
	for (size_t i = 0; i < names.n; i++)
		if (!chain_check_name(c, &names.v[i], a, err))
			return false;
	return true;
}

bool
ca_chain_check(struct lane *lane, struct bytes pem, struct bytes spki,
    int64_t now, struct arena *a, struct chain *out, struct err *err)
{
	struct cert *given = arena_array(a, CHAIN_MAX, sizeof(*given));
	struct chain *c = arena_alloc(a, sizeof(*c));
	size_t n;

	if (!chain_read_pem(pem, a, given, &n, err))
		return false;
	if (!bytes_equal(given[0].spki, spki))
		return fail(err, ERR_REJECTED,
		    "the first certificate (%s) is not for the key of the "
		    "certificate request",
		    text_of(&given[0], a));
	if (cert_is_self_signed(&given[0]))
		return fail(err, ERR_REJECTED,
		    "the first certificate is self-signed, expected one that "
		    "the CA above has issued");
	/* Each needs its issuer right behind it, or the file is a mixture. */
	for (size_t i = 0; i + 1 < n; i++)
		if (!is_issued_by(&given[i], &given[i + 1]))
			return fail(err, ERR_REJECTED,
			    "certificate %zu (%s) is not issued by the one "
			    "after it (%s)",
			    i + 1, text_of(&given[i], a),
			    text_of(&given[i + 1], a));
	if (!chain_build(lane, &given[0], given + 1, n - 1, a, c, err))
		return false;
	if (c->n != n)
		return fail(err, ERR_REJECTED,
		    "only %zu of the %zu certificates form a chain", c->n, n);
	if (!given[0].has_key_usage)
		return fail(err, ERR_REJECTED,
		    "the CA certificate has no key usage (RFC 5280 section "
		    "4.2.1.3 demands it)");
	if (given[0].ski.n == 0)
		return fail(err, ERR_REJECTED,
		    "the CA certificate has no subject key identifier (RFC "
		    "5280 section 4.2.1.2 demands it)");
	if (!chain_check(c, err) || !chain_check_dates(c, now, err))
		return false;
	*out = *c;
	return true;
}
