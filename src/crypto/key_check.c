#include <openssl/bn.h>
#include <pthread.h>
#include "crypto/key_cache.h"
#include "crypto/key_check.h"
#include "crypto/lane_state.h"

/* Baseline Requirements section 6.1.6: the smallest factors lie above 752. */
#define SMALL_PRIME_MAX 752u
#define SMALL_PRIMES 133u
/* The primes that ROCA's generator multiplied for its smallest keys. */
#define ROCA_PRIME_MAX 167u
/* Baseline Requirements section 6.1.1.3: 100 rounds. */
#define FERMAT_ROUNDS 100

/* Residues by which a number is seen to be no square. */
#define SQUARE_MODULUS 2882880u
static const uint8_t square_moduli[] = { 64, 63, 65, 11 };

static struct {
	uint16_t prime[SMALL_PRIMES];
	unsigned n;
	/* Powers of 65537 modulo a prime ≤ 167, one bit per residue; a prime
	 * for which they are all residues but 0 tells nothing and is 0. */
	uint64_t roca[SMALL_PRIMES][3];
	bool telling[SMALL_PRIMES];
	bool square[COUNT_OF(square_moduli)][65];
} sieve;
static pthread_once_t sieve_once = PTHREAD_ONCE_INIT;

static bool
sieve_is_prime(unsigned v)
{
	for (unsigned i = 0; i < sieve.n; i++)
		if (v % sieve.prime[i] == 0)
			return false;
	return true;
}

static void
sieve_roca(unsigned i)
{
	unsigned p = sieve.prime[i], power = 1, seen = 0;

	do {
		sieve.roca[i][power / 64] |= UINT64_C(1) << (power % 64);
		power = power * (65537 % p) % p;
		seen++;
	} while (power != 1);
	sieve.telling[i] = seen < p - 1;
}

static void
sieve_make(void)
{
	for (unsigned v = 2; v < SMALL_PRIME_MAX; v++)
		if (sieve_is_prime(v))
			sieve.prime[sieve.n++] = (uint16_t)v;
	for (unsigned i = 0; i < sieve.n; i++)
		if (sieve.prime[i] <= ROCA_PRIME_MAX)
			sieve_roca(i);
	for (unsigned i = 0; i < COUNT_OF(square_moduli); i++)
		for (unsigned x = 0; x < square_moduli[i]; x++)
			sieve.square[i][x * x % square_moduli[i]] = true;
}

/*
 * Residues of n by the small primes; several primes share one long division,
 * which is what costs.
 */
static void
residues(const BIGNUM *n, uint16_t out[SMALL_PRIMES])
{
	unsigned first = 0;

	pthread_once(&sieve_once, sieve_make);
	while (first < sieve.n) {
		uint64_t product = 1, rest;
		unsigned end = first;

		while (end < sieve.n && product * sieve.prime[end] >> 56 == 0)
			product *= sieve.prime[end++];
		rest = BN_mod_word(n, product);
		for (; first < end; first++)
			out[first] = (uint16_t)(rest % sieve.prime[first]);
	}
}

static unsigned
factor_among(const uint16_t rest[SMALL_PRIMES])
{
	for (unsigned i = 0; i < sieve.n; i++)
		if (rest[i] == 0)
			return sieve.prime[i];
	return 0;
}

/*
 * Nemec and others, 2017: those primes are k M + (65537^a mod M) with M the
 * product of the first primes, so the modulus too is a power of 65537 modulo
 * each of them.
 */
static bool
roca_among(const uint16_t rest[SMALL_PRIMES])
{
	for (unsigned i = 0; sieve.prime[i] <= ROCA_PRIME_MAX; i++)
		if (sieve.telling[i] &&
		    (sieve.roca[i][rest[i] / 64] >> (rest[i] % 64) & 1) == 0)
			return false;
	return true;
}

unsigned
rsa_small_factor(const BIGNUM *n)
{
	uint16_t rest[SMALL_PRIMES];

	residues(n, rest);
	return factor_among(rest);
}

bool
rsa_is_roca(const BIGNUM *n)
{
	uint16_t rest[SMALL_PRIMES];

	residues(n, rest);
	return roca_among(rest);
}

/* Not below the root of 112 bits, and above it by two at most. */
static uint64_t
root_start(unsigned __int128 v)
{
	uint64_t root = 0;

	for (int bit = 56; bit >= 0; bit--) {
		uint64_t next = root | UINT64_C(1) << bit;

		if ((unsigned __int128)next * next <= v)
			root = next;
	}
	return root + 1;
}

/* r = floor of the square root of n, by Newton from the leading bits. */
static bool
square_root(BIGNUM *r, const BIGNUM *n, BN_CTX *ctx)
{
	BIGNUM *next = BN_CTX_get(ctx);
	int shift = MAX_OF(0, (BN_num_bits(n) - 112 + 1) & ~1);
	unsigned __int128 top = 0;
	uint8_t raw[16];

	if (next == NULL || !BN_rshift(r, n, shift) ||
	    BN_bn2binpad(r, raw, sizeof(raw)) < 0)
		return false;
	for (unsigned i = 0; i < sizeof(raw); i++)
		top = top << 8 | raw[i];
	/* The start must not lie below the root: x falls from there. */
	if (!BN_set_word(r, root_start(top)) || !BN_lshift(r, r, shift / 2))
		return false;
	for (;;) {
		/* x' = (x + n / x) / 2 */
		if (!BN_div(next, NULL, n, r, ctx) || !BN_add(next, next, r) ||
		    !BN_rshift1(next, next))
			return false;
		if (BN_cmp(next, r) >= 0)
			return true;
		if (BN_copy(r, next) == NULL)
			return false;
	}
}

/* Is v = a^2 - n a square?  Then n = (a - b)(a + b). */
static bool
is_square_above(const BIGNUM *n, const BIGNUM *a, BN_CTX *ctx)
{
	BIGNUM *v = BN_CTX_get(ctx), *root = BN_CTX_get(ctx);

	return root != NULL && BN_sqr(v, a, ctx) && BN_sub(v, v, n) &&
	    !BN_is_negative(v) && square_root(root, v, ctx) &&
	    BN_sqr(root, root, ctx) && BN_cmp(root, v) == 0;
}

/* One residue in a hundred can be a square: the rest needs no long numbers. */
static bool
may_be_square(uint64_t v)
{
	for (unsigned i = 0; i < COUNT_OF(square_moduli); i++)
		if (!sieve.square[i][v % square_moduli[i]])
			return false;
	return true;
}

static bool
close_primes(const BIGNUM *n, BN_CTX *ctx)
{
	BIGNUM *a = BN_CTX_get(ctx);
	uint64_t n_rest, a_rest;

	if (a == NULL || !square_root(a, n, ctx) || !BN_add_word(a, 1))
		return false;
	n_rest = BN_mod_word(n, SQUARE_MODULUS);
	a_rest = BN_mod_word(a, SQUARE_MODULUS);
	for (int i = 0; i < FERMAT_ROUNDS; i++) {
		uint64_t rest = (a_rest * a_rest + SQUARE_MODULUS - n_rest) %
		    SQUARE_MODULUS;

		if (may_be_square(rest) && is_square_above(n, a, ctx))
			return true;
		if (!BN_add_word(a, 1))
			return false;
		a_rest = (a_rest + 1) % SQUARE_MODULUS;
	}
	return false;
}

bool
rsa_is_close_primes(const BIGNUM *n, BN_CTX *ctx)
{
	bool close;

	pthread_once(&sieve_once, sieve_make);
	BN_CTX_start(ctx);
	close = close_primes(n, ctx);
	BN_CTX_end(ctx);
	return close;
}

static bool
check_rsa_size(const struct pubkey *key, unsigned min_bits, unsigned max_bits,
    struct err *err)
{
	unsigned bits;

	if (key->n.n == 0 || key->n.p[0] == 0 || key->n.n > 2048)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "RSA modulus has %zu octets, expected at most 2048 and no "
		    "leading zero",
		    key->n.n);
	bits =
	    (unsigned)key->n.n * 8 - (unsigned)__builtin_clz(key->n.p[0]) + 24;
	if (bits < min_bits || bits > max_bits)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "RSA key has %u bits, expected %u to %u", bits, min_bits,
		    max_bits);
	return true;
}

/* Baseline Requirements section 6.1.6: odd, 2^16 + 1 to 2^256 - 1. */
static bool
check_rsa_exponent(const struct pubkey *key, struct err *err)
{
	struct bytes e = key->e;

	if (e.n == 0 || e.p[0] == 0 || e.n > 32 || (e.p[e.n - 1] & 1) == 0)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "RSA exponent has %zu octets, expected an odd number "
		    "below 2^256",
		    e.n);
	if (e.n < 3)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "RSA exponent is below 65537, expected 65537 or above");
	return true;
}

static bool
check_rsa_modulus(const struct pubkey *key, BN_CTX *ctx, struct err *err)
{
	AUTO(BIGNUM) *n = BN_bin2bn(key->n.p, (int)key->n.n, NULL);
	uint16_t rest[SMALL_PRIMES];
	unsigned factor;

	if (n == NULL)
		return fail_ossl(err, ERR_BAD_PUBLIC_KEY, "RSA key not read");
	residues(n, rest);
	factor = factor_among(rest);
	if (factor != 0)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "RSA modulus is divisible by %u", factor);
	if (roca_among(rest))
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "RSA key has the ROCA weakness (CVE-2017-15361)");
	if (rsa_is_close_primes(n, ctx))
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "RSA key's primes are too close to each other");
	return true;
}

/* What the checks of an Ed25519 point calculate with; NULL fails them. */
struct point {
	BIGNUM *p, *d, *y, *y2, *t;
};

static bool
point_read(struct point *q, const uint8_t key[32], BN_CTX *ctx)
{
	uint8_t le[32];

	q->y2 = BN_CTX_get(ctx);
	q->t = BN_CTX_get(ctx);
	memcpy(le, key, sizeof(le));
	/* The top bit is the sign of x. */
	le[31] &= 0x7f;
	q->y = BN_lebin2bn(le, sizeof(le), NULL);
	return q->t != NULL && q->y != NULL &&
	    BN_hex2bn(&q->p,
		"7fffffffffffffffffffffffffffffff"
		"ffffffffffffffffffffffffffffffed") != 0 &&
	    BN_hex2bn(&q->d,
		"52036cee2b6ffe738cc740797779e898"
		"00700a4d4141d8ab75eb4dca135978a3") != 0 &&
	    BN_mod_sqr(q->y2, q->y, q->p, ctx);
}

/*
 * Points of order 1, 2, 4 have y = 1, -1, 0; doubling a point of order 8 gives
 * y = 0, which is d y^4 + 2 y^2 = 1.  A signature by such a key verifies for
 * many a message.
 */
static bool
point_is_small(struct point *q, BN_CTX *ctx, bool *small)
{
	*small = BN_is_zero(q->y2) || BN_is_one(q->y2);
	if (!BN_mod_mul(q->t, q->d, q->y2, q->p, ctx) ||
	    !BN_add_word(q->t, 2) || !BN_mod_mul(q->t, q->t, q->y2, q->p, ctx))
		return false;
	*small = *small || BN_is_one(q->t);
	return true;
}

/* x^2 = (y^2 - 1) / (d y^2 + 1) has a root when their product has. */
static bool
point_is_on_curve(struct point *q, BN_CTX *ctx, bool *on)
{
	if (!BN_mod_mul(q->t, q->d, q->y2, q->p, ctx) ||
	    !BN_add_word(q->t, 1) || !BN_sub_word(q->y2, 1) ||
	    !BN_mod_mul(q->t, q->t, q->y2, q->p, ctx))
		return false;
	*on = BN_kronecker(q->t, q->p, ctx) == 1;
	return true;
}

/* RFC 8032 section 5.1.3, and no point of small order. */
static bool
point_check(
    struct point *q, const uint8_t key[32], BN_CTX *ctx, struct err *err)
{
	bool small, on;

	if (!point_read(q, key, ctx) || !point_is_small(q, ctx, &small) ||
	    !point_is_on_curve(q, ctx, &on))
		return fail_ossl(err, ERR_INTERNAL, "Ed25519 key not read");
	if (BN_cmp(q->y, q->p) >= 0)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "Ed25519 key is not in its one form");
	if (small)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "Ed25519 key is a point of small order");
	if (!on)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "Ed25519 key is not a point of its curve");
	return true;
}

static bool
check_ed25519(const struct pubkey *key, BN_CTX *ctx, struct err *err)
{
	struct point q = { 0 };
	bool good;

	BN_CTX_start(ctx);
	good = point_check(&q, key->point.p, ctx, err);
	BN_CTX_end(ctx);
	BN_free(q.p);
	BN_free(q.d);
	BN_free(q.y);
	return good;
}

static bool
check_form(struct lane *lane, const struct pubkey *key, struct err *err)
{
	if (key_is_blocked(lane, key))
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "key is on the list of keys whose private half is public");
	switch (key->alg) {
	case KEY_RSA:
		return check_rsa_modulus(key, lane->bn, err);
	case KEY_ED25519:
		return check_ed25519(key, lane->bn, err);
	case KEY_EC_P256:
	case KEY_EC_P384:
	case KEY_EC_P521:
		/* Loading has checked that the point lies on the curve, and
		 * these curves have no small subgroup. */
		return true;
	}
	return fail(err, ERR_BAD_PUBLIC_KEY, "key of an unknown kind");
}

bool
pubkey_check(struct lane *lane, const struct pubkey *key, unsigned rsa_min_bits,
    unsigned rsa_max_bits, struct err *err)
{
	struct key_entry *entry;
	uint8_t id[32];

	if (key->alg == KEY_RSA &&
	    (!check_rsa_size(key, rsa_min_bits, rsa_max_bits, err) ||
		!check_rsa_exponent(key, err)))
		return false;
	digest_compute(
	    lane, DIGEST_SHA256, key->alg == KEY_RSA ? key->n : key->point, id);
	if (!key_cache_get(lane->recent, lane, id, key, &entry, err))
		return false;
	if (!entry->form_checked && !check_form(lane, key, err))
		return false;
	entry->form_checked = true;
	return true;
}
