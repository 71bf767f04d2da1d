"""What lies in the shop's inbox comes into the books by itself: undelivered mail, answers, and who wants no more."""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import make_msgid

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.config import Config, use_config
from data.database import now, reading, unit
from domain.book import preferences
from domain.book.customers import Customer
from domain.ledger import farewells, received
from domain.ledger.deliveries import Delivery, Heard
from domain.refusal import Refusal
from domain.results import collected
from domain.results.collected import Found, Letter
from domain.results.incoming import IncomingEvent
from domain.shop import mailbox, notices
from domain.shop.mailbox import MailboxSettings, Wish
from jobs import mailbox as collecting
from jobs.mailbox import Collector
from tests.domain.returned_mail.writing import failed
from tests.jobs.conftest import Desk
from tests.twins.imap_server import ImapServer, drop, hang
from tests.twins.smtp_server import ScriptedServer
from ui.parts.mailbox_known import known

INBOX = "inbox@marlow.example"


@pytest.fixture
def inbox() -> Iterator[ImapServer]:
    with ImapServer() as server:
        yield server


def set_up(desk: Desk, server: ImapServer, **other: object) -> None:
    user, password = server.login
    wish = {"address": INBOX, "host": "127.0.0.1", "port": server.port, "security": "none"}
    with unit() as session:
        mailbox.save(session, Wish(**wish | {"username": user, "password": password} | other), by=desk.cast.olive, now=now())  # type: ignore[arg-type]  # fmt: skip


def sent(desk: Desk, *names: str) -> dict[str, EmailMessage]:
    """What each of these people got, by their address."""
    desk.write_in(*names)
    with desk.mail_server(ScriptedServer()) as server:
        desk.until_over(desk.press(desk.campaign(message_type="marketing")))
    return {
        one.recipient: message_from_bytes(one.body, _class=EmailMessage, policy=policy.SMTP)
        for one in server.received
    }


def returned(
    original: EmailMessage, to: str, status: str = "5.1.1", said: str = "550 5.1.1 User unknown"
) -> bytes:
    return (
        f"From: MAILER-DAEMON@mx.example\nTo: {INBOX}\nSubject: Undelivered Mail Returned to Sender\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=cut\n\n"
        "--cut\n\nYour mail could not be delivered.\n"
        f"--cut\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n{failed(to, status, said)}\n"
        f"--cut\nContent-Type: message/rfc822\n\n{original.as_string()}\n--cut--\n"
    ).encode()


def letter(sender: str, subject: str, words: str, **headers: str) -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"], made["Message-ID"] = sender, INBOX, subject, make_msgid()
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(words)
    return made.as_bytes()


def answers(address: str) -> list[tuple[str, str]]:
    with reading() as session:
        number = session.scalars(select(Customer.id).where(Customer.email_key == address)).one()
        return [(one.subject, one.words) for one in received.of(session, number)]


def heard() -> dict[str | None, Heard | None]:
    with reading() as session:
        return {one.address_key: one.heard for one in session.scalars(select(Delivery))}


def settings() -> MailboxSettings:
    with reading() as session:
        row = mailbox.kept(session)
    assert row is not None
    return row


def test_a_worker_reads_the_inbox_by_itself_and_each_report_counts_once(
    desk: Desk, inbox: ImapServer
) -> None:
    mails = sent(desk, "Ana", "Ben")
    inbox.deliver(returned(mails["ana@example.org"], "ana@example.org"))
    inbox.deliver(returned(mails["ana@example.org"], "ana@example.org"))
    set_up(desk, inbox)
    with desk.mail_server(ScriptedServer()):
        desk.until(lambda: settings().visited_at is not None)
    assert heard() == {"ana@example.org": Heard.BOUNCED, "ben@example.org": None}
    with reading() as session:
        troubles = {one.email_key: one.email_trouble for one in session.scalars(select(Customer))}
    assert troubles == {"ana@example.org": "bounced", "ben@example.org": None}
    inbox.validity += 1  # everything is read once more
    assert collecting.read_now(desk.cast.olive).reports == 0


def test_a_returned_mail_that_names_nothing_of_ours_draws_no_consequence(
    desk: Desk, inbox: ImapServer
) -> None:
    """Anybody can write to an inbox."""
    desk.write_in("Cat")
    inbox.deliver(returned(EmailMessage(), "cat@example.org"))
    set_up(desk, inbox)
    assert collecting.read_now(desk.cast.olive).reports == 1
    with reading() as session:
        assert session.scalar(select(Customer.email_trouble)) is None
        assert session.scalars(select(IncomingEvent.kind)).one() == "other"


def test_without_a_mark_the_last_message_to_that_address_is_meant(desk: Desk, inbox: ImapServer) -> None:
    sent(desk, "Ana")
    inbox.deliver(returned(EmailMessage(), "ana@example.org"))
    set_up(desk, inbox)
    collecting.read_now(desk.cast.olive)
    assert heard() == {"ana@example.org": Heard.BOUNCED}


def test_answers_stand_beside_the_person_and_automatic_ones_do_not(desk: Desk, inbox: ImapServer) -> None:
    mails = sent(desk, "Ana", "Ben")
    ours = {name: mails[f"{name}@example.org"]["Message-ID"] for name in ("ana", "ben")}
    quoted = (
        "Is the ring still there?\n\nOn Sat, 21 Nov 2026 Marlow <hello@marlow.example> wrote:\n> come in."
    )
    inbox.deliver(letter("ana.other@x.example", "Re: Hello Ana", quoted, In_Reply_To=ours["ana"]))
    inbox.deliver(letter("ben@example.org", "Automatic reply: Hello", "I am away.", In_Reply_To=ours["ben"], Auto_Submitted="auto-replied"))  # fmt: skip
    inbox.deliver(letter("stranger@x.example", "Re: Hello", "Who are you?"))
    set_up(desk, inbox)
    found = collecting.read_now(desk.cast.olive)
    assert (found.answers, found.reports) == (1, 1)
    assert answers("ana@example.org") == [("Re: Hello Ana", "Is the ring still there?")]
    assert answers("ben@example.org") == []


def test_answers_go_with_whoever_is_erased_and_move_with_whoever_is_merged(
    desk: Desk, inbox: ImapServer
) -> None:
    mails = sent(desk, "Ana", "Ben")
    for name, one in mails.items():
        inbox.deliver(letter(name, "Re: Hello", f"Yes from {name}", In_Reply_To=one["Message-ID"]))
    set_up(desk, inbox)
    collecting.read_now(desk.cast.olive)
    with unit() as session:
        ana, ben = session.scalars(select(Customer.id).order_by(Customer.id))
        farewells.merge(session, ana, ben, by=desk.cast.olive, now=now())
        assert len(received.of(session, ana)) == 2
        farewells.erase(session, ana, by=desk.cast.olive, now=now())
        assert received.of(session, ana) == []


def test_a_mail_to_the_address_in_the_heading_unsubscribes(desk: Desk, inbox: ImapServer) -> None:
    set_up(desk, inbox)
    mails = sent(desk, "Ana", "Ben")
    way = str(mails["ana@example.org"]["List-Unsubscribe"])
    subject = way.partition(f"<mailto:{INBOX}?subject=")[2].rstrip(">").replace("%20", " ")
    assert subject.startswith("unsubscribe ")
    assert way.startswith("<http")
    inbox.deliver(letter("somebody.else@x.example", subject, ""))
    inbox.deliver(letter("somebody.else@x.example", subject, ""))
    inbox.deliver(letter("ben@example.org", "unsubscribe " + "x" * 32, ""))
    assert collecting.read_now(desk.cast.olive).unsubscribed == 1
    with reading() as session:
        numbers = session.scalars(select(Customer.id).order_by(Customer.id))
        said = [preferences.allows(session, number, "email", "marketing") for number in numbers]
    assert said == [False, None]


def test_without_an_inbox_there_is_only_the_link(desk: Desk) -> None:
    [mail] = sent(desk, "Ana").values()
    assert "mailto" not in str(mail["List-Unsubscribe"])
    assert "/u/" in str(mail["List-Unsubscribe"])


def test_an_inbox_in_trouble_is_tried_more_and_more_seldom_and_logged_once(
    desk: Desk, inbox: ImapServer, caplog: pytest.LogCaptureFixture
) -> None:
    inbox.acts["login"] = drop
    set_up(desk, inbox)
    pauses = []
    with caplog.at_level(logging.WARNING):
        for _ in range(4):
            row = settings()
            with unit() as session:
                claimed = mailbox.claim(session, now=row.due_at)
                assert claimed is not None
            collecting._visit(claimed, Collector().stopping)
            pauses.append(round((settings().due_at - now()).total_seconds() / 60))
    assert pauses == [3, 5, 10, 30]
    assert len([one for one in caplog.records if "inbox" in one.message]) == 1
    with reading() as session:
        [notice] = notices.unseen(session)
    assert "closed the connection" in notice.sentence
    inbox.acts.clear()
    collecting.read_now(desk.cast.olive)
    assert (settings().last_error, settings().failures) == ("", 0)


def test_a_mail_over_which_the_server_hangs_up_each_time_is_stepped_over_and_told(
    desk: Desk, inbox: ImapServer
) -> None:
    desk.write_in("Ana")
    inbox.deliver(letter("ana@example.org", "Re: one", "Yes"))
    inbox.poison.add(inbox.deliver(b"Subject: a mail that breaks their server"))
    inbox.deliver(letter("ana@example.org", "Re: two", "Yes"))
    set_up(desk, inbox)
    for _ in range(mailbox.STUCK_AFTER):
        with pytest.raises(Refusal, match="closed the connection"):
            collecting.read_now(desk.cast.olive)
    assert [subject for subject, _ in answers("ana@example.org")] == ["Re: one"]
    assert collecting.read_now(desk.cast.olive).answers == 1
    row = settings()
    assert (row.left_out, row.stuck_uid, row.last_uid, row.last_error) == (1, 0, max(inbox.mails), "")
    assert known().state[2].endswith("1 message was left out, because the server hung up each time; nothing is lost there.")  # fmt: skip


def test_what_no_person_wrote_goes_into_another_folder_where_the_owner_wants_that(
    desk: Desk, inbox: ImapServer
) -> None:
    mails = sent(desk, "Ana")
    ours = inbox.deliver(returned(mails["ana@example.org"], "ana@example.org"))
    strange = inbox.deliver(returned(EmailMessage(), "friend@elsewhere.example"))
    answer = inbox.deliver(letter("ana@example.org", "Re: Hello", "Yes"))
    set_up(desk, inbox, moves_to="Returned mail")
    collecting.read_now(desk.cast.olive)
    assert inbox.moved == {"Returned mail": [ours]}
    assert set(inbox.mails) == {strange, answer}


def test_an_inbox_that_hangs_holds_up_no_campaign_and_no_end(desk: Desk, inbox: ImapServer) -> None:
    inbox.acts["banner"] = hang
    set_up(desk, inbox)
    desk.write_in("Ana")
    with desk.mail_server(ScriptedServer()):
        desk.until(lambda: settings().claimed_until is not None)
        assert desk.until_over(desk.press(desk.campaign())).sent == 1


def test_one_reader_at_a_time(desk: Desk, inbox: ImapServer) -> None:
    set_up(desk, inbox)
    with unit() as session:
        assert mailbox.claim(session, now=now()) is not None
        assert mailbox.claim(session, now=now()) is None
        assert mailbox.claim(session, now=now() + mailbox.CLAIM) is not None


def test_another_inbox_saved_meanwhile_is_read_from_its_beginning(desk: Desk, inbox: ImapServer) -> None:
    use_config(Config(data=desk.folder))
    set_up(desk, inbox)
    with unit() as session:
        old = mailbox.claim(session, now=now())
    assert old is not None
    with ImapServer(folders=["Returns"]) as other:
        set_up(desk, other, folder="Returns")
        inbox.deliver(letter("ana@x.example", "Hello", "hello"))
        collecting._visit(old, Collector().stopping)
        row = settings()
        assert (row.last_uid, row.last_error, row.claimed_until) == (0, "", None)
        collecting.read_now(desk.cast.olive)
    assert settings().visited_at is not None


def test_a_mail_that_can_not_be_taken_stops_none_behind_it(
    desk: Desk, inbox: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = collected.take

    def breaks_at_one(session: Session, letters: Sequence[Letter], **when: datetime) -> Found:
        if any(one.mail.subject == "Re: poison" for one in letters):
            raise TypeError("a fault of ours")
        return take(session, letters, **when)

    monkeypatch.setattr(collected, "take", breaks_at_one)
    desk.write_in("Ana")
    for subject in ("Re: one", "Re: poison", "Re: two"):
        inbox.deliver(letter("ana@example.org", subject, "Yes"))
    set_up(desk, inbox)
    assert collecting.read_now(desk.cast.olive).answers == 2
    assert settings().last_uid == max(inbox.mails)
    assert [subject for subject, _ in answers("ana@example.org")] == ["Re: two", "Re: one"]
