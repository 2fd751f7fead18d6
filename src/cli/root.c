#include "ca/chain.h"
#include "cli/files.h"
#include "cli/root.h"
#include "crypto/digest.h"
#include "util/text.h"

/* Where `ca import` puts the root of a chain. */
#define IMPORTED "certs/root.pem"

static bool
is_root(const struct cli *cli, const char *path, struct root_file *out)
{
	struct cert *certs = arena_array(cli->arena, CHAIN_MAX, sizeof(*certs));
	struct err ignored = { 0 };
	struct bytes pem;
	uint8_t hash[32];
	size_t n;

	if (path == NULL ||
	    !file_read(state_path(cli, path), CHAIN_PEM_MAX, cli->arena, &pem,
		&ignored) ||
	    !chain_read_pem(pem, cli->arena, certs, &n, &ignored))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!cert_is_self_signed(&certs[i]))
			continue;
		digest_sha256(certs[i].der, hash);
		out->path = path_absolute(cli, path);
		out->sha256 =
		    hex_arena(cli->arena, bytes_of(hash, sizeof(hash)));
		out->subject = subject_text(cli->arena, certs[i].subject);
		return true;
	}
	return false;
}

bool
root_find(
    const struct cli *cli, const struct config *config, struct root_file *out)
{
	/* The one that took over, while a root is rolled over. */
	for (size_t i = 0; i < config->cas_n; i++)
		if (config->cas[i].successor == NULL &&
		    is_root(cli, config->cas[i].certificate, out))
			return true;
	if (is_root(cli, IMPORTED, out))
		return true;
	for (size_t i = 0; i < config->cas_n; i++)
		if (is_root(cli, config->cas[i].chain, out))
			return true;
	return false;
}
