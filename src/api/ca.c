#include "api/handlers.h"
#include "api/query.h"
#include "api/reply.h"
#include "api/view.h"
#include "ca/responder.h"
#include "codec/crl.h"
#include "codec/pem.h"

#define DAY 86400

/* Of the CRL as it is published; an offline CA may have none. */
static json_t *
view_crl(struct api *api, const struct ca_view *ca)
{
	char etag[67];
	struct blob *blob =
	    ca_artefact(api->deps.ca, ca->name, CA_CRL, etag, NULL, NULL);
	struct err ignored = { 0 };
	json_t *o = json_null();
	struct crl crl;

	if (blob == NULL)
		return o;
	if (crl_parse(blob_bytes(blob), &crl, &ignored)) {
		o = json_object();
		view_count(o, "number", crl.number);
		view_time(o, "this_update", crl.this_update);
		view_time(o, "next_update", crl.next_update);
		view_count(o, "entries", crl.entries_n);
	}
	blob_unref(blob);
	return o;
}

/* Which responder signs now, and until when. */
static json_t *
view_responder(struct api *api, const struct ca_view *ca, struct arena *a)
{
	struct err ignored = { 0 };
	struct responder r;
	struct cert cert;
	json_t *o;

	if (!ca_responder_get(api->deps.ca, ca->key,
		clock_now(&api->deps.clock), &r, &ignored) ||
	    !cert_parse(r.certificate, a, &cert, &ignored))
		return json_null();
	o = json_object();
	view_hex(o, "serial", cert.serial);
	view_time(o, "not_before", r.not_before);
	view_time(o, "not_after", r.not_after);
	view_hex(o, "key_hash", bytes_of(r.key_hash, sizeof(r.key_hash)));
	return o;
}

static json_t *
view_ca(struct api *api, const struct ca_view *ca, struct http_req *req)
{
	json_t *o = json_object(), *cross = json_array();
	json_t *crl = view_crl(api, ca);

	view_text(o, "name", ca->name);
	view_text(o, "subject", subject_text(req->arena, ca->cert.subject));
	json_object_set_new(o, "online", json_boolean(ca->online));
	json_object_set_new(o, "root", json_boolean(ca->self_signed));
	/* issuing: profiles may name it; draining: its successor's do. */
	view_text(o, "state",
	    ca->successor != NULL ? "draining"
		: ca->online	  ? "issuing"
				  : "offline");
	view_text(o, "successor", ca->successor);
	json_object_set_new(o, "cross", cross);
	for (size_t i = 0; i < ca->cross_n; i++)
		json_array_append_new(cross, json_string(ca->cross[i]));
	view_time(o, "not_before", ca->cert.not_before);
	view_time(o, "not_after", ca->cert.not_after);
	/* Rounded towards the end: 0 on its last day. */
	json_object_set_new(o, "days_left",
	    json_integer((ca->cert.not_after - req->now) / DAY));
	json_object_set_new(o, "crl", crl);
	json_object_set(
	    o, "crl_next_update", json_object_get(crl, "next_update"));
	json_object_set_new(
	    o, "responder", view_responder(api, ca, req->arena));
	return o;
}

bool
api_get_cas(
    struct api *api, struct http_req *req, json_t **out, struct err *err)
{
	const struct ca_view *cas;
	size_t n = ca_list(api->deps.ca, &cas);
	json_t *o = json_object(), *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, view_ca(api, &cas[i], req));
	json_object_set_new(o, "cas", list);
	*out = o;
	(void)err;
	return true;
}

static void
add_urls(struct api *api, const struct ca_view *ca, json_t *o)
{
	const char *base = api_config(api)->http_base_url;

	json_object_set_new(
	    o, "certificate_url", json_sprintf("%s/ca/%s.cer", base, ca->name));
	json_object_set_new(
	    o, "crl_url", json_sprintf("%s/crl/%s.crl", base, ca->name));
}

bool
api_get_ca(struct api *api, struct http_req *req, json_t **out, struct err *err)
{
	const struct ca_view *ca;
	AUTO_BUF pem = { 0 };
	const char *name;
	uint64_t revoked;
	json_t *o;

	if (!query_capture(req, 0, &name, err))
		return false;
	req->log_object = name;
	ca = ca_view_find(api->deps.ca, name);
	if (ca == NULL)
		return fail(err, ERR_NOT_FOUND, "there is no CA %s", name);
	if (!store_revoked_count(api->deps.store, ca->key, &revoked, err))
		return false;
	o = view_ca(api, ca, req);
	view_cert_content(o, &ca->cert, req->arena);
	view_hex(o, "serial", ca->cert.serial);
	view_hex(o, "spki_sha256", bytes_of(ca->key, sizeof(ca->key)));
	view_count(o, "revoked", revoked);
	add_urls(api, ca, o);
	pem_put(&pem, "CERTIFICATE", ca->cert.der);
	view_text(o, "pem", buf_cstr(&pem));
	*out = o;
	return true;
}
