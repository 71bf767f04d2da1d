"""What a mail server is like to talk to: it wants few messages at a time, hangs up, offers what it can't do, or is slow."""

import time
from functools import partial
from itertools import count

import pytest

from data.mail_account import MailAccount
from domain.ledger.deliveries import State
from domain.sending.engine import DRAIN
from domain.shop.limits import Limits
from jobs import sending
from tests.jobs.conftest import Desk
from tests.twins.smtp_acts import Act, Script
from tests.twins.smtp_server import CHUNKED, EXTENSIONS, ScriptedServer, late, say

SIXTY, MANY = [f"Ana{i}" for i in range(60)], [f"Ana{i}" for i in range(240)]
WAYS = {"chunks": CHUNKED, "pipeline": EXTENSIONS, "one by one": ()}
SLOW = 2.0  # seconds before each answer to a message
ON_THE_WAY = 30


@pytest.fixture
def one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """At a time, so that a script can count what each carries."""
    monkeypatch.setattr("domain.sending.runs.CONNECTIONS", 1)


def on_each(server: ScriptedServer) -> list[int]:
    """How many messages were begun on each connection, where one followed the other."""
    begun: list[int] = []
    for command in server.commands:
        if command.startswith("EHLO"):
            begun.append(0)
        begun[-1] += command.startswith("MAIL")
    return begun


def tired_after(most: int) -> Script:
    """Hangs up as soon as it has taken so many on a connection."""
    taken = count()

    def script(stage: str, address: str) -> Act | None:
        nonlocal taken
        if stage == "banner":
            taken = count(1)
        if stage == "final" and next(taken) == most:
            return say("250 2.0.0 queued, and that will do").and_drop()
        return None

    return script


def is_complete(desk: Desk, dispatch_id: int) -> bool:
    dispatch = desk.dispatch(dispatch_id)
    return (dispatch.state, dispatch.outcome) == ("sent", "complete")


# Few at a time


@pytest.mark.parametrize("extensions", WAYS.values(), ids=WAYS)
@pytest.mark.usefixtures("one_connection")
def test_a_connection_carries_no_more_than_the_provider_likes_and_says_goodbye(
    desk: Desk, extensions: tuple[str, ...]
) -> None:
    desk.write_in(*SIXTY)
    server = ScriptedServer(extensions=extensions)
    with desk.mail_accounts((server, Limits(per_connection=5))):
        assert desk.until_over(desk.press(desk.campaign())).sent == 60
        desk.until(lambda: server.commands.count("QUIT") == server.connections)
    assert on_each(server) == [5] * 12


def test_also_where_several_connections_are_open(desk: Desk) -> None:
    desk.write_in(*MANY)
    server = ScriptedServer()
    with desk.mail_accounts((server, Limits(per_connection=5))):
        assert desk.until_over(desk.press(desk.campaign())).sent == len(MANY)
        desk.until(lambda: server.commands.count("QUIT") == server.connections)
    assert server.connections >= len(MANY) / 5
    assert len({one.recipient for one in server.received}) == len(server.received) == len(MANY)


@pytest.mark.parametrize("extensions", WAYS.values(), ids=WAYS)
@pytest.mark.usefixtures("one_connection")
def test_a_server_that_hangs_up_after_seven_is_known_after_twice(
    desk: Desk, extensions: tuple[str, ...]
) -> None:
    desk.write_in(*SIXTY)
    server = ScriptedServer(tired_after(7), extensions=extensions)
    with desk.mail_accounts((server, Limits())) as (account_id,):
        dispatch_id = desk.press(desk.campaign())
        books = desk.until_over(dispatch_id)
    assert books.sent == len({one.recipient for one in server.received}) == len(server.received)
    assert books.sent + books.not_sure == 60
    assert is_complete(desk, dispatch_id)
    assert all(begun == 7 for begun in on_each(server)[2:-1]), "it went on beyond what it had learned"
    assert books.not_sure <= (4 if extensions is CHUNKED else 0), "more in doubt than were on the way twice"
    account = desk.account(account_id)
    assert (account.last_error, account.resting_until) == ("", None)


# What it offers, and can't do


def test_a_server_that_only_claims_to_know_chunks_gets_them_all_in_the_old_way(desk: Desk) -> None:
    desk.write_in(*SIXTY)
    server = ScriptedServer(extensions=CHUNKED, knows_chunks=False)
    with desk.mail_accounts((server, Limits())) as (account_id,):
        dispatch_id = desk.press(desk.campaign())
        books = desk.until_over(dispatch_id)
    assert (books.sent, books.not_sure, len(server.received)) == (60, 0, 60)
    assert is_complete(desk, dispatch_id)
    assert sum(command.startswith("BDAT") for command in server.commands) <= 3, "on a connection opened since"
    assert desk.account(account_id).last_error == ""


def test_a_server_that_loses_what_came_together_gets_them_one_by_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.shop.mail.MailAccount", partial(MailAccount, command_timeout=0.5))
    desk.write_in(*SIXTY)
    server = ScriptedServer(is_forgetful=True)
    with desk.mail_accounts((server, Limits())):
        dispatch_id = desk.press(desk.campaign())
        books = desk.until_over(dispatch_id)
    assert (books.sent, books.not_sure, len(server.received)) == (60, 0, 60)
    assert is_complete(desk, dispatch_id)


# A slow one: what is on its way is waited for


@pytest.fixture
def slow(desk: Desk) -> ScriptedServer:
    desk.write_in(*MANY)
    server = ScriptedServer({"final": late("250 2.0.0 queued", after=SLOW)}, extensions=CHUNKED)
    return server


def until_thirty_are_on_their_way(desk: Desk) -> int:
    dispatch_id = desk.press(desk.campaign())
    desk.until(lambda: on_the_way(desk, dispatch_id) >= ON_THE_WAY)
    return dispatch_id


def on_the_way(desk: Desk, dispatch_id: int) -> int:
    return sum(line.state is State.HANDOFF for line in desk.lines(dispatch_id).values())


def test_a_pause_waits_for_what_is_on_its_way_and_counts_it(desk: Desk, slow: ScriptedServer) -> None:
    with desk.mail_accounts((slow, Limits())):
        dispatch_id = until_thirty_are_on_their_way(desk)
        so_far = desk.books(dispatch_id).sent
        sending.pause(dispatch_id, desk.cast.olive)
        desk.until(lambda: not on_the_way(desk, dispatch_id))
        books = desk.books(dispatch_id)
    assert books.not_sure == 0
    assert so_far + ON_THE_WAY <= books.sent == len(slow.received) < len(MANY)
    assert books.sent + books.queued == len(MANY)


def test_a_stop_waits_for_what_is_on_its_way_and_counts_it(desk: Desk, slow: ScriptedServer) -> None:
    with desk.mail_accounts((slow, Limits())):
        dispatch_id = until_thirty_are_on_their_way(desk)
        sending.stop(dispatch_id, desk.cast.olive)
        books = desk.until_over(dispatch_id)
    assert books.not_sure == 0
    assert ON_THE_WAY <= books.sent == len(slow.received) < len(MANY)
    assert books.sent + books.cancelled == len(MANY)


def test_the_end_of_the_worker_waits_for_it_as_well(desk: Desk, slow: ScriptedServer) -> None:
    with desk.mail_accounts((slow, Limits())):
        dispatch_id = until_thirty_are_on_their_way(desk)
        told = time.monotonic()
    assert time.monotonic() - told < DRAIN
    books = desk.books(dispatch_id)
    assert books.not_sure == 0
    assert ON_THE_WAY <= books.sent == len(slow.received)
    assert books.sent + books.queued == len(MANY)
