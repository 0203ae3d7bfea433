/* text.c - texts that go into messages. */
#include "config.h"

#include <string.h>

#include "text.h"
#include "tscreds.h"

/* The length of the character at p; 0 if there is none. */
static size_t
character(const char *p, size_t left)
{
    struct cs_span s = { (const uint8_t *)p, 0 };

    for (s.len = 1; s.len <= 4 && s.len <= left; s.len++) {
        if (cs_utf8_ok(s))
            return s.len;
    }
    return 0;
}

void
text_copy(char *to, size_t room, const char *from)
{
    size_t left = strlen(from), n;

    while (left > 0) {
        n = character(from, left);
        if ((n > 0 ? n : 1) >= room)
            break;
        if (n > 0)
            memcpy(to, from, n);
        else
            *to = '?';
        n = (n > 0) ? n : 1;
        to += n;
        room -= n;
        from += n;
        left -= n;
    }
    *to = '\0';
}

struct cs_span
text_span(const char *s)
{
    struct cs_span span = { (const uint8_t *)s, strlen(s) };

    return span;
}

char *
text_string(struct cs_span s)
{
    return strndup(s.len > 0 ? (const char *)s.p : "", s.len);
}
