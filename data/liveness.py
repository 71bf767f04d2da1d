"""Proof of life: a file that only its living process holds locked. The kernel lets go of it when the process dies."""

import fcntl
import os
from pathlib import Path
from typing import Self


class Pulse:
    """Held from construction until `stop()` or the end of the process, whatever way it ends."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        unborn = path.with_suffix(".new")  # under its own name only once it is locked: see sweep_away
        self._file = os.open(unborn, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        unborn.rename(path)

    def stop(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
            self.path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def sweep_away(folder: Path) -> None:
    """Remove the files of processes that died without tidying up."""
    for path in folder.glob("*.lock"):
        if not is_beating(path):
            path.unlink(missing_ok=True)


def is_beating(path: Path) -> bool:
    """Whether the process that holds this file lives. A missing file means that it stopped in good order."""
    try:
        file = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False
