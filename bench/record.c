/* SPDX-License-Identifier: BSD-3-Clause */
#include "record.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_JANSSON
#include <jansson.h>
#endif

static record_field *add(record *r, const char *key, int type)
{
    assert(r->count < RECORD_FIELDS);
    record_field *field = &r->fields[r->count++];
    field->key = key;
    field->type = type;
    return field;
}

void record_null(record *r, const char *key)
{
    add(r, key, RECORD_NULL);
}

void record_text(record *r, const char *key, const char *text)
{
    add(r, key, RECORD_TEXT)->value.text = text;
}

void record_integer(record *r, const char *key, int64_t integer)
{
    add(r, key, RECORD_INTEGER)->value.integer = integer;
}

void record_number(record *r, const char *key, double number)
{
    if (isfinite(number))
        add(r, key, RECORD_NUMBER)->value.number = number;
    else
        record_null(r, key);
}

void record_flag(record *r, const char *key, bool flag)
{
    add(r, key, RECORD_FLAG)->value.flag = flag;
}

#ifdef HAVE_JANSSON

static json_t *to_json(const record_field *field)
{
    switch (field->type) {
    case RECORD_TEXT:
        return json_string(field->value.text);
    case RECORD_INTEGER:
        return json_integer(field->value.integer);
    case RECORD_NUMBER:
        return json_real(field->value.number);
    case RECORD_FLAG:
        return json_boolean(field->value.flag);
    case RECORD_NULL:
        break;
    }
    return json_null();
}

bool record_has_json(void)
{
    return true;
}

outcome record_write_json(const record *r, FILE *to)
{
    json_t *object = json_object();
    bool complete = object != NULL;
    for (int i = 0; complete && i < r->count; i++)
        complete = json_object_set_new(object, r->fields[i].key, to_json(&r->fields[i])) == 0;
    /* Seven digits are more than a clock knows; jansson keeps the order of keys. */
    char *text = complete ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(7)) : NULL;
    json_decref(object);
    if (!text)
        return complain_as(OUTCOME_IMPOSSIBLE, "a record can't be written as JSON");
    fprintf(to, "%s\n", text);
    fflush(to);
    free(text);
    return OUTCOME_DONE;
}

#else

bool record_has_json(void)
{
    return false;
}

outcome record_write_json(const record *r, FILE *to)
{
    (void)r;
    (void)to;
    return complain_as(OUTCOME_IMPOSSIBLE, "--json: this bnorm-bench was built without jansson");
}

#endif

outcome record_print_json(const record *r)
{
    return record_write_json(r, stdout);
}

/* RFC 4180: quotes around what holds a comma, a quote or a line end. */
static void print_quoted(const char *text)
{
    if (!text[strcspn(text, ",\"\r\n")]) {
        fputs(text, stdout);
        return;
    }
    putchar('"');
    for (; *text; text++) {
        if (*text == '"')
            putchar('"');
        putchar(*text);
    }
    putchar('"');
}

static void print_field(const record_field *field)
{
    switch (field->type) {
    case RECORD_NULL:
        break;
    case RECORD_TEXT:
        print_quoted(field->value.text);
        break;
    case RECORD_INTEGER:
        printf("%lld", (long long)field->value.integer);
        break;
    case RECORD_NUMBER:
        printf("%.7g", field->value.number);
        break;
    case RECORD_FLAG:
        fputs(field->value.flag ? "true" : "false", stdout);
        break;
    }
}

void record_print_csv(const record *r)
{
    static const char *last[RECORD_FIELDS];
    static int last_count;
    bool same = last_count == r->count;
    for (int i = 0; same && i < r->count; i++)
        same = strcmp(last[i], r->fields[i].key) == 0;
    for (int i = 0; !same && i < r->count; i++) {
        printf("%s%s", i ? "," : "", r->fields[i].key);
        last[i] = r->fields[i].key;
    }
    if (!same)
        putchar('\n');
    last_count = r->count;
    for (int i = 0; i < r->count; i++) {
        if (i)
            putchar(',');
        print_field(&r->fields[i]);
    }
    putchar('\n');
    fflush(stdout);
}
