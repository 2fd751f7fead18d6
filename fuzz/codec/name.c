/*
 * A name's normal form is its own normal form, and comes out of a certificate
 * as it went in; OpenSSL reads the same GeneralNames.  A subject that goes into
 * a certificate as it came is, to OpenSSL and octet for octet, that Name.  The
 * first octet says what the rest is.
 */
#include "codec/cert.h"
#include "codec/subject.h"
#include "codec/subject_form.h"
#include "util/text.h"
#include <openssl/x509v3.h> /* last: its KU_ macros */
#include "require.h"

static void
one_name(enum name_type type, struct bytes text, struct arena *a)
{
	struct name n, again, tagged, read;
	struct names names;
	AUTO_BUF b = { 0 };

	if (!name_parse(type, text, a, &n, NULL))
		return;
	REQUIRE(n.type == type);
	REQUIRE(name_parse(type, bytes_str(n.text), a, &again, NULL));
	REQUIRE(name_equal(&n, &again));
	REQUIRE(name_parse_tagged(
	    arena_printf(a, "%s:%s", name_type_tag(type), n.text), a, &tagged,
	    NULL));
	REQUIRE(name_equal(&n, &tagged));
	name_put_general(&b, &n);
	REQUIRE(names_read(buf_bytes(&b), NAMES_NORMAL, a, &names, NULL, NULL));
	REQUIRE(names.n == 1);
	read = names.v[0];
	REQUIRE(name_equal(&n, &read));
	REQUIRE(!name_is_wildcard(&n) || type == NAME_DNS);
}

static struct bytes
octets_of(const ASN1_STRING *s)
{
	return bytes_of(
	    ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

/* What a name is to OpenSSL, as text_equal_nocase wants it. */
static struct bytes
openssl_text(const GENERAL_NAME *g, enum name_type *type)
{
	switch (g->type) {
	case GEN_DNS:
		*type = NAME_DNS;
		return octets_of(g->d.dNSName);
	case GEN_EMAIL:
		*type = NAME_EMAIL;
		return octets_of(g->d.rfc822Name);
	case GEN_URI:
		*type = NAME_URI;
		return octets_of(g->d.uniformResourceIdentifier);
	case GEN_IPADD:
		*type = NAME_IP;
		return octets_of(g->d.iPAddress);
	default:
		*type = NAME_UPN;
		REQUIRE(g->type == GEN_OTHERNAME);
		REQUIRE(OBJ_obj2nid(g->d.otherName->type_id) == NID_ms_upn);
		REQUIRE(g->d.otherName->value->type == V_ASN1_UTF8STRING);
		return octets_of(g->d.otherName->value->value.utf8string);
	}
}

static void
against_openssl(struct bytes content, struct names names, struct arena *a)
{
	AUTO_BUF b = { 0 };
	const unsigned char *p;
	GENERAL_NAMES *list;

	der_put(&b, DER_SEQUENCE, content);
	p = b.p;
	list = d2i_GENERAL_NAMES(NULL, &p, (long)b.n);
	REQUIRE(list != NULL && p == b.p + b.n);
	REQUIRE((size_t)sk_GENERAL_NAME_num(list) == names.n);
	for (size_t i = 0; i < names.n; i++) {
		enum name_type type;
		uint8_t ip[16];
		struct bytes text =
		    openssl_text(sk_GENERAL_NAME_value(list, (int)i), &type);

		REQUIRE(type == names.v[i].type);
		if (type == NAME_IP)
			REQUIRE(bytes_equal(text,
			    bytes_of(ip, name_ip_octets(names.v[i].text, ip))));
		else
			REQUIRE(text_equal_nocase(
			    arena_str(a, text), names.v[i].text));
	}
	GENERAL_NAMES_free(list);
}

static void
several_names(struct bytes content, struct arena *a)
{
	struct names strict, tolerant, sorted;
	bool others;

	if (!names_read_general(content, a, &strict, NULL))
		return;
	REQUIRE(strict.n > 0 && strict.n <= NAMES_MAX);
	REQUIRE(
	    names_read(content, NAMES_TOLERANT, a, &tolerant, &others, NULL));
	REQUIRE(!others && tolerant.n == strict.n);
	against_openssl(content, strict, a);
	sorted = names_sorted(a, strict);
	REQUIRE(sorted.n <= strict.n);
	for (size_t i = 1; i < sorted.n; i++)
		REQUIRE(name_compare(&sorted.v[i - 1], &sorted.v[i]) < 0);
	REQUIRE(names_equal_sets(a, strict, sorted));
}

/* The same name, in a form that has no other. */
static void
normal_form(struct bytes whole, struct arena *a)
{
	struct bytes normal = subject_form_normal(whole, a);

	REQUIRE(bytes_equal(subject_form_normal(normal, a), normal));
	if (subject_form_check(whole, NULL, 0, NULL))
		REQUIRE(bytes_equal(normal, whole));
	if (subject_check(whole, NULL))
		REQUIRE(subject_check(normal, NULL) &&
		    subject_equal(a, whole, normal) &&
		    subject_is_within(a, normal, whole));
}

static void
one_subject(struct bytes whole, struct arena *a)
{
	const unsigned char *p = whole.p;
	unsigned char *made = NULL;
	X509_NAME *name;
	int n;

	REQUIRE(subject_text(a, whole) != NULL);
	(void)subject_common_name(a, whole);
	normal_form(whole, a);
	if (!subject_form_check(whole, NULL, 0, NULL))
		return;
	REQUIRE(subject_check(whole, NULL));
	name = d2i_X509_NAME(NULL, &p, (long)whole.n);
	REQUIRE(name != NULL && p == whole.p + whole.n);
	REQUIRE(
	    X509_NAME_entry_count(name) <= (int)SUBJECT_FORM_ATTRIBUTES_MAX);
	/* Made anew, not given back: the order of a SET is DER's. */
	X509_NAME *copy = X509_NAME_new();

	for (int i = 0; i < X509_NAME_entry_count(name); i++) {
		const X509_NAME_ENTRY *e = X509_NAME_get_entry(name, i);
		bool joined = i > 0 &&
		    X509_NAME_ENTRY_set(e) ==
			X509_NAME_ENTRY_set(X509_NAME_get_entry(name, i - 1));

		REQUIRE(X509_NAME_add_entry(copy, e, -1, joined ? -1 : 0));
	}
	n = i2d_X509_NAME(copy, &made);
	REQUIRE(n >= 0 && bytes_equal(bytes_of(made, (size_t)n), whole));
	REQUIRE(subject_equal(a, whole, bytes_of(made, (size_t)n)));
	OPENSSL_free(made);
	X509_NAME_free(copy);
	X509_NAME_free(name);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA *a = arena_new();
	struct bytes rest;

	if (size == 0 || size > 4096)
		return 0;
	rest = bytes_of(data + 1, size - 1);
	switch (data[0]) {
	case 'd':
		one_name(NAME_DNS, rest, a);
		break;
	case 'i':
		one_name(NAME_IP, rest, a);
		break;
	case 'e':
		one_name(NAME_EMAIL, rest, a);
		break;
	case 'u':
		one_name(NAME_URI, rest, a);
		break;
	case 'p':
		one_name(NAME_UPN, rest, a);
		break;
	case 'g':
		several_names(rest, a);
		break;
	case 's':
		one_subject(rest, a);
		break;
	}
	return 0;
}
