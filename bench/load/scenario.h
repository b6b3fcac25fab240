/* SPDX-License-Identifier: ISC */
#ifndef LOAD_SCENARIO_H
#define LOAD_SCENARIO_H

/* Run `name` or `name@rate` and report it. 0, or the exit status: 2 for an unknown name, 1 if nothing
 * succeeded. */
int scenario_run(const char *spec);

#endif
