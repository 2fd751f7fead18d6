#include <unistd.h>

#include "ca/chain.h"
#include "ca/ra.h"
#include "cli/check.h"
#include "cli/files.h"
#include "codec/crl.h"
#include "crypto/derive.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "store/draining.h"

#define KEY_FILE_MAX 65536u
#define WEAK_KEYS_MAX (8u << 20)
#define SOON ((int64_t)30 * 24 * 3600)

/* ---- keys ---- */

/* The first certificate of a file; what is wrong with it is told elsewhere. */
static bool
read_cert(struct check *c, const char *path, struct cert *out)
{
	struct arena *a = c->cli->arena;
	struct cert *certs = arena_array(a, CHAIN_MAX, sizeof(*certs));
	struct err ignored = { 0 };
	struct bytes pem;
	size_t n;

	if (path == NULL ||
	    !file_read(
		state_path(c->cli, path), CHAIN_PEM_MAX, a, &pem, &ignored) ||
	    !chain_read_pem(pem, a, certs, &n, &ignored))
		return false;
	*out = certs[0];
	return true;
}

static bool
is_encrypted(struct bytes pem)
{
	static const char label[] = "-----BEGIN ENCRYPTED PRIVATE KEY-----";

	return memmem(pem.p, pem.n, label, sizeof(label) - 1) != NULL;
}

static void
check_match(struct check *c, const char *path, const struct privkey *key,
    const char *cert_path)
{
	struct arena *a = c->cli->arena;
	struct cert cert;

	if (!read_cert(c, cert_path, &cert) ||
	    bytes_equal(cert.spki, privkey_spki(key)))
		return;
	check_mistake(c, path,
	    arena_printf(
		a, "a key that does not fit %s", state_path(c->cli, cert_path)),
	    "the private key of that certificate",
	    "put the key and the certificate there that belong together");
}

/* cert_path NULL: only whether it opens. */
static void
check_key(struct check *c, const char *name, const char *cert_path,
    const struct secret *passphrase)
{
	const char *path = state_path(c->cli, name);
	AUTO_PRIVKEY *key = NULL;
	struct err err = { 0 };
	struct bytes pem;

	if (!file_read(path, KEY_FILE_MAX, c->cli->arena, &pem, &err)) {
		check_mistake(c, path,
		    err.kind == ERR_NOT_FOUND
			? "no key"
			: arena_strdup(c->cli->arena, err.shown),
		    "a private key, PKCS#8 PEM", "restore it from the backup");
		return;
	}
	if (!is_encrypted(pem))
		check_warning(c, path, "a key that is not encrypted",
		    "an encrypted one", "openssl pkcs8 -topk8 -scrypt");
	else if (passphrase == NULL) {
		check_note(c, path,
		    "an encrypted key; give --passphrase-file to have it "
		    "held against its certificate");
		return;
	}
	if (privkey_load(pem, passphrase, &key, &err))
		check_match(c, path, key, cert_path);
	else
		check_mistake(c, path, arena_strdup(c->cli->arena, err.shown),
		    "a private key that the passphrase opens",
		    "give the right passphrase, or restore the key");
	secret_wipe((void *)(uintptr_t)pem.p, pem.n);
}

/* Those of SCEP; two of them come and go with ra rotate. */
static void
check_ra_keys(struct check *c, const struct secret *passphrase)
{
	struct arena *a = c->cli->arena;

	if (c->config->scep.profiles_n == 0)
		return;
	check_key(c, RA_KEY_PATH, NULL, passphrase);
	if (access(state_path(c->cli, RA_PREVIOUS_PATH), F_OK) == 0)
		check_key(c, RA_PREVIOUS_PATH, NULL, passphrase);
	if (access(state_path(c->cli, RA_NEXT_PATH), F_OK) == 0)
		check_note(c, arena_strdup(a, state_path(c->cli, RA_NEXT_PATH)),
		    "a rotation that did not come to its end: chancery ra "
		    "rotate ends it");
}

void
check_keys(struct check *c)
{
	const struct config *config = c->config;
	AUTO_SECRET *server =
	    passphrase_derive(c->passphrase, DERIVE_SERVER_KEYS);

	for (size_t i = 0; i < config->cas_n; i++)
		if (config->cas[i].key != NULL)
			check_key(c, config->cas[i].key,
			    config->cas[i].certificate, c->passphrase);
	check_key(c, "keys/ocsp.key", NULL, c->passphrase);
	/* Not in the configuration: it signs the checkpoints of the log. */
	check_key(c, "keys/log.key", NULL, c->passphrase);
	check_key(c, config->tls.key, config->tls.certificate, server);
	check_ra_keys(c, server);
}

/* ---- what ends ---- */

static void
ends(struct check *c, const char *path, const char *what, int64_t at,
    const char *mend)
{
	struct arena *a = c->cli->arena;
	char when[TIME_RFC3339_SIZE];

	if (at > c->now + SOON)
		return;
	time_format_rfc3339(at, when);
	if (at < c->now)
		check_mistake(c, path,
		    arena_printf(a, "%s that ended at %s", what, when),
		    "one that is valid now", mend);
	else
		check_warning(c, path,
		    arena_printf(a, "%s that ends at %s", what, when),
		    "more than 30 days before it ends", mend);
}

/* That a CA's certificate has ended is told with the configuration's line. */
static void
ca_ends(struct check *c, const struct config_ca *ca)
{
	struct cert cert;

	if (read_cert(c, ca->certificate, &cert) && cert.not_after >= c->now)
		ends(c, state_path(c->cli, ca->certificate), "a certificate",
		    cert.not_after, "chancery ca rollover makes the next one");
}

/* An offline CA's CRL is a file that somebody must remember to renew. */
static void
crl_ends(struct check *c, const struct config_ca *ca)
{
	struct arena *a = c->cli->arena;
	const char *path =
	    state_path(c->cli, arena_printf(a, "crl/%s.crl", ca->name));
	struct err err = { 0 };
	struct bytes der;
	struct crl crl;

	if (!file_read(path, CRL_MAX, a, &der, &err))
		return;
	if (crl_parse(der, &crl, &err))
		ends(c, path, "a CRL", crl.next_update,
		    "chancery ca crl makes the next one");
	else
		check_mistake(c, path, arena_strdup(a, err.shown), "a CRL, DER",
		    "chancery ca crl makes the next one");
}

/* A CA that drains has an end that nobody is told of otherwise. */
static void
has_drained(struct check *c, const struct config_ca *ca)
{
	struct arena *a = c->cli->arena;
	struct store_draining d;
	struct err ignored = { 0 };
	struct cert cert;
	uint8_t id[32];

	if (ca->successor == NULL || ca->key == NULL ||
	    !read_cert(c, ca->certificate, &cert))
		return;
	digest_sha256(cert.spki, id);
	if (store_file_draining(state_path(c->cli, "db/chancery.db"), id,
		c->now, a, &d, &ignored) &&
	    d.unexpired == 0)
		check_note(c, state_path(c->cli, ca->certificate),
		    arena_printf(a,
			"CA %s has drained: chancery ca retire %s ends it",
			ca->name, ca->name));
}

void
check_expiry(struct check *c)
{
	const struct config *config = c->config;
	struct cert cert;

	for (size_t i = 0; i < config->cas_n; i++) {
		ca_ends(c, &config->cas[i]);
		has_drained(c, &config->cas[i]);
		if (config->cas[i].key == NULL)
			crl_ends(c, &config->cas[i]);
	}
	if (config->tls.certificate == NULL)
		return;
	if (read_cert(c, config->tls.certificate, &cert))
		ends(c, state_path(c->cli, config->tls.certificate),
		    "a certificate", cert.not_after, "put a new one there");
	else
		check_mistake(c, state_path(c->cli, config->tls.certificate),
		    "no certificate that can be read",
		    "the server's chain, PEM, leaf first",
		    "put it there, or set tls.certificate to null");
}

void
check_weak_keys(struct check *c)
{
	const struct config_strings *files = &c->config->weak_keys;

	for (size_t i = 0; i < files->n; i++) {
		const char *path = state_path(c->cli, files->v[i]);
		struct err err = { 0 };
		struct bytes text;

		if (!file_read(
			path, WEAK_KEYS_MAX, c->cli->arena, &text, &err) ||
		    !key_blocklist_load(text, &err))
			check_mistake(c, path,
			    arena_strdup(c->cli->arena, err.shown),
			    "a list in the form of Debian's openssl-blacklist",
			    "put it there, or take it from weak_keys");
	}
}
