"""A note beside the database that says whose it is. It is in no backup, so a copy of the database does not fit it."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

ELSEWHERE: Final = "elsewhere"  # a mark that no database has


@dataclass(frozen=True, slots=True)
class Note:
    mark: str
    beats: int  # never more than the database's own, unless that is an older copy
    file: str  # which file of this disk the database was


class Sidecar:
    def __init__(self, database: Path) -> None:
        self.database = database
        self.path = database.with_suffix(".installation.json")

    def read(self) -> Note | None:
        """None where there is no note, or nothing that can be understood. Raises OSError where it can't be looked at."""
        try:
            told = json.loads(self.path.read_bytes())
            return Note(str(told["mark"]), int(told["beats"]), str(told["file"]))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def write(self, mark: str, beats: int) -> None:
        """Whole or not at all, also in a power cut. Raises OSError."""
        self._keep(Note(mark, beats, self.file()))

    def disown(self) -> None:
        """From now on any database here is thought a copy. Raises OSError."""
        self._keep(Note(ELSEWHERE, 0, ""))

    def file(self) -> str:
        """A copied file has another number; one that was moved, or whose folder is mounted anew, keeps it.

        The disk's own number is left out: it may change when the machine starts. The file is not opened: closing it
        would take away the locks that SQLite holds on it.
        """
        try:
            return str(self.database.stat().st_ino)
        except FileNotFoundError:
            return ""

    def _keep(self, note: Note) -> None:
        new = self.path.with_suffix(f".{os.getpid()}.new")
        try:
            with new.open("w") as file:
                json.dump(asdict(note), file)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.path)
        finally:
            new.unlink(missing_ok=True)
