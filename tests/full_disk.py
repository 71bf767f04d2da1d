"""A disk without room, for one process: its writes fail as they would there, and nobody else's do."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager

FULL = (0, resource.RLIM_INFINITY)  # the soft limit holds; the hard one lets us take it back


@contextmanager
def no_room(pid: int) -> Iterator[None]:
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE, FULL)
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


def without_room() -> None:
    """For `preexec_fn`: a process that never has any."""
    resource.setrlimit(resource.RLIMIT_FSIZE, FULL)
