#include "codec/renewal.h"
#include "est/handlers.h"
#include "est/names.h"
#include "est/reenroll.h"

#define LOOKED_AT 64

/* The certificate that is to be replaced. */
struct old {
	struct cert cert;
	const char *id;
};

static bool
cert_of_row(struct est_call *call, const struct cert_row *row, struct cert *out,
    struct err *err)
{
	struct bytes pem, der;

	return ca_cert_chain(
		   call->est->deps.ca, row, call->a, &pem, &der, err) &&
	    cert_parse(der, call->a, out, err);
}

static bool
takes_subject(const struct est_call *call)
{
	const struct profile *p =
	    ca_profile_find(call->est->deps.ca, call->label->config->profile);

	return p != NULL && profile_takes_subject(p);
}

/* For registrars and users: the newest certificate of the label's profile with
 * these names and this subject. */
static bool
find_recorded(struct est_call *call, const struct csr *csr, struct names asked,
    struct old *out, struct err *err)
{
	const struct cert_filter f = { .status = CERT_ISSUED,
		.unexpired = true,
		.name_pattern = asked.v[0].text,
		.profile = call->label->config->profile,
		.limit = LOOKED_AT,
		.now = call->req->now };
	struct cert_row *rows;
	size_t n;

	if (!store_cert_list(
		call->est->deps.store, &f, call->a, &rows, &n, err))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct err why = { 0 };
		struct cert cert;

		if (!cert_of_row(call, &rows[i], &cert, err))
			return false;
		if (!renewal_check(
			csr, asked, takes_subject(call), &cert, call->a, &why))
			continue;
		*out = (struct old){ .cert = cert, .id = rows[i].id };
		return true;
	}
	return fail(err, ERR_REJECTED,
	    "there is no valid certificate with this subject and these names "
	    "to replace; simpleenroll gives a first one");
}

/* Its chain and its status were verified with the identity. */
static bool
find_old(struct est_call *call, const struct identity *id,
    const struct csr *csr, struct names asked, struct old *out, struct err *err)
{
	if (id->kind != IDENTITY_CERTIFICATE)
		return find_recorded(call, csr, asked, out, err);
	if (!id->client.ours)
		return fail(err, ERR_REJECTED,
		    "the client certificate is not of this CA, which can only "
		    "replace its own; simpleenroll gives a first one");
	if (!renewal_check(csr, asked, takes_subject(call), &id->client.cert,
		call->a, err))
		return false;
	*out = (struct old){ .cert = id->client.cert, .id = id->client.row.id };
	return true;
}

/* The option lets a client leave the names of its certificate behind; what a
 * user or a secret may have it does not widen. */
static bool
check_changed(const struct est_call *call, const struct identity *id,
    struct names names, struct err *err)
{
	if (id->kind != IDENTITY_CERTIFICATE)
		return est_names_check(call, id, names, err);
	for (size_t i = 0; i < names.n; i++)
		if (!est_label_check_name(call->label, &names.v[i], err))
			return false;
	return true;
}

/* New names, if the CSR asks for some and may. */
static bool
change_names(struct est_call *call, const struct identity *id, struct csr *csr,
    struct est_grant *grant, struct err *err)
{
	struct name_change change;

	if (!est_name_change_read(csr, call->a, &change, err))
		return false;
	if (!change.asked)
		return true;
	if (!call->label->config->change_names)
		return fail(err, ERR_REJECTED,
		    "label %s lets no subject or name be changed",
		    call->label->config->name);
	if (change.names.n > 0)
		grant->names = change.names;
	if (change.common_name != NULL)
		csr->common_name = change.common_name;
	if (change.subject.n > 0)
		csr->subject = change.subject;
	grant->changed = true;
	return check_changed(call, id, grant->names, err);
}

bool
est_post_reenroll(
    struct est_call *call, struct http_resp *resp, struct err *err)
{
	struct identity id;
	struct csr csr;
	struct est_grant grant = { .id = &id, .csr = &csr };
	struct old old;

	if (!est_identity_find(call, &id, err) ||
	    !est_request_read(call, csr_parse, &csr, err) ||
	    !csr_names(&csr, call->a, &grant.names, err) ||
	    !est_names_check(call, &id, grant.names, err) ||
	    !find_old(call, &id, &csr, grant.names, &old, err) ||
	    !change_names(call, &id, &csr, &grant, err))
		return false;
	grant.replaces = old.id;
	return est_issue(call, &grant, resp, err);
}
