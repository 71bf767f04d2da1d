"""Everybody on a send as a file: what stands in it, and that a spreadsheet works nothing out."""

import csv
import io
import zipfile
from datetime import UTC, datetime

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from data.database import unit
from domain.book import customers
from domain.ledger.deliveries import Delivery, Heard, State
from domain.ledger.events import Event
from tests.ui.conftest import Api
from tests.ui.test_roles import _cookie

SLY = "=cmd|' /C calc'!A0"
AT = datetime(2026, 11, 21, 9, 31, tzinfo=UTC)
LETTER = {"subject": "Come by", "textBody": "We are open.", "audience": {"type": "all"}}


@pytest.fixture
def send(api: Api) -> int:
    """To a sly name who opened it twice, and to somebody whose mailbox is full."""
    with unit() as session:
        for name in (SLY, "Ben"):
            person = {"first_name": name, "email": f"{name[1:4].strip()}@x.example"}
            customers.create(session, person, by=api.cast.olive, now=AT)
    number: int = api.post("dispatches", LETTER).json()["dispatchId"]
    with unit() as session:
        first, second = session.scalars(select(Delivery).order_by(Delivery.id))
        for row in (first, second):
            row.state, row.settled_at = State.SENT, AT
        first.heard = Heard.DELIVERED
        second.heard, second.heard_reason, second.heard_said = (
            Heard.RETURNED,
            "mailbox_full",
            "452 4.2.2 full",
        )
        for who in ("human", "human", "machine"):
            session.add(Event(delivery_id=first.id, kind="opened", at=AT, who=who))
    return number


def taken(api: Api, send: int, form: str) -> bytes:
    answer = api.nobody.get(f"/marketing/sends/{send}/recipients.{form}", headers=_cookie(api, "sal"))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].endswith(f'-{send}.{form}"')
    return answer.content


def test_a_line_for_each_recipient_and_what_became_of_the_message(api: Api, send: int) -> None:
    rows = list(csv.DictReader(io.StringIO(taken(api, send, "csv").decode("utf-8-sig"))))
    assert [row["Name"] for row in rows] == [f"'{SLY}", "Ben"]
    first, second = rows
    assert (first["State"], first["Opens"], first["Opens by machines"]) == ("Delivered", "2", "1")
    assert first["Opened first (UTC)"] == "2026-11-21 09:31:00"
    assert (second["State"], second["Reason"]) == ("Came back for now", "The mailbox is full.")
    assert (second["Server words"], second["Opens"]) == ("452 4.2.2 full", "0")


def test_a_workbook_says_the_same_and_works_nothing_out(api: Api, send: int) -> None:
    raw = taken(api, send, "xlsx")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(raw)).get_sheet_by_index(0).to_python()
    plain = list(csv.reader(io.StringIO(taken(api, send, "csv").decode("utf-8-sig"))))
    assert [str(cell) for cell in rows[0]] == plain[0]
    assert [row[0] for row in rows[1:]] == [SLY, "Ben"], "text needs no apostrophe in a workbook"
    assert rows[1][7] == AT.replace(tzinfo=None)
    with zipfile.ZipFile(io.BytesIO(raw)) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")


def test_no_file_of_a_send_that_never_was_nor_in_another_form(api: Api, send: int) -> None:
    cookie = _cookie(api, "olive")
    assert api.nobody.get("/marketing/sends/999/recipients.xlsx", headers=cookie).status_code == 404
    assert api.nobody.get(f"/marketing/sends/{send}/recipients.exe", headers=cookie).status_code == 422
