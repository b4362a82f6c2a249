/* SPDX-License-Identifier: BSD-3-Clause */
#include "peer.h"

#include <string.h>

static const peer *const peers[] = {
    &textbook_peer,
    &torch_peer,
#ifdef HAVE_ONEDNN
    &onednn_peer,
    &onednn_best_peer,
#endif
};

const peer *peer_find(const char *name)
{
    for (size_t i = 0; i < sizeof peers / sizeof *peers; i++) {
        if (strcmp(peers[i]->name, name) == 0)
            return peers[i];
    }
    complain("--peer %s: this bnorm-bench was built without oneDNN", name);
    return NULL;
}
