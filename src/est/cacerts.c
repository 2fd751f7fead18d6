#include "ca/profile.h"
#include "ca/rollover.h"
#include "codec/pem.h"
#include "est/handlers.h"
#include "est/reply.h"

/* The chain, the roots of a rollover and the two that tie them together. */
#define CACERTS_MAX 16u

struct cacerts {
	struct bytes v[CACERTS_MAX];
	size_t n;
};

/* Once each. */
static void
add(struct cacerts *list, struct bytes der)
{
	if (der.n == 0 || list->n == CACERTS_MAX)
		return;
	for (size_t i = 0; i < list->n; i++)
		if (bytes_equal(list->v[i], der))
			return;
	list->v[list->n++] = der;
}

/* The certificates that /ca/<ca>.p7c has, nearest first. */
static bool
add_chain(struct est_call *call, const char *ca, struct cacerts *list,
    struct err *err)
{
	struct blob *blob =
	    ca_artefact(call->est->deps.ca, ca, CA_CHAIN_P7, NULL, NULL, NULL);
	struct bytes bag, certs, one;
	struct der d;
	bool ok;

	if (blob == NULL)
		return fail(err, ERR_INTERNAL, "this label has no CA");
	bag = arena_bytes(call->a, blob_bytes(blob));
	blob_unref(blob);
	ok = pkcs7_certs_read(bag, &certs);
	d = der_of(certs);
	while (ok && !der_at_end(&d)) {
		ok = der_read_whole(&d, DER_SEQUENCE, &one);
		if (ok)
			add(list, one);
	}
	return ok || fail(err, ERR_INTERNAL, "the CA's chain cannot be read");
}

/*
 * RFC 7030 section 4.1.3: while a root is replaced, the new one too, and
 * OldWithNew and NewWithOld, so that who trusts either gets to the other.
 */
static void
add_rollover(struct est_call *call, const char *ca, struct cacerts *list)
{
	struct ca_rollover r;

	if (!ca_rollover_get(call->est->deps.ca, ca, &r))
		return;
	if (r.next != NULL)
		add(list, r.next->der);
	if (r.old_root != NULL)
		add(list, r.old_root->der);
	if (r.new_root != NULL)
		add(list, r.new_root->der);
	add(list, r.old_with_new);
	add(list, r.new_with_old);
}

/* RFC 7030 section 4.1.3: the label's CA, what is above it, and the root. */
bool
est_get_cacerts(struct est_call *call, struct http_resp *resp, struct err *err)
{
	struct cacerts list = { .n = 0 };
	const struct profile *p;
	AUTO_BUF bag = { 0 };

	if (!est_profile(call, &p, err) ||
	    !add_chain(call, p->t.ca, &list, err))
		return false;
	add_rollover(call, p->t.ca, &list);
	pkcs7_certs_put(&bag, list.v, list.n);
	est_reply_base64(call, resp, "application/pkcs7-mime", buf_bytes(&bag));
	return true;
}
