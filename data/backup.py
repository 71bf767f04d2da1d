"""A copy of everything that matters, taken while the shop is open: the database and the secret that opens it."""

import sqlite3
import tempfile
import zipfile
from pathlib import Path


def backup(database: Path, secret: Path, target: Path) -> int:
    """Write both into one zip file, readable by its owner only; gives its size in bytes. Raises OSError."""
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        copy = Path(folder) / "handbill.db"
        _copy(database, copy)
        made = Path(folder) / "backup.zip"
        made.touch(mode=0o600)
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(copy, "handbill.db")
            if secret.exists():
                archive.write(secret, "secret")
        made.replace(target)
    return target.stat().st_size


def _copy(database: Path, copy: Path) -> None:
    """SQLite's own way: a consistent copy, whoever writes meanwhile."""
    source, target = sqlite3.connect(database), sqlite3.connect(copy)
    try:
        source.backup(target)
    finally:
        source.close()
        target.close()
