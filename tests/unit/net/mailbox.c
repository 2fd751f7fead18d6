/* Mail arrives once, in the order of each sender, and wakes the reader. */
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include "support/unit.h"
#include "net/mailbox.h"

#define SENDERS 4
#define LETTERS 20000

struct letter {
	struct mail mail;
	int sender, number;
};

static int seen[SENDERS];
static int total;

static void
open_letter(struct mail *m)
{
	struct letter *l = (struct letter *)m;

	assert_int_equal(l->number, seen[l->sender]);
	seen[l->sender]++;
	total++;
	free(l);
}

struct sender {
	struct mailbox *box;
	int number;
	pthread_t thread;
};

static void *
sender_main(void *arg)
{
	struct sender *s = arg;

	for (int i = 0; i < LETTERS; i++) {
		struct letter *l = mem_alloc(sizeof(*l));

		l->mail.open = open_letter;
		l->sender = s->number;
		l->number = i;
		mailbox_post(s->box, &l->mail);
	}
	return NULL;
}

static void
many_senders(void **state)
{
	struct sender senders[SENDERS];
	struct mailbox box;
	struct err err = { 0 };

	(void)state;
	assert_true(mailbox_init(&box, &err));
	for (int i = 0; i < SENDERS; i++) {
		senders[i].box = &box;
		senders[i].number = i;
		assert_int_equal(pthread_create(&senders[i].thread, NULL,
				     sender_main, &senders[i]),
		    0);
	}
	while (total < SENDERS * LETTERS) {
		struct pollfd p = { .fd = box.wake_fd, .events = POLLIN };

		/* A wake-up that is lost would end here. */
		assert_int_equal(poll(&p, 1, 10000), 1);
		mailbox_open(&box);
	}
	for (int i = 0; i < SENDERS; i++) {
		pthread_join(senders[i].thread, NULL);
		assert_int_equal(seen[i], LETTERS);
	}
	mailbox_done(&box);
}

/* Only the first letter costs a system call. */
static void
a_full_box_is_not_rung_again(void **state)
{
	struct mailbox box;
	struct err err = { 0 };
	uint64_t rung;

	(void)state;
	seen[0] = 0;
	assert_true(mailbox_init(&box, &err));
	for (int i = 0; i < 5; i++) {
		struct letter *l = mem_alloc(sizeof(*l));

		l->mail.open = open_letter;
		l->number = i;
		mailbox_post(&box, &l->mail);
	}
	assert_int_equal(read(box.wake_fd, &rung, sizeof(rung)), 8);
	assert_int_equal(rung, 1);
	mailbox_open(&box);
	assert_int_equal(seen[0], 5);
	mailbox_done(&box);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_senders),
		cmocka_unit_test(a_full_box_is_not_rung_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
