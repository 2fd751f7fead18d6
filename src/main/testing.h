/*
 * Test CAs.  `init --testing` writes an organizational unit into its CA
 * certificates that nobody would trust; `serve --testing` refuses every other
 * CA, so that test-only behaviour can never meet a real one.
 */
#ifndef MAIN_TESTING_H
#define MAIN_TESTING_H

#include "config/config.h"
#include "main/state.h"

#define TESTING_UNIT "TESTING ONLY - DO NOT TRUST"

bool testing_check(
    const struct state *s, const struct config *c, struct err *err) MUST_CHECK;

#endif
