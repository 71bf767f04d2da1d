"""Postfix's own test programs, where they are installed: `smtp-source` (C) as the yardstick, `smtp-sink` as a faster sink.

They are looked for on the path, in /usr/sbin, and in the folder that HANDBILL_BENCH_POSTFIX names: an unpacked package,
with `usr/sbin` and `usr/lib/postfix` or `sbin` and `lib/postfix` in it.
"""

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SESSIONS = 10
AT_MOST = 120.0  # seconds for one run
OPENS_WITHIN = 10.0  # seconds


@dataclass(frozen=True)
class Postfix:
    source: str
    sink: str
    libraries: str  # "" where the system finds them by itself

    def send(self, port: int, messages: int, length: int, *, keeps: bool) -> float:
        """Seconds. `keeps`: one connection for many messages, as we do; of its own accord it opens one for each."""
        command = [self.source, "-s", str(SESSIONS), "-m", str(messages), "-l", str(length)]
        began = time.monotonic()
        subprocess.run(
            [*command, *(["-d"] if keeps else []), f"127.0.0.1:{port}"],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            timeout=AT_MOST,
            check=True,
        )
        return time.monotonic() - began

    @contextmanager
    def listening(self) -> Iterator[int]:
        """The port of a sink that throws away what it gets. As root it insists on being told who to be."""
        port = _free_port()
        who = ["-u", pwd.getpwuid(os.getuid()).pw_name] if os.getuid() == 0 else []
        process = subprocess.Popen(
            [self.sink, *who, f"127.0.0.1:{port}", "512"],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_until_open(port)
            yield port
        finally:
            process.terminate()
            process.wait(OPENS_WITHIN)

    def _environment(self) -> dict[str, str]:
        return dict(os.environ) | ({"LD_LIBRARY_PATH": self.libraries} if self.libraries else {})


def found() -> Postfix | None:
    named = os.environ.get("HANDBILL_BENCH_POSTFIX", "")
    for folder in [Path(named) / "usr", Path(named)] if named else []:
        if (folder / "sbin/smtp-source").exists():
            return Postfix(
                str(folder / "sbin/smtp-source"),
                str(folder / "sbin/smtp-sink"),
                str(folder / "lib/postfix"),
            )
    path = f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin"
    source, sink = shutil.which("smtp-source", path=path), shutil.which("smtp-sink", path=path)
    return Postfix(source, sink, "") if source and sink else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_open(port: int) -> None:
    end = time.monotonic() + OPENS_WITHIN
    while time.monotonic() < end:
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.02)
    raise TimeoutError("Postfix's smtp-sink did not open its port")
