"""What a session says became of a message, for every way a mail server can behave. Real sockets, scripted server."""

import asyncio
import socket
import ssl
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from data.smtp import (
    AccountTrouble,
    Answer,
    Fate,
    MailAccount,
    Security,
    Session,
    connect,
    probe,
)
from data.smtp import Stage as Decided
from tests.twins.certificate import make_certificate
from tests.twins.smtp_server import (
    EXTENSIONS,
    Act,
    Script,
    ScriptedServer,
    Stage,
    drop,
    garbage,
    say,
    slowly,
    stall,
)

pytestmark = [pytest.mark.asyncio, pytest.mark.thorough]

BODY = b"Subject: Tulips\r\n\r\nThe first ones are in on Friday.\r\n"
PASSWORD = "correct-horse"
LOCKSTEP = tuple(e for e in EXTENSIONS if e != "PIPELINING")
BEFORE_THE_BODY: list[Decided] = ["mail", "rcpt", "data"]

CHUNKING = (*EXTENSIONS, "CHUNKING")
FAR_AWAY = 0.03  # seconds before each answer
both_ways = pytest.mark.parametrize("offers", [EXTENSIONS, LOCKSTEP], ids=["pipelined", "lockstep"])


WAYS = {"pipelined": EXTENSIONS, "chunked": CHUNKING, "lockstep": LOCKSTEP}
every_way = pytest.mark.parametrize(
    ("offers", "delay"),
    [
        pytest.param(offers, delay, id=f"{name}, {'far' if delay else 'near'}")
        for name, offers in WAYS.items()
        for delay in (0.0, FAR_AWAY)
    ],
)


class Gate:
    """The ledger's part: counts how often it was asked."""

    def __init__(self, opens: bool = True) -> None:
        self.opens = opens
        self.asked = 0

    async def __call__(self) -> bool:
        self.asked += 1
        return self.opens


def account(server: ScriptedServer, **changes: Any) -> MailAccount:
    plain = MailAccount(
        "127.0.0.1", server.port, Security.NONE, timeout=3, command_timeout=5, final_timeout=5
    )
    return replace(plain, **changes)


def hasty(server: ScriptedServer) -> MailAccount:
    return account(server, timeout=0.2, command_timeout=0.2, final_timeout=0.2)


def once(stage: Stage, act: Act) -> Script:
    """The first time the server comes to this stage; as usual ever after."""
    left = [act]
    return lambda at, _: left.pop() if at == stage and left else None


async def send(session: Session, recipient: str = "anna@example.org", gate: Gate | None = None) -> Answer:
    return await session.send("shop@example.com", recipient, BODY, gate or Gate())


async def trouble(of: MailAccount) -> AccountTrouble:
    with pytest.raises(AccountTrouble) as caught:
        await connect(of)
    return caught.value


def recipients(server: ScriptedServer) -> list[str]:
    return [mail.recipient for mail in server.received]


# A good day


@both_ways
async def test_messages_follow_one_another_through_one_session(
    offers: tuple[str, ...],
) -> None:
    with ScriptedServer(extensions=offers) as server:
        session, gate = await connect(account(server)), Gate()
        fates = [(await send(session, f"c{i}@example.org", gate)).fate for i in range(5)]
        await session.close()
    assert fates == [Fate.ACCEPTED] * 5
    assert recipients(server) == [f"c{i}@example.org" for i in range(5)]
    assert {(mail.sender, mail.body) for mail in server.received} == {("shop@example.com", BODY)}
    assert gate.asked == 5
    assert (server.connections, server.commands[-1]) == (1, "QUIT")


async def test_envelope_travels_in_one_piece_only_where_the_server_offers_it() -> None:
    with ScriptedServer(extensions=LOCKSTEP) as server:
        assert not (await connect(account(server))).pipelining
    with ScriptedServer() as server:
        session = await connect(account(server))
        assert session.pipelining
        assert session.size_limit == 20_000_000


async def test_a_test_message_to_myself_tells_what_the_server_said() -> None:
    with ScriptedServer({"final": say("250 2.0.0 queued as 4711")}) as server:
        answer = await probe(account(server), "shop@example.com", "olive@example.com", BODY)
    assert answer == Answer(Fate.ACCEPTED, 250, "2.0.0 queued as 4711", "final")


@both_ways
async def test_dots_at_the_start_of_lines_arrive_as_written(
    offers: tuple[str, ...],
) -> None:
    body = b".first\r\n..\r\n.\r\nQUIT\r\n.last"
    with ScriptedServer(extensions=offers) as server:
        session = await connect(account(server))
        assert (
            await session.send("shop@example.com", "anna@example.org", body, Gate())
        ).fate is Fate.ACCEPTED
        assert (await send(session, "bea@example.org")).fate is Fate.ACCEPTED
    assert [mail.body for mail in server.received] == [body + b"\r\n", BODY]


# Refusals and lost links, stage by stage


@both_ways
@pytest.mark.parametrize("stage", [*BEFORE_THE_BODY, "final"])
@pytest.mark.parametrize(("code", "fate"), [(450, Fate.DEFERRED), (550, Fate.REFUSED)])
async def test_a_refusal_is_told_and_does_not_touch_the_next_message(
    offers: tuple[str, ...], stage: Decided, code: int, fate: Fate
) -> None:
    with ScriptedServer(once(stage, say(f"{code} 5.7.0 not this one")), extensions=offers) as server:
        session = await connect(account(server))
        first = await send(session, "anna@example.org")
        second = await send(session, "bea@example.org")
    assert first == Answer(fate, code, "5.7.0 not this one", stage)
    assert second.fate is Fate.ACCEPTED
    assert recipients(server) == ["bea@example.org"]


@both_ways
@pytest.mark.parametrize("stage", BEFORE_THE_BODY)
@pytest.mark.parametrize("act", [drop(), stall(), garbage(b"hello\r\n"), garbage(b"25"), say("399 odd")])
async def test_a_link_lost_before_the_body_is_safe_to_repeat(
    offers: tuple[str, ...], stage: Stage, act: Act
) -> None:
    with ScriptedServer({stage: act}, extensions=offers) as server:
        session, later = await connect(hasty(server)), Gate()
        answer = await send(session)
        assert (answer.fate, answer.code) == (Fate.UNSENT, 0)
        assert answer.text.startswith("The mail server")
        assert not session.alive
        assert (await send(session, gate=later)).fate is Fate.UNSENT
    assert later.asked == 0
    assert server.body_bytes == 0


@both_ways
@pytest.mark.parametrize("stage", ["body", "final"])
@pytest.mark.parametrize(
    "act",
    [
        drop(),
        drop(accept=True),
        stall(),
        garbage(b"hello\r\n"),
        garbage(b"250"),
        say("354 ?"),
    ],
)
async def test_no_clear_answer_after_the_body_leaves_doubt(
    offers: tuple[str, ...], stage: Stage, act: Act
) -> None:
    with ScriptedServer({stage: act}, extensions=offers) as server:
        session = await connect(hasty(server))
        answer = await send(session)
        assert (answer.fate, answer.stage) == (Fate.UNKNOWN, "final")
        assert not session.alive
    assert server.body_bytes > 0


@both_ways
@pytest.mark.parametrize(("code", "fate"), [(452, Fate.DEFERRED), (552, Fate.REFUSED)])
async def test_a_refusal_in_the_middle_of_the_body_is_a_refusal(
    offers: tuple[str, ...], code: int, fate: Fate
) -> None:
    with ScriptedServer({"body": say(f"{code} no room").and_drop()}, extensions=offers) as server:
        answer = await send(await connect(account(server)))
    assert answer == Answer(fate, code, "no room", "final")


@both_ways
@pytest.mark.parametrize("stage", [*BEFORE_THE_BODY, "final"])
async def test_a_server_that_leaves_has_not_taken_the_message(
    offers: tuple[str, ...], stage: Decided
) -> None:
    with ScriptedServer({stage: say("421 4.3.2 closing")}, extensions=offers) as server:
        session = await connect(account(server))
        assert await send(session) == Answer(Fate.DEFERRED, 421, "4.3.2 closing", stage)
        assert not session.alive
        assert (await send(session)).fate is Fate.UNSENT
    assert server.received == []


async def test_a_server_that_leaves_between_messages_is_noticed() -> None:
    with ScriptedServer({"final": say("250 ok", "421 4.4.2 idle too long")}) as server:
        session = await connect(account(server))
        assert (await send(session)).fate is Fate.ACCEPTED
        assert await send(session) == Answer(Fate.UNSENT, 421, "4.4.2 idle too long", "mail")
    assert recipients(server) == ["anna@example.org"]


async def test_hanging_up_at_goodbye_does_not_undo_what_was_accepted() -> None:
    with ScriptedServer({"quit": drop()}) as server:
        answer = await probe(account(server), "shop@example.com", "olive@example.com", BODY)
    assert answer.fate is Fate.ACCEPTED


async def test_accepted_and_hung_up_in_one_breath_is_accepted() -> None:
    with ScriptedServer({"final": say("250 kept").and_drop()}) as server:
        assert (await send(await connect(account(server)))).fate is Fate.ACCEPTED


async def test_data_accepted_for_nobody_is_ended_with_a_lone_dot() -> None:
    def odd(stage: Stage, address: str) -> Act | None:
        if stage == "rcpt" and address.startswith("anna"):
            return say("550 5.1.1 unknown")
        return say("354 go ahead") if stage == "data" else None

    with ScriptedServer(odd) as server:
        session = await connect(account(server))
        assert await send(session) == Answer(Fate.REFUSED, 550, "5.1.1 unknown", "rcpt")
        assert (await send(session, "bea@example.org")).fate is Fate.ACCEPTED
    assert recipients(server) == ["bea@example.org"]
    assert server.connections == 1


async def test_data_accepted_for_a_refused_sender_is_never_answered() -> None:
    with ScriptedServer({"mail": say("553 not you"), "data": say("354 go ahead")}) as server:
        session = await connect(account(server))
        assert await send(session) == Answer(Fate.REFUSED, 553, "not you", "mail")
        assert not session.alive
    assert server.body_bytes == 0


# Strange ways to answer


@both_ways
@pytest.mark.parametrize("stage", [*BEFORE_THE_BODY, "final"])
@pytest.mark.parametrize("act", [say, slowly])
async def test_many_lines_and_single_bytes_are_one_answer(
    offers: tuple[str, ...], stage: Stage, act: object
) -> None:
    code = 354 if stage == "data" else 250
    answer = act(f"{code}-one", f"{code}-two", f"{code} three")  # type: ignore[operator]
    with ScriptedServer({stage: answer}, extensions=offers) as server:
        session = await connect(account(server))
        assert [(await send(session)).fate, (await send(session)).fate] == [Fate.ACCEPTED] * 2
    assert len(server.received) == 2


@pytest.mark.parametrize("raw", [b"250-" + b"x" * 40_000, b"250-more\r\n" * 6_000, b"250-one\r\n550 two\r\n"])
async def test_an_endless_or_mixed_answer_ends_the_session(raw: bytes) -> None:
    with ScriptedServer({"final": garbage(raw)}) as server:
        session = await connect(account(server))
        answer = await asyncio.wait_for(send(session), timeout=2)  # well before the time limit
        assert answer.fate is Fate.UNKNOWN
        assert not session.alive


async def test_an_answer_nobody_asked_for_is_not_taken_for_the_next_one() -> None:
    with ScriptedServer({"data": say("354 go ahead", "250 2.0.0 queued")}) as server:
        session = await connect(account(server))
        assert (await send(session)).fate is Fate.UNSENT
        assert not session.alive
    assert server.body_bytes == 0


async def test_the_server_s_words_are_fit_for_a_screen() -> None:
    said = garbage(b"550-5.7.1 see\x1b[31m\x00 \xff here\r\n550 " + b"long " * 200 + b"\r\n")
    with ScriptedServer({"rcpt": said}) as server:
        text = (await send(await connect(account(server)))).text
    assert text.startswith("5.7.1 see [31m \N{REPLACEMENT CHARACTER} here long long")
    assert text.isprintable()
    assert len(text) <= 300


# The gate


@every_way
async def test_no_byte_of_the_body_leaves_before_the_gate_opens(
    offers: tuple[str, ...], delay: float
) -> None:
    with ScriptedServer(extensions=offers, delay=delay) as server:
        session = await connect(account(server))

        async def slow_commit() -> bool:
            await asyncio.sleep(delay + 0.1)  # time for a body that should not come
            assert server.body_bytes == 0
            return True

        answer = await session.send("shop@example.com", "anna@example.org", BODY, slow_commit)
    assert answer.fate is Fate.ACCEPTED
    assert server.body_bytes > 0


async def test_no_byte_of_the_body_leaves_before_the_server_is_ready() -> None:
    with ScriptedServer({"data": stall()}) as server:
        session = await connect(account(server))
        sending = asyncio.create_task(send(session))
        await asyncio.to_thread(server.wait_for, lambda s: "DATA" in s.commands)
        await asyncio.sleep(0.1)  # time for a body that should not come
        assert server.body_bytes == 0
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert not session.alive


async def test_a_far_server_s_time_to_answer_is_used_for_the_gate() -> None:
    """Asked while the envelope travels, but not at once: what is handed over and lost is in doubt."""
    asked_after = 0.0
    with ScriptedServer(delay=0.08) as server:
        session = await connect(account(server))
        began = time.monotonic()

        async def gate() -> bool:
            nonlocal asked_after
            asked_after = time.monotonic() - began
            assert server.body_bytes == 0
            return True

        await session.send("shop@example.com", "anna@example.org", BODY, gate)
    assert asked_after >= 0.05


async def test_without_pipelining_the_gate_is_asked_once_the_recipient_is_accepted() -> None:
    seen: list[str] = []
    with ScriptedServer(extensions=LOCKSTEP) as server:
        session = await connect(account(server))

        async def gate() -> bool:
            seen.extend(command[:4] for command in server.commands)
            return True

        await session.send("shop@example.com", "anna@example.org", BODY, gate)
    assert seen == ["EHLO", "MAIL", "RCPT"]


async def test_without_pipelining_a_refused_recipient_never_reaches_the_gate() -> None:
    gate = Gate()
    with ScriptedServer({"rcpt": say("550 unknown")}, extensions=LOCKSTEP) as server:
        assert (await send(await connect(account(server)), gate=gate)).fate is Fate.REFUSED
    assert gate.asked == 0


async def test_a_closed_gate_hangs_up_when_the_server_already_waits_for_the_body() -> None:
    with ScriptedServer(delay=FAR_AWAY) as server:
        session = await connect(account(server))
        answer = await send(session, gate=Gate(opens=False))
        assert (answer.fate, answer.stage) == (Fate.UNSENT, "body")
        assert not session.alive
    assert (server.body_bytes, server.received) == (0, [])


@pytest.mark.parametrize("offers", [EXTENSIONS, CHUNKING], ids=["pipelined", "chunked"])
async def test_where_the_gate_comes_first_the_server_never_hears_of_a_message_held_back(
    offers: tuple[str, ...],
) -> None:
    with ScriptedServer(extensions=offers) as server:
        session = await connect(account(server))
        assert (await send(session, "anna@example.org", Gate(opens=False))).stage == "body"
        assert (await send(session, "bea@example.org")).fate is Fate.ACCEPTED
    assert not [command for command in server.commands if "anna" in command]
    assert recipients(server) == ["bea@example.org"]


async def test_a_closed_gate_leaves_the_session_usable_where_that_is_safe() -> None:
    with ScriptedServer(extensions=LOCKSTEP) as server:
        session = await connect(account(server))
        assert (await send(session, "anna@example.org", Gate(opens=False))).stage == "body"
        assert (await send(session, "bea@example.org")).fate is Fate.ACCEPTED
    assert recipients(server) == ["bea@example.org"]


@both_ways
async def test_a_gate_that_breaks_lets_nothing_through(offers: tuple[str, ...]) -> None:
    async def disk_full() -> bool:
        raise OSError("disk full")

    with ScriptedServer(extensions=offers) as server:
        session = await connect(account(server))
        with pytest.raises(OSError, match="disk full"):
            await session.send("shop@example.com", "anna@example.org", BODY, disk_full)
        assert not session.alive
    assert (server.body_bytes, server.received) == (0, [])


async def test_a_link_lost_while_the_gate_is_thinking_is_safe_to_repeat() -> None:
    with ScriptedServer({"data": say("354 go ahead").and_drop()}, delay=FAR_AWAY) as server:
        session = await connect(account(server))

        async def slow_commit() -> bool:
            while session.alive:
                await asyncio.sleep(0.002)
            return True

        answer = await asyncio.wait_for(
            session.send("shop@example.com", "anna@example.org", BODY, slow_commit),
            timeout=5,
        )
    assert answer.fate is Fate.UNSENT
    assert server.body_bytes == 0


async def test_the_next_envelope_waits_for_the_body_before_it_and_no_longer() -> None:
    with ScriptedServer(once("final", stall())) as server:
        session = await connect(account(server))
        first, second = (
            asyncio.create_task(send(session, name)) for name in ("ana@example.org", "bea@example.org")
        )
        await asyncio.to_thread(server.wait_for, lambda s: "RCPT TO:<bea@example.org>" in s.commands)
        assert server.body_bytes > 0
        await session.close()
        assert [(await first).fate, (await second).fate] == [Fate.UNKNOWN, Fate.UNSENT]


# What this server cannot take


async def refused_here(server: ScriptedServer, sender: str, recipient: str, body: bytes = BODY) -> Answer:
    session, gate = await connect(account(server)), Gate()
    answer = await session.send(sender, recipient, body, gate)
    assert (answer.fate, answer.code, gate.asked) == (Fate.REFUSED, 0, 0)
    assert session.alive
    assert not [command for command in server.commands if command.startswith("MAIL")]
    return answer


async def test_a_message_over_the_size_limit_is_refused_before_it_is_sent() -> None:
    with ScriptedServer(extensions=("PIPELINING", "SIZE 1000")) as server:
        answer = await refused_here(server, "shop@example.com", "anna@example.org", b"x" * 2_000)
    assert answer.stage == "data"
    assert "too big" in answer.text


@pytest.mark.parametrize(
    "address",
    [
        "anna@example.org>\r\nRCPT TO:<eve@example.org",
        "anna@example.org\n",
        "anna bell@example.org",
        "",
        "@",
        "a\0@b.c",
    ],
)
async def test_an_address_cannot_bring_a_command_with_it(address: str) -> None:
    with ScriptedServer() as server:
        assert (await refused_here(server, "shop@example.com", address)).stage == "rcpt"
    with ScriptedServer() as server:
        if address:
            assert (await refused_here(server, address, "anna@example.org")).stage == "mail"


async def test_letters_the_server_does_not_know_are_refused_with_a_reason() -> None:
    with ScriptedServer() as server:
        answer = await refused_here(server, "shop@example.com", "jörg@example.org")
    assert "jörg@example.org" in answer.text


async def test_an_international_domain_goes_out_in_its_ascii_form() -> None:
    with ScriptedServer() as server:
        assert (await send(await connect(account(server)), "anna@Bücher.example")).fate is Fate.ACCEPTED
    assert recipients(server) == ["anna@xn--bcher-kva.example"]


async def test_an_international_name_goes_out_where_the_server_knows_such_names() -> None:
    with ScriptedServer(extensions=(*EXTENSIONS, "SMTPUTF8")) as server:
        assert (await send(await connect(account(server)), "jörg@example.org")).fate is Fate.ACCEPTED
    assert recipients(server) == ["jörg@example.org"]
    assert next(c for c in server.commands if c.startswith("MAIL")).endswith(" SMTPUTF8")


# Connecting, protecting, signing in


async def test_nobody_listening_is_told_plainly() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        found = await trouble(MailAccount("127.0.0.1", taken.getsockname()[1], Security.NONE, timeout=2))
    assert (found.kind, found.permanent) == ("connect", False)
    assert found.sentence.startswith("Nothing answers at 127.0.0.1, port ")


@pytest.mark.parametrize(
    ("stage", "act", "kind", "permanent"),
    [
        ("banner", say("421 too many"), "busy", False),
        ("banner", say("450 later"), "greeting", False),
        ("banner", say("554 no service"), "greeting", True),
        ("banner", garbage(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "greeting", True),
        ("banner", drop(), "closed", False),
        ("banner", stall(), "timeout", False),
        ("ehlo", say("421 too many"), "busy", False),
        ("ehlo", drop(), "closed", False),
        ("ehlo", stall(), "timeout", False),
        ("auth", say("421 too many"), "busy", False),
        ("auth", say("454 4.7.0 later"), "auth", False),
        ("auth", say("535 5.7.8 no"), "auth", True),
        ("auth", drop(), "closed", False),
        ("auth", stall(), "timeout", False),
    ],
)
async def test_trouble_before_the_first_message_has_a_kind(
    stage: Stage, act: Act, kind: str, permanent: bool
) -> None:
    with ScriptedServer({stage: act}, login=("olive", PASSWORD)) as server:
        found = await trouble(account(server, timeout=0.5, username="olive", password=PASSWORD))
    assert (found.kind, found.permanent) == (kind, permanent)
    assert found.sentence.endswith(".") or found.text
    assert PASSWORD not in repr(found) + found.sentence
    assert not [command for command in server.commands if command.startswith("MAIL")]


async def test_a_server_that_only_knows_the_old_greeting_is_used_all_the_same() -> None:
    with ScriptedServer({"ehlo": say("502 5.5.1 what?")}) as server:
        session = await connect(account(server))
        assert not session.pipelining
        assert (await send(session)).fate is Fate.ACCEPTED


async def test_a_wrong_password_is_tried_once_and_told_in_plain_words() -> None:
    with ScriptedServer(login=("olive", PASSWORD)) as server:
        found = await trouble(account(server, username="olive", password="guess"))
    assert (found.kind, found.permanent, found.code) == ("auth", True, 535)
    assert found.sentence == (
        "The mail server did not accept the user name or password. It said: 535 5.7.8 wrong user name or password"
    )
    assert len([command for command in server.commands if command.startswith("AUTH")]) == 1


async def test_a_password_is_never_sent_unprotected_to_another_computer() -> None:
    found = await trouble(MailAccount("mail.example.org", 25, Security.NONE, "olive", PASSWORD))
    assert (found.kind, found.permanent) == ("tls", True)


async def test_an_account_does_not_show_its_password() -> None:
    assert PASSWORD not in repr(MailAccount("mail.example.org", 465, Security.TLS, "olive", PASSWORD))


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
async def test_a_trusted_certificate_protects_sign_in_and_message(
    security: Security, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    tls = security is Security.TLS
    with ScriptedServer(certificate=certificate, tls=tls, login=("olive", PASSWORD)) as server:
        session = await connect(account(server, security=security, username="olive", password=PASSWORD))
        assert session.pipelining
        assert [(await send(session)).fate, (await send(session)).fate] == [Fate.ACCEPTED] * 2
        await session.close()
    start = ["EHLO", "AUTH", "MAIL"] if tls else ["EHLO", "STAR", "EHLO", "AUTH", "MAIL"]
    assert [command[:4] for command in server.commands][: len(start)] == start


def bad_certificate(flaw: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> ScriptedServer:
    host = "elsewhere.example" if flaw == "wrong host" else "127.0.0.1"
    certificate = make_certificate(folder, host=host, expired=flaw == "expired")
    if flaw != "untrusted":
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    return ScriptedServer(certificate=certificate, login=("olive", PASSWORD))


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1")
@pytest.mark.parametrize("flaw", ["untrusted", "wrong host", "expired", "too old"])
@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
async def test_a_connection_that_cannot_be_trusted_carries_nothing(
    flaw: str, security: Security, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = bad_certificate(flaw, tmp_path, monkeypatch)
    server.tls = security is Security.TLS
    if flaw == "too old" and server.context:
        server.context.set_ciphers("ALL:@SECLEVEL=0")
        server.context.minimum_version = ssl.TLSVersion.TLSv1
        server.context.maximum_version = ssl.TLSVersion.TLSv1_1
    with server:
        found = await trouble(account(server, security=security, username="olive", password=PASSWORD))
    assert (found.kind, found.permanent) == ("tls", flaw != "too old")
    assert "nothing was sent" in found.sentence
    assert {command[:4] for command in server.commands} <= {"EHLO", "STAR"}


async def test_a_missing_starttls_is_never_replaced_by_clear_text() -> None:
    with ScriptedServer(login=("olive", PASSWORD)) as server:
        found = await trouble(
            account(server, security=Security.STARTTLS, username="olive", password=PASSWORD)
        )
    assert (found.kind, found.permanent) == ("tls", True)
    assert [command[:4] for command in server.commands] == ["EHLO"]


@pytest.mark.parametrize(
    ("act", "kind", "permanent"),
    [
        (say("454 4.7.0 later"), "tls", False),
        (say("554 5.7.0 no"), "tls", True),
        (drop(), "tls", False),
        (stall(), "timeout", False),
    ],
)
async def test_a_refused_starttls_is_never_replaced_by_clear_text(
    act: Act, kind: str, permanent: bool, tmp_path: Path
) -> None:
    with ScriptedServer({"starttls": act}, certificate=make_certificate(tmp_path)) as server:
        found = await trouble(account(server, security=Security.STARTTLS, timeout=0.5))
    assert (found.kind, found.permanent) == (kind, permanent)
    assert [command[:4] for command in server.commands] == ["EHLO", "STAR"]


async def test_tls_spoken_to_a_clear_text_port_is_told_plainly() -> None:
    with ScriptedServer() as server:
        found = await trouble(account(server, security=Security.TLS))
    assert (found.kind, found.permanent) == ("tls", True)
    assert "port 465" in found.sentence


# Goodbye


async def test_closing_does_not_wait_for_a_server_that_never_says_goodbye(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("data.smtp.FAREWELL", 0.05)
    with ScriptedServer({"quit": stall()}) as server:
        session = await connect(account(server))
        await asyncio.wait_for(session.close(), timeout=2)
        assert not session.alive
        await session.close()
