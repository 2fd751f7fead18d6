/*
 * The house for the benchmark of issuance: CA certificates from a ceremony, a
 * store on a real disk, and the signer as a process of its own (or in this one,
 * to compare), as `serve` has them.
 */
#ifndef BENCH_ISSUE_HOUSE_H
#define BENCH_ISSUE_HOUSE_H

#include <sys/types.h>
#include "ca/ca.h"
#include "crypto/key.h"

struct house_options {
	const char *dir; /* empty or new */
	enum key_alg ca_alg;
	unsigned ca_bits;
	bool signer_process;
	unsigned queue;
};

struct house {
	struct house_options o;
	struct arena *a;
	struct config *config;
	struct lanes *lanes;
	struct store *store;
	struct ca *ca;
	/* one of the two */
	struct signer_core *core;
	struct signer_local *local;
	struct signer_remote *remote;
	pid_t signer; /* 0: none */
	int control_fd;
};

/* Ends the program with a message when anything fails. */
void house_open(struct house *h, const struct house_options *o);
void house_close(struct house *h);
/* CPU seconds and fsyncs so far. */
double house_cpu_server(void);
double house_cpu_signer(const struct house *h);
uint64_t house_fsyncs_store(const struct house *h);
uint64_t house_fsyncs_signer(struct house *h);
/* "ext4", "tmpfs", … by statfs. */
const char *house_filesystem(const char *dir);
void house_need(bool ok, const struct err *err);

#endif
