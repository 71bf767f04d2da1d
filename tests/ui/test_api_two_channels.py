"""A campaign by email that also goes out on WhatsApp, by program."""

import csv
import io
from typing import Any, Final

import pytest
from sqlalchemy import update

from data.database import now, unit
from domain.book import consent
from domain.ledger.deliveries import Delivery, State
from domain.message import whatsapp_templates
from domain.sending import endings
from tests.ui.conftest import Api
from tests.ui.test_roles import _cookie

SUNDAY: Final = {"template": {"name": "open_on_sunday", "language": "en"}}
TEMPLATE: Final = {
    "name": "open_on_sunday",
    "language": "en",
    "status": "APPROVED",
    "category": "MARKETING",
    "components": [{"type": "BODY", "text": "We are open on Sunday."}],
}
PLAN: Final = {"name": "Viewing", "subject": "Hello", "textBody": "Come in."}
ALSO: Final = {"content": SUNDAY, "goes": "after", "afterDays": 5}


@pytest.fixture
def two(api: Api) -> Api:
    """Ana reads mail, Ben has no address; both said yes to WhatsApp."""
    people = [("Ana", "ana@x.example", "+4917000001"), ("Ben", "", "+4917000002")]
    for name, email, phone in people:
        card = {"firstName": name, "email": email, "phone": phone}
        number = api.post("customers", card).json()["id"]
        with unit() as session:
            consent.grant(session, number, "whatsapp", "marketing", how="form", now=now())
    with unit() as session:
        whatsapp_templates.keep(session, [TEMPLATE], now=now())
    return api


def made(api: Api, **more: Any) -> Any:
    answer = api.post("campaigns", PLAN | more)
    assert answer.status_code == 201, answer.text
    return answer.json()


def table(written: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(written.lstrip("\ufeff"))))


def over(dispatch_id: int) -> None:
    """Everybody on it got it."""
    queued = (Delivery.dispatch_id == dispatch_id) & (Delivery.state == State.QUEUED)
    with unit() as session:
        session.execute(update(Delivery).where(queued).values(state=State.SENT, settled_at=now()))
        endings.conclude(session, dispatch_id, now=now())


def test_it_reads_as_it_was_written_and_is_taken_out_again(api: Api) -> None:
    one = made(api, channels=["email", "whatsapp"], also=ALSO)
    told = {"channel": "whatsapp", "dueAt": None, "askedAt": None, "error": None}
    assert (one["channel"], one["channels"], one["also"]) == ("email", ["email", "whatsapp"], ALSO | told)
    path = f"campaigns/{one['id']}"
    assert api.patch(path, {"subject": "Hi"}).json()["also"] == ALSO | told
    assert api.patch(path, {"also": {"goes": "together"}}).json()["also"]["goes"] == "together"
    assert api.patch(path, {"also": None}).json()["channels"] == ["email"]
    assert api.put(f"{path}/also", ALSO).json()["also"] == ALSO | told
    assert api.put(path, PLAN).json()["also"] is None


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"also": {"goes": "sometimes"}}, "goes"),
        ({"also": {"afterDays": 31}}, "afterDays"),
        ({"channels": ["email"], "also": {}}, "channels"),
        ({"channels": ["email", "sms"]}, "channels"),
        ({"channel": "whatsapp", "also": {}}, "also"),
    ],
)
def test_what_can_not_be_is_refused_by_its_field(api: Api, more: dict[str, Any], field: str) -> None:
    answer = api.post("campaigns", PLAN | more)
    assert (answer.status_code, answer.json()["error"]["details"]["field"]) == (422, field)
    assert api.get("campaigns").json()["items"] == []


def test_one_launch_goes_on_both_and_one_pause_holds_both(two: Api) -> None:
    number = made(two, also=ALSO)["id"]
    launched = two.post(f"campaigns/{number}/launch").json()
    sends = [launched["dispatchId"], launched["alsoDispatchId"]]
    two.post(f"campaigns/{number}/pause")
    told = [two.get(f"dispatches/{one}").json() for one in sends]
    assert [(one["channel"], one["part"], one["hold"]) for one in told] == [
        ("email", "main", "person"),
        ("whatsapp", "also", "person"),
    ]
    two.post(f"campaigns/{number}/stop")
    assert two.get(f"campaigns/{number}").json()["status"] == "draft"


def test_posted_as_running_it_goes_on_both_at_once(two: Api) -> None:
    number = made(two, also=ALSO, status="running")["id"]
    sent = two.get("dispatches").json()["items"]
    assert {(one["campaignId"], one["channel"]) for one in sent} == {(number, "email"), (number, "whatsapp")}


def test_results_are_one_record_with_each_channel_beside_it(two: Api) -> None:
    number = made(two, also={"content": SUNDAY, "goes": "together"})["id"]
    launched = two.post(f"campaigns/{number}/launch").json()
    for one in launched.values():
        over(one)
    stats = two.get(f"campaigns/{number}/stats").json()
    assert (stats["recipients"], stats["sent"], stats["skipped"]) == (2, 2, 0)
    assert [(one["channel"], one["sent"], one["skipped"]) for one in stats["channels"]] == [
        ("email", 1, 1),
        ("whatsapp", 2, 0),
    ]
    people = two.get(f"campaigns/{number}/recipients").json()["items"]
    assert {one["name"]: one["status"] for one in people} == {"Ana": "sent", "Ben": "sent"}
    file = table(two.get(f"campaigns/{number}/recipients.csv").text)
    assert {row["name"]: row["channel"] for row in file} == {one["name"]: one["channel"] for one in people}
    told = two.get(f"campaigns/{number}/analytics").json()
    assert (told["launches"], told["sends"]) == (1, 2)
    assert {one["channel"]: one["sends"] for one in told["channels"]} == {"email": 1, "whatsapp": 2}
    by_number = f"/marketing/sends/{launched['alsoDispatchId']}/recipients.csv"
    rows = table(two.nobody.get(by_number, headers=_cookie(two, "sal")).text)
    assert sorted(row["Number"] for row in rows) == ["+4917000001", "+4917000002"]


def test_the_other_channel_is_asked_once(two: Api) -> None:
    number = made(two, also=ALSO)["id"]
    for one in two.post(f"campaigns/{number}/launch").json().values():
        over(one)
    asking = two.get(f"campaigns/{number}/asking").json()
    assert (asking["missing"], asking["unopened"], asking["reachable"]) == (0, 1, 1)
    assert two.get(f"campaigns/{number}").json()["also"]["dueAt"] is not None
    assert two.post(f"campaigns/{number}/cancel-asking").json()["also"]["dueAt"] is None
    key = {"Idempotency-Key": "one press"}
    first, again = (two.post(f"campaigns/{number}/ask", headers=key) for _ in range(2))
    assert (first.status_code, again.json()) == (202, first.json())
    late = two.post(f"campaigns/{number}/ask")
    assert (late.status_code, late.json()["error"]["code"]) == (409, "already_asked")
    asked = two.get(f"dispatches/{first.json()['dispatchId']}").json()
    assert (asked["part"], asked["recipients"], asked["queued"]) == ("asked", 1, 1)


def test_who_may_only_look_can_look(two: Api) -> None:
    number = made(two, also=ALSO)["id"]
    wes = two.as_("wes")
    assert wes.get(f"campaigns/{number}/asking").status_code == 200
    for answer in (wes.put(f"campaigns/{number}/also", ALSO), wes.delete(f"campaigns/{number}/also")):
        assert answer.status_code == 403
    assert wes.post(f"campaigns/{number}/ask").status_code == 403
    assert two.delete(f"campaigns/{number}/also").status_code == 204
