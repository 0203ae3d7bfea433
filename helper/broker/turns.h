/*
 * turns.h - one at a time, where all would ask the KDC the same.
 *
 * After a login or a restart hundreds of sessions with a host may begin at
 * once.  The first one's ticket is in the cache when the others look for it.
 */
#ifndef BD_TURNS_H
#define BD_TURNS_H

/* Wait for the turn of this credential at this service; not for long, since the
 * KDC may not answer.  What it returns is for turn_end(). */
int turn_begin(const char *credential, const char *spn);
void turn_end(int turn);

#endif /* BD_TURNS_H */
