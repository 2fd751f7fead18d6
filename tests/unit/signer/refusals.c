#include "refusals.h"
#include "crypto/digest.h"

/* The serial, names and bytes of the certificate that was signed first. */
static struct cert_spec first_leaf;
static struct crl_spec first_crl;

/* permitted dNSName example.com, excluded a.bad.example.com. */
static const uint8_t constraints[] = { 0x30, 0x28, 0xa0, 0x0f, 0x30, 0x0d, 0x82,
	0x0b, 'e', 'x', 'a', 'm', 'p', 'l', 'e', '.', 'c', 'o', 'm', 0xa1, 0x15,
	0x30, 0x13, 0x82, 0x11, 'a', '.', 'b', 'a', 'd', '.', 'e', 'x', 'a',
	'm', 'p', 'l', 'e', '.', 'c', 'o', 'm' };

void
refusals_prepare(struct world *w)
{
	w->limits.name_constraints = bytes_of(constraints, sizeof(constraints));
}

struct bytes
refusals_first_leaf(struct world *w)
{
	first_leaf = world_leaf(w);
	return world_tbs(w, &first_leaf);
}

struct bytes
refusals_first_crl(struct world *w)
{
	first_crl = world_crl(w);
	return world_crl_tbs(w, &first_crl);
}

static struct bytes
with_name(struct world *w, const char *tagged)
{
	struct cert_spec s = world_leaf(w);
	static const struct subject none = { 0 };
	AUTO_BUF b = { 0 };

	s.names = world_names(w, &tagged, 1);
	subject_put(&b, &none);
	s.subject = arena_take_buf(w->arena, &b);
	s.names_critical = true;
	return world_tbs(w, &s);
}

static struct bytes
extension(struct world *w, const char *oid, struct bytes value)
{
	AUTO_BUF b = { 0 };
	size_t mark = der_open(&b, DER_SEQUENCE);

	der_put_oid(&b, oid);
	der_put(&b, DER_OCTET_STRING, value);
	der_close(&b, mark);
	return arena_take_buf(w->arena, &b);
}

#define LEAF(change)                                                           \
	struct cert_spec s = world_leaf(w);                                    \
	change;                                                                \
	return world_tbs(w, &s)

static struct bytes
ca_bit(struct world *w)
{
	LEAF(s.is_ca = true);
}

static struct bytes
key_cert_sign(struct world *w)
{
	LEAF(s.key_usage |= KU_KEY_CERT_SIGN);
}

static struct bytes
crl_sign(struct world *w)
{
	LEAF(s.key_usage |= KU_CRL_SIGN);
}

static struct bytes
wrong_issuer(struct world *w)
{
	LEAF(s.issuer = s.subject);
}

static struct bytes
wrong_aki(struct world *w)
{
	static const uint8_t other[20] = { 1, 2, 3 };

	LEAF(s.aki = bytes_of(other, sizeof(other)));
}

static struct bytes
no_aki(struct world *w)
{
	LEAF(s.aki = BYTES_NONE);
}

static struct bytes
wrong_algorithm(struct world *w)
{
	LEAF(s.sig_alg = SIG_ECDSA_SHA512);
}

static struct bytes
too_long(struct world *w)
{
	LEAF(s.not_after = s.not_before + 90 * WORLD_DAY);
}

static struct bytes
backdated(struct world *w)
{
	LEAF(s.not_before = world_now(w) - 3601);
}

static struct bytes
in_the_future(struct world *w)
{
	LEAF(s.not_before = world_now(w) + 700);
}

static struct bytes
upside_down(struct world *w)
{
	LEAF(s.not_after = s.not_before - 1);
}

static struct bytes
serial_of_another_node(struct world *w)
{
	LEAF(s.serial[0] = 0x12);
}

static struct bytes
serial_of_another_time(struct world *w)
{
	LEAF(s.serial[4] ^= 0x10);
}

static struct bytes
serial_too_short(struct world *w)
{
	/* A leading zero octet: 19 are left in DER. */
	LEAF(s.serial[0] = 0);
}

static struct bytes
serial_again(struct world *w)
{
	LEAF(memcpy(s.serial, first_leaf.serial, sizeof(s.serial)));
}

static struct bytes
outside_name(struct world *w)
{
	return with_name(w, "dns:www.example.org");
}

static struct bytes
lookalike_name(struct world *w)
{
	return with_name(w, "dns:evilexample.com");
}

static struct bytes
outside_network(struct world *w)
{
	return with_name(w, "ip:192.0.3.1");
}

static struct bytes
outside_mail(struct world *w)
{
	return with_name(w, "email:a@example.org");
}

static struct bytes
outside_uri(struct world *w)
{
	return with_name(w, "uri:https://example.com.evil.org/");
}

static struct bytes
excluded_name(struct world *w)
{
	return with_name(w, "dns:www.a.bad.example.com");
}

static struct bytes
name_outside_constraints(struct world *w)
{
	/* The allow-list has it, the CA's certificate has not. */
	return with_name(w, "dns:a.below.example");
}

static struct bytes
cn_outside_names(struct world *w)
{
	const struct subject subject = { .common_name = "bank.example.com" };
	AUTO_BUF b = { 0 };

	subject_put(&b, &subject);
	LEAF(s.subject = arena_take_buf(w->arena, &b));
}

static struct bytes
foreign_organization(struct world *w)
{
	const struct subject subject = { .organization = "system:masters",
		.common_name = "www.example.com" };
	AUTO_BUF b = { 0 };

	subject_put(&b, &subject);
	LEAF(s.subject = arena_take_buf(w->arena, &b));
}

static struct bytes
organizational_unit(struct world *w)
{
	const struct subject subject = { .organization = "Test",
		.organizational_unit = "Board",
		.common_name = "www.example.com" };
	AUTO_BUF b = { 0 };

	subject_put(&b, &subject);
	LEAF(s.subject = arena_take_buf(w->arena, &b));
}

/* CN=www.example.com and O=Test in one RDN. */
static struct bytes
common_name_in_company(struct world *w)
{
	static const uint8_t name[] = { 0x30, 0x27, 0x31, 0x25, 0x30, 0x0b,
		0x06, 0x03, 0x55, 0x04, 0x0a, 0x0c, 0x04, 'T', 'e', 's', 't',
		0x30, 0x16, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x0f, 'w', 'w',
		'w', '.', 'e', 'x', 'a', 'm', 'p', 'l', 'e', '.', 'c', 'o',
		'm' };

	LEAF(s.subject = bytes_of(name, sizeof(name)));
}

static const char *const code_signing[] = { "1.3.6.1.5.5.7.3.3" };
static const char *const ocsp_signing[] = { "1.3.6.1.5.5.7.3.1",
	"1.3.6.1.5.5.7.3.9" };
static const char *const any_use[] = { "2.5.29.37.0" };

static struct bytes
forbidden_eku(struct world *w)
{
	LEAF(s.eku = code_signing);
}

static struct bytes
ocsp_signing_in_leaf(struct world *w)
{
	LEAF(s.eku = ocsp_signing; s.eku_n = 2);
}

static struct bytes
any_eku(struct world *w)
{
	LEAF(s.eku = any_use);
}

static struct bytes
no_eku(struct world *w)
{
	LEAF(s.eku_n = 0);
}

static struct bytes
key_of_the_ca(struct world *w)
{
	LEAF(s.spki = w->ca_spki);
}

static struct bytes
key_of_the_responder(struct world *w)
{
	LEAF(s.spki = w->responder_spki);
}

static struct bytes
nocheck_in_leaf(struct world *w)
{
	LEAF(s.ocsp_nocheck = true);
}

static struct bytes
constraints_in_leaf(struct world *w)
{
	LEAF(s.name_constraints = bytes_of(constraints, sizeof(constraints)));
}

static struct bytes
duplicate_extension(struct world *w)
{
	struct cert_spec s = world_leaf(w);
	static const uint8_t leaf[] = { DER_SEQUENCE, 0 };

	s.basic_constraints = true;
	return world_with_extension(w, world_tbs(w, &s),
	    extension(w, "2.5.29.19", bytes_of(leaf, sizeof(leaf))));
}

static struct bytes
unknown_extension(struct world *w)
{
	struct cert_spec s = world_leaf(w);
	static const uint8_t null[] = { DER_NULL, 0 };

	return world_with_extension(w, world_tbs(w, &s),
	    extension(w, "2.16.840.1.113730.1.1", bytes_of(null, 2)));
}

static struct bytes
trailing_octets(struct world *w)
{
	struct cert_spec s = world_leaf(w);
	AUTO_BUF b = { 0 };

	buf_add_bytes(&b, world_tbs(w, &s));
	buf_add_byte(&b, 0);
	return arena_take_buf(w->arena, &b);
}

static struct bytes
digest_only(struct world *w)
{
	struct cert_spec s = world_leaf(w);
	uint8_t *digest = arena_alloc(w->arena, 32);

	digest_sha256(world_tbs(w, &s), digest);
	return bytes_of(digest, 32);
}

static struct bytes
whole_certificate(struct world *w)
{
	struct cert_spec s = world_leaf(w);
	static const uint8_t sig[8] = { 1 };
	AUTO_BUF b = { 0 };

	cert_put(&b, world_tbs(w, &s), s.sig_alg, bytes_of(sig, sizeof(sig)));
	return arena_take_buf(w->arena, &b);
}

static struct bytes
crl_as_leaf(struct world *w)
{
	struct crl_spec s = world_crl(w);

	return world_crl_tbs(w, &s);
}

static struct bytes
leaf_as_responder(struct world *w)
{
	struct cert_spec s = world_leaf(w);

	return world_tbs(w, &s);
}

static struct bytes
position_again(struct world *w)
{
	struct cert_spec s = world_leaf(w);

	/* The request is made with the one that comes next. */
	w->position = 1;
	return world_tbs(w, &s);
}

#define RESPONDER(change)                                                      \
	struct cert_spec s = world_responder(w);                               \
	change;                                                                \
	return world_tbs(w, &s)

static struct bytes
responder_of_another(struct world *w)
{
	RESPONDER(s.spki = w->leaf_spki);
}

static struct bytes
responder_is_the_ca(struct world *w)
{
	RESPONDER(s.spki = w->ca_spki);
}

static struct bytes
responder_with_more(struct world *w)
{
	RESPONDER(s.eku = ocsp_signing; s.eku_n = 2);
}

static struct bytes
responder_too_long(struct world *w)
{
	RESPONDER(s.not_after = s.not_before + 30 * WORLD_DAY);
}

static struct bytes
responder_with_usage(struct world *w)
{
	RESPONDER(s.key_usage |= KU_KEY_AGREEMENT);
}

static struct bytes
responder_with_name(struct world *w)
{
	static const char *const name[] = { "dns:www.example.com" };

	RESPONDER(s.names = world_names(w, name, 1));
}

static struct bytes
responder_to_be_checked(struct world *w)
{
	RESPONDER(s.ocsp_nocheck = false);
}

#define CRL(change)                                                            \
	struct crl_spec s = world_crl(w);                                      \
	s.number = first_crl.number + 1;                                       \
	change;                                                                \
	return world_crl_tbs(w, &s)

static struct bytes
crl_number_falls(struct world *w)
{
	CRL(s.number = first_crl.number - 1);
}

static struct bytes
crl_number_again(struct world *w)
{
	CRL(s.number = first_crl.number);
}

static struct bytes
crl_number_leaps(struct world *w)
{
	CRL(s.number = UINT64_MAX - 1);
}

static struct bytes
crl_too_early(struct world *w)
{
	CRL(s.this_update += 660);
}

static struct bytes
crl_too_late(struct world *w)
{
	CRL(s.this_update -= 660);
}

static struct bytes
crl_valid_too_long(struct world *w)
{
	CRL(s.next_update = s.this_update + 7 * WORLD_DAY + 1);
}

static struct bytes
crl_over_at_once(struct world *w)
{
	CRL(s.next_update = s.this_update);
}

static struct bytes
crl_wrong_issuer(struct world *w)
{
	struct cert_spec leaf = world_leaf(w);

	CRL(s.issuer = leaf.subject);
}

static struct bytes
crl_wrong_aki(struct world *w)
{
	static const uint8_t other[20] = { 1, 2, 3 };

	CRL(s.aki = bytes_of(other, sizeof(other)));
}

static struct bytes
crl_for_a_part(struct world *w)
{
	CRL(s.only_ca_certs = true);
}

static struct bytes
crl_of_another_base(struct world *w)
{
	CRL(s.idp_uri = "http://other.test/crl/test/1.crl");
}

static struct bytes
crl_of_shard_0(struct world *w)
{
	CRL(s.idp_uri = "http://ca.test/crl/test/0.crl");
}

static struct bytes
crl_delta_without_base(struct world *w)
{
	CRL(s.is_delta = true);
}

/* RFC 5280 section 5.2.4: the base must have been issued. */
static struct bytes
crl_delta_of_nothing(struct world *w)
{
	CRL((s.is_delta = true, s.base = first_crl.number + 1));
}

static struct bytes
crl_next_publish_late(struct world *w)
{
	CRL(s.next_publish = s.next_update + 1);
}

/* A freshest CRL, not critical, so that a reader may follow it. */
static struct bytes
crl_points_elsewhere(struct world *w)
{
	struct crl_spec s = world_crl(w);
	static const uint8_t points[] = { 0x30, 0x0f, 0x30, 0x0d, 0xa0, 0x0b,
		0xa0, 0x09, 0x86, 0x07, 'h', 't', 't', 'p', ':', '/', '/' };

	s.number = first_crl.number + 1;
	return world_with_extension(w, world_crl_tbs(w, &s),
	    extension(w, "2.5.29.46", bytes_of(points, sizeof(points))));
}

/* An entry with an extension of nobody's. */
static struct bytes
crl_entry_with_more(struct world *w)
{
	static const uint8_t null[] = { DER_NULL, 0 };
	static const uint8_t serial[] = { 0x11, 0x22 };
	AUTO_BUF b = { 0 };
	size_t entry, list;

	entry = der_open(&b, DER_SEQUENCE);
	der_put(&b, DER_INTEGER, bytes_of(serial, sizeof(serial)));
	der_put_time(&b, world_now(w));
	list = der_open(&b, DER_SEQUENCE);
	der_put_raw(&b, extension(w, "1.2.3.4", bytes_of(null, 2)));
	der_close(&b, list);
	der_close(&b, entry);
	CRL(s.entries = arena_take_buf(w->arena, &b));
}

#define ROW(kind, make, says)                                                  \
	{                                                                      \
#make, says, kind, make                                        \
	}

const struct refusal refusals[] = {
	ROW(SIGN_LEAF, ca_bit, "basic constraints say CA"),
	ROW(SIGN_LEAF, key_cert_sign, "keyCertSign"),
	ROW(SIGN_LEAF, crl_sign, "cRLSign"),
	ROW(SIGN_LEAF, wrong_issuer, "issuer is"),
	ROW(SIGN_LEAF, wrong_aki, "authority key identifier is 0102"),
	ROW(SIGN_LEAF, no_aki, "authority key identifier is missing"),
	ROW(SIGN_LEAF, wrong_algorithm, "signature algorithm"),
	ROW(SIGN_LEAF, too_long, "lifetime is 7776001 s"),
	ROW(SIGN_LEAF, backdated, "notBefore lies 3601 s back"),
	ROW(SIGN_LEAF, in_the_future, "notBefore lies 700 s ahead"),
	ROW(SIGN_LEAF, upside_down, "notAfter lies before"),
	ROW(SIGN_LEAF, serial_of_another_node, "begins with node 12"),
	ROW(SIGN_LEAF, serial_of_another_time, "serial carries a time"),
	ROW(SIGN_LEAF, serial_too_short, "serial has"),
	ROW(SIGN_LEAF, serial_again, "serial was used before"),
	ROW(SIGN_LEAF, outside_name, "dns:www.example.org is outside"),
	ROW(SIGN_LEAF, lookalike_name, "dns:evilexample.com is outside"),
	ROW(SIGN_LEAF, outside_network, "ip:192.0.3.1 is outside"),
	ROW(SIGN_LEAF, outside_mail, "email:a@example.org is outside"),
	ROW(SIGN_LEAF, outside_uri, "is outside the names"),
	ROW(SIGN_LEAF, excluded_name, "excluded by the name constraints"),
	ROW(SIGN_LEAF, name_outside_constraints, "outside the name constr"),
	ROW(SIGN_LEAF, cn_outside_names, "common name bank.example.com"),
	ROW(SIGN_LEAF, foreign_organization, "no profile of CA test writes"),
	ROW(SIGN_LEAF, organizational_unit, "no profile of CA test writes"),
	ROW(SIGN_LEAF, common_name_in_company, "common name is not alone"),
	ROW(SIGN_LEAF, forbidden_eku, "1.3.6.1.5.5.7.3.3 is not among"),
	ROW(SIGN_LEAF, ocsp_signing_in_leaf, "OCSPSigning in a leaf"),
	ROW(SIGN_LEAF, any_eku, "2.5.29.37.0 is not among"),
	ROW(SIGN_LEAF, no_eku, "extended key usage is missing"),
	ROW(SIGN_LEAF, key_of_the_ca, "one of ours"),
	ROW(SIGN_LEAF, key_of_the_responder, "one of ours"),
	ROW(SIGN_LEAF, nocheck_in_leaf, "nocheck in a leaf"),
	ROW(SIGN_LEAF, constraints_in_leaf, "extension 2.5.29.30"),
	ROW(SIGN_LEAF, duplicate_extension, "not a TBSCertificate"),
	ROW(SIGN_LEAF, unknown_extension, "extension 2.16.840.1.113730.1.1"),
	ROW(SIGN_LEAF, trailing_octets, "not a TBSCertificate"),
	ROW(SIGN_LEAF, digest_only, "not a TBSCertificate"),
	ROW(SIGN_LEAF, whole_certificate, "not a TBSCertificate"),
	ROW(SIGN_LEAF, crl_as_leaf, "not a TBSCertificate"),
	ROW(SIGN_LEAF, position_again, "position 1 was used for other bytes"),
	ROW(SIGN_RESPONDER, leaf_as_responder, "no responder key of ours"),
	ROW(SIGN_RESPONDER, responder_of_another, "no responder key of ours"),
	ROW(SIGN_RESPONDER, responder_is_the_ca, "no responder key of ours"),
	ROW(SIGN_RESPONDER, responder_with_more, "not OCSPSigning alone"),
	ROW(SIGN_RESPONDER, responder_too_long, "lifetime is 2592001 s"),
	ROW(SIGN_RESPONDER, responder_with_usage, "not digitalSignature"),
	ROW(SIGN_RESPONDER, responder_with_name, "subjectAltName"),
	ROW(SIGN_RESPONDER, responder_to_be_checked, "nocheck is missing"),
	ROW(SIGN_CRL, leaf_as_responder, "not a TBSCertList"),
	ROW(SIGN_CRL, digest_only, "not a TBSCertList"),
	ROW(SIGN_CRL, crl_number_falls, "CRL number is"),
	ROW(SIGN_CRL, crl_number_again, "CRL number is"),
	ROW(SIGN_CRL, crl_number_leaps, "CRL number is 18446744073709551614"),
	ROW(SIGN_CRL, crl_too_early, "thisUpdate is 660 s"),
	ROW(SIGN_CRL, crl_too_late, "thisUpdate is -660 s"),
	ROW(SIGN_CRL, crl_valid_too_long, "CRL is valid for 604801 s"),
	ROW(SIGN_CRL, crl_over_at_once, "nextUpdate is not behind"),
	ROW(SIGN_CRL, crl_wrong_issuer, "issuer is"),
	ROW(SIGN_CRL, crl_wrong_aki, "authority key identifier is 0102"),
	ROW(SIGN_CRL, crl_for_a_part, "for a part that is no shard"),
	ROW(SIGN_CRL, crl_of_another_base, "for a part that is no shard"),
	ROW(SIGN_CRL, crl_of_shard_0, "for a part that is no shard"),
	ROW(SIGN_CRL, crl_delta_without_base, "base is 0"),
	ROW(SIGN_CRL, crl_delta_of_nothing, "delta CRL's base is"),
	ROW(SIGN_CRL, crl_points_elsewhere, "points to a delta CRL"),
	ROW(SIGN_CRL, crl_next_publish_late, "next publication"),
	ROW(SIGN_CRL, crl_entry_with_more, "an extension that we do not"),
};

const size_t refusals_n = COUNT_OF(refusals);
