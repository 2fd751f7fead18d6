/*
 * Addresses in the configuration: numeric only, because a name would need a
 * resolver before there is one.
 */
#ifndef CONFIG_ADDRESS_H
#define CONFIG_ADDRESS_H

#include "config/config.h"

/*
 * "127.0.0.1:53", "[::1]:53"; port 0 if default_port is -1 and it is left out
 * is an error, else default_port.
 */
bool config_address_parse(const char *s, int default_port,
    struct sockaddr_storage *sa, socklen_t *sa_len, struct err *err) MUST_CHECK;
/* "127.0.0.1:53" or "[::1]:53", in the shortest form. */
const char *config_address_print(
    const struct sockaddr_storage *sa, struct arena *a);

#endif
