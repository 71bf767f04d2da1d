"""`python main.py read-mail`, as a program: what a mail server or a script sees."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.domain.returned_mail.bounces import ANN, BEN, BOUNCES
from tests.domain.returned_mail.writing import complaint, failed, report

pytestmark = pytest.mark.thorough

PROJECT = Path(__file__).parents[2]
GONE = report("", failed(ANN, "5.1.1", f"550 5.1.1 <{ANN}>: User unknown"), to=ANN)


def read_mail(*arguments: str, typed: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, str(PROJECT / "main.py"), "read-mail", *arguments]
    return subprocess.run(command, input=typed, capture_output=True, timeout=120)


def told(run: subprocess.CompletedProcess[bytes]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_a_piped_message_is_told_in_one_line() -> None:
    run = read_mail(typed=GONE)
    assert run.returncode == 0
    assert told(run) == [
        {
            "file": "-",
            "kind": "bounce",
            "recipients": [
                {
                    "address": ANN,
                    "permanent": True,
                    "reason": "Nobody has this address.",
                    "status": "5.1.1",
                    "diagnostic": f"550 5.1.1 <{ANN}>: User unknown",
                }
            ],
        }
    ]


def test_what_is_piped_in_is_written_into_the_books_where_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANDBILL_DATA", str(tmp_path))
    assert read_mail(typed=GONE).returncode == 0
    assert not (tmp_path / "handbill.db").exists()
    assert [read_mail("--take", typed=GONE).returncode for _ in range(2)] == [0, 0]
    with closing(sqlite3.connect(tmp_path / "handbill.db")) as book:
        assert book.execute("SELECT provider, address FROM incoming_events").fetchall() == [("mailbox", ANN)]


def test_each_message_of_each_file_has_its_line(tmp_path: Path) -> None:
    """In any letters, and a file that is not there does not stop those behind it."""
    begin = b"From MAILER-DAEMON Fri May  7 10:00:00 2027\n"
    files = {
        "bounce": GONE,
        "russian": next(raw for name, raw, _ in BOUNCES if name == "Mail.ru"),
        "complaint": complaint("Feedback-Type: abuse\n", to=BEN),
        "rubbish": b"\xff\xfe rubbish",
        "away": b"Auto-Submitted: auto-replied\n\nAway",
        "box": begin + GONE + b"\n" + begin + GONE,
    }
    for name, raw in files.items():
        (tmp_path / name).write_bytes(raw)
    run = read_mail(str(tmp_path / "nothing"), str(tmp_path), *(str(tmp_path / name) for name in files))
    assert [(Path(one["file"]).name, one["kind"]) for one in told(run)] == [
        ("bounce", "bounce"),
        ("russian", "bounce"),
        ("complaint", "complaint"),
        ("rubbish", "other"),
        ("away", "auto_reply"),
        ("box", "bounce"),
        ("box", "bounce"),
    ]
    assert told(run)[2]["recipients"][0] | {"diagnostic": ""} == {
        "address": BEN,
        "permanent": None,
        "reason": "This person reported the message as spam.",
        "status": None,
        "diagnostic": "",
    }
    assert run.stdout.isascii()
    assert run.returncode == 2
    assert run.stderr.count(b"could not be read") == 2
    assert b"Traceback" not in run.stderr


def test_nothing_at_all_is_other() -> None:
    run = read_mail()
    assert (run.returncode, told(run)) == (0, [{"file": "-", "kind": "other", "recipients": []}])


def test_help_says_what_it_is_for() -> None:
    run = read_mail("--help")
    assert run.returncode == 0
    assert b"returned mail" in run.stdout
