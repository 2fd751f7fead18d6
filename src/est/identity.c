#include <arpa/inet.h>

#include "crypto/password.h"
#include "est/identity.h"
#include "crypto/verified.h"
#include "http/authorization.h"
#include "http/rate.h"
#include "util/turns.h"

const char *
est_identity_kind_name(enum identity_kind kind)
{
	switch (kind) {
	case IDENTITY_CERTIFICATE:
		return "certificate";
	case IDENTITY_REGISTRAR:
		return "registrar";
	case IDENTITY_USER:
		return "user";
	case IDENTITY_TOKEN:
		return "token";
	case IDENTITY_NOBODY:
		break;
	}
	return "anonymous";
}

/* One sentence, whatever was wrong with user and password. */
static bool
fail_password(struct err *err, const char *detail)
{
	return fail_detail(err, ERR_UNAUTHORIZED,
	    "there is no such user, or its password is another", "%s", detail);
}

/* Slow by design, so it takes turns: guesses from many addresses leave others
 * their workers and their lanes. */
static bool
hash_holds(struct est_call *call, const char *hash, struct bytes password,
    bool *holds, struct err *err)
{
	struct turns *turns = call->est->hashing;

	if (!turns_enter(turns))
		return fail(
		    err, ERR_BUSY, "too many passwords are being checked");
	*holds = password_check(hash, password);
	turns_leave(turns);
	return true;
}

/* user NULL: there is none of that name, which costs as much time. */
static bool
password_holds(struct est_call *call, const struct password_user *user,
    struct bytes password, struct err *err)
{
	const struct password_file *users = &call->label->users;
	struct verified *verified = call->est->verified;
	uint8_t key[32];
	bool holds;

	if (users->n == 0)
		return fail_password(err, "");
	verified_key(verified, call->state->generation, call->label->index,
	    VERIFIED_PASSWORD,
	    user == NULL ? BYTES_NONE : bytes_str(user->name), password, key);
	if (user != NULL && verified_has(verified, key, call->req->now))
		return true;
	if (!hash_holds(call, user == NULL ? users->v[0].hash : user->hash,
		password, &holds, err))
		return false;
	if (!holds || user == NULL)
		return fail_password(err, "");
	verified_add(verified, key, call->req->now);
	return true;
}

/* A one-time secret; it is burnt with the certificate, not here. */
static bool
by_token(struct est_call *call, struct bytes secret, struct identity *out,
    struct err *err)
{
	if (!ca_token_check(call->est->deps.ca, secret,
		call->label->config->profile,
		arena_printf(call->a, "est/%s", call->label->config->name),
		call->a, &out->token, err))
		return false;
	out->kind = IDENTITY_TOKEN;
	out->name = out->token.id;
	return true;
}

/*
 * A user's name is a user's; any other goes with a one-time secret.  Where both
 * are taken, a wrong secret costs as much time as a wrong password and is told
 * in the same words: who is a user here is not for everybody to know.
 */
static bool
by_other_name(struct est_call *call, struct bytes password,
    struct identity *out, struct err *err)
{
	struct err why = { 0 }, busy = { 0 };

	if (by_token(call, password, out, &why))
		return true;
	if (why.kind == ERR_UNAUTHORIZED && call->label->users.n > 0) {
		if (!password_holds(call, NULL, password, &busy) &&
		    busy.kind == ERR_BUSY)
			why = busy;
		else
			return fail_password(err, why.detail);
	}
	*err = why;
	return false;
}

static bool
by_user(struct est_call *call, const char *name, struct bytes password,
    struct identity *out, struct err *err)
{
	const struct password_user *user =
	    password_file_find(&call->label->users, name);

	if (!password_holds(call, user, password, err))
		return false;
	out->kind = IDENTITY_USER;
	out->user = user;
	out->name = user->name;
	return true;
}

static bool
by_basic(struct est_call *call, const char *text, struct identity *out,
    struct err *err)
{
	unsigned by = call->label->authentication;
	struct bytes whole, password;
	const char *name;
	bool known;

	if (!http_basic_decode(text, call->a, &whole, &name, &password, err))
		return false;
	if ((by & BY_TOKENS) != 0 &&
	    password_file_find(&call->label->users, name) == NULL)
		known = by_other_name(call, password, out, err);
	else
		known = by_user(call, name, password, out, err);
	secret_wipe((uint8_t *)(uintptr_t)whole.p, whole.n);
	return known;
}

static bool
by_password(struct est_call *call, const char *field, struct identity *out,
    struct err *err)
{
	bool tokens = (call->label->authentication & BY_TOKENS) != 0;
	const char *text = http_after_scheme(field, "Basic");

	if (text != NULL)
		return by_basic(call, text, out, err);
	text = http_after_scheme(field, "Bearer");
	if (text != NULL && tokens)
		return by_token(call, bytes_str(text), out, err);
	return fail(err, ERR_UNAUTHORIZED,
	    "the Authorization field is of a scheme that is not done here, "
	    "expected Basic%s",
	    tokens ? " or Bearer" : "");
}

/* id-kp-cmcRA, RFC 6402 section 2.10: a registration authority.  We make
 * registrars; a maker of devices cannot. */
static bool
is_registrar(const struct est_call *call, const struct ca_client *c)
{
	return c->ours && call->label->config->registrars &&
	    ca_client_has_usage(c, "1.3.6.1.5.5.7.3.28");
}

static bool
by_certificate(struct est_call *call, struct identity *out, struct err *err)
{
	const struct client_check check = { .ca = call->est->deps.ca,
		.store = call->est->deps.store,
		.lanes = call->est->deps.lanes,
		.verified = call->est->verified,
		.generation = call->state->generation,
		.index = call->label->index,
		.now = call->req->now };
	struct arena *a = call->a;

	if (!ca_client_verify(&check, &call->label->clients,
		call->req->client_cert, a, &out->client, err))
		return false;
	out->kind = is_registrar(call, &out->client) ? IDENTITY_REGISTRAR
						     : IDENTITY_CERTIFICATE;
	out->name = out->client.ours
	    ? out->client.row.id
	    : subject_text(a, out->client.cert.subject);
	return true;
}

/* Who has a /64 of IPv6 is one requester, not as many as it has addresses: the
 * queue's limit for each holds for all of it. */
static const char *
source_text(const struct http_req *req)
{
	struct sockaddr_in6 v6;
	char text[INET6_ADDRSTRLEN];

	if (req->peer.ss_family != AF_INET6)
		return http_peer_text(req);
	memcpy(&v6, &req->peer, sizeof(v6));
	if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
		return http_peer_text(req);
	memset(v6.sin6_addr.s6_addr + 8, 0, 8);
	inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof(text));
	return arena_printf(req->arena, "%s/64", text);
}

/* Nothing was given: what is to be done about it. */
static bool
nobody(const struct est_call *call, struct identity *out, struct err *err)
{
	unsigned by = call->label->authentication;
	const char *label = call->label->config->name;

	if ((by & BY_APPROVAL) != 0) {
		*out = (struct identity){ .kind = IDENTITY_NOBODY,
			.name = source_text(call->req) };
		return true;
	}
	if (by == BY_CERTIFICATE)
		return fail(err, ERR_UNAUTHORIZED,
		    "no client certificate came with the TLS connection, "
		    "label %s wants one%s",
		    label,
		    call->req->listener == LISTENER_EST
			? ""
			: "; the est listener asks for it, this one does not");
	return fail(err, ERR_UNAUTHORIZED, "label %s wants %s%s", label,
	    (by & BY_USERS) != 0 ? "a user and password"
				 : "a one-time secret as password",
	    (by & BY_CERTIFICATE) != 0 ? ", or a client certificate" : "");
}

static bool
count(struct est_call *call)
{
	const struct config_est_label *c = call->label->config;

	return !rates_over(call->est->failures, &call->req->peer,
	    call->label->index, c->max_failures, c->failure_period,
	    call->req->now, &call->retry_after);
}

bool
est_identity_find(struct est_call *call, struct identity *out, struct err *err)
{
	const struct config_est_label *c = call->label->config;
	const char *field = http_req_header(call->req, "Authorization");
	unsigned by = call->label->authentication;
	struct identity id = { 0 };
	bool known;

	if (http_req_header_count(call->req, "Authorization") > 1)
		return fail(err, ERR_MALFORMED,
		    "there is more than one Authorization field");
	if ((by & BY_PASSWORDS) == 0)
		field = NULL;
	if (field == NULL &&
	    ((by & BY_CERTIFICATE) == 0 || call->req->client_cert.n == 0))
		return nobody(call, out, err);
	if (!count(call))
		return fail(err, ERR_RATE_LIMITED,
		    "too many failed authentications from this address");
	known = field != NULL ? by_password(call, field, &id, err)
			      : by_certificate(call, &id, err);
	if (!known) {
		if (err->kind == ERR_UNAUTHORIZED)
			rates_add(call->est->failures, &call->req->peer,
			    call->label->index, c->failure_period,
			    call->req->now);
		return false;
	}
	call->req->log_account = id.name;
	*out = id;
	return true;
}
