#include "codec/pem.h"
#include "est/label.h"
#include "util/text.h"

#define FILE_MAX (8u << 20)

static unsigned
authentication_derive(const struct config_strings *words)
{
	static const struct {
		const char *word;
		unsigned by;
	} rows[] = {
		{ "certificate", BY_CERTIFICATE },
		{ "users", BY_USERS },
		{ "tokens", BY_TOKENS },
		{ "approval", BY_APPROVAL },
	};
	unsigned by = 0;

	for (size_t i = 0; i < words->n; i++)
		for (size_t j = 0; j < COUNT_OF(rows); j++)
			if (strcmp(words->v[i], rows[j].word) == 0)
				by |= rows[j].by;
	/* Nothing that shows who asks: an operator decides, never we. */
	return by == 0 ? BY_APPROVAL : by;
}

/* All certificates of a file; of CAs alone, if they are to be. */
static bool
certificates_read(struct bytes pem, const char *path, bool cas, struct arena *a,
    struct cert **out, size_t *out_n, struct err *err)
{
	struct cert *v = arena_array(a, LABEL_CERTIFICATES_MAX, sizeof(*v));
	size_t n = 0;

	for (;; n++) {
		struct err why = { 0 };
		struct bytes der;
		bool found;

		if (!pem_next(&pem, "CERTIFICATE", a, &found, &der, &why))
			return fail(err, ERR_CONFIG, "%s: %s", path, why.shown);
		if (!found)
			break;
		if (n == LABEL_CERTIFICATES_MAX)
			return fail(err, ERR_CONFIG,
			    "%s has more than %u certificates", path,
			    LABEL_CERTIFICATES_MAX);
		if (!cert_parse(der, a, &v[n], &why))
			return fail(err, ERR_CONFIG, "%s: certificate %zu: %s",
			    path, n + 1, why.shown);
		if (cas && v[n].has_basic_constraints && !v[n].is_ca)
			return fail(err, ERR_CONFIG,
			    "%s: certificate %zu is no CA's, expected the CAs "
			    "that issued the client certificates",
			    path, n + 1);
	}
	if (n == 0)
		return fail(
		    err, ERR_CONFIG, "%s has no certificate in PEM", path);
	*out = v;
	*out_n = n;
	return true;
}

/* One of the label's files, if it has it. */
static bool
file_read(const struct est_files *files, const char *path, struct arena *a,
    struct bytes *out, struct err *err)
{
	struct err why = { 0 };

	*out = BYTES_NONE;
	if (path == NULL)
		return true;
	if (files->read(files->ctx, path, FILE_MAX, a, out, &why))
		return true;
	/* Only another configuration helps. */
	return fail(err, ERR_CONFIG, "%s", why.shown);
}

bool
est_label_new(const struct config_est_label *config,
    const struct est_files *files, struct arena *a, struct est_label *out,
    struct err *err)
{
	struct est_label label = { .config = config,
		.authentication =
		    authentication_derive(&config->authentication) };
	struct bytes users, anchors, recipients, keys;

	if (!file_read(files, config->users_file, a, &users, err) ||
	    !file_read(files, config->anchors_file, a, &anchors, err) ||
	    !file_read(files, config->recipients_file, a, &recipients, err) ||
	    !file_read(files, config->named_keys_file, a, &keys, err))
		return false;
	if (config->users_file != NULL &&
	    !est_users_parse(users, config->users_file, a, &label.users, err))
		return false;
	if (config->anchors_file != NULL &&
	    !certificates_read(anchors, config->anchors_file, true, a,
		&label.anchors, &label.anchors_n, err))
		return false;
	if (config->recipients_file != NULL &&
	    !certificates_read(recipients, config->recipients_file, false, a,
		&label.recipients, &label.recipients_n, err))
		return false;
	if (config->named_keys_file != NULL &&
	    !est_named_keys_parse(
		keys, config->named_keys_file, a, &label.keys, err))
		return false;
	*out = label;
	return true;
}

bool
est_label_check_name(
    const struct est_label *label, const struct name *name, struct err *err)
{
	const struct config_strings *names = &label->config->names;

	if (names->n == 0 || name_is_among(name, names->v, names->n))
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
