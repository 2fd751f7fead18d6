#include "api/actor.h"
#include "api/handlers.h"
#include "api/query.h"
#include "api/reply.h"
#include "api/view.h"
#include "codec/pem.h"
#include "util/text.h"

bool
api_csr_read(
    const char *text, struct arena *a, struct csr *out, struct err *err)
{
	struct bytes rest = bytes_str(text), der;
	bool found;

	if (strstr(text, "-----BEGIN") == NULL) {
		if (!base64_decode(rest, a, &der, err))
			return false;
		return csr_parse(der, a, out, err);
	}
	if (!pem_next(&rest, "CERTIFICATE REQUEST", a, &found, &der, err))
		return false;
	/* What openssl called it before 1.0, and Microsoft's tools still do. */
	rest = bytes_str(text);
	if (!found &&
	    !pem_next(&rest, "NEW CERTIFICATE REQUEST", a, &found, &der, err))
		return false;
	if (!found)
		return fail(err, ERR_BAD_CSR,
		    "no CERTIFICATE REQUEST block found in the PEM");
	return csr_parse(der, a, out, err);
}

static bool
read_names(const json_t *list, const struct csr *csr, struct arena *a,
    struct names *out, struct err *err)
{
	if (list == NULL || (json_is_array(list) && json_array_size(list) == 0))
		return csr_names(csr, a, out, err);
	return query_names(list, a, out, err);
}

static bool
read_request(struct api *api, struct http_req *req, struct ca_request *out,
    struct err *err)
{
	struct csr *csr = arena_alloc(req->arena, sizeof(*csr));
	const char *csr_text, *profile, *replaces, *by;
	struct cert_row replaced;
	json_t *body;

	if (!json_parse_object(req->body, req->arena, &body, err) ||
	    !json_get_string(body, "csr", &csr_text, err) ||
	    !json_get_string_optional(body, "profile", &profile, err) ||
	    !json_get_string_optional(body, "replaces", &replaces, err))
		return false;
	if (profile == NULL)
		profile = api_config(api)->default_profile;
	out->profile =
	    profile == NULL ? NULL : ca_profile_find(api->deps.ca, profile);
	if (out->profile == NULL)
		return fail(err, ERR_PROFILE_INVALID,
		    "there is no profile %s in the configuration",
		    profile == NULL ? "by default" : profile);
	if (replaces != NULL &&
	    !api_cert_find(api, replaces, req->arena, &replaced, err))
		return false;
	if (!api_csr_read(csr_text, req->arena, csr, err) ||
	    !read_names(json_object_get(body, "names"), csr, req->arena,
		&out->names, err) ||
	    !actor_name(api, req, NULL, &by, err))
		return false;
	out->csr = csr;
	out->requester = arena_printf(req->arena, "operator %s", by);
	out->replaces = replaces == NULL ? NULL : replaced.id;
	out->wants_secret = true;
	return true;
}

bool
api_post_certs(
    struct api *api, struct http_req *req, json_t **out, struct err *err)
{
	struct ca_request request = { 0 };
	struct ca_issued issued;
	AUTO(json_t) *o = NULL;

	if (!read_request(api, req, &request, err) ||
	    !ca_issue(api->deps.ca, &request, req->arena, &issued, err))
		return false;
	req->log_object = issued.id;
	o = json_object();
	view_hex(o, "serial", bytes_of(issued.serial, SERIAL_SIZE));
	view_text(o, "id", issued.id);
	view_time(o, "not_before", issued.not_before);
	view_time(o, "not_after", issued.not_after);
	/* Only here, and only now: the store has its hash. */
	if (issued.revocation_secret != NULL)
		view_text(o, "revocation_secret", issued.revocation_secret);
	json_object_set_new(o, "pem",
	    json_stringn((const char *)issued.pem_chain.p, issued.pem_chain.n));
	*out = TAKE(o);
	return true;
}
