#include "acme/directory.h"
#include "acme/post.h"
#include "acme/problem.h"
#include "acme/reply.h"

#define PROFILES_MAX 256u

static json_t *
profiles_json(struct acme *acme, const char *only)
{
	const struct profile *profiles[PROFILES_MAX];
	size_t n = ca_profiles(acme->deps.ca, profiles, PROFILES_MAX);
	json_t *o = json_object();

	for (size_t i = 0; i < n; i++) {
		const char *name = profile_name(profiles[i]);
		const char *text = profile_description(profiles[i]);

		if (!profile_has_acme(profiles[i]) ||
		    (only != NULL && strcmp(only, name) != 0))
			continue;
		json_set_text(o, name, text != NULL ? text : name);
	}
	return o;
}

static json_t *
meta_json(struct acme *acme, const struct config *c, const char *profile)
{
	json_t *o = json_object(), *list;

	json_set_text(o, "termsOfService", c->acme.terms_of_service);
	json_set_text(o, "website", c->acme.website);
	if (c->acme.caa_identities.n > 0) {
		list = json_array();
		for (size_t i = 0; i < c->acme.caa_identities.n; i++)
			json_array_append_new(
			    list, json_string(c->acme.caa_identities.v[i]));
		json_object_set_new(o, "caaIdentities", list);
	}
	if (c->acme.external_account_required)
		json_object_set_new(o, "externalAccountRequired", json_true());
	/* acmez asks for no profile that is not listed here (rule 23). */
	json_object_set_new(o, "profiles", profiles_json(acme, profile));
	return o;
}

/* Names what works, and nothing else (reference section 1). */
static struct blob *
directory_encode(
    struct acme *acme, const struct acme_state *s, const char *profile)
{
	AUTO(json_t) *o = json_object();
	struct arena *a = s->arena;

	json_set_text(o, "newNonce", acme_url(s, a, "/acme/new-nonce"));
	json_set_text(o, "newAccount", acme_url(s, a, "/acme/new-account"));
	json_set_text(o, "newOrder",
	    profile == NULL ? acme_url(s, a, "/acme/new-order")
			    : acme_url(s, a, "/acme/%s/new-order", profile));
	json_set_text(o, "revokeCert", acme_url(s, a, "/acme/revoke-cert"));
	json_object_set_new(o, "meta", meta_json(acme, s->config, profile));
	return blob_new(json_print(o, a));
}

void
directories_new(struct acme *acme, struct acme_state *state)
{
	const struct profile *profiles[PROFILES_MAX];
	size_t n = ca_profiles(acme->deps.ca, profiles, PROFILES_MAX);
	struct acme_directory *d = arena_array(state->arena, n + 1, sizeof(*d));
	size_t made = 0;

	d[made++].blob = directory_encode(acme, state, NULL);
	for (size_t i = 0; i < n; i++) {
		if (!profile_has_acme(profiles[i]))
			continue;
		d[made].profile =
		    arena_strdup(state->arena, profile_name(profiles[i]));
		d[made].blob = directory_encode(acme, state, d[made].profile);
		made++;
	}
	state->directories = d;
	state->directories_n = made;
}

void
directories_free(struct acme_state *state)
{
	for (size_t i = 0; i < state->directories_n; i++)
		blob_unref(state->directories[i].blob);
}

static struct blob *
directory_find(const struct acme_state *s, const char *profile)
{
	for (size_t i = 0; i < s->directories_n; i++) {
		const struct acme_directory *d = &s->directories[i];

		if (profile == NULL ? d->profile == NULL
				    : d->profile != NULL &&
			    strcmp(d->profile, profile) == 0)
			return d->blob;
	}
	return NULL;
}

/* The body alone; false when there is no such directory. */
static bool
directory_reply(struct acme *acme, struct http_req *req, struct http_resp *resp,
    struct err *err)
{
	struct blob *blob = directory_find(acme_state(acme), req->capture[0]);

	if (blob == NULL)
		return fail(err, ERR_NOT_FOUND,
		    "there is no ACME profile \"%.40s\"", req->capture[0]);
	resp->status = 200;
	resp->blob = blob_ref(blob);
	http_resp_header(resp, "Content-Type", "application/json");
	http_resp_header(resp, "Cache-Control", "no-cache");
	if (req->method != HTTP_GET)
		reply_nonce(acme, req, resp);
	reply_cors(resp);
	return true;
}

void
acme_get_directory(void *ctx, struct http_req *req, struct http_resp *resp)
{
	struct acme *acme = ctx;
	struct err err = { 0 };

	if (!directory_reply(acme, req, resp, &err))
		problem_reply(acme, req, resp, &err, NULL);
}

/* RFC 8555 section 6.3: the directory can be read by POST-as-GET too. */
void
acme_post_directory(void *ctx, struct http_req *req, struct http_resp *resp)
{
	struct acme *acme = ctx;
	struct err err = { 0 };
	struct post post;

	if (!post_read(acme, req, POST_BY_KID, &post, &err) ||
	    !post_check_get(&post, &err) ||
	    !directory_reply(acme, req, resp, &err))
		problem_reply(acme, req, resp, &err, &post.extra);
}

/* RFC 8555 section 7.2: HEAD 200, GET 204; acme.sh falls back from the one to
 * the other (rule 34). */
void
acme_get_nonce(void *ctx, struct http_req *req, struct http_resp *resp)
{
	struct acme *acme = ctx;
	bool get = req->method == HTTP_GET;

	reply_start(acme, req, resp, get ? 204 : 200);
	if (get)
		reply_nonce(acme, req, resp);
}

void
acme_post_nonce(void *ctx, struct http_req *req, struct http_resp *resp)
{
	struct acme *acme = ctx;
	struct err err = { 0 };
	struct post post;

	if (!post_read(acme, req, POST_BY_KID, &post, &err) ||
	    !post_check_get(&post, &err)) {
		problem_reply(acme, req, resp, &err, &post.extra);
		return;
	}
	reply_start(acme, req, resp, 204);
}

void
acme_options(void *ctx, struct http_req *req, struct http_resp *resp)
{
	struct acme *acme = ctx;

	reply_start(acme, req, resp, 204);
	http_resp_header(
	    resp, "Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS");
	http_resp_header(resp, "Access-Control-Allow-Headers", "Content-Type");
	http_resp_header(resp, "Access-Control-Max-Age", "86400");
}
