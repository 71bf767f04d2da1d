"""By WhatsApp: who gets it, what they get, and what each of the platform's refusals does to the rows."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from data.database import now, reading, unit
from data.whatsapp_twin import Act, Asked, Twin
from domain.book import consent
from domain.book.customers import Customer
from domain.ledger import held, whatsapp_errors
from domain.ledger.deliveries import OPEN, Delivery, Heard, State
from domain.ledger.replies import explain
from domain.refusal import Refusal
from domain.sending import held_again
from domain.sending.dispatches import DispatchState, Hold
from domain.sending.resending import Which
from domain.shop import notices, whatsapp
from jobs import clock, sending
from jobs import whatsapp as whatsapp_jobs
from tests.jobs.conftest import Desk
from tests.jobs.whatsapp_desk import READY, SUNDAY, Counter, counter, worker

ANA, BEN, CAT = "+491700000001", "+491700000002", "+491700000003"


@pytest.fixture
def shop(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    """A platform that is in no hurry to refuse, for what is not about pace."""
    monkeypatch.setattr("domain.shop.whatsapp_reach.BETWEEN", timedelta(0))
    with Twin() as twin:
        twin.account.per_person = 0.0
        twin.account.per_second = 10_000
        with counter(desk, twin, per_second=1_000) as found:
            yield found


def sent_to(twin: Twin) -> list[str]:
    return sorted("+" + one.number for one in twin.sent)


def test_a_template_goes_to_whoever_said_yes_and_to_nobody_else(shop: Counter) -> None:
    shop.know(ANA, BEN)
    shop.know(CAT, says_yes=False)
    dispatch = shop.press(READY)
    with worker(shop.desk.folder):
        books = shop.desk.until_over(dispatch)
    assert (books.sent, books.skipped, books.failed) == (2, 1, 0)
    assert sent_to(shop.twin) == [ANA, BEN]
    assert {one.shown.body for one in shop.twin.sent} == {
        "Good news, Ana001: your ring is ready. We keep it for you until Saturday.",
        "Good news, Ana002: your ring is ready. We keep it for you until Saturday.",
    }
    lines = shop.desk.lines(dispatch)
    assert lines[CAT].reason == "not_asked"
    assert {lines[ANA].reply, lines[BEN].reply} == {one.id for one in shop.twin.sent}


def test_whoever_shows_no_number_gets_it_by_their_id(shop: Counter) -> None:
    nameless = {
        "phone": "",
        "phone_key": None,
        "phone_hash": None,
        "wa_user_id": "GB.77",
        "wa_user_hash": "7" * 32,
    }
    shop.know(ANA)
    with unit() as session:
        session.execute(
            insert(Customer),
            [{"first_name": "Nan", "created_at": now(), "active_at": now(), "updated_at": now(), **nameless}],
        )
        nan = session.query(Customer).filter_by(wa_user_id="GB.77").one().id
        consent.grant(session, nan, "whatsapp", "marketing", how="form", now=now())
    dispatch = shop.press(READY)
    with worker(shop.desk.folder):
        books = shop.desk.until_over(dispatch)
    assert (books.sent, books.skipped, books.failed) == (2, 0, 0)
    told = {
        (one.number, one.user_id, one.request.get("to"), one.request.get("recipient"))
        for one in shop.twin.sent
    }
    assert ("", "GB.77", None, "GB.77") in told
    assert {to for _, _, to, _ in told} == {ANA, None}


def test_whoever_says_stop_while_it_waits_gets_nothing(shop: Counter) -> None:
    [ana, ben] = shop.know(ANA, BEN)
    dispatch = shop.press()
    with unit() as session:
        consent.withdraw(session, ana, "whatsapp", "marketing", how="whatsapp reply", now=now())
    with worker(shop.desk.folder):
        books = shop.desk.until_over(dispatch)
    assert (books.sent, books.skipped) == (1, 1)
    assert sent_to(shop.twin) == [BEN]
    assert ben


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({}, "no_template"),
        ({"template": {"name": "nobody_knows", "language": "en"}}, "template_gone"),
        ({"template": {"name": "open_on_sunday", "language": "fr"}}, "template_gone"),
        ({"template": {"name": "last_chance", "language": "en"}}, "template_not_approved"),
        ({"template": {"name": "win_a_diamond", "language": "en"}}, "template_not_approved"),
        ({"template": {"name": "ready_to_collect", "language": "en"}}, "bad_content"),
        ({**READY, "body": READY["body"][:2]}, "bad_content"),
        ({**READY, "body": [{"name": "1", "field": "shoe_size"}, *READY["body"][1:]]}, "bad_content"),
    ],
)
def test_without_an_approved_template_and_all_its_words_nothing_is_launched(
    shop: Counter, content: dict[str, Any], code: str
) -> None:
    shop.know(ANA)
    with pytest.raises(Refusal) as refused:
        shop.press(content)
    assert refused.value.code == code
    assert shop.twin.sent == []


def test_a_marketing_template_is_no_message_about_an_order(shop: Counter) -> None:
    shop.know(ANA)
    with pytest.raises(Refusal, match="counts this template as marketing"):
        shop.press(message_type="operational")


@pytest.mark.parametrize("is_known", [False, True], ids=["nobody has told", "seen here"])
def test_a_template_that_is_deleted_after_send_was_pressed_stands_still(
    shop: Counter, is_known: bool
) -> None:
    shop.know(ANA, BEN)
    dispatch = shop.press()
    shop.twin.set_template("open_on_sunday", "en", "DELETED")
    if is_known:
        whatsapp_jobs.refresh()
    with worker(shop.desk.folder):
        shop.desk.until(lambda: shop.desk.dispatch(dispatch).state is DispatchState.PAUSED)
    stands = shop.desk.dispatch(dispatch)
    assert (stands.held_for, shop.desk.books(dispatch).queued) == (Hold.CONTENT, 2)
    said = "no template “open_on_sunday”" if is_known else "does not exist at WhatsApp"
    assert said in stands.error
    with reading() as session:
        assert [one for one in notices.unseen(session) if said in one.sentence]


def test_a_template_that_is_paused_on_the_way_stops_for_everybody_and_goes_on_by_hand(
    shop: Counter, brisk: None
) -> None:
    shop.know(*[f"+49170000{number:04}" for number in range(60)])
    dispatch = shop.press()
    taken = iter(range(1_000))

    def pause_at_ten(asked: Asked) -> Act | None:
        if asked.method == "POST" and next(taken) == 10:
            shop.twin.set_template("open_on_sunday", "en", "PAUSED")
        return None

    shop.twin.act = pause_at_ten
    with worker(shop.desk.folder):
        shop.desk.until(lambda: shop.desk.dispatch(dispatch).state is DispatchState.PAUSED)
        books = shop.desk.books(dispatch)
        shop.desk.until(lambda: shop.desk.books(dispatch).sent == len(shop.twin.sent))
        assert shop.desk.dispatch(dispatch).held_for is Hold.CONTENT
        assert (books.failed, books.not_sure) == (0, 0)
        shop.twin.set_template("open_on_sunday", "en", "APPROVED")
        sending.resume(dispatch, shop.desk.cast.olive)
        books = shop.desk.until_over(dispatch)
    assert (books.sent, len(set(sent_to(shop.twin))), len(shop.twin.sent)) == (60, 60, 60)


def test_a_token_that_runs_out_on_the_way_holds_everything_until_a_new_one_works(
    shop: Counter, brisk: None
) -> None:
    shop.know(*[f"+49170000{number:04}" for number in range(40)])
    dispatch = shop.press()
    taken = iter(range(1_000))

    def run_out_at_ten(asked: Asked) -> Act | None:
        if asked.method == "POST" and next(taken) == 10:
            shop.twin.account.is_expired = True
        return None

    shop.twin.act = run_out_at_ten
    with worker(shop.desk.folder):
        shop.desk.until(lambda: shop.desk.dispatch(dispatch).state is DispatchState.PAUSED)
        assert shop.desk.dispatch(dispatch).held_for is Hold.ACCOUNT
        with reading() as session:
            [told] = [one for one in notices.unseen(session) if "access token" in one.sentence]
            assert "access token" in whatsapp.number(session).last_error  # type: ignore[union-attr]
        assert told.tone == "bad"
        found = whatsapp_jobs.check(shop.desk.cast.olive)
        assert [(one.name, one.is_good) for one in found] == [("access_token", False)]
        assert shop.desk.dispatch(dispatch).state is DispatchState.PAUSED
        shop.twin.account.is_expired = False
        shop.twin.account.access_token = "a new one"
        found = whatsapp_jobs.save({"access_token": "a new one"}, by=shop.desk.cast.olive)
        assert [one.name for one in found if one.is_good is False] == ["webhook"]
        with reading() as session:
            assert not [one for one in notices.unseen(session) if "stands still" in one.sentence]
            assert whatsapp.number(session).last_error == ""  # type: ignore[union-attr]
        books = shop.desk.until_over(dispatch)
    assert (books.sent, len(set(sent_to(shop.twin))), len(shop.twin.sent)) == (40, 40, 40)


ABOUT = {"person": State.FAILED, "held": State.FAILED, "pace": State.DEFERRED, "unclear": State.DEFERRED}
ABOUT_ONE = [one for one in whatsapp_errors.every() if one.about in ABOUT]
ABOUT_ALL = [one for one in whatsapp_errors.every() if one.about not in ABOUT]


def refusal(code: int) -> Act:
    said = {"error": {"message": "Said so", "code": code, "error_data": {"details": "In detail"}}}
    return Act(status=400, body=json.dumps(said).encode())


def test_what_is_about_one_person_stops_nobody_else(shop: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the platform's numbers in one send, to one person each."""
    monkeypatch.setattr("domain.channels.whatsapp.BACK_OFF", 0.01)
    monkeypatch.setattr("domain.channels.whatsapp.LONGEST_BACK_OFF", 0.02)
    numbers = {f"+4917{one.code:09}": one for one in ABOUT_ONE}
    shop.know(ANA, *numbers)
    shop.twin.act = lambda asked: (
        refusal(known.code) if (known := numbers.get(recipient(asked))) is not None else None
    )
    pressed = now()
    dispatch = shop.press()
    with worker(shop.desk.folder):
        shop.desk.until(lambda: not untried())
    lines = shop.desk.lines(dispatch)
    assert lines[ANA].state is State.SENT
    for number, known in numbers.items():
        line = lines[number]
        assert line.state is ABOUT[known.about], known
        assert (line.code, line.reply) == (known.code, f"(#{known.code}) Said so In detail")
        assert explain(line.code, line.reply).sentence == known.sentence
        assert line.reason == (known.reason if line.state is State.FAILED else "later"), known
    with reading() as session:
        for row in session.query(Delivery).where(Delivery.state == State.DEFERRED):
            assert row.next_at - pressed >= (numbers[str(row.address_key)].again or timedelta.max)


def test_what_is_about_everybody_stands_still_until_somebody_lets_it_go_on(
    shop: Counter, brisk: None
) -> None:
    """Each of the platform's numbers, one after the other in one send."""
    shop.know(ANA)
    said = iter(ABOUT_ALL)
    known = next(said)
    shop.twin.act = lambda asked: refusal(known.code) if asked.method == "POST" and known else None
    dispatch = shop.press()
    with worker(shop.desk.folder):
        for following in [*said, None]:
            shop.desk.until(lambda: shop.desk.dispatch(dispatch).state is DispatchState.PAUSED)
            stands = shop.desk.dispatch(dispatch)
            assert (stands.held_for, stands.error) == (Hold(known.about), known.sentence)
            assert shop.desk.books(dispatch).queued == 1
            known = following
            sending.resume(dispatch, shop.desk.cast.olive)
        assert shop.desk.until_over(dispatch).sent == 1
    assert shop.desk.dispatch(dispatch).error == ""
    assert sent_to(shop.twin) == [ANA]


def recipient(asked: Asked) -> str:
    return str(json.loads(asked.body)["to"]) if asked.method == "POST" and asked.body else ""


def untried() -> int:
    with reading() as session:
        return session.query(Delivery).where(Delivery.state.in_(OPEN), Delivery.tries == 0).count()


def test_whom_whatsapp_holds_back_is_never_tried_again_at_once(shop: Counter) -> None:
    shop.know(ANA)
    shop.twin.act = lambda asked: refusal(131049) if asked.method == "POST" else None
    dispatch = shop.press()
    with worker(shop.desk.folder):
        assert shop.desk.until_over(dispatch).failed == 1
    [line] = shop.desk.lines(dispatch).values()
    assert line.reason == "held_by_whatsapp"
    with pytest.raises(Refusal, match="Wait a day"):
        sending.resend(line.id, shop.desk.cast.olive)
    with pytest.raises(Refusal, match="held by WhatsApp less than a day ago"):
        sending.retry(dispatch, Which.FAILED, shop.desk.cast.olive)
    days_pass(1.1)
    sending.resend(line.id, shop.desk.cast.olive)


@pytest.mark.parametrize("is_wanted", [True, False], ids=["the campaign asks for it", "it does not"])
def test_whom_whatsapp_held_back_later_is_tried_after_a_day_where_the_campaign_asks_for_it(
    shop: Counter, brisk: None, is_wanted: bool
) -> None:
    """Told by a webhook, after the message was taken."""
    shop.know(ANA, BEN)
    dispatch = shop.press({**SUNDAY, "retry_held": is_wanted})
    with worker(shop.desk.folder):
        shop.desk.until_over(dispatch)
    with unit() as session:
        ana = session.query(Delivery).where(Delivery.address_key == ANA).one()
        ana.heard, ana.heard_at, ana.heard_reason = Heard.RETURNED, now(), "held_by_whatsapp"
    with unit() as session:
        assert held.held_of(session, dispatch).people == 1
        assert held_again.due(session, now() + timedelta(hours=23)) == []
        assert held_again.due(session, now() + timedelta(hours=25)) == ([dispatch] if is_wanted else [])
    days_pass(1.1)
    clock.try_the_held_again(now())
    assert untried() == is_wanted
    with worker(shop.desk.folder):
        books = shop.desk.until_over(dispatch)
    assert (books.sent, len(shop.twin.sent)) == (2, 3 if is_wanted else 2)
    with unit() as session:
        assert held_again.due(session, now() + timedelta(hours=25)) == []


def days_pass(days: float) -> None:
    """For what stands in the ledger."""
    with unit() as session:
        for row in session.query(Delivery):
            row.settled_at = row.settled_at and row.settled_at - timedelta(days=days)
            row.heard_at = row.heard_at and row.heard_at - timedelta(days=days)


@pytest.mark.parametrize(
    ("status", "body"), [(500, b""), (502, b"<html>Bad gateway</html>"), (200, b"{}"), (200, b"taken")]
)
def test_an_answer_that_says_nothing_leaves_it_not_sure(shop: Counter, status: int, body: bytes) -> None:
    """It may have been taken, so nobody is written to again for it."""
    shop.know(ANA)
    shop.twin.act = lambda asked: Act(status=status, body=body) if asked.method == "POST" else None
    dispatch = shop.press()
    with worker(shop.desk.folder):
        books = shop.desk.until_over(dispatch)
    assert (books.not_sure, books.sent, books.failed) == (1, 0, 0)


def test_where_something_else_answers_the_send_ends_and_says_so(
    shop: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.sending.routing.PAUSES", (0.01,))
    shop.know(ANA, BEN)
    shop.twin.act = lambda asked: (
        Act(status=404, body=b"<html>Nothing here</html>") if asked.method == "POST" else None
    )
    dispatch = shop.press()
    with worker(shop.desk.folder):
        books = shop.desk.until_over(dispatch)
    assert books.cancelled == 2
    assert (
        shop.desk.dispatch(dispatch).error == "What answered was not WhatsApp, or it could not be read. (404)"
    )
