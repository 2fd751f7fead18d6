#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ca/ceremony.h"
#include "codec/pem.h"
#include "main/init.h"
#include "main/init_issue.h"
#include "cli/passphrase.h"
#include "main/testing.h"
#include "main/users.h"
#include "store/store.h"
#include "util/text.h"

#define DAY INT64_C(86400)
#define ROOT_LIFETIME (20 * 365 * DAY)
#define ISSUING_LIFETIME (10 * 365 * DAY)
/* The root's CRL is made by hand: `ca crl` renews it. */
#define ROOT_CRL_LIFETIME (365 * DAY)

/* What it makes: never overwritten, and taken away when it fails half-way. */
static const char *const made[] = { "chancery.yaml", "keys/root.key",
	"keys/issuing.key", "keys/ocsp.key", "keys/log.key", "keys/ra.key",
	"keys/tls.key", "keys/seal", "keys/node", "keys/signer.journal",
	"certs/root.pem", "certs/issuing.pem", "certs/issuing.csr",
	"certs/ocsp.pem", "crl/root.crl", "db/chancery.db",
	"db/chancery.db-wal", "db/chancery.db-shm" };

static bool
check_empty(const struct state *s, struct err *err)
{
	for (size_t i = 0; i < COUNT_OF(made); i++)
		if (state_exists(s, made[i]))
			return fail(err, ERR_CONFLICT,
			    "%s/%s is there already; init never overwrites: "
			    "choose another directory",
			    s->path, made[i]);
	return true;
}

static void
take_away(struct init *in)
{
	if (in->store != NULL)
		store_close(in->store);
	in->store = NULL;
	for (size_t i = 0; i < COUNT_OF(made); i++)
		unlinkat(in->state.fd, made[i], 0);
	if (in->kept)
		unlinkat(in->state.fd, passphrase_online.kept, 0);
	if (in->root_kept)
		unlinkat(in->state.fd, passphrase_root.kept, 0);
}

/* ---- keys ---- */

static bool
make_key(const struct state *s, const char *role, enum key_alg alg,
    unsigned bits, const struct secret *passphrase, struct privkey **out,
    struct err *err)
{
	AUTO_STR *path = mem_printf("keys/%s.key", role);
	AUTO_PRIVKEY *key = NULL;
	struct buf pem = { 0 };
	bool ok;

	if (!privkey_generate(alg, bits, &key, err) ||
	    !privkey_encode(key, passphrase, &pem, err))
		return false;
	ok = state_write_new(s, path, 0600, buf_bytes(&pem), err);
	secret_wipe(pem.p, pem.n);
	buf_free(&pem);
	if (ok && out != NULL)
		*out = TAKE(key);
	return ok;
}

/* ocsp.key: "rsa-2048" is as of --key, curves are named without a prefix. */
static bool
make_responder_key(struct init *in, struct err *err)
{
	const char *word = in->config->ocsp.key;
	AUTO_STR *curve = mem_printf("ec-%s", word);
	enum key_alg alg;
	unsigned bits;

	if (!key_alg_parse(word[0] == 'p' ? curve : word, &alg, &bits))
		return fail(err, ERR_CONFIG, "ocsp.key: no key %s", word);
	return make_key(
	    &in->state, "ocsp", alg, bits, in->passphrase, &in->responder, err);
}

static bool
make_keys(const struct init_options *o, struct init *in, struct err *err)
{
	AUTO_SECRET *server = passphrase_for_server(in->passphrase);
	const struct state *s = &in->state;

	if (!o->sub_ca &&
	    !make_key(s, "root", o->key, o->rsa_bits, in->root_passphrase,
		&in->root, err))
		return false;
	return make_key(s, "issuing", o->key, o->rsa_bits, in->passphrase,
		   &in->issuing, err) &&
	    make_responder_key(in, err) &&
	    make_key(s, "log", KEY_ED25519, 0, in->passphrase, NULL, err) &&
	    /* SCEP clients decrypt and sign with RSA only (RFC 8894). */
	    make_key(s, "ra", KEY_RSA, 2048, server, NULL, err) &&
	    make_key(s, "tls", KEY_EC_P256, 0, server, &in->tls, err) &&
	    seal_key_make(s, err);
}

/* ---- certificates ---- */

static bool
write_cert(
    const struct state *s, const char *path, struct bytes der, struct err *err)
{
	AUTO_BUF pem = { 0 };

	pem_put(&pem, "CERTIFICATE", der);
	return state_write_new(s, path, 0644, buf_bytes(&pem), err);
}

static struct ceremony
ca_ceremony(const struct init_options *o, struct init *in, const char *what,
    int64_t lifetime)
{
	return (struct ceremony){ .organization = o->name,
		.organizational_unit = o->testing ? TESTING_UNIT : NULL,
		.common_name = arena_printf(in->arena, "%s %s", o->name, what),
		.now = in->now,
		.lifetime = lifetime,
		.random = in->random,
		.node = in->node };
}

static bool
make_root(const struct init_options *o, struct init *in, struct cert *root,
    struct err *err)
{
	const struct ceremony c = ca_ceremony(o, in, "Root CA", ROOT_LIFETIME);
	const struct state *s = &in->state;
	struct buf der = { 0 };
	AUTO_BUF crl = { 0 };

	if (!ca_ceremony_root(&c, in->root, &der, err) ||
	    !cert_parse(arena_take_buf(in->arena, &der), in->arena, root, err))
		return false;
	return ca_ceremony_crl(root, in->root, in->now,
		   in->now + ROOT_CRL_LIFETIME, 1, BYTES_NONE, &crl, err) &&
	    write_cert(s, "certs/root.pem", root->der, err) &&
	    state_write_new(s, "crl/root.crl", 0644, buf_bytes(&crl), err);
}

static bool
make_issuing(const struct init_options *o, struct init *in, struct err *err)
{
	const struct ceremony c =
	    ca_ceremony(o, in, "Issuing CA", ISSUING_LIFETIME);
	/* No certificate names an URL that is not answered: with port 0
	 * nobody knows yet which one it will be. */
	const char *base = o->http_port == 0 ? NULL : in->config->http_base_url;
	AUTO_BUF der = { 0 };
	struct cert root;

	return make_root(o, in, &root, err) &&
	    ca_ceremony_sub(&c, privkey_spki(in->issuing), &root, in->root,
		"root", base, BYTES_NONE, &der, err) &&
	    write_cert(&in->state, "certs/issuing.pem", buf_bytes(&der), err);
}

/* --sub-ca: the certificate comes from elsewhere (`ca import`). */
static bool
make_request(const struct init_options *o, struct init *in, struct err *err)
{
	const struct ceremony c =
	    ca_ceremony(o, in, "Issuing CA", ISSUING_LIFETIME);
	AUTO_BUF der = { 0 };
	AUTO_BUF pem = { 0 };

	if (!ca_ceremony_csr(&c, in->issuing, &der, err))
		return false;
	pem_put(&pem, "CERTIFICATE REQUEST", buf_bytes(&der));
	return state_write_new(
	    &in->state, "certs/issuing.csr", 0644, buf_bytes(&pem), err);
}

/* ---- the rest ---- */

static bool
write_config(const struct init_options *o, struct init *in, struct err *err)
{
	AUTO_BUF text = { 0 };
	struct config_mistakes mistakes = { 0 };
	AUTO_BUF line = { 0 };

	init_config_print(o, &text);
	if (!config_load(
		"chancery.yaml", buf_bytes(&text), &in->config, &mistakes)) {
		config_mistake_print("chancery.yaml", &mistakes.v[0], &line);
		config_mistakes_free(&mistakes);
		return fail(err, ERR_USAGE,
		    "these options make no good configuration: %s",
		    buf_cstr(&line));
	}
	return state_write_new(
	    &in->state, "chancery.yaml", 0644, buf_bytes(&text), err);
}

static bool
make_all(const struct init_options *o, struct init *in, struct err *err)
{
	return write_config(o, in, err) && make_keys(o, in, err) &&
	    init_store(in, err) &&
	    (o->sub_ca ? make_request(o, in, err) : make_issuing(o, in, err)) &&
	    init_record(o, in, err);
}

static void
tell(const struct cli *cli, const struct init_options *o, const struct init *in)
{
	const char *dir = in->state.path;

	if (cli->json) {
		printf("{\"state\": \"%s\", \"sub_ca\": %s, "
		       "\"testing\": %s}\n",
		    dir, o->sub_ca ? "true" : "false",
		    o->testing ? "true" : "false");
		return;
	}
	printf("made %s for %s\n", dir, in->config->base_url);
	if (in->kept)
		printf("  the keys' passphrase is in %s/keys/passphrase; keep "
		       "it elsewhere (systemd credential, "
		       "--passphrase-file) and remove the file\n",
		    dir);
	if (in->root_kept)
		printf("  the root's passphrase is in "
		       "%s/keys/root.passphrase; move it and keys/root.key "
		       "offline: serve never reads them\n",
		    dir);
	if (o->sub_ca)
		printf("  have %s/certs/issuing.csr signed, then: chancery ca "
		       "import --state %s --ca issuing --chain FILE\n",
		    dir, dir);
	else
		printf("  next: chancery serve --state %s\n", dir);
}

static void
init_done(struct init *in)
{
	privkey_free(in->root);
	privkey_free(in->issuing);
	privkey_free(in->responder);
	privkey_free(in->tls);
	secret_free(in->passphrase);
	secret_free(in->root_passphrase);
	if (in->store != NULL)
		store_close(in->store);
	config_free(in->config);
	state_close(&in->state);
}

int
main_init(struct cli *cli)
{
	struct init_options o;
	struct err err = { 0 };
	struct init in = { .arena = cli->arena,
		.random = random_system(),
		.state = { .fd = -1 } };
	struct clock clock = clock_system(0);
	int status = EXIT_DONE;

	if (!init_options_parse(cli, &o, &err))
		return cli_fail(cli, EXIT_USAGE, &err);
	umask(022);
	in.now = clock_now(&clock);
	if (!state_create(cli->state, &in.state, &err) ||
	    !check_empty(&in.state, &err))
		return cli_fail(cli, EXIT_REFUSED, &err);
	if (!passphrase_make(&passphrase_online, o.passphrase_file, in.state.fd,
		&in.passphrase, &in.kept, &err) ||
	    (!o.sub_ca &&
		!passphrase_make(&passphrase_root, o.root_passphrase_file,
		    in.state.fd, &in.root_passphrase, &in.root_kept, &err)) ||
	    !make_all(&o, &in, &err)) {
		take_away(&in);
		status = cli_fail(cli,
		    err.kind == ERR_USAGE ? EXIT_USAGE : EXIT_REFUSED, &err);
	} else {
		tell(cli, &o, &in);
	}
	init_done(&in);
	return status;
}
