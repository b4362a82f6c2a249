/* SPDX-License-Identifier: BSD-3-Clause */
#include "tune/wisdom_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/status.h"
#include "platform/memory.h"
#include "platform/model.h"
#include "tune/wisdom.h"

enum { MACHINE_LINE = 400, LINE = 512, TRIES = 100, MOST_ENTRIES = 1 << 14 };

static const char version[] = "bnorm-wisdom 6";

/* What a measurement holds for: the processor, and what the context made of it. */
static void machine_line(const bnorm_context *context, char line[MACHINE_LINE])
{
    char model[128];
    bnorm_model_name(model, sizeof model);
    snprintf(line, MACHINE_LINE, "%s; %s", model, context->text);
}

/* What the system could not do. */
static bnorm_status refused(const char *path, const char *what, int error)
{
    return bnorm_fail(error == ENOMEM ? BNORM_ERR_MEMORY : BNORM_ERR_SYSTEM,
                      "%.120s can't be %s: %s", path, what, strerror(error));
}

/* ---- writing ------------------------------------------------------------------- */

/* All of it as text from bnorm_memory_get, or NULL. */
static char *text_of(const bnorm_context *context)
{
    const bnorm_wisdom *wisdom = context->wisdom;
    const size_t room = sizeof version + MACHINE_LINE +
                        (size_t)wisdom->count * (BNORM_WISDOM_LINE + 1);
    char *text = bnorm_memory_get(room), line[BNORM_WISDOM_LINE], machine[MACHINE_LINE];
    if (!text)
        return NULL;
    machine_line(context, machine);
    size_t length = (size_t)snprintf(text, room, "%s\n%s\n", version, machine);
    for (int i = 0; i < wisdom->count; i++) {
        bnorm_wisdom_format(&wisdom->entry[i], line);
        length += (size_t)snprintf(text + length, room - length, "%s\n", line);
    }
    return text;
}

/* A new file beside path, and its name; NULL: none, and errno. */
static FILE *open_beside(const char *path, char *name, size_t size)
{
    int file = -1;
    errno = EEXIST;
    for (int i = 0; i < TRIES && file < 0 && errno == EEXIST; i++) {
        snprintf(name, size, "%s.%ld.%d", path, (long)getpid(), i);
        file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    }
    if (file < 0)
        return NULL;
    FILE *stream = fdopen(file, "w");
    if (!stream) {
        const int error = errno;
        close(file);
        unlink(name);
        errno = error;
    }
    return stream;
}

/* 0, or errno; then the file is as it was. */
static int replace_file(const char *path, char *name, size_t size, const char *text)
{
    int error = 0;
    FILE *file = open_beside(path, name, size);
    if (!file)
        return errno;
    if (fwrite(text, 1, strlen(text), file) != strlen(text) || fflush(file) != 0 ||
        fsync(fileno(file)) != 0)
        error = errno;
    if (fclose(file) != 0 && !error)
        error = errno;
    if (!error && rename(name, path) != 0)
        error = errno;
    if (error)
        unlink(name);
    return error;
}

bnorm_status bnorm_wisdom_write(const bnorm_context *context, const char *path)
{
    const size_t size = strlen(path) + 40;
    char *name = bnorm_memory_get(size);
    pthread_mutex_lock(&context->wisdom->mutex);
    char *text = name ? text_of(context) : NULL;
    pthread_mutex_unlock(&context->wisdom->mutex);
    const int error = text ? replace_file(path, name, size, text) : 0;
    const bnorm_status status =
        !text   ? bnorm_fail(BNORM_ERR_MEMORY, "no memory for the text of %.80s", path)
        : error ? refused(path, "written", error)
                : BNORM_OK;
    bnorm_memory_put(text);
    bnorm_memory_put(name);
    return status;
}

/* ---- reading ------------------------------------------------------------------- */

typedef struct {
    const char *path;
    FILE *file;
    int number; /* of the line */
    int error;  /* errno of reading; 0: none */
    char line[LINE];
} reader;

/* The next line without its end: 1, 0 at the end of the file, -1: it is too long, or
 * has no end. */
static int next_line(reader *r)
{
    r->number++;
    if (!fgets(r->line, sizeof r->line, r->file)) {
        r->error = ferror(r->file) ? errno : 0;
        return 0;
    }
    char *end = strchr(r->line, '\n');
    if (!end)
        return -1;
    *end = '\0';
    return 1;
}

static bnorm_status read_heads(reader *r, const bnorm_context *context)
{
    char machine[MACHINE_LINE];
    if (next_line(r) != 1 || strncmp(r->line, version, strlen(version) - 1) != 0)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "%.80s, line 1: expected \"%s\"", r->path, version);
    if (strcmp(r->line, version) != 0)
        return bnorm_fail(BNORM_ERR_UNSUPPORTED, "%.80s, line 1 is \"%.40s\", of another version of "
                          "bnorm: expected \"%s\"; measure again into another file", r->path,
                          r->line, version);
    machine_line(context, machine);
    if (next_line(r) != 1 || !strstr(r->line, "; ")) /* no model and what a context says */
        return bnorm_fail(BNORM_ERR_ARGUMENT, "%.80s, line 2: expected a machine, as "
                          "bnorm_wisdom_save writes it", r->path);
    if (strcmp(r->line, machine) != 0)
        return bnorm_fail(BNORM_ERR_UNSUPPORTED, "%.80s, line 2: from another machine, ISA or "
                          "number of threads, \"%.160s\": expected \"%.160s\"", r->path, r->line,
                          machine);
    return BNORM_OK;
}

static bnorm_status read_entries(reader *r, int threads, bnorm_wisdom *found)
{
    bnorm_wisdom_entry entry;
    for (;;) {
        const int more = next_line(r);
        if (!more)
            break;
        if (more < 0 || bnorm_wisdom_parse(&entry, r->line, threads) != 0)
            return bnorm_fail(BNORM_ERR_ARGUMENT, "%.80s, line %d: expected \"OPERATION ROWS x "
                              "COLS TYPE ... tried N\", as bnorm_wisdom_save writes it, for at "
                              "most %d threads", r->path, r->number, threads);
        if (bnorm_wisdom_reserve(found, 1) != 0)
            return bnorm_fail(BNORM_ERR_MEMORY, "no memory for %d lines of %.80s", r->number,
                              r->path);
        if (found->count == MOST_ENTRIES)
            return bnorm_fail(BNORM_ERR_ARGUMENT, "%.80s, line %d: expected at most %d lines",
                              r->path, r->number, MOST_ENTRIES);
        found->entry[found->count++] = entry;
    }
    return BNORM_OK;
}

/* All of it or nothing. */
static bnorm_status merge(bnorm_wisdom *wisdom, const bnorm_wisdom *found)
{
    pthread_mutex_lock(&wisdom->mutex);
    const int room = bnorm_wisdom_reserve(wisdom, found->count) == 0;
    for (int i = 0; i < found->count && room; i++)
        bnorm_wisdom_add(wisdom, &found->entry[i]);
    pthread_mutex_unlock(&wisdom->mutex);
    return room ? BNORM_OK
                : bnorm_fail(BNORM_ERR_MEMORY, "no memory for wisdom of %d lines", found->count);
}

bnorm_status bnorm_wisdom_read(const bnorm_context *context, const char *path)
{
    reader r = {.path = path, .file = fopen(path, "re")};
    bnorm_wisdom found = {.count = 0};
    if (!r.file)
        return refused(path, "read", errno);
    bnorm_status status = read_heads(&r, context);
    if (status == BNORM_OK)
        status = read_entries(&r, context->seats.threads, &found);
    if (r.error)
        status = refused(path, "read", r.error);
    if (status == BNORM_OK)
        status = merge(context->wisdom, &found);
    fclose(r.file);
    bnorm_memory_put(found.entry);
    return status;
}
