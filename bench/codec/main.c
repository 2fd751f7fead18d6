/*
 * What the codec costs: CPU time per operation on one core, as JSON.  The marks
 * are those of the limits page: CSR walk a few us, TBS below 3 us, a CRL of a
 * million entries by copying.
 *
 * bench_codec [ENTRIES]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "codec/crl.h"
#include "codec/csr.h"
#include "codec/jose.h"
#include "crypto/own.h"
#include "util/text.h"

static double
cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void
need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench_codec: %s\n", what);
	exit(1);
}

/* Nanoseconds of the best of five rounds, which a busy machine disturbs least.
 */
#define MEASURE(out, times, ...)                                               \
	do {                                                                   \
		(out) = 1e18;                                                  \
		for (int round_ = 0; round_ < 5; round_++) {                   \
			double start_ = cpu_ns(), took_;                       \
                                                                               \
			for (int i_ = 0; i_ < (times); i_++) {                 \
				__VA_ARGS__                                    \
			}                                                      \
			took_ = (cpu_ns() - start_) / (times);                 \
			if (took_ < (out))                                     \
				(out) = took_;                                 \
		}                                                              \
	} while (0)

static struct name names[] = { { NAME_DNS, "www.bench.example" },
	{ NAME_DNS, "bench.example" } };
static const char *const eku[] = { "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2" };
static const uint8_t id20[20] = { 1 };

struct bench {
	struct arena *keep, *scratch;
	struct bytes spki, name;
	struct bytes csr, tbs;
	struct cert_spec spec;
};

static void
csr_make(struct bench *b, EVP_PKEY *key)
{
	AUTO(X509_REQ) *req = X509_REQ_new();
	AUTO_BUF san = { 0 };
	size_t mark = der_open(&san, DER_SEQUENCE);
	STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	unsigned char *der = NULL;
	int n;

	for (size_t i = 0; i < COUNT_OF(names); i++)
		name_put_general(&san, &names[i]);
	der_close(&san, mark);
	ASN1_OCTET_STRING_set(value, san.p, (int)san.n);
	sk_X509_EXTENSION_push(list,
	    X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name, 0, value));
	need(X509_REQ_set_pubkey(req, key) == 1 &&
		X509_REQ_add_extensions(req, list) == 1 &&
		X509_REQ_sign(req, key, EVP_sha256()) > 0,
	    "cannot make a CSR");
	n = i2d_X509_REQ(req, &der);
	need(n > 0, "cannot encode a CSR");
	b->csr = arena_bytes(b->keep, bytes_of(der, (size_t)n));
	OPENSSL_free(der);
	ASN1_OCTET_STRING_free(value);
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

static void
bench_init(struct bench *b)
{
	AUTO(EVP_PKEY) *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	struct subject subject = { .common_name = "Bench CA" };
	struct buf name = { 0 }, tbs = { 0 };
	unsigned char *der = NULL;
	int n;

	*b = (struct bench){ arena_new(), arena_new(), .tbs = BYTES_NONE };
	need(key != NULL, "cannot make a key");
	n = i2d_PUBKEY(key, &der);
	need(n > 0, "cannot encode a key");
	b->spki = arena_bytes(b->keep, bytes_of(der, (size_t)n));
	OPENSSL_free(der);
	csr_make(b, key);
	subject_put(&name, &subject);
	b->name = arena_take_buf(b->keep, &name);
	b->spec = (struct cert_spec){ .serial = { 1 },
		.sig_alg = SIG_ECDSA_SHA256,
		.issuer = b->name,
		.subject = b->name,
		.not_before = 1767312000,
		.not_after = 1767312000 + 90 * 86400,
		.spki = b->spki,
		.path_length = -1,
		.basic_constraints = true,
		.key_usage = KU_DIGITAL_SIGNATURE,
		.eku = eku,
		.eku_n = COUNT_OF(eku),
		.names = { names, COUNT_OF(names) },
		.aki = bytes_of(id20, 20),
		.crl_url = "http://ca.bench.example:8080/crl/issuing.crl",
		.ocsp_url = "http://ca.bench.example:8080/ocsp",
		.ca_issuers_url =
		    "http://ca.bench.example:8080/ca/issuing.cer" };
	cert_tbs_put(&tbs, &b->spec);
	b->tbs = arena_take_buf(b->keep, &tbs);
}

static void
bench_certificates(struct bench *b)
{
	double csr_ns, put_ns, parse_ns;

	MEASURE(csr_ns, 20000, {
		struct csr out;

		need(csr_parse(b->csr, b->scratch, &out, NULL), "CSR");
		arena_reset(b->scratch);
	});
	MEASURE(put_ns, 20000, {
		AUTO_BUF out = { 0 };

		cert_tbs_put(&out, &b->spec);
	});
	MEASURE(parse_ns, 20000, {
		struct cert out;

		need(cert_parse_tbs(b->tbs, b->scratch, &out, NULL), "TBS");
		arena_reset(b->scratch);
	});
	printf("  \"csr_parse_ns\": %.0f,\n  \"tbs_put_ns\": %.0f,\n"
	       "  \"tbs_parse_ns\": %.0f,\n",
	    csr_ns, put_ns, parse_ns);
}

static void
bench_jws(struct bench *b)
{
	const char *header = "{\"alg\":\"ES256\",\"kid\":"
			     "\"https://ca.bench.example:8443/acme/acct/"
			     "AAAAAAAAAAAAAAAAAAAAAA\",\"nonce\":"
			     "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"url\":"
			     "\"https://ca.bench.example:8443/acme/order/1\"}";
	static const uint8_t signature[64] = { 1 };
	uint8_t der[JWS_ECDSA_DER_MAX];
	double parse_ns, der_ns;
	struct bytes body;

	body = bytes_str(arena_printf(b->keep,
	    "{\"protected\":\"%s\",\"payload\":\"\",\"signature\":\"%s\"}",
	    base64url_arena(b->keep, bytes_str(header)),
	    base64url_arena(b->keep, bytes_of(signature, 64))));
	MEASURE(parse_ns, 20000, {
		struct jws out;

		need(jws_parse(body, false, b->scratch, &out, NULL), "JWS");
		arena_reset(b->scratch);
	});
	MEASURE(der_ns, 100000, {
		(void)jws_ecdsa_to_der(bytes_of(id20, 0), der);
		(void)jws_ecdsa_to_der(bytes_of(b->tbs.p, 64), der);
	});
	printf("  \"jws_parse_ns\": %.0f,\n  \"ecdsa_to_der_ns\": %.0f,\n",
	    parse_ns, der_ns);
}

static void
bench_crl(struct bench *b, unsigned entries)
{
	struct crl_spec spec = { .sig_alg = SIG_ECDSA_SHA256,
		.issuer = b->name,
		.aki = bytes_of(id20, 20),
		.this_update = 1767312000,
		.next_update = 1767312000 + 86400,
		.number = 1 };
	uint8_t serial[SERIAL_SIZE] = { 1 };
	double entries_ns, put_ns, parse_ns;
	AUTO_BUF list = { 0 };
	AUTO_BUF tbs = { 0 };
	struct crl out;

	entries_ns = cpu_ns();
	for (unsigned i = 0; i < entries; i++) {
		memcpy(serial + 16, &i, sizeof(i));
		crl_entry_put(&list, bytes_of(serial, SERIAL_SIZE), 1767312000,
		    REASON_SUPERSEDED);
	}
	entries_ns = cpu_ns() - entries_ns;
	spec.entries = buf_bytes(&list);
	MEASURE(put_ns, 1, {
		tbs.n = 0;
		crl_tbs_put(&tbs, &spec);
	});
	MEASURE(parse_ns, 1,
	    { need(crl_parse_tbs(buf_bytes(&tbs), &out, NULL), "CRL"); });
	need(out.entries_n == entries, "CRL lost entries");
	printf("  \"crl_entries\": %u,\n  \"crl_octets\": %zu,\n"
	       "  \"crl_entries_put_ms\": %.1f,\n  \"crl_put_ms\": %.1f,\n"
	       "  \"crl_parse_ms\": %.1f\n",
	    entries, tbs.n, entries_ns / 1e6, put_ns / 1e6, parse_ns / 1e6);
}

int
main(int argc, char **argv)
{
	unsigned long entries = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
	struct bench b;

	need(entries > 0 && entries <= 5000000, "ENTRIES is 1 to 5000000");
	bench_init(&b);
	printf("{\n");
	bench_certificates(&b);
	bench_jws(&b);
	bench_crl(&b, (unsigned)entries);
	printf("}\n");
	arena_free(b.scratch);
	arena_free(b.keep);
	return 0;
}
