#include "ca/core.h"
#include "util/times.h"

void
responders_init(struct responders *s)
{
	pthread_mutex_init(&s->lock, NULL);
	pthread_mutex_init(&s->run, NULL);
	s->arena = arena_new();
}

void
responders_done(struct responders *s)
{
	arena_free(s->arena);
	pthread_mutex_destroy(&s->lock);
	pthread_mutex_destroy(&s->run);
}

bool
responders_set_key(struct responders *s, struct bytes spki)
{
	if (s->asked && bytes_equal(s->spki, spki))
		return false;
	s->asked = true;
	s->has_key = spki.n != 0;
	s->spki = arena_bytes(s->arena, spki);
	digest_sha256(spki, s->spki_sha256);
	return true;
}

bool
responders_add(struct responders *s, const uint8_t issuer_key[32],
    struct bytes der, struct err *err)
{
	struct known_responder *k;
	struct cert cert;

	for (k = s->known; k != NULL; k = k->next)
		if (bytes_equal(k->r.certificate, der))
			return true;
	k = arena_alloc(s->arena, sizeof(*k));
	memset(k, 0, sizeof(*k));
	k->r.certificate = arena_bytes(s->arena, der);
	if (!cert_parse(k->r.certificate, s->arena, &cert, err))
		return false;
	if (cert.serial.n != SERIAL_SIZE)
		return fail(err, ERR_MALFORMED,
		    "serial of a responder's certificate has %zu octets",
		    cert.serial.n);
	memcpy(k->serial, cert.serial.p, SERIAL_SIZE);
	memcpy(k->issuer_key, issuer_key, sizeof(k->issuer_key));
	digest_sha256(cert.spki, k->spki_sha256);
	ocsp_key_hash(&cert.key, k->r.key_hash);
	k->r.sig_alg = key_alg_signs(cert.key.alg);
	k->r.not_before = cert.not_before;
	k->r.not_after = cert.not_after;
	k->next = s->known;
	s->known = k;
	return true;
}

bool
responders_withdraw(struct responders *s, const uint8_t issuer_key[32],
    const uint8_t serial[SERIAL_SIZE])
{
	const struct known_responder *k;

	pthread_mutex_lock(&s->lock);
	k = s->known;
	while (k != NULL &&
	    (memcmp(k->serial, serial, SERIAL_SIZE) != 0 ||
		memcmp(k->issuer_key, issuer_key, 32) != 0))
		k = k->next;
	pthread_mutex_unlock(&s->lock);
	if (k == NULL)
		return false;
	atomic_fetch_add(&s->withdrawn, 1);
	atomic_store(&s->look_at, 0);
	return true;
}

/* The record's word; while it is not known, nobody is told a status anyway. */
static bool
is_revoked(struct ca *ca, const struct known_responder *k)
{
	struct err ignored = { 0 };
	struct status st;

	return ca_status_get(ca, k->issuer_key, k->serial, &st, &ignored) &&
	    st.kind == STATUS_REVOKED;
}

/* NULL: it may sign. */
static const char *
why_not(struct ca *ca, const struct known_responder *k, int64_t now)
{
	const struct responders *s = &ca->responders;

	if (now < k->r.not_before)
		return "is not valid yet";
	if (now > k->r.not_after)
		return "has expired";
	if (!s->has_key || memcmp(k->spki_sha256, s->spki_sha256, 32) != 0)
		return "is for another key than keys/ocsp.key";
	if (is_revoked(ca, k))
		return "is revoked";
	return NULL;
}

const struct known_responder *
responders_live(struct ca *ca, const uint8_t issuer_key[32], int64_t now)
{
	const struct known_responder *best = NULL;

	for (const struct known_responder *k = ca->responders.known; k != NULL;
	     k = k->next)
		if (memcmp(k->issuer_key, issuer_key, 32) == 0 &&
		    why_not(ca, k, now) == NULL &&
		    (best == NULL || k->r.not_before > best->r.not_before))
			best = k;
	return best;
}

const char *
responders_why_none(
    struct ca *ca, const uint8_t issuer_key[32], int64_t now, struct arena *a)
{
	const struct known_responder *last = NULL;
	char end[TIME_RFC3339_SIZE];

	for (const struct known_responder *k = ca->responders.known; k != NULL;
	     k = k->next)
		if (memcmp(k->issuer_key, issuer_key, 32) == 0 &&
		    (last == NULL || k->r.not_after > last->r.not_after))
			last = k;
	if (!ca->responders.has_key)
		return "the signer holds no keys/ocsp.key";
	if (last == NULL)
		return "no responder's certificate is on record";
	time_format_rfc3339(last->r.not_after, end);
	return arena_printf(a, "the certificate that ends at %s %s", end,
	    why_not(ca, last, now));
}
