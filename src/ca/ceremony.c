#include "ca/ceremony.h"
#include "ca/core.h"
#include "ca/spec.h"
#include "codec/csr.h"

#define OID_EXTENSION_REQUEST "1.2.840.113549.1.9.14"
#define OID_BASIC_CONSTRAINTS "2.5.29.19"
#define OID_KEY_USAGE "2.5.29.15"
#define OID_ANY_POLICY "2.5.29.32.0"

static const char *const any_policy[] = { OID_ANY_POLICY };

static struct bytes
name_make(const struct ceremony *c, struct arena *a)
{
	struct subject s = { .country = c->country,
		.organization = c->organization,
		.organizational_unit = c->organizational_unit,
		.common_name = c->common_name };
	AUTO_BUF b = { 0 };

	if (c->subject.n > 0)
		return c->subject;
	subject_put(&b, &s);
	return arena_take_buf(a, &b);
}

/* Signs, then reads back and verifies: a ceremony has no second try. */
static bool
cert_sign(const struct cert_spec *spec, struct privkey *key,
    const struct pubkey *issuer, struct buf *der, struct err *err)
{
	struct lane *lane = lane_new();
	AUTO_BUF tbs = { 0 };
	AUTO_BUF signature = { 0 };
	bool ok;

	cert_tbs_put(&tbs, spec);
	ok = privkey_sign(key, buf_bytes(&tbs), &signature, err) &&
	    pubkey_verify(lane, issuer, spec->sig_alg, buf_bytes(&tbs),
		buf_bytes(&signature), err);
	lane_free(lane);
	if (ok)
		cert_put(
		    der, buf_bytes(&tbs), spec->sig_alg, buf_bytes(&signature));
	return ok;
}

static bool
check_ceremony(const struct ceremony *c, struct err *err)
{
	if (c->subject.n == 0 &&
	    (c->common_name == NULL || c->common_name[0] == '\0' ||
		strlen(c->common_name) > 64))
		return fail(err, ERR_REJECTED,
		    "a CA needs a common name of 1 to 64 octets");
	if (c->lifetime < 60)
		return fail(err, ERR_REJECTED,
		    "a lifetime of %llds is too short", (long long)c->lifetime);
	if (c->node < 1 || c->node > 0x7f)
		return fail(err, ERR_INTERNAL, "node is %u, expected 1 to 127",
		    c->node);
	return true;
}

bool
ca_ceremony_root(const struct ceremony *c, struct privkey *key, struct buf *der,
    struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct pubkey pub;
	uint8_t id[20];
	struct cert_spec spec = { .sig_alg = privkey_sig_alg(key),
		.not_before = c->now,
		.not_after = c->now + c->lifetime - 1,
		.spki = privkey_spki(key),
		.is_ca = true,
		.path_length = -1,
		.key_usage = KU_KEY_CERT_SIGN | KU_CRL_SIGN };

	if (!check_ceremony(c, err) || !spki_parse(spec.spki, &pub, err))
		return false;
	spec.issuer = spec.subject = name_make(c, a);
	key_identifier(&pub, id);
	/* RFC 5280 section 4.2.1.1: self-signed, so no AKI is needed. */
	spec.ski = bytes_of(id, sizeof(id));
	serial_draw(&c->random, c->node, c->now, spec.serial);
	return cert_sign(&spec, key, &pub, der, err);
}

bool
ca_ceremony_sub(const struct ceremony *c, struct bytes spki,
    const struct cert *root, struct privkey *root_key, const char *root_name,
    const char *http_base_url, struct bytes name_constraints, struct buf *der,
    struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct pubkey pub;
	uint8_t id[20];
	struct cert_spec spec = { .sig_alg = privkey_sig_alg(root_key),
		.issuer = root->subject,
		.not_before = c->now,
		.not_after = c->now + c->lifetime - 1,
		.spki = spki,
		.is_ca = true,
		.path_length = 0,
		.key_usage = KU_KEY_CERT_SIGN | KU_CRL_SIGN,
		.aki = root->ski,
		/* So that leaves may assert what policies they have. */
		.policies = any_policy,
		.policies_n = COUNT_OF(any_policy),
		.name_constraints = name_constraints };

	if (!check_ceremony(c, err) || !spki_parse(spki, &pub, err))
		return false;
	if (!root->is_ca || !bytes_equal(root->spki, privkey_spki(root_key)))
		return fail(err, ERR_REJECTED,
		    "the key is not the one of the root certificate");
	if (spec.not_after > root->not_after ||
	    spec.not_before < root->not_before)
		return fail(err, ERR_REJECTED,
		    "the issuing CA's lifetime is not within the root's");
	if (bytes_equal(spki, root->spki))
		return fail(err, ERR_REJECTED,
		    "the issuing CA's key is the root's key");
	spec.subject = name_make(c, a);
	if (bytes_equal(spec.subject, root->subject))
		return fail(
		    err, ERR_REJECTED, "the issuing CA has the root's name");
	key_identifier(&pub, id);
	spec.ski = bytes_of(id, sizeof(id));
	if (http_base_url != NULL) {
		spec.ca_issuers_url =
		    arena_printf(a, "%s/ca/%s.cer", http_base_url, root_name);
		spec.crl_url =
		    arena_printf(a, "%s/crl/%s.crl", http_base_url, root_name);
	}
	serial_draw(&c->random, c->node, c->now, spec.serial);
	return cert_sign(&spec, root_key, &root->key, der, err);
}

/* ---- the mirror ---- */

/* May `by` certify this CA?  RFC 5280 section 6.1.4 (k) to (n), from above. */
static bool
check_above(const struct cert *own, const struct cert *by,
    const struct cert_spec *spec, struct err *err)
{
	bool self_issued = bytes_equal(own->subject, by->subject);

	if (!own->is_ca || !own->has_basic_constraints)
		return fail(err, ERR_REJECTED,
		    "what is to be certified is no CA certificate");
	if (!by->is_ca ||
	    (by->has_key_usage && (by->key_usage & KU_KEY_CERT_SIGN) == 0))
		return fail(err, ERR_REJECTED, "the issuer is no CA");
	/* A self-issued certificate does not count, a CA below does. */
	if (by->has_path_length && by->path_length == 0 && !self_issued)
		return fail(err, ERR_REJECTED,
		    "the issuer's path length is 0: it may certify no CA");
	if (spec->not_after > by->not_after ||
	    spec->not_before < by->not_before)
		return fail(err, ERR_REJECTED,
		    "the certificate's lifetime is not within its issuer's");
	return true;
}

bool
ca_ceremony_mirror(const struct ceremony *c, const struct cert *own,
    const struct cert *by, struct privkey *by_key, const char *by_name,
    const char *http_base_url, struct buf *der, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	bool self = bytes_equal(own->spki, by->spki) &&
	    bytes_equal(own->subject, by->subject);
	uint8_t id[20];
	struct cert_spec spec = { .sig_alg = privkey_sig_alg(by_key),
		.issuer = by->subject,
		.subject = own->subject,
		.not_before = c->now,
		.not_after = c->now + c->lifetime - 1,
		.spki = own->spki,
		.is_ca = true,
		.path_length =
		    own->has_path_length ? (int)own->path_length : -1,
		.key_usage = KU_KEY_CERT_SIGN | KU_CRL_SIGN,
		.ski = own->ski,
		.policies = own->policies,
		.policies_n = own->policies_n,
		.name_constraints = own->name_constraints };

	if (c->lifetime < 60 || c->node < 1 || c->node > 0x7f)
		return fail(err, ERR_REJECTED,
		    "a lifetime of %llds is too short", (long long)c->lifetime);
	if (!bytes_equal(by->spki, privkey_spki(by_key)))
		return fail(err, ERR_REJECTED,
		    "the key is not the one of the issuer's certificate");
	/* A certificate that renews itself ends when it says. */
	if (!self && !check_above(own, by, &spec, err))
		return false;
	if (spec.ski.n == 0) {
		key_identifier(&own->key, id);
		spec.ski = bytes_of(id, sizeof(id));
	}
	if (!self) {
		spec.aki = by->ski;
		if (http_base_url != NULL) {
			spec.ca_issuers_url = arena_printf(
			    a, "%s/ca/%s.cer", http_base_url, by_name);
			spec.crl_url = arena_printf(
			    a, "%s/crl/%s.crl", http_base_url, by_name);
		}
		/* So that what hangs below keeps any policy (RFC 5280 section
		 * 6.1.3): a root has none, what stands below one must. */
		if (spec.policies_n == 0) {
			spec.policies = any_policy;
			spec.policies_n = COUNT_OF(any_policy);
		}
	}
	serial_draw(&c->random, c->node, c->now, spec.serial);
	return cert_sign(&spec, by_key, &by->key, der, err);
}

struct bytes
ca_ceremony_rename(struct bytes name, const char *common_name, struct arena *a)
{
	static const uint8_t oid_bytes[] = { 0x55, 0x04, 0x03 };
	const struct bytes oid = bytes_of(oid_bytes, sizeof(oid_bytes));
	const struct subject new = { .common_name = common_name };
	struct der all = der_of(name), rdns, mine;
	struct bytes rdn, last;
	AUTO_BUF cn = { 0 };
	AUTO_BUF b = { 0 };
	size_t mark;

	subject_put(&cn, &new);
	mine = der_of(buf_bytes(&cn));
	if (!der_enter(&all, DER_SEQUENCE, &rdns) ||
	    !der_enter(&mine, DER_SEQUENCE, &mine) ||
	    !der_read_whole(&mine, DER_SET, &last))
		return BYTES_NONE;
	mark = der_open(&b, DER_SEQUENCE);
	while (der_read_whole(&rdns, DER_SET, &rdn)) {
		struct der set = der_of(rdn), in, attribute;
		struct bytes type;

		if (!der_enter(&set, DER_SET, &in) ||
		    !der_enter(&in, DER_SEQUENCE, &attribute) ||
		    !der_read(&attribute, DER_OID, &type))
			return BYTES_NONE;
		if (!bytes_equal(type, oid))
			der_put_raw(&b, rdn);
	}
	der_put_raw(&b, last);
	der_close(&b, mark);
	return arena_take_buf(a, &b);
}

/* ---- the request ---- */

static void
request_extension_put(struct buf *b, const char *oid, struct bytes value)
{
	size_t mark = der_open(b, DER_SEQUENCE);

	der_put_oid(b, oid);
	der_put_bool(b, true);
	der_put(b, DER_OCTET_STRING, value);
	der_close(b, mark);
}

static void
request_extensions_put(struct buf *b)
{
	AUTO_BUF constraints = { 0 };
	AUTO_BUF usage = { 0 };
	size_t mark = der_open(&constraints, DER_SEQUENCE);

	der_put_bool(&constraints, true);
	der_put_small(&constraints, 0);
	der_close(&constraints, mark);
	der_put_named_bits(&usage, KU_KEY_CERT_SIGN | KU_CRL_SIGN);
	request_extension_put(
	    b, OID_BASIC_CONSTRAINTS, buf_bytes(&constraints));
	request_extension_put(b, OID_KEY_USAGE, buf_bytes(&usage));
}

/* CertificationRequestInfo, RFC 2986 section 4.1. */
static void
request_info_put(struct buf *b, struct bytes subject, struct bytes spki)
{
	size_t info = der_open(b, DER_SEQUENCE), attributes, one, set, list;

	der_put_small(b, 0);
	der_put_raw(b, subject);
	der_put_raw(b, spki);
	attributes = der_open(b, DER_CONTEXT_CONSTRUCTED(0));
	one = der_open(b, DER_SEQUENCE);
	der_put_oid(b, OID_EXTENSION_REQUEST);
	set = der_open(b, DER_SET);
	list = der_open(b, DER_SEQUENCE);
	request_extensions_put(b);
	der_close(b, list);
	der_close(b, set);
	der_close(b, one);
	der_close(b, attributes);
	der_close(b, info);
}

static bool
request_check(struct bytes der, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct lane *lane = lane_new();
	struct csr csr;
	bool ok = csr_parse(der, a, &csr, err) && csr_verify(lane, &csr, err);

	lane_free(lane);
	return ok;
}

bool
ca_ceremony_csr(const struct ceremony *c, struct privkey *key, struct buf *der,
    struct err *err)
{
	AUTO_ARENA *a = arena_new();
	AUTO_BUF info = { 0 };
	AUTO_BUF signature = { 0 };
	AUTO_BUF request = { 0 };

	if (c->subject.n == 0 &&
	    (c->common_name == NULL || c->common_name[0] == '\0'))
		return fail(err, ERR_REJECTED, "a CA needs a common name");
	request_info_put(&info, name_make(c, a), privkey_spki(key));
	if (!privkey_sign(key, buf_bytes(&info), &signature, err))
		return false;
	/* The same frame as a certificate's: bytes, algorithm, bits. */
	cert_put(&request, buf_bytes(&info), privkey_sig_alg(key),
	    buf_bytes(&signature));
	if (!request_check(buf_bytes(&request), err))
		return false;
	buf_add_bytes(der, buf_bytes(&request));
	return true;
}

/* ---- the CRL ---- */

bool
ca_ceremony_crl(const struct cert *issuer, struct privkey *key,
    int64_t this_update, int64_t next_update, uint64_t number,
    struct bytes entries, struct buf *der, struct err *err)
{
	struct crl_spec spec = { .sig_alg = privkey_sig_alg(key),
		.issuer = issuer->subject,
		.aki = issuer->ski,
		.this_update = this_update,
		.next_update = next_update,
		.number = number,
		.entries = entries };
	struct lane *lane;
	struct crl parsed;
	AUTO_BUF tbs = { 0 };
	AUTO_BUF signature = { 0 };
	AUTO_BUF whole = { 0 };
	bool ok;

	if (!bytes_equal(issuer->spki, privkey_spki(key)))
		return fail(err, ERR_REJECTED,
		    "the key is not the one of the CA's certificate");
	if (next_update <= this_update)
		return fail(err, ERR_REJECTED, "the CRL ends before it begins");
	crl_tbs_put(&tbs, &spec);
	if (!privkey_sign(key, buf_bytes(&tbs), &signature, err))
		return false;
	crl_put(&whole, buf_bytes(&tbs), spec.sig_alg, buf_bytes(&signature));
	lane = lane_new();
	ok = crl_parse(buf_bytes(&whole), &parsed, err) &&
	    crl_verify(lane, &parsed, &issuer->key, err);
	lane_free(lane);
	if (ok)
		buf_add_bytes(der, buf_bytes(&whole));
	return ok;
}
