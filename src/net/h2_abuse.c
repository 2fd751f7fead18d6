#include <openssl/ssl.h>
#include "net/h2.h"
#include "net/loop.h"
#include "util/log.h"

#define WINDOW_US 10000000
#define MAX_CONTINUATIONS 8u

static const struct {
	const char *name;
	unsigned max; /* within a window */
} rows[H2_ABUSES] = {
	/* A page that is left cancels what was under way, some streams. */
	[H2_RESETS] = { "resets", 200 },
	[H2_SETTINGS] = { "settings", 20 },
	[H2_PINGS] = { "pings", 60 },
	[H2_PRIORITIES] = { "priorities", 1000 },
	[H2_EMPTY_DATA] = { "empty_data", 100 },
	[H2_OTHERS] = { "other_frames", 500 },
};

static void
calm(struct h2 *h, const char *what)
{
	if (h->calmed)
		return;
	h->calmed = true;
	stats_add(&h->conn->loop->stats.h2_abuse, 1);
	log_event(LOG_DEBUG, "h2_abuse", LF_STR("what", what));
	/* RFC 9113 section 10.5: treated as ENHANCE_YOUR_CALM. */
	(void)nghttp2_session_terminate_session(
	    h->session, NGHTTP2_ENHANCE_YOUR_CALM);
}

void
h2_count(struct h2 *h, enum h2_abuse what)
{
	int64_t now = h->conn->loop->now_us;

	if (now - h->window > WINDOW_US) {
		memset(h->counts, 0, sizeof(h->counts));
		h->window = now;
	}
	if (++h->counts[what] > rows[what].max)
		calm(h, rows[what].name);
}

/* Called for the header of each frame, before its content. */
void
h2_count_frame(struct h2 *h, const nghttp2_frame_hd *hd)
{
	switch (hd->type) {
	case NGHTTP2_DATA:
		if (hd->length == 0 &&
		    (hd->flags & NGHTTP2_FLAG_END_STREAM) == 0)
			h2_count(h, H2_EMPTY_DATA);
		break;
	case NGHTTP2_HEADERS:
		h->continuations = 0;
		break;
	case NGHTTP2_CONTINUATION:
		if (++h->continuations > MAX_CONTINUATIONS)
			calm(h, "continuations");
		break;
	case NGHTTP2_PRIORITY:
		h2_count(h, H2_PRIORITIES);
		break;
	case NGHTTP2_RST_STREAM:
		h2_count(h, H2_RESETS);
		break;
	case NGHTTP2_SETTINGS:
		if ((hd->flags & NGHTTP2_FLAG_ACK) == 0)
			h2_count(h, H2_SETTINGS);
		break;
	case NGHTTP2_PING:
		h2_count(h, H2_PINGS);
		break;
	case NGHTTP2_WINDOW_UPDATE:
		break;
	default:
		h2_count(h, H2_OTHERS);
		break;
	}
}
