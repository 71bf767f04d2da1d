"""Practice mode's mail server, spoken to by the session that speaks to real ones."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from data.catcher import SIZE_LIMIT, Catcher, CaughtMail
from data.smtp import AccountTrouble, Answer, Fate, MailAccount, Security, connect, probe

pytestmark = pytest.mark.asyncio

BODY = b"Subject: Tulips\r\n\r\n.The first ones\r\nare in on Friday.\r\n"


@pytest.fixture
def caught() -> list[CaughtMail]:
    return []


@pytest.fixture
def catcher(caught: list[CaughtMail]) -> Iterator[Catcher]:
    running = Catcher()
    running.start(caught.append)
    yield running
    running.stop()


def account(port: int) -> MailAccount:
    return MailAccount("127.0.0.1", port, Security.NONE, timeout=5, final_timeout=20)


async def post(port: int, recipient: str = "anna@example.org", body: bytes = BODY) -> Answer:
    return await probe(account(port), "shop@example.com", recipient, body)


async def yes() -> bool:
    return True


async def test_a_message_is_kept_as_it_was_sent(catcher: Catcher, caught: list[CaughtMail]) -> None:
    answer = await post(catcher.port)
    assert answer.fate is Fate.ACCEPTED
    mail = caught[0]
    assert (mail.sender, mail.recipients, mail.raw) == ("shop@example.com", ("anna@example.org",), BODY)
    assert mail.received_at.tzinfo is not None


async def test_three_hundred_messages_take_about_a_second(catcher: Catcher, caught: list[CaughtMail]) -> None:
    body = b"Subject: Tulips\r\n\r\n" + b"A line of the newsletter as long as they usually are.\r\n" * 180
    waiting = iter(range(300))

    async def post_some() -> None:
        session = await connect(account(catcher.port))
        for number in waiting:
            await session.send("shop@example.com", f"c{number}@example.org", body, yes)
        await session.close()

    start = time.monotonic()
    await asyncio.gather(*(post_some() for _ in range(8)))
    assert time.monotonic() - start < 3  # usually 0.3; the machine may be busy
    assert {mail.recipients for mail in caught} == {(f"c{number}@example.org",) for number in range(300)}


@pytest.mark.parametrize("address", ["refuse@example.org", "Refuse.Anna@example.org"])
async def test_an_address_made_for_it_is_refused(
    catcher: Catcher, caught: list[CaughtMail], address: str
) -> None:
    answer = await post(catcher.port, address)
    assert (answer.fate, answer.code, answer.stage) == (Fate.REFUSED, 550, "rcpt")
    assert answer.text.startswith("5.1.1 ")
    assert caught == []


async def test_a_message_that_cannot_be_kept_is_not_accepted() -> None:
    def full(mail: CaughtMail) -> None:
        raise OSError("disk full")

    catcher = Catcher()
    catcher.start(full)
    answer = await post(catcher.port)
    catcher.stop()
    assert (answer.fate, answer.code) == (Fate.DEFERRED, 451)
    assert "disk full" not in answer.text


async def test_a_message_is_kept_before_its_sender_is_told() -> None:
    storing, may_go = threading.Event(), threading.Event()

    def slow(mail: CaughtMail) -> None:
        storing.set()
        may_go.wait(5)

    catcher = Catcher()
    catcher.start(slow)
    sending = asyncio.create_task(post(catcher.port))
    await asyncio.to_thread(storing.wait, 5)
    assert (await connect(account(catcher.port))).alive  # a slow disk holds up nobody else
    assert not sending.done()
    may_go.set()
    assert (await sending).fate is Fate.ACCEPTED
    catcher.stop()


async def test_a_message_over_the_limit_is_refused(catcher: Catcher, caught: list[CaughtMail]) -> None:
    session = await connect(account(catcher.port))
    assert session.size_limit == SIZE_LIMIT
    answer = await session.send("shop@example.com", "anna@example.org", b"x" * (SIZE_LIMIT + 1), yes)
    assert answer.fate is Fate.REFUSED
    await session.close()
    assert caught == []


async def test_it_listens_on_this_computer_only(catcher: Catcher) -> None:
    with socket.socket() as other:
        assert other.connect_ex(("127.0.0.2", catcher.port)) != 0


async def test_it_can_be_stopped_and_started_again(catcher: Catcher, caught: list[CaughtMail]) -> None:
    session = await connect(account(catcher.port))
    old_port = catcher.port
    start = time.monotonic()
    catcher.stop()
    assert time.monotonic() - start < 2
    assert catcher.port == 0
    with pytest.raises(AccountTrouble):
        await connect(account(old_port))
    assert (await session.send("shop@example.com", "anna@example.org", BODY, yes)).fate is Fate.UNSENT
    catcher.stop()
    catcher.start(caught.append)
    assert (await post(catcher.port)).fate is Fate.ACCEPTED
    assert len(caught) == 1


async def test_it_cannot_be_started_twice(catcher: Catcher, caught: list[CaughtMail]) -> None:
    with pytest.raises(RuntimeError):
        catcher.start(caught.append)
    assert (await post(catcher.port)).fate is Fate.ACCEPTED
