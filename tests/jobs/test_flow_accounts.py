"""Several mail accounts: where one has trouble the next goes on, nobody is written to twice, and the owner is told once."""

import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from data.database import now, reading, unit
from domain.sending.routing import REST, TROUBLES_IN_A_ROW
from domain.shop import mail_accounts, notices
from domain.shop.limits import Limits
from domain.shop.mail_accounts import Wish
from jobs import sending
from tests.jobs.conftest import Desk
from tests.twins.smtp_acts import Act, Script, Stage
from tests.twins.smtp_server import ScriptedServer, drop, say

NOON = datetime(2026, 12, 2, 12, tzinfo=UTC)
LOGIN = ("shop", "word")
MANY = [f"Ana{i}" for i in range(240)]
FREE = Limits()
NO_PASSWORD = say("535 5.7.8 wrong user name or password")
LEAVING = say("421 4.7.0 come back later").and_drop()
TROUBLES: dict[str, dict[Stage, Act]] = {
    "refuses the password": {"auth": NO_PASSWORD},
    "hangs up": {"banner": drop()},
    "is not taking mail": {"banner": LEAVING},
    "leaves at every sender": {"mail": LEAVING},
    "refuses the sender": {"mail": say("550 5.7.1 not from here")},
    "puts the sender off": {"mail": say("451 4.7.1 too fast")},
}


PAUSES = ("domain.sending.routing.PAUSES", "domain.sending.routing.PAUSES_BESIDE_ANOTHER")
WITHIN_SECONDS = 10.0


@pytest.fixture
def brief_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PAUSES:
        monkeypatch.setattr(name, (0.05,))


@pytest.fixture
def at() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=True) as traveller:
        yield traveller


def in_trouble(trouble: dict[Stage, Act]) -> ScriptedServer:
    return ScriptedServer(trouble, login=LOGIN)


def weary(after: int) -> Script:
    """Takes so many senders, and then leaves at every one."""
    senders = iter(range(100_000))
    return lambda stage, _: LEAVING if stage == "mail" and next(senders) >= after else None


def sign_ins(server: ScriptedServer) -> int:
    return sum(command.startswith("AUTH") for command in server.commands)


def told() -> list[str]:
    with reading() as session:
        return [one.sentence for one in notices.unseen(session, 100)]


def nobody_twice(*servers: ScriptedServer) -> int:
    got = [one.recipient for server in servers for one in server.received]
    assert len(got) == len(set(got))
    return len(got)


@pytest.mark.usefixtures("brief_pauses")
@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_where_the_first_account_has_trouble_the_second_carries_on(
    desk: Desk, trouble: dict[Stage, Act]
) -> None:
    desk.write_in(*MANY)
    first, second = in_trouble(trouble), ScriptedServer()
    with desk.mail_accounts((first, FREE), (second, FREE)) as (one, other):
        dispatch_id = desk.press(campaign_id := desk.campaign())
        books = desk.until_over(dispatch_id)
        desk.until(lambda: desk.account(other).last_success_at is not None)
    assert (books.sent, books.not_sure, len(first.received)) == (len(MANY), 0, 0)
    assert nobody_twice(second) == len(MANY)
    assert desk.read(campaign_id).status == "sent"
    rests = desk.account(one)
    assert rests.resting_until is not None
    assert timedelta(0) < rests.resting_until - now() <= REST
    assert rests.last_error
    assert len(told()) == 1
    assert "goes on meanwhile" in told()[0]


def test_a_server_that_is_down_is_left_for_the_next_within_seconds(desk: Desk) -> None:
    desk.write_in(*MANY[:30])
    with socket.socket() as nobody, unit() as session:
        nobody.bind(("127.0.0.1", 0))
        wish = Wish("127.0.0.1", nobody.getsockname()[1], "none", name="Old host")
        mail_accounts.add(session, wish, by=desk.cast.olive, now=now())
    with desk.mail_accounts((ScriptedServer(), FREE)):
        pressed = time.monotonic()
        assert desk.until_over(desk.press(desk.campaign())).sent == 30
        assert time.monotonic() - pressed < WITHIN_SECONDS
    assert len(told()) == 1
    assert "Old host" in told()[0]


@pytest.mark.usefixtures("brief_pauses")
def test_trouble_in_mid_send_moves_the_rest_to_the_second_and_the_first_rests(desk: Desk) -> None:
    desk.write_in(*MANY)
    first, second = ScriptedServer(weary(after=60), delay=0.01), ScriptedServer()
    with desk.mail_accounts((first, FREE), (second, FREE)) as (one, other):
        books = desk.until_over(desk.press(desk.campaign()))
        desk.until(lambda: desk.account(other).last_success_at is not None)
    assert (books.sent, books.not_sure) == (len(MANY), 0)
    assert nobody_twice(first, second) == len(MANY)
    assert first.received
    assert second.received
    rests = desk.account(one)
    assert rests.resting_until is not None, "it is thought to be well, because it carried some before"
    assert "come back later" in rests.last_error


@pytest.mark.usefixtures("brief_pauses")
def test_where_both_have_trouble_the_campaign_is_a_draft_again_with_the_reason_of_the_last(
    desk: Desk,
) -> None:
    desk.write_in(*MANY)
    campaign_id = desk.campaign()
    first, second = in_trouble({"banner": LEAVING}), in_trouble({"auth": NO_PASSWORD})
    with desk.mail_accounts((first, FREE), (second, FREE)):
        books = desk.until_over(desk.press(campaign_id))
    assert (books.cancelled, books.sent) == (len(MANY), 0)
    campaign = desk.read(campaign_id)
    assert campaign.status == "draft"
    assert "did not accept the user name or password" in campaign.last_launch_error
    assert first.connections == TROUBLES_IN_A_ROW


@pytest.mark.usefixtures("brief_pauses")
@pytest.mark.parametrize("after", [0, 60])
def test_a_wrong_password_is_tried_once(desk: Desk, after: int) -> None:
    """Also where ten connections were busy with the account before it."""
    desk.write_in(*MANY)
    campaign_id = desk.campaign()
    first, second = ScriptedServer(weary(after), delay=0.01), in_trouble({"auth": NO_PASSWORD})
    with desk.mail_accounts((first, FREE), (second, FREE)):
        books = desk.until_over(desk.press(campaign_id))
    assert sign_ins(second) == 1
    assert books.sent == len(first.received)
    assert books.sent + books.cancelled == len(MANY)
    assert desk.read(campaign_id).status == "draft"


def test_while_the_first_rests_it_is_left_alone_and_afterwards_it_is_used_again(
    desk: Desk, at: time_machine.Traveller
) -> None:
    desk.write_in(*MANY[:20])
    ill: list[bool] = [True]
    first = ScriptedServer(lambda stage, _: NO_PASSWORD if stage == "auth" and ill[0] else None, login=LOGIN)
    second = ScriptedServer()
    with desk.mail_accounts((first, FREE), (second, FREE)) as (one, _):
        desk.until_over(desk.press(desk.campaign()))
        ill[0] = False
        desk.until_over(desk.press(desk.campaign(name="Second")))
        assert (sign_ins(first), len(second.received)) == (1, 40)
        at.move_to(now() + REST)
        desk.until_over(desk.press(desk.campaign(name="Third")))
        assert (len(first.received), len(second.received)) == (20, 40)
        desk.until(lambda: desk.account(one).last_success_at is not None)
    well = desk.account(one)
    assert (well.last_error, well.resting_until) == ("", None)
    assert len(told()) == 1


def test_a_stop_ends_the_tries_as_well(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PAUSES:
        monkeypatch.setattr(name, (60.0,))
    desk.write_in(*MANY)
    first = in_trouble({"banner": LEAVING})
    with desk.mail_accounts((first, FREE), (ScriptedServer(), FREE)):
        dispatch_id = desk.press(desk.campaign())
        first.wait_for(lambda server: server.connections == 1)
        sending.stop(dispatch_id, desk.cast.olive)
        assert desk.until_over(dispatch_id).cancelled == len(MANY)
    assert first.connections == 1
