#include "acme/authz.h"
#include "acme/validate.h"

/* The second half of a held challenge: a pure read. */
static void
challenge_reread(void *ctx, struct http_req *req, struct http_resp *resp)
{
	const struct post *post = ctx;
	struct err err = { 0 };
	struct authz_row row;

	if (!authz_load(post, &row, &err))
		problem_reply(post->acme, req, resp, &err, &post->extra);
	else
		reply_challenge(
		    post, &row, challenge_type_of_path(req->capture[1]), resp);
}

/*
 * RFC 8555 section 7.5.1: the client is ready.  Idempotent: whoever comes
 * second, or polls by posting again as x/crypto does, gets the state of the
 * validation that runs (rule 24).  Nor does it hasten the next try, as RFC 8555
 * section 8.2 would have it: each poll of such a client would spend one.
 */
static bool
challenge_start(struct post *post, const struct authz_row *row,
    enum challenge_type type, struct http_resp *resp, struct err *err)
{
	struct acme *acme = post->acme;
	struct http_ticket *ticket;
	bool started;

	/* Opened first, so that no outcome slips by. */
	ticket = http_ticket_new(acme->deps.waits, row->id);
	if (!validation_start(acme, row, type, post->account.thumbprint,
		post->now, &started, err)) {
		http_ticket_drop(ticket);
		return false;
	}
	/* Somebody else's may have ended between the look at it and the
	 * ticket: it tells nobody any more. */
	if (ticket == NULL || (!started && !authz_is_running(post))) {
		http_ticket_drop(ticket);
		challenge_reread(post, post->req, resp);
		return true;
	}
	http_wait(resp, ticket, VALIDATION_WAIT_MS, challenge_reread,
	    arena_dup(post->arena, post, sizeof(*post)));
	return true;
}

static bool
challenge_check_open(const struct authz_row *row, struct err *err)
{
	if (row->status == AUTHZ_EXPIRED || row->status == AUTHZ_DEACTIVATED ||
	    row->status == AUTHZ_REVOKED)
		return fail(err, ERR_CONFLICT, "the authorization is %s",
		    authz_status_name(row->status));
	return true;
}

static bool
challenge_serve(struct post *post, struct http_resp *resp, struct err *err)
{
	unsigned type = challenge_type_of_path(post->req->capture[1]);
	struct authz_row row;
	json_t *o;

	if (!authz_load(post, &row, err))
		return false;
	if ((row.offered & type) == 0)
		return fail(err, ERR_NOT_FOUND,
		    "the authorization offers no such challenge");
	/* Reading never starts a validation (rule 24, acme.sh#4442); the
	 * members of an answer are not looked at (rule 25). */
	if (!post_is_get(post)) {
		if (!post_payload(post, &o, err) ||
		    !challenge_check_open(&row, err))
			return false;
		if (row.status == AUTHZ_PENDING)
			return challenge_start(
			    post, &row, (enum challenge_type)type, resp, err);
	}
	reply_challenge(post, &row, (enum challenge_type)type, resp);
	return true;
}

void
acme_post_challenge(void *ctx, struct http_req *req, struct http_resp *resp)
{
	struct acme *acme = ctx;
	struct err err = { 0 };
	struct post post;

	if (!post_read(acme, req, POST_BY_KID, &post, &err) ||
	    !challenge_serve(&post, resp, &err))
		problem_reply(acme, req, resp, &err, &post.extra);
}
