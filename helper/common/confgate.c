/* confgate.c - the gateway section of krb5.conf. */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "confint.h"
#include "reader.h"
#include "trace.h"
#include "words.h"

#define KIB ((size_t)1024)

/* A whole number, its range and its unit; want is for the complaint. */
struct range {
    long low, high;
    const char *want;
    long value;                 /* in: the default */
};

static int
read_range(const struct gw_level *level, const char *key, char **values,
           void *out)
{
    struct range *r = out;
    long n = gw_whole_number(values[0], r->low, r->high);

    if (n < 0) {
        gw_complain(level, key, values[0], r->want);
        return EINVAL;
    }
    r->value = n;
    return 0;
}

/* "127.0.0.1:5980" or "[::1]:5980": clients of other machines cannot be told
 * to be the user's own, so there is nothing else to listen on. */
static int
listen_ok(const char *text)
{
    char host[INET6_ADDRSTRLEN];
    struct in6_addr six;
    struct in_addr four;
    const char *colon = strrchr(text, ':'), *from = text, *to = colon;

    if (colon == NULL || gw_whole_number(colon + 1, 1, 65535) < 0)
        return 0;
    if (*from == '[') {
        if (*--to != ']')
            return 0;
        from++;
    }
    if (to <= from || (size_t)(to - from) >= sizeof(host))
        return 0;
    memcpy(host, from, to - from);
    host[to - from] = '\0';
    if (from != text)
        return inet_pton(AF_INET6, host, &six) == 1 &&
            IN6_IS_ADDR_LOOPBACK(&six);
    return inet_pton(AF_INET, host, &four) == 1 &&
        (ntohl(four.s_addr) >> 24) == IN_LOOPBACKNET;
}

static int
read_listen(const struct gw_level *level, const char *key, char **values,
            void *out)
{
    char **words, **good = NULL, **w;
    size_t n = 0;
    int ret = 0;

    if (gw_split_values(values, &words) != 0)
        return ENOMEM;
    for (w = words; w != NULL && *w != NULL && ret == 0; w++) {
        if (listen_ok(*w))
            ret = gw_add_word(&good, &n, *w);
        else
            gw_complain(level, key, *w, "a loopback address with a port");
    }
    gw_free_words(words);
    if (ret != 0 || good == NULL) {
        gw_free_words(good);
        return (ret != 0) ? ret : EINVAL;
    }
    *(char ***)out = good;
    return 0;
}

/* The numbers, in the order of the keys below. */
enum { MESSAGE, HEADER, CONNECTIONS, CONNECT, IDLE, RESPONSE, NUMBERS };

static const char *const keys[NUMBERS] = {
    "max_message", "max_header", "connections", "connect_timeout",
    "idle_timeout", "response_timeout"
};

static int
load(profile_t profile, struct hc_gateway *g)
{
    static const char kib[] = "a size in KiB from 16 to 65536";
    static const char seconds[] = "a time from 1 to 86400 seconds";
    struct range r[NUMBERS] = {
        /* WinRM's MaxEnvelopeSizekb is 500 by default. */
        [MESSAGE] = { 16, 65536, kib, 1000 },
        /* A ticket with many groups is 64 KiB in base64, and a bit more. */
        [HEADER] = { 16, 1024, "a size in KiB from 16 to 1024", 128 },
        [CONNECTIONS] = { 1, 10000, "a number from 1 to 10000", 200 },
        [CONNECT] = { 1, 86400, seconds, 10 },
        [IDLE] = { 1, 86400, seconds, 120 },
        /* WinRM answers a Receive with nothing to say after OperationTimeout,
         * 60 seconds by default; clients raise it. */
        [RESPONSE] = { 1, 86400, seconds, 600 },
    };
    struct gw_levels levels;
    int ret, i;

    ret = gw_levels_find(&levels, profile, NULL);
    if (ret != 0)
        return ret;
    ret = gw_read_key(&levels, "gateway", "listen", read_listen, &g->listen,
                      NULL);
    for (i = 0; i < NUMBERS && ret == 0; i++)
        ret = gw_read_key(&levels, "gateway", keys[i], read_range, &r[i],
                          NULL);
    gw_levels_free(&levels);
    g->max_message = r[MESSAGE].value * KIB;
    g->max_header = r[HEADER].value * KIB;
    g->connections = r[CONNECTIONS].value;
    g->connect_timeout = r[CONNECT].value;
    g->idle_timeout = r[IDLE].value;
    g->response_timeout = r[RESPONSE].value;
    return ret;
}

static int
default_listen(struct hc_gateway *g)
{
    size_t n = 0;
    int ret;

    if (g->listen != NULL)
        return 0;
    ret = gw_add_word(&g->listen, &n, "127.0.0.1:5980");
    return (ret != 0) ? ret : gw_add_word(&g->listen, &n, "[::1]:5980");
}

int
hc_gateway_load(struct hc_gateway **out, struct cs_error *err)
{
    struct hc_gateway *g = calloc(1, sizeof(*g));
    struct hc_source s;
    int ret;

    *out = NULL;
    if (g == NULL)
        return cs_nomem(err);
    ret = hc_source_open(&s);
    if (ret == 0 && gw_tracing())
        gw_policy_review(s.profile);
    if (ret == 0)
        ret = load(s.profile, g);
    if (ret == 0)
        ret = default_listen(g);
    hc_source_close(&s);
    if (ret != 0) {
        hc_gateway_free(&g);
        return hc_error(ret, err);
    }
    *out = g;
    return 0;
}

void
hc_gateway_free(struct hc_gateway **gateway)
{
    if (*gateway != NULL)
        gw_free_words((*gateway)->listen);
    free(*gateway);
    *gateway = NULL;
}
