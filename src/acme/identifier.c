#include "acme/identifier.h"
#include "acme/reply.h"

/* What was wrong with all of them, while they are read. */
struct faults {
	json_t *list;
	struct err first;
	size_t n;
	bool same; /* all of one type */
};

static void
faults_add(struct faults *f, const char *type, const char *value,
    const struct err *why)
{
	const char *problem = problem_type(why->kind);

	if (f->n++ == 0) {
		f->first = *why;
		f->same = true;
	} else if (strcmp(problem, problem_type(f->first.kind)) != 0) {
		f->same = false;
	}
	json_array_append_new(f->list,
	    problem_json_for(
		problem, why->shown, problem_status(why->kind), type, value));
}

static bool
name_read(const char *type, const char *value, struct ca *ca,
    const struct profile *profile, struct arena *a, struct name *out,
    struct err *err)
{
	enum name_type t;

	if (strcmp(type, "dns") == 0)
		t = NAME_DNS;
	else if (strcmp(type, "ip") == 0)
		t = NAME_IP;
	else
		return fail(err, ERR_IDENTIFIER_UNSUPPORTED,
		    "identifier type \"%.40s\" is not supported, expected dns "
		    "or ip",
		    type);
	return name_parse(t, bytes_str(value), a, out, err) &&
	    ca_check_name(ca, profile, out, a, err);
}

/* At most acme.max_names of them: a linear look is cheap enough. */
static bool
names_have(const struct names *names, const struct name *n)
{
	for (size_t i = 0; i < names->n; i++)
		if (name_equal(&names->v[i], n))
			return true;
	return false;
}

static bool
faults_report(const struct faults *f, size_t n, struct problem_extra *extra,
    struct err *err)
{
	if (f->n == 0)
		return true;
	extra->subproblems = f->list;
	if (f->n == 1) {
		*err = f->first;
		return false;
	}
	/* RFC 8555 section 6.7: "compound" when they differ in type. */
	if (!f->same)
		extra->type = "compound";
	return fail(err, f->first.kind,
	    "%zu of %zu identifiers are refused; see the subproblems", f->n, n);
}

bool
identifiers_read(const json_t *payload, struct ca *ca,
    const struct profile *profile, size_t max, struct arena *a,
    struct names *out, struct problem_extra *extra, struct err *err)
{
	const json_t *list = json_object_get(payload, "identifiers");
	size_t n = json_array_size(list);
	struct faults faults = { .list = json_array() };
	struct names names = { 0 };

	arena_adopt(a, json_t, faults.list);
	if (!json_is_array(list) || n == 0)
		return fail(err, ERR_MALFORMED,
		    "member \"identifiers\" is not an array of one or more");
	if (n > max)
		return fail(err, ERR_MALFORMED,
		    "there are %zu identifiers, at most %zu are taken", n, max);
	names.v = arena_array(a, n, sizeof(*names.v));
	for (size_t i = 0; i < n; i++) {
		const json_t *o = json_array_get(list, i);
		const char *type, *value;
		struct err why = { 0 };
		struct name name;

		if (!json_is_object(o))
			return fail(err, ERR_MALFORMED,
			    "an identifier is not an object");
		if (!json_get_string(o, "type", &type, err) ||
		    !json_get_string(o, "value", &value, err))
			return false;
		if (!name_read(type, value, ca, profile, a, &name, &why))
			faults_add(&faults, type, value, &why);
		else if (!names_have(&names, &name))
			names.v[names.n++] = name;
	}
	if (!faults_report(&faults, n, extra, err))
		return false;
	*out = names;
	return true;
}

const char *
identifiers_text(const struct names *names, struct arena *a)
{
	AUTO(json_t) *list = json_array();

	for (size_t i = 0; i < names->n; i++) {
		json_t *o = json_object();

		json_set_text(o, "type", name_type_tag(names->v[i].type));
		json_set_text(o, "value", names->v[i].text);
		json_array_append_new(list, o);
	}
	return (const char *)json_print_compact(list, a).p;
}
