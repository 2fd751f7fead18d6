#include "codec/certs.h"
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
	return fail(err, ERR_CONFIG, "%s: %s", path, why.shown);
}

/* Of paths whose certificate_profiles are not said. */
static struct config_strings
own_profile(const struct config_est_label *config, struct arena *a)
{
	const char **v = arena_array(a, 1, sizeof(*v));

	v[0] = config->profile;
	return (struct config_strings){ .v = v, .n = 1 };
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
	    !password_file_parse(
		users, config->users_file, a, &label.users, err))
		return false;
	if (config->anchors_file != NULL &&
	    !certs_parse(anchors, config->anchors_file, true, a,
		&label.clients.anchors, &label.clients.anchors_n, err))
		return false;
	if (config->recipients_file != NULL &&
	    !certs_parse(recipients, config->recipients_file, false, a,
		&label.recipients, &label.recipients_n, err))
		return false;
	if (config->named_keys_file != NULL &&
	    !est_named_keys_parse(
		keys, config->named_keys_file, a, &label.keys, err))
		return false;
	label.clients.name = arena_printf(a, "label %s", config->name);
	label.clients.profiles = config->certificate_profiles;
	if (label.clients.profiles.n == 0)
		label.clients.profiles = own_profile(config, a);
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
