# SPDX-License-Identifier: GPL-2.0
"""Where the lab keeps kernels that it unpacked or built: $PVHV_CACHE, else ~/.cache/pvhv.
Several checkouts may share it, so whoever fills a part of it holds that part's lock.
"""
import contextlib
import fcntl
import os

CACHE = os.environ.get("PVHV_CACHE") or os.path.expanduser("~/.cache/pvhv")


class Missing(Exception):
    """No such kernel on this machine."""


@contextlib.contextmanager
def lock(part):
    """Nobody else fills this part of the cache meanwhile."""
    os.makedirs(CACHE, exist_ok=True)
    with open(os.path.join(CACHE, part + ".lock"), "w", encoding="ascii") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield
