#include "cli/options.h"
#include "main/init.h"
#include "main/supervisor.h"

bool
serve_options_parse(struct cli *cli, struct serve_options *out, struct err *err)
{
	struct serve_options o = { .ready_fd = -1 };
	int64_t ready_fd = -1;
	size_t n;
	const struct option_row rows[] = {
		{ "ready-fd", OPTION_INT, &ready_fd, 0, 1 << 20 },
		{ "testing", OPTION_FLAG, &o.testing, 0, 0 },
		{ "list-faults", OPTION_FLAG, &o.list_faults, 0, 0 },
		{ "passphrase-file", OPTION_TEXT, &o.passphrase_file, 0, 0 },
	};

	if (!options_parse(cli, rows, COUNT_OF(rows), NULL, 0, &n, err))
		return false;
	o.ready_fd = (int)ready_fd;
	*out = o;
	return true;
}

static bool
key_parse(const char *kind, struct init_options *o, struct err *err)
{
	static const struct {
		const char *name;
		enum key_alg alg;
		unsigned bits;
	} kinds[] = {
		{ "ec-p256", KEY_EC_P256, 0 },
		{ "ec-p384", KEY_EC_P384, 0 },
		{ "rsa-2048", KEY_RSA, 2048 },
		{ "rsa-3072", KEY_RSA, 3072 },
		{ "rsa-4096", KEY_RSA, 4096 },
		{ "ed25519", KEY_ED25519, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (strcmp(kind, kinds[i].name) == 0) {
			o->key = kinds[i].alg;
			o->rsa_bits = kinds[i].bits;
			return true;
		}
	return fail(err, ERR_USAGE,
	    "--key %s; expected ec-p256, ec-p384, rsa-2048, rsa-3072, "
	    "rsa-4096 or ed25519",
	    kind);
}

bool
init_options_parse(struct cli *cli, struct init_options *out, struct err *err)
{
	struct init_options o = { .https_port = 8443,
		.http_port = 8080,
		.est_port = 8444,
		.ops_port = 9464 };
	const char *key = "ec-p256";
	size_t n;
	const struct option_row rows[] = {
		{ "name", OPTION_TEXT, &o.name, 0, 0 },
		{ "host", OPTION_TEXT, &o.host, 0, 0 },
		{ "https-port", OPTION_INT, &o.https_port, 0, 65535 },
		{ "http-port", OPTION_INT, &o.http_port, 0, 65535 },
		{ "est-port", OPTION_INT, &o.est_port, 0, 65535 },
		{ "ops-port", OPTION_INT, &o.ops_port, 0, 65535 },
		{ "key", OPTION_TEXT, &key, 0, 0 },
		{ "sub-ca", OPTION_FLAG, &o.sub_ca, 0, 0 },
		{ "testing", OPTION_FLAG, &o.testing, 0, 0 },
		{ "passphrase-file", OPTION_TEXT, &o.passphrase_file, 0, 0 },
		{ "root-passphrase-file", OPTION_TEXT, &o.root_passphrase_file,
		    0, 0 },
	};

	if (!options_parse(cli, rows, COUNT_OF(rows), NULL, 0, &n, err))
		return false;
	if (o.name == NULL || o.name[0] == '\0' || strlen(o.name) > 48)
		return fail(err, ERR_USAGE,
		    "init wants --name, the CA's name as people read it, at "
		    "most 48 octets");
	if (o.host == NULL || o.host[0] == '\0')
		return fail(err, ERR_USAGE,
		    "init wants --host, the name or address that clients "
		    "reach this server by");
	if (!key_parse(key, &o, err))
		return false;
	*out = o;
	return true;
}
