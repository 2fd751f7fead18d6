#include "acme/account.h"
#include "codec/name.h"
#include "http/message.h"
#include "util/text.h"

#define CONTACTS_MAX 10u
#define CONTACT_OCTETS_MAX 320u

/* RFC 8555 section 7.3: one address, no header fields. */
static bool
mailto_check(const char *contact, struct arena *a, struct err *err)
{
	const char *to = contact + strlen("mailto:");
	struct bytes address;
	struct name name;

	if (strchr(to, '?') != NULL)
		return fail(err, ERR_CONTACT_INVALID,
		    "contact \"%.200s\" has header fields, expected an "
		    "address alone",
		    contact);
	if (!http_percent_decode(bytes_str(to), a, &address, NULL) ||
	    memchr(address.p, ',', address.n) != NULL ||
	    !name_parse(NAME_EMAIL, address, a, &name, NULL))
		return fail(err, ERR_CONTACT_INVALID,
		    "contact \"%.200s\" is not one e-mail address", contact);
	return true;
}

static bool
contact_check(const json_t *v, struct arena *a, struct err *err)
{
	const char *s = json_string_value(v), *colon;

	if (s == NULL)
		return fail(err, ERR_MALFORMED, "a contact is not a string");
	if (strlen(s) > CONTACT_OCTETS_MAX ||
	    !text_is_ascii_printable(bytes_str(s)))
		return fail(err, ERR_CONTACT_INVALID,
		    "a contact is longer than %u characters or not ASCII",
		    CONTACT_OCTETS_MAX);
	colon = strchr(s, ':');
	if (colon == NULL)
		return fail(err, ERR_CONTACT_INVALID,
		    "contact \"%.200s\" is not a URL, expected mailto:…", s);
	if (strncasecmp(s, "mailto:", strlen("mailto:")) != 0)
		return fail(err, ERR_CONTACT_UNSUPPORTED,
		    "contact \"%.200s\" is of scheme \"%.*s\", only mailto is "
		    "supported",
		    s, (int)MIN_OF(colon - s, 40), s);
	return mailto_check(s, a, err);
}

bool
contacts_read(
    const json_t *o, struct arena *a, const char **out, struct err *err)
{
	const json_t *list = json_object_get(o, "contact");
	size_t n = json_array_size(list);

	if (list == NULL || json_is_null(list)) {
		*out = NULL;
		return true;
	}
	if (!json_is_array(list))
		return fail(
		    err, ERR_MALFORMED, "member \"contact\" is not an array");
	if (n > CONTACTS_MAX)
		return fail(err, ERR_CONTACT_INVALID,
		    "there are %zu contacts, at most %u are taken", n,
		    CONTACTS_MAX);
	for (size_t i = 0; i < n; i++)
		if (!contact_check(json_array_get(list, i), a, err))
			return false;
	*out = (const char *)json_print_compact(list, a).p;
	return true;
}
