"""Workers by the dozen: each a process of its own with the real command, and quick to start."""

import os
import signal
from collections.abc import Mapping
from multiprocessing.process import BaseProcess

from tests import nursery


def worker(settings: Mapping[str, str]) -> BaseProcess:
    """Returned once it runs. `settings` are HANDBILL_ variables."""
    process, line = nursery.born_and_heard("main", ["worker"], {**os.environ, **settings})
    assert "running" in line
    return process


def kill(process: BaseProcess) -> None:
    """At once, as the kernel does when memory is short or the plug is pulled."""
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join(10)
    assert process.exitcode == -signal.SIGKILL


def dismiss(process: BaseProcess, within: float = 30.0) -> None:
    """Ask it to go, as `systemctl stop` does. It must come to its end by itself and in good order."""
    process.terminate()
    process.join(within)
    assert process.exitcode == 0, f"it ended with {process.exitcode}"
