"""`restore` puts a backup back: whole, with the secret that opens it, and never under a running shop."""

import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import main
from data.database import close_database, database, now, reading, unit
from data.liveness import Pulse
from data.migrate import to_version
from domain.sending import campaigns
from domain.sending.campaigns import Status
from domain.shop import installation, shop
from domain.shop.people import Actor, Role
from jobs.queue import close_queue

OLIVE = Actor(None, "Olive", Role.OWNER)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("HANDBILL_DATA", str(tmp_path / "shop"))
    yield tmp_path / "shop"
    close()


@pytest.fixture
def saved(folder: Path, tmp_path: Path) -> Path:
    """A backup of a shop called Marlow, which has another name since."""
    main.open_shop()
    named("Marlow")
    file = tmp_path / "copy.zip"
    assert run("backup", str(file)) == (0, "")
    named("Finch")
    close()
    return file


def named(name: str) -> None:
    with unit() as session:
        shop.change(session, {"name": name}, by=OLIVE, now=now())


def name_now() -> str:
    main.open_shop()
    with reading() as session:
        return shop.read(session).name


def run(*words: str) -> tuple[int, str]:
    """The exit code, and what was said on the way out."""
    ended = CliRunner().invoke(main.app, words)
    return ended.exit_code, ended.stderr.strip()


def close() -> None:
    close_queue()
    close_database()


def test_what_was_saved_is_there_again_and_what_was_replaced_is_kept(folder: Path, saved: Path) -> None:
    assert run("restore", str(saved)) == (0, "")
    assert name_now() == "Marlow"
    (kept,) = folder.glob("handbill.db.before-*")
    copy = sqlite3.connect(kept)
    assert copy.execute("SELECT name FROM shop").fetchone() == ("Finch",)
    copy.close()
    assert {path.stat().st_mode & 0o077 for path in folder.iterdir() if path.is_file()} == {0}


def test_on_a_new_machine_the_secret_comes_along(
    folder: Path, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANDBILL_DATA", str(tmp_path / "new"))
    assert run("restore", str(saved)) == (0, "")
    assert name_now() == "Marlow"
    assert (tmp_path / "new" / "secret").read_text() == (folder / "secret").read_text()


def test_the_secret_that_was_there_is_kept(folder: Path, saved: Path) -> None:
    (folder / "secret").write_text("another")
    assert run("restore", str(saved)) == (0, "")
    (kept,) = folder.glob("secret.before-*")
    assert kept.read_text() == "another"


def test_a_restored_shop_with_something_planned_is_fenced_even_at_once(folder: Path, tmp_path: Path) -> None:
    main.open_shop()
    with unit() as session:
        fields = {"name": "Viewing", "subject": "Hello", "text_body": "Come in."}
        campaign = campaigns.create(session, fields, by=OLIVE, now=now())
        campaign.status, campaign.scheduled_at = Status.SCHEDULED, now()
    file = tmp_path / "copy.zip"
    run("backup", str(file))
    close()
    assert run("restore", str(file)) == (0, "")
    main.open_shop()
    with reading() as session:
        assert installation.is_fenced(session)


def test_a_running_worker_is_in_the_way(folder: Path, saved: Path) -> None:
    with Pulse(folder / "pulses" / "1-a.lock"):
        code, said = run("restore", str(saved))
    assert (code, said) == (
        2,
        "Handbill is running on this data folder. Stop it first, then restore.",
    )
    assert name_now() == "Finch"


def test_open_pages_without_a_worker_are_in_the_way_too(folder: Path, saved: Path) -> None:
    elsewhere = sqlite3.connect(folder / "handbill.db")
    elsewhere.execute("SELECT name FROM shop").fetchone()
    code, said = run("restore", str(saved))
    elsewhere.close()
    assert (code, said) == (2, "Handbill is running on this data folder. Stop it first, then restore.")
    assert not list(folder.glob("*.before-*"))


def test_a_file_that_is_no_backup_changes_nothing(folder: Path, saved: Path, tmp_path: Path) -> None:
    whole = saved.read_bytes()
    files = {
        "text": b"hello",
        "half": whole[: len(whole) // 2],
        "empty": b"",
        "folder": None,
        "none": None,
    }
    (tmp_path / "folder").mkdir()
    for name, content in files.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
        code, said = run("restore", str(tmp_path / name))
        assert code == 2, name
        assert said.endswith("."), said
        assert "Traceback" not in said
    assert name_now() == "Finch"


@pytest.mark.parametrize("what", [b"this is no database" * 300, b""])
def test_a_damaged_database_changes_nothing(folder: Path, saved: Path, tmp_path: Path, what: bytes) -> None:
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("handbill.db", what)
        archive.writestr("secret", "other")
    code, said = run("restore", str(tmp_path / "bad.zip"))
    assert (code, said) == (2, "The database in this backup is damaged, so nothing was changed.")
    assert name_now() == "Finch"


def test_a_backup_of_a_newer_handbill_waits_for_the_update(folder: Path, saved: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(saved) as archive:
        archive.extractall(tmp_path / "newer")
    newer = sqlite3.connect(tmp_path / "newer" / "handbill.db", isolation_level=None)
    newer.execute("UPDATE alembic_version SET version_num = '9999'")
    newer.close()
    with zipfile.ZipFile(tmp_path / "newer.zip", "w") as archive:
        archive.write(tmp_path / "newer" / "handbill.db", "handbill.db")
    code, said = run("restore", str(tmp_path / "newer.zip"))
    assert (code, said.partition(".")[0]) == (2, "This backup was made by a newer Handbill")
    assert name_now() == "Finch"


def test_a_damaged_shop_can_be_restored(folder: Path, saved: Path) -> None:
    (folder / "handbill.db").write_bytes(b"no database at all" * 1000)
    assert run("restore", str(saved)) == (0, "")
    assert name_now() == "Marlow"


def test_the_log_of_a_shop_that_was_cut_off_does_not_get_into_the_restored_one(
    folder: Path, saved: Path
) -> None:
    """After a power cut the last changes lie in the log beside the database; they belong to the old one."""
    held = sqlite3.connect(folder / "handbill.db", isolation_level=None)
    held.execute("UPDATE shop SET name = 'Cut off'")
    files = {tail: (folder / f"handbill.db{tail}").read_bytes() for tail in ("", "-wal")}
    held.close()
    for tail, content in files.items():
        (folder / f"handbill.db{tail}").write_bytes(content)
    assert run("restore", str(saved)) == (0, "")
    assert name_now() == "Marlow"
    (kept,) = folder.glob("handbill.db.before-*")
    copy = sqlite3.connect(kept)
    assert copy.execute("SELECT name FROM shop").fetchone() == ("Cut off",)
    copy.close()


def test_what_was_overdue_before_an_update_asks_instead_of_firing(folder: Path) -> None:
    main.open_shop()
    with unit() as session:
        fields = {"name": "Viewing", "subject": "Hello", "text_body": "Come in."}
        campaign = campaigns.create(session, fields, by=OLIVE, now=now())
        campaign.status, campaign.scheduled_at = Status.SCHEDULED, now()
        campaign_id = campaign.id
    close()
    main.open_shop()
    assert status_of(campaign_id) == Status.SCHEDULED, "an ordinary start leaves it to the clock"
    _back_to("0002")
    main.open_shop()
    with reading() as session:
        campaign = campaigns.get(session, campaign_id)
    assert campaign.status == Status.DRAFT
    assert "was being updated" in campaign.last_launch_error


def status_of(campaign_id: int) -> str:
    with reading() as session:
        return campaigns.get(session, campaign_id).status


def _back_to(version: str) -> None:
    to_version(database(), version, back=True)
    close()
