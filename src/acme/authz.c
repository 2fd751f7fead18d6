#include "acme/authz.h"
#include "acme/reply.h"
#include "acme/validate.h"
#include "codec/name.h"

static const struct challenge_row {
	enum challenge_type type;
	const char *name;
	/* In URLs; not the name, since getssl looks for lines with it. */
	const char *path;
} challenge_rows[] = {
	{ CHALLENGE_HTTP_01, "http-01", "web" },
	{ CHALLENGE_DNS_01, "dns-01", "txt" },
	{ CHALLENGE_TLS_ALPN_01, "tls-alpn-01", "tls" },
};

const char *
authz_url(const struct acme_state *s, struct arena *a, const char *id)
{
	return acme_url(s, a, "/acme/authz/%s", id);
}

const char *
challenge_type_name(enum challenge_type type)
{
	for (size_t i = 0; i < COUNT_OF(challenge_rows); i++)
		if (challenge_rows[i].type == type)
			return challenge_rows[i].name;
	return "none";
}

unsigned
challenge_type_of_path(const char *segment)
{
	for (size_t i = 0; i < COUNT_OF(challenge_rows); i++)
		if (strcmp(challenge_rows[i].path, segment) == 0)
			return challenge_rows[i].type;
	return 0;
}

unsigned
challenge_types_for(unsigned name_type, bool wildcard)
{
	/* RFC 8555 section 8.4: only the DNS shows control of a whole zone;
	 * RFC 8738 section 7: it says nothing about an address. */
	if (wildcard)
		return CHALLENGE_DNS_01;
	if (name_type == NAME_IP)
		return CHALLENGE_HTTP_01 | CHALLENGE_TLS_ALPN_01;
	return CHALLENGE_HTTP_01 | CHALLENGE_DNS_01 | CHALLENGE_TLS_ALPN_01;
}

const char *
challenge_status(const struct authz_row *row, enum challenge_type type)
{
	if (row->validated_at != 0)
		return row->chosen == type ? "valid" : "pending";
	/* Rule 14: an invalid authorization has an invalid challenge. */
	if (row->status == AUTHZ_INVALID)
		return row->chosen == type || row->chosen == 0 ? "invalid"
							       : "pending";
	if (row->status == AUTHZ_PENDING && row->processing &&
	    row->chosen == type)
		return "processing";
	return "pending";
}

/* RFC 8555 section 8.2: an entry for each failed try. */
static json_t *
tries_json(const json_t *records)
{
	json_t *list = json_array();

	for (size_t i = 0; i < json_array_size(records); i++)
		json_array_append(
		    list, json_object_get(json_array_get(records, i), "error"));
	return list;
}

/* The last failure, with all of them as subproblems if there were several. */
static json_t *
challenge_error(const struct authz_row *row)
{
	json_t *o = json_own(row->error_json);
	AUTO(json_t) *records = json_own(row->records_json);
	AUTO(json_t) *tries = tries_json(records);

	if (!json_is_object(o)) {
		json_decref(o);
		return problem_json("unauthorized",
		    "the authorization was given up before it was validated",
		    403);
	}
	if (json_array_size(tries) > 1)
		json_object_set(o, "subproblems", tries);
	return o;
}

json_t *
authz_problem(const struct authz_row *row)
{
	json_t *o = challenge_error(row), *identifier = json_object();

	json_set_text(
	    identifier, "type", name_type_tag((enum name_type)row->name_type));
	json_set_text(identifier, "value", row->name);
	json_object_set_new(o, "identifier", identifier);
	return o;
}

/*
 * Flat until url, token and status are written: acme.sh and its like cut at the
 * first brace (rule 18).
 */
static void
challenge_put(struct json_out *o, const struct acme_state *s,
    const struct authz_row *row, const struct challenge_row *c, struct arena *a)
{
	const char *status = challenge_status(row, c->type);

	json_out_open(o, NULL, '{');
	json_out_text(o, "type", c->name);
	json_out_text(o, "status", status);
	json_out_text(
	    o, "url", acme_url(s, a, "/acme/chall/%s/%s", row->id, c->path));
	json_out_text(o, "token", row->token);
	if (strcmp(status, "valid") == 0)
		json_out_time(o, "validated", row->validated_at);
	/* RFC 8555 section 8.2: also while it is tried again. */
	if (strcmp(status, "invalid") == 0 ||
	    (strcmp(status, "processing") == 0 && row->error_json != NULL)) {
		AUTO(json_t) *error = challenge_error(row);

		json_out_tree(o, "error", error);
	}
	if (row->chosen == c->type)
		json_out_raw(o, "validationRecord", row->records_json);
	json_out_close(o, '}');
}

/* Which challenges are shown: once one was decided, that one. */
static bool
challenge_is_shown(const struct authz_row *row, enum challenge_type type)
{
	if (row->chosen != 0 &&
	    (row->validated_at != 0 || row->status == AUTHZ_INVALID))
		return row->chosen == type;
	return (row->offered & type) != 0;
}

static void
authz_put(struct json_out *o, const struct acme_state *s,
    const struct authz_row *row, struct arena *a)
{
	json_out_open(o, NULL, '{');
	json_out_open(o, "identifier", '{');
	json_out_text(o, "type", name_type_tag((enum name_type)row->name_type));
	json_out_text(o, "value", row->name);
	json_out_close(o, '}');
	json_out_text(o, "status", authz_status_name(row->status));
	json_out_time(o, "expires", row->expires_at);
	json_out_open(o, "challenges", '[');
	for (size_t i = 0; i < COUNT_OF(challenge_rows); i++)
		if (challenge_is_shown(row, challenge_rows[i].type))
			challenge_put(o, s, row, &challenge_rows[i], a);
	json_out_close(o, ']');
	/* Only when true: win-acme takes its presence for it (rule 19). */
	if (row->wildcard)
		json_out_bool(o, "wildcard", true);
	json_out_close(o, '}');
}

int64_t
authz_retry_after(const struct authz_row *row)
{
	/* After so many failed tries the next one is a while away. */
	return row->processing && row->attempts > 0
	    ? validation_backoff(row->attempts)
	    : 1;
}

void
reply_authz(const struct post *post, const struct authz_row *row,
    struct http_resp *resp)
{
	struct json_out o = { 0 };

	authz_put(&o, post->state, row, post->arena);
	reply_json_out(post->acme, post->req, resp, 200, &o);
	if (row->status == AUTHZ_PENDING)
		reply_retry_after(post->req, resp, authz_retry_after(row));
}

void
reply_challenge(const struct post *post, const struct authz_row *row,
    enum challenge_type type, struct http_resp *resp)
{
	struct json_out o = { 0 };

	for (size_t i = 0; i < COUNT_OF(challenge_rows); i++)
		if (challenge_rows[i].type == type)
			challenge_put(&o, post->state, row, &challenge_rows[i],
			    post->arena);
	reply_json_out(post->acme, post->req, resp, 200, &o);
	/* certbot and lego fail without it (rule 3). */
	reply_link(post->req, resp,
	    authz_url(post->state, post->arena, row->id), "up");
	if (row->status == AUTHZ_PENDING)
		reply_retry_after(post->req, resp, authz_retry_after(row));
}

bool
authz_load(const struct post *post, struct authz_row *out, struct err *err)
{
	const char *id = post->req->capture[0];

	post->req->log_object = id;
	if (!store_authz_get(
		post->acme->deps.store, id, post->arena, out, err) ||
	    !post_check_owner(post, out->account_id, "authorization", err))
		return false;
	/* By the request's clock, which is the one that decides. */
	if (out->expires_at <= post->now &&
	    (out->status == AUTHZ_PENDING || out->status == AUTHZ_VALID))
		out->status = AUTHZ_EXPIRED;
	return true;
}

bool
authz_is_running(const struct post *post)
{
	struct err ignored = { 0 };
	struct authz_row row;

	return authz_load(post, &row, &ignored) &&
	    row.status == AUTHZ_PENDING && row.processing;
}

/* RFC 8555 section 7.5.2; also of pending ones (lego, win-acme: rule 27). */
static bool
authz_update(const struct post *post, struct authz_row *row, struct err *err)
{
	struct store *store = post->acme->deps.store;
	const char *status;
	json_t *o;

	if (!post_payload(post, &o, err))
		return false;
	status = json_string_value(json_object_get(o, "status"));
	if (status == NULL || strcmp(status, "deactivated") != 0)
		return fail(err, ERR_MALFORMED,
		    "the payload is neither empty nor "
		    "{\"status\": \"deactivated\"}");
	if (row->status == AUTHZ_DEACTIVATED)
		return true;
	return store_authz_deactivate(
		   store, row->id, row->account_id, post->now, err) &&
	    store_authz_get(store, row->id, post->arena, row, err);
}

/* The second half of a held read. */
static void
authz_reread(void *ctx, struct http_req *req, struct http_resp *resp)
{
	const struct post *post = ctx;
	struct err err = { 0 };
	struct authz_row row;

	if (!authz_load(post, &row, &err))
		problem_reply(post->acme, req, resp, &err, &post->extra);
	else
		reply_authz(post, &row, resp);
}

/* A poll while a validation runs is worth holding: it saves another one. */
static bool
authz_serve(struct post *post, struct http_resp *resp, struct err *err)
{
	struct http_ticket *ticket;
	struct authz_row row;

	if (!authz_load(post, &row, err))
		return false;
	if (!post_is_get(post) && !authz_update(post, &row, err))
		return false;
	if (row.status == AUTHZ_PENDING && row.processing) {
		ticket = http_ticket_new(post->acme->deps.waits, row.id);
		if (ticket != NULL && authz_is_running(post)) {
			http_wait(resp, ticket, VALIDATION_WAIT_MS,
			    authz_reread,
			    arena_dup(post->arena, post, sizeof(*post)));
			return true;
		}
		http_ticket_drop(ticket);
		authz_reread((void *)(uintptr_t)post, post->req, resp);
		return true;
	}
	reply_authz(post, &row, resp);
	return true;
}

void
acme_post_authz(void *ctx, struct http_req *req, struct http_resp *resp)
{
	struct acme *acme = ctx;
	struct err err = { 0 };
	struct post post;

	if (!post_read(acme, req, POST_BY_KID, &post, &err) ||
	    !authz_serve(&post, resp, &err))
		problem_reply(acme, req, resp, &err, &post.extra);
}
