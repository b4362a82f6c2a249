/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bnorm: batch normalization, forward and backward, for large batches on
 * many-core CPUs.
 *
 * Everything is per column of an N x C matrix (N rows of the batch, C
 * features).  With m = N:
 *
 *   mu = mean(x)   var = mean((x - mu)^2)   rstd = 1/sqrt(var + eps)
 *   xhat = (x - mu) * rstd                  y = gamma * xhat + beta
 *   dbeta = sum(dy)                         dgamma = sum(dy * xhat)
 *   dx = gamma * rstd * ((dy - mean(dy)) - xhat * dgamma / m)
 *
 * (Ioffe and Szegedy 2015; the derivation of dx is in doc/architecture.md.)
 *
 * Three objects: a context (the machine as this process may use it), a plan
 * (context + problem, made once, executed often) and the arguments of one
 * execution.
 *
 * Errors.  Every call that can fail returns a bnorm_status.  When it is not
 * BNORM_OK, bnorm_last_error() says which argument, its value and what was
 * expected.  Arguments are checked before anything is written: a call that
 * returns BNORM_ERR_ARGUMENT, _UNSUPPORTED, _BUSY or _MEMORY has touched no
 * output.  The library never prints, aborts or exits.
 *
 * Threads.  Contexts and plans may be used by many threads at once; creating
 * and destroying the same object is the caller's to order.  Plans that are made with
 * BNORM_MEASURE wait for one another, and so do bnorm_wisdom_save and _load.  The same input
 * gives the same bits for any number of threads, any strategy and any ISA (but for
 * which NaN a NaN is).
 *
 * The OpenMP runtime may itself end the process when it cannot create a
 * thread; a context with threads = 1 never enters it.  hwloc may do so, too, or
 * hang, when memory runs out while it looks at the machine (bnorm_context_create).
 */
#ifndef BNORM_H
#define BNORM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BNORM_VERSION_MAJOR 0
#define BNORM_VERSION_MINOR 1
#define BNORM_VERSION_PATCH 0

#if defined(__GNUC__)
#define BNORM_API __attribute__((visibility("default")))
#else
#define BNORM_API
#endif

/* ---- status ---------------------------------------------------------- */

typedef enum {
    BNORM_OK = 0,
    BNORM_ERR_ARGUMENT,    /* a value that no version could accept */
    BNORM_ERR_MEMORY,      /* out of memory */
    BNORM_ERR_UNSUPPORTED, /* valid, but not here: ISA, dtype, newer struct */
    BNORM_ERR_BUSY,        /* an upstream function re-entered its own plan */
    BNORM_ERR_UPSTREAM,    /* an upstream function returned nonzero */
    BNORM_ERR_COMM,        /* reserved: communication between processes failed */
    BNORM_ERR_SYSTEM       /* the operating system refused something */
} bnorm_status;

/* "0.1.0"; static. */
BNORM_API const char *bnorm_version(void);

/* A few words for a status; static; never NULL. */
BNORM_API const char *bnorm_strerror(bnorm_status status);

/* What went wrong in this thread's last failing call: argument, value, limit.
 * "" before the first.  Valid until this thread's next failing call. */
BNORM_API const char *bnorm_last_error(void);

/* ---- context --------------------------------------------------------- */

typedef struct bnorm_context bnorm_context;

/* Receives one line (no newline) about something worth knowing that is not an
 * error.  Called on the thread that called the library. */
typedef void bnorm_log(void *user, const char *line);

/* Where the threads of a team run.  Bound threads get their own affinity back
 * when an execution ends, however it ends. */
typedef enum {
    BNORM_BIND_INHERIT, /* where OMP_PROC_BIND, OMP_PLACES, the launcher or the
                           system puts them */
    BNORM_BIND_SPREAD,  /* over all NUMA nodes, a core each before any shares one */
    BNORM_BIND_COMPACT  /* neighbours first: one node is full before the next */
} bnorm_binding;

/* The pages of bnorm_alloc. */
typedef enum {
    BNORM_PAGES_TRANSPARENT, /* huge where the system makes them so */
    BNORM_PAGES_HUGE,        /* from the pool of huge pages; transparent when it is
                                empty */
    BNORM_PAGES_SMALL        /* never huge */
} bnorm_pages;

typedef struct {
    size_t struct_size; /* set by bnorm_context_options_init */
    int threads;        /* 0: OMP_NUM_THREADS or omp_set_num_threads, else
                           what cpuset and cgroup quota leave; at most 65536 */
    bnorm_binding binding;
    bnorm_pages pages;
    const char *synthetic; /* plan for the machine that hwloc's synthetic
                           description names ("numa:4 core:16 pu:2") ... */
    const char *xml;    /* ... or lstopo's XML file; NULL: this machine.  Such a
                           context's plans can be described, not executed */
    const char *isa;    /* NULL: BNORM_ISA, else the best this CPU has;
                           "generic", "avx2", "avx512", "neon" */
    bnorm_log *log;     /* NULL: none */
    void *log_user;
} bnorm_context_options;

/* Fill *options with the defaults.  struct_size: sizeof *options. */
BNORM_API bnorm_status bnorm_context_options_init(bnorm_context_options *options,
                                                  size_t struct_size);

/* Look at the machine and choose kernels.  options NULL: the defaults.
 * Errors: ARGUMENT (threads < 0 or above 65536, unknown ISA, a description of a
 * machine that can't be read), UNSUPPORTED (an ISA this CPU lacks, a description
 * without hwloc, a struct size this version does not know), MEMORY. */
BNORM_API bnorm_status bnorm_context_create(bnorm_context **context,
                                            const bnorm_context_options *options);

/* NULL is ignored.  Destroy the context's plans first. */
BNORM_API void bnorm_context_destroy(bnorm_context *context);

/* How many threads, and which ISA, executions will ask for. */
BNORM_API int bnorm_context_threads(const bnorm_context *context);
BNORM_API const char *bnorm_context_isa(const bnorm_context *context);

/* One line on the machine as the context sees it ("flat" when hwloc is absent);
 * lives as long as the context. */
BNORM_API const char *bnorm_context_describe(const bnorm_context *context);

typedef struct { /* a logical CPU that the process may use */
    size_t struct_size; /* the caller sets it to sizeof(bnorm_cpu_info) */
    int os_index;
    int package, core;  /* numbered from 0 up in the order of the topology */
    int sibling;        /* 0, 1, ...: which of its core's logical CPUs */
    int kind;           /* 0, ...: rising with the efficiency class hwloc reports */
    int node;           /* index of its NUMA node in bnorm_context_node */
} bnorm_cpu_info;

typedef struct { /* a NUMA node whose CPUs the process may use */
    size_t struct_size; /* the caller sets it to sizeof(bnorm_node_info) */
    int os_index;
    int memory_index;   /* os_index of the node where its threads' data is placed:
                           itself, or the nearest with memory if it has none */
    int cpus, threads;  /* usable; planned here */
    double memory;      /* bytes, local */
} bnorm_node_info;

/* The machine, by index from 0 up, nodes and their CPUs in topology order.
 * Errors: ARGUMENT (NULL, no such index), UNSUPPORTED (struct size). */
BNORM_API bnorm_status bnorm_context_cpu(const bnorm_context *context, int index,
                                         bnorm_cpu_info *info);
BNORM_API bnorm_status bnorm_context_node(const bnorm_context *context, int index,
                                          bnorm_node_info *info);

/* The ISAs compiled into this library, best first: 0 .. until NULL.
 * *usable (may be NULL) says whether this CPU has it. */
BNORM_API const char *bnorm_isa_name(int index, int *usable);

/* ---- problem and plan ------------------------------------------------ */

typedef enum { BNORM_F32, BNORM_F64 } bnorm_dtype;

/* ROWS: element (row, col) at data[row * ld + col], ld >= cols.
 *
 * PANELS: columns in panels of w = problem.panel_width, each rows x w and
 * contiguous; element (row, col) at data[(col / w) * ld + row * w + col % w],
 * ld >= rows * w elements from one panel to the next.  The last panel has w
 * columns in memory, too; those beyond cols are never read or written (bnorm_alloc
 * and bnorm_pack make them zero).  A block of columns is contiguous and can stay
 * in cache: the fastest layout for data that is used more than once. */
typedef enum { BNORM_ROWS, BNORM_PANELS } bnorm_layout;

/* How blocks walk through memory; AUTO lets the planner choose, the others are
 * for experiments and tests.  The bits are the same for all. */
typedef enum {
    BNORM_STRATEGY_AUTO,
    BNORM_STRATEGY_STREAM,   /* wide blocks, read again for the second pass */
    BNORM_STRATEGY_RESIDENT, /* narrow blocks that stay in cache: read once */
    BNORM_STRATEGY_SMALL,    /* one thread, no team: for a few microseconds of work */
    BNORM_STRATEGY_PIPELINED /* resident, and each panel is reduced while one before it
                                is applied, a few rows of each in turns; threads share
                                panels that are too long for one's cache.  Resident for
                                rows, where panels are fewer than threads, for step, infer
                                and global statistics */
} bnorm_strategy;

/* How a plan is made.  The bits are the same for both. */
typedef enum {
    BNORM_ESTIMATE, /* at once, from the sizes of caches */
    BNORM_MEASURE   /* as the context's wisdom says; what it does not know is found by
                       timing several ways on matrices of the problem's size, which
                       are allocated for it, and added to the wisdom */
} bnorm_effort;

enum { /* problem.operations: which calls the plan must be able to execute */
    BNORM_FORWARD = 1 << 0,
    BNORM_BACKWARD = 1 << 1,
    BNORM_FORWARD_BACKWARD = 1 << 2,
    BNORM_STEP = 1 << 3,
    BNORM_INFER = 1 << 4,
    BNORM_ALL_OPERATIONS = (1 << 5) - 1
};

enum { /* problem.flags */
    BNORM_IN_PLACE_Y = 1 << 0,  /* y is x: same data, same ld */
    BNORM_IN_PLACE_DX = 1 << 1, /* dx is dy: same data, same ld */
    BNORM_ACCUMULATE = 1 << 2,  /* add to dgamma and dbeta; dx is unaffected */
    BNORM_GLOBAL_STATISTICS = 1 << 3, /* forward and backward normalize with
                    running_mean and running_var, which are not updated */
    BNORM_UNBIASED_VARIANCE = 1 << 4, /* running_var takes M2/(N-1), not M2/N */
    BNORM_CUMULATIVE_AVERAGE = 1 << 5 /* running statistics are plain averages:
                    momentum = 1/batches, counted in args.batches */
};

typedef struct {
    size_t struct_size;    /* set by bnorm_problem_init */
    int64_t rows, cols;    /* rows: the most one execution brings; >= 0 */
    bnorm_dtype dtype;     /* of x, y, dy, dx */
    bnorm_dtype stats_dtype; /* of gamma, beta, mean, rstd, dgamma, dbeta and
                              running statistics; F32 or F64, F64 for F64 data */
    bnorm_layout layout;
    int panel_width;       /* PANELS: 16 (or 0) or 8 columns; else 0 */
    double eps;            /* >= 0, finite; default 1e-5 */
    unsigned operations;   /* default BNORM_ALL_OPERATIONS */
    unsigned flags;        /* default 0 */
    int executions;        /* how many may run at once: one workspace each;
                              more wait.  Default 1, at most 4096 */
    bnorm_strategy strategy; /* default AUTO */
    bnorm_effort effort;   /* default ESTIMATE */
    double time_limit;     /* MEASURE: about the most seconds that all timing may
                              take, beside filling the matrices; 0: the estimate is
                              kept.  Default 1 */
} bnorm_problem;

/* Fill *problem with the defaults: rows and cols 0, dtype and stats_dtype F32.
 * struct_size: sizeof *problem. */
BNORM_API bnorm_status bnorm_problem_init(bnorm_problem *problem, size_t struct_size);

typedef struct bnorm_plan bnorm_plan;

/* Decide once how the problem runs on the context's machine, and allocate the
 * workspaces.  The context must outlive the plan; the problem is copied.
 * Errors: ARGUMENT, UNSUPPORTED (also: MEASURE for a machine that was described),
 * MEMORY. */
BNORM_API bnorm_status bnorm_plan_create(bnorm_plan **plan, const bnorm_context *context,
                                         const bnorm_problem *problem);

/* NULL is ignored.  No execution may be running. */
BNORM_API void bnorm_plan_destroy(bnorm_plan *plan);

/* Touch the workspace so that the first execution takes no page faults. */
BNORM_API bnorm_status bnorm_plan_prepare(bnorm_plan *plan);

/* Bytes of one execution's workspace. */
BNORM_API size_t bnorm_plan_workspace_size(const bnorm_plan *plan);

/* How one operation will run, in numbers, if the rows of all matrices begin on cache lines of 64
 * bytes.  Others may be worked on in wider blocks: bnorm_plan_text says so where they are. */
typedef struct {
    size_t struct_size;     /* the caller sets it to sizeof(bnorm_description) */
    const char *strategy;   /* "stream", "resident", "small", "pipelined" */
    const char *isa;        /* of the kernels: the context's, or one with shorter vectors,
                               which rows or panels of 8 columns fill */
    int threads;            /* asked for; a smaller team gives the same bits */
    int nodes;              /* NUMA nodes that own parts of the matrices; 0: rows are
                               too few to be owned, threads of all nodes work on all */
    int64_t row_groups;     /* > 1: partial results merge between phases */
    int64_t col_blocks;
    int64_t block_cols;     /* widest column block */
    int64_t block_rows;     /* rows of a block given to an upstream function */
    int nontemporal;        /* outputs bypass the caches, where they can be stored in
                               whole lines */
    int64_t reduce_ahead;   /* rows from what a reduction reads to what it prefetches;
                               0: that is left to the CPU */
    int64_t apply_ahead;    /* the same of an application, which goes backwards where it is
                               negative */
    int lag;                /* a thread applies the block that it reduced so many blocks
                               ago; 0: each at once, or all after all reductions */
    double bytes_read;      /* from memory, x and dy, by the traffic model */
    double bytes_written;   /* to memory, y and dx */
    double bytes_compulsory; /* the least any implementation moves */
    size_t workspace_bytes; /* per execution, wherever rows begin */
    double measured;        /* how many times as fast as the estimate's choice this was
                               measured to be (1: that is the choice); 0: estimated */
} bnorm_description;

/* operation: exactly one of BNORM_FORWARD ... BNORM_INFER, declared in the
 * problem.  Fill *description, whose struct_size the caller sets. */
BNORM_API bnorm_status bnorm_plan_describe(const bnorm_plan *plan, unsigned operation,
                                           bnorm_description *description);

typedef struct { /* one block of an operation's grid, and whose it is */
    size_t struct_size;     /* the caller sets it to sizeof(bnorm_block_info) */
    int64_t row, col;       /* of its first element */
    int64_t rows, cols;
    int thread;             /* 0 .. threads-1, planned */
    int cpu;                /* index of its CPU in bnorm_context_cpu */
    int node;               /* index of its node in bnorm_context_node */
    double bytes;           /* of the block in one matrix */
    double remote_bytes;    /* of those, how many lie on other nodes in a matrix
                               from bnorm_alloc; more where its pages are from the
                               pool of huge ones, which two nodes may have to share */
} bnorm_block_info;

/* Block index (0 .. row_groups * col_blocks - 1) of an operation.
 * Errors: as bnorm_plan_describe; ARGUMENT: no such index. */
BNORM_API bnorm_status bnorm_plan_block(const bnorm_plan *plan, unsigned operation, int64_t index,
                                        bnorm_block_info *info);

/* The same in words for all declared operations, one line each, and why; lives as long
 * as the plan. */
BNORM_API const char *bnorm_plan_text(const bnorm_plan *plan);

/* ---- wisdom ---------------------------------------------------------- */

/* What a context's plans have measured (BNORM_MEASURE), as a file of text for this
 * machine, ISA and number of threads.
 *
 * Save all that the context knows.  The file is written beside path, then renamed: it is
 * there whole, or as it was.
 * Errors: ARGUMENT (NULL), MEMORY, SYSTEM (it can't be written). */
BNORM_API bnorm_status bnorm_wisdom_save(const bnorm_context *context, const char *path);

/* Add what a file knows; it counts more than what the context knew.  Plans that are
 * there stay as they are.  All of it is loaded, or nothing.
 * Errors: ARGUMENT (NULL, not such a file: the line, and what was expected there),
 * UNSUPPORTED (another version of the format, another machine, ISA or number of
 * threads), MEMORY, SYSTEM (it can't be read). */
BNORM_API bnorm_status bnorm_wisdom_load(bnorm_context *context, const char *path);

/* ---- execution ------------------------------------------------------- */

/* ld: elements from one row to the next, >= cols, or from one panel to the next,
 * >= rows * panel_width of this execution; 0: dense, the least. */
typedef struct {
    void *data;
    int64_t ld;
} bnorm_matrix;

/* A block of y, and the block of dy an upstream function fills from it. */
typedef struct {
    size_t struct_size;
    int64_t row, col;   /* of the block's first element in the batch */
    int64_t rows, cols;
    const void *y;      /* rows x cols, leading dimension y_ld elements */
    int64_t y_ld;
    void *dy;           /* rows x cols to fill, leading dimension dy_ld */
    int64_t dy_ld;
    int pass;           /* 0: the first time; 1: again (count a loss in 0 only) */
    int worker;         /* 0 .. threads-1: an index into the user's own arrays */
} bnorm_block;

/* Compute dy = dJ/dy for one block of y.  Runs on several threads at once, on
 * different blocks, with the floating-point environment of the thread that
 * called bnorm_step.  Must be element-wise in y and give the same dy when it is
 * called again.  Must not call the library with the plan that is executing (BUSY
 * where it does so on the thread it was called on).
 * Nonzero ends the step with BNORM_ERR_UPSTREAM at the end of the phase. */
typedef int bnorm_upstream(void *user, const bnorm_block *block);

#define BNORM_NO_ROWS (-1) /* args.rows: an empty batch */

/* The arguments of one execution, the same struct for every operation.  What is
 * NULL is absent (gamma: 1, beta: 0) or not computed.  Vectors have cols
 * elements of stats_dtype. */
typedef struct {
    size_t struct_size;      /* set by bnorm_args_init */
    int64_t rows;            /* 0: the problem's; never more */
    bnorm_matrix x, y, dy, dx;
    const void *gamma, *beta;
    void *mean, *rstd;       /* forward, fused, step, infer: out; backward: rstd
                                is in (NULL, or BNORM_GLOBAL_STATISTICS: found
                                again), mean is not used */
    void *dgamma, *dbeta;    /* out, or in and out with BNORM_ACCUMULATE */
    void *running_mean, *running_var; /* updated by forward, fused and step:
                                running = (1-momentum)*running + momentum*batch;
                                in for infer and BNORM_GLOBAL_STATISTICS */
    int64_t *batches;        /* counts updates of the running statistics */
    double momentum;         /* in [0, 1]; default 0.1 */
    bnorm_upstream *upstream; /* step only */
    void *user;              /* handed to upstream */
    void *workspace;         /* bnorm_plan_workspace_size bytes, aligned to 64,
                                used by this execution alone; NULL: the plan's */
} bnorm_args;

/* All NULL and 0, momentum 0.1.  struct_size: sizeof *args. */
BNORM_API bnorm_status bnorm_args_init(bnorm_args *args, size_t struct_size);

/*
 * What each operation reads and writes; [ ] is optional.
 *
 *   forward            x -> [y] [mean] [rstd] [running]
 *   backward           x dy -> [dx] [dgamma] [dbeta]
 *   forward_backward   x dy -> all of the above; same bits as the two calls
 *   step               x, upstream -> the same, dy asked for block by block.
 *                      With y.data, y is written; with dy.data, dy is kept and
 *                      upstream is called once per block, else twice.
 *   infer              x running_mean running_var -> y [mean] [rstd]
 *
 * y may not be x in step, nor dy or dx where x is still needed; other overlap
 * of an output with anything is an error, except that matrices may be column
 * slices of one wider matrix.
 *
 * With BNORM_GLOBAL_STATISTICS the mean and variance are running_mean and
 * running_var, constants to the gradient: dx = gamma * rstd * dy.
 *
 * Edges.  var + eps == 0: rstd = 0, y = beta, dx = dgamma = 0; rstd saturates
 * at the largest finite number.  Variances are held in double: a float64 column
 * whose variance is outside its range has rstd = 0.  A constant column gives
 * exactly beta.  No rows: mean = rstd = 0 (with global statistics: the given
 * ones), dgamma = dbeta = 0 (unchanged with ACCUMULATE), running statistics
 * unchanged.  One row and BNORM_UNBIASED_VARIANCE with running_var:
 * ARGUMENT.  A column with NaN or infinity in x has mean and rstd NaN; no other
 * column notices.
 *
 * Errors: ARGUMENT, UNSUPPORTED (operation not declared), BUSY, UPSTREAM (parts
 * of any output, and running statistics, may have been written; batches is not
 * counted).
 */
BNORM_API bnorm_status bnorm_forward(bnorm_plan *plan, const bnorm_args *args);
BNORM_API bnorm_status bnorm_backward(bnorm_plan *plan, const bnorm_args *args);
BNORM_API bnorm_status bnorm_forward_backward(bnorm_plan *plan, const bnorm_args *args);
BNORM_API bnorm_status bnorm_step(bnorm_plan *plan, const bnorm_args *args);
BNORM_API bnorm_status bnorm_infer(bnorm_plan *plan, const bnorm_args *args);

/* ---- memory ---------------------------------------------------------- */

typedef enum { BNORM_X, BNORM_Y, BNORM_DY, BNORM_DX } bnorm_tensor;

/* Memory for one of the plan's tensors: problem.rows rows, zero, ld chosen;
 * starting on a cache line (divided among NUMA nodes: on a page of memory) and staggered so
 * that x, y, dy and dx do not evict each other: matrices in cache take up to 1.8 times as
 * long where all start at one place of a page.  Every page lies on the NUMA node whose threads
 * the plan gives it to: ROWS by ranges of rows, PANELS by ranges of panels.  Where
 * the system refuses to place it, or a node is full, it is allocated all the same: the
 * context's log and bnorm_placement say so.  Rows are padded to whole cache lines, panels to whole
 * pages, where that costs little.
 * Errors: ARGUMENT, MEMORY, UNSUPPORTED (a context for planning only). */
BNORM_API bnorm_status bnorm_alloc(const bnorm_plan *plan, bnorm_tensor tensor,
                                   bnorm_matrix *matrix);

/* Free what bnorm_alloc put into matrix.data; NULL is ignored. */
BNORM_API void bnorm_free(void *data);

enum { BNORM_MOST_NODES = 64 }; /* NUMA nodes that plans and reports tell apart */

typedef struct { /* where the pages of a matrix are */
    size_t struct_size;     /* the caller sets it to sizeof(bnorm_placement_report) */
    int64_t page_bytes;
    int64_t pages;          /* that hold elements of the matrix */
    int64_t absent_pages;   /* not yet touched, or on no node that the system names */
    int64_t node_pages[BNORM_MOST_NODES]; /* by index of bnorm_context_node; nodes
                               that share a memory_index: with the first */
    int64_t other_pages;    /* on nodes without CPUs of ours */
    double local_bytes;     /* on the node of the threads that work on them */
    double remote_bytes, absent_bytes;
} bnorm_placement_report;

/* Ask the system where the problem's rows of *matrix are, and compare with the plan.
 * The matrix may be anybody's memory.
 * Errors: ARGUMENT, UNSUPPORTED (planning only; no such question on this system),
 * SYSTEM. */
BNORM_API bnorm_status bnorm_placement(const bnorm_plan *plan, const bnorm_matrix *matrix,
                                       bnorm_placement_report *report);

/* A new plan for the same problem that gives each range of rows (panels) to the
 * node where *matrix has it.  Where pages alternate between nodes in pieces that
 * are too small to be told apart, the plan is like the old one.
 * Errors: as bnorm_plan_create and bnorm_placement. */
BNORM_API bnorm_status bnorm_plan_adapt(bnorm_plan **adapted, const bnorm_plan *plan,
                                        const bnorm_matrix *matrix);

/* Move the pages of *matrix to the nodes where the plan wants them.  Whole pages
 * move, with whatever else lies on them.
 * Errors: ARGUMENT, UNSUPPORTED, SYSTEM (some or all stayed where they were). */
BNORM_API bnorm_status bnorm_migrate(const bnorm_plan *plan, const bnorm_matrix *matrix);

/* Copy between a row-major matrix and the plan's panels, on the plan's threads.
 * rows: 0 or as args.rows.  pack writes zeros to the columns beyond cols.
 * Fastest where panels, and rows that are written, begin on cache lines (bnorm_alloc).
 * Errors: ARGUMENT (also: overlap), UNSUPPORTED (a plan that is not PANELS, or for
 * planning only), BUSY. */
BNORM_API bnorm_status bnorm_pack(const bnorm_plan *plan, int64_t rows, const bnorm_matrix *from,
                                  const bnorm_matrix *panels);
BNORM_API bnorm_status bnorm_unpack(const bnorm_plan *plan, int64_t rows,
                                    const bnorm_matrix *panels, const bnorm_matrix *to);

#ifdef __cplusplus
}
#endif

#endif
