"""The command line: what it needs, and one clear sentence where something can't be right."""

import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import main
from data.database import close_database, reading
from domain.audience import segments
from domain.shop import people, shop
from domain.shop.people import Actor, Role
from jobs.queue import close_queue

OLIVE = Actor(None, "Olive", Role.OWNER)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("HANDBILL_DATA", str(tmp_path / "shop"))
    yield tmp_path / "shop"
    close_queue()
    close_database()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("HANDBILL_PORT", "eighty", "HANDBILL_PORT must be a whole number."),
        ("HANDBILL_PORT", "70000", "HANDBILL_PORT must be a whole number, and this one is out of range."),
        ("HANDBILL_BASE_URL", "my-shop", "HANDBILL_BASE_URL must be a web address such as https://mail.my-shop.com."),
        ("HANDBILL_SMTP_URL", "http://mail", "HANDBILL_SMTP_URL must look like smtp://user:password@host:port?security=starttls."),
        ("HANDBILL_SMTP_URL", "smtp://mail?security=maybe", "HANDBILL_SMTP_URL security must be none, starttls or tls."),
        ("HANDBILL_SMTP_URL", "smtp://mail?per_second=fast", "HANDBILL_SMTP_URL per_second must be a whole number from 1 to 100,000,000."),
        ("HANDBILL_SMTP_URL", "smtp://mail?per_hour=0", "HANDBILL_SMTP_URL per_hour must be a whole number from 1 to 100,000,000."),
        ("HANDBILL_SMTP_URL", "smtp://mail?per_day=", "HANDBILL_SMTP_URL per_day must be a whole number from 1 to 100,000,000."),
        ("HANDBILL_SMTP_URL", "smtp://mail?per_connection=1e3", "HANDBILL_SMTP_URL per_connection must be a whole number from 1 to 100,000,000."),
        ("HANDBILL_SMTP_URL", "smtp://mail?per_secnod=14", "HANDBILL_SMTP_URL knows no per_secnod; it knows security, per_second, per_hour, per_day, per_connection."),
        ("HANDBILL_DATABASE_URL", "postgresql://x", "HANDBILL_DATABASE_URL must begin with sqlite:/// (other databases are not supported yet)."),
        ("HANDBILL_OWNER_EMAIL", "olive@shop.example", "HANDBILL_OWNER_EMAIL and HANDBILL_OWNER_PASSWORD: give both or neither."),
        ("HANDBILL_DATA", "/proc/none", "HANDBILL_DATA: the folder can't be used (No such file or directory)."),
    ],
)  # fmt: skip
def test_a_setting_that_can_not_be_right_stops_the_start_with_one_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(name, value)
    ended = CliRunner().invoke(main.app, ["migrate"])
    assert ended.exit_code == 2
    assert ended.output.strip() == sentence


@pytest.mark.parametrize("command", ["serve", "worker", "migrate", "import", "user", "backup", "restore"])
def test_every_command_explains_itself(command: str) -> None:
    ended = CliRunner().invoke(main.app, [command, "--help"])
    assert ended.exit_code == 0
    assert "Usage:" in ended.output


def test_a_person_is_added_from_the_command_line(folder: Path) -> None:
    words = [
        "user",
        "add",
        "--email",
        "Max@shop.example",
        "--role",
        "manager",
        "--password",
        "correct horse battery",
    ]
    ended = CliRunner().invoke(main.app, words)
    assert ended.output.strip() == "Max can sign in with max@shop.example."
    with reading() as session:
        assert people.by_email(session, "max@shop.example") is not None


@pytest.mark.parametrize(
    ("role", "password", "sentence"),
    [
        ("boss", "correct horse battery", "There is no role called boss."),
        ("manager", "short", "A password needs at least 8 characters."),
        ("manager", "password", "one of the first that anybody would try"),
    ],
)
def test_a_person_that_can_not_be_is_refused(folder: Path, role: str, password: str, sentence: str) -> None:
    words = ["user", "add", "--email", "max@shop.example", "--role", role, "--password", password]
    ended = CliRunner().invoke(main.app, words)
    assert ended.exit_code == 2
    assert sentence in ended.output


def test_the_owner_can_come_from_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDBILL_OWNER_EMAIL", "olive@shop.example")
    monkeypatch.setenv("HANDBILL_OWNER_PASSWORD", "correct horse battery")
    for _ in range(2):  # the second start finds the owner and leaves everything as it is
        main.open_shop()
    with reading() as session:
        assert people.there_is_an_owner(session)
        assert shop.read(session).ready
        assert len(segments.every(session, by=OLIVE)) >= 5


def test_a_backup_holds_the_database_and_the_secret(folder: Path, tmp_path: Path) -> None:
    main.open_shop()
    ended = CliRunner().invoke(main.app, ["backup", str(tmp_path / "copy.zip")])
    assert ended.exit_code == 0, ended.output
    with zipfile.ZipFile(tmp_path / "copy.zip") as archive:
        archive.extractall(tmp_path / "restored")
    assert (tmp_path / "restored" / "secret").read_text() == (folder / "secret").read_text()
    copy = sqlite3.connect(tmp_path / "restored" / "handbill.db")
    assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert copy.execute("SELECT count(*) FROM segments").fetchone()[0] >= 5
    copy.close()


def test_the_secret_is_made_once_and_what_is_kept_is_readable_by_its_owner_only(folder: Path) -> None:
    main.open_shop()
    kept = (folder / "secret").read_text()
    main.open_shop()
    assert (folder / "secret").read_text() == kept
    for name in ("secret", "handbill.db"):
        assert (folder / name).stat().st_mode & 0o077 == 0
