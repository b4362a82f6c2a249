/* SPDX-License-Identifier: BSD-3-Clause */
#include "hdf5_input.h"

#ifdef HAVE_HDF5

#include <hdf5.h>
#include <stdlib.h>

/* Read the dataset called name, of the given number of dimensions, as doubles.
 * dims receives its sizes; *values is the caller's to free. */
static outcome read_array(hid_t file, const char *path, const char *name, int rank,
                          hsize_t *dims, double **values)
{
    outcome result = OUTCOME_USAGE;
    hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
    if (set < 0)
        return complain_as(result, "%s: no dataset '%s'", path, name);
    hid_t space = H5Dget_space(set);
    if (space < 0 || H5Sget_simple_extent_ndims(space) != rank) {
        complain("%s: dataset '%s' has not %d dimension(s)", path, name, rank);
    } else {
        H5Sget_simple_extent_dims(space, dims, NULL);
        size_t total = (size_t)H5Sget_simple_extent_npoints(space);
        *values = malloc(total ? total * sizeof **values : 1);
        if (!*values)
            result = complain_as(OUTCOME_IMPOSSIBLE, "%s: out of memory", path);
        else if (total == 0)
            complain("%s: dataset '%s' is empty", path, name);
        else if (H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, *values) < 0)
            complain("%s: dataset '%s' can't be read as numbers", path, name);
        else
            result = OUTCOME_DONE;
    }
    if (space >= 0)
        H5Sclose(space);
    H5Dclose(set);
    return result;
}

outcome hdf5_input_read(dataset *data, const dataset_source *source)
{
    if (!source->dataset)
        return complain_as(OUTCOME_USAGE, "%s: an HDF5 file needs --dataset NAME", source->path);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL); /* complaints are ours to make */
    hid_t file = H5Fopen(source->path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (file < 0)
        return complain_as(OUTCOME_USAGE, "%s: no HDF5 file, or not readable", source->path);
    hsize_t size[2], labels[1];
    outcome result = read_array(file, source->path, source->dataset, 2, size, &data->values);
    if (!result) {
        data->rows = (int64_t)size[0];
        data->cols = (int64_t)size[1];
    }
    if (!result && source->labels) {
        result = read_array(file, source->path, source->labels, 1, labels, &data->labels);
        if (!result && labels[0] != size[0])
            result = complain_as(OUTCOME_USAGE, "%s: %llu labels for %llu rows", source->path,
                                 (unsigned long long)labels[0], (unsigned long long)size[0]);
    }
    H5Fclose(file);
    return result;
}

#else

outcome hdf5_input_read(dataset *data, const dataset_source *source)
{
    (void)data;
    return complain_as(OUTCOME_IMPOSSIBLE, "%s: this bnorm-bench was built without HDF5 (install "
                       "libhdf5-dev, configure again)", source->path);
}

#endif
