"""The email log: every message over all sends, found by person, state and day, and taken along as a file."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from data.database import unit
from domain.book import customers
from domain.ledger.deliveries import Delivery, Heard, State
from domain.ledger.events import Event
from domain.results import log
from domain.sending.dispatches import Dispatch
from tests.letters import way_out
from tests.ui.conftest import Api
from tests.ui.test_roles import _cookie

NAMES = ("Ana", "Ben", "Cleo")
AT = datetime(2026, 11, 21, 9, 31, tzinfo=UTC)


@pytest.fixture
def sends(api: Api) -> list[int]:
    """Three sends to three people, launched on three days: in each Ana got it, Ben's failed, and Cleo's came back."""
    for name in NAMES:
        api.post("customers", {"firstName": name, "lastName": "Marsh", "email": f"{name.lower()}@x.example"})
    made = [_send(api, subject) for subject in ("Opals", "Pearls", "Rubies")]
    with unit() as session:
        for day, number in enumerate(made, 18):
            session.get_one(Dispatch, number).created_at = AT.replace(day=day)
        for row in session.scalars(select(Delivery)):
            row.settled_at, row.attempts = AT, 1
            row.state = State.FAILED if row.address_key == "ben@x.example" else State.SENT
            if row.state is State.FAILED:
                row.reason, row.code, row.reply = "no_such_address", 550, "5.1.1 no such user"
            if row.address_key == "cleo@x.example":
                row.heard, row.heard_reason = Heard.RETURNED, "mailbox_full"
    return made


def _send(api: Api, subject: str) -> int:
    letter = {"subject": subject, "textBody": "Come and see.", "audience": {"type": "all"}}
    return int(api.post("dispatches", letter).json()["dispatchId"])


def asked(api: Api, question: str = "") -> list[dict[str, Any]]:
    answer = api.get(f"deliveries?{question}")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["total"] == len(told["items"])
    items: list[dict[str, Any]] = told["items"]
    return items


def who(items: list[dict[str, Any]]) -> set[str]:
    return {f"{one['name'].split()[0]} {one['subject']}" for one in items}


def test_every_message_of_every_send_is_listed_once_over_all_pages(api: Api, sends: list[int]) -> None:
    pages, cursor = [], ""
    while True:
        told = api.get(f"deliveries?limit=2{cursor}").json()
        assert told["total"] == 9
        pages.append(told["items"])
        if told["nextCursor"] is None:
            break
        cursor = f"&cursor={told['nextCursor']}"
    seen = [one for page in pages for one in page]
    assert [len(page) for page in pages] == [2, 2, 2, 2, 1]
    assert len({one["deliveryId"] for one in seen}) == 9
    assert [one["dispatchId"] for one in seen] == [number for number in reversed(sends) for _ in NAMES]
    assert (seen[0]["subject"], seen[0]["channel"], seen[0]["campaignId"]) == ("Rubies", "email", None)


def test_the_pages_of_a_state_leave_out_sends_without_it(api: Api, sends: list[int]) -> None:
    with unit() as session:
        middle = session.scalars(select(Delivery).where(Delivery.dispatch_id == sends[1]))
        for row in middle:
            row.state = State.SENT
    first = api.get("deliveries?status=failed&limit=1").json()
    second = api.get(f"deliveries?status=failed&limit=1&cursor={first['nextCursor']}").json()
    assert (first["total"], who(first["items"]), who(second["items"])) == (2, {"Ben Rubies"}, {"Ben Opals"})
    assert second["nextCursor"] is None


def test_the_log_is_narrowed_by_state_report_and_day(api: Api, sends: list[int]) -> None:
    assert who(asked(api, "status=failed")) == {"Ben Opals", "Ben Pearls", "Ben Rubies"}
    assert who(asked(api, "delivery=returned&since=2026-11-20")) == {"Cleo Rubies"}
    assert who(asked(api, "since=2026-11-19&until=2026-11-19")) == {f"{name} Pearls" for name in NAMES}
    assert asked(api, "status=queued") == [] == asked(api, "channel=whatsapp")
    assert api.get("deliveries?since=yesterday").status_code == 422
    assert api.get("deliveries?status=lost").status_code == 400


def test_a_person_is_found_by_name_and_by_an_address_that_is_theirs_no_more(
    api: Api, sends: list[int]
) -> None:
    assert who(asked(api, "search=ana+marsh&until=2026-11-18")) == {"Ana Opals"}
    ana = asked(api, "search=ana")[0]["customerId"]
    api.patch(f"customers/{ana}", {"email": "ana@new.example"})
    assert len(asked(api, "search=ana@new.example")) == 3
    assert len(asked(api, "search=Ana@x.example")) == 3
    with unit() as session:
        customers.delete(session, ana, by=api.cast.olive, now=AT + timedelta(days=1))
    assert {one["name"] for one in asked(api, "search=ana+marsh")} == {"Ana Marsh"}
    assert asked(api, "search=nobody") == []


def test_letters_that_fit_too_many_people_are_refused(
    api: Api, sends: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "MOST_PEOPLE", 2)
    refused = api.get("deliveries?search=marsh")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "too_many_people")


def test_the_file_holds_what_is_shown(api: Api, sends: list[int]) -> None:
    def taken(question: str) -> Any:
        return api.nobody.get(f"/marketing/log.csv?{question}", headers=_cookie(api, "sal"))

    answer = taken("state=came_back&since=2026-11-19")
    assert answer.status_code == 200
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    told = [(row["Name"], row["Subject"], row["State"], row["Reason"]) for row in rows]
    reason = "The mailbox is full."
    assert told == [
        ("Cleo Marsh", "Rubies", "Came back for now", reason),
        ("Cleo Marsh", "Pearls", "Came back for now", reason),
    ]
    assert len(taken("").content.decode().splitlines()) == 10
    assert api.nobody.get("/marketing/log.csv").status_code == 303


def test_what_a_person_did_with_a_message_stands_among_what_they_were_sent(
    api: Api, sends: list[int]
) -> None:
    with unit() as session:
        opals = session.scalars(
            select(Delivery).where(Delivery.dispatch_id == sends[0], Delivery.address_key == "ana@x.example")
        ).one()
        person, row = opals.customer_id, opals.id
        opals.heard = Heard.DELIVERED
        for kind, who in (("opened", "human"), ("clicked", "machine")):
            session.add(Event(delivery_id=row, kind=kind, at=AT, who=who))
    one_click = api.nobody.client.post(way_out(row), data={"List-Unsubscribe": "One-Click"})
    assert one_click.status_code == 200
    told = api.get(f"customers/{person}/communications").json()["items"]
    opals_told, others = told[-1], told[:-1]
    assert (opals_told["dispatchId"], opals_told["delivery"]) == (sends[0], "delivered")
    assert (opals_told["openedAt"], opals_told["clickedAt"]) == ("2026-11-21T09:31:00.000+00:00", None)
    assert opals_told["unsubscribedAt"] is not None
    assert {one["unsubscribedAt"] for one in others} == {None}


def test_who_whatsapp_holds_back_is_found_in_its_log_and_is_no_failure(api: Api, sends: list[int]) -> None:
    with unit() as session:
        session.get_one(Dispatch, sends[2]).channel = "whatsapp"
        for row in session.scalars(select(Delivery).where(Delivery.dispatch_id == sends[2])):
            row.heard_reason = "held_by_whatsapp" if row.heard else None
    assert who(asked(api, "held=true")) == {"Cleo Rubies"}
    assert who(asked(api, "held=false&channel=whatsapp")) == {"Ana Rubies", "Ben Rubies"}
    told = api.get(f"dispatches/{sends[2]}/stats").json()
    assert (told["held"], told["bounced"], told["failed"], told["sent"]) == (1, 0, 1, 2)

    def taken(state: str) -> list[tuple[str, str]]:
        answer = api.nobody.get(
            f"/marketing/log.csv?channel=whatsapp&state={state}", headers=_cookie(api, "sal")
        )
        rows = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
        return [(row["Name"], row["State"]) for row in rows]

    assert taken("held") == [("Cleo Marsh", "Held by WhatsApp")]
    assert taken("came_back") == []
