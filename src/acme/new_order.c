#include "acme/authz.h"
#include "acme/identifier.h"
#include "acme/order.h"
#include "util/text.h"
#include "util/times.h"

/* A reused authorization must leave its order so much time. */
#define REUSE_MARGIN 600
/* An order that ends sooner is of no use. */
#define ORDER_MIN 60

/*
 * The profile: the member's (draft-ietf-acme-profiles), else the directory's,
 * else the default one.  A profile's own directory offers that one alone.
 */
static bool
profile_choose(const struct post *post, const json_t *o,
    const struct profile **out, struct err *err)
{
	const char *asked, *path = post->req->capture[0];
	const char *name =
	    path != NULL ? path : post->state->config->default_profile;
	const struct profile *p;

	if (!json_get_string_optional(o, "profile", &asked, err))
		return false;
	if (asked != NULL && path != NULL && strcmp(asked, path) != 0)
		return fail(err, ERR_PROFILE_INVALID,
		    "this directory has the profile \"%s\" alone, not "
		    "\"%.40s\"",
		    path, asked);
	if (asked != NULL)
		name = asked;
	p = name == NULL ? NULL : ca_profile_find(post->acme->deps.ca, name);
	if (p == NULL || !profile_has_acme(p))
		return fail(err, ERR_PROFILE_INVALID,
		    "there is no profile \"%.40s\"; meta.profiles of the "
		    "directory lists them",
		    name == NULL ? "" : name);
	*out = p;
	return true;
}

static bool
time_read(const json_t *o, const char *key, int64_t *out, struct err *err)
{
	const char *s;

	if (!json_get_string_optional(o, key, &s, err))
		return false;
	*out = 0;
	if (s == NULL)
		return true;
	if (!time_parse_rfc3339(s, out, err))
		return false;
	/* 0 is none; clients in Go send their zero time, of year 1. */
	if (*out <= 0)
		return fail(err, ERR_MALFORMED,
		    "\"%s\" is \"%.40s\", which is long ago", key, s);
	return true;
}

/*
 * RFC 8555 section 7.4: what cannot be done as asked is refused now, not at
 * finalize; and until when it can be done bounds the order's life.
 */
static bool
times_check(const struct post *post, const struct profile *profile,
    const struct order_row *row, int64_t *until, struct err *err)
{
	bool asked = row->not_before != 0 || row->not_after != 0;
	struct err why = { 0 };

	if (!ca_check_times(post->acme->deps.ca, profile, row->not_before,
		row->not_after, until, &why))
		return fail(
		    err, asked ? ERR_MALFORMED : ERR_INTERNAL, "%s", why.shown);
	if (*until < post->now + ORDER_MIN)
		return fail(err, ERR_MALFORMED,
		    "notBefore and notAfter leave less than %d seconds for "
		    "the validation",
		    ORDER_MIN);
	return true;
}

/* Rows of authorizations that are new, and ids of all, in order. */
struct order_authz {
	struct authz_row *fresh;
	size_t fresh_n;
	const char **ids;
	int64_t expires_at; /* of the reused one that ends first; 0: none */
};

/* RFC 8555 section 11.3: tokens of 256 bits. */
static const char *
token_new(const struct post *post)
{
	uint8_t octets[32];

	random_fill(&post->acme->deps.random, octets, sizeof(octets));
	return base64url_arena(post->arena, bytes_of(octets, sizeof(octets)));
}

static void
authz_new(const struct post *post, const char *name, unsigned type,
    bool wildcard, struct authz_row *out)
{
	char *id = arena_alloc(post->arena, OBJECT_ID_SIZE);

	random_object_id(&post->acme->deps.random, post->now, id);
	*out = (struct authz_row){
		.id = id,
		.account_id = post->account.id,
		.name_type = type,
		.name = name,
		.wildcard = wildcard,
		.status = AUTHZ_PENDING,
		.expires_at = post->now +
		    post->state->config->acme.pending_authz_lifetime,
		.created_at = post->now,
		.token = token_new(post),
		.offered = challenge_types_for(type, wildcard),
	};
}

/* A valid one is used again (RFC 8555 section 7.1.3), else a new one is made.
 */
static bool
authz_choose(const struct post *post, const struct name *n,
    struct order_authz *out, size_t i, struct err *err)
{
	bool wildcard = name_is_wildcard(n);
	/* Rule 19: the authorization is for the name without "*.". */
	const char *name = wildcard ? n->text + 2 : n->text;
	struct authz_row row;
	struct err why = { 0 };

	if (store_authz_find_valid(post->acme->deps.store, post->account.id,
		n->type, name, wildcard, post->now + REUSE_MARGIN, post->arena,
		&row, &why)) {
		out->ids[i] = row.id;
		if (out->expires_at == 0 || row.expires_at < out->expires_at)
			out->expires_at = row.expires_at;
		return true;
	}
	if (why.kind != ERR_NOT_FOUND) {
		*err = why;
		return false;
	}
	authz_new(post, name, n->type, wildcard, &out->fresh[out->fresh_n]);
	out->ids[i] = out->fresh[out->fresh_n++].id;
	return true;
}

static bool
order_authz_make(const struct post *post, const struct names *names,
    struct order_authz *out, struct err *err)
{
	out->fresh = arena_array(post->arena, names->n, sizeof(*out->fresh));
	out->ids = arena_array(post->arena, names->n, sizeof(*out->ids));
	for (size_t i = 0; i < names->n; i++)
		if (!authz_choose(post, &names->v[i], out, i, err))
			return false;
	return true;
}

static void
order_fill(const struct post *post, const struct profile *profile,
    const struct names *names, const struct order_authz *authz, int64_t until,
    struct order_row *row)
{
	char *id = arena_alloc(post->arena, OBJECT_ID_SIZE);

	random_object_id(&post->acme->deps.random, post->now, id);
	row->id = id;
	row->account_id = post->account.id;
	/* Rule 22: uacme knows these two only. */
	row->status = authz->fresh_n == 0 ? ORDER_READY : ORDER_PENDING;
	row->created_at = post->now;
	row->expires_at = post->now + post->state->config->acme.order_lifetime;
	/* It lasts no longer than what it stands on. */
	row->expires_at = MIN_OF(row->expires_at, until);
	if (authz->expires_at != 0 && authz->expires_at < row->expires_at)
		row->expires_at = authz->expires_at;
	row->names_json = identifiers_text(names, post->arena);
	row->profile = profile_name(profile);
	memcpy(row->profile_hash, profile_hash(profile),
	    sizeof(row->profile_hash));
	row->authz_ids = authz->ids;
	row->authz_n = names->n;
}

static bool
order_create(struct post *post, struct order_row *row, struct err *err)
{
	const struct config *config = post->state->config;
	struct order_authz authz = { 0 };
	const struct config_profile *c;
	const struct profile *profile = NULL;
	struct names names;
	int64_t until;
	size_t max;
	json_t *o;

	if (!post_payload(post, &o, err) ||
	    !profile_choose(post, o, &profile, err))
		return false;
	c = config_profile_find(config, profile_name(profile));
	max = (size_t)config->acme.max_names;
	if (c != NULL && (size_t)c->max_names < max)
		max = (size_t)c->max_names;
	*row = (struct order_row){ 0 };
	if (!time_read(o, "notBefore", &row->not_before, err) ||
	    !time_read(o, "notAfter", &row->not_after, err) ||
	    !times_check(post, profile, row, &until, err) ||
	    !identifiers_read(o, post->acme->deps.ca, profile, max, post->arena,
		&names, &post->extra, err) ||
	    !order_authz_make(post, &names, &authz, err))
		return false;
	order_fill(post, profile, &names, &authz, until, row);
	if (!store_order_insert(
		post->acme->deps.store, row, authz.fresh, authz.fresh_n, err))
		return false;
	/* As a read shows it: pending authorizations end sooner. */
	for (size_t i = 0; i < authz.fresh_n; i++)
		row->expires_at =
		    MIN_OF(row->expires_at, authz.fresh[i].expires_at);
	return true;
}

void
acme_post_new_order(void *ctx, struct http_req *req, struct http_resp *resp)
{
	struct acme *acme = ctx;
	struct err err = { 0 };
	struct order_row row;
	struct post post;

	if (!post_read(acme, req, POST_BY_KID, &post, &err) ||
	    !order_create(&post, &row, &err) ||
	    !reply_order(&post, &row, 201, resp, &err))
		problem_reply(acme, req, resp, &err, &post.extra);
}
