"""Files that somebody handed in and that wait to be read: whole or not at all, and gone once they are used."""

import os
import re
import secrets
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Final

from data.config import config

NAME: Final = re.compile(r"[0-9a-f]{32}")
GRACE: Final = 3600.0  # seconds; a file so young may belong to a unit of work that is not committed yet


class Spool:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, content: bytes) -> str:
        """The name under which `read` finds it. On disk before this returns. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = secrets.token_hex(16)
        new = self.folder / f"{name}.new"
        try:
            with new.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            new.rename(self.folder / name)
        finally:
            new.unlink(missing_ok=True)
        return name

    def read(self, name: str) -> bytes | None:
        """None where it is gone."""
        if not NAME.fullmatch(name):
            return None
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def drop(self, name: str) -> None:
        """What can't be removed now is left to `sweep`."""
        if NAME.fullmatch(name):
            with suppress(OSError):
                (self.folder / name).unlink(missing_ok=True)

    def sweep(self, wanted: Collection[str]) -> None:
        """Remove what nobody wants any more, such as the file of a process that died before its commit."""
        if not self.folder.is_dir():
            return
        for path in self.folder.iterdir():
            with suppress(OSError):
                if path.name not in wanted and time.time() - path.stat().st_mtime > GRACE:
                    path.unlink()


def spool() -> Spool:
    """The lists that wait to be taken, and the rows of them that were refused."""
    return Spool(config().data / "imports")
