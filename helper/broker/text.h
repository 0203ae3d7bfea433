/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* text.h - texts that go into messages. */
#ifndef BD_TEXT_H
#define BD_TEXT_H

#include <stddef.h>

#include "plugin/bytes/buf.h"

struct cs_span text_span(const char *s);

/* A new string, or NULL. */
char *text_string(struct cs_span s);

#endif /* BD_TEXT_H */
