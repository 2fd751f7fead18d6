#include "codec/pem.h"
#include "scep/handlers.h"

/* Beyond it the certificate's distribution point is for it (RFC 8894 section
 * 7.8 says why this message is no good one). */
#define CRL_GIVEN_MAX (1u << 20)

static const struct ca_view *
find_issuer(struct scep_call *call, struct bytes name)
{
	const struct ca_view *views;
	size_t n = ca_list(call->scep->deps.ca, &views);

	for (size_t i = 0; i < n; i++)
		if (bytes_equal(views[i].cert.subject, name))
			return &views[i];
	return NULL;
}

/* IssuerAndSerialNumber; *ca NULL: the answer is filled. */
static void
read_id(struct scep_call *call, struct bytes content, const struct ca_view **ca,
    struct bytes *serial, struct scep_answer *out)
{
	struct err why = { 0 };
	struct bytes issuer;

	*ca = NULL;
	if (!scep_serial_parse(content, &issuer, serial, &why)) {
		scep_unreadable(call, out);
		return;
	}
	*ca = find_issuer(call, issuer);
	if (*ca == NULL)
		scep_answer_fail(call, SCEP_BAD_CERT_ID,
		    "the issuer is no CA of this server", out);
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

	read_id(call, content, &ca, &serial, out);
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

	(void)err;
	read_id(call, content, &ca, &serial, out);
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
