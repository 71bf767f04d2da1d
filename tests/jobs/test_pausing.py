"""A send that is paused: nothing more leaves, nothing is lost, and it goes on where it was."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from data.database import now, reading, unit
from domain.ledger import deliveries
from domain.ledger.deliveries import Delivery, State
from domain.refusal import Refusal
from domain.sending import dispatches, endings, reports, standstill
from domain.sending.dispatches import Hold
from domain.sending.launches import Press
from domain.sending.pauses import Pause
from domain.shop import audit
from jobs import sending
from tests.jobs.conftest import HOUR, Desk, Looks, it_has_looked
from tests.twins.smtp_server import Act, Script, ScriptedServer, say

PROJECT = Path(__file__).parents[2]
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
SLOW = 0.1  # seconds before each answer of the server
MANY = [f"Ana{i}" for i in range(120)]
UNDER_WAY = 5  # messages at the server: the send is in its middle
SOON, LATER = 2.0, 3.0  # seconds after the press, and after that


def under_way(desk: Desk, server: ScriptedServer) -> int:
    dispatch_id = desk.press(desk.campaign())
    desk.until(lambda: len(server.received) >= UNDER_WAY)
    return dispatch_id


def paused_meanwhile(desk: Desk, dispatch_id: int, act: Act | None = None) -> Script:
    """Somebody presses while the first message is at the server and its answer is still out."""
    presses = iter([sending.pause])

    def script(stage: str, address: str) -> Act | None:
        if stage != "final":
            return None
        for press in presses:
            press(dispatch_id, desk.cast.olive)
        return act

    return script


def settled(desk: Desk, dispatch_id: int) -> bool:
    """Nothing of it is on its way any more."""
    states = {line.state for line in desk.lines(dispatch_id).values()}
    return not states & {State.CLAIMED, State.HANDOFF}


def two_seconds_later(server: ScriptedServer) -> int:
    """How many had arrived by then; not one more comes afterwards."""
    time.sleep(SOON)
    soon = len(server.received)
    time.sleep(LATER)
    assert len(server.received) == soon < len(MANY)
    return soon


def test_two_seconds_after_the_press_nothing_more_arrives_and_nothing_is_in_doubt(desk: Desk) -> None:
    desk.write_in(*MANY)
    with desk.mail_server(ScriptedServer(delay=SLOW)) as server:
        dispatch_id = under_way(desk, server)
        sending.pause(dispatch_id, desk.cast.olive)
        soon = two_seconds_later(server)
        desk.until(lambda: settled(desk, dispatch_id))
        books = desk.books(dispatch_id)
        assert (books.sent, books.queued) == (soon, len(MANY) - soon)
        assert books.failed == books.not_sure == books.cancelled == 0
        paused = desk.dispatch(dispatch_id)
        assert (paused.state, paused.held_for, paused.held_by) == ("paused", Hold.PERSON, "Olive")


def test_a_stop_is_as_quick(desk: Desk) -> None:
    desk.write_in(*MANY)
    with desk.mail_server(ScriptedServer(delay=SLOW)) as server:
        dispatch_id = under_way(desk, server)
        sending.stop(dispatch_id, desk.cast.olive)
        soon = two_seconds_later(server)
        books = desk.until_over(dispatch_id)
    assert (books.sent, books.cancelled, books.not_sure) == (soon, len(MANY) - soon, 0)


def test_it_goes_on_where_it_was_and_writes_to_nobody_twice(desk: Desk) -> None:
    desk.write_in(*MANY)
    with desk.mail_server(ScriptedServer(delay=SLOW)) as server:
        dispatch_id = under_way(desk, server)
        for _ in range(3):
            sending.pause(dispatch_id, desk.cast.olive)
            sending.resume(dispatch_id, desk.cast.olive)
        books = desk.until_over(dispatch_id)
    assert (books.sent, books.not_sure, books.cancelled) == (len(MANY), 0, 0)
    assert len(server.received) == len({one.recipient for one in server.received}) == len(MANY)
    after = desk.dispatch(dispatch_id)
    assert (after.state, after.outcome, after.held_for, after.held_by) == ("sent", "complete", Hold.NONE, "")


def test_a_paused_send_outlives_its_worker_and_is_left_alone_by_the_next(desk: Desk, looks: Looks) -> None:
    desk.write_in(*MANY)
    with desk.mail_server(ScriptedServer(delay=SLOW)) as server:
        dispatch_id = under_way(desk, server)
        sending.pause(dispatch_id, desk.cast.olive)
    so_far = desk.books(dispatch_id)
    assert so_far.sent == len(server.received)
    with desk.mail_server(ScriptedServer()) as later:
        it_has_looked(desk, looks)
        assert not later.received
        assert desk.books(dispatch_id) == so_far
        sending.resume(dispatch_id, desk.cast.olive)
        books = desk.until_over(dispatch_id)
    assert books.sent == len(MANY)
    everybody = [one.recipient for one in (*server.received, *later.received)]
    assert len(everybody) == len(set(everybody)) == len(MANY)


def test_the_clock_takes_up_no_paused_send(desk: Desk) -> None:
    desk.write_in("Ana", "Ben")
    dispatch_id = desk.press(desk.campaign())
    sending.pause(dispatch_id, desk.cast.olive)
    with reading() as session:
        assert dispatches.hungry(session, now() + 24 * HOUR) == []
        assert dispatches.ripe(session, now() + 24 * HOUR) == []
        assert dispatches.unfinished(session) == []
    sending.resume(dispatch_id, desk.cast.olive)
    with reading() as session:
        assert dispatches.hungry(session, now()) == [dispatch_id]


def test_who_was_put_off_stays_put_off_while_it_is_paused(desk: Desk) -> None:
    desk.write_in("Ana", *MANY)
    server = ScriptedServer(
        lambda stage, address: (
            say("451 4.2.1 try later") if (stage, address) == ("rcpt", "ana@example.org") else None
        ),
        delay=0.05,
    )
    with desk.mail_server(server):
        dispatch_id = under_way(desk, server)
        desk.until(lambda: desk.lines(dispatch_id)["ana@example.org"].state is State.DEFERRED)
        sending.pause(dispatch_id, desk.cast.olive)
        desk.until(lambda: settled(desk, dispatch_id))
        assert desk.lines(dispatch_id)["ana@example.org"].state is State.DEFERRED
        sending.resume(dispatch_id, desk.cast.olive)
        desk.until(lambda: desk.books(dispatch_id).sent == len(MANY))
    assert desk.lines(dispatch_id)["ana@example.org"].state is State.DEFERRED
    assert desk.dispatch(dispatch_id).state == "sending"


def test_later_said_after_the_press_keeps_the_person_on_the_list(desk: Desk) -> None:
    """The answer comes when the send is paused already."""
    desk.write_in(*MANY)
    dispatch_id = desk.press(desk.campaign())
    with desk.mail_server(ScriptedServer(paused_meanwhile(desk, dispatch_id, say("451 4.3.0 later")))):
        desk.until(lambda: desk.dispatch(dispatch_id).state == "paused" and settled(desk, dispatch_id))
    books = desk.books(dispatch_id)
    assert (books.queued, books.cancelled, books.not_sure) == (len(MANY), 0, 0)
    assert State.DEFERRED in {line.state for line in desk.lines(dispatch_id).values()}


def test_the_last_answer_ends_a_paused_send_that_has_nobody_left(desk: Desk) -> None:
    desk.write_in("Ana")
    campaign_id = desk.campaign()
    dispatch_id = desk.press(campaign_id)
    with desk.mail_server(ScriptedServer(paused_meanwhile(desk, dispatch_id))):
        books = desk.until_over(dispatch_id)
    assert len(diary(dispatch_id, "paused")) == 1
    assert (books.sent, desk.dispatch(dispatch_id).state) == (1, "sent")
    assert desk.read(campaign_id).status == "sent"


def test_stop_of_a_paused_send_cancels_the_rest_at_once(desk: Desk) -> None:
    desk.write_in(*MANY)
    with desk.mail_server(ScriptedServer(delay=SLOW)) as server:
        dispatch_id = under_way(desk, server)
        sending.pause(dispatch_id, desk.cast.olive)
        desk.until(lambda: settled(desk, dispatch_id))
        sending.stop(dispatch_id, desk.cast.max_)
        stopped, books = desk.dispatch(dispatch_id), desk.books(dispatch_id)
    assert (stopped.state, stopped.outcome, stopped.error) == ("stopped", "partial", "Stopped by Max.")
    assert (stopped.finished_at is not None, stopped.held_for, stopped.held_by) == (True, Hold.NONE, "")
    assert (books.sent, books.cancelled, books.queued) == (
        len(server.received),
        len(MANY) - len(server.received),
        0,
    )
    assert stopped.campaign_id is not None
    assert desk.read(stopped.campaign_id).status == "draft"


def test_a_stop_does_not_wait_for_the_one_on_its_way_to_say_that_it_is_stopped(desk: Desk) -> None:
    """Paused, and stopped before the answers came: the answers still count."""
    desk.write_in(*MANY)
    with desk.mail_server(ScriptedServer(delay=0.5)) as server:
        dispatch_id = under_way(desk, server)
        sending.pause(dispatch_id, desk.cast.olive)
        sending.stop(dispatch_id, desk.cast.olive)
        stopped = desk.dispatch(dispatch_id)
        assert (stopped.state, stopped.held_for) == ("stopped", Hold.NONE)
        books = desk.until_over(dispatch_id)
    assert (books.sent, books.not_sure) == (len(server.received), 0)
    assert books.sent + books.cancelled == len(MANY)


def test_a_second_press_of_pause_or_of_go_on_is_refused_in_words(desk: Desk) -> None:
    desk.write_in("Ana")
    dispatch_id = desk.press(desk.campaign())
    with pytest.raises(Refusal, match="not paused"):
        sending.resume(dispatch_id, desk.cast.olive)
    sending.pause(dispatch_id, desk.cast.olive)
    with pytest.raises(Refusal, match="paused already"):
        sending.pause(dispatch_id, desk.cast.max_)
    sending.resume(dispatch_id, desk.cast.max_)
    with pytest.raises(Refusal, match="not paused"):
        sending.resume(dispatch_id, desk.cast.olive)


def test_a_send_that_is_over_can_neither_be_paused_nor_go_on(desk: Desk) -> None:
    desk.write_in("Ana")
    with desk.mail_server(ScriptedServer()):
        dispatch_id = desk.press(desk.campaign())
        desk.until_over(dispatch_id)
    for verb in (sending.pause, sending.resume, sending.stop):
        with pytest.raises(Refusal, match="already over"):
            verb(dispatch_id, desk.cast.olive)


def test_what_can_still_be_undone_is_undone_and_not_paused(desk: Desk) -> None:
    desk.write_in("Ana")
    dispatch_id = desk.press(desk.campaign(), Press(undo=HOUR))
    with pytest.raises(Refusal, match="can still be undone"):
        sending.pause(dispatch_id, desk.cast.olive)
    assert desk.dispatch(dispatch_id).state == "waiting"


def test_who_may_not_send_may_not_pause_either(desk: Desk) -> None:
    desk.write_in("Ana")
    dispatch_id = desk.press(desk.campaign())
    for one in desk.cast.who_may_only_look():
        for verb in (sending.pause, sending.resume):
            with pytest.raises(Refusal, match="may not send"):
                verb(dispatch_id, one)
    assert desk.dispatch(dispatch_id).state == "sending"


def test_pause_ends_a_wait_and_resume_begins_without_it(desk: Desk) -> None:
    """Whoever presses "Go on" does not mean "at the hour that was set before"; a wait that still holds is set anew."""
    desk.write_in("Ana")
    dispatch_id = desk.press(desk.campaign())
    with unit() as session:
        standstill.hold(session, dispatch_id, Hold.QUIET, now() + timedelta(hours=9), now=now())
    sending.pause(dispatch_id, desk.cast.olive)
    paused = desk.dispatch(dispatch_id)
    assert (paused.held_for, paused.held_until) == (Hold.PERSON, None)
    sending.resume(dispatch_id, desk.cast.olive)
    going = desk.dispatch(dispatch_id)
    assert (going.state, going.held_for, going.held_until) == ("sending", Hold.NONE, None)


def diary(dispatch_id: int, what: str) -> list[audit.AuditEntry]:
    with reading() as session:
        return audit.of(session, f"dispatch.{what}", dispatch_id)


def test_who_paused_and_who_let_it_go_on_is_in_the_shops_diary(desk: Desk) -> None:
    desk.write_in("Ana")
    dispatch_id = desk.press(desk.campaign())
    sending.pause(dispatch_id, desk.cast.olive)
    sending.resume(dispatch_id, desk.cast.max_)
    (paused,), (resumed,) = (diary(dispatch_id, what) for what in ("paused", "resumed"))
    assert (paused.actor_name, resumed.actor_name) == ("Olive", "Max")
    assert paused.at <= resumed.at


def test_a_report_tells_who_paused_it_and_from_when_to_when(desk: Desk) -> None:
    desk.write_in("Ana")
    dispatch_id = desk.press(desk.campaign())
    ten = desk.dispatch(dispatch_id).created_at
    olive, max_ = desk.cast.olive, desk.cast.max_
    with unit() as session:
        standstill.pause(session, dispatch_id, by=olive, now=ten + MINUTE)
        standstill.resume(session, dispatch_id, by=max_, now=ten + 5 * MINUTE)
        standstill.pause(session, dispatch_id, by=max_, now=ten + 6 * MINUTE)
    first, second = Pause("Olive", ten + MINUTE, ten + 5 * MINUTE), Pause("Max", ten + 6 * MINUTE, None)
    with reading() as session:
        assert reports.report(session, dispatch_id, now=ten + HOUR).pauses == (first, second)
    with unit() as session:
        endings.stop(session, dispatch_id, by=olive, now=ten + 9 * MINUTE)
    with reading() as session:
        story = reports.report(session, dispatch_id, now=ten + HOUR)
    assert story.pauses == (first, Pause("Max", ten + 6 * MINUTE, ten + 9 * MINUTE))


def test_pauses_of_another_send_are_not_told(desk: Desk) -> None:
    desk.write_in("Ana")
    one, other = desk.press(desk.campaign()), desk.press(desk.campaign(name="Another"))
    sending.pause(one, desk.cast.olive)
    with reading() as session:
        assert len(reports.report(session, one, now=now()).pauses) == 1
        assert reports.report(session, other, now=now()).pauses == ()


def test_the_time_left_counts_no_pause_and_is_not_told_while_nothing_moves(desk: Desk) -> None:
    desk.write_in(*MANY[:40])
    dispatch_id = desk.press(desk.campaign())
    start = desk.dispatch(dispatch_id).created_at
    went(dispatch_id, 20, start)
    assert seconds_left(dispatch_id, start + 20 * SECOND) == pytest.approx(20)
    with unit() as session:
        standstill.pause(session, dispatch_id, by=desk.cast.olive, now=start + 20 * SECOND)
    assert seconds_left(dispatch_id, start + 20 * SECOND) is None
    again = start + 4 * MINUTE
    with unit() as session:
        standstill.resume(session, dispatch_id, by=desk.cast.olive, now=again)
    assert seconds_left(dispatch_id, again) is None, "nobody knows yet how fast it goes now"
    went(dispatch_id, 10, again)
    assert seconds_left(dispatch_id, again + 10 * SECOND) == pytest.approx(10)
    with unit() as session:
        standstill.hold(session, dispatch_id, Hold.HOUR, again + HOUR, now=again)
    assert seconds_left(dispatch_id, again + 10 * SECOND) is None
    night = again + 10 * HOUR
    with unit() as session:
        standstill.let_go_on(session, dispatch_id, now=night)
    assert seconds_left(dispatch_id, night) is None, "what was sent before the night says nothing"


def test_the_bar_knows_who_paused_a_send_and_what_it_waits_for(desk: Desk) -> None:
    desk.write_in("Ana", "Ben")
    one, other = desk.press(desk.campaign()), desk.press(desk.campaign(name="Another"))
    until = now() + 9 * HOUR
    sending.pause(one, desk.cast.olive)
    with unit() as session:
        standstill.hold(session, other, Hold.QUIET, until, now=now())
    with reading() as session:
        paused, held = reports.moving(session, now=now())
    assert (paused.id, paused.state, paused.held_for, paused.held_by) == (one, "paused", Hold.PERSON, "Olive")
    assert (held.id, held.state, held.held_for, held.held_until) == (other, "sending", Hold.QUIET, until)
    assert (paused.to_reach, paused.done) == (2, 0)


def test_another_process_pauses_it_as_well(desk: Desk) -> None:
    """The web pages may live beside the worker, or the worker in a service of its own."""
    desk.write_in(*MANY)
    with elsewhere(desk) as act, desk.mail_server(ScriptedServer(delay=SLOW)) as server:
        dispatch_id = under_way(desk, server)
        act(f"sending.pause({dispatch_id}, olive)")
        two_seconds_later(server)
        assert (desk.books(dispatch_id).not_sure, desk.dispatch(dispatch_id).held_by) == (0, "Olive")


def went(dispatch_id: int, many: int, start: datetime) -> None:
    """So many of those who wait got theirs, one a second."""
    with unit() as session:
        waiting = deliveries.lines(session, dispatch_id, states=(State.QUEUED,), limit=many)
        for number, line in enumerate(waiting):
            row = session.get_one(Delivery, line.id)
            row.state, row.settled_at = State.SENT, start + number * SECOND


def seconds_left(dispatch_id: int, at: datetime) -> float | None:
    with reading() as session:
        return reports.report(session, dispatch_id, now=at).seconds_left


@contextmanager
def elsewhere(desk: Desk) -> Iterator[Callable[[str], None]]:
    """A process that is ready to act, as soon as it is told what; it has acted when it says so."""
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from data.database import open_database\n"
        "from domain import tables as tables\n"
        "from domain.shop.people import Actor, Role\n"
        "from jobs import sending\n"
        "open_database(Path(sys.argv[1]))\n"
        f"olive = Actor({desk.cast.olive.user_id}, 'Olive', Role.OWNER)\n"
        "print('ready', flush=True)\n"
        "exec(sys.stdin.readline())\n"
        "print('done', flush=True)\n"
    )
    command = [sys.executable, "-c", program, str(desk.folder / "handbill.db")]
    process = subprocess.Popen(
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert process.stdin
    assert process.stdout

    def act(what: str) -> None:
        print(what, file=heard)
        assert said.readline() == "done\n"

    with process, process.stdin as heard, process.stdout as said:
        assert said.readline() == "ready\n"
        yield act
    assert process.returncode == 0
