#include "codec/pem.h"
#include "scep/handlers.h"

/* Beyond it the certificate's distribution point is for it (RFC 8894 section
 * 7.8 says why this message is no good one). */
#define CRL_GIVEN_MAX (1u << 20)

/* Has this CA signed the certificate of another CA that has this number? */
static bool
is_parent(const struct ca_view *ca, const struct ca_view *views, size_t n,
    struct bytes serial)
{
	for (size_t i = 0; i < n; i++)
		if (bytes_equal(views[i].cert.serial, serial) &&
		    bytes_equal(views[i].cert.aki, ca->cert.ski))
			return true;
	return false;
}

/* Generations of a CA may share a name (`ca rollover root`): the one whose
 * certificate it is, else the first of the name; NULL: none has it. */
static bool
find_issuer(struct scep_call *call, struct bytes name, struct bytes serial,
    const struct ca_view **out, struct err *err)
{
	const struct ca_view *views, *first = NULL;
	size_t n = ca_list(call->scep->deps.ca, &views);
	struct err why = { 0 };
	struct cert_row row;

	for (size_t i = 0; i < n; i++) {
		if (!bytes_equal(views[i].cert.subject, name))
			continue;
		err_clear(&why);
		if (is_parent(&views[i], views, n, serial) ||
		    store_cert_get_by_serial(call->scep->deps.store,
			views[i].key, serial, call->a, &row, &why)) {
			*out = &views[i];
			return true;
		}
		if (why.kind != ERR_NOT_FOUND)
			return fail_detail(
			    err, why.kind, why.shown, "%s", why.detail);
		if (first == NULL)
			first = &views[i];
	}
	*out = first;
	return true;
}

/* IssuerAndSerialNumber; *ca NULL: the answer is filled. */
static bool
read_id(struct scep_call *call, struct bytes content, const struct ca_view **ca,
    struct bytes *serial, struct scep_answer *out, struct err *err)
{
	struct err why = { 0 };
	struct bytes issuer;

	*ca = NULL;
	if (!scep_serial_parse(content, &issuer, serial, &why)) {
		scep_unreadable(call, out);
		return true;
	}
	if (!find_issuer(call, issuer, *serial, ca, err))
		return false;
	if (*ca == NULL)
		scep_answer_fail(call, SCEP_BAD_CERT_ID,
		    "the issuer is no CA of this server", out);
	return true;
}

bool
scep_get_cert(struct scep_call *call, struct bytes content,
    struct scep_answer *out, struct err *err)
{
	const struct ca_view *ca;
	struct bytes serial, pem, der;
	struct err why = { 0 };
	struct inquiry inquiry;
	struct cert_row row;

	if (!read_id(call, content, &ca, &serial, out, err))
		return false;
	if (ca == NULL)
		return true;
	if (!store_cert_get_by_serial(
		call->scep->deps.store, ca->key, serial, call->a, &row, &why) ||
	    !ca_cert_chain(
		call->scep->deps.ca, &row, call->a, &pem, &der, &why))
		return scep_answer_err(call, &why, out, err);
	call->req->log_object = row.id;
	if (store_inquiry_find_cert(
		call->scep->deps.store, row.id, call->a, &inquiry, &why) &&
	    !inquiry_is_released(&inquiry)) {
		scep_answer_fail(call, SCEP_BAD_CERT_ID,
		    "there is no such certificate", out);
		return true;
	}
	if (why.kind != ERR_NONE && why.kind != ERR_NOT_FOUND)
		return scep_answer_err(call, &why, out, err);
	scep_answer_certs(call, &der, 1, out);
	return true;
}

bool
scep_get_crl(struct scep_call *call, struct bytes content,
    struct scep_answer *out, struct err *err)
{
	const struct ca_view *ca;
	struct bytes serial;
	struct blob *crl;
	AUTO_BUF bag = { 0 };
	char etag[67];

	if (!read_id(call, content, &ca, &serial, out, err))
		return false;
	if (ca == NULL)
		return true;
	crl = ca_artefact(
	    call->scep->deps.ca, ca->name, CA_CRL, etag, NULL, NULL);
	if (crl == NULL || blob_bytes(crl).n > CRL_GIVEN_MAX) {
		scep_answer_fail(call, SCEP_BAD_REQUEST,
		    "the CRL is not given this way: its distribution point is "
		    "in the certificate",
		    out);
	} else {
		pkcs7_crl_put(&bag, blob_bytes(crl));
		*out = (struct scep_answer){ .status = SCEP_SUCCESS,
			.payload = arena_take_buf(call->a, &bag) };
	}
	blob_unref(crl);
	return true;
}
