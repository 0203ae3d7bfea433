/*
 * door.h - accept connections, and pass them to front.h if they are this
 * user's and there is a place for them.
 */
#ifndef GATE_DOOR_H
#define GATE_DOOR_H

#include "helper/gateway/front.h"
#include "helper/gateway/listeners.h"
#include "helper/gateway/peer.h"
#include "helper/gateway/places.h"
#include "helper/gateway/who.h"

struct door {                   /* all is borrowed */
    const struct listeners *listeners;
    struct peer *peer;
    struct who *who;
    struct places *places;
    struct front *front;
    int stop;                   /* readable: it is time to end */
};

/* Until then.  0, or an error of poll(2). */
int door_serve(const struct door *door, struct cs_error *err);

#endif /* GATE_DOOR_H */
