#include <netinet/in.h>

#include "ca/token.h"
#include "codec/json.h"
#include "crypto/password.h"
#include "crypto/verified.h"
#include "http/authorization.h"
#include "http/rate.h"
#include "scep/handlers.h"
#include "util/secret.h"

/* Of what is asked; a name is at most as long as a certificate can have it. */
#define DEVICE_MAX 255u
#define NAMES_ASKED_MAX 100u
#define HOUR 3600

/* What an MDM wants a secret for. */
struct wish {
	const char *client; /* who asks */
	const char *device; /* NULL: not said */
	struct names names; /* none: what the profile gives */
};

/* ---- who asks ---- */

static bool
password_holds(struct scep_call *call, const struct password_user *user,
    struct bytes password)
{
	const struct password_file *file = &call->profile->challenge_clients;
	struct scep *scep = call->scep;
	uint8_t key[32];
	bool holds;

	verified_key(scep->verified, call->state->generation,
	    call->profile->index, VERIFIED_PASSWORD,
	    user == NULL ? BYTES_NONE : bytes_str(user->name), password, key);
	if (user != NULL && verified_has(scep->verified, key, call->req->now))
		return true;
	/* Never more hashes at once than lanes.  Who is no client costs as much
	 * time as who is one. */
	AUTO_LANE loan = lane_lend(scep->lanes);

	(void)loan;
	holds = password_check(
		    user == NULL ? file->v[0].hash : user->hash, password) &&
	    user != NULL;
	if (holds)
		verified_add(scep->verified, key, call->req->now);
	return holds;
}

/* "NAME.PASSWORD", for who can send nothing but a token: a hash is looked for
 * by its name. */
static bool
bearer_decode(const char *text, struct arena *a, struct bytes *whole,
    const char **name, struct bytes *password)
{
	const char *dot = strchr(text, '.');

	*whole = arena_bytes(a, bytes_str(text));
	if (dot == NULL)
		return false;
	*name = arena_str(a, bytes_of(text, (size_t)(dot - text)));
	*password = bytes_of(
	    whole->p + (dot - text) + 1, whole->n - (size_t)(dot - text) - 1);
	return true;
}

static bool
credentials_hold(struct scep_call *call, const char *field, const char **client)
{
	const struct password_user *user;
	struct bytes whole = { 0 }, password;
	const char *text, *name;
	bool known = false;

	text = http_after_scheme(field, "Basic");
	if (text != NULL)
		known = http_basic_decode(
		    text, call->a, &whole, &name, &password, NULL);
	else if ((text = http_after_scheme(field, "Bearer")) != NULL)
		known = bearer_decode(text, call->a, &whole, &name, &password);
	if (known) {
		user =
		    password_file_find(&call->profile->challenge_clients, name);
		known = password_holds(call, user, password);
		*client = known ? user->name : NULL;
	}
	secret_wipe((uint8_t *)(uintptr_t)whole.p, whole.n);
	return known;
}

static bool
client_find(struct scep_call *call, const char **client, struct err *err)
{
	const struct config_scep_profile *c = call->profile->config;
	const char *field = http_req_header(call->req, "Authorization");

	if (rates_over(call->scep->failures, &call->req->peer,
		call->profile->index, c->max_failures, c->failure_period,
		call->req->now, &call->retry_after))
		return fail(err, ERR_RATE_LIMITED,
		    "too many failures from this address");
	if (field != NULL &&
	    http_req_header_count(call->req, "Authorization") == 1 &&
	    credentials_hold(call, field, client)) {
		call->req->log_account = *client;
		return true;
	}
	/* Some ask without at first, to be told how. */
	if (field != NULL)
		scep_count_failure(call);
	return fail(err, ERR_UNAUTHORIZED,
	    "secrets are handed out to the clients of "
	    "challenge_clients_file alone");
}

/* ---- what for ---- */

/* A text of an object; NULL if it is none that can be shown. */
static const char *
text_of(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	if (s == NULL || *s == '\0' || strlen(s) > DEVICE_MAX)
		return NULL;
	for (const char *p = s; *p != '\0'; p++)
		if ((uint8_t)*p < 0x20 || *p == 0x7f)
			return NULL;
	return s;
}

static const char *
device_of(const json_t *o)
{
	static const char *const members[] = { "serialNumber", "udid", "uuid",
		"deviceName" };
	const char *s = NULL;

	for (size_t i = 0; s == NULL && i < COUNT_OF(members); i++)
		s = text_of(o, members[i]);
	return s;
}

/*
 * Jamf Pro's event SCEPChallenge: "webhook" says which event it is, "event"
 * what it is about.  The device is in targetDevice (Jamf), in device (Fleet) or
 * nowhere; nothing of it says which names the certificate is to have.
 */
static bool
event_read(const json_t *o, struct wish *out, struct err *err)
{
	const json_t *event = json_object_get(o, "event");
	const char *name =
	    text_of(json_object_get(o, "webhook"), "webhookEvent");

	if (name == NULL || strcmp(name, "SCEPChallenge") != 0)
		return fail(err, ERR_MALFORMED,
		    "the webhook's event is \"%.40s\", expected SCEPChallenge",
		    name == NULL ? "" : name);
	out->device = device_of(json_object_get(event, "targetDevice"));
	if (out->device == NULL)
		out->device = device_of(json_object_get(event, "device"));
	if (out->device == NULL)
		out->device = device_of(event);
	return true;
}

static bool
names_read_json(
    const json_t *list, struct arena *a, struct names *out, struct err *err)
{
	size_t n = json_array_size(list), i;
	const json_t *v;

	if (!json_is_array(list) || n == 0 || n > NAMES_ASKED_MAX)
		return fail(err, ERR_MALFORMED,
		    "names is not an array of 1 to %u names", NAMES_ASKED_MAX);
	out->v = arena_array(a, n, sizeof(*out->v));
	json_array_foreach ((json_t *)(uintptr_t)list, i, v) {
		const char *s = json_string_value(v);

		if (s == NULL)
			return fail(err, ERR_MALFORMED,
			    "names has something that is not a text");
		if (!name_parse_tagged(s, a, &out->v[out->n++], err))
			return false;
	}
	return true;
}

/* Our own form.  A member that is misspelt would give a secret for more than
 * was meant. */
static bool
own_read(const json_t *o, struct arena *a, struct wish *out, struct err *err)
{
	const char *name;
	json_t *v;

	json_object_foreach ((json_t *)(uintptr_t)o, name, v) {
		if (strcmp(name, "names") == 0) {
			if (!names_read_json(v, a, &out->names, err))
				return false;
		} else if (strcmp(name, "device") == 0) {
			out->device = text_of(o, "device");
			if (out->device == NULL)
				return fail(err, ERR_MALFORMED,
				    "device is not a text of 1 to %u octets",
				    DEVICE_MAX);
		} else {
			return fail(err, ERR_MALFORMED,
			    "\"%.40s\" is neither names nor device, nor is "
			    "this the webhook of Jamf Pro",
			    name);
		}
	}
	return true;
}

static bool
wish_read(struct scep_call *call, struct wish *out, struct err *err)
{
	const char *type = http_req_media_type(call->req);
	json_t *o;

	if (call->req->body.n == 0)
		return true;
	if (type == NULL || strcmp(type, "application/json") != 0)
		return fail(err, ERR_UNSUPPORTED,
		    "the body is %.60s, expected application/json: the "
		    "webhook's content type can be set to JSON",
		    type == NULL ? "of no type" : type);
	if (!json_parse_object(call->req->body, call->a, &o, err))
		return false;
	if (json_object_get(o, "webhook") != NULL)
		return event_read(o, out, err);
	return own_read(o, call->a, out, err);
}

/* ---- the secret ---- */

/* By who asks, wherever from; by name, since a reload moves places. */
static void
requester(
    const struct scep_call *call, const char *client, struct sockaddr_in6 *out)
{
	uint8_t sum[32];

	digest_sha256(bytes_str(arena_printf(
			  call->a, "%s %s", call->profile->service, client)),
	    sum);
	*out = (struct sockaddr_in6){ .sin6_family = AF_INET6 };
	memcpy(out->sin6_addr.s6_addr, sum, sizeof(out->sin6_addr.s6_addr));
}

static bool
rate_check(struct scep_call *call, const struct wish *wish, struct err *err)
{
	int64_t most = call->profile->config->challenges_per_hour;
	struct rates *fetched = call->scep->fetched;
	struct sockaddr_storage who = { 0 };

	requester(call, wish->client, (struct sockaddr_in6 *)&who);
	if (rates_over(fetched, &who, 0, most, HOUR, call->req->now,
		&call->retry_after))
		return fail(err, ERR_RATE_LIMITED,
		    "client %s has fetched %lld secrets within the hour",
		    wish->client, (long long)most);
	rates_add(fetched, &who, 0, HOUR, call->req->now);
	return true;
}

static bool
secret_make(struct scep_call *call, const struct wish *wish,
    struct http_resp *resp, struct err *err)
{
	const struct config_scep_profile *c = call->profile->config;
	const struct token_spec spec = { .profile = c->profile,
		.names = wish->names,
		.uses = 1,
		.expires_at = call->req->now + c->challenge_lifetime,
		.by =
		    arena_printf(call->a, "challenge client %s", wish->client),
		.device = wish->device,
		.service = call->profile->service };
	char *secret = arena_alloc(call->a, TOKEN_SECRET_LENGTH + 1);
	struct token token;

	if (!scep_profile_check_names(call->profile, &wish->names, err) ||
	    !rate_check(call, wish, err) ||
	    !ca_token_create(
		call->scep->deps.ca, &spec, call->a, &token, secret, err))
		return false;
	call->req->log_object = token.id;
	/* Nothing but the secret, not even the end of a line: Jamf Pro puts the
	 * whole body into the device's payload. */
	resp->status = 200;
	resp->body = bytes_of(secret, TOKEN_SECRET_LENGTH);
	resp->secret = true;
	scep_resp_type(resp, "text/plain; charset=utf-8");
	return true;
}

bool
scep_hand_out(struct scep_call *call, struct http_resp *resp, struct err *err)
{
	struct wish wish = { 0 };
	bool ok;

	if (call->profile->challenge_clients.n == 0)
		return fail(err, ERR_NOT_FOUND,
		    "profile %s hands out no secrets",
		    call->profile->config->name);
	/* Guesses wait for their hashes: with all the workers there are, were
	 * it not for this. */
	if (!scep_enter(call, err))
		return false;
	ok = client_find(call, &wish.client, err) &&
	    wish_read(call, &wish, err) && secret_make(call, &wish, resp, err);
	scep_leave(call);
	return ok;
}
