#include "ca/lint.h"
#include "ca/spec.h"
#include "codec/subject_form.h"

void
serial_draw(const struct random *random, uint8_t node, int64_t now,
    uint8_t out[SERIAL_SIZE])
{
	out[0] = node;
	bytes_put_be(out + 1, 5, (uint64_t)now);
	random_fill(random, out + 6, SERIAL_SIZE - 6);
}

/* ---- lifetime ---- */

#define SPEC_AHEAD 60

/* The signer has its own clock and the request a way to it: a minute of the
 * CA's limit is left for that. */
static int64_t
backdate_derive(const struct spec_input *in)
{
	int64_t most = in->ca->max_backdate - 60;

	return MIN_OF(in->profile->t.backdate, MAX_OF(most, 0));
}

static bool
lifetime_derive(const struct spec_input *in, int64_t *not_before,
    int64_t *not_after, struct err *err)
{
	const struct profile_text *t = &in->profile->t;
	int64_t most = MIN_OF(t->max_lifetime, in->ca->max_lifetime);
	int64_t back = backdate_derive(in);
	int64_t from = in->now - back, to;

	if (in->not_before != 0) {
		if (in->not_before < from)
			return fail(err, ERR_REJECTED,
			    "notBefore lies %lld s before now, profile %s "
			    "allows %lld",
			    (long long)(in->now - in->not_before), t->name,
			    (long long)back);
		if (in->not_before > in->now + LINT_FUTURE)
			return fail(err, ERR_REJECTED,
			    "notBefore lies more than 5 minutes in the future");
		from = in->not_before;
	}
	/* When the end alone is asked for, backdating takes nothing from it;
	 * who counts from his own clock may be a minute ahead. */
	if (in->not_before == 0 && in->not_after != 0)
		from = MAX_OF(from,
		    MIN_OF(in->not_after - most + 1, in->now + SPEC_AHEAD));
	/* RFC 5280 section 4.1.2.5: the last second counts too. */
	to = in->not_after != 0 ? in->not_after : from + t->lifetime - 1;
	if (to <= in->now || to < from)
		return fail(err, ERR_REJECTED, "notAfter is not after %s",
		    to <= in->now ? "now" : "notBefore");
	if (to - from + 1 > most)
		return fail(err, ERR_REJECTED,
		    "a lifetime of %lld s is asked for, profile %s allows "
		    "%lld",
		    (long long)(to - from + 1), t->name, (long long)most);
	*not_before = from;
	*not_after = to;
	return true;
}

static bool
lifetime_check_chain(const struct chain *chain, int64_t not_before,
    int64_t not_after, struct err *err)
{
	char end[TIME_RFC3339_SIZE], ours[TIME_RFC3339_SIZE];

	for (size_t i = 0; i < chain->n; i++) {
		if (not_after <= chain->certs[i].not_after)
			continue;
		time_format_rfc3339(not_after, ours);
		time_format_rfc3339(chain->certs[i].not_after, end);
		return fail(err, ERR_REJECTED,
		    "the certificate would end at %s, after its CA, which "
		    "ends at %s",
		    ours, end);
	}
	if (not_before < chain->certs[0].not_before)
		return fail(err, ERR_REJECTED,
		    "the certificate would begin before its CA");
	return true;
}

/*
 * A CA that was made a minute ago cannot be backdated past its own beginning;
 * the first certificates begin with it.
 */
static int64_t
clip_to_issuer(const struct spec_input *in, int64_t not_before)
{
	int64_t first = in->ca->issuer->chain.certs[0].not_before;

	return in->not_before == 0 && not_before < first && first <= in->now
	    ? first
	    : not_before;
}

bool
spec_check_lifetime(
    const struct spec_input *in, int64_t *until, struct err *err)
{
	const struct chain *chain = &in->ca->issuer->chain;
	int64_t from, to;

	if (!lifetime_derive(in, &from, &to, err) ||
	    !lifetime_check_chain(chain, clip_to_issuer(in, from), to, err))
		return false;
	*until = in->not_after != 0 ? in->not_after : INT64_MAX;
	if (in->not_before != 0)
		*until = MIN_OF(*until, in->not_before + backdate_derive(in));
	return true;
}

int64_t
spec_end(const struct spec_input *in, int64_t seconds)
{
	const struct chain *chain = &in->ca->issuer->chain;
	int64_t most =
	    MIN_OF(in->profile->t.max_lifetime, in->ca->max_lifetime);
	int64_t life = MIN_OF(seconds, most);
	/* Backdating is a part of a lifetime, as it is of the profile's own,
	 * but of a short one a small part. */
	int64_t end =
	    in->now - MIN_OF(backdate_derive(in), life / 8) + life - 1;

	for (size_t i = 0; i < chain->n; i++)
		end = MIN_OF(end, chain->certs[i].not_after);
	return end;
}

/* ---- subject ---- */

static const char *
first_common_name(struct names names)
{
	for (size_t i = 0; i < names.n; i++)
		if (names.v[i].type == NAME_DNS &&
		    strlen(names.v[i].text) <= LINT_NAME_MAX)
			return names.v[i].text;
	return NULL;
}

/* The CSR's common name, in the normal form that the names have. */
static const char *
csr_common_name(const struct csr *csr, struct names names)
{
	if (csr == NULL || csr->common_name == NULL ||
	    strlen(csr->common_name) > LINT_NAME_MAX)
		return NULL;
	for (size_t i = 0; i < names.n; i++)
		if (strcasecmp(names.v[i].text, csr->common_name) == 0)
			return names.v[i].text;
	return NULL;
}

static const char *
responder_common_name(const struct cert *ca, struct arena *a)
{
	const char *name = subject_common_name(a, ca->subject);
	static const char suffix[] = " OCSP";
	size_t room = LINT_NAME_MAX - (sizeof(suffix) - 1);
	size_t n;

	if (name == NULL)
		name = "CA";
	n = strlen(name);
	if (n > room) {
		/* Not in the middle of a character. */
		n = room;
		while (n > 0 && ((uint8_t)name[n] & 0xc0) == 0x80)
			n--;
	}
	return arena_printf(a, "%.*s%s", (int)n, name, suffix);
}

static struct bytes
subject_derive(const struct spec_input *in, struct arena *a)
{
	const struct profile *p = in->profile;
	struct subject subject = { .country = p->t.subject_country,
		.organization = p->t.subject_organization };
	AUTO_BUF out = { 0 };

	if (p->t.subject_request && in->csr != NULL)
		return subject_form_normal(in->csr->subject, a);
	if (p->t.responder)
		subject.common_name =
		    responder_common_name(&in->ca->issuer->chain.certs[0], a);
	else
		switch (p->subject_cn) {
		case SUBJECT_NONE:
			break;
		case SUBJECT_FIRST_NAME:
			subject.common_name = first_common_name(in->names);
			break;
		case SUBJECT_CSR_CN:
			subject.common_name =
			    csr_common_name(in->csr, in->names);
			break;
		}
	subject_put(&out, &subject);
	return arena_take_buf(a, &out);
}

static bool
must_staple_derive(const struct profile *p, const struct csr *csr)
{
	switch (p->must_staple) {
	case MUST_STAPLE_NEVER:
		return false;
	case MUST_STAPLE_REQUESTED:
		return csr != NULL && csr->must_staple;
	case MUST_STAPLE_ALWAYS:
		return true;
	}
	return false;
}

unsigned
spec_shard(const struct spec_input *in, const uint8_t serial[SERIAL_SIZE])
{
	uint32_t drawn;

	if (in->profile->t.crl_shards_url == NULL || in->shards == 0)
		return 0;
	/* Of the random octets: even, and nobody's choice. */
	memcpy(&drawn, serial + SERIAL_SIZE - sizeof(drawn), sizeof(drawn));
	return 1 + drawn % in->shards;
}

bool
spec_derive(const struct spec_input *in, const struct random *random,
    struct arena *a, struct cert_spec *out, struct err *err)
{
	const struct profile *p = in->profile;
	const struct issuer *issuer = in->ca->issuer;
	const struct chain *chain = &issuer->chain;
	unsigned shard;
	struct cert_spec spec = { .sig_alg = issuer->sig_alg,
		.issuer = chain->certs[0].subject,
		.spki = in->spki,
		.path_length = -1,
		.key_usage = profile_key_usage(p, in->key->alg),
		.eku = p->eku.v,
		.eku_n = p->eku.n,
		.names = in->names,
		.aki = issuer->key_id,
		.crl_url = p->t.crl_url,
		.ca_issuers_url = p->t.ca_issuers_url,
		.ocsp_url = p->t.ocsp_url,
		.policies = p->t.policies.v,
		.policies_n = p->t.policies.n,
		.must_staple = must_staple_derive(p, in->csr),
		.ocsp_nocheck = p->t.responder };

	if (!lifetime_derive(in, &spec.not_before, &spec.not_after, err))
		return false;
	spec.not_before = clip_to_issuer(in, spec.not_before);
	if (!lifetime_check_chain(chain, spec.not_before, spec.not_after, err))
		return false;
	spec.subject = subject_derive(in, a);
	/* RFC 5280 section 4.2.1.6: critical when it alone names the subject;
	 * SKI is left out of leaves (BR: NOT RECOMMENDED). */
	spec.names_critical = spec.subject.n <= 2;
	serial_draw(random, in->node, in->now, spec.serial);
	shard = spec_shard(in, spec.serial);
	if (shard != 0)
		spec.crl_url = crl_shard_uri(a, p->t.crl_shards_url, shard);
	*out = spec;
	return true;
}
