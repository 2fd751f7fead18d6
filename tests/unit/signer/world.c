#include "world.h"
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "crypto/digest.h"

static const char *const server_auth[] = { "1.3.6.1.5.5.7.3.1" };
static const char *const client_too[] = { "1.3.6.1.5.5.7.3.1",
	"1.3.6.1.5.5.7.3.2" };
static const char *const ocsp_signing[] = { "1.3.6.1.5.5.7.3.9" };
static const char *const domains[] = { "example.com", ".below.example" };
static const char *const networks[] = { "192.0.2.0/24", "2001:db8::/33" };
static const char *const mail_domains[] = { "example.com" };
/* Nothing beside the common name, O=Test or O=Example. */
static const char *const subjects[] = { "MAA", "MA8xDTALBgNVBAoMBFRlc3Q",
	"MBIxEDAOBgNVBAoMB0V4YW1wbGU" };
static const char *const prefixes[] = { "https://example.com/" };

static int64_t
world_clock(void *ctx)
{
	return ((const struct world *)ctx)->now_us;
}

static struct bytes
name_of(struct world *w, const char *cn)
{
	const struct subject s = { .organization = "Test", .common_name = cn };
	AUTO_BUF b = { 0 };

	subject_put(&b, &s);
	return arena_take_buf(w->arena, &b);
}

static struct privkey *
generate(void)
{
	struct privkey *key;
	struct err err = { 0 };

	assert_true(privkey_generate(KEY_EC_P256, 0, &key, &err));
	return key;
}

static void
make_limits(struct world *w)
{
	w->limits = (struct signer_limits){ .ca = "test",
		.issuer_name = w->ca_name,
		.key_id = w->ca_ski,
		.ca_not_after = world_now(w) + 1000 * WORLD_DAY,
		.max_lifetime = 90 * WORLD_DAY,
		.max_backdate = 3600,
		.hourly_budget = 100000,
		.crl_validity = 7 * WORLD_DAY,
		.crl_base = "http://ca.test/crl/test/",
		.delta_url = "http://ca.test/crl/test-delta.crl",
		.responder_lifetime = 30 * WORLD_DAY,
		.ocsp_validity = 3 * WORLD_DAY,
		.eku_allowed = { client_too, 2 },
		.dns = true,
		.ip = true,
		.email = true,
		.uri = true,
		.upn = true,
		.wildcards = true,
		.dns_allow = { domains, COUNT_OF(domains) },
		.ip_allow = { networks, COUNT_OF(networks) },
		.email_allow = { mail_domains, 1 },
		.uri_allow = { prefixes, 1 },
		.upn_allow = { domains, COUNT_OF(domains) },
		.subjects = { subjects, COUNT_OF(subjects) },
		.node = WORLD_NODE };
	memcpy(w->limits.issuer, w->issuer, sizeof(w->issuer));
}

void
world_make(struct world *w)
{
	struct pubkey key;
	struct err err = { 0 };
	uint8_t ski[20];
	int fd;

	memset(w, 0, sizeof(*w));
	w->arena = arena_new();
	w->now_us = INT64_C(1800000000123456);
	w->clock = (struct clock){ world_clock, w };
	w->ca = generate();
	w->responder = generate();
	w->leaf = generate();
	w->ca_spki = privkey_spki(w->ca);
	w->responder_spki = privkey_spki(w->responder);
	w->leaf_spki = privkey_spki(w->leaf);
	digest_sha256(w->ca_spki, w->issuer);
	w->ca_name = name_of(w, "Test CA");
	assert_true(spki_parse(w->ca_spki, &key, &err));
	key_identifier(&key, ski);
	w->ca_ski = arena_bytes(w->arena, bytes_of(ski, sizeof(ski)));
	w->position = 1;
	make_limits(w);
	strcpy(w->path, "/tmp/chancery-journal-XXXXXX");
	fd = mkstemp(w->path);
	assert_true(fd >= 0);
	close(fd);
}

void
world_free(struct world *w)
{
	unlink(w->path);
	privkey_free(w->ca);
	privkey_free(w->responder);
	privkey_free(w->leaf);
	arena_free(w->arena);
}

int64_t
world_now(const struct world *w)
{
	return w->now_us / 1000000;
}

struct privkey *
world_key(const struct privkey *key)
{
	AUTO_BUF pem = { 0 };
	struct privkey *copy;
	struct err err = { 0 };

	assert_true(privkey_encode(key, NULL, &pem, &err));
	assert_true(privkey_load(buf_bytes(&pem), NULL, &copy, &err));
	return copy;
}

int
world_journal(const struct world *w)
{
	int fd = open(w->path, O_RDWR | O_APPEND | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

struct signer_core *
world_core(struct world *w)
{
	struct signer_core *core;
	struct err err = { 0 };

	if (!signer_core_new(world_journal(w), w->clock, &core, &err))
		print_error("%s %s\n", err.shown, err.detail);
	assert_int_equal(err.kind, ERR_NONE);
	signer_core_add_key(core, world_key(w->ca));
	signer_core_add_responder(core, world_key(w->responder));
	if (!signer_core_set_limits(core, &w->limits, 1, &err))
		print_error("%s\n", err.shown);
	assert_int_equal(err.kind, ERR_NONE);
	return core;
}

static void
new_serial(struct world *w, uint8_t serial[SERIAL_SIZE])
{
	uint64_t t = (uint64_t)world_now(w);

	memset(serial, 0xa5, SERIAL_SIZE);
	serial[0] = WORLD_NODE;
	for (unsigned i = 0; i < 5; i++)
		serial[1 + i] = (uint8_t)(t >> (32 - 8 * i));
	w->serials++;
	memcpy(serial + 16, &w->serials, sizeof(w->serials));
}

struct names
world_names(struct world *w, const char *const *tagged, size_t n)
{
	struct names names = { arena_array(w->arena, n, sizeof(struct name)),
		n };
	struct err err = { 0 };

	for (size_t i = 0; i < n; i++) {
		if (!name_parse_tagged(tagged[i], w->arena, &names.v[i], &err))
			print_error("%s: %s\n", tagged[i], err.shown);
		assert_int_equal(err.kind, ERR_NONE);
	}
	return names;
}

struct cert_spec
world_leaf(struct world *w)
{
	static const char *const names[] = { "dns:www.example.com",
		"dns:*.example.com", "ip:192.0.2.7" };
	struct cert_spec s = { .sig_alg = privkey_sig_alg(w->ca),
		.issuer = w->ca_name,
		.subject = name_of(w, "www.example.com"),
		.not_before = world_now(w) - 60,
		.not_after = world_now(w) + 80 * WORLD_DAY,
		.spki = w->leaf_spki,
		.path_length = -1,
		.key_usage = KU_DIGITAL_SIGNATURE,
		.eku = server_auth,
		.eku_n = 1,
		.names = world_names(w, names, COUNT_OF(names)),
		.aki = w->ca_ski,
		.crl_url = "http://ca.example.com/crl/test.crl",
		.ca_issuers_url = "http://ca.example.com/ca/test.cer" };

	new_serial(w, s.serial);
	return s;
}

struct cert_spec
world_responder(struct world *w)
{
	struct cert_spec s = { .sig_alg = privkey_sig_alg(w->ca),
		.issuer = w->ca_name,
		.subject = name_of(w, "Test responder"),
		.not_before = world_now(w) - 60,
		.not_after = world_now(w) + 20 * WORLD_DAY,
		.spki = w->responder_spki,
		.path_length = -1,
		.key_usage = KU_DIGITAL_SIGNATURE,
		.eku = ocsp_signing,
		.eku_n = 1,
		.aki = w->ca_ski,
		.ocsp_nocheck = true };

	new_serial(w, s.serial);
	return s;
}

struct crl_spec
world_crl(struct world *w)
{
	return (struct crl_spec){ .sig_alg = privkey_sig_alg(w->ca),
		.issuer = w->ca_name,
		.aki = w->ca_ski,
		.this_update = world_now(w),
		.next_update = world_now(w) + 7 * WORLD_DAY,
		.number = (uint64_t)world_now(w) * 1000000 };
}

struct bytes
world_cert_id(struct world *w, enum ocsp_hash hash, uint8_t n)
{
	struct ocsp_issuer_hashes hashes;
	struct pubkey key;
	struct err err = { 0 };
	AUTO_BUF b = { 0 };

	assert_true(spki_parse(w->ca_spki, &key, &err));
	ocsp_issuer_hash(w->ca_name, &key, &hashes);
	ocsp_cert_id_put(&b, hash, &hashes, bytes_of(&n, 1));
	return arena_take_buf(w->arena, &b);
}

struct ocsp_data
world_ocsp(struct world *w)
{
	struct ocsp_data d = { .produced_at = world_now(w), .n = 3 };
	uint8_t *hash = arena_alloc(w->arena, 20);
	struct pubkey key;
	struct err err = { 0 };

	assert_true(spki_parse(w->responder_spki, &key, &err));
	ocsp_key_hash(&key, hash);
	d.key_hash = bytes_of(hash, 20);
	for (unsigned i = 0; i < d.n; i++)
		d.singles[i] = (struct ocsp_single){
			.cert_id = world_cert_id(w,
			    i == 0 ? OCSP_SHA1 : OCSP_SHA256, (uint8_t)(i + 1)),
			.status = (enum ocsp_cert_status)i,
			.reason = -1,
			.this_update = world_now(w),
			.next_update = world_now(w) + 3 * WORLD_DAY
		};
	d.singles[1].revoked_at = world_now(w) - 5;
	d.singles[1].reason = REASON_KEY_COMPROMISE;
	return d;
}

struct bytes
world_ocsp_tbs(struct world *w, const struct ocsp_data *data)
{
	AUTO_BUF b = { 0 };

	ocsp_data_put(&b, data);
	return arena_take_buf(w->arena, &b);
}

struct bytes
world_tbs(struct world *w, const struct cert_spec *spec)
{
	AUTO_BUF b = { 0 };

	cert_tbs_put(&b, spec);
	return arena_take_buf(w->arena, &b);
}

struct bytes
world_crl_tbs(struct world *w, const struct crl_spec *spec)
{
	AUTO_BUF b = { 0 };

	crl_tbs_put(&b, spec);
	return arena_take_buf(w->arena, &b);
}

struct bytes
world_with_extension(struct world *w, struct bytes tbs, struct bytes extension)
{
	struct der d = der_of(tbs), body, list;
	struct bytes whole;
	AUTO_BUF b = { 0 };
	size_t outer, explicit, sequence;
	int tag;

	outer = der_open(&b, DER_SEQUENCE);
	assert_true(der_enter(&d, DER_SEQUENCE, &body));
	/* The last of both, [3] and [0]; a certificate's version is [0] too. */
	for (;;) {
		assert_true(der_read_any(&body, &tag, NULL, &whole));
		if (der_at_end(&body))
			break;
		der_put_raw(&b, whole);
	}
	body = der_of(whole);
	assert_true(der_enter(&body, tag, &d));
	assert_true(der_enter(&d, DER_SEQUENCE, &list));
	explicit = der_open(&b, tag);
	sequence = der_open(&b, DER_SEQUENCE);
	der_put_raw(&b, bytes_of(list.p, (size_t)(list.end - list.p)));
	der_put_raw(&b, extension);
	der_close(&b, sequence);
	der_close(&b, explicit);
	der_close(&b, outer);
	return arena_take_buf(w->arena, &b);
}

struct signer_request
world_request(struct world *w, enum signer_kind kind, struct bytes tbs)
{
	struct signer_request req = { .kind = kind, .tbs = tbs };

	if (kind != SIGN_OCSP)
		req.position = w->position++;

	memcpy(req.issuer, w->issuer, sizeof(req.issuer));
	return req;
}

void
world_assert_signature(
    struct world *w, struct bytes tbs, struct bytes signature)
{
	struct lane *lane = lane_new();
	struct pubkey key;
	struct ocsp_data data;
	struct err err = { 0 };

	assert_true(spki_parse(
	    ocsp_data_parse(tbs, &data, NULL) ? w->responder_spki : w->ca_spki,
	    &key, &err));
	assert_true(pubkey_verify(
	    lane, &key, privkey_sig_alg(w->ca), tbs, signature, &err));
	lane_free(lane);
}

void
world_assert(struct world *w, struct signer_core *core,
    const struct signer_request *req, const char *says)
{
	AUTO_BUF sig = { 0 };
	struct err err;

	signer_core_sign(core, req, 1, &sig, &err);
	if (says == NULL) {
		if (err.kind != ERR_NONE)
			print_error("refused: %s %s\n", err.shown, err.detail);
		assert_int_equal(err.kind, ERR_NONE);
		world_assert_signature(w, req->tbs, buf_bytes(&sig));
		return;
	}
	if (err.kind == ERR_NONE)
		print_error("signed, expected \"%s\"\n", says);
	assert_int_equal(err.kind, ERR_SIGNER_REFUSED);
	if (strstr(err.shown, says) == NULL)
		print_error("\"%s\", expected \"%s\"\n", err.shown, says);
	assert_non_null(strstr(err.shown, says));
	assert_int_equal(sig.n, 0);
}
