/*
 * What a large CRL costs: one more revocation, and the next CRL is encoded,
 * announced, signed by the signer process, read back, verified, compared with
 * its predecessor and recorded; beside it libcrypto's X509_CRL with the same
 * bytes.  CPU time and peak memory, as JSON.
 *
 * bench_crl --dir DIR [--entries N] [--rounds N] [--key ec-p256|rsa-2048|…]
 *
 * The entries come from no certificates: what is measured is the CRL, not the
 * table that a revocation is read from.  DIR must be on a real disk.
 */
#include <fcntl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "ca/core.h"
#include "ca/crl.h"
#include "issue/house.h"

static double
thread_cpu(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double
wall(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Octets of memory, and forgets the peak. */
static double
peak(bool forget)
{
	FILE *f;
	char line[128];
	double kib = 0;

	if (forget) {
		f = fopen("/proc/self/clear_refs", "w");
		if (f != NULL) {
			fputs("5", f);
			fclose(f);
		}
	}
	f = fopen("/proc/self/status", "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "VmHWM: %lf", &kib) == 1)
			break;
	if (f != NULL)
		fclose(f);
	return kib * 1024;
}

/* Revocations of a year, in the order of serials as they are drawn. */
static void
revoke_one(struct crl_state *c, uint64_t i, int64_t now)
{
	static const int reasons[] = { -1, REASON_KEY_COMPROMISE,
		REASON_SUPERSEDED, REASON_CESSATION };
	uint8_t serial[SERIAL_SIZE] = { 1, 0, 0x6a };
	uint64_t mixed = i * UINT64_C(0x9e3779b97f4a7c15);

	for (unsigned k = 0; k < 8; k++)
		serial[4 + k] = (uint8_t)(i >> (8 * (7 - k)));
	memcpy(serial + 12, &mixed, sizeof(mixed));
	crl_state_add(c, serial, now - (int64_t)(mixed >> 40) % 31536000,
	    reasons[i % COUNT_OF(reasons)], now + 86400 * 300, true);
}

static void
yardstick(struct bytes der)
{
	const unsigned char *p = der.p;
	double start = thread_cpu(), parsed;
	AUTO(X509_CRL) *crl = d2i_X509_CRL(NULL, &p, (long)der.n);
	unsigned char *out = NULL;
	int n;

	parsed = thread_cpu();
	if (crl == NULL)
		exit(1);
	/* As after one more revocation: sorted and encoded anew. */
	X509_CRL_set1_lastUpdate(crl, X509_CRL_get0_nextUpdate(crl));
	X509_CRL_sort(crl);
	n = i2d_re_X509_CRL_tbs(crl, &out);
	printf("  \"libcrypto\": {\"parse_cpu_ms\": %.1f, \"encode_cpu_ms\": "
	       "%.1f, \"octets\": %d},\n",
	    (parsed - start) * 1e3, (thread_cpu() - parsed) * 1e3, n);
	OPENSSL_free(out);
}

static void
measure(struct house *h, uint64_t entries, unsigned rounds)
{
	struct crl_state *c =
	    state_ca_find(ca_state(h->ca), "issuing")->issuer->scopes[0];
	int64_t now = (int64_t)time(NULL);
	struct artefact_copy copy = { 0 };
	struct err err = { 0 };
	double gz;

	for (uint64_t i = 0; i < entries; i++)
		revoke_one(c, 2 * i, now);
	house_need(ca_crl_run(h->ca, &err), &err);
	printf("  \"runs\": [\n");
	for (unsigned i = 0; i < rounds; i++) {
		double server, signer, mine, took, base, high;

		/* Somewhere in the middle. */
		revoke_one(c, 2 * (entries / 2 + i) + 1, now);
		/* Beyond the rest that follows a large one. */
		sleep(2);
		base = peak(true);
		server = house_cpu_server();
		signer = house_cpu_signer(h);
		mine = thread_cpu();
		took = wall();
		house_need(ca_crl_run(h->ca, &err), &err);
		took = wall() - took;
		mine = thread_cpu() - mine;
		server = house_cpu_server() - server;
		signer = house_cpu_signer(h) - signer;
		high = peak(false);
		printf("    {\"encode_and_gate_cpu_ms\": %.1f, "
		       "\"signer_cpu_ms\": %.1f, \"record_cpu_ms\": %.1f, "
		       "\"wall_ms\": %.1f, \"before_over_size\": %.2f, "
		       "\"peak_over_size\": %.2f}%s\n",
		    mine * 1e3, signer * 1e3, (server - mine) * 1e3, took * 1e3,
		    base / (double)c->full.view.der.n,
		    high / (double)c->full.view.der.n,
		    i + 1 < rounds ? "," : "");
	}
	printf("  ],\n");
	gz = thread_cpu();
	ca_crl_compress(h->ca);
	gz = thread_cpu() - gz;
	if (!ca_crl_get(h->ca, "issuing", 0, false, &copy))
		exit(1);
	printf("  \"entries\": %zu,\n  \"octets\": %zu,\n"
	       "  \"gzip\": {\"octets\": %zu, \"cpu_ms\": %.1f},\n",
	    c->full.view.entries_n, blob_bytes(copy.blob).n,
	    copy.gzip == NULL ? 0 : blob_bytes(copy.gzip).n, gz * 1e3);
	yardstick(blob_bytes(copy.blob));
	blob_unref(copy.blob);
	blob_unref(copy.gzip);
}

int
main(int argc, char **argv)
{
	struct house_options o = {
		.ca_alg = KEY_EC_P256, .signer_process = true, .queue = 64
	};
	unsigned long entries = 1000000, rounds = 3;
	const char *filesystem;
	struct house h;

	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--dir") == 0)
			o.dir = argv[i + 1];
		else if (strcmp(argv[i], "--entries") == 0)
			entries = strtoul(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "--rounds") == 0)
			rounds = strtoul(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "--key") != 0 ||
		    !key_alg_parse(argv[i + 1], &o.ca_alg, &o.ca_bits))
			o.dir = NULL;
	}
	if (o.dir == NULL || argc % 2 == 0 || entries == 0 ||
	    entries > 4000000 || rounds == 0) {
		fprintf(stderr,
		    "usage: bench_crl --dir DIR [--entries N] [--rounds N] "
		    "[--key KIND]\n");
		return 2;
	}
	filesystem = house_filesystem(o.dir);
	if (strcmp(filesystem, "tmpfs") == 0 ||
	    strcmp(filesystem, "ramfs") == 0) {
		fprintf(
		    stderr, "bench_crl: %s is memory; name a disk\n", o.dir);
		return 2;
	}
	house_open(&h, &o);
	printf("{\n");
	measure(&h, entries, (unsigned)rounds);
	printf("  \"key\": \"%s\",\n  \"filesystem\": \"%s\"\n}\n",
	    key_alg_name(o.ca_alg), filesystem);
	house_close(&h);
	return 0;
}
