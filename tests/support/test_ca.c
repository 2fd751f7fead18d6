#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>
#include "support/unit.h"
#include "support/x509v3.h"
#include "codec/pem.h"
#include "support/test_ca.h"
#include "util/fault.h"
#include "util/log.h"

#define YEAR ((int64_t)365 * 24 * 3600)

const char test_ca_yaml[] =
    "base_url: https://ca.example.net:8443\n"
    "http_base_url: http://ca.example.net:8080\n"
    "cas:\n"
    "  root: {certificate: certs/root.pem, key: null}\n"
    "  issuing: {key: keys/issuing.key, certificate: certs/issuing.pem}\n"
    "profiles:\n"
    "  default: {ca: issuing}\n"
    "  server:\n"
    "    ca: issuing\n"
    "    lifetime: 30d\n"
    "    max_lifetime: 60d\n"
    "    keys: [ec-p256, ec-p384, ec-p521, rsa, ed25519]\n"
    "    key_usage: [digitalSignature, keyEncipherment]\n"
    "    extended_key_usage: [serverAuth, clientAuth]\n"
    "    subject_cn: first_name\n"
    "    subject_organization: Example Ltd\n"
    "    subject_country: CH\n"
    "    dns_allow: [example.net, example.org]\n"
    "    dns_deny: [secret.example.net]\n"
    "    revocation_secret: true\n"
    "  people:\n"
    "    ca: issuing\n"
    "    dns: false\n"
    "    wildcards: false\n"
    "    ip: false\n"
    "    email: true\n"
    "    uri: true\n"
    "    upn: true\n"
    "    upn_allow: [example.net, .corp.example]\n"
    "    upn_deny: [secret.corp.example]\n"
    "    email_allow: [example.net]\n"
    "    uri_allow: ['spiffe://example.net', "
    "'tag:microsoft.com,2022-09-14:sid:S-1-5-21-']\n"
    "    extended_key_usage: [clientAuth, emailProtection]\n"
    "  devices:\n"
    "    ca: issuing\n"
    "    acme: false\n"
    "    email: true\n"
    "    email_allow: [example.net]\n"
    "    upn: true\n"
    "    upn_allow: [example.net]\n"
    "    subject: request\n"
    "    subject_attributes: [CN, O, emailAddress]\n"
    "    extended_key_usage: [clientAuth]\n"
    "  public:\n"
    "    ca: issuing\n"
    "    baseline: true\n"
    "    lifetime: 47d\n"
    "    keys: [ec-p256, ec-p384, rsa]\n"
    "    policies: [2.23.140.1.2.1]\n";

/* ---- ports ---- */

static int64_t
test_clock(void *ctx)
{
	return ((struct test_ca *)ctx)->now * 1000000;
}

static bool
test_sign(void *ctx, const struct signer_request *req, struct buf *signature,
    struct err *err)
{
	struct test_ca *t = ctx;
	struct signer inner = signer_local_port(t->local);
	enum test_signing how = atomic_load(&t->signing);

	if (how == SIGNING_UNREACHABLE)
		return fail(err, ERR_SIGNER, "the signer is not there");
	if (how == SIGNING_REFUSED)
		return fail(err, ERR_SIGNER_REFUSED, "the signer refuses");
	if (!signer_sign(&inner, req, signature, err))
		return false;
	if (how == SIGNING_LOST) {
		buf_free(signature);
		return fail(err, ERR_SIGNER, "the answer is lost");
	}
	if (how == SIGNING_BROKEN)
		signature->p[signature->n - 1] ^= 1;
	return true;
}

static bool
test_responder(void *ctx, struct buf *spki, struct err *err)
{
	struct test_ca *t = ctx;
	struct signer inner = signer_local_port(t->local);

	if (atomic_load(&t->signing) == SIGNING_UNREACHABLE)
		return fail(err, ERR_SIGNER, "the signer is not there");
	return signer_responder(&inner, spki, err);
}

bool
test_ca_read_file(void *ctx, const char *path, size_t max, struct arena *a,
    struct bytes *out, struct err *err)
{
	struct test_ca *t = ctx;
	char *full = arena_printf(a, "%s/%s", t->dir, path);
	FILE *f = fopen(full, "r");
	uint8_t *p;
	size_t n;

	if (f == NULL)
		return fail_errno(err, ERR_NOT_FOUND, "no file %s", path);
	p = arena_alloc(a, max < 65536 ? max + 1 : 1 << 20);
	n = fread(p, 1, max < 65536 ? max + 1 : 1 << 20, f);
	fclose(f);
	if (n > max)
		return fail(err, ERR_TOO_LARGE, "%s is too large", path);
	*out = bytes_of(p, n);
	return true;
}

void
test_ca_write_file(struct test_ca *t, const char *path, struct bytes content)
{
	char *full = arena_printf(t->a, "%s/%s", t->dir, path);
	FILE *f = fopen(full, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(content.p, 1, content.n, f), content.n);
	assert_int_equal(fclose(f), 0);
}

/* ---- the parts ---- */

struct config *
test_ca_config(const char *yaml)
{
	struct config_mistakes m = { 0 };
	struct config *c;

	if (!config_load("test.yaml", bytes_str(yaml), &c, &m)) {
		for (size_t i = 0; i < m.n; i++)
			print_error("%u: found %s; expected %s\n", m.v[i].line,
			    m.v[i].found, m.v[i].expected);
		fail_msg("the configuration has %zu mistakes", m.n);
	}
	config_mistakes_free(&m);
	return c;
}

static void
write_pem(struct test_ca *t, const char *path, struct bytes der)
{
	AUTO_BUF pem = { 0 };

	pem_put(&pem, "CERTIFICATE", der);
	test_ca_write_file(t, path, buf_bytes(&pem));
}

static void
make_certificates(struct test_ca *t)
{
	struct ceremony c = { .common_name = "Test Root",
		.organization = "Example Ltd",
		.now = t->now - YEAR,
		.lifetime = 20 * YEAR,
		.random = random_seeded(1),
		.node = 1 };
	struct cert *root = arena_alloc(t->a, sizeof(*root));
	AUTO_BUF der = { 0 };
	AUTO_BUF sub = { 0 };

	assert_ok(t, ca_ceremony_root(&c, t->root_key, &der, &t->err));
	t->root_der = arena_take_buf(t->a, &der);
	assert_ok(t, cert_parse(t->root_der, t->a, root, &t->err));
	c.common_name = "Test Issuing";
	c.lifetime = 10 * YEAR;
	assert_ok(t,
	    ca_ceremony_sub(&c, privkey_spki(t->issuing_key), root, t->root_key,
		"root", "http://ca.example.net:8080", BYTES_NONE, &sub,
		&t->err));
	t->issuing_der = arena_take_buf(t->a, &sub);
	write_pem(t, "certs/root.pem", t->root_der);
	write_pem(t, "certs/issuing.pem", t->issuing_der);
}

static struct privkey *
key_copy(struct test_ca *t, const struct privkey *key)
{
	struct privkey *copy;
	AUTO_BUF pem = { 0 };

	assert_ok(t, privkey_encode(key, NULL, &pem, &t->err));
	assert_ok(t, privkey_load(buf_bytes(&pem), NULL, &copy, &t->err));
	return copy;
}

void
test_ca_limits(struct test_ca *t, const struct config *config)
{
	struct signer_limits *limits;
	struct bytes json;
	uint8_t node;
	size_t n;

	assert_ok(t, store_node_get(t->store, &node, &t->err));
	assert_ok(t,
	    ca_signer_limits(
		config, node, test_ca_read_file, t, t->a, &json, &t->err));
	assert_ok(t, signer_limits_decode(json, t->a, &limits, &n, &t->err));
	assert_ok(t, signer_core_set_limits(t->core, limits, n, &t->err));
}

static void
start_signer(struct test_ca *t)
{
	char *path = arena_printf(t->a, "%s/keys/signer.journal", t->dir);
	int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	struct clock clock = { test_clock, t };

	assert_true(fd >= 0);
	assert_ok(t, signer_core_new(fd, clock, &t->core, &t->err));
	signer_core_add_key(t->core, key_copy(t, t->issuing_key));
	signer_core_add_responder(t->core, key_copy(t, t->responder_key));
	t->local = signer_local_new(t->core);
	test_ca_limits(t, t->config);
}

static void
start(struct test_ca *t, bool create)
{
	struct store_options o = {
		.path = arena_printf(t->a, "%s/db/chancery.db", t->dir),
		.queue = 1000,
		.create = create,
		.clock = { test_clock, t },
	};
	struct ca_deps deps = { .lanes = t->lanes,
		.clock = { test_clock, t },
		.random = random_system(),
		.signer = { test_sign, t, test_responder },
		.read_file = test_ca_read_file,
		.read_ctx = t };

	assert_ok(t, store_open(&o, &t->store, &t->err));
	start_signer(t);
	deps.store = t->store;
	assert_ok(t, store_node_get(t->store, &deps.node, &t->err));
	assert_ok(t, ca_new(&deps, t->config, &t->ca, &t->err));
}

static void
stop(struct test_ca *t)
{
	ca_free(t->ca);
	store_close(t->store);
	signer_local_free(t->local);
}

void
test_ca_restart(struct test_ca *t)
{
	stop(t);
	start(t, false);
}

struct test_ca *
test_ca_new(enum key_alg alg, unsigned rsa_bits, const char *yaml)
{
	static const char *const folders[] = { "", "certs", "keys", "db",
		"crl" };
	struct test_ca *t = mem_alloc(sizeof(*t));
	const char *base = getenv("TMPDIR");

	snprintf(t->dir, sizeof(t->dir), "%s/chancery-ca-XXXXXX",
	    base == NULL || strlen(base) > 48 ? "/tmp" : base);
	assert_non_null(mkdtemp(t->dir));
	t->a = arena_new();
	for (size_t i = 1; i < COUNT_OF(folders); i++)
		assert_int_equal(
		    mkdir(
			arena_printf(t->a, "%s/%s", t->dir, folders[i]), 0700),
		    0);
	assert_true(fault_init_from(NULL));
	log_set_level(LOG_ERROR);
	t->now = TEST_NOW;
	t->yaml = yaml;
	t->lanes = lanes_new(2);
	assert_ok(t, privkey_generate(KEY_EC_P256, 0, &t->root_key, &t->err));
	assert_ok(t, privkey_generate(alg, rsa_bits, &t->issuing_key, &t->err));
	assert_ok(
	    t, privkey_generate(KEY_EC_P256, 0, &t->responder_key, &t->err));
	make_certificates(t);
	t->config = test_ca_config(yaml);
	start(t, true);
	return t;
}

void
test_ca_free(struct test_ca *t)
{
	char command[128];

	stop(t);
	config_free(t->config);
	lanes_free(t->lanes);
	privkey_free(t->root_key);
	privkey_free(t->issuing_key);
	privkey_free(t->responder_key);
	arena_free(t->a);
	snprintf(command, sizeof(command), "rm -rf '%s'", t->dir);
	assert_int_equal(system(command), 0);
	free(t);
}

int
test_ca_setup(void **state)
{
	*state = test_ca_new(KEY_EC_P256, 0, test_ca_yaml);
	return 0;
}

int
test_ca_teardown(void **state)
{
	test_ca_free(*state);
	return 0;
}

/* ---- requests ---- */

static void
key_free(void *key)
{
	privkey_free(key);
}

struct privkey *
test_ca_key(struct test_ca *t, enum key_alg alg, unsigned rsa_bits)
{
	struct privkey *key;

	assert_ok(t, privkey_generate(alg, rsa_bits, &key, &t->err));
	arena_adopt_fn(t->a, key, key_free);
	return key;
}

struct names
test_ca_names(struct test_ca *t, const char *const *names, size_t n)
{
	struct names out = { arena_array(t->a, n, sizeof(*out.v)), n };

	for (size_t i = 0; i < n; i++)
		assert_ok(
		    t, name_parse_tagged(names[i], t->a, &out.v[i], &t->err));
	return out;
}

/* By OpenSSL, as clients make them. */
static void
request_extensions(
    X509_REQ *req, const char *const *names, size_t n, bool must_staple)
{
	STACK_OF(X509_EXTENSION) *list = NULL;
	AUTO_BUF san = { 0 };
	X509_EXTENSION *x;

	for (size_t i = 0; i < n; i++) {
		const char *colon = strchr(names[i], ':');
		const char *tag = strncmp(names[i], "ip", 2) == 0 ? "IP"
		    : strncmp(names[i], "email", 5) == 0	  ? "email"
		    : strncmp(names[i], "uri", 3) == 0		  ? "URI"
		    : strncmp(names[i], "upn", 3) == 0
		    ? "otherName:1.3.6.1.4.1.311.20.2.3;UTF8"
		    : "DNS";

		buf_printf(&san, "%s%s%s", i == 0 ? "" : ",", tag, colon);
	}
	x = X509V3_EXT_conf_nid(
	    NULL, NULL, NID_subject_alt_name, buf_cstr(&san));
	assert_non_null(X509v3_add_ext(&list, x, -1));
	X509_EXTENSION_free(x);
	if (must_staple) {
		x = X509V3_EXT_conf_nid(
		    NULL, NULL, NID_tlsfeature, "status_request");
		assert_non_null(X509v3_add_ext(&list, x, -1));
		X509_EXTENSION_free(x);
	}
	assert_int_equal(X509_REQ_add_extensions(req, list), 1);
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

struct csr *
test_ca_csr(struct test_ca *t, struct privkey *key, const char *cn,
    const char *const *names, size_t n, bool must_staple)
{
	AUTO(EVP_PKEY) *pkey = privkey_evp(key);
	AUTO(X509_REQ) *req = X509_REQ_new();
	struct csr *csr = arena_alloc(t->a, sizeof(*csr));
	unsigned char *der = NULL;
	int size;

	if (cn != NULL)
		assert_int_equal(
		    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req),
			"CN", MBSTRING_ASC, (const unsigned char *)cn, -1, -1,
			0),
		    1);
	request_extensions(req, names, n, must_staple);
	assert_int_equal(X509_REQ_set_pubkey(req, pkey), 1);
	assert_true(
	    X509_REQ_sign(req, pkey,
		privkey_alg(key) == KEY_ED25519 ? NULL : EVP_sha256()) > 0);
	size = i2d_X509_REQ(req, &der);
	assert_true(size > 0);
	assert_ok(t,
	    csr_parse(
		bytes_of(arena_dup(t->a, der, (size_t)size), (size_t)size),
		t->a, csr, &t->err));
	OPENSSL_free(der);
	return csr;
}

struct ca_issued
test_ca_issue(struct test_ca *t, const char *profile, const char *dns)
{
	const char *names[] = { arena_printf(t->a, "dns:%s", dns) };
	struct privkey *key = test_ca_key(t, KEY_EC_P256, 0);
	struct ca_request req = {
		.profile = ca_profile_find(t->ca, profile),
		.csr = test_ca_csr(t, key, NULL, names, 1, false),
		.names = test_ca_names(t, names, 1),
		.requester = "operator",
	};
	struct ca_issued out;

	assert_ok(t, ca_issue(t->ca, &req, t->a, &out, &t->err));
	return out;
}

struct cert_row
test_ca_row(struct test_ca *t, const char *id)
{
	struct cert_row row;

	assert_ok(t, store_cert_get(t->store, id, t->a, &row, &t->err));
	return row;
}
