/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE /* memfd_create */
/* PyTorch as a peer: peers/torch_bn.py in a process of python3 that lives as long as the
 * comparison, takes orders over a socket and shares the matrices in memory.  It times
 * itself: each order is one turn. */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "blocks.h"
#include "peer.h"
#include "support/data.h"

#include "bench/torch_bn.h" /* written by the makefile: torch_bn, the program's text */

enum { LINE = 512, GAMMA = 0, BETA, MEAN, VAR, DGAMMA, DBETA, VECTORS };

static struct {
    pid_t process;
    int socket;
    FILE *answers;
    char version[64];
} python;

typedef struct {
    const batch *batch;
    const operation *op;
    int memory;       /* file descriptor */
    size_t bytes;
    char *shared;     /* x, y, dy, dx, then the vectors */
    bool failed;
} torch;

static blocks_shape shape_of(const batch *b)
{
    return (blocks_shape){b->rows, b->cols, data_size(b->dtype)};
}

static void *matrix(const torch *t, int index)
{
    blocks_shape s = shape_of(t->batch);
    return t->shared + (size_t)index * (size_t)(s.rows * s.cols) * s.size;
}

static void *vector(const torch *t, int index)
{
    return (char *)matrix(t, 4) + (size_t)index * (size_t)t->batch->cols * shape_of(t->batch).size;
}

/* ---- the process --------------------------------------------------------------- */

/* The next line without its end; complains and returns false when it tells of an error
 * or there is none. */
static bool hear(char line[LINE])
{
    if (!python.answers || !fgets(line, LINE, python.answers)) {
        complain("torch: python3 has ended");
        return false;
    }
    line[strcspn(line, "\n")] = '\0';
    if (strncmp(line, "error", 5) != 0)
        return true;
    complain("torch: %s", line + 5 + (line[5] == ' '));
    return false;
}

/* One order and its answer. */
static bool ask(const char *order, char answer[LINE])
{
    size_t length = strlen(order);
    if (send(python.socket, order, length, MSG_NOSIGNAL) != (ssize_t)length) {
        complain("torch: python3 does not listen: %s", strerror(errno));
        return false;
    }
    return hear(answer);
}

static void stop(void)
{
    if (python.answers)
        fclose(python.answers); /* the end of its input ends it */
    if (python.process > 0)
        waitpid(python.process, NULL, 0);
    memset(&python, 0, sizeof python);
}

/* 0, or an error number.  In a process group of its own: Ctrl-C is for this program, which
 * then lets it finish its turn. */
static int spawn_python(int theirs)
{
    extern char **environ;
    char name[] = "python3", command[] = "-c";
    char *arguments[] = {name, command, (char *)(uintptr_t)torch_bn, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (error) {
        posix_spawn_file_actions_destroy(&actions);
        return error;
    }
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    error = posix_spawn_file_actions_adddup2(&actions, theirs, STDIN_FILENO);
    if (!error)
        error = posix_spawn_file_actions_adddup2(&actions, theirs, STDOUT_FILENO);
    if (!error)
        error = posix_spawnp(&python.process, name, &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static outcome start(void)
{
    int ends[2];
    char line[LINE];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
        return complain_as(OUTCOME_IMPOSSIBLE, "torch: no socket: %s", strerror(errno));
    int error = spawn_python(ends[1]);
    close(ends[1]);
    python.socket = ends[0];
    python.answers = fdopen(ends[0], "r");
    if (error || !python.answers) {
        close(ends[0]);
        python.process = 0;
        return complain_as(OUTCOME_IMPOSSIBLE, "--peer torch: python3: %s", strerror(error));
    }
    if (hear(line)) {
        snprintf(python.version, sizeof python.version, "%.*s", (int)sizeof python.version - 1,
                 line + strcspn(line, " ") + 1);
        return OUTCOME_DONE;
    }
    stop();
    return complain_as(OUTCOME_IMPOSSIBLE, "--peer torch needs a python3 that can import torch");
}

static const char *version(void)
{
    return python.version;
}

/* ---- one problem --------------------------------------------------------------- */

/* Threads that have just worked go on looking for work for a while, and would take the
 * processors from the other process. */
static void let_settle(void)
{
    struct timespec pause = {0, 5 * 1000 * 1000};
    nanosleep(&pause, NULL);
}

static double timed(void *opened, int repeat)
{
    torch *t = opened;
    char order[32], line[LINE];
    if (t->failed)
        return 0;
    snprintf(order, sizeof order, "run %d\n", repeat);
    let_settle();
    t->failed = !ask(order, line);
    let_settle();
    return t->failed ? 0 : strtod(line, NULL);
}

static void run(void *opened)
{
    timed(opened, 1);
}

static bool failed(void *opened)
{
    const torch *t = opened;
    return t->failed;
}

static void fetch(void *opened)
{
    torch *t = opened;
    blocks_shape s = shape_of(t->batch);
    char line[LINE];
    if (t->failed)
        return;
    t->failed = !ask("fetch\n", line);
    if (t->op->gives_y)
        blocks_to_rows(&s, matrix(t, 1), s.cols, t->batch->y);
    if (t->op->gives_dx)
        blocks_to_rows(&s, matrix(t, 3), s.cols, t->batch->dx);
}

static void forget(void *opened)
{
    torch *t = opened;
    char line[LINE];
    if (!t->failed)
        ask("close\n", line);
    if (t->shared)
        munmap(t->shared, t->bytes);
    if (t->memory >= 0)
        close(t->memory);
    free(t);
}

/* Memory that the process finds as a file, and the inputs in it. */
static bool share(torch *t)
{
    const batch *b = t->batch;
    blocks_shape s = shape_of(b);
    t->bytes = (size_t)(4 * s.rows + VECTORS) * (size_t)s.cols * s.size;
    t->memory = memfd_create("bnorm-bench", MFD_CLOEXEC);
    if (t->memory < 0 || ftruncate(t->memory, (off_t)t->bytes))
        return false;
    void *shared = mmap(NULL, t->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, t->memory, 0);
    if (shared == MAP_FAILED)
        return false;
    t->shared = shared;
    blocks_from_rows(&s, b->x, matrix(t, 0), s.cols);
    blocks_from_rows(&s, b->dy, matrix(t, 2), s.cols);
    size_t bytes = (size_t)s.cols * s.size;
    memcpy(vector(t, GAMMA), b->gamma, bytes);
    memcpy(vector(t, BETA), b->beta, bytes);
    memcpy(vector(t, MEAN), b->running_mean, bytes);
    memcpy(vector(t, VAR), b->running_var, bytes);
    return true;
}

static void *open(const batch *b, const operation *op, const engine *e)
{
    char order[LINE];
    torch *t = op->flag == BNORM_STEP ? NULL : calloc(1, sizeof *t);
    if (!t) {
        complain("torch: %s", op->flag == BNORM_STEP ? "there is no step" : "out of memory");
        return NULL;
    }
    *t = (torch){.batch = b, .op = op, .memory = -1};
    if (!share(t)) {
        complain("torch: no shared memory: %s", strerror(errno));
        t->failed = true;
    } else {
        snprintf(order, sizeof order, "open %s %s %lld %lld %.17g %d /proc/%ld/fd/%d\n",
                 op->name, b->dtype == BNORM_F64 ? "f64" : "f32", (long long)b->rows,
                 (long long)b->cols, e->problem.eps, bnorm_context_threads(e->context),
                 (long)getpid(), t->memory);
        char line[LINE];
        t->failed = !ask(order, line);
    }
    if (!t->failed)
        return t;
    forget(t);
    return NULL;
}

/* BatchNorm1d keeps the statistics of the batch to itself. */
static void statistics(void *opened, const void **mean, const void **rstd, const void **dgamma,
                       const void **dbeta)
{
    const torch *t = opened;
    *mean = *rstd = NULL;
    *dgamma = t->op->gives_dx ? vector(t, DGAMMA) : NULL;
    *dbeta = t->op->gives_dx ? vector(t, DBETA) : NULL;
}

/* The shared matrices, and the process's own. */
static double bytes(const batch *b)
{
    return 8.0 * (double)b->rows * (double)b->cols * (double)data_size(b->dtype);
}

const peer torch_peer = {
    .name = "torch",
    .layout = "rows",
    .start = start,
    .stop = stop,
    .version = version,
    .bytes = bytes,
    .open = open,
    .run = run,
    .timed = timed,
    .failed = failed,
    .fetch = fetch,
    .close = forget,
    .statistics = statistics,
};
