#include "codec/name.h"
#include "codec/oid.h"

/* GeneralName, RFC 5280 section 4.2.1.6, implicit tags. */
#define TAG_OTHER DER_CONTEXT_CONSTRUCTED(0)
#define TAG_EMAIL DER_CONTEXT(1)
#define TAG_DNS DER_CONTEXT(2)
#define TAG_URI DER_CONTEXT(6)
#define TAG_IP DER_CONTEXT(7)

static const char *
other_name(int tag)
{
	switch (tag) {
	case DER_CONTEXT_CONSTRUCTED(0):
		return "otherName";
	case DER_CONTEXT_CONSTRUCTED(3):
		return "x400Address";
	case DER_CONTEXT_CONSTRUCTED(4):
		return "directoryName";
	case DER_CONTEXT_CONSTRUCTED(5):
		return "ediPartyName";
	case DER_CONTEXT(8):
		return "registeredID";
	}
	return NULL;
}

static bool
ip_read(struct bytes octets, struct arena *a, struct name *out, struct err *err)
{
	char text[NAME_IP_SIZE];

	if (!name_ip_text(octets, text))
		return fail(err, ERR_MALFORMED,
		    "IP address has %zu octets, expected 4 or 16", octets.n);
	*out = (struct name){ NAME_IP, arena_strdup(a, text) };
	return true;
}

static bool
text_read(enum name_type type, struct bytes octets, enum names_mode mode,
    struct arena *a, struct name *out, struct err *err)
{
	if (!name_parse(type, octets, a, out, err))
		return false;
	if (mode == NAMES_NORMAL && !bytes_is(octets, out->text))
		return fail(err, ERR_MALFORMED,
		    "name %s:%s is not in its normal form", name_type_tag(type),
		    out->text);
	return true;
}

/*
 * OtherName, RFC 5280 section 4.2.1.6: of Microsoft's User Principal Name the
 * value is a UTF8String.  Every other type is none of ours.
 */
static bool
upn_read(struct bytes content, enum names_mode mode, struct arena *a,
    struct name *out, struct err *err)
{
	struct der d = der_of(content), value;
	struct bytes oid, text;

	if (!der_read(&d, DER_OID, &oid) || !der_oid_is_valid(oid) ||
	    !der_enter(&d, DER_CONTEXT_CONSTRUCTED(0), &value) ||
	    !der_at_end(&d))
		return fail(err, ERR_MALFORMED,
		    "otherName is not a type and its value");
	if (!bytes_equal(oid, OID(MS_UPN)))
		return fail(err, ERR_UNSUPPORTED,
		    "subjectAltName has an otherName that is no User Principal "
		    "Name");
	if (!der_read(&value, DER_UTF8_STRING, &text) || !der_at_end(&value))
		return fail(err, ERR_MALFORMED,
		    "User Principal Name is not a UTF8String");
	return text_read(NAME_UPN, text, mode, a, out, err);
}

static void
upn_put(struct buf *b, const char *text)
{
	size_t other = der_open(b, TAG_OTHER), value;

	oid_put(b, OID(MS_UPN));
	value = der_open(b, DER_CONTEXT_CONSTRUCTED(0));
	der_put(b, DER_UTF8_STRING, bytes_str(text));
	der_close(b, value);
	der_close(b, other);
}

static bool
general_read(int tag, struct bytes octets, enum names_mode mode,
    struct arena *a, struct name *out, struct err *err)
{
	switch (tag) {
	case TAG_DNS:
		return text_read(NAME_DNS, octets, mode, a, out, err);
	case TAG_IP:
		return ip_read(octets, a, out, err);
	case TAG_EMAIL:
		return text_read(NAME_EMAIL, octets, mode, a, out, err);
	case TAG_URI:
		return text_read(NAME_URI, octets, mode, a, out, err);
	case TAG_OTHER:
		return upn_read(octets, mode, a, out, err);
	}
	if (other_name(tag) == NULL)
		return fail(err, ERR_MALFORMED,
		    "GeneralName has tag 0x%02x, which does not exist",
		    (unsigned)tag);
	return fail(err, ERR_UNSUPPORTED,
	    "subjectAltName has a %s, expected DNS names, IP addresses, e-mail "
	    "addresses, URIs or User Principal Names",
	    other_name(tag));
}

/* The number of elements, so that the array is taken once. */
static bool
elements_count(struct bytes content, size_t *n)
{
	struct der d = der_of(content);

	*n = 0;
	while (!der_at_end(&d)) {
		if (!der_read_any(&d, NULL, NULL, NULL))
			return false;
		(*n)++;
	}
	return true;
}

bool
names_read(struct bytes content, enum names_mode mode, struct arena *a,
    struct names *out, bool *others, struct err *err)
{
	struct der d = der_of(content);
	struct names names = { NULL, 0 };
	struct bytes octets, whole;
	bool left_out = false;
	struct err ignored;
	size_t n;
	int tag;

	if (!elements_count(content, &n) || n == 0)
		return fail(err, ERR_MALFORMED,
		    "subjectAltName is not a list of GeneralNames");
	if (n > NAMES_MAX)
		return fail(err, ERR_TOO_LARGE,
		    "subjectAltName has %zu names, at most %u are allowed", n,
		    NAMES_MAX);
	names.v = arena_array(a, n, sizeof(*names.v));
	while (!der_at_end(&d)) {
		err_clear(&ignored);
		if (!der_read_any(&d, &tag, &octets, &whole))
			return fail(
			    err, ERR_MALFORMED, "GeneralName is not DER");
		if (general_read(tag, octets, mode, a, &names.v[names.n],
			mode == NAMES_TOLERANT ? &ignored : err)) {
			names.n++;
			continue;
		}
		/* What is left out must still be DER. */
		if (mode != NAMES_TOLERANT)
			return false;
		if (other_name(tag) != NULL && !der_check(whole))
			return fail(
			    err, ERR_MALFORMED, "GeneralName is not DER");
		left_out = true;
	}
	*out = names;
	if (others != NULL)
		*others = left_out;
	return true;
}

bool
names_read_general(
    struct bytes content, struct arena *a, struct names *out, struct err *err)
{
	return names_read(content, NAMES_NORMALISE, a, out, NULL, err);
}

void
name_put_general(struct buf *b, const struct name *n)
{
	uint8_t octets[16];

	switch (n->type) {
	case NAME_DNS:
		der_put(b, TAG_DNS, bytes_str(n->text));
		break;
	case NAME_IP:
		der_put(b, TAG_IP,
		    bytes_of(octets, name_ip_octets(n->text, octets)));
		break;
	case NAME_EMAIL:
		der_put(b, TAG_EMAIL, bytes_str(n->text));
		break;
	case NAME_URI:
		der_put(b, TAG_URI, bytes_str(n->text));
		break;
	case NAME_UPN:
		upn_put(b, n->text);
		break;
	}
}
