/* SPDX-License-Identifier: MIT
 * Rules for what goes wrong: which requests (selectors) and how (actions). A rule is words
 * KEY=VALUE, as a text ("status=503 method=PATCH call=2-3") or as a JSON object with the same keys.
 * A new selector or action is a new row of the table in fault.c. */
#ifndef FAKE_FAULT_H
#define FAKE_FAULT_H

#include "core/error.h"
#include "tests/fake-heroku/message.h"

enum fault_break { FAULT_ANSWERS, FAULT_RESET_BEFORE, FAULT_RESET_AFTER, FAULT_HANGS };

/* What becomes of an answer on its way. */
struct spoil {
    int64_t slow_ms;  /* its body takes that long */
    long cut;         /* its body breaks off after so many bytes; -1: it does not */
    long pad;         /* so many blanks come before its body */
    bool is_reshaped; /* an array comes as its first element, an object as an array of it */
    bool is_chunked;  /* its body comes in chunks, of no known length */
    bool is_lower;    /* its headers have names in lower case, as with HTTP/2 */
};

struct fault {
    /* selectors */
    char *method;       /* NULL: any */
    char *path;         /* fnmatch(3) pattern; NULL: any */
    long first_call;    /* of the requests that match the rest, counted from 1 */
    long last_call;     /* 0: without end */
    int64_t from_ms;    /* since the rule was made */
    int64_t until_ms;   /* WHEN_NEVER */
    double probability; /* of those that match all of that */
    uint64_t seed;
    /* actions */
    int64_t delay_ms; /* before anything else */
    enum fault_break breaks;
    int status; /* answered instead of the platform; 0: none */
    char *id;
    char *message;
    char *body; /* raw, in place of {"id", "message"} */
    char *content_type;
    struct spoil spoil;
    /* what became of it */
    int64_t made_ms;
    long calls; /* that matched method, path and time */
    long hits;
};

struct faults {
    struct fault **at;
    size_t n;
};

/* Adds a rule. The text is split at blanks; a value with blanks stands in 'quotes'. */
int faults_add_text(struct faults *faults, const char *text, int64_t now_ms, struct error *error);
int faults_add_json(struct faults *faults, const cJSON *object, int64_t now_ms,
                    struct error *error);
void faults_clear(struct faults *faults);
void faults_fini(struct faults *faults);
/* As /_fake/faults shows them: the caller's. */
cJSON *faults_json(const struct faults *faults);

/* The first rule that strikes this request; NULL: none. Counts the request in each rule that it
 * passes. The rule may be gone by the time the reply is due: copy what is needed. */
const struct fault *faults_strike(struct faults *faults, const struct request *request,
                                  int64_t now_ms);

/* The answer that a rule with a status gives. */
void fault_answer(const struct fault *fault, struct reply *reply);

/* Does to the body what can be done before it is sent. */
void fault_spoil(const struct spoil *spoil, struct reply *reply);

#endif
