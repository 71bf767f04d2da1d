"""Whose post it is: whatever is changed on the way is refused, and so is what is old, from elsewhere, or unreadable."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.results import news
from domain.results.post import CertificateMissing, Forged, Post
from domain.results.providers import ses
from tests.twins.providers import (
    CERTIFICATE,
    CONFIRM,
    MAILGUN_KEYS,
    SES_KEYS,
    Sent,
    Web,
    certificate,
    confirmation,
    from_mailgun,
    from_sendgrid,
    mailgun_event,
    notification,
    plainly,
    postmark_event,
    received,
    sendgrid_event,
    sendgrid_keys,
    ses_bounce,
    web_of_sns,
)

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
ANNA = "anna@berg.example"
TAMPERED = 1_000


@pytest.fixture(autouse=True)
def _no_certificates() -> Iterator[None]:
    ses.forget_certificates()
    yield
    ses.forget_certificates()


def of_ses(version: str) -> tuple[str, Post]:
    return "ses", received(
        notification(ses_bounce(ANNA), NOW, version=version), SES_KEYS, NOW, web_of_sns(NOW)
    )


def of_sendgrid() -> tuple[str, Post]:
    return "sendgrid", received(
        from_sendgrid([sendgrid_event("bounce", ANNA, "s-1")], NOW), sendgrid_keys(), NOW
    )


def of_mailgun() -> tuple[str, Post]:
    return "mailgun", received(from_mailgun(mailgun_event("delivered", ANNA), NOW), MAILGUN_KEYS, NOW)


def of_postmark() -> tuple[str, Post]:
    keys = {"username": "postmark", "password": "a long one"}
    return "postmark", received(
        plainly(postmark_event("Open", ANNA), sign_in="postmark:a long one"), keys, NOW
    )


def of_brevo() -> tuple[str, Post]:
    sent = replace(
        plainly({"event": "delivered", "email": ANNA}), headers={"authorization": "Bearer b-123456789"}
    )
    return "brevo", received(sent, {"bearer_token": "b-123456789"}, NOW)


POSTS: dict[str, Callable[[], tuple[str, Post]]] = {
    "ses version 1": lambda: of_ses("1"),
    "ses version 2": lambda: of_ses("2"),
    "sendgrid": of_sendgrid,
    "mailgun": of_mailgun,
    "postmark": of_postmark,
    "brevo": of_brevo,
}
SIGNED = ["ses version 1", "ses version 2", "sendgrid"]


@pytest.mark.parametrize("whose", POSTS)
def test_a_post_of_the_provider_is_read(whose: str) -> None:
    name, post = POSTS[whose]()
    [report] = news.news(news.named(name), post).reports
    assert (report.provider, report.address) == (name, ANNA)


@pytest.mark.parametrize("whose", SIGNED)
def test_any_changed_byte_of_the_body_is_refused_or_says_the_same(whose: str) -> None:
    """A space between two words of JSON may be another one: what is read is what was signed."""
    name, post = POSTS[whose]()
    wanted, dice = news.news(news.named(name), post).reports, random.Random(7)
    refused = 0
    for _ in range(TAMPERED):
        read = outcome(name, replace(post, body=flipped(post.body, dice)))
        assert read in (None, wanted)
        refused += read is None
    assert refused == TAMPERED if name == "sendgrid" else refused > TAMPERED * 0.7


@pytest.mark.parametrize("whose", ["sendgrid", "postmark", "brevo"])
def test_any_changed_letter_of_what_proves_it_is_refused(whose: str) -> None:
    name, post = POSTS[whose]()
    proofs = [one for one in post.headers if one != "content-type"]
    for header in proofs:
        for at in range(len(post.headers[header])):
            for changed in (spoiled(post.headers[header], at), cut(post.headers[header], at)):
                if changed.casefold()[:6] != post.headers[header].casefold()[:6] or at > 6:
                    headers = {**post.headers, header: changed}
                    assert outcome(name, replace(post, headers=headers)) is None, f"{header} {changed}"


@pytest.mark.parametrize("part", ["timestamp", "token", "signature"])
def test_any_changed_letter_of_a_mailgun_signature_is_refused(part: str) -> None:
    name, post = of_mailgun()
    told = json.loads(post.body)
    for at in range(len(told["signature"][part])):
        for changed in (spoiled(told["signature"][part], at), cut(told["signature"][part], at)):
            body = json.dumps({**told, "signature": {**told["signature"], part: changed}}).encode()
            assert outcome(name, replace(post, body=body)) is None


@pytest.mark.parametrize("whose", ["sendgrid", "mailgun", "postmark", "brevo"])
def test_another_key_refuses_it(whose: str) -> None:
    name, post = POSTS[whose]()
    for key, value in post.keys.items():
        for at in range(0, len(value), 3):
            assert outcome(name, replace(post, keys={**post.keys, key: spoiled(value, at)})) is None


def test_without_a_key_nothing_is_believed() -> None:
    for whose in ("ses version 2", "sendgrid", "mailgun"):
        name, post = POSTS[whose]()
        assert outcome(name, replace(post, keys={})) is None


@pytest.mark.parametrize(("whose", "limit"), [("ses version 2", 3600), ("sendgrid", 300), ("mailgun", 300)])
def test_what_is_older_than_the_setting_is_refused(whose: str, limit: int) -> None:
    name, post = POSTS[whose]()
    at_last = replace(post, now=NOW + timedelta(seconds=limit))
    too_late = replace(post, now=NOW + timedelta(seconds=limit + 1))
    too_early = replace(post, now=NOW - timedelta(minutes=6))
    assert outcome(name, at_last) is not None
    assert outcome(name, too_late) is None
    assert outcome(name, too_early) is None
    patient = {**too_late.keys, "max_age_seconds": str(limit * 2)}
    assert outcome(name, replace(too_late, keys=patient)) is not None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"Type": 5}',
        b'"x"',
        b"1e999",
        b'{"Type": [], "signature": []}',
    ],
)
@pytest.mark.parametrize("whose", POSTS)
def test_rubbish_is_no_fault_of_ours(whose: str, body: bytes) -> None:
    name, post = POSTS[whose]()
    read = outcome(name, replace(post, body=body))
    assert read is None or whose in ("postmark", "brevo")


@pytest.mark.parametrize(
    "address",
    [
        "http://sns.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.example/a.pem",
        "https://sns.evil.example/a.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/a.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/a.pem",
        "https://evil.example/sns.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com/a.pem?x=1",
        "https://sns.eu-west-1.amazonaws.com/a.pem#b",
        "https://sns.eu-west-1.amazonaws.com/a.txt",
        "https://sns.eu-west-1.amazonaws.com/../a.pem",
        "https://sns..amazonaws.com/a.pem",
        "https://sns.eu.west.amazonaws.com/a.pem",
        "https://SNS.eu-west-1.amazonaws.com/a.pem\n",
        "https://s3.eu-west-1.amazonaws.com/bucket/a.pem",
        "file:///etc/a.pem",
        "https://127.0.0.1/a.pem",
    ],
)
def test_a_certificate_is_fetched_from_sns_and_nowhere_else(address: str) -> None:
    web = Web({address: certificate(NOW)})
    told = json.loads(notification(ses_bounce(ANNA), NOW).body)
    sent = Sent(json.dumps({**told, "SigningCertURL": address}).encode())
    with pytest.raises(Forged):
        ses.verify(received(sent, SES_KEYS, NOW, web))
    assert web.asked == []


def test_a_certificate_lies_in_china_too() -> None:
    address = "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-1.pem"
    told = json.loads(notification(ses_bounce(ANNA), NOW).body)
    sent = Sent(json.dumps({**told, "SigningCertURL": address}).encode())
    ses.verify(received(sent, SES_KEYS, NOW, Web({address: certificate(NOW)})))


def test_a_certificate_is_fetched_once() -> None:
    web = web_of_sns(NOW)
    for number in range(5):
        ses.verify(received(notification(ses_bounce(ANNA), NOW, number=f"n-{number}"), SES_KEYS, NOW, web))
    assert web.asked == [CERTIFICATE]


def test_where_the_certificate_cannot_be_had_the_post_may_come_again_and_sns_is_not_flooded() -> None:
    web = Web()
    post = received(notification(ses_bounce(ANNA), NOW), SES_KEYS, NOW, web)
    for _ in range(50):
        with pytest.raises(CertificateMissing):
            ses.verify(post)
    assert len(web.asked) == 1
    web.pages[CERTIFICATE] = certificate(NOW)
    ses.verify(replace(post, now=NOW + timedelta(minutes=1)))


def test_an_error_page_is_no_certificate_and_is_not_kept() -> None:
    web = Web({CERTIFICATE: b"<html>busy</html>"})
    post = received(notification(ses_bounce(ANNA), NOW), SES_KEYS, NOW, web)
    with pytest.raises(CertificateMissing):
        ses.verify(post)
    web.pages[CERTIFICATE] = certificate(NOW)
    ses.verify(post)


def test_an_expired_certificate_is_refused() -> None:
    web = Web({CERTIFICATE: certificate(NOW, days=-1)})
    with pytest.raises(Forged):
        ses.verify(received(notification(ses_bounce(ANNA), NOW), SES_KEYS, NOW, web))


def test_another_topic_is_not_listened_to_however_well_it_is_signed() -> None:
    web = web_of_sns(NOW)
    sent = notification(ses_bounce(ANNA), NOW, TopicArn="arn:aws:sns:eu-west-1:999999999999:mail-reports")
    with pytest.raises(Forged):
        ses.verify(received(sent, SES_KEYS, NOW, web))
    assert web.asked == []


def test_a_subject_is_signed_where_there_is_one() -> None:
    sent = notification(ses_bounce(ANNA), NOW, Subject="Amazon SES Email Event Notification")
    ses.verify(received(sent, SES_KEYS, NOW, web_of_sns(NOW)))
    changed = Sent(sent.body.replace(b"Email Event", b"Email event"))
    with pytest.raises(Forged):
        ses.verify(received(changed, SES_KEYS, NOW, web_of_sns(NOW)))


def test_a_subscription_is_confirmed_at_sns() -> None:
    web = web_of_sns(NOW)
    post = received(confirmation(NOW), SES_KEYS, NOW, web)
    ses.verify(post)
    ses.follow_up(post)
    assert web.asked == [CERTIFICATE, CONFIRM]


@pytest.mark.parametrize(
    "where", ["https://evil.example/?Action=ConfirmSubscription", "http://sns.eu-west-1.amazonaws.com/?a=b"]
)
def test_a_subscription_is_confirmed_nowhere_else(where: str) -> None:
    web = web_of_sns(NOW)
    post = received(confirmation(NOW, SubscribeURL=where), SES_KEYS, NOW, web)
    ses.verify(post)
    with pytest.raises(Forged):
        ses.follow_up(post)
    assert web.asked == [CERTIFICATE]


def test_a_signature_has_one_spelling() -> None:
    name, post = of_sendgrid()
    signature = post.headers["x-twilio-email-event-webhook-signature"]
    for other in (
        signature + "\n",
        " " + signature,
        signature.rstrip("="),
        signature + "=",
        signature.replace("+", "-"),
    ):
        if other != signature:
            headers = {**post.headers, "x-twilio-email-event-webhook-signature": other}
            assert outcome(name, replace(post, headers=headers)) is None


def outcome(name: str, post: Post) -> list[object] | None:
    """What is read, or None where it is refused. Anything else is a fault of ours."""
    try:
        return list(news.news(news.named(name), post).reports)
    except (Forged, CertificateMissing):
        return None


def flipped(body: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(body))
    return body[:at] + bytes([body[at] ^ 1 << dice.randrange(8)]) + body[at + 1 :]


def spoiled(text: str, at: int) -> str:
    return text[:at] + ("A" if text[at] not in "Aa" else "B") + text[at + 1 :]


def cut(text: str, at: int) -> str:
    return text[:at] + text[at + 1 :]
