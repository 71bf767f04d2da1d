"""What came back is read as it was meant: who, why, and whether anybody should write there again."""

import pytest

from domain.ledger.causes import Cause
from domain.results.report import Kind as News
from domain.results.returned.box import messages
from domain.results.returned.reader import read_closely as read_mail
from domain.results.returned.reports import reports_of
from domain.results.returned.returned import Action, Kind
from tests.domain.returned_mail.bounces import ANN, BEN, BOUNCES, CAT, DAEMON, Expected
from tests.domain.returned_mail.writing import ORIGINAL, complaint, failed, mail, report


@pytest.mark.parametrize(("name", "raw", "expected"), BOUNCES, ids=[one[0] for one in BOUNCES])
def test_a_bounce_names_the_person_and_the_reason(name: str, raw: bytes, expected: Expected) -> None:
    read = read_mail(raw)
    assert read.kind is Kind.BOUNCE
    assert [(one.address, one.permanent, one.cause) for one in read.recipients] == expected


@pytest.mark.parametrize(("name", "raw", "expected"), BOUNCES, ids=[one[0] for one in BOUNCES])
@pytest.mark.parametrize("end", [b"\r\n", b"\r"], ids=["dos", "mac"])
def test_the_kind_of_line_end_changes_nothing(name: str, raw: bytes, expected: Expected, end: bytes) -> None:
    assert read_mail(raw.replace(b"\n", end)) == read_mail(raw)


def test_a_delay_is_a_bounce_that_is_not_the_end() -> None:
    (one,) = read_mail(
        report(
            "Your message has been delayed. We will keep trying for 3 more days.",
            failed(ANN, "4.1.1", "450 User unknown", action="delayed"),
            to=ANN,
            subject="Delayed Mail (still being retried)",
        )
    ).recipients
    assert (one.action, one.permanent) == (Action.DELAYED, False)


def test_a_warning_without_a_report_is_no_end_either() -> None:
    (one,) = read_mail(
        mail(
            f"    **  THIS IS A WARNING MESSAGE ONLY  **\n\nThe message could not be delivered for 4 hours\nto {ANN}\n"
            "User unknown\nIt will be retried until it is five days old.\n",
            sender=DAEMON,
            subject="Warning: could not send message for past 4 hours",
        )
    ).recipients
    assert (one.address, one.action, one.permanent) == (ANN, Action.DELAYED, False)


def test_of_two_addresses_the_one_that_we_wrote_to_counts() -> None:
    fields = f"Original-Recipient: rfc822; {ANN}\n" + failed(
        "ann.b@inside.example", "5.1.1", "550 User unknown"
    )
    (one,) = read_mail(report("", fields, to=ANN)).recipients
    assert (one.address, one.reached) == (ANN, "ann.b@inside.example")


def test_an_original_recipient_that_we_never_wrote_to_does_not_count() -> None:
    fields = f"Original-Recipient: rfc822; list@elsewhere.example\n{failed(ANN, '5.1.1', '550 User unknown')}"
    (one,) = read_mail(report("", fields, to=ANN)).recipients
    assert one.address == ANN


def test_two_hundred_people_in_one_report_are_all_read() -> None:
    many = [f"p{number}@there.example" for number in range(200)]
    fields = "\n".join(failed(one, "5.1.1", "550 User unknown") for one in many)
    assert [one.address for one in read_mail(report("", fields, to=ANN)).recipients] == many


def test_two_hundred_people_in_one_letter_are_all_read() -> None:
    many = [f"p{number}@there.example" for number in range(200)]
    letter = "The following addresses failed:\n\n" + "\n".join(
        f"<{one}>:\n550 User unknown\n" for one in many
    )
    read = read_mail(mail(letter, sender=DAEMON, subject="failure notice"))
    assert [one.address for one in read.recipients if one.permanent] == many


def test_who_got_it_is_not_among_those_who_did_not() -> None:
    fields = (
        failed(ANN, "2.0.0", "250 Ok", action="delivered") + "\n" + failed(BEN, "5.1.1", "550 User unknown")
    )
    assert [one.address for one in read_mail(report("", fields, to=ANN)).recipients] == [BEN]


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_a_receipt_is_no_bounce(action: str) -> None:
    read = read_mail(report("It arrived.", failed(ANN, "2.1.5", "250 Ok", action=action), to=ANN))
    assert (read.kind, read.recipients) == (Kind.OTHER, ())


def test_our_marks_come_back_with_the_bounce() -> None:
    read = read_mail(
        report("", failed(ANN, "5.1.1", "550 User unknown"), to=ANN, Delivered_To="back+17@marlow.example")
    )
    assert read.original.message_id == "d7f3@marlow.example"
    assert read.original.to == (ANN,)
    assert read.original.mark == "m17"
    assert "https://marlow.example/u/abc123" in read.original.unsubscribe
    assert read.delivered_to[0] == "back+17@marlow.example"


def test_our_marks_are_found_in_a_quoted_message_too() -> None:
    letter = f"<{ANN}>:\nUser unknown\n\n--- Below this line is a copy of the message.\n\n{ORIGINAL.format(to=ANN)}"
    read = read_mail(mail(letter, sender=DAEMON, subject="failure notice"))
    assert (read.original.message_id, read.original.to) == ("d7f3@marlow.example", (ANN,))


def test_a_report_that_lost_the_blanks_of_its_folded_fields_is_read() -> None:
    """Stored or passed on with every line moved to the left: what follows the first such line is heading still."""
    (one,) = read_mail(
        b"From: Outlook <postmaster@there.example>\nTo: hello@marlow.example\n"
        b"Content-Type: multipart/report; report-type=delivery-status;\nboundary=cut\n"
        b"Subject: Undeliverable: New rings\nReturn-Path: <>\n\n"
        b"--cut\nContent-Type: text/plain\n\n"
        b"Your message to these recipients was turned away:\n\nann@there.example\n"
        b"The e-mail address could not be found at there.example.\n--cut--\n"
    ).recipients
    assert (one.address, one.permanent) == (ANN, True)


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"], ids=["base64", "quoted-printable"])
def test_a_report_may_be_encoded(encoding: str) -> None:
    import binascii

    plain = f"Reporting-MTA: dns; mx\n\n{failed(ANN, '5.1.1', '550 User unknown')}".encode()
    wrapped = binascii.b2a_base64(plain) if encoding == "base64" else binascii.b2a_qp(plain)
    raw = report("", "@@", to=ANN).replace(
        b"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n@@",
        b"Content-Type: message/delivery-status\nContent-Transfer-Encoding: %b\n\n%b"
        % (encoding.encode(), wrapped),
    )
    assert [one.address for one in read_mail(raw).recipients] == [ANN]


def test_a_foreign_address_is_kept_as_it_is() -> None:
    fields = failed("@@", "5.1.1", "550 User unknown").replace("rfc822; @@", "utf-8; jörg@bücher.example")
    assert [one.address for one in read_mail(report("", fields, to="x@y.example")).recipients] == [
        "jörg@bücher.example"
    ]


COMPLAINTS = [
    (
        "by the standard",
        complaint(f"Feedback-Type: abuse\nVersion: 1\nOriginal-Rcpt-To: <{ANN}>\n", to=ANN),
        "abuse",
    ),
    (
        "blacked out, but not in the message",
        complaint("Feedback-Type: abuse\nRedacted-Address: redacted@\n", to=ANN),
        "abuse",
    ),
    ("fraud", complaint("Feedback-Type: fraud\n", to=ANN), "fraud"),
    ("opt-out", complaint(f"Feedback-Type: opt-out\nRemoval-Recipient: {ANN}\n", to=ANN), "opt-out"),
    ("without any word", complaint("Version: 1\n", to=ANN), "abuse"),
    (
        "Hotmail",
        mail(
            f"--cut\nContent-Type: message/rfc822\n\nX-HmXmrOriginalRecipient: {ANN}\n{ORIGINAL.format(to=ANN)}\n--cut--\n",
            sender="staff@hotmail.com",
            subject="complaint about message from 192.0.2.1",
            Content_Type="multipart/mixed; boundary=cut",
        ),
        "abuse",
    ),
    (
        "Hotmail, our message sent back as it was",
        mail("Our letter.", sender="hello@marlow.example", subject="New rings", X_HmXmrOriginalRecipient=ANN),
        "abuse",
    ),
    (
        "a letter of a provider, with our message in it",
        mail(
            "--cut\nContent-Type: text/plain\n\nOne of our users reported the attached message as spam.\n"
            f"--cut\nContent-Type: message/rfc822\n\n{ORIGINAL.format(to=ANN)}\n--cut--\n",
            sender="feedbackloop@there.example",
            subject="A report of a user",
            Content_Type="multipart/mixed; boundary=cut",
        ),
        "abuse",
    ),
    (
        "AOL, without a report",
        mail(
            f"--cut\nContent-Type: message/rfc822\n\n{ORIGINAL.format(to=ANN)}\n--cut--\n",
            sender="scomp@aol.example",
            subject="Email Feedback Report for IP 192.0.2.1",
            Content_Type="multipart/mixed; boundary=cut",
        ),
        "abuse",
    ),
    (
        "Apple Mail's own unsubscribe",
        mail(
            "Apple Mail sent this email to unsubscribe",
            sender=ANN,
            subject="unsubscribe",
            X_Apple_Unsubscribe="true",
        ),
        "opt-out",
    ),
    (
        "Amazon, as JSON",
        mail(
            f'{{"notificationType":"Complaint","complaint":{{"complainedRecipients":[{{"emailAddress":"{ANN}"}}]}}}}',
            sender="no-reply@sns.example",
            subject="AWS Notification Message",
        ),
        "abuse",
    ),
]


@pytest.mark.parametrize(("name", "raw", "word"), COMPLAINTS, ids=[one[0] for one in COMPLAINTS])
def test_a_complaint_is_recognised(name: str, raw: bytes, word: str) -> None:
    read = read_mail(raw)
    assert (read.kind, read.feedback) == (Kind.COMPLAINT, word)
    assert [one.address for one in read.recipients] == [ANN]


def test_a_complaint_with_everything_blacked_out_still_brings_our_mark() -> None:
    read = read_mail(complaint("Feedback-Type: abuse\nOriginal-Rcpt-To: [redacted]\n", to="undisclosed"))
    assert (read.kind, read.recipients) == (Kind.COMPLAINT, ())
    assert "https://marlow.example/u/abc123" in read.original.unsubscribe


def test_praise_is_no_complaint() -> None:
    raw = complaint("Feedback-Type: not-spam\nVersion: 1\n", to=ANN)
    assert read_mail(raw).kind is not Kind.COMPLAINT


@pytest.mark.parametrize("word", ["auth-failure", "dmarc"])
def test_a_complaint_of_a_server_is_nobodys_wish(word: str) -> None:
    raw = complaint(f"Feedback-Type: {word}\nVersion: 1\n", to=ANN)
    (one,) = read_mail(raw).recipients
    assert (one.address, one.cause) == (ANN, Cause.NOT_TRUSTED)
    assert [told.kind for told in reports_of(read_mail(raw), raw)] == [News.OTHER]


AUTOMATIC = [
    ("out of office", mail("I am away until Monday.", sender=ANN, subject="Out of Office: New rings")),
    ("in German", mail("Ich bin im Urlaub.", sender=ANN, subject="Automatische Antwort: New rings")),
    ("in French", mail("Je suis en congé.", sender=ANN, subject="Réponse automatique : New rings")),
    ("in Polish", mail("Jestem na urlopie.", sender=ANN, subject="[Automatyczna odpowiedź] New rings")),
    ("by its heading", mail("Thanks.", sender=ANN, subject="New rings", Auto_Submitted="auto-replied")),
    ("in Hebrew", mail("אני לא במשרד", sender=ANN, subject="תשובה אוטומטית: New rings")),
    ("by a heading of a rare program", mail("Thanks.", sender=ANN, subject="Re: New rings", Preference="auto_reply")),
    ("by its other heading", mail("Thanks.", sender=ANN, subject="New rings", X_Autoreply="yes")),
    (
        "from nobody, with nothing but its words",
        mail("Ich bin im Urlaub und kann Ihre Nachricht nicht lesen.", sender=ANN, subject="Re: New rings", Return_Path="<>"),
    ),
    (
        "under a title that sounds like a bounce",
        mail(
            "I am out of the office until 3 May and cannot read your message.",
            sender=ANN,
            subject="Automatic reply: Undeliverable: New rings",
            Auto_Submitted="auto-replied",
        ),
    ),
    (
        "somebody who has left",
        mail("Ann no longer works here. Please write to ben@there.example.", sender=ANN, subject="Autoreply: New rings"),
    ),
    (
        "a question whether we are a person",
        mail("Please click here to confirm that you are human, so that your message is delivered.", sender=ANN, subject="Please verify your message"),
    ),
    (
        "a waiting list dressed up as a report",
        report(
            "Your message has been waitlisted. https://www.boxbe.com/crs",
            failed(ANN, "4.7.0", "Sender not pre-approved"),
            to=ANN,
            sender="noreply@boxbe.com",
            subject="Re: New rings (Action Required)",
        ),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "raw"), AUTOMATIC, ids=[one[0] for one in AUTOMATIC])
def test_what_nobody_wrote_is_told_apart(name: str, raw: bytes) -> None:
    read = read_mail(raw)
    assert (read.kind, read.recipients) == (Kind.AUTO_REPLY, ())


def test_a_report_that_calls_itself_automatic_is_still_a_bounce() -> None:
    raw = report("", failed(ANN, "5.1.1", "550 User unknown"), to=ANN, Auto_Submitted="auto-replied")
    assert read_mail(raw).kind is Kind.BOUNCE


def test_an_answer_is_kept_without_what_it_quotes() -> None:
    read = read_mail(
        mail(
            "Can you keep the blue one for me?\n\nAnn\n\nOn Mon, 3 May 2027 at 10:00, Marlow wrote:\n> The rings are here.\n",
            sender=f"Ann <{ANN}>",
            subject="Re: New rings",
            In_Reply_To="<d7f3@marlow.example>",
            References="<older@marlow.example> <d7f3@marlow.example>",
        )
    )
    assert (read.kind, read.sender) == (Kind.REPLY, ANN)
    assert read.words == "Can you keep the blue one for me?\n\nAnn"
    assert read.answers == ("d7f3@marlow.example", "older@marlow.example")


PEOPLE = [
    ("who complain of a failure", "My parcel could not be delivered, the address is unknown to your driver.", "Re: New rings"),
    ("who ask about returns", "I returned the ring, the delivery failed twice. Please call.", "Re: Your order was not delivered"),
    ("who answer a letter about the holidays", "Are you open on holidays?", "Re: Summer vacation sale: we are on holiday"),
    ("who want something confirmed", "Please confirm that you can deliver on Friday. Can you confirm your email?", "Re: New rings"),
    ("who write from a place with a telling name", "The blue ring is not available in your shop.", "Re: New rings"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "words", "subject"), PEOPLE, ids=[one[0] for one in PEOPLE])
def test_people_are_no_bounce(name: str, words: str, subject: str) -> None:
    raw = mail(words, sender=ANN, subject=subject, In_Reply_To="<d7f3@marlow.example>")
    assert read_mail(raw).kind is Kind.REPLY


def test_a_customer_with_a_delivery_problem_is_no_bounce() -> None:
    words = f"My parcel could not be delivered and was returned to sender.\n\nAnn\n{ANN}\n"
    assert read_mail(mail(words, sender=ANN, subject="Delivery problem")).kind is Kind.OTHER


def test_a_customer_whose_address_sounds_like_a_machine_is_still_a_customer() -> None:
    raw = mail(
        "The blue ring is not available.", sender="info@bouncecastles.example", subject="Re: New rings"
    )
    assert read_mail(raw).kind is Kind.REPLY


def test_a_receipt_of_reading_is_written_by_nobody() -> None:
    body = "--cut\nContent-Type: text/plain\n\nYour message was displayed.\n--cut\nContent-Type: message/disposition-notification\n\n"
    raw = mail(
        body + f"Final-Recipient: rfc822; {ANN}\nDisposition: manual-action; displayed\n\n--cut--\n",
        sender=ANN,
        subject="Read: New rings",
        Content_Type="multipart/report; report-type=disposition-notification; boundary=cut",
        References="<d7f3@marlow.example>",
    )
    assert (read_mail(raw).kind, read_mail(raw).recipients) == (Kind.AUTO_REPLY, ())


def test_a_letter_of_its_own_is_nothing_of_ours() -> None:
    assert read_mail(mail("Do you repair watches?", sender=ANN, subject="A question")).kind is Kind.OTHER


def test_the_reason_is_said_in_plain_words() -> None:
    (one,) = read_mail(report("", failed(CAT, "5.1.1", "550 User unknown"), to=CAT)).recipients
    assert (one.reason, one.cause) == ("Nobody has this address.", Cause.NO_SUCH_ADDRESS)


FROM_LINE = b"From MAILER-DAEMON Fri May  7 10:00:00 2027\n"
GONE = report("", failed(ANN, "5.1.1", "550 User unknown"), to=ANN)


def test_a_box_holds_several_messages() -> None:
    assert list(messages(FROM_LINE + GONE + b"\n" + FROM_LINE + GONE)) == [
        FROM_LINE + GONE + b"\n",
        FROM_LINE + GONE,
    ]


def test_a_message_that_encloses_the_beginning_of_another_is_one() -> None:
    inner = FROM_LINE + GONE.replace(b"message/rfc822\n\n", b"message/rfc822\n\n" + FROM_LINE)
    assert list(messages(inner)) == [inner]


def test_words_that_begin_like_a_box_are_one_message() -> None:
    raw = FROM_LINE + b"Subject: Re: rings\n\nHello\n\nFrom Monday on we are away.\n"
    assert list(messages(raw)) == [raw]


def test_a_bounce_is_told_in_the_words_of_every_provider() -> None:
    (one,) = reports_of(read_mail(GONE), GONE)
    assert (one.kind, one.address, one.permanent, one.reason) == (
        News.BOUNCE,
        ANN,
        True,
        Cause.NO_SUCH_ADDRESS,
    )
    assert (one.mark, one.message_id) == ("m17", "d7f3@marlow.example")
    assert reports_of(read_mail(GONE), GONE) == [one]


def test_a_delay_is_told_as_one() -> None:
    raw = report("", failed(ANN, "4.4.1", "Connection timed out", action="delayed"), to=ANN)
    assert [(one.kind, one.permanent) for one in reports_of(read_mail(raw), raw)] == [(News.DELAY, False)]


def test_a_complaint_without_a_name_is_told_with_our_mark() -> None:
    raw = complaint("Feedback-Type: abuse\nOriginal-Rcpt-To: [redacted]\n", to="undisclosed")
    assert [(one.kind, one.address, one.mark) for one in reports_of(read_mail(raw), raw)] == [
        (News.COMPLAINT, "", "m17")
    ]


def test_two_people_in_one_report_are_two_pieces_of_news() -> None:
    fields = failed(ANN, "5.1.1", "550 User unknown") + "\n" + failed(BEN, "5.2.2", "552 Over quota")
    raw = report("", fields, to=ANN)
    assert len({one.event_id for one in reports_of(read_mail(raw), raw)}) == 2


def test_an_answer_of_a_person_is_no_news_of_a_delivery() -> None:
    raw = mail("Thank you.", sender=ANN, subject="Re: New rings")
    assert reports_of(read_mail(raw), raw) == []


def test_several_reports_in_one_mail_are_all_read() -> None:
    parts = [report("", failed(one, "5.1.1", "550 User unknown"), to=one).decode() for one in (ANN, BEN)]
    body = "".join(f"--all\nContent-Type: message/rfc822\n\n{one}\n" for one in parts) + "--all--\n"
    raw = mail(
        body,
        sender="digest@there.example",
        subject="Daily digest",
        Content_Type="multipart/digest; boundary=all",
    )
    assert [one.address for one in read_mail(raw).recipients] == [ANN, BEN]


def test_two_reports_in_two_parts_of_one_mail_are_both_read() -> None:
    second = f"--cut\nContent-Type: message/delivery-status\n\n{failed(BEN, '5.2.2', '552 Over quota')}\n"
    raw = GONE.replace(
        b"--cut\nContent-Type: message/rfc822", second.encode() + b"--cut\nContent-Type: message/rfc822"
    )
    assert [(one.address, one.permanent) for one in read_mail(raw).recipients] == [(ANN, True), (BEN, False)]
