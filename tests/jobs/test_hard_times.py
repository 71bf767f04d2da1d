"""What goes wrong in the middle of a send: nobody is forgotten, nobody is blamed for it, and every send comes to an end."""

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import text

from data.database import now, reading, unit
from domain.book import consent, customers
from domain.book.customers import Customer
from domain.ledger import steps
from domain.ledger.deliveries import Delivery, State
from domain.message.compose import Letter
from domain.refusal import Refusal
from domain.sending import campaigns, dispatches, endings, launches, runs, workers
from domain.sending.dispatches import Dispatch
from domain.sending.launches import Press
from jobs import clock, sending
from tests.jobs.conftest import HOUR, Desk
from tests.twins.smtp_server import Act, ScriptedServer, say


def worker_that_is_gone() -> int:
    with unit() as session:
        return workers.sign_on(session, pid=1, host="here", lock_name="gone.lock", now=now()).id


def take_all(dispatch_id: int, worker_id: int) -> list[steps.Claim]:
    with unit() as session:
        return steps.claim(session, dispatch_id, worker_id, now=now(), most=100)


def customer(address: str) -> Customer:
    with reading() as session:
        return session.query(Customer).filter_by(email_key=address).one()


# Every send comes to an end


def test_later_said_after_a_stop_does_not_keep_the_send_open(desk: Desk) -> None:
    desk.write_in("Ana")
    campaign_id = desk.campaign()
    dispatch_id = desk.press(campaign_id)

    def stopped_meanwhile(stage: str, address: str) -> Act | None:
        if stage != "final":
            return None
        sending.stop(dispatch_id, desk.cast.olive)
        return say("451 4.2.1 try later")

    with desk.mail_server(ScriptedServer(stopped_meanwhile)):
        books = desk.until_over(dispatch_id)
    assert books.cancelled == 1
    assert desk.read(campaign_id).status == "draft"


def test_a_stop_also_ends_what_a_dead_worker_held(desk: Desk) -> None:
    desk.write_in("Ana", "Ben")
    campaign_id = desk.campaign()
    dispatch_id = desk.press(campaign_id)
    take_all(dispatch_id, worker_that_is_gone())
    sending.stop(dispatch_id, desk.cast.olive)
    with desk.mail_server(ScriptedServer()) as server:
        books = desk.until_over(dispatch_id)
    assert books.cancelled == 2
    assert desk.read(campaign_id).status == "draft"
    assert not server.received


def test_a_stop_also_ends_what_a_broken_run_of_this_worker_held(desk: Desk) -> None:
    desk.write_in("Ana", "Ben")
    dispatch_id = desk.press(desk.campaign())
    mine = worker_that_is_gone()
    take_all(dispatch_id, mine)
    sending.stop(dispatch_id, desk.cast.olive)
    runs.run(dispatch_id, mine, clock=now, stopping=threading.Event())
    assert desk.dispatch(dispatch_id).finished_at is not None
    assert desk.books(dispatch_id).cancelled == 2


def test_a_late_answer_does_not_open_a_send_that_is_over(desk: Desk) -> None:
    desk.write_in("Ana")
    dispatch_id = desk.press(desk.campaign())
    slow = worker_that_is_gone()
    (claim,) = take_all(dispatch_id, slow)
    with unit() as session:
        session.query(Delivery).update({"state": State.HANDOFF})
        steps.rescue(session, slow, now=now())
        endings.conclude(session, dispatch_id, now=now())
    late = steps.Result(claim.id, claim.attempt, State.DEFERRED, "later", 451, "later", now() + HOUR)
    with unit() as session:
        steps.settle(session, slow, [late], now=now())
    assert desk.books(dispatch_id).queued == 0


def test_a_send_whose_undo_window_is_over_can_be_stopped_before_a_worker_took_it_up(desk: Desk) -> None:
    desk.write_in("Ana")
    campaign_id = desk.campaign()
    with time_machine.travel(now() - HOUR):
        dispatch_id = desk.press(campaign_id, Press(undo=timedelta(seconds=30)))
    with pytest.raises(Refusal, match="too late to undo"):
        sending.undo(dispatch_id, desk.cast.olive)
    sending.stop(dispatch_id, desk.cast.olive)
    assert desk.dispatch(dispatch_id).state == "stopped"
    assert desk.books(dispatch_id).cancelled == 1
    assert desk.read(campaign_id).status == "draft"


def test_a_message_that_breaks_while_it_is_written_is_the_only_one_that_fails(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = Letter.render

    def faulty(letter: Letter, person: Any, **others: Any) -> bytes:
        if person["firstName"] == "Ben":
            raise RuntimeError("a fault of ours")
        return written(letter, person, **others)

    monkeypatch.setattr(Letter, "render", faulty)
    desk.write_in("Ana", "Ben", "Cleo")
    campaign_id = desk.campaign()
    with desk.mail_server(ScriptedServer()):
        books = desk.until_over(desk.press(campaign_id))
    assert (books.sent, books.failed) == (2, 1)
    assert desk.read(campaign_id).status == "sent"


# The clock on the wall


def test_a_clock_set_back_by_a_day_does_not_hold_up_a_send(desk: Desk) -> None:
    desk.write_in("Ana", "Ben")
    with time_machine.travel(now() + timedelta(days=1)):
        dispatch_id = desk.press(desk.campaign())
    with desk.mail_server(ScriptedServer()):
        assert desk.until_over(dispatch_id).sent == 2


def test_a_clock_set_forward_does_not_make_a_worker_think_itself_dead(desk: Desk) -> None:
    desk.write_in("Ana")
    dispatch_id = desk.press(desk.campaign())
    mine = worker_that_is_gone()
    take_all(dispatch_id, mine)
    clock.sweep(now() + HOUR, worker_id=mine, running={dispatch_id}, pulses=desk.folder / "pulses")
    assert desk.lines(dispatch_id)["ana@example.org"].state is State.CLAIMED


def test_whoever_is_put_off_after_a_long_outage_is_still_tried_again(desk: Desk) -> None:
    desk.write_in("Ana")
    with time_machine.travel(now() - timedelta(days=3)):
        dispatch_id = desk.press(desk.campaign())
    later = ScriptedServer({"rcpt": say("451 4.7.1 greylisted")})
    with desk.mail_server(later):
        desk.until(lambda: desk.lines(dispatch_id)["ana@example.org"].attempts == 1)
        desk.until(lambda: desk.lines(dispatch_id)["ana@example.org"].state is not State.CLAIMED)
    assert desk.lines(dispatch_id)["ana@example.org"].state is State.DEFERRED


def test_two_clocks_that_find_nobody_write_it_down_once(desk: Desk) -> None:
    campaign_id = desk.campaign()
    make_due(campaign_id)
    for _ in range(2):
        with unit() as session:
            launches.record_nobody(session, campaign_id, by=sending.CLOCK, now=now())
    with reading() as session:
        assert len(dispatches.of_campaign(session, campaign_id)) == 1


def test_a_schedule_that_can_not_be_read_holds_up_no_other(desk: Desk) -> None:
    desk.write_in("Ana")
    broken, good, pressed = desk.campaign(), desk.campaign(), desk.campaign()
    make_due(broken, ago=2 * HOUR)
    make_due(good)
    with time_machine.travel(now() - HOUR):
        waiting = desk.press(pressed, Press(undo=timedelta(seconds=30)))
    with unit() as session:
        session.execute(text("UPDATE campaigns SET message_type = 'telegram' WHERE id = :id"), {"id": broken})
    with desk.mail_server(ScriptedServer()):
        desk.until(lambda: desk.read(good).status == "sent")
        desk.until_over(waiting)


def make_due(campaign_id: int, ago: timedelta = HOUR) -> None:
    with unit() as session:
        campaign = campaigns.get(session, campaign_id)
        campaign.status, campaign.scheduled_at = campaigns.Status.SCHEDULED, now() - ago


# The mail server


def test_a_server_that_takes_few_messages_a_connection_does_not_end_the_launch(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.sending.routing.PAUSES", (0.01,))
    desk.write_in(*[f"Ana{i}" for i in range(240)])
    mails = iter(range(10_000))

    def weary(stage: str, address: str) -> Act | None:
        """Ten connections, and all of them come to their end together."""
        if stage == "mail" and next(mails) % 110 >= 100:
            return say("421 4.7.0 too many messages in this session").and_drop()
        return None

    with desk.mail_server(ScriptedServer(weary, delay=0.03)) as server:
        books = desk.until_over(desk.press(desk.campaign()))
    assert books.sent == 240
    assert len({one.recipient for one in server.received}) == len(server.received) == 240


@pytest.mark.parametrize(
    "reply",
    [
        "550 relay not permitted",
        "553 sorry, that domain isn't in my list (#5.7.1)",
        "550 Blocked, see the list",
        "550 5.1.1 Mailbox full",
        "550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents more",
    ],
)
def test_a_refusal_that_says_nothing_of_the_mailbox_marks_no_customer(desk: Desk, reply: str) -> None:
    desk.write_in("Ana", "Ben")
    with desk.mail_server(ScriptedServer({"rcpt": say(reply)})):
        books = desk.until_over(desk.press(desk.campaign()))
    assert books.failed == 2
    assert customer("ana@example.org").email_trouble is None


@pytest.mark.parametrize(
    "reply",
    ["550 5.1.1 gone", "550 No such user here", "550 ana: User unknown", "550 Mailbox does not exist"],
)
def test_a_refusal_that_knows_no_such_mailbox_marks_the_address(desk: Desk, reply: str) -> None:
    desk.write_in("Ana")
    with desk.mail_server(ScriptedServer({"rcpt": say(reply)})):
        desk.until_over(desk.press(desk.campaign()))
    assert customer("ana@example.org").email_trouble == "bounced"


def test_an_address_put_right_meanwhile_is_not_blamed_for_the_old_one(desk: Desk) -> None:
    (ana,) = desk.write_in("Ana")

    def corrected_meanwhile(stage: str, address: str) -> Act | None:
        if stage != "rcpt":
            return None
        with unit() as session:
            customers.change(session, ana, {"email": "new@example.org"}, by=desk.cast.olive, now=now())
        return say("550 5.1.1 no such user")

    with desk.mail_server(ScriptedServer(corrected_meanwhile)):
        books = desk.until_over(desk.press(desk.campaign()))
    assert books.failed == 1
    assert customer("new@example.org").email_trouble is None


# Presses and keys


def test_a_key_of_one_campaign_is_no_launch_of_another(desk: Desk) -> None:
    desk.write_in("Ana")
    first, second = desk.campaign(), desk.campaign()
    desk.press(first, Press(nonce="a key"))
    with pytest.raises(Refusal) as refused:
        desk.press(second, Press(nonce="a key"))
    assert refused.value.code == "key_used"


def test_undo_at_the_last_instant_is_all_or_nothing(desk: Desk) -> None:
    """The owner and the clock at the same moment, over and over: called back as a whole, or not at all."""
    desk.write_in("Ana", "Ben")
    for _ in range(20):
        campaign_id = desk.campaign()
        dispatch_id = desk.press(campaign_id, Press(undo=timedelta(milliseconds=30)))
        opening = threading.Thread(target=lambda: open_gate(dispatch_id))  # noqa: B023
        opening.start()
        try:
            undone = sending.undo(dispatch_id, desk.cast.olive).state == "undone"
        except Refusal:
            undone = False
        opening.join()
        books, dispatch = desk.books(dispatch_id), desk.dispatch(dispatch_id)
        assert (dispatch.state, books.cancelled) == (("undone", 2) if undone else ("sending", 0))


def open_gate(dispatch_id: int) -> None:
    opened = False
    while not opened:
        with unit() as session:
            opened = dispatches.begin(session, dispatch_id, now())
            if session.get_one(Dispatch, dispatch_id).state == "undone":
                return


def test_nobody_whose_no_was_written_down_before_the_hand_over_gets_the_message(desk: Desk) -> None:
    """Two hundred people say no at random instants of a send."""
    import random

    chance = random.Random(20261121)
    people = desk.write_in(*[f"Ana{i}" for i in range(400)])
    dispatch_id = desk.press(desk.campaign())
    in_time: set[str] = set()

    def say_no() -> None:
        for number in chance.sample(people, 200):
            with unit() as session:
                consent.withdraw(session, number, "email", "marketing", how="one_click", now=now())
                row = session.query(Delivery).filter_by(customer_id=number).one()
                if row.state in (State.QUEUED, State.CLAIMED):
                    in_time.add(row.address_key or "")
            stop_between.wait(chance.uniform(0, 0.01))

    stop_between = threading.Event()
    with desk.mail_server(ScriptedServer(delay=0.01)) as server:
        saying = threading.Thread(target=say_no)
        saying.start()
        books = desk.until_over(dispatch_id)
        saying.join()
    got = [one.recipient for one in server.received]
    assert len(got) == len(set(got)) == books.sent
    assert not set(got) & in_time
    assert books.skipped == len(in_time) > 10
