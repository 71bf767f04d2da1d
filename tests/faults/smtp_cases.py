"""The fault matrix of a mail server (F1): what it does, and what must become of the messages. One table.

The six people of a campaign are Ana, Ben, Cleo, Dora, Eve and Finn; what is done to one is done to BEN.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from tests.twins.smtp_server import (
    CHUNKED,
    EXTENSIONS,
    Act,
    Script,
    Stage,
    drop,
    garbage,
    late,
    say,
    slowly,
    stall,
)

PEOPLE = ("Ana", "Ben", "Cleo", "Dora", "Eve", "Finn")
BEN = "ben@example.org"
LOCKSTEP = tuple(e for e in EXTENSIONS if e != "PIPELINING")

Whom = Literal["the first", "everybody", "Ben"]


class Class(StrEnum):
    """What must have become of a launch."""

    SENT = "everyone was written to"
    TRIED_AGAIN = "tried again, and everyone was written to"
    PUT_OFF = "Ben is tried again later"
    FAILED = "Ben failed"
    ALL_FAILED = "everyone failed"
    NOT_SURE = "not sure about Ben"
    STOPPED = "the launch stopped at Ben"
    DRAFT = "nothing left, and the campaign is a draft again"


@dataclass(frozen=True)
class Way:
    """What the server offers, and so how messages travel."""

    name: str
    extensions: tuple[str, ...]

    @property
    def has_chunks(self) -> bool:
        return "CHUNKING" in self.extensions


ONE_BY_ONE = Way("one by one", LOCKSTEP)
PIPELINED = Way("pipelined", EXTENSIONS)
CHUNKS = Way("in chunks", CHUNKED)
EVERY_WAY = (ONE_BY_ONE, PIPELINED, CHUNKS)
WITH_DATA = (ONE_BY_ONE, PIPELINED)

Fault = Callable[[], Script]


def at(stage: Stage, act: Act, whom: Whom = "the first") -> Fault:
    """The first time the server comes to this stage, every time, or each time it is about Ben."""

    def script() -> Script:
        left = [act]

        def acts(where: Stage, address: str) -> Act | None:
            if where != stage:
                return None
            if whom == "the first":
                return left.pop() if left else None
            return act if whom == "everybody" or address == BEN else None

        return acts

    return script


def nothing() -> Script:
    return lambda stage, address: None


@dataclass(frozen=True)
class Case:
    """`patience`: the time limits of the account in seconds, where the case is about them.

    `reason`: words that the owner must read where the campaign is a draft again. `cuts`: the link is lost without a
    word about what is on the way. In chunks that is whole messages, of which "not sure" is the truth then.
    """

    name: str
    fault: Fault
    expected: Class
    ways: Sequence[Way] = EVERY_WAY
    patience: float = 10.0
    reason: str = ""
    cuts: bool = False
    server: Mapping[str, Any] = field(default_factory=dict)
    door: Literal["open", "closed", "silent"] = "open"
    security: Literal["none", "starttls", "tls"] = "none"
    flaw: Literal["", "untrusted", "wrong host", "expired", "too old"] = ""
    address_of_ben: str = BEN


SHORT = 1.0  # seconds; a stalled server is given up after it, and on a busy machine no other is
SENT, TRIED_AGAIN, PUT_OFF, FAILED, ALL_FAILED, NOT_SURE, STOPPED, DRAFT = Class


def lost(name: str, fault: Fault, expected: Class, ways: Sequence[Way] = EVERY_WAY, **rest: Any) -> Case:
    return Case(name, fault, expected, ways, cuts=True, **rest)


def tls(name: str, fault: Fault, expected: Class, **rest: Any) -> Case:
    return Case(name, fault, expected, security="starttls", **rest)


CASES = [
    # Reaching it
    Case("nothing listens at the port", nothing, DRAFT, door="closed", reason="Nothing answers at"),
    Case("the port never answers", nothing, DRAFT, door="silent", patience=0.1, reason="did not answer in"),
    Case("the greeting says 4xx once", at("banner", say("450 4.3.2 later").and_drop()), TRIED_AGAIN),
    Case("the greeting says 4xx", at("banner", say("450 4.3.2 later"), "everybody"), DRAFT, reason="not taking mail just now"),
    Case("the greeting says 5xx", at("banner", say("554 5.7.1 not you"), "everybody"), DRAFT, reason="554 5.7.1 not you"),
    Case("the greeting is cut off once", at("banner", drop()), TRIED_AGAIN),
    Case("the greeting is always cut off", at("banner", drop(), "everybody"), DRAFT, reason="closed the connection"),
    Case("the greeting does not come once", at("banner", stall()), TRIED_AGAIN, patience=SHORT),
    Case("the greeting is no mail server's", at("banner", garbage(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "everybody"), DRAFT,
         reason="does not talk like a mail server"),
    Case("EHLO is answered 4xx once", at("ehlo", say("451 4.3.0 later").and_drop()), TRIED_AGAIN),
    Case("EHLO is answered 5xx", at("ehlo", say("550 5.7.1 not you").and_drop(), "everybody"), DRAFT),
    Case("EHLO is unknown and HELO is not", at("ehlo", say("502 5.5.1 what?"), "everybody"), SENT, server={"login": None}),
    Case("the link is cut at EHLO once", at("ehlo", drop()), TRIED_AGAIN),
    Case("EHLO gets no answer once", at("ehlo", stall()), TRIED_AGAIN, patience=SHORT),
    # Protection: never in clear instead
    tls("STARTTLS works", nothing, SENT),
    tls("STARTTLS is answered 4xx once", at("starttls", say("454 4.7.0 later")), TRIED_AGAIN),
    tls("STARTTLS is answered 4xx", at("starttls", say("454 4.7.0 later"), "everybody"), DRAFT, reason="nothing was sent"),
    tls("STARTTLS is answered 5xx", at("starttls", say("554 5.7.0 no"), "everybody"), DRAFT, reason="nothing was sent"),
    tls("the link is cut at STARTTLS once", at("starttls", drop()), TRIED_AGAIN),
    tls("STARTTLS gets no answer once", at("starttls", stall()), TRIED_AGAIN, patience=SHORT),
    tls("STARTTLS is not offered", nothing, DRAFT, reason="does not offer a protected connection", server={"certificate": None}),
    tls("clear text follows the yes to STARTTLS, and is not believed", at("starttls", say("220 go ahead", "250 injected"), "everybody"), SENT),
    *[
        Case(f"the certificate is {flaw}, {security} asked for", nothing, DRAFT, security=security, flaw=flaw, reason="nothing was sent",
             server={"tls": security == "tls"})
        for security in ("starttls", "tls")
        for flaw in ("untrusted", "wrong host", "expired", "too old")
    ],
    # Signing in
    Case("AUTH is answered 4xx once", at("auth", say("454 4.7.0 later")), TRIED_AGAIN),
    Case("AUTH is answered 4xx", at("auth", say("454 4.7.0 later"), "everybody"), DRAFT, reason="could not check the user name"),
    Case("AUTH is answered 5xx", at("auth", say("535 5.7.8 no"), "everybody"), DRAFT, reason="did not accept the user name or password"),
    Case("the link is cut at AUTH once", at("auth", drop()), TRIED_AGAIN),
    Case("AUTH gets no answer once", at("auth", stall()), TRIED_AGAIN, patience=SHORT),
    # MAIL: about the sender or the account
    Case("MAIL is answered 4xx once", at("mail", say("451 4.7.1 slow down")), TRIED_AGAIN),
    Case("MAIL is answered 4xx", at("mail", say("451 4.7.1 slow down"), "everybody"), DRAFT, reason="as the sender"),
    Case("MAIL is answered 5xx once", at("mail", say("553 5.7.1 not you")), TRIED_AGAIN),
    Case("MAIL is answered 5xx", at("mail", say("553 5.7.1 not you"), "everybody"), DRAFT, reason="as the sender"),
    lost("the link is cut at MAIL once", at("mail", drop()), TRIED_AGAIN),
    Case("the link is always cut at MAIL", at("mail", drop(), "everybody"), DRAFT, WITH_DATA, reason="closed the connection"),
    lost("MAIL gets no answer once", at("mail", stall()), TRIED_AGAIN, patience=SHORT),
    # RCPT: about one person
    Case("RCPT is answered 4xx", at("rcpt", say("450 4.2.1 mailbox busy"), "Ben"), PUT_OFF),
    Case("RCPT is answered 5xx", at("rcpt", say("550 5.1.1 nobody here"), "Ben"), FAILED),
    Case("RCPT is answered 5xx for everybody", at("rcpt", say("550 5.1.1 nobody here"), "everybody"), ALL_FAILED),
    lost("the link is cut at RCPT once", at("rcpt", drop()), TRIED_AGAIN),
    Case("the link is cut at each RCPT for one person", at("rcpt", drop(), "Ben"), STOPPED, WITH_DATA),
    lost("RCPT gets no answer once", at("rcpt", stall()), TRIED_AGAIN, patience=SHORT),
    Case("DATA is welcome although RCPT was refused", lambda: _odd, FAILED, WITH_DATA),
    # DATA
    Case("DATA is answered 4xx", at("data", say("451 4.3.0 later"), "Ben"), PUT_OFF, WITH_DATA),
    Case("DATA is answered 5xx", at("data", say("554 5.7.1 no"), "Ben"), FAILED, WITH_DATA),
    Case("the link is cut at DATA once", at("data", drop()), TRIED_AGAIN, WITH_DATA),
    Case("DATA gets no answer once", at("data", stall()), TRIED_AGAIN, WITH_DATA, patience=SHORT),
    Case("DATA is answered 250", at("data", say("250 2.0.0 ok")), TRIED_AGAIN, WITH_DATA),
    # In the middle of the body: its last byte had left this computer by then
    lost("4xx and away in the middle of the body", at("body", say("452 4.3.1 no room").and_drop(), "Ben"), PUT_OFF),
    lost("5xx and away in the middle of the body", at("body", say("552 5.3.4 too big").and_drop(), "Ben"), FAILED),
    Case("5xx in the middle of the body", at("body", say("552 5.3.4 too big"), "Ben"), FAILED),
    lost("the link is cut in the middle of the body", at("body", drop(), "Ben"), NOT_SURE),
    lost("silence from the middle of the body on", at("body", stall(), "Ben"), NOT_SURE, patience=SHORT),
    # After the dot
    Case("4xx after the dot", at("final", say("451 4.3.0 later"), "Ben"), PUT_OFF),
    Case("5xx after the dot", at("final", say("554 5.6.0 not this"), "Ben"), FAILED),
    Case("5xx after the dot for everybody", at("final", say("554 5.6.0 not this"), "everybody"), ALL_FAILED),
    Case("503 after the dot", at("final", say("503 5.5.1 not now"), "Ben"), FAILED, WITH_DATA),
    lost("the link is cut after the dot, nothing taken", at("final", drop(), "Ben"), NOT_SURE),
    lost("the link is cut after the dot, the message taken", at("final", drop(accept=True), "Ben"), NOT_SURE),
    lost("no answer after the dot, nothing taken", at("final", stall(), "Ben"), NOT_SURE, patience=SHORT),
    lost("no answer after the dot, the message taken", at("final", stall(accept=True), "Ben"), NOT_SURE, patience=SHORT),
    lost("the answer after the dot is cut short", at("final", Act(b"25", hang_up=True, accept=True), "Ben"), NOT_SURE),
    lost("354 after the dot", at("final", Act(b"354 ?\r\n", accept=True), "Ben"), NOT_SURE),
    Case("the answer after the dot is held long", at("final", late("250 2.0.0 queued", after=1.0), "Ben"), SENT),
    lost("the answer after the dot is held too long", at("final", late("250 2.0.0 queued", after=2.0), "Ben"), NOT_SURE, patience=SHORT),
    lost("yes after the dot, and away", at("final", say("250 2.0.0 queued").and_drop(), "Ben"), TRIED_AGAIN),
    Case("away after each message", at("final", say("250 2.0.0 queued").and_drop(), "everybody"), TRIED_AGAIN, WITH_DATA),
    # QUIT: everything is settled by then
    Case("QUIT is answered 4xx", at("quit", say("421 4.3.0 later"), "everybody"), SENT),
    Case("QUIT is answered 5xx", at("quit", say("502 5.5.1 what?"), "everybody"), SENT),
    Case("the link is cut at QUIT", at("quit", drop(), "everybody"), SENT),
    Case("QUIT gets no answer", at("quit", stall(), "everybody"), SENT),
    # 421 anywhere
    *[
        Case(f"421 at {stage} once", at(stage, say("421 4.3.2 closing").and_drop()), TRIED_AGAIN)
        for stage in ("banner", "ehlo", "auth", "mail", "rcpt", "body", "final")
    ],
    Case("421 at data once", at("data", say("421 4.3.2 closing").and_drop()), TRIED_AGAIN, WITH_DATA),
    Case("421 at every greeting", at("banner", say("421 4.3.2 closing").and_drop(), "everybody"), DRAFT, reason="not taking mail just now"),
    Case("421 at every MAIL", at("mail", say("421 4.3.2 closing").and_drop(), "everybody"), DRAFT, reason="not taking mail just now"),
    Case("421 behind a yes", at("final", say("250 2.0.0 queued", "421 4.4.2 idle").and_drop()), TRIED_AGAIN),
    # Answers that are none
    *[
        Case(f"nonsense at {stage} once", at(stage, garbage(b"hello\r\n").and_drop()), TRIED_AGAIN, WITH_DATA)
        for stage in ("mail", "rcpt", "data")
    ],
    lost("nonsense at MAIL, all at once", at("mail", garbage(b"\xff\x00\x1b[2J\r\n").and_drop()), TRIED_AGAIN, (CHUNKS,)),
    lost("nonsense after the dot", at("final", Act(b"hello\r\n", accept=True), "Ben"), NOT_SURE),
    lost("an answer with two codes after the dot", at("final", Act(b"250-yes\r\n550 no\r\n", accept=True), "Ben"), NOT_SURE),
    lost("an answer without end at MAIL", at("mail", garbage(b"250-more\r\n" * 6_000)), TRIED_AGAIN, patience=SHORT),
    lost("a line without end after the dot", at("final", Act(b"x" * 60_000, accept=True), "Ben"), NOT_SURE),
    lost("two answers to one question", at("mail", say("250 2.1.0 ok", "250 2.1.0 ok")), TRIED_AGAIN),
    *[
        Case(f"an answer of many lines at {stage}", at(stage, say("250-one", "250-two", "250 three"), "everybody"), SENT)
        for stage in ("mail", "rcpt", "final")
    ],
    Case("an answer of many lines at data", at("data", say("354-one", "354 two"), "everybody"), SENT, WITH_DATA),
    *[
        Case(f"one byte at a time at {stage}", at(stage, slowly("250 2.0.0 ok", pace=0.01), "everybody"), SENT)
        for stage in ("mail", "rcpt", "final")
    ],
    lost("one byte at a time, too slow, at MAIL", at("mail", slowly("250 2.0.0 ok", pace=0.1)), TRIED_AGAIN, patience=SHORT),
    lost("one byte at a time, too slow, after the dot", at("final", slowly("250 2.0.0 ok", pace=0.1), "Ben"), NOT_SURE, patience=SHORT),
    # What it offers
    Case("no 8BITMIME", nothing, SENT, server={"without": "8BITMIME"}),
    Case("no SMTPUTF8 for an address that needs it", nothing, FAILED, address_of_ben="bén@example.org"),
    Case("SIZE exceeded, as announced", nothing, ALL_FAILED, server={"without": "SIZE 20000000", "more": "SIZE 500"}),
    Case("SIZE exceeded, as said at RCPT", at("rcpt", say("552 5.3.4 too big"), "Ben"), FAILED),
    Case("other extensions on each connection", at("final", say("250 2.0.0 queued").and_drop(), "everybody"), TRIED_AGAIN, (PIPELINED,),
         server={"extensions": lambda number: (EXTENSIONS, LOCKSTEP, ("SIZE 9000000",))[number % 3]}),
    lost("CHUNKING on every other connection", at("final", say("250 2.0.0 queued").and_drop(), "Ben"), TRIED_AGAIN, (CHUNKS,),
         server={"extensions": lambda number: (EXTENSIONS, CHUNKED)[number % 2]}),
    lost("PIPELINING is offered, and what follows is thrown away", nothing, TRIED_AGAIN, (PIPELINED, CHUNKS), patience=SHORT,
         server={"is_forgetful": True}),
    Case("CHUNKING is offered, and BDAT unknown", nothing, TRIED_AGAIN, (CHUNKS,), server={"knows_chunks": False}),
    *[
        Case(f"one BDAT is answered {code}", at("final", say(f"{code} 5.5.1 not now")), TRIED_AGAIN, (CHUNKS,))
        for code in (500, 502, 503)
    ],
]  # fmt: skip


def _odd(stage: Stage, address: str) -> Act | None:
    if stage == "rcpt" and address == BEN:
        return say("550 5.1.1 nobody here")
    return say("354 go ahead") if stage == "data" else None
