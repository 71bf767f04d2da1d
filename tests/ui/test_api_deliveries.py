"""Second tries by program: over the same rules as the pages, with the same refusals."""

from typing import Any

import pytest

from data.database import now as present
from data.database import unit
from domain.book import reach
from domain.ledger.deliveries import Delivery, State
from domain.sending import endings
from tests.ui.conftest import Api

LETTER = {"subject": "A viewing", "textBody": "Come and see."}
FULL = (552, "5.2.2 mailbox full")


@pytest.fixture
def send(api: Api) -> int:
    """A one-shot that is over: Ana got it, Ben's mailbox is full, of Cleo and Dan nobody knows, Eve's turn never came."""
    for name in ("Ana", "Ben", "Cleo", "Dan", "Eve"):
        api.post("customers", {"firstName": name, "email": f"{name.lower()}@x.example"})
    number = int(api.post("dispatches", LETTER | {"audience": {"type": "all"}}).json()["dispatchId"])
    ends = [State.SENT, State.FAILED, State.UNKNOWN, State.UNKNOWN, State.QUEUED]
    with unit() as session:
        rows = session.query(Delivery).filter_by(dispatch_id=number).order_by(Delivery.id).all()
        for row, state in zip(rows, ends, strict=True):
            row.state, row.attempts, row.settled_at = state, 1, present()
        rows[1].reason, (rows[1].code, rows[1].reply) = "refused", FULL
        endings.stop(session, number, by=api.cast.olive, now=present())
    return number


def people(api: Api, send: int) -> dict[str, dict[str, Any]]:
    items = api.get(f"dispatches/{send}/recipients").json()["items"]
    return {one["address"].split("@")[0]: one for one in items}


def test_failed_message_tells_what_the_reply_means_and_goes_again(api: Api, send: int) -> None:
    ben = people(api, send)["ben"]
    assert (ben["status"], ben["replyCode"], ben["explanation"]) == ("failed", 552, "The mailbox is full.")
    answer = api.post(f"deliveries/{ben['deliveryId']}/resend")
    assert answer.status_code == 202
    told = answer.json()
    assert (told["status"], told["reason"], told["reply"], told["at"]) == ("queued", None, None, None)
    assert api.get(f"dispatches/{send}").json()["state"] == "sending"
    again = api.post(f"deliveries/{ben['deliveryId']}/resend")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "not_to_try")


def test_message_in_doubt_carries_its_number_and_waits_for_a_choice(api: Api, send: int) -> None:
    cleo = people(api, send)["cleo"]
    assert cleo["status"] == "notSure"
    assert cleo["messageId"].endswith("@marlow.example>")
    door = f"deliveries/{cleo['deliveryId']}"
    refused = api.post(f"{door}/resend")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "may_arrive_twice")
    assert api.post(f"{door}/settle", {"as": "lost"}).status_code == 400
    settled = api.post(f"{door}/settle", {"as": "sent"})
    assert (settled.status_code, settled.json()["status"], settled.json()["messageId"]) == (200, "sent", None)
    assert api.post(f"{door}/settle", {"as": "sent"}).status_code == 409


def test_message_in_doubt_is_sent_again_where_twice_is_all_right(api: Api, send: int) -> None:
    cleo = people(api, send)["cleo"]
    answer = api.post(f"deliveries/{cleo['deliveryId']}/resend", {"evenIfTwice": True})
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")


def test_all_that_failed_are_tried_once(api: Api, send: int) -> None:
    answer = api.post(f"dispatches/{send}/retry-failed")
    assert (answer.status_code, answer.json()) == (202, {"dispatchId": send, "queued": 1, "left": {}})
    again = api.post(f"dispatches/{send}/retry-failed")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "nobody_to_try")
    stats = api.get(f"dispatches/{send}/stats").json()
    assert (stats["queued"], stats["failed"], stats["recipients"]) == (1, 0, 5)


def test_those_whose_turn_never_came_are_a_choice_of_their_own(api: Api, send: int) -> None:
    answer = api.post(f"dispatches/{send}/retry-failed", {"status": "cancelled"})
    assert answer.json()["queued"] == 1
    assert people(api, send)["eve"]["status"] == "queued"
    assert people(api, send)["ben"]["status"] == "failed"


@pytest.mark.parametrize(("choice", "status"), [("sent", "sent"), ("queued", "queued")])
def test_all_in_doubt_are_decided_about_at_once(api: Api, send: int, choice: str, status: str) -> None:
    answer = api.post(f"dispatches/{send}/settle", {"as": choice})
    assert answer.status_code == 200
    assert answer.json()["counted" if choice == "sent" else "queued"] == 2
    assert {people(api, send)[name]["status"] for name in ("cleo", "dan")} == {status}


def test_address_that_came_back_is_told_with_what_to_do(api: Api, send: int) -> None:
    ben = people(api, send)["ben"]
    with unit() as session:
        reach.mark_address(session, ben["customerId"], "bounced")
    refused = api.post(f"deliveries/{ben['deliveryId']}/resend")
    assert refused.status_code == 409
    assert refused.json()["error"]["message"].startswith(
        "Messages to ben@x.example came back. Correct the address"
    )
    all_ = api.post(f"dispatches/{send}/retry-failed").json()["error"]
    assert (all_["code"], all_["details"]["left"]) == ("nobody_to_try", {"bad_address": 1})


def test_nonsense_is_refused_and_nothing_unknown_is_found(api: Api, send: int) -> None:
    assert api.post("deliveries/4711/resend").status_code == 404
    assert api.post("deliveries/x/resend").status_code == 400
    assert api.post("dispatches/4711/retry-failed").status_code == 404
    assert api.post(f"dispatches/{send}/retry-failed", {"status": "sent"}).status_code == 400
    assert api.post(f"dispatches/{send}/settle", {"as": "failed"}).status_code == 400
    assert api.as_("sal").post(f"dispatches/{send}/retry-failed").status_code == 403
