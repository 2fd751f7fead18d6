#include "api/handlers.h"
#include "api/view.h"

static json_t *
view_key(const struct ra_key *key)
{
	json_t *o = json_object(), *list = json_array();

	view_hex(o, "spki_sha256", bytes_of(key->spki_sha256, 32));
	for (size_t i = 0; i < key->n; i++) {
		const struct cert *c = key->certs[i].cert;
		json_t *row = json_object();

		view_text(row, "ca", key->certs[i].ca);
		view_hex(row, "serial", c->serial);
		view_time(row, "not_before", c->not_before);
		view_time(row, "not_after", c->not_after);
		json_array_append_new(list, row);
	}
	json_object_set_new(o, "certificates", list);
	return o;
}

/* The keys that messages of SCEP are encrypted to. */
bool
api_get_ra(struct api *api, struct http_req *req, json_t **out, struct err *err)
{
	static const char *const names[] = { "current", "previous" };
	struct ra_key key;
	json_t *o;

	if (api->deps.ra == NULL)
		return fail(err, ERR_NOT_FOUND, "this server has no SCEP");
	o = json_object();
	for (int i = 0; i < 2; i++)
		json_object_set_new(o, names[i],
		    ra_key_get(api->deps.ra, i == 1, req->now, &key)
			? view_key(&key)
			: json_null());
	*out = o;
	return true;
}
