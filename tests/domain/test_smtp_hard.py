"""Several messages on one SMTP session, and a server that fails among them. What a session says is then never more,
and never less, than what the server took."""

import asyncio
from dataclasses import dataclass

import pytest

from data.smtp import Answer, Fate, MailAccount, Security, Session, connect
from tests.twins.smtp_server import CHUNKED, EXTENSIONS, Act, Script, ScriptedServer, Stage, drop, late, say

pytestmark = [pytest.mark.asyncio, pytest.mark.thorough]

LOCKSTEP = tuple(e for e in EXTENSIONS if e != "PIPELINING")
PEOPLE = [f"{name}@example.org" for name in ("ana", "ben", "cleo", "dora")]
every_way = pytest.mark.parametrize(
    "offers", [LOCKSTEP, EXTENSIONS, CHUNKED], ids=["one by one", "pipelined", "in chunks"]
)
FAR = 0.02  # seconds there and back: enough for a session to put several messages on the way


@dataclass
class Gate:
    opened: int = 0

    async def __call__(self) -> bool:
        self.opened += 1
        return True


async def send_all(server: ScriptedServer) -> dict[str, Answer]:
    account = MailAccount("127.0.0.1", server.port, Security.NONE, "", "", 5, 5, 5)
    session = await connect(account)
    try:
        answers = await asyncio.gather(*(send(session, one) for one in PEOPLE))
    finally:
        await session.close()
    return dict(zip(PEOPLE, answers, strict=True))


async def send(session: Session, recipient: str) -> Answer:
    body = f"Subject: Tulips\r\n\r\nDear {recipient},\r\n.\r\n..come in.\r\n".encode()
    return await session.send("shop@example.com", recipient, body, Gate())


def is_honest(answers: dict[str, Answer], server: ScriptedServer) -> None:
    """Accepted ⊆ received ⊆ accepted ∪ unknown."""
    received = {one.recipient for one in server.received}
    fates = {fate: {who for who, answer in answers.items() if answer.fate is fate} for fate in Fate}
    assert fates[Fate.ACCEPTED] <= received
    assert received <= fates[Fate.ACCEPTED] | fates[Fate.UNKNOWN]
    for one in server.received:
        assert f"Dear {one.recipient},\r\n.\r\n..come in.\r\n".encode() in one.body


@every_way
@pytest.mark.parametrize("far", [0.0, FAR], ids=["near", "far"])
async def test_several_at_once_arrive_whole_and_once(offers: tuple[str, ...], far: float) -> None:
    with ScriptedServer(extensions=offers, delay=far) as server:
        answers = await send_all(server)
    assert {answer.fate for answer in answers.values()} == {Fate.ACCEPTED}
    assert sorted(one.recipient for one in server.received) == PEOPLE
    is_honest(answers, server)


@every_way
@pytest.mark.parametrize("far", [0.0, FAR], ids=["near", "far"])
async def test_a_server_that_hangs_up_at_any_byte_of_its_answers_is_reported_truthfully(
    offers: tuple[str, ...], far: float
) -> None:
    with ScriptedServer(extensions=offers) as server:
        await asyncio.wait_for(send_all(server), 5)
        greeting = len("220 twin ESMTP") + sum(len(f"250-{one}") + 2 for one in ("twin", *offers)) + 2
    for last_word in range(greeting + 1, greeting + 320, 5 if far else 2):
        with ScriptedServer(extensions=offers, delay=far / 4, last_word=last_word) as server:
            answers = await asyncio.wait_for(send_all(server), 5)
        is_honest(answers, server)


def for_one(stage: Stage, act: Act, person: str) -> Script:
    return lambda at, address: act if (at, address) == (stage, person) else None


@every_way
@pytest.mark.parametrize("person", PEOPLE[:3])
@pytest.mark.parametrize(
    ("stage", "act"),
    [
        ("rcpt", say("550 5.1.1 nobody here")),
        ("rcpt", say("450 4.2.1 later")),
        ("final", say("554 5.6.0 not this")),
        ("final", say("451 4.3.0 later")),
        ("final", say("503 5.5.1 not now")),
        ("final", say("500 5.5.1 not now")),
        ("body", say("552 5.3.4 too big")),
        ("final", drop()),
        ("final", drop(accept=True)),
        ("body", drop()),
        ("final", say("250 2.0.0 queued").and_drop()),
        ("final", say("421 4.3.2 closing").and_drop()),
    ],
    ids=lambda value: value if isinstance(value, str) else str((value.reply or b"cut").decode().strip()),
)
async def test_a_fault_with_one_of_several_is_reported_truthfully_for_all(
    offers: tuple[str, ...], stage: Stage, act: Act, person: str
) -> None:
    with ScriptedServer(for_one(stage, act, person), extensions=offers, delay=FAR) as server:
        answers = await asyncio.wait_for(send_all(server), 5)
    is_honest(answers, server)
    if act.is_plain:
        refused = act.code // 100 in (4, 5)
        assert (answers[person].fate in (Fate.REFUSED, Fate.DEFERRED, Fate.UNSENT)) == refused


@every_way
@pytest.mark.parametrize("stage", ["rcpt", "final"])
@pytest.mark.parametrize("code", [421, 450, 500, 502, 503, 554])
async def test_a_no_that_is_heard_before_the_others_are_answered_says_nothing_about_them(
    offers: tuple[str, ...], stage: Stage, code: int
) -> None:
    """The server has taken the messages behind the refused one, and says so a little later."""

    def refuses_the_first(at: Stage, address: str) -> Act | None:
        if address == PEOPLE[0]:
            act = say(f"{code} 5.5.1 not now")
            return None if at != stage else act.and_drop() if code == 421 else act
        return late("250 2.0.0 queued", after=0.1) if at == "final" else None

    with ScriptedServer(refuses_the_first, extensions=offers, delay=FAR) as server:
        answers = await asyncio.wait_for(send_all(server), 5)
    is_honest(answers, server)
    assert answers[PEOPLE[0]].fate is not Fate.ACCEPTED
