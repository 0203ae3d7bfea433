/*
 * reader.h - reading one key of the winrm section, level by level.
 *
 * For policy.c, and for what other programs keep in the same section.
 */
#ifndef GW_READER_H
#define GW_READER_H

#include "levels.h"

/*
 * Takes the values found at a level (never none).  Returns 0 when it has used
 * them; EINVAL, with a complaint in the trace, when they are no good and the
 * next level is to be asked; or ENOMEM.
 */
typedef int (*gw_reader)(const struct gw_level *level, const char *key,
                         char **values, void *out);

/*
 * Ask each level in turn for key (in the section sub, unless that is NULL).
 * *out stays as it is when none has a usable value.  *source, when wanted,
 * becomes new memory: the level's name.  Returns 0 or ENOMEM.
 */
int gw_read_key(const struct gw_levels *levels, const char *sub,
                const char *key, gw_reader reader, void *out, char **source);

/* The keys of struct gw_policy, ending with NULL.  Offsets into it: of what
 * the reader takes, and of where the source goes (0: nowhere). */
struct gw_policy_key {
    const char *key;
    gw_reader reader;
    size_t field, source;
};

extern const struct gw_policy_key gw_policy_keys[];

/* Read one of them.  *source, or where the table says if that is NULL, becomes
 * new memory as above. */
int gw_policy_read(const struct gw_levels *levels,
                   const struct gw_policy_key *key, struct gw_policy *policy,
                   char **source);

/* Readers into int, char ** (a list; replaced), char * (new memory), and int
 * for a version of CredSSP. */
int gw_read_boolean(const struct gw_level *level, const char *key,
                    char **values, void *out);
int gw_read_words(const struct gw_level *level, const char *key,
                  char **values, void *out);
int gw_read_string(const struct gw_level *level, const char *key,
                   char **values, void *out);
int gw_read_version(const struct gw_level *level, const char *key,
                    char **values, void *out);

/* Trace that a value is not what it should be. */
void gw_complain(const struct gw_level *level, const char *key,
                 const char *value, const char *want);

/* A whole number in [low, high], or -1. */
long gw_whole_number(const char *text, long low, long high);

#endif /* GW_READER_H */
