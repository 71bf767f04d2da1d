"""A process beside a bench that watches what arrives: one line once it is ready, and at SIGTERM what it saw, as JSON."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Generic, Self, TypeVar

PROJECT = Path(__file__).parents[2]
ENDS_WITHIN = 20.0  # seconds
Seen = TypeVar("Seen")


class Watcher(Generic[Seen]):
    """`python -m module options`, seen from the bench. `said` is its first line."""

    def __init__(self, kind: type[Seen], module: str, *options: str) -> None:
        self._kind = kind
        self._seen: Seen | None = None
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *options],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self.said = self.process.stdout.readline().strip()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.seen()

    def seen(self) -> Seen:
        """Ends it."""
        if self._seen is None:
            self.process.terminate()
            said, _ = self.process.communicate(timeout=ENDS_WITHIN)
            self._seen = self._kind(**json.loads(said))
        return self._seen
