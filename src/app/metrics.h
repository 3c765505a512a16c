/*
 * metrics.h - the metrics of everything behind the edge, by name.
 */
#ifndef PGL_APP_METRICS_H
#define PGL_APP_METRICS_H

#include "app/boot.h"

void pgl_metrics_register(struct pgl_boot *boot);
/* Of a listener's handshakes; `listener` is its name. */
void pgl_metrics_register_door(struct pgl_boot *boot, const struct pgl_tls_door *door,
                               const char *listener);

#endif
