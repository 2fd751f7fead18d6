#include <openssl/rand.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>
#include "crypto/digest.h"
#include "crypto/random.h"
#include "util/text.h"

/*
 * RAND_bytes costs 0.8 us however little is drawn (limits, section 3.1), so a
 * thread draws a block and hands it out; what was handed out is wiped.
 */
#define RANDOM_BLOCK 1024u

static __thread struct {
	uint8_t block[RANDOM_BLOCK];
	size_t left;
	unsigned generation;
} draw;
/* Raised in a forked child, so that parent and child share no block. */
static atomic_uint generation = 1;
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

struct seeded {
	struct seeded *next;
	pthread_mutex_t lock;
	uint64_t seed, counter;
	uint8_t block[32];
	size_t left;
};

/* Seeded sources live as long as the process: they are for tests. */
static struct seeded *seeded_all;
static pthread_mutex_t seeded_lock = PTHREAD_MUTEX_INITIALIZER;

static void
fork_in_child(void)
{
	atomic_fetch_add(&generation, 1);
}

static void
fork_watch(void)
{
	if (pthread_atfork(NULL, NULL, fork_in_child) != 0)
		abort();
}

static void
random_draw(uint8_t *out, size_t n)
{
	/* Without randomness no key, serial or nonce is worth anything. */
	if (n > INT32_MAX || RAND_bytes(out, (int)n) != 1)
		abort();
}

static void
system_fill(void *ctx, uint8_t *out, size_t n)
{
	unsigned now = atomic_load_explicit(&generation, memory_order_relaxed);
	uint8_t *from;

	(void)ctx;
	if (n > RANDOM_BLOCK / 4) {
		random_draw(out, n);
		return;
	}
	if (draw.left < n || draw.generation != now) {
		random_draw(draw.block, RANDOM_BLOCK);
		draw.left = RANDOM_BLOCK;
		draw.generation = now;
	}
	from = draw.block + (RANDOM_BLOCK - draw.left);
	memcpy(out, from, n);
	secret_wipe(from, n);
	draw.left -= n;
}

struct random
random_system(void)
{
	pthread_once(&fork_once, fork_watch);
	return (struct random){ system_fill, NULL };
}

static void
seeded_fill(void *ctx, uint8_t *out, size_t n)
{
	struct seeded *s = ctx;

	pthread_mutex_lock(&s->lock);
	for (; n > 0; n--) {
		if (s->left == 0) {
			uint64_t in[2] = { s->seed, s->counter++ };

			digest_sha256(bytes_of(in, sizeof(in)), s->block);
			s->left = sizeof(s->block);
		}
		*out++ = s->block[sizeof(s->block) - s->left--];
	}
	pthread_mutex_unlock(&s->lock);
}

struct random
random_seeded(uint64_t seed)
{
	struct seeded *s = mem_alloc(sizeof(*s));

	pthread_mutex_init(&s->lock, NULL);
	s->seed = seed;
	pthread_mutex_lock(&seeded_lock);
	s->next = seeded_all;
	seeded_all = s;
	pthread_mutex_unlock(&seeded_lock);
	return (struct random){ seeded_fill, s };
}

void
random_object_id(const struct random *r, int64_t now, char out[OBJECT_ID_SIZE])
{
	uint8_t raw[16];
	AUTO_BUF text = { 0 };

	bytes_put_be(raw, 5, (uint64_t)now);
	random_fill(r, raw + 5, sizeof(raw) - 5);
	base64url_encode(bytes_of(raw, sizeof(raw)), &text);
	memcpy(out, buf_cstr(&text), OBJECT_ID_SIZE);
}
