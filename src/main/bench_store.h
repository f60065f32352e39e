/* Figures that need no server: they work on a store of their own, which they fill. */
#ifndef GEZHI_MAIN_BENCH_STORE_H
#define GEZHI_MAIN_BENCH_STORE_H

#include "main/cli.h"

/*
 * The ceiling of submissions: the statements that one report sends to the store, `batch` reports in a
 * commit, for some seconds, without HTTP, JSON and rules. Prints one JSON object; returns the exit code.
 */
int bench_raw(struct run *r);
/*
 * Fills a store that has places and codes with ended and open events at the mission's rate (167,000 a
 * year, at most six years back), with history, clocks, search, audit record and roll-ups as the engine
 * leaves them. Nothing waits for the disk. Prints one JSON object; returns the exit code.
 */
int bench_fill(struct run *r);
/*
 * Plans the grids and micro-grids of made-up communities anew, of so many households in all. Needs no store.
 */
int bench_plan(struct run *r);

#endif
