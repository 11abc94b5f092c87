/* SPDX-License-Identifier: GPL-2.0 */
/*
 * host/option.h - the option table as the linker collects it, for the parser and for --help
 *
 * World: host.
 */
#ifndef _UM_HOST_OPTION_H
#define _UM_HOST_OPTION_H

#include <um/option.h>

extern const struct um_option um_options_start[] __asm__("__um_options_start");
extern const struct um_option um_options_end[] __asm__("__um_options_end");

#endif /* _UM_HOST_OPTION_H */
