/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>

static _Thread_local char last_error[512];

bnorm_status bnorm_fail(bnorm_status status, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(last_error, sizeof last_error, format, list);
    va_end(list);
    return status;
}

bnorm_status bnorm_check_size(const char *name, size_t size, size_t expected)
{
    if (size != expected)
        return bnorm_fail(BNORM_ERR_UNSUPPORTED, "%s.struct_size is %zu; expected %zu, sizeof in "
                          "this version%s", name, size, expected,
                          size ? "" : "; was the struct initialized?");
    return BNORM_OK;
}

const char *bnorm_last_error(void)
{
    return last_error;
}

const char *bnorm_strerror(bnorm_status status)
{
    switch (status) {
    case BNORM_OK: return "success";
    case BNORM_ERR_ARGUMENT: return "invalid argument";
    case BNORM_ERR_MEMORY: return "out of memory";
    case BNORM_ERR_UNSUPPORTED: return "not supported here";
    case BNORM_ERR_BUSY: return "the plan is already executing on this thread";
    case BNORM_ERR_UPSTREAM: return "the upstream function failed";
    case BNORM_ERR_COMM: return "communication failed";
    case BNORM_ERR_SYSTEM: return "the operating system refused";
    }
    return "unknown status";
}

#define TEXT(x) #x
#define VERSION(major, minor, patch) TEXT(major) "." TEXT(minor) "." TEXT(patch)

const char *bnorm_version(void)
{
    return VERSION(BNORM_VERSION_MAJOR, BNORM_VERSION_MINOR, BNORM_VERSION_PATCH);
}
