"""A copy of everything that matters, taken while the shop is open: the database and the secret that opens it."""

import os
import shutil
import sqlite3
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import IO

from data.liveness import is_beating
from data.migrate import is_known
from data.sidecar import Sidecar

DATABASE, SECRET = "handbill.db", "secret"


class NotRestored(Exception):
    """One sentence about why, and everything is as it was."""


def backup(database: Path, secret: Path, target: Path) -> int:
    """Write both into one zip file, readable by its owner only; gives its size in bytes. Raises OSError."""
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        copy = Path(folder) / DATABASE
        _copy(database, copy)
        made = Path(folder) / "backup.zip"
        made.touch(mode=0o600)
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(copy, DATABASE)
            if secret.exists():
                archive.write(secret, SECRET)
        made.replace(target)
    return target.stat().st_size


def restore(source: Path, database: Path, secret: Path, *, suffix: str) -> list[Path]:
    """Put a backup in the place of what is there, which stays beside it under its name and `suffix`.

    Gives the files that were set aside. Whoever starts next takes the database for a copy, because the note beside it
    says so. Raises NotRestored, and then nothing was changed; or OSError.
    """
    database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=database.parent) as folder:
        taken = _unpacked(source, Path(folder))
        _require_whole(taken / DATABASE)
        _require_closed(database, secret.parent / "pulses")
        Sidecar(database).disown()
        aside = [_set_aside(database, suffix)]
        if (taken / SECRET).exists() and not _same(taken / SECRET, secret):
            aside.append(_set_aside(secret, suffix))
            (taken / SECRET).replace(secret)
        (taken / DATABASE).replace(database)
    return [path for path in aside if path is not None]


def _copy(database: Path, copy: Path) -> None:
    """SQLite's own way: a consistent copy, whoever writes meanwhile."""
    source, target = sqlite3.connect(database), sqlite3.connect(copy)
    try:
        source.backup(target)
    finally:
        source.close()
        target.close()


def _unpacked(source: Path, folder: Path) -> Path:
    """Only the two files that a backup holds; whatever else is in there stays where it is."""
    try:
        with zipfile.ZipFile(source) as archive:
            for name in {DATABASE, SECRET} & set(archive.namelist()) | {DATABASE}:
                with archive.open(name) as packed, _private(folder / name) as file:
                    shutil.copyfileobj(packed, file)
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, RuntimeError, NotImplementedError):
        raise NotRestored(f"{source} is not a backup that Handbill made, or it is damaged.") from None
    return folder


def _private(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _require_whole(database: Path) -> None:
    connection = sqlite3.connect(database)
    try:
        whole = connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError:
        whole, version = False, None
    finally:
        connection.close()
    if not whole or version is None:
        raise NotRestored("The database in this backup is damaged, so nothing was changed.")
    if not is_known(version[0]):
        raise NotRestored("This backup was made by a newer Handbill. Update Handbill first, then restore.")


def _require_closed(database: Path, pulses: Path) -> None:
    """Nobody works, and nobody else has the database open. Its log is folded back into it on the way."""
    busy = NotRestored("Handbill is running on this data folder. Stop it first, then restore.")
    if any(is_beating(path) for path in pulses.glob("*.lock")):
        raise busy
    if not database.exists():
        return
    connection = sqlite3.connect(database, timeout=1, isolation_level=None)
    try:
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    except sqlite3.OperationalError:
        raise busy from None
    except sqlite3.DatabaseError:
        return  # it is damaged: a good reason to restore
    finally:
        connection.close()


def _same(one: Path, other: Path) -> bool:
    return other.exists() and one.read_bytes() == other.read_bytes()


def _set_aside(path: Path, suffix: str) -> Path | None:
    """With the log of a damaged database, which must not be taken for the new one's."""
    for tail in ("-wal", "-shm"):
        log = path.with_name(path.name + tail)
        if log.exists():
            log.replace(path.with_name(path.name + suffix + tail))
    if not path.exists():
        return None
    aside = path.with_name(path.name + suffix)
    path.replace(aside)
    return aside
