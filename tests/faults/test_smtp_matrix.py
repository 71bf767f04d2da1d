"""A campaign and every way a mail server can fail (F1): real launch, real worker, real sockets; the table is `CASES`."""

import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from pydantic import PrivateAttr
from sqlalchemy import insert

from data.config import Config, use_config
from data.database import now, unit
from data.mail_account import MailAccount, Security
from domain.book.customers import Customer
from domain.book.suppressions import fingerprint
from domain.ledger.deliveries import Line, State
from domain.shop import shop
from jobs.queue import close_queue, open_queue, queue
from jobs.worker import Worker
from tests.cast import Cast
from tests.faults.smtp_cases import CASES, EVERY_WAY, PEOPLE, Case, Class, Way
from tests.jobs.conftest import Desk
from tests.twins.certificate import make_certificate
from tests.twins.smtp_server import ScriptedServer, say

LOGIN = ("olive", "correct-horse")
ON_THE_WAY = 4  # messages at most, on the one connection of a small send
UNDERWAY = {State.QUEUED, State.CLAIMED, State.HANDOFF}


class Fixed(Config):
    """Settings with a mail account of the test's own: the time limits of a real one are minutes."""

    _account: MailAccount = PrivateAttr()

    @property
    def fixed_mail_account(self) -> MailAccount:
        return self._account


@pytest.fixture
def desk(shop_db: Path, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr("domain.sending.routing.PAUSES", (0.01,))
    monkeypatch.setattr("data.smtp.FAREWELL", 0.05)
    open_queue(shop_db)
    with unit() as session:
        facts = {"name": "Marlow", "postal_address": "1 High Street", "sender_email": "hello@marlow.example"}
        shop.change(session, facts, by=cast.olive, now=now())
    yield Desk(cast, shop_db.parent)
    close_queue()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1")
@pytest.mark.parametrize(
    ("case", "way"), [pytest.param(c, w, id=f"{c.name}, {w.name}") for c in CASES for w in c.ways]
)
def test_each_fault_has_its_class(
    desk: Desk, case: Case, way: Way, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_in(case)
    server = server_of(case, way, tmp_path, monkeypatch)
    with open_door(case, server) as port, at_work(desk, account(case, port)):
        dispatch_id = desk.press(desk.campaign())
        lines = settled(desk, dispatch_id)
    assert lines == desk.lines(dispatch_id)
    the_books_agree(desk, dispatch_id, lines, server)
    (nothing_left if case.expected is Class.DRAFT else it_ended)(desk, dispatch_id, lines, server, case, way)


@pytest.mark.parametrize("way", EVERY_WAY, ids=[way.name for way in EVERY_WAY])
def test_ten_thousand_refused_in_a_row_stop_nobody(desk: Desk, way: Way) -> None:
    """A refusal is about one person: it is no trouble of the account, however many there are."""
    write_in_many(10_000)
    server = ScriptedServer(
        lambda stage, address: say("550 5.7.1 no") if address != "c9999@example.org" else None,
        extensions=way.extensions,
        watched=["rcpt"],
        keep=False,
    )
    url = "smtp://127.0.0.1:{}?security=none"
    with server:
        use_config(Config(data=desk.folder, smtp_url=url.format(server.port)))  # type: ignore[arg-type]
        with Worker(queue(), desk.folder):
            books = desk.until_over(desk.press(desk.campaign()))
    assert (books.failed, books.sent, books.not_sure) == (9_999, 1, 0)
    assert server.count == 1


# The scene


def write_in(case: Case) -> None:
    addresses = [f"{name.lower()}@example.org" for name in PEOPLE]
    addresses[1] = case.address_of_ben
    _insert([{"first_name": name, "email": a} for name, a in zip(PEOPLE, addresses, strict=True)])


def write_in_many(count: int) -> None:
    _insert([{"first_name": f"Ann {i}", "email": f"c{i}@example.org"} for i in range(count)])


def _insert(people: list[dict[str, str]]) -> None:
    moment = now()
    usual: dict[str, Any] = {"active_at": moment, "created_at": moment, "updated_at": moment, "attrs": {}}
    rows = [
        {**one, **usual, "email_key": one["email"], "email_hash": fingerprint(one["email"])} for one in people
    ]
    with unit() as session:
        session.execute(insert(Customer), rows)


def server_of(case: Case, way: Way, folder: Path, monkeypatch: pytest.MonkeyPatch) -> ScriptedServer:
    wanted = dict(case.server)
    without, more = wanted.pop("without", ""), wanted.pop("more", "")
    offered = [e for e in way.extensions if e != without] + [more] * bool(more)
    usual: dict[str, Any] = {"extensions": offered, "login": LOGIN}
    if case.security != "none":
        usual["certificate"] = certificate(case.flaw, folder, monkeypatch)
    server = ScriptedServer(case.fault(), **{**usual, **wanted})
    if case.flaw == "too old" and server.context:
        make_old(server.context)
    return server


def certificate(flaw: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    host = "elsewhere.example" if flaw == "wrong host" else "127.0.0.1"
    made = make_certificate(folder, host=host, expired=flaw == "expired")
    if flaw != "untrusted":
        monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


def make_old(context: Any) -> None:
    import ssl

    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1


def account(case: Case, port: int) -> MailAccount:
    signs_in = case.server.get("login", LOGIN) is not None and case.door == "open"
    user, password = LOGIN if signs_in else ("", "")
    p = case.patience
    return MailAccount("127.0.0.1", port, Security(case.security), user, password, p, p, p)


@contextmanager
def open_door(case: Case, server: ScriptedServer) -> Iterator[int]:
    """The port of the server, of nobody, or of somebody who never comes to the door."""
    with ExitStack() as stack:
        if case.door == "open":
            yield stack.enter_context(server).port
            return
        taken = stack.enter_context(socket.socket())
        taken.bind(("127.0.0.1", 0))
        if case.door == "silent":
            taken.listen(0)
            for _ in range(4):  # the queue is full then, and the kernel says nothing to the next
                caller = stack.enter_context(socket.socket())
                caller.setblocking(False)
                caller.connect_ex(taken.getsockname())
        yield taken.getsockname()[1]


@contextmanager
def at_work(desk: Desk, account: MailAccount) -> Iterator[None]:
    config = Fixed(data=desk.folder)
    config._account = account
    use_config(config)
    with Worker(queue(), desk.folder):
        yield


def settled(desk: Desk, dispatch_id: int) -> dict[str, Line]:
    desk.until(lambda: not UNDERWAY & {line.state for line in desk.lines(dispatch_id).values()})
    lines = desk.lines(dispatch_id)
    if not any(line.state is State.DEFERRED for line in lines.values()):
        desk.until(lambda: desk.dispatch(dispatch_id).finished_at is not None)
    return lines


# What must be true


def the_books_agree(desk: Desk, dispatch_id: int, lines: dict[str, Line], server: ScriptedServer) -> None:
    """Sent ⊆ received ⊆ sent ∪ not sure, and nobody twice: the server's own list is the truth."""
    received = Counter(one.recipient for one in server.received)
    sent, not_sure = those(lines, State.SENT), those(lines, State.UNKNOWN)
    assert sent <= set(received) <= sent | not_sure
    assert set(received.values()) <= {1}
    assert desk.books(dispatch_id).recipients == len(lines) == desk.dispatch(dispatch_id).recipients
    for one in server.received:
        mail = message_from_bytes(one.body, policy=policy.default)
        name = PEOPLE[list(lines).index(one.recipient)]
        assert mail["Subject"] == f"Hello {name}"
        body = mail.get_body(("plain",))
        assert body is not None
        assert body.get_content().startswith(f"Dear {name},")
        assert one.body.endswith(b"--\r\n")
        assert one.body.isascii() or "8BITMIME" in server.offers(0)


def nothing_left(
    desk: Desk, dispatch_id: int, lines: dict[str, Line], server: ScriptedServer, case: Case, way: Way
) -> None:
    assert those(lines, State.CANCELLED) == set(lines)
    campaign = desk.read(desk.dispatch(dispatch_id).campaign_id)  # type: ignore[arg-type]
    assert campaign.status == "draft"
    assert case.reason in campaign.last_launch_error
    assert "0 of 6 reached" in campaign.last_launch_error
    if case.security != "none":
        assert {command[:4] for command in server.commands} <= {"EHLO", "STAR"}
        assert server.body_bytes == 0


def it_ended(
    desk: Desk, dispatch_id: int, lines: dict[str, Line], server: ScriptedServer, case: Case, way: Way
) -> None:
    of_ben, of_others = STATES[case.expected]
    in_doubt = {State.UNKNOWN} if way.has_chunks and case.cuts else set()
    ben = lines.pop(case.address_of_ben)
    assert ben.state in of_ben | (in_doubt if case.expected is Class.TRIED_AGAIN else set())
    assert {line.state for line in lines.values()} <= of_others | in_doubt
    assert len(those(lines, State.UNKNOWN)) <= ON_THE_WAY
    campaign = desk.read(desk.dispatch(dispatch_id).campaign_id)  # type: ignore[arg-type]
    assert campaign.status == ENDS_AS.get(case.expected, "sent")


STATES: dict[Class, tuple[set[State], set[State]]] = {
    Class.SENT: ({State.SENT}, {State.SENT}),
    Class.TRIED_AGAIN: ({State.SENT}, {State.SENT}),
    Class.PUT_OFF: ({State.DEFERRED}, {State.SENT}),
    Class.FAILED: ({State.FAILED}, {State.SENT}),
    Class.ALL_FAILED: ({State.FAILED}, {State.FAILED}),
    Class.NOT_SURE: ({State.UNKNOWN}, {State.SENT}),
    Class.STOPPED: ({State.CANCELLED}, {State.SENT, State.CANCELLED}),
}
ENDS_AS = {Class.PUT_OFF: "sending", Class.STOPPED: "draft"}


def those(lines: dict[str, Line], state: State) -> set[str]:
    return {address for address, line in lines.items() if line.state is state}
