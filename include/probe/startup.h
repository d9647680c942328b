/*
 * startup: puts off what most short runs never need. A static program that may be loaded anywhere adds
 * its address to every pointer in its tables before main(), and each page of them becomes a copy of
 * its own; most of those tables are OpenSSL's and SQLite's. In the static build (tools/static.ld) they
 * are left as they lie in the file until startup_whole() is called; in all others they are ready at once.
 */
#ifndef PROBE_STARTUP_H
#define PROBE_STARTUP_H

/*
 * Makes the tables of OpenSSL and SQLite usable. Must have returned before anything calls either of
 * them: a command does at its start, but for `check`, where whatever brings TLS up does. Calling it again
 * costs nothing. Aborts when the system does not let the tables be written.
 */
void startup_whole(void);

#endif
