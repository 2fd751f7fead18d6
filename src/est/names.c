#include "est/names.h"

static bool
is_of_certificate(const struct cert *c, const struct name *name)
{
	for (size_t i = 0; i < c->names.n; i++)
		if (name_equal(&c->names.v[i], name))
			return true;
	return false;
}

static bool
check_for(const struct est_call *call, const struct identity *id,
    const struct name *name, struct err *err)
{
	const char *tag = name_type_tag(name->type);

	switch (id->kind) {
	case IDENTITY_REGISTRAR:
	case IDENTITY_NOBODY: /* an operator looks at them */
	case IDENTITY_TOKEN: /* all at once, below */
		return true;
	case IDENTITY_CERTIFICATE:
		if (call->label->config->certificate_names == EST_NAMES_ANY ||
		    is_of_certificate(&id->client.cert, name))
			return true;
		return fail(err, ERR_IDENTIFIER_REJECTED,
		    "%s:%s is not among the names of the client certificate",
		    tag, name->text);
	case IDENTITY_USER:
		if (id->user->patterns_n == 0 ||
		    name_is_among(
			name, id->user->patterns, id->user->patterns_n))
			return true;
		return fail(err, ERR_IDENTIFIER_REJECTED,
		    "%s:%s is not among the names of user %s", tag, name->text,
		    id->user->name);
	}
	return fail(err, ERR_INTERNAL, "a request of nobody");
}

bool
est_names_check(const struct est_call *call, const struct identity *id,
    struct names names, struct err *err)
{
	for (size_t i = 0; i < names.n; i++)
		if (!est_label_check_name(call->label, &names.v[i], err) ||
		    !check_for(call, id, &names.v[i], err))
			return false;
	return id->kind != IDENTITY_TOKEN ||
	    token_check_names(&id->token, &names, err);
}

bool
est_names_decide(const struct est_call *call, const struct identity *id,
    const struct csr *csr, struct names *out, struct err *err)
{
	struct names names;

	if (!csr_names(csr, call->a, &names, err) ||
	    !est_names_check(call, id, names, err))
		return false;
	*out = names;
	return true;
}

bool
est_names_are_limited(const struct est_call *call, const struct identity *id)
{
	switch (id->kind) {
	case IDENTITY_REGISTRAR:
	case IDENTITY_NOBODY:
		break;
	case IDENTITY_TOKEN:
		if (id->token.names.n > 0)
			return true;
		break;
	case IDENTITY_CERTIFICATE:
		if (call->label->config->certificate_names != EST_NAMES_ANY)
			return true;
		break;
	case IDENTITY_USER:
		if (id->user->patterns_n > 0)
			return true;
		break;
	}
	return call->label->config->names.n > 0;
}
