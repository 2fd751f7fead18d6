#include <errno.h>
#include <unistd.h>

#include "ca/ca.h"
#include "ca/chain.h"
#include "cli/bound.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/options.h"
#include "cli/record.h"
#include "codec/csr.h"
#include "codec/pem.h"
#include "util/text.h"

#define ROOT "certs/root.pem"

/* What a chain becomes: three files of the state directory. */
struct import {
	struct cli *cli;
	const struct config *config;
	const struct config_ca *ca;
	struct chain chain;
	struct bytes certificate, above, root; /* PEM; may be empty */
	bool replace;
	const char *force; /* why another name or key identifier is right */
};

/* ---- the key that was made here ---- */

static bool
spki_of_csr(const struct cli *cli, const char *path, struct bytes *spki,
    struct err *err)
{
	struct csr *csr = arena_alloc(cli->arena, sizeof(*csr));
	struct bytes pem, der;
	bool found;

	if (!file_read(path, 4 * CSR_MAX, cli->arena, &pem, err) ||
	    !pem_next(
		&pem, "CERTIFICATE REQUEST", cli->arena, &found, &der, err))
		return false;
	if (!found)
		return fail(err, ERR_MALFORMED,
		    "%s has no CERTIFICATE REQUEST block", path);
	if (!csr_parse(der, cli->arena, csr, err))
		return false;
	*spki = csr->spki;
	return true;
}

static bool
spki_of_cert(const struct cli *cli, const char *path, struct bytes *spki,
    struct err *err)
{
	struct cert *certs = arena_array(cli->arena, CHAIN_MAX, sizeof(*certs));
	struct bytes pem;
	size_t n;

	if (!file_read(path, CHAIN_PEM_MAX, cli->arena, &pem, err) ||
	    !chain_read_pem(pem, cli->arena, certs, &n, err))
		return false;
	*spki = certs[0].spki;
	return true;
}

/* Of the request that init wrote, certs/<ca>.csr; for a renewal of the
 * certificate that is there. */
static bool
own_spki(const struct import *in, struct bytes *spki, struct err *err)
{
	struct err no_csr = { 0 };
	const char *csr = state_path(in->cli,
	    arena_printf(in->cli->arena, "certs/%s.csr", in->ca->name));

	if (spki_of_csr(in->cli, csr, spki, &no_csr))
		return true;
	if (no_csr.kind != ERR_NOT_FOUND)
		return fail(err, no_csr.kind, "%s", no_csr.shown);
	return spki_of_cert(
	    in->cli, state_path(in->cli, in->ca->certificate), spki, err);
}

/* ---- the files ---- */

static struct bytes
pem_of(const struct import *in, size_t from, size_t to)
{
	struct buf b = { 0 };

	for (size_t i = from; i < to; i++)
		pem_put(&b, "CERTIFICATE", in->chain.certs[i].der);
	return arena_take_buf(in->cli->arena, &b);
}

static void
split(struct import *in)
{
	const struct chain *c = &in->chain;

	in->certificate = pem_of(in, 0, 1);
	in->above = pem_of(in, 1, c->n);
	if (c->has_root)
		in->root = pem_of(in, c->n - 1, c->n);
}

/* Does the file hold something else already? */
static bool
check_free(const struct import *in, const char *path, struct bytes content,
    struct err *err)
{
	struct err why = { 0 };
	struct bytes there;

	if (content.n == 0 || in->replace)
		return true;
	if (!file_read(path, CHAIN_PEM_MAX, in->cli->arena, &there, &why))
		return why.kind == ERR_NOT_FOUND ||
		    fail(err, why.kind, "%s", why.shown);
	return bytes_equal(there, content) ||
	    fail(err, ERR_CONFLICT,
		"%s holds another certificate; --replace writes over it", path);
}

static bool
write_file(const char *path, struct bytes content, struct err *err)
{
	return content.n == 0 || file_replace(path, 0644, content, err);
}

/*
 * What was issued before finds its issuer by name and key identifier: a renewed
 * certificate with another one leaves it without.
 */
static bool
check_identity(const struct import *in, struct err *err)
{
	struct cert *old = arena_array(in->cli->arena, CHAIN_MAX, sizeof(*old));
	const struct cert *new = &in->chain.certs[0];
	struct err ignored = { 0 };
	struct bytes pem;
	size_t n;

	if (in->force != NULL ||
	    !file_read(state_path(in->cli, in->ca->certificate), CHAIN_PEM_MAX,
		in->cli->arena, &pem, &ignored) ||
	    !chain_read_pem(pem, in->cli->arena, old, &n, &ignored))
		return true;
	if (bytes_equal(old[0].ski, new->ski) &&
	    bytes_equal(old[0].subject, new->subject))
		return true;
	return fail(err, ERR_REJECTED,
	    "the certificate has another %s than the one that is there: "
	    "certificates that exist would find no issuer; have it made "
	    "again, or say --force REASON",
	    bytes_equal(old[0].subject, new->subject) ? "subject key identifier"
						      : "subject");
}

/* The CA's own certificate last: once it is there, the rest is as well. */
static bool
install(const struct import *in, struct err *err)
{
	const char *certificate = state_path(in->cli, in->ca->certificate),
		   *root = state_path(in->cli, ROOT),
		   *above = in->ca->chain == NULL
	    ? NULL
	    : state_path(in->cli, in->ca->chain);

	if (above == NULL && in->above.n > 0 &&
	    config_ca_find(in->config, "root") == NULL)
		return fail(err, ERR_CONFIG,
		    "the chain has certificates above the CA and the "
		    "configuration no place for them; set cas.%s.chain: "
		    "certs/%s-chain.pem",
		    in->ca->name, in->ca->name);
	if (!check_identity(in, err) ||
	    !check_free(in, certificate, in->certificate, err) ||
	    (above != NULL && !check_free(in, above, in->above, err)) ||
	    !check_free(in, root, in->root, err))
		return false;
	return (above == NULL || write_file(above, in->above, err)) &&
	    write_file(root, in->root, err) &&
	    write_file(certificate, in->certificate, err);
}

/* ---- the record ---- */

/* An operator's act is a leaf of the log (design section 5). */
static bool
record(const struct import *in, int64_t now, struct err *err)
{
	AUTO(json_t) *event = NULL;
	uint8_t hash[32];

	digest_sha256(in->chain.certs[0].der, hash);
	event = json_pack("{s:s, s:s, s:s}", "act", "ca-import", "ca",
	    in->ca->name, "sha256",
	    hex_arena(in->cli->arena, bytes_of(hash, sizeof(hash))));
	if (in->force != NULL)
		json_object_set_new(event, "forced", json_string(in->force));
	return cli_record(in->cli, "operator", event, now, err);
}

/* ---- the command ---- */

static int
tell(const struct import *in)
{
	struct cli *cli = in->cli;
	const struct cert *ca = &in->chain.certs[0];
	const char *path = state_path(cli, in->ca->certificate);
	char end[TIME_RFC3339_SIZE];
	struct bound bound;

	time_format_rfc3339(ca->not_after, end);
	bound_read(cli, &bound);
	if (cli->json)
		return cli_print_json(cli,
		    json_pack("{s:s, s:s, s:s, s:s, s:i, s:b}", "ca",
			in->ca->name, "path", path, "subject",
			subject_text(cli->arena, ca->subject), "not_after", end,
			"chain", (int)in->chain.n, "root", in->chain.has_root));
	printf("%s: %s, valid until %s\n", path,
	    subject_text(cli->arena, ca->subject), end);
	if (!in->chain.has_root)
		printf("  the chain does not reach a root; clients must have "
		       "it from elsewhere\n");
	if (bound.alive)
		printf("  to use it: kill -HUP %lld\n", (long long)bound.pid);
	else
		printf("  next: chancery check --state %s, then chancery "
		       "serve --state %s\n",
		    cli->state, cli->state);
	return EXIT_DONE;
}

/* What the new certificate does not allow, the configuration must not ask for:
 * said here, and by check and serve. */
static void
warn(const struct import *in)
{
	struct config_mistakes mistakes = { 0 };
	AUTO_BUF text = { 0 };

	ca_check_config(in->config, state_file_read, in->cli, &mistakes);
	for (size_t i = 0; i < mistakes.n; i++)
		config_mistake_print(
		    in->cli->config_path, &mistakes.v[i], &text);
	config_mistakes_free(&mistakes);
	if (text.n > 0)
		fprintf(stderr, "%s", buf_cstr(&text));
}

static bool
import(struct import *in, const char *name, const char *chain, struct err *err)
{
	struct clock clock = clock_system(in->config->testing.clock_offset);
	int64_t now = clock_now(&clock);
	struct lane *lane;
	struct bytes pem, spki;
	bool ok;

	in->ca = config_ca_find(in->config, name);
	if (in->ca == NULL)
		return fail(err, ERR_NOT_FOUND,
		    "there is no CA %s in the configuration", name);
	if (!own_spki(in, &spki, err) ||
	    !file_read(chain, CHAIN_PEM_MAX, in->cli->arena, &pem, err))
		return false;
	lane = lane_new();
	ok = ca_chain_check(
	    lane, pem, spki, now, in->cli->arena, &in->chain, err);
	lane_free(lane);
	if (!ok)
		return false;
	split(in);
	return install(in, err) && record(in, now, err);
}

int
ca_import_run(struct cli *cli)
{
	const char *name = NULL, *chain = NULL;
	struct import *in = arena_alloc(cli->arena, sizeof(*in));
	const struct option_row rows[] = {
		{ "ca", OPTION_TEXT, &name, 0, 0 },
		{ "chain", OPTION_TEXT, &chain, 0, 0 },
		{ "replace", OPTION_FLAG, &in->replace, 0, 0 },
		{ "force", OPTION_TEXT, &in->force, 0, 0 },
	};
	struct config *config;
	struct err err = { 0 };
	int status;
	size_t n;

	if (!options_parse(cli, rows, COUNT_OF(rows), NULL, 0, &n, &err))
		return cli_fail_by_kind(cli, &err);
	if (name == NULL || chain == NULL) {
		(void)fail(&err, ERR_USAGE,
		    "ca import wants --ca NAME and --chain FILE");
		return cli_fail_by_kind(cli, &err);
	}
	config = cli_config(cli);
	if (config == NULL)
		return EXIT_REFUSED;
	in->cli = cli;
	in->config = config;
	if (import(in, name, chain, &err)) {
		warn(in);
		status = tell(in);
	} else {
		status = cli_fail_by_kind(cli, &err);
	}
	config_free(config);
	return status;
}
