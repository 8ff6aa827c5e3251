/* SPDX-License-Identifier: MIT
 * The parts of a URL that a check has to do with: SCHEME://USER:PASSWORD@HOST:PORT/... */
#ifndef KIT_URL_H
#define KIT_URL_H

/* The URL with 127.0.0.1 and this port in place of its host; NULL if it has none. The caller frees
 * it. */
char *url_moved(const char *url, int port);

/* Its password as it is written; NULL if there is none. The caller frees it. */
char *url_password(const char *url);

#endif
