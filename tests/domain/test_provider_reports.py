"""What each provider's words mean in ours: kinds, who is meant, and whether the address is dead."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.ledger.causes import Cause
from domain.results.providers import brevo, mailgun, postmark, sendgrid, ses
from domain.results.report import Kind, Report
from tests.twins.providers import (
    brevo_event,
    confirmation,
    from_mailgun,
    mailgun_event,
    notification,
    plainly,
    postmark_event,
    sendgrid_event,
    ses_bounce,
    ses_event,
)

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
ANNA = "anna@berg.example"
GONE, FULL = "550 5.1.1 <anna@berg.example>: user unknown", "552 5.2.2 mailbox full"
SPAM = "550 5.7.1 message rejected as spam"


def of_ses(event: Any) -> list[Report]:
    return ses.read(notification(event, NOW).body)


def of_sendgrid(*events: Any) -> list[Report]:
    return sendgrid.read(json.dumps(events).encode())


def of_mailgun(event: Any) -> Report:
    return mailgun.read(from_mailgun(event, NOW).body)[0]


def of_postmark(event: Any) -> Report:
    return postmark.read(plainly(event).body)[0]


def of_brevo(event: Any) -> Report:
    return brevo.read(plainly(event).body)[0]


def bounced(
    diagnostic: str, *, kind: str = "Permanent", subtype: str = "General", status: str = ""
) -> Report:
    whom = {"emailAddress": ANNA, "diagnosticCode": diagnostic, "status": status}
    return of_ses(ses_bounce(ANNA, bounceType=kind, bounceSubType=subtype, bouncedRecipients=[whom]))[0]


@pytest.mark.parametrize(
    ("report", "is_dead", "reason"),
    [
        (bounced(f"smtp; {GONE}"), True, Cause.NO_SUCH_ADDRESS),
        (bounced(f"smtp; {FULL}"), False, Cause.MAILBOX_FULL),
        (bounced(f"smtp; {SPAM}"), False, Cause.LOOKS_LIKE_SPAM),
        (bounced("", status="5.1.2"), True, Cause.NO_SUCH_DOMAIN),
        (bounced(""), True, Cause.NO_SUCH_ADDRESS),
        (bounced("", subtype="NoEmail"), True, Cause.NO_SUCH_ADDRESS),
        (bounced("Amazon SES has suppressed sending to this address", subtype="Suppressed"), True, Cause.NO_SUCH_ADDRESS),
        (bounced("", kind="Transient", subtype="MailboxFull", status="5.2.2"), False, Cause.MAILBOX_FULL),
        (bounced("", kind="Transient"), False, None),
        (bounced("smtp; 450 4.1.1 user unknown", kind="Transient"), False, Cause.NO_SUCH_ADDRESS),
        (of_sendgrid(sendgrid_event("bounce", ANNA, "1", reason=GONE, status="5.1.1"))[0], True, Cause.NO_SUCH_ADDRESS),
        (of_sendgrid(sendgrid_event("bounce", ANNA, "1", reason=SPAM, type="blocked"))[0], False, Cause.LOOKS_LIKE_SPAM),
        (of_sendgrid(sendgrid_event("bounce", ANNA, "1", reason=FULL))[0], False, Cause.MAILBOX_FULL),
        (of_sendgrid(sendgrid_event("deferred", ANNA, "1", response="451 4.7.1 try again later"))[0], False, None),
        (of_sendgrid(sendgrid_event("dropped", ANNA, "1", reason="Bounced Address"))[0], True, Cause.NO_SUCH_ADDRESS),
        (of_sendgrid(sendgrid_event("dropped", ANNA, "1", reason="Spam Content"))[0], False, None),
        (of_mailgun(mailgun_event("failed", ANNA, severity="permanent", reason="bounce", **{"delivery-status": {"code": 550, "message": "5.1.1 no such user"}})), True, Cause.NO_SUCH_ADDRESS),
        (of_mailgun(mailgun_event("failed", ANNA, severity="permanent", reason="suppress-bounce")), True, Cause.NO_SUCH_ADDRESS),
        (of_mailgun(mailgun_event("failed", ANNA, severity="permanent", reason="generic", **{"delivery-status": {"code": 552, "message": "mailbox full"}})), False, Cause.MAILBOX_FULL),
        (of_mailgun(mailgun_event("failed", ANNA, severity="temporary", reason="generic", **{"delivery-status": {"code": 550, "message": "5.1.1 no such user"}})), False, Cause.NO_SUCH_ADDRESS),
        (of_postmark(postmark_event("Bounce", ANNA, Type="HardBounce", ID=42, Email=ANNA, Details=GONE)), True, Cause.NO_SUCH_ADDRESS),
        (of_postmark(postmark_event("Bounce", ANNA, Type="HardBounce", ID=42, Description="The server was unable to deliver your message")), True, Cause.NO_SUCH_ADDRESS),
        (of_postmark(postmark_event("Bounce", ANNA, Type="SoftBounce", ID=42, Details=FULL)), False, Cause.MAILBOX_FULL),
        (of_postmark(postmark_event("SubscriptionChange", ANNA, SuppressSending=True, SuppressionReason="HardBounce")), True, Cause.NO_SUCH_ADDRESS),
        (of_brevo(brevo_event("hard_bounce", ANNA, reason=GONE)), True, Cause.NO_SUCH_ADDRESS),
        (of_brevo(brevo_event("invalid_email", ANNA)), True, Cause.NO_SUCH_ADDRESS),
        (of_brevo(brevo_event("soft_bounce", ANNA, reason=FULL)), False, Cause.MAILBOX_FULL),
        (of_brevo(brevo_event("blocked", ANNA, reason="blocked : due to blacklist user")), False, None),
    ],
)  # fmt: skip
def test_an_address_is_dead_by_its_reason_and_not_by_a_code(
    report: Report, is_dead: bool, reason: Cause | None
) -> None:
    assert report.address == ANNA
    assert report.is_dead is is_dead
    if reason is not None:
        assert report.reason is reason


SES = {
    "Send": Kind.ACCEPTED, "Delivery": Kind.DELIVERY, "DeliveryDelay": Kind.DELAY, "Complaint": Kind.COMPLAINT,
    "Reject": Kind.REFUSED, "Rendering Failure": Kind.REFUSED, "Open": Kind.OPEN, "Click": Kind.CLICK,
    "Something New": Kind.OTHER,
}  # fmt: skip
SENDGRID = {
    "processed": Kind.ACCEPTED, "deferred": Kind.DELAY, "delivered": Kind.DELIVERY, "bounce": Kind.BOUNCE,
    "dropped": Kind.REFUSED, "spamreport": Kind.COMPLAINT, "open": Kind.OPEN, "click": Kind.CLICK,
    "unsubscribe": Kind.UNSUBSCRIBE, "group_unsubscribe": Kind.UNSUBSCRIBE, "group_resubscribe": Kind.RESUBSCRIBE,
    "account_status_change": Kind.OTHER,
}  # fmt: skip
MAILGUN = {
    "accepted": Kind.ACCEPTED, "delivered": Kind.DELIVERY, "rejected": Kind.REFUSED, "failed": Kind.BOUNCE,
    "opened": Kind.OPEN, "clicked": Kind.CLICK, "complained": Kind.COMPLAINT, "unsubscribed": Kind.UNSUBSCRIBE,
    "stored": Kind.OTHER,
}  # fmt: skip
POSTMARK = {
    "Delivery": Kind.DELIVERY, "Open": Kind.OPEN, "Click": Kind.CLICK, "SpamComplaint": Kind.COMPLAINT,
    "SubscriptionChange": Kind.RESUBSCRIBE, "Inbound": Kind.OTHER,
}  # fmt: skip
POSTMARK_BOUNCES = {
    "HardBounce": Kind.BOUNCE, "SoftBounce": Kind.BOUNCE, "Transient": Kind.DELAY, "SpamComplaint": Kind.COMPLAINT,
    "AutoResponder": Kind.AUTO_REPLY, "Unsubscribe": Kind.UNSUBSCRIBE, "ManuallyDeactivated": Kind.REFUSED,
    "SomethingNew": Kind.OTHER,
}  # fmt: skip
BREVO = {
    "request": Kind.ACCEPTED, "delivered": Kind.DELIVERY, "deferred": Kind.DELAY, "soft_bounce": Kind.BOUNCE,
    "hard_bounce": Kind.BOUNCE, "spam": Kind.COMPLAINT, "opened": Kind.OPEN, "unique_opened": Kind.OPEN,
    "click": Kind.CLICK, "unsubscribed": Kind.UNSUBSCRIBE, "blocked": Kind.REFUSED, "list_addition": Kind.OTHER,
}  # fmt: skip


def test_every_word_of_a_provider_is_one_of_ours_or_is_kept_as_other() -> None:
    said = {word: of_ses(ses_event(word, {}, destination=[ANNA]))[0] for word in SES}
    assert {word: one.kind for word, one in said.items()} == SES
    assert {word: of_sendgrid(sendgrid_event(word, ANNA, "1"))[0].kind for word in SENDGRID} == SENDGRID
    assert {word: of_mailgun(mailgun_event(word, ANNA)).kind for word in MAILGUN} == MAILGUN
    assert {word: of_postmark(postmark_event(word, ANNA)).kind for word in POSTMARK} == POSTMARK
    kinds = {word: of_postmark(postmark_event("Bounce", ANNA, Type=word)).kind for word in POSTMARK_BOUNCES}
    assert kinds == POSTMARK_BOUNCES
    assert {word: of_brevo(brevo_event(word, ANNA)).kind for word in BREVO} == BREVO
    assert said["Something New"].said == "Something New"


def test_our_mark_comes_back_from_each() -> None:
    mark = "m" * 32
    for report in (
        *of_ses(ses_bounce(ANNA, mark=mark)),
        *of_sendgrid(sendgrid_event("bounce", ANNA, "1", mark=mark)),
        of_mailgun(mailgun_event("delivered", ANNA, mark=mark)),
        of_postmark(postmark_event("Delivery", ANNA, mark=mark)),
        of_brevo(brevo_event("delivered", ANNA, mark=mark)),
    ):
        assert report.mark == mark, report.provider


def test_the_message_id_of_the_original_is_found_in_what_ses_quotes() -> None:
    headers = [{"name": "Message-ID", "value": "<abc@marlow.example>"}]
    [report] = of_ses(ses_event("Delivery", {"recipients": [ANNA]}, headers=headers))
    assert report.mark == "<abc@marlow.example>"


def test_one_notice_may_speak_of_two_hundred_people() -> None:
    people = [f"person{number}@berg.example" for number in range(200)]
    whom = [{"emailAddress": one, "diagnosticCode": "smtp; 550 5.1.1 unknown user"} for one in people]
    reports = of_ses(ses_bounce(ANNA, bouncedRecipients=whom))
    assert [one.address for one in reports] == people
    assert len({one.event_id for one in reports}) == 200


def test_a_not_spam_report_is_no_complaint() -> None:
    about = {"complainedRecipients": [{"emailAddress": ANNA}], "complaintFeedbackType": "not-spam"}
    assert of_ses(ses_event("Complaint", about))[0].kind is Kind.OTHER


def test_who_leaves_all_topics_of_ses_has_said_no_and_who_changes_one_has_not() -> None:
    leaves = {"newTopicPreferences": {"unsubscribeAll": True}}
    assert of_ses(ses_event("Subscription", leaves, destination=[ANNA]))[0].kind is Kind.UNSUBSCRIBE
    changes = {"newTopicPreferences": {"unsubscribeAll": False}}
    assert of_ses(ses_event("Subscription", changes, destination=[ANNA]))[0].kind is Kind.OTHER


def test_the_test_message_and_the_confirmation_of_sns_are_kept() -> None:
    [told] = of_ses("Successfully validated SNS topic for Amazon SES event publishing.")
    assert (told.kind, told.said[:12]) == (Kind.OTHER, "Successfully")
    assert ses.read(confirmation(NOW).body)[0].said == "SubscriptionConfirmation"


def test_the_same_news_has_the_same_number_and_other_news_another() -> None:
    first, again = (of_brevo(brevo_event("opened", ANNA)) for _ in range(2))
    other = of_brevo(brevo_event("opened", ANNA, at=1_795_253_401))
    assert first.event_id == again.event_id != other.event_id


def test_strange_values_are_no_fault() -> None:
    strange: list[Any] = [
        None,
        5,
        -1e400,
        True,
        [],
        {},
        [[]],
        {"a": 1},
        "\ud800\x00\u202e",
        "x" * 100_000,
        10**400,
    ]
    for value in strange:
        for name in ("event", "email", "timestamp", "sg_event_id", "reason", "status", "handbill"):
            of_sendgrid({**sendgrid_event("bounce", ANNA, "1"), name: value})
        for name in (
            "event",
            "id",
            "timestamp",
            "recipient",
            "message",
            "user-variables",
            "delivery-status",
            "client-info",
        ):
            of_mailgun({**mailgun_event("failed", ANNA), name: value})
        for name in ("RecordType", "Type", "ID", "Email", "Metadata", "Details", "BouncedAt", "Geo"):
            of_postmark({**postmark_event("Bounce", ANNA), name: value})
        for name in ("event", "email", "ts_epoch", "reason", "X-Mailin-custom", "message-id"):
            of_brevo({**brevo_event("hard_bounce", ANNA), name: value})
        for fact in ("bounceSubType", "bounceType", "timestamp"):
            of_ses(ses_bounce(ANNA, **{"bounceType": "Permanent", fact: value}))
        of_ses(ses_event("Complaint", {"complaintFeedbackType": value}))
        for name in ("bounce", "mail", "eventType"):
            of_ses({**ses_bounce(ANNA), name: value})
        of_ses(ses_bounce(ANNA, bouncedRecipients=value, bounceType=value, timestamp=value))
        of_ses(ses_event("Delivery", {"recipients": value}, tags=value, headers=value, destination=value))
