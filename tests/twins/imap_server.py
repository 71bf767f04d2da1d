"""A mailbox that does what the test says: real sockets, a thread for each guest.

    with ImapServer([mail, mail]) as server: ...
    with ImapServer([mail], acts={"fetch": announce(2**30)}) as server: ...

An act takes the place of the answer to a command, and to `body`, which is the fetching of one message: `hang`, `drop`, `say(b"...")`, `announce(size)`.
UIDs begin at 101 and leave gaps, as they do in a mailbox where mail is moved about.
"""

import re
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.twins.certificate import Certificate

Act = Callable[["Guest"], None]
CAPABILITIES = b"IMAP4rev1 AUTH=PLAIN"


class Gone(Exception):
    """The guest, or the patience of the server."""


def hang(guest: "Guest") -> None:
    guest.server.closing.wait(60)
    raise Gone


def drop(guest: "Guest") -> None:
    raise Gone


def say(words: bytes) -> Act:
    return lambda guest: guest.send(words)


def announce(size: int) -> Act:
    """A literal of so many bytes, of which a few are sent for as long as the guest listens."""

    def act(guest: "Guest") -> None:
        guest.send(b"* 1 FETCH (UID 101 BODY[]<0> {%d}\r\n" % size)
        while True:
            guest.send(b"x" * 65_536)

    return act


def trickle(guest: "Guest") -> None:
    """A byte now and then, and never a whole line."""
    while not guest.server.closing.wait(0.1):
        guest.send(b"*")
    raise Gone


class ImapServer:
    def __init__(
        self,
        mails: Sequence[bytes] = (),
        *,
        acts: Mapping[str, Act] | None = None,
        login: tuple[str, str] = ("inbox@marlow.example", "brass bell"),
        folders: Sequence[str] = ("INBOX",),
        validity: int = 7,
        certificate: Certificate | None = None,
        tls: bool = False,
        moves: bool = True,
    ) -> None:
        self.mails: dict[int, bytes] = {}
        for mail in mails:
            self.deliver(mail)
        self.acts = dict(acts or {})
        self.login, self.folders, self.validity = login, folders, validity
        self.context = certificate.server_context() if certificate else None
        self.tls = tls
        self.seen: set[int] = set()
        self.poison: set[int] = set()  # at these it hangs up, each time
        self.moved: dict[str, list[int]] = {}
        self.moves = moves
        self.commands: list[str] = []
        self.fetched: list[int] = []
        self.closing = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=20)
        self.port: int = self._listening.getsockname()[1]

    def deliver(self, mail: bytes) -> int:
        uid = max(self.mails, default=98) + 3
        self.mails[uid] = mail
        return uid

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, name="imap twin", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                guest, _ = self._listening.accept()
                threading.Thread(target=self._welcome, args=(guest,), daemon=True).start()

    def _welcome(self, line: socket.socket) -> None:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        guest = Guest(self, line)
        with suppress(OSError, Gone, ValueError):
            guest.serve()
        guest.line.close()


class Guest:
    def __init__(self, server: ImapServer, line: socket.socket) -> None:
        self.server, self.line = server, line
        self.is_in = False
        self.uids: list[int] = []
        self.read_only = True

    def send(self, words: bytes) -> None:
        self.line.sendall(words)

    def serve(self) -> None:
        if self.server.tls:
            self._protect()
        self._do("banner", lambda: self.send(b"* OK [CAPABILITY %b] twin\r\n" % self._capabilities()))
        self.lines = self.line.makefile("rb")
        while words := self.lines.readline():
            self._hear(words.decode("utf-8", "replace").strip())

    def _hear(self, said: str) -> None:
        tag, _, command = said.partition(" ")
        name, _, rest = command.partition(" ")
        self.server.commands.append(re.sub(r"(LOGIN) .*", r"\1", command))
        if name.upper() == "UID":
            name, _, rest = rest.partition(" ")
            name = f"UID_{name}"
        answer = getattr(self, f"_{name.lower()}", self._unknown)
        known_as = {"uid_fetch": "body"}.get(name.lower(), name.lower().removeprefix("uid_"))
        self._do(known_as, lambda: answer(tag, rest))

    def _do(self, name: str, usual: Callable[[], None]) -> None:
        act = self.server.acts.get(name)
        act(self) if act else usual()

    def _ok(self, tag: str, words: str = "done") -> None:
        self.send(f"{tag} OK {words}\r\n".encode())

    def _no(self, tag: str, words: str) -> None:
        self.send(f"{tag} NO {words}\r\n".encode())

    def _unknown(self, tag: str, rest: str) -> None:
        self.send(f"{tag} BAD what\r\n".encode())

    def _capabilities(self) -> bytes:
        offers = self.server.context is not None and not self.server.tls
        moves = self.is_in and self.server.moves  # as many do: told only after the sign-in
        return CAPABILITIES + (b" STARTTLS" if offers else b"") + (b" MOVE" if moves else b"")

    def _capability(self, tag: str, rest: str) -> None:
        self.send(b"* CAPABILITY %b\r\n" % self._capabilities())
        self._ok(tag)

    def _starttls(self, tag: str, rest: str) -> None:
        self._ok(tag)
        self._protect()
        self.lines = self.line.makefile("rb")

    def _protect(self) -> None:
        assert self.server.context is not None
        self.line = self.server.context.wrap_socket(self.line, server_side=True)

    def _login(self, tag: str, rest: str) -> None:
        words = [
            one.replace('\\"', '"').replace("\\\\", "\\") for one in re.findall(r'"((?:[^"\\]|\\.)*)"', rest)
        ]
        if tuple(words) != self.server.login:
            self._no(tag, "[AUTHENTICATIONFAILED] Invalid credentials")
            return
        self.is_in = True
        self._ok(tag)

    def _select(self, tag: str, rest: str) -> None:
        self._enter(tag, rest, read_only=False)

    def _examine(self, tag: str, rest: str) -> None:
        self._enter(tag, rest, read_only=True)

    def _enter(self, tag: str, rest: str, *, read_only: bool) -> None:
        if not self.is_in or rest.strip('"') not in self.server.folders:
            self._no(tag, "no such mailbox")
            return
        self.uids, self.read_only = sorted(self.server.mails), read_only
        self.send(
            f"* {len(self.uids)} EXISTS\r\n* OK [UIDVALIDITY {self.server.validity}] fixed\r\n".encode()
        )
        self._ok(tag, "[READ-ONLY] in" if read_only else "[READ-WRITE] in")

    def _uid_search(self, tag: str, rest: str) -> None:
        first, last = (int(number) for number in rest.removeprefix("UID ").split(":"))
        found = " ".join(str(uid) for uid in self.uids if first <= uid <= last)
        self.send(f"* SEARCH {found}\r\n".encode())
        self._ok(tag)

    def _fetch(self, tag: str, rest: str) -> None:
        """Of one message, its UID."""
        number = int(rest.partition(" ")[0])
        self.send(f"* {number} FETCH (UID {self.uids[number - 1]})\r\n".encode())
        self._ok(tag)

    def _uid_fetch(self, tag: str, rest: str) -> None:
        uid = int(rest.partition(" ")[0])
        if uid in self.server.poison:
            raise Gone
        if uid in self.server.mails:
            self.server.fetched.append(uid)
            most = int(rest.partition("<0.")[2].partition(">")[0])
            raw = self.server.mails[uid][:most]
            number = self.uids.index(uid) + 1
            self.send(f"* {number} FETCH (UID {uid} BODY[]<0> {{{len(raw)}}}\r\n".encode() + raw + b")\r\n")
        self._ok(tag)

    def _uid_store(self, tag: str, rest: str) -> None:
        if self.read_only:
            self._no(tag, "read only")
            return
        self.server.seen |= {int(uid) for uid in rest.partition(" ")[0].split(",")}
        self._ok(tag)

    def _create(self, tag: str, rest: str) -> None:
        self.server.folders = [*self.server.folders, rest.strip('"')]
        self._ok(tag)

    def _uid_move(self, tag: str, rest: str) -> None:
        which, _, folder = rest.partition(" ")
        name = folder.strip('"')
        if self.read_only or name not in self.server.folders:
            self._no(tag, "[TRYCREATE] no such mailbox")
            return
        uids = [int(uid) for uid in which.split(",")]
        self.server.moved.setdefault(name, []).extend(uids)
        for uid in uids:
            del self.server.mails[uid]
        self._ok(tag)


__all__ = ["Act", "ImapServer", "announce", "drop", "hang", "say", "trickle"]
