#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include "acme/nonce.h"
#include "crypto/digest.h"
#include "util/text.h"

#define STRIPES 16u
/* node, epoch, counter | HMAC-SHA256 cut to 96 bits: 24 octets, 32 letters. */
#define EPOCH_OCTETS 4u
#define COUNTER_OCTETS 7u
#define CLEAR_OCTETS (1u + EPOCH_OCTETS + COUNTER_OCTETS)
#define MAC_OCTETS 12u
#define TOKEN_OCTETS (CLEAR_OCTETS + MAC_OCTETS)
#define WORD_BITS 32u
#define WORDS (NONCE_WINDOW / WORD_BITS)

/* A keyed context is one thread's at a time, so there are several. */
struct stripe {
	pthread_mutex_t lock;
	struct mac *mac;
} __attribute__((aligned(64)));

struct nonces {
	struct stripe stripes[STRIPES];
	uint8_t node, epoch[EPOCH_OCTETS];
	_Atomic uint64_t next;
	/*
	 * The upper half of a word says which turn of the window its 32 used
	 * bits belong to, so that a slot is reused and judged in one step.
	 */
	_Atomic uint64_t words[WORDS];
};

struct nonces *
nonces_new(uint8_t node, const struct random *random)
{
	struct nonces *n = aligned_alloc(64, sizeof(*n));
	uint8_t key[32];

	if (n == NULL)
		abort();
	memset((void *)n, 0, sizeof(*n));
	random_fill(random, key, sizeof(key));
	random_fill(random, n->epoch, sizeof(n->epoch));
	n->node = node;
	for (size_t i = 0; i < STRIPES; i++) {
		pthread_mutex_init(&n->stripes[i].lock, NULL);
		n->stripes[i].mac = mac_new(bytes_of(key, sizeof(key)));
	}
	secret_wipe(key, sizeof(key));
	return n;
}

void
nonces_free(struct nonces *n)
{
	if (n == NULL)
		return;
	for (size_t i = 0; i < STRIPES; i++) {
		mac_free(n->stripes[i].mac);
		pthread_mutex_destroy(&n->stripes[i].lock);
	}
	free(n);
}

/* Each thread keeps to a stripe, so that threads seldom meet. */
static struct stripe *
stripe_mine(struct nonces *n)
{
	static _Atomic unsigned threads;
	static _Thread_local unsigned mine;

	if (mine == 0)
		mine = 1 + atomic_fetch_add(&threads, 1) % STRIPES;
	return &n->stripes[mine - 1];
}

static void
token_mac(struct nonces *n, const uint8_t clear[CLEAR_OCTETS], uint8_t out[32])
{
	struct stripe *s = stripe_mine(n);

	pthread_mutex_lock(&s->lock);
	mac_compute(s->mac, bytes_of(clear, CLEAR_OCTETS), out);
	pthread_mutex_unlock(&s->lock);
}

void
nonces_issue(struct nonces *n, char out[NONCE_SIZE])
{
	uint64_t counter = atomic_fetch_add(&n->next, 1);
	uint8_t token[TOKEN_OCTETS], mac[32];
	AUTO_BUF text = { 0 };

	token[0] = n->node;
	memcpy(token + 1, n->epoch, EPOCH_OCTETS);
	bytes_put_be(token + 1 + EPOCH_OCTETS, COUNTER_OCTETS, counter);
	token_mac(n, token, mac);
	memcpy(token + CLEAR_OCTETS, mac, MAC_OCTETS);
	base64url_encode(bytes_of(token, sizeof(token)), &text);
	memcpy(out, text.p, NONCE_SIZE - 1);
	out[NONCE_SIZE - 1] = '\0';
}

uint64_t
nonces_issued(const struct nonces *n)
{
	return atomic_load(&n->next);
}

/*
 * The words "JWS has an invalid anti-replay nonce" stand in front of each of
 * these: acme.sh tries again on literal strings only (reference rule 12,
 * test_acme_sh_finds_its_bad_nonce_words).
 */
static bool
fail_nonce(struct err *err, const char *why)
{
	return fail(err, ERR_BAD_NONCE,
	    "JWS has an invalid anti-replay nonce: %s", why);
}

static bool
token_open(struct nonces *n, const char *nonce, struct arena *a,
    uint64_t *counter, struct err *err)
{
	uint8_t mac[32];
	struct bytes token;

	if (strnlen(nonce, NONCE_SIZE) != NONCE_SIZE - 1 ||
	    !base64url_decode(bytes_str(nonce), a, &token, NULL) ||
	    token.n != TOKEN_OCTETS)
		return fail_nonce(err, "it is not one of this server");
	token_mac(n, token.p, mac);
	if (!bytes_equal_secret(bytes_of(mac, MAC_OCTETS),
		bytes_of(token.p + CLEAR_OCTETS, MAC_OCTETS)) ||
	    token.p[0] != n->node ||
	    memcmp(token.p + 1, n->epoch, EPOCH_OCTETS) != 0)
		return fail_nonce(
		    err, "this server did not issue it since it started");
	*counter = bytes_get_be(token.p + 1 + EPOCH_OCTETS, COUNTER_OCTETS);
	return true;
}

/* Is the slot's word free for this counter?  *next is it with the bit set. */
static bool
word_take(uint64_t word, uint64_t counter, uint64_t *next, struct err *err)
{
	uint64_t turn = counter / NONCE_WINDOW,
		 bit = 1ull << (counter % WORD_BITS);
	uint64_t word_turn = word >> WORD_BITS;

	if (word_turn > turn)
		return fail_nonce(err, "it is too old");
	if (word_turn < turn)
		word = turn << WORD_BITS;
	if (word & bit)
		return fail_nonce(err, "it was used before");
	*next = word | bit;
	return true;
}

static bool
counter_check_age(struct nonces *n, uint64_t counter, struct err *err)
{
	if (counter + NONCE_WINDOW < atomic_load(&n->next))
		return fail_nonce(err, "it is too old");
	return true;
}

bool
nonces_check(
    struct nonces *n, const char *nonce, struct arena *a, struct err *err)
{
	uint64_t counter, next;

	return token_open(n, nonce, a, &counter, err) &&
	    counter_check_age(n, counter, err) &&
	    word_take(atomic_load(&n->words[counter / WORD_BITS % WORDS]),
		counter, &next, err);
}

bool
nonces_burn(
    struct nonces *n, const char *nonce, struct arena *a, struct err *err)
{
	_Atomic uint64_t *slot;
	uint64_t counter, word, next;

	if (!token_open(n, nonce, a, &counter, err) ||
	    !counter_check_age(n, counter, err))
		return false;
	slot = &n->words[counter / WORD_BITS % WORDS];
	word = atomic_load(slot);
	do {
		if (!word_take(word, counter, &next, err))
			return false;
	} while (!atomic_compare_exchange_weak(slot, &word, next));
	return true;
}
