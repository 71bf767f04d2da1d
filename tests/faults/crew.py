"""Workers by the dozen: each a process of its own with the real command, forked from one that has the imports behind it."""

import multiprocessing
import os
import signal
from collections.abc import Mapping
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import jobs.worker  # noqa: F401 - what a worker needs is imported before the fork
import main

STARTS_WITHIN = 30.0  # seconds, also on a busy machine
_nursery: Any = multiprocessing.get_context("forkserver")
_nursery.set_forkserver_preload([__name__])


def worker(settings: Mapping[str, str]) -> BaseProcess:
    """Returned once it runs. `settings` are HANDBILL_ variables."""
    heard, said = multiprocessing.Pipe(duplex=False)
    process: BaseProcess = _nursery.Process(target=_work, args=(dict(settings), said), daemon=True)
    process.start()
    said.close()
    assert heard.poll(STARTS_WITHIN), "the worker did not start"
    with os.fdopen(os.dup(heard.fileno())) as lines:
        assert "running" in lines.readline()
    heard.close()
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


def _work(settings: dict[str, str], said: Connection) -> None:
    os.environ.update(settings)
    os.dup2(said.fileno(), 1)
    said.close()
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 2)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main.worker()
