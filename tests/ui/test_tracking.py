"""The picture and the links of a message, as mail programs, guards and strangers meet them."""

import threading
import time
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, text, update

from data.database import now as present
from data.database import reading, unit
from domain.book import measuring
from domain.channels.email import links
from domain.ledger import engagement, steps, targets
from domain.ledger.deliveries import Delivery, State
from domain.ledger.events import Event
from domain.ledger.steps import Result
from domain.message.links import CLICK, OPEN, PLACE_BITS, UNSUBSCRIBE
from domain.results import hits
from domain.sending.dispatches import Dispatch
from jobs import hits as intake
from tests.cast import Cast
from tests.letters import add_person, write_to
from tests.ui.doors import client, open_for_business
from ui.public import tracking

RINGS, BROOCH = "https://shop.example/rings?size=52&metal=gold", "https://shop.example/brooch"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
NO_SESSION = "set-cookie"


@pytest.fixture
def visitor(cast: Cast) -> TestClient:
    open_for_business(cast)
    made = client()
    made.headers["user-agent"] = PHONE
    return made


@pytest.fixture
def anna(cast: Cast, now: datetime) -> int:
    with unit() as session:
        return add_person(session, "Anna", "anna@berg.example", by=cast.olive, now=now)


@pytest.fixture
def letter(cast: Cast, anna: int, now: datetime) -> int:
    """Sent an hour ago, for real, with two links."""
    with unit() as session:
        number = write_to(session, anna, by=cast.olive, now=now)
        sent = {"state": State.SENT, "handed_at": present() - timedelta(hours=1)}
        session.execute(update(Delivery).where(Delivery.id == number).values(sent))
        dispatch_id = session.scalars(select(Delivery.dispatch_id)).one()
        session.execute(update(Dispatch).values(practice=False))
        targets.places(session, dispatch_id, [(RINGS, "Rings"), (BROOCH, "Brooch")])
    return number


def picture(delivery_id: int) -> str:
    return f"/t/o/{links().token(OPEN, delivery_id)}"


def link(delivery_id: int, place: int = 0) -> str:
    return f"/t/c/{links().token(CLICK, delivery_id << PLACE_BITS | place)}"


def events() -> list[tuple[str, str, str, int | None]]:
    with reading() as session:
        return [
            (one.kind, one.who, one.rule, one.link)
            for one in session.scalars(select(Event).order_by(Event.id))
        ]


def test_the_picture_is_shown_and_counted_once_for_each_look(visitor: TestClient, letter: int) -> None:
    for _ in range(3):
        answer = visitor.get(picture(letter))
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
        assert answer.content == tracking.PICTURE
        assert len(answer.content) == 43
        assert "no-store" in answer.headers["cache-control"]
        assert NO_SESSION not in answer.headers
    assert events() == [("opened", "human", "person", None)] * 3


def test_a_link_leads_to_what_was_written_down_and_the_click_is_stored_before_it(
    visitor: TestClient, letter: int
) -> None:
    answer = visitor.get(link(letter, 1))
    assert (answer.status_code, answer.headers["location"], NO_SESSION in answer.headers) == (
        302,
        BROOCH,
        False,
    )
    assert "no-store" in answer.headers["cache-control"]
    assert visitor.get(link(letter)).headers["location"] == RINGS
    assert [row[3] for row in events()] == [1, 0]


def test_the_click_is_in_the_books_when_the_answer_goes_out(
    visitor: TestClient, letter: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else writes meanwhile: the redirect waits for them."""
    monkeypatch.setattr(tracking, "PATIENCE", 20.0)
    answered, asked = (
        threading.Event(),
        threading.Thread(target=lambda: (visitor.get(link(letter)), answered.set())),
    )
    with unit():
        asked.start()
        assert not answered.wait(0.5)
    assert answered.wait(10)
    asked.join()
    assert len(events()) == 1


def test_who_pressed_a_link_gets_there_also_while_nothing_can_be_written(
    visitor: TestClient, letter: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking, "PATIENCE", 0.2)
    with unit():
        assert visitor.get(link(letter)).headers["location"] == RINGS
        assert visitor.get(picture(letter)).status_code == 200
    monkeypatch.setattr(intake.waiting, "most", 0)
    assert visitor.get(link(letter)).headers["location"] == RINGS
    until = time.monotonic() + 20
    while len(events()) < 2:  # what could only wait is written later
        assert time.monotonic() < until
        time.sleep(0.01)


def test_where_not_even_the_address_can_be_read_they_are_asked_to_come_again(
    visitor: TestClient, letter: int
) -> None:
    with unit() as session:
        session.execute(text("ALTER TABLE targets RENAME TO mislaid"))
    answer = visitor.get(link(letter))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert "press it again" in answer.text
    assert visitor.get(picture(letter)).content == tracking.PICTURE


def test_head_is_told_where_it_leads_and_is_not_counted(visitor: TestClient, letter: int) -> None:
    assert visitor.head(link(letter)).headers["location"] == RINGS
    assert visitor.head(picture(letter)).status_code == 200
    assert events() == []
    assert visitor.post(link(letter)).status_code == 405


@pytest.mark.parametrize(
    "agent",
    [
        "Barracuda Sentinel (EE)",
        "Mozilla/5.0",
        "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0)",
        "python-requests/2.32.3",
        "",
    ],
)
def test_a_machine_is_led_on_and_counted_as_one(visitor: TestClient, letter: int, agent: str) -> None:
    assert visitor.get(link(letter), headers={"user-agent": agent}).headers["location"] == RINGS
    assert visitor.get(picture(letter), headers={"user-agent": agent}).status_code == 200
    with reading() as session:
        found = engagement.counts(session, 1)
    assert (found.opens, found.machine_opens, found.clicks, found.machine_clicks) == (0, 1, 0, 1)


def test_all_links_at_once_is_a_machine_which_is_known_at_the_second_one(
    visitor: TestClient, letter: int
) -> None:
    visitor.get(picture(letter))
    visitor.get(link(letter, 0))
    assert {row[1] for row in events()} == {"human"}
    visitor.get(link(letter, 1))
    assert {row[1:3] for row in events()} == {("machine", "burst")}
    with reading() as session:
        found = engagement.counts(session, 1)
    assert (found.unique_opens, found.machine_opens, found.unique_clicks, found.machine_clicks) == (
        0,
        1,
        0,
        2,
    )


FORGED = ["", "x", "A" * 32, "..%2F..%2Fetc%2Fpasswd", "%00", "ü", "A" * 5_000]


@pytest.mark.parametrize("token", FORGED)
def test_a_forged_link_leads_nowhere_and_the_picture_is_the_picture(
    visitor: TestClient, letter: int, token: str
) -> None:
    answer = visitor.get(f"/t/c/{token}")
    assert (answer.status_code, "location" in answer.headers) == (404, False)
    assert "leads nowhere" in answer.text
    assert "Anna" not in answer.text
    assert events() == []


def test_every_changed_letter_of_a_token_is_refused(visitor: TestClient, letter: int) -> None:
    whole = link(letter)
    start = len("/t/c/")
    cut = [whole[:end] for end in range(start + 1, len(whole))]
    changed = [
        whole[:at] + ("A" if whole[at] != "A" else "B") + whole[at + 1 :] for at in range(start, len(whole))
    ]
    assert {visitor.get(one).status_code for one in cut + changed} == {404}
    for other in (OPEN, UNSUBSCRIBE):
        token = links().token(other, letter << PLACE_BITS)
        assert visitor.get(f"/t/c/{token}").status_code == 404
    assert visitor.get(link(letter, 2)).status_code == 404, "a place that the letter does not have"
    assert visitor.get(link(letter + 1)).status_code == 404, "a message that was never written"
    assert (
        visitor.get(f"/t/o/{'A' * 32}").content
        == visitor.get(picture(letter + 1)).content
        == tracking.PICTURE
    )
    assert events() == []


def test_the_addresses_of_another_system_are_known(visitor: TestClient, letter: int) -> None:
    token, pixel = link(letter).rpartition("/")[2], picture(letter).rpartition("/")[2]
    assert visitor.get(f"/connect/automation/7/step-2/email/click/{token}").headers["location"] == RINGS
    shown = visitor.get(f"/connect/automation/7/step-2/email/open/{pixel}")
    assert shown.content == tracking.PICTURE
    assert visitor.get("/connect/automation/7/step-2/email/click/nonsense").status_code == 404
    assert [row[0] for row in events()] == ["clicked", "opened"]


def test_nothing_is_kept_of_who_does_not_want_it(
    visitor: TestClient, letter: int, anna: int, now: datetime
) -> None:
    with unit() as session:
        assert measuring.say(session, anna, wanted=False, how="link", now=now)
    assert visitor.get(link(letter)).headers["location"] == RINGS
    visitor.get(picture(letter))
    assert events() == []
    with unit() as session:
        measuring.say(session, anna, wanted=True, how="link", now=now)
    visitor.get(picture(letter))
    assert len(events()) == 1


@pytest.fixture
def doubtful(letter: int) -> int:
    with unit() as session:
        session.execute(update(Delivery).values(state=State.UNKNOWN))
    return letter


@pytest.mark.parametrize("way", [picture, link])
def test_an_open_or_a_click_proves_that_a_doubtful_message_arrived(
    visitor: TestClient, doubtful: int, way: object
) -> None:
    visitor.get(picture(doubtful) if way is picture else link(doubtful))
    with reading() as session:
        row = session.get_one(Delivery, doubtful)
        assert (row.state, row.reason) == (State.SENT, "proved")


@pytest.mark.parametrize("order", ["hit first", "crash first"])
@pytest.mark.parametrize("agent", [PHONE, "GoogleImageProxy", "Barracuda Sentinel (EE)"])
def test_whoever_fetched_it_it_has_arrived_also_where_the_worker_dies_before_it_hears_so(
    visitor: TestClient, letter: int, order: str, agent: str
) -> None:
    with unit() as session:
        session.execute(update(Delivery).values(state=State.HANDOFF, claimed_by=7))
    if order == "hit first":
        visitor.get(picture(letter), headers={"user-agent": agent})
    with unit() as session:
        steps.rescue(session, 7, now=present())
    if order == "crash first":
        visitor.get(picture(letter), headers={"user-agent": agent})
    with reading() as session:
        row = session.get_one(Delivery, letter)
        assert (row.state, row.reason) == (State.SENT, "proved")


@pytest.mark.parametrize(
    ("state", "end"), [(State.UNKNOWN, "proved"), (State.SENT, None), (State.FAILED, "refused")]
)
def test_an_open_while_it_is_handed_over_settles_only_what_would_be_in_doubt(
    visitor: TestClient, letter: int, state: State, end: str | None
) -> None:
    with unit() as session:
        session.execute(update(Delivery).values(state=State.HANDOFF, claimed_by=7, attempts=1))
    visitor.get(picture(letter))
    with unit() as session:
        said = Result(letter, 1, state, reason="refused" if state is State.FAILED else None)
        steps.settle(session, 7, [said], now=present())
    with reading() as session:
        row = session.get_one(Delivery, letter)
        assert (row.state, row.reason) == (State.SENT if end == "proved" else state, end)


def test_who_asks_without_end_does_not_fill_the_disk(
    visitor: TestClient, letter: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hits, "MOST", 5)
    for _ in range(9):
        assert visitor.get(link(letter)).headers["location"] == RINGS
    assert len(events()) == 5
