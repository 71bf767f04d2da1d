"""A visit to a mailbox ends, whatever answers there; and what was read once is not read again."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from data import mailbox
from data.mail_account import AccountTrouble, Security
from data.mailbox import MOST, Mailbox, Manner, Place
from tests.twins.certificate import make_certificate
from tests.twins.imap_server import Act, ImapServer, announce, drop, hang, say, trickle

pytestmark = pytest.mark.thorough

AS_USUAL = Manner()
MAIL = b"Subject: hello\r\n\r\nhello\r\n"


def box_at(server: ImapServer, **other: object) -> Mailbox:
    user, password = server.login
    made = Mailbox("127.0.0.1", server.port, Security.NONE, user, password, timeout=1.0, patience=3.0)
    return replace(made, **other)  # type: ignore[arg-type]


class Reader:
    def __init__(self) -> None:
        self.place, self.mails = Place(), list[bytes]()

    def take(self, mails: list[bytes], place: Place) -> list[bool]:
        self.mails += mails
        self.place = place
        return [b"away" in mail for mail in mails]

    def visit(self, server: ImapServer, manner: Manner = AS_USUAL, *, stopping: Callable[[], bool] = bool, **other: object) -> bool:  # fmt: skip
        box = box_at(server, **other)
        return mailbox.visit(box, self.place, self.take, manner, stopping=stopping)


def test_each_message_is_read_once_and_stays_unread_in_the_mailbox() -> None:
    reader = Reader()
    with ImapServer([MAIL, MAIL]) as server:
        reader.visit(server)
        server.deliver(b"Subject: third\r\n\r\n")
        reader.visit(server)
        reader.visit(server)
    assert reader.mails == [MAIL, MAIL, b"Subject: third\r\n\r\n"]
    assert server.fetched == sorted(server.mails)
    assert not server.seen
    assert not [one for one in server.commands if "SELECT" in one or "DELETE" in one or "EXPUNGE" in one]


def test_they_are_marked_as_read_where_the_owner_wants_that() -> None:
    with ImapServer([MAIL, MAIL]) as server:
        Reader().visit(server, Manner(marks=True))
    assert server.seen == set(server.mails)


def test_a_mailbox_that_was_made_anew_is_read_from_its_beginning() -> None:
    reader = Reader()
    with ImapServer([MAIL]) as server:
        reader.visit(server)
        server.validity += 1
        reader.visit(server)
    assert len(reader.mails) == 2


def test_a_hundred_thousand_messages_take_a_few_visits_and_only_the_newest_count() -> None:
    reader = Reader()
    with ImapServer() as server:
        server.mails = dict.fromkeys(range(5, 300_005, 3), MAIL)
        visits = 0
        while reader.visit(server, patience=60.0, timeout=20.0):
            visits += 1
            assert len(reader.mails) <= (visits + 1) * MOST
    assert server.fetched == sorted(server.mails)[-mailbox.FROM_BEFORE :]
    assert visits == 2


def test_numbers_far_apart_do_not_stop_it() -> None:
    reader = Reader()
    with ImapServer() as server:
        server.mails = {7: MAIL, 4_000_000_000: MAIL}
        assert not reader.visit(server)
    assert reader.place == Place(7, 4_000_000_000)


def test_whoever_is_called_off_goes_on_next_time() -> None:
    reader = Reader()
    with ImapServer([MAIL] * 50) as server:
        assert reader.visit(server, stopping=lambda: len(reader.mails) >= 20)
        reader.visit(server)
    assert len(server.fetched) == len(set(server.fetched)) == 50


def test_a_long_message_is_read_to_the_part_that_matters() -> None:
    reader = Reader()
    with ImapServer([MAIL + b"x" * 5_000_000]) as server:
        reader.visit(server, patience=30.0, timeout=10.0)
    assert [len(one) for one in reader.mails] == [1_500_000]


@pytest.mark.parametrize("stage", ["banner", "login", "examine", "search", "fetch", "body"])
@pytest.mark.parametrize(
    ("act", "words"),
    [
        (hang, "did not answer in time"),
        (trickle, "did not answer in time"),
        (drop, "closed the connection"),
        (say(b"HTTP/1.1 400 Bad Request\r\n" * 50), "does not talk like a mailbox"),
    ],
    ids=["hangs", "trickles", "drops", "rubbish"],
)
def test_a_visit_to_a_bad_server_ends_with_a_sentence(stage: str, act: Act, words: str) -> None:
    begun = time.monotonic()
    with (
        ImapServer([MAIL], acts={stage: act}) as server,
        pytest.raises(AccountTrouble, match=words) as trouble,
    ):
        Reader().visit(server, timeout=0.4, patience=0.8)
    assert not trouble.value.permanent
    assert time.monotonic() - begun < 10


def test_a_message_without_an_end_is_left_out_and_the_next_one_read() -> None:
    reader = Reader()
    with ImapServer([MAIL, MAIL], acts={"body": announce(2**30)}) as server:
        with pytest.raises(AccountTrouble, match="without an end"):
            reader.visit(server)
        assert reader.place.uid == min(server.mails)
        server.acts.clear()
        reader.visit(server)
    assert reader.mails == [MAIL]


def test_what_came_before_a_message_that_can_not_be_had_is_taken_and_that_one_is_named() -> None:
    reader = Reader()
    with ImapServer([MAIL, MAIL, MAIL]) as server:
        first, second, _ = server.mails
        server.poison.add(second)
        with pytest.raises(AccountTrouble, match="closed the connection") as trouble:
            reader.visit(server)
        assert (trouble.value.at, len(reader.mails)) == (second, 1)
        assert first <= reader.place.uid < second
        reader.visit(server, Manner(skip=second))
        assert (reader.place.uid, len(reader.mails)) == (max(server.mails), 2)
        assert server.fetched.count(first) == 1


def test_only_what_nobody_would_look_for_is_moved_and_the_folder_is_made() -> None:
    away = b"Subject: away\r\n\r\n"
    with ImapServer([MAIL, away, MAIL, away]) as server:
        uids = [uid for uid, mail in server.mails.items() if mail == away]
        Reader().visit(server, Manner(moves_to="Returned mail"))
        assert server.moved == {"Returned mail": uids}
        assert set(server.mails.values()) == {MAIL}
    with ImapServer([away], moves=False) as server:
        reader = Reader()
        reader.visit(server, Manner(moves_to="Returned mail"))
        assert (len(reader.mails), len(server.mails)) == (1, 1)
        with pytest.raises(AccountTrouble, match="can't move messages"):
            mailbox.look(box_at(server), "Returned mail")


def test_lines_without_an_end_are_not_read_to_the_end() -> None:
    endless = say(b"* SEARCH " + b"1 " * 5_000_000 + b"\r\n")
    with ImapServer([MAIL], acts={"search": endless}) as server, pytest.raises(AccountTrouble):
        Reader().visit(server, patience=30.0, timeout=10.0)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"password": "guess"}, "did not accept the user name or password. It said: .*Invalid credentials"),
        ({"folder": "Returns"}, "There is no folder called Returns"),
        (
            {"host": "no.such.host.invalid", "security": Security.TLS},
            "No server called no.such.host.invalid could be found",
        ),
        ({"port": 1}, "Nothing answers at 127.0.0.1, port 1"),
        ({"security": Security.TLS}, "A protected connection to 127.0.0.1"),
        ({"security": Security.STARTTLS}, "A protected connection to 127.0.0.1"),
        ({"host": "mail.example.com", "security": Security.NONE}, "would travel unprotected"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(wrong: dict[str, object], words: str) -> None:
    with ImapServer([MAIL]) as server, pytest.raises(AccountTrouble, match=words):
        mailbox.look(box_at(server, **wrong))


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_a_protected_mailbox_is_read_and_a_stranger_is_not_trusted(
    security: Security, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = make_certificate(tmp_path)
    with ImapServer([MAIL], certificate=certificate, tls=security is Security.TLS) as server:
        with pytest.raises(AccountTrouble, match="could not be trusted, so the password was not sent"):
            mailbox.look(box_at(server, security=security))
        assert "LOGIN" not in server.commands
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
        assert mailbox.look(box_at(server, security=security)).messages == 1


def test_quotes_and_letters_beyond_ascii_are_no_trouble() -> None:
    login = ("ann", 'a "quoted\\" word')
    with ImapServer([MAIL], login=login, folders=["R&APw-ckl&AOQ-ufer &- Co"]) as server:
        assert mailbox.look(box_at(server, folder="Rückläufer & Co")).messages == 1
