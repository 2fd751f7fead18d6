#include <fcntl.h>
#include <unistd.h>

#include "ca/ca.h"
#include "main/init_issue.h"
#include "main/own_tls.h"
#include "main/users.h"
#include "util/text.h"

/* The core as `serve` has it, but with the signer in this process. */
struct core {
	struct lanes *lanes;
	struct signer_local *signer;
	struct ca *ca;
};

static void
core_close(struct core *c)
{
	if (c->ca != NULL)
		ca_free(c->ca);
	if (c->signer != NULL)
		signer_local_free(c->signer);
	lanes_free(c->lanes);
}

bool
init_store(struct init *in, struct err *err)
{
	AUTO_STR *path = mem_printf("%s/db/chancery.db", in->state.path);
	const struct store_options o = {
		.path = path, .queue = 64, .create = true
	};
	AUTO_STR *node = NULL;

	if (!store_open(&o, &in->store, err) ||
	    !store_node_get(in->store, &in->node, err))
		return false;
	node = mem_printf("%u\n", in->node);
	return state_write_new(
	    &in->state, "keys/node", 0600, bytes_str(node), err);
}

/* Takes the issuing key: the signer owns it from here on. */
static bool
open_signer(struct core *c, struct init *in, struct err *err)
{
	AUTO_FD journal = openat(
	    in->state.fd, "keys/signer.journal", O_RDWR | O_APPEND | O_CLOEXEC);
	struct signer_core *core;
	struct signer_limits *limits;
	struct bytes json;
	size_t n;

	if (journal < 0)
		return fail_errno(
		    err, ERR_SYSTEM, "keys/signer.journal cannot be opened");
	if (!signer_core_new(journal, clock_system(0), &core, err))
		return false;
	journal = -1;
	signer_core_add_key(core, TAKE(in->issuing));
	if (in->responder != NULL)
		signer_core_know_responder(core, privkey_spki(in->responder));
	c->signer = signer_local_new(core);
	return ca_signer_limits(in->config, in->node, state_read_file,
		   &in->state, in->arena, &json, err) &&
	    signer_limits_decode(json, in->arena, &limits, &n, err) &&
	    signer_core_set_limits(core, limits, n, err);
}

static bool
open_ca(struct core *c, struct init *in, struct err *err)
{
	const struct ca_deps deps = { .store = in->store,
		.signer = signer_local_port(c->signer),
		.lanes = c->lanes,
		.clock = clock_system(0),
		.random = in->random,
		.node = in->node,
		.read_file = state_read_file,
		.read_ctx = &in->state };

	return ca_new(&deps, in->config, &c->ca, err);
}

/* A key's life begins: a leaf of the log (design section 5). */
static bool
record_key(struct init *in, const char *role, const struct privkey *key,
    struct err *err)
{
	AUTO_STR *json = NULL;
	uint64_t position;
	uint8_t spki[32];
	char hex[65];

	if (key == NULL)
		return true;
	digest_sha256(privkey_spki(key), spki);
	hex_encode(bytes_of(spki, sizeof(spki)), hex);
	json = mem_printf("{\"act\":\"made\",\"alg\":\"%s\",\"role\":\"%s\","
			  "\"spki_sha256\":\"%s\"}",
	    key_alg_name(privkey_alg(key)), role, hex);
	return store_event_append(
	    in->store, "key", json, in->now, &position, err);
}

static bool
issue_first(struct core *c, const struct init_options *o, struct init *in,
    struct err *err)
{
	struct ca_issued tls, responder;

	if (!open_signer(c, in, err) || !open_ca(c, in, err) ||
	    /* With port 0 its pointers are not known before it serves. */
	    (o->http_port != 0 &&
		!own_tls_issue(c->ca, in->config, in->tls, NULL, in->now,
		    in->arena, &tls, err)) ||
	    !ca_issue_responder(c->ca, "issuing", privkey_spki(in->responder),
		"init", in->arena, &responder, err) ||
	    !ca_crl_run(c->ca, err))
		return false;
	/* The TLS certificate lies in the store, where the server finds it. */
	return state_write_new(
	    &in->state, "certs/ocsp.pem", 0644, responder.pem_chain, err);
}

bool
init_record(const struct init_options *o, struct init *in, struct err *err)
{
	struct core c = { 0 };
	struct users users;
	bool ok;

	c.lanes = lanes_new(1);
	ok = state_write_new(
		 &in->state, "keys/signer.journal", 0600, BYTES_NONE, err) &&
	    record_key(in, "root", in->root, err) &&
	    record_key(in, "issuing", in->issuing, err) &&
	    record_key(in, "ocsp", in->responder, err) &&
	    record_key(in, "tls", in->tls, err) &&
	    (o->sub_ca || issue_first(&c, o, in, err));
	core_close(&c);
	/* Closed before its files change hands. */
	store_close(in->store);
	in->store = NULL;
	if (!ok)
		return false;
	users_find(in->config, &users);
	return users_own_database(&users, in->state.fd, err);
}
