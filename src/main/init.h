/*
 * `chancery init`: keys, certificates, configuration and store of a new CA.  It
 * never overwrites.  The keys are open in this process while it runs; what it
 * issues goes through the same core, signer checks and record as later.
 */
#ifndef MAIN_INIT_H
#define MAIN_INIT_H

#include "cli/cli.h"
#include "crypto/key.h"
#include "main/state.h"

struct init_options {
	const char *name, *host;
	int64_t https_port, http_port, est_port, ops_port; /* -1: leave out */
	enum key_alg key;
	unsigned rsa_bits;
	bool sub_ca, testing;
	const char *passphrase_file, *root_passphrase_file;
};

int main_init(struct cli *cli);
bool init_options_parse(
    struct cli *cli, struct init_options *out, struct err *err) MUST_CHECK;
/* The text of chancery.yaml for these options: every option, commented. */
void init_config_print(const struct init_options *o, struct buf *out);

#endif
