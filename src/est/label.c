#include "codec/pem.h"
#include "est/label.h"
#include "util/text.h"

#define FILE_MAX (8u << 20)

static unsigned
authentication_derive(const struct config_strings *words)
{
	unsigned by = 0;

	for (size_t i = 0; i < words->n; i++)
		by |= strcmp(words->v[i], "certificate") == 0 ? BY_CERTIFICATE
							      : BY_USERS;
	return by;
}

static bool
anchors_read(struct bytes pem, struct arena *a, struct est_label *out,
    const char *path, struct err *err)
{
	out->anchors = arena_array(a, ANCHORS_MAX, sizeof(*out->anchors));
	while (out->anchors_n < ANCHORS_MAX) {
		struct cert *c = &out->anchors[out->anchors_n];
		struct err why = { 0 };
		struct bytes der;
		bool found;

		if (!pem_next(&pem, "CERTIFICATE", a, &found, &der, &why))
			return fail(err, ERR_CONFIG, "%s: %s", path, why.shown);
		if (!found)
			break;
		if (!cert_parse(der, a, c, &why))
			return fail(err, ERR_CONFIG, "%s: certificate %zu: %s",
			    path, out->anchors_n + 1, why.shown);
		if (c->has_basic_constraints && !c->is_ca)
			return fail(err, ERR_CONFIG,
			    "%s: certificate %zu is no CA's, expected the CAs "
			    "that issued the client certificates",
			    path, out->anchors_n + 1);
		out->anchors_n++;
	}
	if (out->anchors_n == 0)
		return fail(
		    err, ERR_CONFIG, "%s has no certificate in PEM", path);
	if (out->anchors_n == ANCHORS_MAX)
		return fail(err, ERR_CONFIG,
		    "%s has %u certificates or more, at most %u are read", path,
		    ANCHORS_MAX, ANCHORS_MAX - 1);
	return true;
}

bool
est_label_new(const struct config_est_label *config,
    bool (*read_file)(void *ctx, const char *path, size_t max, struct arena *a,
	struct bytes *out, struct err *err),
    void *read_ctx, struct arena *a, struct est_label *out, struct err *err)
{
	struct est_label label = { .config = config,
		.authentication =
		    authentication_derive(&config->authentication) };
	const char *users = config->users_file, *anchors = config->anchors_file;
	struct bytes text;

	if (users != NULL &&
	    (!read_file(read_ctx, users, FILE_MAX, a, &text, err) ||
		!est_users_parse(text, users, a, &label.users, err)))
		return false;
	if (anchors != NULL &&
	    (!read_file(read_ctx, anchors, FILE_MAX, a, &text, err) ||
		!anchors_read(text, a, &label, anchors, err)))
		return false;
	*out = label;
	return true;
}

bool
est_name_is_among(
    const struct name *name, const char *const *patterns, size_t n)
{
	const char *tag = name_type_tag(name->type);
	size_t tag_n = strlen(tag);

	for (size_t i = 0; i < n; i++)
		if (strncmp(patterns[i], tag, tag_n) == 0 &&
		    patterns[i][tag_n] == ':' &&
		    text_match(patterns[i] + tag_n + 1, name->text))
			return true;
	return false;
}

bool
est_label_check_name(
    const struct est_label *label, const struct name *name, struct err *err)
{
	const struct config_strings *names = &label->config->names;

	if (names->n == 0 || est_name_is_among(name, names->v, names->n))
		return true;
	return fail(err, ERR_IDENTIFIER_REJECTED,
	    "label %s does not give the name %s:%s", label->config->name,
	    name_type_tag(name->type), name->text);
}

bool
est_label_takes_profile(const struct est_label *label, const char *profile)
{
	const struct config_strings *list =
	    &label->config->certificate_profiles;

	if (list->n == 0)
		return strcmp(profile, label->config->profile) == 0;
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i], profile) == 0)
			return true;
	return false;
}
