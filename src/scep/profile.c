#include "codec/certs.h"
#include "scep/profile.h"
#include "scep/webhook.h"
#include "util/text.h"

#define CHALLENGE_FILE_MAX 4096u
#define ANCHORS_FILE_MAX (8u << 20)
#define SIGNERS_FILE_MAX (256u * 1024u)
#define CLIENTS_FILE_MAX (1u << 20)

static unsigned
authentication_derive(const struct config_strings *words)
{
	static const struct {
		const char *word;
		unsigned by;
	} rows[] = {
		{ "challenge", BY_CHALLENGE },
		{ "tokens", BY_TOKENS },
		{ "signed", BY_SIGNED },
		{ "approval", BY_APPROVAL },
		{ "webhook", BY_WEBHOOK },
		{ "intune", BY_INTUNE },
	};
	unsigned by = 0;

	for (size_t i = 0; i < words->n; i++)
		for (size_t j = 0; j < COUNT_OF(rows); j++)
			if (strcmp(words->v[i], rows[j].word) == 0)
				by |= rows[j].by;
	/* Nothing that shows who asks: an operator decides, never we. */
	return by == 0 ? BY_APPROVAL : by;
}

struct bytes
scep_first_line(struct bytes text)
{
	size_t n = 0;

	while (n < text.n && text.p[n] != '\n' && text.p[n] != '\r')
		n++;
	return bytes_of(text.p, n);
}

bool
scep_file_read(const struct scep_files *files, const char *path, size_t max,
    struct arena *a, struct bytes *out, struct err *err)
{
	struct err why = { 0 };

	return files->read(files->ctx, path, max, a, out, &why) ||
	    fail(err, ERR_CONFIG, "%s: %s", path, why.shown);
}

static bool
challenge_read(const struct scep_files *files, const char *path,
    uint8_t out[32], struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct bytes text, line;
	bool ok;

	if (!scep_file_read(files, path, CHALLENGE_FILE_MAX, a, &text, err))
		return false;
	line = scep_first_line(text);
	ok = line.n >= CHALLENGE_MIN && line.n <= CHALLENGE_MAX;
	if (ok)
		digest_sha256(line, out);
	secret_wipe((uint8_t *)(uintptr_t)text.p, text.n);
	/* An empty password would be one that nobody has to know. */
	if (!ok)
		return fail(err, ERR_CONFIG,
		    "%s has no password of %u to %u characters in its first "
		    "line",
		    path, CHALLENGE_MIN, CHALLENGE_MAX);
	return true;
}

/* Whose TLS client certificates open the profile, if it has that rule. */
static bool
clients_read(const struct config_scep_profile *config,
    const struct scep_files *files, struct arena *a, struct client_place *out,
    struct err *err)
{
	const char *path = config->client_anchors_file;
	struct client_place made = {
		.name = arena_printf(a, "profile %s", config->name),
		.profiles = config->client_certificate_profiles,
	};
	struct bytes pem;

	if (path != NULL) {
		if (!scep_file_read(
			files, path, ANCHORS_FILE_MAX, a, &pem, err) ||
		    !certs_parse(pem, path, true, a, &made.anchors,
			&made.anchors_n, err))
			return false;
	}
	*out = made;
	return true;
}

static bool
challenge_clients_read(const struct scep_files *files, const char *path,
    struct arena *a, struct password_file *out, struct err *err)
{
	struct bytes text;

	if (path == NULL)
		return true;
	if (!scep_file_read(files, path, CLIENTS_FILE_MAX, a, &text, err) ||
	    !password_file_parse(text, path, a, out, err))
		return false;
	return out->n > 0 ||
	    fail(err, ERR_CONFIG, "%s has no client, expected NAME:HASH", path);
}

static bool
signers_read(const struct scep_files *files, const char *path, struct arena *a,
    struct jwk_set *out, struct err *err)
{
	struct err why = { 0 };
	struct bytes text;

	if (!scep_file_read(files, path, SIGNERS_FILE_MAX, a, &text, err))
		return false;
	return jwk_set_parse(text, a, out, &why) ||
	    fail(err, ERR_CONFIG, "%s: %s", path, why.shown);
}

/* The URLs that clients may have been given, also that of the listener which
 * profiles behind client certificates are at; of the profile that also answers
 * paths without a name, these too. */
static void
audience_derive(const struct config *all, const struct config_scep_profile *p,
    struct arena *a, struct scep_profile *out)
{
	const char *const bases[] = { all->base_url, all->http_base_url,
		out->mutual && all->base_url != NULL
		    ? config_est_base(all, all->base_url, 0, a)
		    : NULL };
	const char **v = arena_array(a, 2 * COUNT_OF(bases), sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; i < COUNT_OF(bases); i++) {
		if (bases[i] == NULL)
			continue;
		v[n++] = arena_printf(a, "%s/scep/%s", bases[i], p->name);
		if (strcmp(p->name, PROFILE_DEFAULT) == 0)
			v[n++] = arena_printf(a, "%s/scep", bases[i]);
	}
	out->audience = v;
	out->audience_n = n;
}

static bool
signed_read(const struct config *all, const struct config_scep_profile *p,
    const struct scep_files *files, struct arena *a, struct scep_profile *out,
    struct err *err)
{
	if ((out->authentication & BY_SIGNED) == 0)
		return true;
	if (p->signed_audience.n == 0) {
		audience_derive(all, p, a, out);
	} else {
		out->audience = p->signed_audience.v;
		out->audience_n = p->signed_audience.n;
	}
	return signers_read(files, p->signed_keys_file, a, &out->signers, err);
}

/* Who decides; the configuration's check holds that there is one at most. */
static bool
service_read(const struct config *all, const struct scep_files *files,
    struct arena *a, struct scep_profile *p, struct err *err)
{
	if ((p->authentication & BY_WEBHOOK) != 0) {
		p->asks = INQUIRY_WEBHOOK;
		return webhook_new(config_webhook_find(all, p->config->webhook),
		    files, a, &p->webhook, err);
	}
	if ((p->authentication & BY_INTUNE) != 0) {
		p->asks = INQUIRY_INTUNE;
		p->tenant = config_intune_find(all, p->config->intune);
	}
	return true;
}

bool
scep_profile_new(const struct config *all,
    const struct config_scep_profile *config, const struct scep_files *files,
    struct arena *a, struct scep_profile *out, struct err *err)
{
	const struct config_profile *p =
	    config_profile_find(all, config->profile);
	struct scep_profile made = { .config = config,
		.service = arena_printf(a, "scep/%s", config->name),
		.authentication =
		    authentication_derive(&config->authentication),
		.mutual = config_scep_is_mutual(config) };

	if (p == NULL)
		return fail(
		    err, ERR_CONFIG, "there is no profile %s", config->profile);
	made.ca = p->ca;
	if ((made.authentication & BY_CHALLENGE) != 0 &&
	    !challenge_read(files, config->challenge_file, made.challenge, err))
		return false;
	if (!clients_read(config, files, a, &made.clients, err) ||
	    !signed_read(all, config, files, a, &made, err) ||
	    !challenge_clients_read(files, config->challenge_clients_file, a,
		&made.challenge_clients, err) ||
	    !service_read(all, files, a, &made, err))
		return false;
	*out = made;
	return true;
}

bool
scep_profile_check_names(
    const struct scep_profile *p, const struct names *names, struct err *err)
{
	const struct config_strings *patterns = &p->config->names;

	for (size_t i = 0; patterns->n > 0 && i < names->n; i++)
		if (!name_is_among(&names->v[i], patterns->v, patterns->n))
			return fail(err, ERR_IDENTIFIER_REJECTED,
			    "profile %s does not give the name %s:%s",
			    p->config->name, name_type_tag(names->v[i].type),
			    names->v[i].text);
	return true;
}

bool
scep_profile_is_challenge(const struct scep_profile *p, struct bytes password)
{
	uint8_t sum[32];

	if ((p->authentication & BY_CHALLENGE) == 0)
		return false;
	digest_sha256(password, sum);
	return bytes_equal_secret(
	    bytes_of(sum, sizeof(sum)), bytes_of(p->challenge, 32));
}
