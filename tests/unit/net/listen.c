/* Listeners: opened, taken over from systemd, the control socket's rights. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "support/unit.h"
#include "net/listen.h"

static char dir[64], path[96];

static int
setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/listen-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlink(path);
	rmdir(dir);
	return 0;
}

static struct config_listen
loopback(unsigned port)
{
	struct config_listen l = { .kind = LISTENER_HTTP,
		.address = "127.0.0.1",
		.sa_len = sizeof(struct sockaddr_in) };
	struct sockaddr_in *sin = (struct sockaddr_in *)&l.sa;

	sin->sin_family = AF_INET;
	sin->sin_port = htons((uint16_t)port);
	sin->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return l;
}

static void
tcp(void **state)
{
	struct config_listen l = loopback(0);
	char address[NET_ADDRESS_SIZE];
	struct err err = { 0 };
	int fd, other;

	(void)state;
	assert_true(net_listen_open(&l, &fd, &err));
	net_listen_address(fd, address);
	assert_memory_equal(address, "127.0.0.1:", 10);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	l = loopback((unsigned)atoi(address + 10));
	assert_false(net_listen_open(&l, &other, &err));
	assert_non_null(strstr(err.shown, "in use"));
	close(fd);
}

static void
control(void **state)
{
	char address[NET_ADDRESS_SIZE], longest[200];
	struct err err = { 0 };
	struct stat st;
	int fd, again;

	(void)state;
	assert_true(net_listen_unix(path, &fd, &err));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	net_listen_address(fd, address);
	assert_string_equal(address, "unix");
	/* A server that answers keeps its socket; a dead one's is replaced. */
	assert_false(net_listen_unix(path, &again, &err));
	err_clear(&err);
	close(fd);
	assert_true(net_listen_unix(path, &again, &err));
	close(again);
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_false(net_listen_unix(longest, &again, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
}

static void
not_a_socket(void **state)
{
	struct err err = { 0 };
	int fd;

	(void)state;
	unlink(path);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_false(net_listen_unix(path, &fd, &err));
	assert_int_equal(access(path, F_OK), 0);
}

/* systemd passes descriptors from 3 on: in a child, where 3 is ours. */
static int
adopt_in_child(const char *names, int fd)
{
	struct net_listener l[4];
	struct err err = { 0 };
	char pid[16];
	size_t n = 0;

	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "2", 1);
	setenv("LISTEN_FDNAMES", names, 1);
	/* dup2 on itself would keep FD_CLOEXEC, which is no matter here. */
	if (dup2(fd, 3) < 0 || dup2(fd, 4) < 0)
		return 100;
	if (!net_listen_adopt(l, COUNT_OF(l), &n, &err))
		return 101;
	if (n != 2 || l[0].kind != LISTENER_HTTPS || l[0].fd != 3 ||
	    l[0].tls_min != 0x0304 || l[1].kind != LISTENER_HTTP ||
	    l[1].fd != 4 || getenv("LISTEN_FDS") != NULL)
		return 102;
	return 0;
}

static void
adoption(void **state)
{
	static const struct {
		const char *names;
		int result;
	} rows[] = {
		{ "https:http", 0 },
		{ "chancery-https.socket:chancery-http.socket", 0 },
		{ "https:unknown", 101 },
		{ "https", 101 },
	};
	struct config_listen l = loopback(0);
	struct err err = { 0 };
	struct net_listener none[1];
	size_t n = 7;
	int fd;

	(void)state;
	unsetenv("LISTEN_PID");
	assert_true(net_listen_adopt(none, 1, &n, &err));
	assert_int_equal(n, 0);
	assert_true(net_listen_open(&l, &fd, &err));
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0)
			_exit(adopt_in_child(rows[i].names, fd));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), rows[i].result);
	}
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp),
		cmocka_unit_test(control),
		cmocka_unit_test(not_a_socket),
		cmocka_unit_test(adoption),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
