#include "ca/token.h"
#include "ca/issue.h"
#include "store/token.h"
#include "util/text.h"

/* ---- a row and what it says ---- */

static bool
token_of_row(const struct token_row *row, struct arena *a, struct token *out,
    struct err *err)
{
	struct names names;

	if (!issuance_names_parse(row->names, a, &names, err))
		return false;
	*out = (struct token){ .id = row->id,
		.profile = row->profile,
		.names = names,
		.uses = row->uses,
		.uses_left = row->uses_left,
		.used_at = row->used_at,
		.expires_at = row->expires_at,
		.created_at = row->created_at,
		.revoked = row->revoked_at != 0,
		.by = row->created_by,
		.device = row->device == NULL ? "" : row->device,
		.service = row->service == NULL ? "" : row->service };
	return true;
}

enum token_state
token_state(const struct token *t, int64_t now)
{
	if (t->revoked)
		return TOKEN_REVOKED;
	if (t->uses_left == 0)
		return TOKEN_USED;
	return t->expires_at <= now ? TOKEN_EXPIRED : TOKEN_USABLE;
}

bool
token_may_repeat(const struct token *t, int64_t now)
{
	return !t->revoked && t->used_at != 0 &&
	    t->used_at > now - TOKEN_REPEAT;
}

const char *
token_state_name(enum token_state s)
{
	static const char *const names[] = {
		[TOKEN_USABLE] = "usable",
		[TOKEN_REVOKED] = "revoked",
		[TOKEN_USED] = "used",
		[TOKEN_EXPIRED] = "expired",
	};

	return names[s];
}

static bool
token_has_name(const struct token *t, const struct name *name)
{
	for (size_t i = 0; i < t->names.n; i++)
		if (name_equal(&t->names.v[i], name))
			return true;
	return false;
}

bool
token_check_names(
    const struct token *t, const struct names *names, struct err *err)
{
	if (t->names.n == 0)
		return true;
	for (size_t i = 0; i < names->n; i++)
		if (!token_has_name(t, &names->v[i]))
			return fail(err, ERR_IDENTIFIER_REJECTED,
			    "the enrolment secret is not for %s:%s",
			    name_type_tag(names->v[i].type), names->v[i].text);
	return true;
}

/* ---- for operators ---- */

static bool
spec_check(
    struct ca *ca, const struct token_spec *spec, int64_t now, struct err *err)
{
	const struct profile *p = ca_profile_find(ca, spec->profile);

	if (p == NULL || p->t.responder)
		return fail(err, ERR_PROFILE_INVALID,
		    "there is no profile %s in the configuration",
		    spec->profile);
	if (spec->uses < 1 || spec->uses > TOKEN_USES_MAX)
		return fail(err, ERR_MALFORMED, "%lld uses; expected 1 to %d",
		    (long long)spec->uses, TOKEN_USES_MAX);
	if (spec->expires_at <= now ||
	    spec->expires_at - now > TOKEN_LIFETIME_MAX)
		return fail(err, ERR_MALFORMED,
		    "the expiry is not within the next 366 days");
	/* A token that nothing can come of is a mistake to tell now. */
	for (size_t i = 0; i < spec->names.n; i++)
		if (!profile_check_name(p, &spec->names.v[i], err))
			return false;
	return true;
}

bool
ca_token_create(struct ca *ca, const struct token_spec *spec, struct arena *a,
    struct token *out, char secret[TOKEN_SECRET_LENGTH + 1], struct err *err)
{
	char *id = arena_alloc(a, OBJECT_ID_SIZE), text[SECRET_TEXT_LENGTH + 1];
	int64_t now = ca_now(ca);
	struct token_row row = { .id = id,
		.profile = spec->profile,
		.uses = spec->uses,
		.uses_left = spec->uses,
		.expires_at = spec->expires_at,
		.created_at = now,
		.created_by = spec->by,
		.device = spec->device,
		.service = spec->service };
	bool ok;

	if (!spec_check(ca, spec, now, err))
		return false;
	row.names = issuance_names_text(names_sorted(a, spec->names), a);
	random_object_id(&ca->deps.random, now, id);
	secret_text_draw(&ca->deps.random, text);
	secret_text_hash(bytes_str(text), row.secret_sha256);
	ok = store_token_insert(ca->deps.store, &row, err) &&
	    token_of_row(&row, a, out, err);
	if (ok)
		memcpy(secret, text, sizeof(text));
	secret_wipe(text, sizeof(text));
	return ok;
}

bool
ca_token_list(struct ca *ca, const char *after, unsigned limit, struct arena *a,
    struct token **out, size_t *n, struct err *err)
{
	struct token_row *rows;
	struct token *tokens;
	size_t count;

	if (!store_token_list(
		ca->deps.store, after, limit, a, &rows, &count, err))
		return false;
	tokens = arena_array(a, count, sizeof(*tokens));
	for (size_t i = 0; i < count; i++)
		if (!token_of_row(&rows[i], a, &tokens[i], err))
			return false;
	*out = tokens;
	*n = count;
	return true;
}

bool
ca_token_revoke(struct ca *ca, const char *id, const char *by, struct err *err)
{
	return store_token_revoke(ca->deps.store, id, ca_now(ca), by, err);
}

/* ---- for protocols ---- */

/* Whoever guesses learns nothing but that this is not it. */
#define SECRET_REFUSED "the enrolment secret cannot be used"

static bool
fail_secret(struct err *err, const char *why)
{
	return fail_detail(err, ERR_UNAUTHORIZED, SECRET_REFUSED, "%s", why);
}

bool
token_check_usable(const struct token *t, int64_t now, struct err *err)
{
	enum token_state state = token_state(t, now);

	if (state == TOKEN_USABLE)
		return true;
	return fail_detail(err, ERR_UNAUTHORIZED, SECRET_REFUSED,
	    "its token %s is %s", t->id, token_state_name(state));
}

/* Of these clients, and still good for something? */
static bool
token_check_here(const struct token *t, const char *profile,
    const char *service, int64_t now, struct err *err)
{
	if (strcmp(t->profile, profile) != 0)
		return fail_secret(err, "its token is for another profile");
	if (t->service[0] != '\0' && strcmp(t->service, service) != 0)
		return fail_secret(err, "its token is for another service");
	return token_may_repeat(t, now) || token_check_usable(t, now, err);
}

bool
ca_token_check(struct ca *ca, struct bytes secret, const char *profile,
    const char *service, struct arena *a, struct token *out, struct err *err)
{
	struct err why = { 0 };
	struct token_row row;
	struct token t;
	uint8_t hash[32];

	if (!secret_text_has_form(secret))
		return fail_secret(err, "it is not 32 letters and digits");
	secret_text_hash(secret, hash);
	if (!store_token_get_by_secret(ca->deps.store, hash, a, &row, &why)) {
		if (why.kind == ERR_NOT_FOUND)
			return fail_secret(err, "there is no such token");
		*err = why;
		return false;
	}
	if (!secret_text_matches(secret, row.secret_sha256))
		return fail_secret(err, "there is no such token");
	if (!token_of_row(&row, a, &t, err) ||
	    !token_check_here(&t, profile, service, ca_now(ca), err))
		return false;
	*out = t;
	return true;
}

/* One and the same for all that a key signs under this number, whatever else it
 * says.  As long as other ids, but no time is in it. */
static const char *
signed_id(const uint8_t key[32], const char *number, struct arena *a)
{
	AUTO_BUF b = { 0 };
	uint8_t sum[32];
	char *text;

	buf_add(&b, key, 32);
	buf_add_str(&b, number);
	digest_sha256(buf_bytes(&b), sum);
	text = base64url_arena(a, bytes_of(sum, sizeof(sum)));
	text[OBJECT_ID_SIZE - 1] = '\0';
	return text;
}

bool
ca_token_take_signed(struct ca *ca, const struct token_signed *in,
    struct arena *a, struct token *out, struct err *err)
{
	const struct token_spec *spec = &in->spec;
	int64_t now = ca_now(ca);
	struct token_row row = { .id = signed_id(in->key, in->number, a),
		.profile = spec->profile,
		.names = issuance_names_text(names_sorted(a, spec->names), a),
		.uses = 1,
		.expires_at = spec->expires_at,
		.created_at = now,
		.created_by = spec->by,
		.device = spec->device,
		.service = spec->service };
	struct token t;

	digest_sha256(in->secret, row.secret_sha256);
	if (!store_token_ensure(
		ca->deps.store, &row, in->per_device, now - in->period, err) ||
	    !store_token_get(ca->deps.store, row.id, a, &row, err) ||
	    !token_of_row(&row, a, &t, err) ||
	    !token_check_here(&t, spec->profile, spec->service, now, err))
		return false;
	*out = t;
	return true;
}

/*
 * What of a token never changes is held here against what will be certified,
 * whatever the protocol has checked.  Its state is in the SQL of the intent
 * too; here it spares work for what cannot be issued.
 */
bool
token_check_request(struct ca *ca, const struct ca_request *req,
    struct arena *a, struct err *err)
{
	struct err why = { 0 };
	struct token_row row;
	struct token t;

	if (req->token_id == NULL)
		return true;
	if (!store_token_get(ca->deps.store, req->token_id, a, &row, &why)) {
		if (why.kind == ERR_NOT_FOUND)
			return fail_secret(err, "its token is gone");
		*err = why;
		return false;
	}
	return token_of_row(&row, a, &t, err) &&
	    token_check_usable(&t, ca_now(ca), err) &&
	    token_check_names(&t, &req->names, err);
}
