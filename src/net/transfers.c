#include <pthread.h>
#include <stdlib.h>
#include "net/transfers.h"
#include "util/mem.h"

struct transfers {
	CURLM *multi;
	struct event_base *base;
	struct event *timer;
	void (*done)(void *arg, CURLcode result);
};

static void
transfers_collect(struct transfers *m)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(m->multi, &left)) != NULL) {
		CURL *easy = msg->easy_handle;
		CURLcode result = msg->data.result;
		void *arg = NULL;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &arg);
		curl_multi_remove_handle(m->multi, easy);
		m->done(arg, result);
	}
}

static void
socket_fired(evutil_socket_t fd, short what, void *arg)
{
	struct transfers *m = arg;
	int running, flags = 0;

	if (what & EV_READ)
		flags |= CURL_CSELECT_IN;
	if (what & EV_WRITE)
		flags |= CURL_CSELECT_OUT;
	curl_multi_socket_action(m->multi, fd, flags, &running);
	transfers_collect(m);
}

static void
timer_fired(evutil_socket_t fd, short what, void *arg)
{
	struct transfers *m = arg;
	int running;

	(void)fd;
	(void)what;
	curl_multi_socket_action(m->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	transfers_collect(m);
}

static int
timer_wanted(CURLM *multi, long ms, void *arg)
{
	struct transfers *m = arg;
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	(void)multi;
	if (ms < 0)
		event_del(m->timer);
	else
		event_add(m->timer, &tv);
	return 0;
}

static int
socket_wanted(
    CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct transfers *m = arg;
	struct event *ev = socket_arg;
	short flags = EV_PERSIST;

	(void)easy;
	if (ev != NULL)
		event_free(ev);
	ev = NULL;
	if (what != CURL_POLL_REMOVE) {
		if (what & CURL_POLL_IN)
			flags |= EV_READ;
		if (what & CURL_POLL_OUT)
			flags |= EV_WRITE;
		ev = event_new(m->base, fd, flags, socket_fired, m);
		event_add(ev, NULL);
	}
	curl_multi_assign(m->multi, fd, ev);
	return 0;
}

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void
curl_begin(void)
{
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct transfers *
transfers_new(struct event_base *base)
{
	struct transfers *m = mem_alloc(sizeof(*m));

	pthread_once(&curl_once, curl_begin);
	m->base = base;
	m->timer = evtimer_new(base, timer_fired, m);
	m->multi = curl_multi_init();
	curl_multi_setopt(m->multi, CURLMOPT_SOCKETFUNCTION, socket_wanted);
	curl_multi_setopt(m->multi, CURLMOPT_SOCKETDATA, m);
	curl_multi_setopt(m->multi, CURLMOPT_TIMERFUNCTION, timer_wanted);
	curl_multi_setopt(m->multi, CURLMOPT_TIMERDATA, m);
	/* Every transfer has a connection of its own. */
	curl_multi_setopt(m->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
	curl_multi_setopt(m->multi, CURLMOPT_MAXCONNECTS, 1L);
	return m;
}

void
transfers_free(struct transfers *m)
{
	if (m == NULL)
		return;
	curl_multi_cleanup(m->multi);
	event_free(m->timer);
	free(m);
}

bool
transfers_add(
    struct transfers *m, CURL *easy, void (*done)(void *arg, CURLcode result))
{
	m->done = done;
	return curl_multi_add_handle(m->multi, easy) == CURLM_OK;
}

void
transfers_remove(struct transfers *m, CURL *easy)
{
	curl_multi_remove_handle(m->multi, easy);
}
