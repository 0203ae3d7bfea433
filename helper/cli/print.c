/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* print.c - what gss-winrm explain answers, for people. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "helper/cli/explain.h"
#include "helper/common/say.h"

#define LABEL 12                /* columns */
#define KEY 25
#define VALUE 34

static const char *
text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return (text != NULL) ? text : "";
}

/* One value of a setting into buf; "" where there is none. */
static void
value_text(const json_t *value, char *buf, size_t size)
{
    char item[256];
    size_t i, len = 0;
    int n;

    *buf = '\0';
    if (json_is_boolean(value))
        (void)snprintf(buf, size, "%s", json_is_true(value) ? "true" :
                       "false");
    else if (json_is_integer(value))
        (void)snprintf(buf, size, "%" JSON_INTEGER_FORMAT,
                       json_integer_value(value));
    else if (json_is_string(value))
        (void)snprintf(buf, size, "%s", json_string_value(value));
    for (i = 0; i < json_array_size(value) && len < size; i++) {
        value_text(json_array_get(value, i), item, sizeof(item));
        n = snprintf(buf + len, size - len, "%s%s", i > 0 ? " " : "", item);
        if (n < 0)
            break;
        len += n;
    }
}

static void
print_gateway(const json_t *gateway, const char *delegates_nothing)
{
    int connects = json_is_true(json_object_get(gateway, "connects"));

    say_line(stdout, "%-*s%s: %s", LABEL, "Gateway", connects ? "connects" :
             "does not connect", text_of(gateway, "why"));
    if (connects && *delegates_nothing != '\0')
        say_line(stdout, "%-*srefuses to authenticate: %s", LABEL, "",
                 delegates_nothing);
    else if (connects)
        say_line(stdout, "%-*sauthenticates by %s", LABEL, "",
                 text_of(gateway, "authenticates"));
}

static void
print_list(const char *label, const json_t *list)
{
    size_t i;

    for (i = 0; i < json_array_size(list); i++)
        say_line(stdout, "%-*s%s", LABEL, i == 0 ? label : "",
                 json_string_value(json_array_get(list, i)));
}

static void
print_settings(const json_t *list)
{
    const json_t *setting;
    char buf[1024];
    size_t i;

    for (i = 0; i < json_array_size(list); i++) {
        setting = json_array_get(list, i);
        value_text(json_object_get(setting, "value"), buf, sizeof(buf));
        say_line(stdout, "  %-*s = %-*s  %s", KEY, text_of(setting, "key"),
                 VALUE, buf[0] != '\0' ? buf : "(none)",
                 text_of(setting, "source"));
    }
}

void
explain_print(const json_t *answer)
{
    const char *realm = text_of(answer, "realm");
    const char *nothing = text_of(answer, "delegates_nothing");
    const json_t *complaints = json_object_get(answer, "complaints");

    say_line(stdout, "%s, port %" JSON_INTEGER_FORMAT ", %s%s",
             text_of(answer, "host"),
             json_integer_value(json_object_get(answer, "port")),
             *realm != '\0' ? "realm " : "no realm known", realm);
    say_lines(stdout, "\n");
    print_gateway(json_object_get(answer, "gateway"), nothing);
    say_line(stdout, "%-*s%s", LABEL, "Plugin", text_of(answer, "plugin"));
    print_list("Names", json_object_get(answer, "names"));
    if (json_is_true(json_object_get(answer, "dns")))
        say_line(stdout, "%-*s(krb5 asks DNS what the host is called, which "
                 "was not done here)", LABEL, "");
    print_list("Delegates", json_object_get(answer, "delegates"));
    if (*nothing != '\0')
        say_line(stdout, "%-*snothing: %s", LABEL, "Delegates", nothing);
    say_lines(stdout, "\nkrb5.conf, [appdefaults] winrm:\n");
    print_settings(json_object_get(answer, "settings"));
    if (json_array_size(complaints) > 0) {
        say_lines(stdout, "\n");
        print_list("Complaints", complaints);
    }
}
