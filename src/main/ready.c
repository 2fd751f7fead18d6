#include <unistd.h>

#include "codec/json.h"
#include "main/ready.h"
#include "net/listen.h"
#include "net/notify.h"

bool
ready_write_files(const struct state *s, const struct config *c,
    const int *listeners, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	AUTO_STR *pid = mem_printf("%d\n", (int)getpid());
	AUTO(json_t) *root = json_object();
	json_t *list = json_array();

	json_object_set_new(root, "pid", json_integer(getpid()));
	for (size_t i = 0; i < c->listen_n; i++) {
		char address[NET_ADDRESS_SIZE];
		json_t *row = json_object();
		const char *port;

		net_listen_address(listeners[i], address);
		port = strrchr(address, ':');
		json_object_set_new(row, "kind",
		    json_string(net_listener_name(c->listen[i].kind)));
		json_object_set_new(row, "address", json_string(address));
		json_object_set_new(row, "port",
		    json_integer(port == NULL ? 0 : atoi(port + 1)));
		json_array_append_new(list, row);
	}
	json_object_set_new(root, "listeners", list);
	return state_replace(
		   s, "run/listen.json", 0644, json_print(root, a), err) &&
	    state_replace(s, "run/pid", 0644, bytes_str(pid), err);
}

void
ready_tell(const char *line)
{
	net_notify(line);
}

void
ready_announce(int fd)
{
	static const char line[] = "ready\n";

	ready_tell("READY=1");
	if (fd < 0)
		return;
	if (write(fd, line, sizeof(line) - 1) < 0)
		log_event(LOG_WARN, "ready-fd",
		    LF_STR("means", "nobody reads --ready-fd"));
	close(fd);
}
