"""What a program learns of a send: the figures, and what became of each message."""

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import select

from data.database import now, unit
from domain.book import consent, customers
from domain.ledger import received
from domain.ledger.deliveries import Delivery, Heard, State
from domain.ledger.events import Event
from domain.ledger.targets import Target
from domain.sending.dispatches import Dispatch
from tests.ui.conftest import Api

LETTER = {"subject": "Come by", "textBody": "We are open.", "audience": {"type": "all"}}
TERMS = ("queued", "sent", "failed", "skipped", "cancelled", "notSure")
PARTS = ("delivered", "pending", "bounced", "complained")
NAMES = ("ana", "ben", "cleo", "dan", "eve", "finn")


@pytest.fixture
def campaign(api: Api) -> int:
    """Sent to six: one refused, three arrived, one came back, of one nothing was heard. Ana read it and left."""
    with unit() as session:
        for name in NAMES:
            customers.create(
                session, {"first_name": name, "email": f"{name}@x.example"}, by=api.cast.olive, now=now()
            )
    number: int = api.post("campaigns", {"name": "News", **LETTER}).json()["id"]
    dispatch = api.post(f"campaigns/{number}/launch").json()["dispatchId"]
    with unit() as session:
        rows = list(session.scalars(select(Delivery).order_by(Delivery.id)))
        for row, heard in zip(
            rows, ("delivered", "delivered", "delivered", "returned", None, None), strict=True
        ):
            row.state, row.settled_at = State.SENT, now()
            row.heard = Heard(heard) if heard else None
        rows[3].heard_reason, rows[5].state = "mailbox_full", State.FAILED
        session.add(Target(dispatch_id=dispatch, place=0, url="https://shop.example/rings", words="rings"))
        for kind, row, who in (
            ("opened", 0, "human"), ("opened", 0, "human"), ("opened", 1, "machine"), ("clicked", 0, "human"),
        ):  # fmt: skip
            link = 0 if kind == "clicked" else None
            session.add(
                Event(delivery_id=rows[row].id, kind=kind, at=now(), who=who, link=link, device="phone")
            )
        assert rows[0].customer_id is not None
        source = f"dispatch {dispatch}"
        consent.withdraw(
            session, rows[0].customer_id, "email", "marketing", how="link", now=now(), source=source
        )
    return number


def test_figures_are_those_of_the_contract_and_come_out(api: Api, campaign: int) -> None:
    dispatch = api.get(f"campaigns/{campaign}").json()["lastDispatch"]["id"]
    for path in (f"campaigns/{campaign}/stats", f"dispatches/{dispatch}/stats"):
        stats = api.get(path).json()
        assert sum(stats[term] for term in TERMS) == stats["recipients"] == 6
        assert [stats[part] for part in PARTS] == [3, 1, 1, 0]
        assert sum(stats[part] for part in PARTS) == stats["sent"] == 5
        assert (stats["opens"], stats["uniqueOpens"], stats["machineOpens"]) == (2, 1, 1)
        assert (stats["clicks"], stats["uniqueClicks"], stats["unsubscribed"]) == (1, 1, 1)
        assert (stats["openRate"], stats["clickRate"]) == (0.3333, 0.3333), "of the three that arrived"


def test_each_recipient_says_what_became_of_the_message(api: Api, campaign: int) -> None:
    ana, *_, dan, eve, finn = api.get(f"campaigns/{campaign}/recipients").json()["items"]
    assert (ana["delivery"], ana["opens"], ana["clicks"], ana["machineOpens"]) == ("delivered", 2, 1, 0)
    assert ana["openedAt"]
    assert ana["clickedAt"]
    assert (dan["delivery"], dan["deliveryReason"]) == ("returned", "The mailbox is full.")
    assert (eve["status"], eve["delivery"], finn["status"]) == ("sent", None, "failed")
    answer = api.get(f"campaigns/{campaign}/recipients.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["delivery"], row["opens"]) for row in rows[:2]] == [("delivered", "2"), ("delivered", "0")]


def test_analytics_tell_links_devices_and_what_was_bought_also_once_deleted(api: Api, campaign: int) -> None:
    with unit() as session:
        ana = session.scalars(select(Delivery.customer_id).order_by(Delivery.id)).first()
    order = {"kind": "order", "title": "Ring", "startsAt": (now() + timedelta(seconds=-1)).isoformat(),
             "amount": 12_500, "currency": "GBP", "status": "done"}  # fmt: skip
    assert api.post(f"customers/{ana}/records", order).status_code == 201
    with unit() as session:
        (dispatch,) = session.scalars(select(Dispatch))
        dispatch.started_at = now() - timedelta(hours=1)
        first = session.scalars(select(Delivery.id).order_by(Delivery.id)).first()
        assert ana is not None
        received.keep(
            session, "1", ana, delivery_id=first, subject="Re", words="Yes", day_began=now(), now=now()
        )
    found = api.get(f"campaigns/{campaign}/analytics").json()
    assert (found["sends"], found["delivered"], found["uniqueOpens"], found["bounces"]) == (5, 3, 1, 1)
    assert [(one["url"], one["people"]) for one in found["links"]] == [("https://shop.example/rings", 1)]
    assert (found["devices"], found["replies"]) == ({"phone": 1}, 1)
    assert (found["conversions"], found["revenue"]) == (1, {"GBP": 12_500})
    assert [one["channel"] for one in found["channels"]] == ["email"]
    api.post(f"campaigns/{campaign}/stop")
    assert api.delete(f"campaigns/{campaign}").status_code == 204
    assert api.get(f"campaigns/{campaign}/analytics").json()["sends"] == 5
    assert api.get(f"campaigns/{campaign}/stats").json()["sent"] == 5
    assert api.get("campaigns/999/analytics").status_code == 404
