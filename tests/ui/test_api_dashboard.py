"""Figures over several sends, for programs."""

from datetime import timedelta
from typing import Any

from sqlalchemy import text

from data.database import now as present
from data.database import unit
from domain.ledger.events import Event
from tests.ui.conftest import Api

LETTER = {"subject": "A private viewing", "htmlBody": "<p>Come and see.</p>"}


def sent(api: Api, name: str) -> int:
    """A campaign that went out to two people, of whom one opened it."""
    number = int(api.post("campaigns", {"name": name, "audience": {"type": "all"}, **LETTER}).json()["id"])
    dispatch = api.post(f"campaigns/{number}/launch").json()["dispatchId"]
    with unit() as session:
        session.execute(text("UPDATE deliveries SET state = 'sent', settled_at = next_at"))
        session.execute(text("UPDATE dispatches SET state = 'sent', finished_at = starts_at, measured = 1"))
        first = session.scalar(text("SELECT min(id) FROM deliveries WHERE dispatch_id = :d"), {"d": dispatch})
        session.add(Event(delivery_id=first, kind="opened", at=present()))
    return number


def two_people(api: Api) -> None:
    for name in ("ana", "ben"):
        api.post("customers", {"firstName": name, "email": f"{name}@inbox.example"})


def test_the_dashboard_tells_thirty_days_beside_those_before(api: Api) -> None:
    two_people(api)
    sent(api, "One")
    told = api.get("dashboard").json()
    assert (told["totals"]["sends"], told["totals"]["sent"], told["totals"]["uniqueOpens"]) == (1, 2, 1)
    assert (told["totals"]["openRate"], told["totals"]["deliveryRate"]) == (0.5, None)
    assert told["before"]["sends"] == 0
    assert (told["bestHours"]["openings"], told["bestHours"]["bestHour"]) == (1, None)


def test_chosen_campaigns_are_rolled_up_over_a_range(api: Api) -> None:
    two_people(api)
    one, two = sent(api, "One"), sent(api, "Two")
    today = present().date()

    def ask(campaigns: list[int], **given: Any) -> dict[str, Any]:
        answer: dict[str, Any] = api.post(
            "campaigns/aggregated-metrics", {"campaignIds": campaigns, **given}
        ).json()
        return answer

    assert ask([one, two])["totals"]["sends"] == 2
    near = {"start": str(today - timedelta(days=1)), "end": str(today + timedelta(days=1))}
    assert ask([one], range=near)["totals"]["recipients"] == 2
    api.delete(f"campaigns/{one}")
    assert ask([one], range=near)["totals"]["sends"] == 1
    assert ask([one], range={"start": "2020-01-01T00:00:00Z", "end": "2020-02-01"})["totals"]["sends"] == 0
    assert ask([one, 999_999])["error"]["code"] == "unknown_campaign"
    for start, end in (("2026-02-01", "2026-01-01"), ("x", "2026-01-01"), ("0001-01-01", "9999-12-31")):
        assert "range" in ask([one], range={"start": start, "end": end})["error"]["details"]["field"]


def test_what_was_bought_afterwards_is_told_of_a_send(api: Api) -> None:
    two_people(api)
    number = sent(api, "One")
    dispatch = api.get(f"campaigns/{number}").json()["lastDispatch"]["id"]
    told = api.get(f"dispatches/{dispatch}/bought-afterwards", params={"days": 7}).json()
    nothing = {"people": 0, "orders": 0, "amounts": {}}
    assert (told["after"], told["before"], told["isOver"]) == (nothing, nothing, False)
