/* SPDX-License-Identifier: MIT
 * State as the API shows it. Each returns JSON that is the caller's. */
#ifndef FAKE_VIEW_H
#define FAKE_VIEW_H

#include "tests/fake-heroku/app.h"

#include <cjson/cJSON.h>

cJSON *view_app(const struct app *app);
cJSON *view_formation(const struct app *app, const struct formation *formation);
/* All types, by id: the order that the platform documents as its default. */
cJSON *view_formations(const struct app *app);
cJSON *view_dyno(const struct app *app, const struct dyno *dyno);
cJSON *view_dynos(const struct app *app);
cJSON *view_size(const struct size *size);
cJSON *view_account(const struct account *account);
/* The month's hours of an account with Eco dynos; with none used. */
cJSON *view_quota(const struct account *account);

#endif
