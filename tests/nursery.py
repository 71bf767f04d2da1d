"""Processes by the dozen: each is a program of its own, forked from one that has the imports behind it.

A start of Handbill reads modules for two seconds. Here one process reads them, and those that are born of it are at work at
once. Where the start itself is what a test is about, it runs `main.py`.
"""

import importlib
import multiprocessing
import os
import runpy
import signal
import sys
import warnings
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final

from data import failpoint

STARTS_WITHIN: Final = 60.0  # seconds, also on a busy machine
PRELOADED: Final = ("main", "jobs.worker", "ui.doors", "tests.twins.smtp_server")
_nursery: Any = multiprocessing.get_context("forkserver")
_nursery.set_forkserver_preload([__name__, *PRELOADED])


def born(
    program: str,
    words: Sequence[str],
    environment: Mapping[str, str],
    out: Connection | Path | None = None,
) -> BaseProcess:
    """As `python -m program words`. `out` hears what it says; what goes wrong is heard there only by a file."""
    process: BaseProcess = _nursery.Process(
        target=_live, args=(program, list(words), dict(environment), out), daemon=True
    )
    process.start()
    return process


def born_and_heard(
    program: str, words: Sequence[str], environment: Mapping[str, str]
) -> tuple[BaseProcess, str]:
    """Returned once it has said something, with the first line of that."""
    heard, said = multiprocessing.Pipe(duplex=False)
    process = born(program, words, environment, said)
    said.close()
    assert heard.poll(STARTS_WITHIN), f"{program} did not start"
    with os.fdopen(os.dup(heard.fileno())) as lines:
        line = lines.readline()
    heard.close()
    return process, line


def _live(program: str, words: list[str], environment: dict[str, str], out: Connection | Path | None) -> None:
    os.environ.clear()
    os.environ.update(environment)
    importlib.reload(failpoint)  # it looks at the environment only once
    _speak_to(out)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.argv = [program, *words]
    warnings.simplefilter("ignore", RuntimeWarning)  # that the program was imported before: so it is meant
    runpy.run_module(program, run_name="__main__")


def _speak_to(out: Connection | Path | None) -> None:
    quiet = os.open(os.devnull, os.O_WRONLY)
    if isinstance(out, Path):
        log = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        return
    os.dup2(out.fileno() if out else quiet, 1)
    os.dup2(quiet, 2)
    if out:
        out.close()
