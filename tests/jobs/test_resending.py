"""What failed, was called off or is "not sure" is taken up again, and nobody gets anything twice."""

import threading
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes, policy

import pytest

from data.config import Config, use_config
from data.database import now, reading, unit
from domain.audience.audience import Audience
from domain.book import consent, customers, suppressions
from domain.book.customers import Customer
from domain.ledger import deliveries, second_tries, standing
from domain.ledger.deliveries import Delivery, State
from domain.refusal import Refusal
from domain.sending import campaigns, dispatches, endings, opt_out, resending
from domain.sending.dispatches import DispatchState
from domain.sending.launches import Press
from domain.sending.opt_out import Said
from domain.sending.resending import Which
from domain.shop import audit, notices
from jobs import sending
from tests.jobs.conftest import Desk
from tests.twins.smtp_server import ScriptedServer, drop, say

FULL = "552 5.2.2 mailbox full"
NOBODY = "550 5.1.1 no such user"


class Moody:
    """A server that answers for some recipients as it likes, until it is cheered up."""

    def __init__(self, **moods: str) -> None:
        self.moods = {f"{name.lower()}@example.org": words for name, words in moods.items()}

    def __call__(self, stage: str, address: str) -> object:
        words = self.moods.get(address)
        if words == "silence":
            return drop(accept=True) if stage == "final" else None
        return say(words) if words and stage == "rcpt" else None

    def cheer_up(self) -> None:
        self.moods.clear()


def received(server: ScriptedServer) -> list[str]:
    return sorted(one.recipient.split("@")[0] for one in server.received)


def row(desk: Desk, dispatch_id: int, name: str) -> int:
    return desk.lines(dispatch_id)[f"{name.lower()}@example.org"].id


def launched(desk: Desk, server: ScriptedServer, names: tuple[str, ...] = ("Ana", "Ben")) -> tuple[int, int]:
    """A campaign to these people that is over. Call it with the server at work."""
    desk.write_in(*names)
    campaign_id = desk.campaign()
    dispatch_id = desk.press(campaign_id)
    desk.until_over(dispatch_id)
    return campaign_id, dispatch_id


def over(desk: Desk, act: Callable[[], object], dispatch_id: int) -> deliveries.Books:
    act()
    return desk.until_over(dispatch_id)


def test_a_failed_row_goes_out_again_in_the_same_send(desk: Desk) -> None:
    mood = Moody(Ben=FULL)
    with desk.mail_server(ScriptedServer(mood)) as server:  # type: ignore[arg-type]
        campaign_id, dispatch_id = launched(desk, server)
        ben = row(desk, dispatch_id, "Ben")
        mood.cheer_up()
        books = over(desk, lambda: sending.resend(ben, desk.cast.olive), dispatch_id)
    assert (books.sent, books.failed, books.recipients) == (2, 0, 2)
    assert received(server) == ["ana", "ben"]
    dispatch = desk.dispatch(dispatch_id)
    assert (dispatch.state, dispatch.outcome, dispatch.error) == (DispatchState.SENT, "complete", "")
    assert desk.read(campaign_id).status == "sent"
    line = desk.lines(dispatch_id)["ben@example.org"]
    assert (line.reason, line.attempts) == (None, 2)


def test_the_second_try_carries_what_was_launched_and_not_what_was_edited_since(desk: Desk) -> None:
    mood = Moody(Ben=FULL)
    with desk.mail_server(ScriptedServer(mood)) as server:  # type: ignore[arg-type]
        campaign_id, dispatch_id = launched(desk, server)
        with unit() as session:
            session.get_one(campaigns.Campaign, campaign_id).subject = "Changed behind the scenes"
        mood.cheer_up()
        over(desk, lambda: sending.retry(dispatch_id, Which.FAILED, desk.cast.olive), dispatch_id)
    mails = {one.recipient: message_from_bytes(one.body, policy=policy.default) for one in server.received}
    assert mails["ben@example.org"]["Subject"] == "Hello Ben"


def test_pressed_twice_and_by_two_at_once_it_goes_once(desk: Desk) -> None:
    mood = Moody(Ben=FULL)
    with desk.mail_server(ScriptedServer(mood)) as server:  # type: ignore[arg-type]
        _, dispatch_id = launched(desk, server)
        ben = row(desk, dispatch_id, "Ben")
    mood.cheer_up()
    ends: list[str] = []
    start = threading.Barrier(6)

    def press() -> None:
        start.wait()
        try:
            sending.resend(ben, desk.cast.olive)
            ends.append("queued")
        except Refusal as refusal:
            ends.append(refusal.code)

    threads = [threading.Thread(target=press) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(ends) == ["not_to_try"] * 5 + ["queued"]
    with desk.mail_server(ScriptedServer(mood)) as again:  # type: ignore[arg-type]
        desk.until_over(dispatch_id)
    assert received(again) == ["ben"]


def test_all_who_failed_are_tried_and_those_who_can_not_be_are_told_with_the_reason(desk: Desk) -> None:
    mood = Moody(Ben=FULL, Cleo=NOBODY, Dan=FULL)
    with desk.mail_server(ScriptedServer(mood)) as server:  # type: ignore[arg-type]
        _, dispatch_id = launched(desk, server, ("Ana", "Ben", "Cleo", "Dan"))
        dan = desk.lines(dispatch_id)["dan@example.org"].customer_id or 0
        with unit() as session:
            consent.withdraw(session, dan, "email", "marketing", how="link", now=now())
        with reading() as session:
            seen = resending.prospect(session, dispatch_id, Which.FAILED)
        assert (seen.ready, seen.left) == (1, {"bad_address": 1, "opted_out": 1})
        assert seen.why == "1 with an address that does not work · 1 opted out"
        mood.cheer_up()
        retried = sending.retry(dispatch_id, Which.FAILED, desk.cast.olive)
        books = desk.until_over(dispatch_id)
    assert (retried.queued, retried.left) == (1, {"bad_address": 1, "opted_out": 1})
    assert (books.sent, books.failed) == (2, 2)
    with pytest.raises(Refusal, match="Nobody of them can be tried again: 1 with an address") as refused:
        sending.retry(dispatch_id, Which.FAILED, desk.cast.olive)
    assert refused.value.kind == "conflict"
    assert desk.dispatch(dispatch_id).state is DispatchState.SENT


def test_an_address_that_came_back_must_be_corrected_first_and_then_the_new_one_is_used(desk: Desk) -> None:
    mood = Moody(Ben=NOBODY)
    with desk.mail_server(ScriptedServer(mood)) as server:  # type: ignore[arg-type]
        _, dispatch_id = launched(desk, server)
        line = desk.lines(dispatch_id)["ben@example.org"]
        with pytest.raises(Refusal, match=r"^Messages to ben@example.org came back. Correct the address"):
            sending.resend(line.id, desk.cast.olive)
        with unit() as session:
            new = {"email": "Ben@new.example"}
            customers.change(session, line.customer_id or 0, new, by=desk.cast.olive, now=now())
        books = over(desk, lambda: sending.resend(line.id, desk.cast.olive), dispatch_id)
    assert (books.sent, books.recipients) == (2, 2)
    assert [one.recipient for one in server.received if "ben" in one.recipient] == ["ben@new.example"]
    (entry,) = audits("delivery.resent", line.id)
    assert (entry.before["address"], entry.after["address"]) == ("ben@example.org", "ben@new.example")  # type: ignore[index]


def test_a_new_address_that_is_on_the_send_already_is_refused(desk: Desk) -> None:
    with desk.mail_server(ScriptedServer(Moody(Ben=NOBODY, Cleo=NOBODY))) as server:  # type: ignore[arg-type]
        _, dispatch_id = launched(desk, server, ("Ana", "Ben", "Cleo"))
        lines = desk.lines(dispatch_id)
        move(desk, lines["ben@example.org"].customer_id, "ana@example.org")
        with pytest.raises(Refusal, match="Somebody else on this send has the address ana"):
            sending.resend(lines["ben@example.org"].id, desk.cast.olive)
        move(desk, lines["ben@example.org"].customer_id, "both@example.org")
        move(desk, lines["cleo@example.org"].customer_id, "both@example.org")
        retried = sending.retry(dispatch_id, Which.FAILED, desk.cast.olive)
        books = desk.until_over(dispatch_id)
    assert (retried.queued, retried.left) == (1, {"taken": 1})
    assert (books.sent, books.failed) == (2, 1)
    assert received(server) == ["ana", "both"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("gone", "deleted from the customer book"),
        ("no_address", "has no address"),
        ("opted_out", "has opted out"),
        ("suppressed", "not to be written to"),
    ],
)
def test_whoever_may_not_be_written_to_now_is_not(desk: Desk, change: str, words: str) -> None:
    with desk.mail_server(ScriptedServer(Moody(Ben=FULL))) as server:  # type: ignore[arg-type]
        _, dispatch_id = launched(desk, server)
    line = desk.lines(dispatch_id)["ben@example.org"]
    with unit() as session:
        spoil(session.get_one(Customer, line.customer_id), change, session)
    with pytest.raises(Refusal, match=words) as refused:
        sending.resend(line.id, desk.cast.olive)
    assert (refused.value.code, refused.value.kind) == (change, "conflict")
    assert desk.lines(dispatch_id)["ben@example.org"].state is State.FAILED


def test_whoever_another_launch_reached_or_is_about_to_is_not_tried_again(desk: Desk) -> None:
    mood = Moody(Ben=FULL, Cleo=FULL)
    with desk.mail_server(ScriptedServer(mood)) as server:  # type: ignore[arg-type]
        campaign_id, first = launched(desk, server, ("Ana", "Ben", "Cleo"))
    back_to_draft(campaign_id, first)
    move(desk, desk.lines(first)["cleo@example.org"].customer_id, "cleo@new.example")
    second = desk.press(campaign_id, Press(to="remaining"))
    assert set(desk.lines(second)) == {"ben@example.org", "cleo@new.example"}
    for name in ("Ben", "Cleo"):
        with pytest.raises(Refusal, match="being sent just now"):
            sending.resend(row(desk, first, name), desk.cast.olive)
    mood.cheer_up()
    with desk.mail_server(ScriptedServer(mood)) as again:  # type: ignore[arg-type]
        desk.until_over(second)
        move(desk, desk.lines(first)["cleo@example.org"].customer_id, "cleo@third.example")
        for name in ("Ben", "Cleo"):  # Cleo is known by her person: each launch had another address of hers
            with pytest.raises(Refusal, match="Another launch of this campaign has reached this person"):
                sending.resend(row(desk, first, name), desk.cast.olive)
    assert received(again) == ["ben", "cleo"]


def test_a_new_launch_leaves_out_whoever_an_earlier_one_is_trying_again(desk: Desk) -> None:
    with desk.mail_server(ScriptedServer(Moody(Ben=FULL))) as server:  # type: ignore[arg-type]
        campaign_id, first = launched(desk, server)
    back_to_draft(campaign_id, first)
    (cleo,) = set(desk.write_in("Cleo")) - {line.customer_id for line in desk.lines(first).values()}
    sending.resend(row(desk, first, "Ben"), desk.cast.olive)
    sending.pause(first, desk.cast.olive)
    with pytest.raises(Refusal, match="is trying some people again"):
        desk.press(campaign_id, Press(to="everyone"))
    second = desk.press(campaign_id, Press(to="remaining"))
    assert [line.customer_id for line in desk.lines(second).values()] == [cleo]
    with reading() as session:
        books = standing.books_of_campaign(session, campaign_id)
    assert (books.sent, books.queued, books.recipients) == (1, 2, 3)
    with desk.mail_server(ScriptedServer()) as again:
        sending.resume(first, desk.cast.olive)
        desk.until_over(first)
        desk.until_over(second)
    assert received(again) == ["ben", "cleo"]
    assert desk.read(campaign_id).status == "sent"


def test_of_a_running_send_a_failed_row_queues_up_again_and_nothing_else(desk: Desk) -> None:
    mood = Moody(Ben=FULL, Cleo="451 4.2.1 later", Dan="silence")
    with desk.mail_server(ScriptedServer(mood)) as server:  # type: ignore[arg-type]
        desk.write_in("Ana", "Ben", "Cleo", "Dan")
        dispatch_id = desk.press(desk.campaign())
        ended = {State.FAILED, State.DEFERRED, State.UNKNOWN, State.SENT}
        desk.until(lambda: {one.state for one in desk.lines(dispatch_id).values()} == ended)
        mood.cheer_up()
        with pytest.raises(Refusal, match="not over yet"):
            sending.resend(row(desk, dispatch_id, "Dan"), desk.cast.olive, even_if_twice=True)
        with pytest.raises(Refusal, match="on its way already"):
            sending.resend(row(desk, dispatch_id, "Cleo"), desk.cast.olive)
        with pytest.raises(Refusal, match="was sent"):
            sending.resend(row(desk, dispatch_id, "Ana"), desk.cast.olive)
        sending.resend(row(desk, dispatch_id, "Ben"), desk.cast.olive)
        desk.until(lambda: desk.books(dispatch_id).sent == 2)
        sending.pause(dispatch_id, desk.cast.olive)
        with pytest.raises(Refusal, match="This send is paused"):
            sending.retry(dispatch_id, Which.FAILED, desk.cast.olive)
    assert received(server) == ["ana", "ben", "dan"]


def test_not_sure_is_sent_again_only_by_a_choice_that_is_said_and_written_down(desk: Desk) -> None:
    mood = Moody(Ben="silence")
    with desk.mail_server(ScriptedServer(mood)) as server:  # type: ignore[arg-type]
        _, dispatch_id = launched(desk, server)
        ben = row(desk, dispatch_id, "Ben")
        first_id = mails(server)["ben@example.org"]["Message-ID"]
        with pytest.raises(Refusal, match="may arrive twice") as refused:
            sending.resend(ben, desk.cast.olive)
        assert refused.value.code == "may_arrive_twice"
        assert desk.books(dispatch_id).not_sure == 1
        mood.cheer_up()
        books = over(desk, lambda: sending.resend(ben, desk.cast.olive, even_if_twice=True), dispatch_id)
    assert (books.sent, books.not_sure) == (2, 0)
    (entry,) = audits("delivery.resent", ben)
    assert entry.actor_name == "Olive"
    assert entry.before is not None
    assert (entry.before["state"], entry.before["message_id"]) == ("unknown", first_id)


def test_all_who_are_not_sure_can_be_counted_as_sent_or_sent_again(desk: Desk) -> None:
    mood = Moody(Ben="silence", Cleo="silence", Dan="silence")
    with desk.mail_server(ScriptedServer(mood)) as server:  # type: ignore[arg-type]
        _, dispatch_id = launched(desk, server, ("Ana", "Ben", "Cleo", "Dan"))
        sending.count_as_sent(row(desk, dispatch_id, "Ben"), desk.cast.olive)
        line = desk.lines(dispatch_id)["ben@example.org"]
        assert (line.state, line.reason) == (State.SENT, second_tries.COUNTED)
        with pytest.raises(Refusal, match="no doubt about this message"):
            sending.count_as_sent(line.id, desk.cast.olive)
        assert sending.count_all_as_sent(dispatch_id, desk.cast.max_) == 2
        with pytest.raises(Refusal, match="no doubt about any"):
            sending.count_all_as_sent(dispatch_id, desk.cast.olive)
    books = desk.books(dispatch_id)
    assert (books.sent, books.not_sure, books.recipients) == (4, 0, 4)
    (entry,) = audits("dispatch.counted_as_sent", dispatch_id)
    assert entry.actor_name == "Max"
    assert len(entry.before["rows"]) == 2  # type: ignore[index]


def test_the_way_out_of_a_message_proves_that_it_arrived(desk: Desk) -> None:
    with desk.mail_server(ScriptedServer(Moody(Ben="silence"))) as server:  # type: ignore[arg-type]
        _, dispatch_id = launched(desk, server)
    ana, ben = row(desk, dispatch_id, "Ana"), row(desk, dispatch_id, "Ben")
    for delivery_id in (ana, ben):
        with unit() as session:
            of = opt_out.recipient(session, delivery_id)
            assert of is not None
            opt_out.stop(session, of, of.scope, Said("one_click", "", now()))
    lines = desk.lines(dispatch_id)
    assert (lines["ben@example.org"].state, lines["ben@example.org"].reason) == (State.SENT, "proved")
    assert lines["ana@example.org"].reason is None
    with unit() as session:
        assert second_tries.prove_arrival(session, ben, now=now()) is False


def test_a_late_answer_to_the_first_try_says_nothing_about_the_second(desk: Desk) -> None:
    """The worker was thought dead, the person chose to send again, and then the worker wakes up."""
    from domain.ledger import steps
    from domain.ledger.steps import Result

    desk.write_in("Ana")
    dispatch_id = desk.press(desk.campaign())
    with unit() as session:
        (old,) = steps.claim(session, dispatch_id, 1, now=now(), most=10)
        session.get_one(Delivery, old.id).state = State.HANDOFF
        session.flush()
        assert steps.rescue(session, 1, now=now()) == (0, 1)
        endings.conclude(session, dispatch_id, now=now())
    sending.resend(old.id, desk.cast.olive, even_if_twice=True)
    with unit() as session:
        steps.settle(session, 1, [Result(old.id, old.attempt, State.SENT)], now=now())
    assert desk.books(dispatch_id).queued == 1


def test_a_stopped_send_stays_stopped_after_a_second_try_and_says_how_far_it_is(desk: Desk) -> None:
    campaign_id, dispatch_id = stopped(desk)
    with desk.mail_server(ScriptedServer()) as again:
        books = over(desk, lambda: sending.retry(dispatch_id, Which.FAILED, desk.cast.olive), dispatch_id)
    assert received(again) == ["ben"]
    assert (books.sent, books.cancelled) == (2, 1)
    dispatch = desk.dispatch(dispatch_id)
    assert (dispatch.state, dispatch.outcome) == (DispatchState.STOPPED, "partial")
    assert dispatch.error == "Stopped by Olive."
    campaign = desk.read(campaign_id)
    assert (campaign.status, campaign.last_launch_error) == ("draft", "Stopped by Olive. 2 of 3 reached.")
    with pytest.raises(Refusal, match="send it to the rest from its own page"):
        sending.retry(dispatch_id, Which.CALLED_OFF, desk.cast.olive)


def test_whoever_edits_the_draft_meanwhile_is_not_disturbed_by_a_second_try(desk: Desk) -> None:
    campaign_id, dispatch_id = stopped(desk)
    version = desk.read(campaign_id).version
    with desk.mail_server(ScriptedServer()):
        over(desk, lambda: sending.retry(dispatch_id, Which.FAILED, desk.cast.olive), dispatch_id)
    with unit() as session:
        changed = {"subject": "Better words"}
        campaigns.change(session, campaign_id, changed, by=desk.cast.olive, now=now(), version=version)


@pytest.mark.parametrize("edited", [False, True])
def test_a_draft_whose_last_people_are_reached_is_sent_unless_it_was_changed(
    desk: Desk, edited: bool
) -> None:
    """Otherwise it would offer to be sent to nobody; an edited one is a new message by now."""
    campaign_id, dispatch_id = stopped(desk, called_off=False)
    assert desk.read(campaign_id).status == "draft"
    if edited:
        with unit() as session:
            campaigns.change(session, campaign_id, {"subject": "New"}, by=desk.cast.olive, now=now())
    with desk.mail_server(ScriptedServer()):
        over(desk, lambda: sending.retry(dispatch_id, Which.FAILED, desk.cast.olive), dispatch_id)
    campaign = desk.read(campaign_id)
    assert desk.dispatch(dispatch_id).state is DispatchState.SENT
    assert (campaign.status, campaign.last_launch_error == "") == (
        ("draft", False) if edited else ("sent", True)
    )


def test_a_second_try_that_fails_as_a_whole_leaves_nobody_stranded(desk: Desk) -> None:
    """The mail account has trouble by then: the campaign stays sent, somebody is told, and the rows can be tried again."""
    with desk.mail_server(ScriptedServer(Moody(Ben=FULL))) as server:  # type: ignore[arg-type]
        campaign_id, dispatch_id = launched(desk, server)
    strict = ScriptedServer(login=("shop", "right"))
    with desk.mail_server(strict, username="shop", password="wrong"):
        books = over(desk, lambda: sending.retry(dispatch_id, Which.FAILED, desk.cast.olive), dispatch_id)
    assert (books.sent, books.cancelled) == (1, 1)
    assert desk.read(campaign_id).status == "sent"
    with reading() as session:
        assert any("The second try of “Viewing” stopped." in one.sentence for one in notices.unseen(session))
    with desk.mail_server(ScriptedServer()) as again:
        books = over(desk, lambda: sending.retry(dispatch_id, Which.CALLED_OFF, desk.cast.olive), dispatch_id)
    assert (books.sent, books.cancelled) == (2, 0)
    assert received(again) == ["ben"]
    assert desk.dispatch(dispatch_id).error == ""


def test_a_stopped_one_shot_goes_on_to_those_whose_turn_never_came(desk: Desk) -> None:
    desk.write_in("Ana", "Ben")
    number = desk.campaign()
    with unit() as session:
        draft = campaigns.as_draft(session, campaigns.get(session, number))
    dispatch_id = sending.send_one_shot(draft, Audience(), Press(), desk.cast.olive).id
    sending.stop(dispatch_id, desk.cast.olive)
    assert desk.books(dispatch_id).cancelled == 2
    with desk.mail_server(ScriptedServer()) as server:
        books = over(desk, lambda: sending.retry(dispatch_id, Which.CALLED_OFF, desk.cast.olive), dispatch_id)
    assert (books.sent, received(server)) == (2, ["ana", "ben"])
    assert desk.dispatch(dispatch_id).state is DispatchState.SENT


def test_what_was_called_back_stays_called_back(desk: Desk) -> None:
    desk.write_in("Ana")
    dispatch_id = desk.press(desk.campaign(), Press(undo=timedelta(minutes=1)))
    with pytest.raises(Refusal, match="not over yet"):
        sending.retry(dispatch_id, Which.CALLED_OFF, desk.cast.olive)
    sending.undo(dispatch_id, desk.cast.olive)
    for which in Which:
        with pytest.raises(Refusal, match="called back"):
            sending.retry(dispatch_id, which, desk.cast.olive)


def test_a_practice_send_is_not_taken_up_after_going_live_nor_a_real_one_in_practice(desk: Desk) -> None:
    with desk.mail_server(ScriptedServer(Moody(Ben=FULL))) as server:  # type: ignore[arg-type]
        _, dispatch_id = launched(desk, server)
    ben = row(desk, dispatch_id, "Ben")
    live = Config(data=desk.folder, smtp_url="smtp://127.0.0.1:9?security=none")  # type: ignore[arg-type]
    use_config(Config(data=desk.folder))
    with pytest.raises(Refusal, match="practice mode now"):
        sending.resend(ben, desk.cast.olive)
    with unit() as session:
        dispatches.get(session, dispatch_id).practice = True
    use_config(live)
    with pytest.raises(Refusal, match="has gone live since"):
        sending.resend(ben, desk.cast.olive)


def test_who_may_only_look_may_not_send_again(desk: Desk) -> None:
    with desk.mail_server(ScriptedServer(Moody(Ben=FULL, Ana="silence"))) as server:  # type: ignore[arg-type]
        _, dispatch_id = launched(desk, server)
    ana, ben = row(desk, dispatch_id, "Ana"), row(desk, dispatch_id, "Ben")
    for one in desk.cast.who_may_only_look():
        for act in (
            lambda by: sending.resend(ben, by),
            lambda by: sending.retry(dispatch_id, Which.FAILED, by),
            lambda by: sending.count_as_sent(ana, by),
            lambda by: sending.count_all_as_sent(dispatch_id, by),
        ):
            with pytest.raises(Refusal, match="you may not send"):
                act(one)
    assert (desk.books(dispatch_id).failed, desk.books(dispatch_id).not_sure) == (1, 1)


def test_a_page_learns_which_rows_can_be_tried_again_and_why_others_can_not(desk: Desk) -> None:
    mood = Moody(Ben=FULL, Cleo=NOBODY, Dan="silence")
    with desk.mail_server(ScriptedServer(mood)) as server:  # type: ignore[arg-type]
        _, dispatch_id = launched(desk, server, ("Ana", "Ben", "Cleo", "Dan"))
    ids = {name: row(desk, dispatch_id, name) for name in ("Ana", "Ben", "Cleo", "Dan")}
    with reading() as session:
        found = resending.hopes(session, dispatch_id, list(ids.values()))
    assert found == {ids["Ben"]: None, ids["Cleo"]: "bad_address", ids["Dan"]: None}


def test_a_message_that_nobody_wrote_is_not_found(desk: Desk) -> None:
    for act in (sending.resend, sending.count_as_sent):
        with pytest.raises(Refusal, match="does not exist") as refused:
            act(4711, desk.cast.olive)
        assert refused.value.kind == "missing"


def stopped(desk: Desk, *, called_off: bool = True) -> tuple[int, int]:
    """A send that Olive stopped: Ana got it, Ben failed, and Cleo's turn never came (or she was not on it)."""
    desk.write_in("Ana", "Ben", *(["Cleo"] if called_off else []))
    campaign_id = desk.campaign()
    mood = Moody(Ben=FULL, Cleo="451 4.2.1 later")
    dispatch_id = desk.press(campaign_id)
    with desk.mail_server(ScriptedServer(mood)):  # type: ignore[arg-type]
        desk.until(lambda: desk.books(dispatch_id).sent == 1 and desk.books(dispatch_id).failed == 1)
        if called_off:
            sending.stop(dispatch_id, desk.cast.olive)
        desk.until_over(dispatch_id)
    if not called_off:
        back_to_draft(campaign_id, dispatch_id)
    return campaign_id, dispatch_id


def back_to_draft(campaign_id: int, dispatch_id: int) -> None:
    """As the trouble with an account leaves it that came with the very last answer: nobody was called off."""
    with unit() as session:
        campaign = campaigns.get(session, campaign_id)
        campaign.status, campaign.last_launch_error = campaigns.Status.DRAFT, "The mail server closed."
        dispatches.get(session, dispatch_id).state = DispatchState.FAILED


def move(desk: Desk, customer_id: int | None, address: str) -> None:
    with unit() as session:
        customers.change(session, customer_id or 0, {"email": address}, by=desk.cast.olive, now=now())


def spoil(customer: Customer, change: str, session: object) -> None:
    if change == "gone":
        customer.deleted_at = now()
    elif change == "no_address":
        customer.email = ""
        customer.email_key = customer.email_hash = None
    elif change == "opted_out":
        customer.marketing_opt_out = True
    else:
        mark = suppressions.fingerprint("ben@example.org")
        suppressions.suppress(session, "email", mark, reason="complained", now=now())  # type: ignore[arg-type]


def audits(action: str, subject_id: int) -> list[audit.AuditEntry]:
    with reading() as session:
        return audit.of(session, action, subject_id)


def mails(server: ScriptedServer) -> dict[str, object]:
    return {one.recipient: message_from_bytes(one.body, policy=policy.default) for one in server.received}  # type: ignore[misc]
