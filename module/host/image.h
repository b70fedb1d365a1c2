/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The monitor image inside this module: checked, relocated once, then read-only,
 * and mapped into every space. Also names addresses for backtraces.
 */
#ifndef PVHV_HOST_IMAGE_H
#define PVHV_HOST_IMAGE_H

#include "space.h"
#include "../shared/image.h"

/** pvhv_image_init - copy, check and relocate the image; -ENOEXEC: it does not fit this module */
int __must_check pvhv_image_init(void);
void pvhv_image_exit(void);

const struct image_header *pvhv_image_header(void);

/** pvhv_image_map - map the image at @va of @s (canonical place or start of an area) */
int __must_check pvhv_image_map(struct pvhv_space *s, u64 va);

/**
 * pvhv_image_symbol - name an address in any copy of the image
 * Writes "function+0xoffset" or the plain address to @buf; returns @buf.
 */
char *pvhv_image_symbol(u64 addr, char *buf, size_t size);

#endif
