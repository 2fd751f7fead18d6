#include "ca/profile_json.h"
#include "codec/json.h"

enum member_type {
	MEMBER_TEXT,
	MEMBER_TEXT_OR_NULL,
	MEMBER_INT,
	MEMBER_BOOL,
	MEMBER_LIST
};

struct member {
	const char *name;
	enum member_type type;
	size_t at;
	bool later; /* absent in versions recorded before it: zero */
};

#define MEMBER(name, type)                                                     \
	{                                                                      \
#name, MEMBER_##type, offsetof(struct profile_text, name),     \
		    false                                                      \
	}
#define LATER(name, type)                                                      \
	{                                                                      \
#name, MEMBER_##type, offsetof(struct profile_text, name),     \
		    true                                                       \
	}

/* Without this member a later program could not tell old versions apart. */
#define PROFILE_FORMAT 1

static const struct member members[] = {
	MEMBER(acme, BOOL),
	MEMBER(backdate, INT),
	MEMBER(baseline, BOOL),
	MEMBER(ca, TEXT),
	MEMBER(ca_issuers_url, TEXT_OR_NULL),
	LATER(crl_shards_url, TEXT_OR_NULL),
	MEMBER(crl_url, TEXT_OR_NULL),
	MEMBER(description, TEXT_OR_NULL),
	MEMBER(dns, BOOL),
	MEMBER(dns_allow, LIST),
	MEMBER(dns_deny, LIST),
	MEMBER(email, BOOL),
	MEMBER(email_allow, LIST),
	MEMBER(email_deny, LIST),
	MEMBER(extended_key_usage, LIST),
	MEMBER(ip, BOOL),
	MEMBER(ip_allow, LIST),
	MEMBER(ip_deny, LIST),
	MEMBER(key_usage, LIST),
	MEMBER(keys, LIST),
	MEMBER(lifetime, INT),
	MEMBER(max_lifetime, INT),
	MEMBER(max_names, INT),
	MEMBER(must_staple, TEXT),
	MEMBER(name, TEXT),
	LATER(ocsp_url, TEXT_OR_NULL),
	MEMBER(policies, LIST),
	MEMBER(responder, BOOL),
	LATER(revocation_secret, BOOL),
	MEMBER(rsa_max_bits, INT),
	MEMBER(rsa_min_bits, INT),
	LATER(subject_attributes, LIST),
	MEMBER(subject_cn, TEXT),
	MEMBER(subject_country, TEXT_OR_NULL),
	MEMBER(subject_organization, TEXT_OR_NULL),
	LATER(subject_request, BOOL),
	LATER(upn, BOOL),
	LATER(upn_allow, LIST),
	LATER(upn_deny, LIST),
	MEMBER(uri, BOOL),
	MEMBER(uri_allow, LIST),
	MEMBER(uri_deny, LIST),
	MEMBER(wildcards, BOOL),
};

static json_t *
list_encode(const struct config_strings *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(array, json_string(list->v[i]));
	return array;
}

static json_t *
member_encode(const struct member *m, const void *field)
{
	const char *text;

	switch (m->type) {
	case MEMBER_TEXT:
	case MEMBER_TEXT_OR_NULL:
		memcpy(&text, field, sizeof(text));
		return text == NULL ? json_null() : json_string(text);
	case MEMBER_INT:
		return json_integer(*(const int64_t *)field);
	case MEMBER_BOOL:
		return json_boolean(*(const bool *)field);
	case MEMBER_LIST:
		return list_encode((const struct config_strings *)field);
	}
	return json_null();
}

const char *
profile_text_encode(const struct profile_text *t, struct arena *a)
{
	AUTO(json_t) *o = json_object();
	AUTO_STR *text = NULL;

	json_object_set_new(o, "format", json_integer(PROFILE_FORMAT));
	for (size_t i = 0; i < COUNT_OF(members); i++)
		json_object_set_new(o, members[i].name,
		    member_encode(
			&members[i], (const char *)t + members[i].at));
	text = json_dumps(o, JSON_SORT_KEYS | JSON_COMPACT);
	return arena_strdup(a, text == NULL ? "" : text);
}

static bool
list_decode(const json_t *array, const char *name, struct arena *a,
    struct config_strings *out, struct err *err)
{
	struct config_strings list = { NULL, json_array_size(array) };

	if (!json_is_array(array))
		return fail(err, ERR_MALFORMED,
		    "profile member %s is not a list", name);
	list.v = arena_array(a, list.n, sizeof(*list.v));
	for (size_t i = 0; i < list.n; i++) {
		const char *s = json_string_value(json_array_get(array, i));

		if (s == NULL)
			return fail(err, ERR_MALFORMED,
			    "profile member %s has an element that is no text",
			    name);
		list.v[i] = arena_strdup(a, s);
	}
	*out = list;
	return true;
}

static bool
member_decode(const struct member *m, const json_t *v, struct arena *a,
    void *field, struct err *err)
{
	const char *text = NULL;

	switch (m->type) {
	case MEMBER_TEXT:
	case MEMBER_TEXT_OR_NULL:
		if (m->type == MEMBER_TEXT_OR_NULL && json_is_null(v))
			break;
		if (!json_is_string(v))
			return fail(err, ERR_MALFORMED,
			    "profile member %s is not text", m->name);
		text = arena_strdup(a, json_string_value(v));
		break;
	case MEMBER_INT:
		if (!json_is_integer(v))
			return fail(err, ERR_MALFORMED,
			    "profile member %s is not a number", m->name);
		*(int64_t *)field = json_integer_value(v);
		return true;
	case MEMBER_BOOL:
		if (!json_is_boolean(v))
			return fail(err, ERR_MALFORMED,
			    "profile member %s is not true or false", m->name);
		*(bool *)field = json_is_true(v);
		return true;
	case MEMBER_LIST:
		return list_decode(
		    v, m->name, a, (struct config_strings *)field, err);
	}
	memcpy(field, &text, sizeof(text));
	return true;
}

bool
profile_text_decode(struct bytes json, struct arena *a,
    struct profile_text *out, struct err *err)
{
	struct profile_text t = { 0 };
	size_t known = 1;
	json_t *o;

	if (!json_parse_object(json, a, &o, err))
		return false;
	if (json_integer_value(json_object_get(o, "format")) != PROFILE_FORMAT)
		return fail(err, ERR_MALFORMED,
		    "profile record is not of format %d", PROFILE_FORMAT);
	for (size_t i = 0; i < COUNT_OF(members); i++) {
		const json_t *v = json_object_get(o, members[i].name);

		if (v == NULL && members[i].later)
			continue;
		if (!member_decode(
			&members[i], v, a, (char *)&t + members[i].at, err))
			return false;
		known++;
	}
	/* A member that means nothing here could mean a lot. */
	if (json_object_size(o) != known)
		return fail(err, ERR_MALFORMED,
		    "profile record has %zu members, known are %zu",
		    json_object_size(o), known);
	*out = t;
	return true;
}
