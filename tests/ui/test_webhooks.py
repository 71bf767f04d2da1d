"""Where providers report: nobody is signed in, everything proves whose it is, and nothing that was taken is lost."""

import asyncio
import gzip
import json
import logging
import resource
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import func, select, text

from data.database import database, reading, unit
from data.database import now as present
from domain.audience.reach import EMAIL_REACH
from domain.book import consent
from domain.book.consent import LeftOut
from domain.book.customers import Customer
from domain.book.message_types import MessageType
from domain.channels.email import links, mark
from domain.ledger.deliveries import Delivery, Heard
from domain.results import connections
from domain.results.incoming import IncomingEvent
from domain.results.providers import ses
from domain.shop import installation
from tests.cast import Cast
from tests.letters import add_person, write_to
from tests.twins.providers import (
    CERTIFICATE,
    CONFIRM,
    MAILGUN_KEYS,
    SES_KEYS,
    Sent,
    Web,
    brevo_event,
    confirmation,
    from_mailgun,
    from_sendgrid,
    mailgun_event,
    notification,
    plainly,
    postmark_event,
    sendgrid_event,
    sendgrid_keys,
    ses_bounce,
    web_of_sns,
)
from tests.ui.conftest import Api
from tests.ui.doors import client, open_for_business
from ui.public import webhooks
from ui.public.murmur import Murmur

ANNA = "anna@berg.example"


@dataclass
class Door:
    visitor: TestClient
    cast: Cast
    web: Web

    def listen(self, name: str, keys: dict[str, str] | None = None) -> None:
        with unit() as session:
            connections.change(session, name, dict(keys or {}), by=self.cast.olive, now=present())

    def address(self, name: str) -> str:
        with reading() as session:
            whole = connections.read(session, name, by=self.cast.olive).address
        return whole[whole.index("/webhooks/") :]

    def post(self, name: str, sent: Sent, address: str | None = None) -> Response:
        return self.visitor.post(address or self.address(name), content=sent.body, headers=dict(sent.headers))


@pytest.fixture
def door(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    yield from doorway(cast, monkeypatch)


def doorway(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    open_for_business(cast)
    web = web_of_sns(present())
    monkeypatch.setattr(webhooks, "fetch", web.fetch)
    ses.forget_certificates()
    yield Door(client(), cast, web)
    ses.forget_certificates()


@pytest.fixture
def letter(cast: Cast, now: datetime) -> int:
    with unit() as session:
        anna = add_person(session, "Anna", ANNA, by=cast.olive, now=now)
        return write_to(session, anna, by=cast.olive, now=now)


def marked(letter: int) -> str:
    return mark(links(), letter, 1)


def known() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(IncomingEvent)) or 0


def heard(letter: int) -> Heard | None:
    with reading() as session:
        return session.scalar(select(Delivery.heard).where(Delivery.id == letter))


def why() -> str | None:
    with reading() as session:
        said = select(consent.why_left_out(EMAIL_REACH, MessageType.MARKETING)).where(
            Customer.email_key == ANNA
        )
        return session.scalar(said)


BOUNCES: dict[str, tuple[dict[str, str], Callable[[str], Sent]]] = {
    "ses": (SES_KEYS, lambda mark: notification(ses_bounce(ANNA, mark=mark), present())),
    "sendgrid": (
        sendgrid_keys(),
        lambda mark: from_sendgrid(
            [sendgrid_event("bounce", ANNA, "s1", mark=mark, reason="550 5.1.1 unknown user")], present()
        ),
    ),
    "mailgun": (
        MAILGUN_KEYS,
        lambda mark: from_mailgun(
            mailgun_event("failed", ANNA, mark=mark, severity="permanent", reason="suppress-bounce"),
            present(),
        ),
    ),
    "postmark": (
        {"username": "p", "password": "long"},
        lambda mark: plainly(
            postmark_event("Bounce", ANNA, mark=mark, Type="HardBounce", ID=4, Email=ANNA), sign_in="p:long"
        ),
    ),
    "brevo": (
        {},
        lambda mark: plainly(brevo_event("hard_bounce", ANNA, mark=mark, reason="550 5.1.1 unknown")),
    ),
}


@pytest.mark.parametrize("name", BOUNCES)
def test_a_bounce_reaches_the_right_message_and_the_right_person(door: Door, letter: int, name: str) -> None:
    keys, bounce = BOUNCES[name]
    door.listen(name, keys)
    answer = door.post(name, bounce(marked(letter)))
    assert (answer.status_code, heard(letter), why()) == (200, Heard.BOUNCED, LeftOut.BAD_ADDRESS)
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("name", BOUNCES)
def test_posted_again_it_is_taken_and_has_no_second_effect(door: Door, letter: int, name: str) -> None:
    keys, bounce = BOUNCES[name]
    door.listen(name, keys)
    sent = bounce(marked(letter))
    assert [door.post(name, sent).status_code for _ in range(3)] == [200, 200, 200]
    assert known() == 1


@pytest.mark.parametrize("name", BOUNCES)
def test_a_wrong_secret_or_no_settings_are_refused_and_change_nothing(
    door: Door, letter: int, name: str
) -> None:
    keys, bounce = BOUNCES[name]
    sent, right = bounce(marked(letter)), door.address(name)
    assert door.post(name, sent, right).status_code == 403, "nobody has switched it on"
    door.listen(name, keys)
    for at in range(len("/webhooks/") + len(name) + 1, len(right)):
        wrong = right[:at] + ("A" if right[at] != "A" else "B") + right[at + 1 :]
        assert door.post(name, sent, wrong).status_code == 403
    assert (known(), heard(letter), why()) == (0, None, None)
    assert door.post("nobody", sent, right.replace(name, "nobody", 1)).status_code == 404


@pytest.mark.parametrize("name", ["ses", "sendgrid", "mailgun"])
def test_a_changed_signature_is_refused_and_changes_nothing(door: Door, letter: int, name: str) -> None:
    keys, bounce = BOUNCES[name]
    door.listen(name, keys)
    sent = bounce(marked(letter))
    body = (
        sent.body.replace(b"anna@berg", b"anne@berg")
        if name != "mailgun"
        else sent.body.replace(b'"token": "0', b'"token": "1')
    )
    assert body != sent.body
    assert door.post(name, Sent(body, sent.headers)).status_code == 403
    assert (known(), heard(letter), why()) == (0, None, None)


def test_a_token_of_mailgun_carries_no_other_post(door: Door, letter: int) -> None:
    door.listen("mailgun", MAILGUN_KEYS)
    sent = from_mailgun(mailgun_event("opened", ANNA, mark=marked(letter)), present())
    assert door.post("mailgun", sent).status_code == 200
    changed = Sent(sent.body.replace(b'"opened"', b'"complained"'), sent.headers)
    assert door.post("mailgun", changed).status_code == 403
    assert (known(), why()) == (1, None)


def test_without_name_and_password_it_is_asked_for_them(door: Door, letter: int) -> None:
    door.listen("postmark", {"username": "p", "password": "long"})
    event = postmark_event("SpamComplaint", ANNA, mark=marked(letter))
    refused = door.post("postmark", plainly(event, sign_in="p:wrong"))
    assert (refused.status_code, refused.headers["www-authenticate"][:5]) == (401, "Basic")
    assert why() is None
    assert door.post("postmark", plainly(event, sign_in="p:long")).status_code == 200
    assert why() == LeftOut.OPTED_OUT


def test_where_the_certificate_cannot_be_had_sns_is_told_to_come_again(door: Door, letter: int) -> None:
    door.listen("ses", SES_KEYS)
    certificate = door.web.pages.pop(CERTIFICATE)
    sent = notification(ses_bounce(ANNA, mark=marked(letter)), present())
    assert door.post("ses", sent).status_code == 503
    assert (known(), why()) == (0, None)
    door.web.pages[CERTIFICATE] = certificate
    ses.forget_certificates()
    assert door.post("ses", sent).status_code == 200


def test_a_subscription_is_confirmed_once_the_topic_is_named(door: Door) -> None:
    sent = confirmation(present())
    door.listen("ses", {"topic_arns": "arn:aws:sns:eu-west-1:123456789012:another"})
    assert door.post("ses", sent).status_code == 403
    door.listen("ses", SES_KEYS)
    assert CONFIRM not in door.web.asked
    assert door.post("ses", sent).status_code == 200
    assert door.web.asked[-1] == CONFIRM


def test_a_copy_of_the_shop_takes_reports_and_confirms_nothing(door: Door, letter: int) -> None:
    door.listen("ses", SES_KEYS)
    with unit() as session:
        installation.settle(session)
        installation.put_up_fence(session, None, now=present())
    assert door.post("ses", confirmation(present())).status_code == 503
    assert CONFIRM not in door.web.asked
    assert door.post("ses", notification(ses_bounce(ANNA, mark=marked(letter)), present())).status_code == 200
    assert why() == LeftOut.BAD_ADDRESS


def test_what_is_too_large_is_not_read(door: Door) -> None:
    door.listen("brevo")
    assert door.post("brevo", Sent(b"[" + b" " * webhooks.LARGEST + b"]")).status_code == 413
    pieces = (b" " * 65_536 for _ in range(40))
    assert door.visitor.post(door.address("brevo"), content=pieces).status_code == 413
    assert known() == 0


def test_rubbish_is_refused_and_written_into_the_log_once(
    door: Door, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "murmur", Murmur(logging.getLogger("handbill.webhooks")))
    door.listen("mailgun", MAILGUN_KEYS)
    with caplog.at_level(logging.WARNING, "handbill.webhooks"):
        answers = {door.post("mailgun", Sent(b"\x00rubbish")).status_code for _ in range(300)}
    assert answers == {403}
    assert len([one for one in caplog.records if one.name == "handbill.webhooks"]) == 1


RUBBISH: dict[str, Sent] = {
    "deep": Sent(b"[" * 500_000),
    "half a letter": Sent(b'{"event": "\xc3"}'),
    "a form": Sent(b"event=bounce&email=x", {"content-type": "application/x-www-form-urlencoded"}),
    "parts": Sent(b"--b\r\n\r\n", {"content-type": "multipart/form-data; boundary=b"}),
    "no more than a number": Sent(b"1e999"),
    "two hundred thousand numbers": Sent(b"[" + b"1," * 200_000 + b"1]"),
    "packed a thousandfold": Sent(gzip.compress(b" " * 40_000_000), {"content-encoding": "gzip"}),
}


@pytest.mark.parametrize("kind", RUBBISH)
def test_rubbish_of_any_kind_moves_nothing_and_is_never_unpacked(door: Door, letter: int, kind: str) -> None:
    for name, (keys, bounce) in BOUNCES.items():
        door.listen(name, keys)
        headers = {**bounce(marked(letter)).headers, **RUBBISH[kind].headers}
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        answer = door.post(name, Sent(RUBBISH[kind].body, headers))
        assert answer.status_code == (200 if name in ("postmark", "brevo") else 403)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000, "KiB"
    assert (known(), heard(letter), why()) == (0, None, None)


def test_a_body_that_never_ends_is_not_waited_for(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "PATIENCE", 0.2)
    door.listen("brevo")

    async def ask() -> list[int]:
        asked, answered = asyncio.Event(), list[int]()

        async def receive() -> dict[str, Any]:
            if asked.is_set():
                await asyncio.Event().wait()
            asked.set()
            return {"type": "http.request", "body": b'{"event": ', "more_body": True}

        async def send(message: Any) -> None:
            answered.append(message.get("status", 0))

        path = door.address("brevo")
        scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "headers": [], "query_string": b"", "client": ("198.51.100.7", 1), "server": ("127.0.0.1", 80), "scheme": "http", "http_version": "1.1", "root_path": ""}  # fmt: skip
        await asyncio.wait_for(door.visitor.app(scope, receive, send), 10)
        return answered

    assert asyncio.run(ask())[0] == 408
    assert known() == 0


@pytest.mark.parametrize(("name", "limit"), [("ses", 3_600), ("sendgrid", 300), ("mailgun", 300)])
def test_what_comes_too_late_is_refused_unless_the_owner_has_patience(
    door: Door, letter: int, name: str, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, bounce = BOUNCES[name]
    door.listen(name, keys)
    sent, later = bounce(marked(letter)), present() + timedelta(seconds=limit + 5)
    monkeypatch.setattr(webhooks, "now", lambda: later)
    assert door.post(name, sent).status_code == 403
    assert (known(), heard(letter), why()) == (0, None, None)
    door.listen(name, keys | {"max_age_seconds": str(limit * 2)})
    assert door.post(name, sent).status_code == 200


def test_one_notice_about_two_hundred_people_reaches_each_of_them(
    door: Door, cast: Cast, now: datetime
) -> None:
    with unit() as session:
        for number in range(200):
            add_person(session, "P", f"p{number}@berg.example", by=cast.olive, now=now)
    whom = {"status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
    people = [{"emailAddress": f"p{number}@berg.example", **whom} for number in range(200)]
    door.listen("ses", SES_KEYS)
    sent = notification(ses_bounce(ANNA, bouncedRecipients=people), present())
    assert door.post("ses", sent).status_code == 200
    with reading() as session:
        dead = session.scalars(select(Customer.email_trouble)).all()
    assert (known(), dead) == (200, ["bounced"] * 200)


def test_looking_at_the_address_is_no_report(door: Door) -> None:
    door.listen("brevo")
    assert door.visitor.get(door.address("brevo")).status_code == 405


def test_while_the_database_does_not_take_it_the_provider_is_told_to_come_again(
    door: Door, letter: int
) -> None:
    door.listen("brevo")
    sent = plainly(brevo_event("delivered", ANNA, mark=marked(letter)))
    with database().begin() as connection:
        connection.execute(text("ALTER TABLE incoming_events RENAME TO elsewhere"))
    assert door.post("brevo", sent).status_code == 503
    with database().begin() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO incoming_events"))
    assert door.post("brevo", sent).status_code == 200
    assert (known(), heard(letter)) == (1, Heard.DELIVERED)


def test_many_events_in_one_post_and_one_person_in_each(door: Door, letter: int) -> None:
    door.listen("sendgrid", sendgrid_keys())
    events = [
        sendgrid_event("open", ANNA, f"o{number}", mark=marked(letter), unknown={"field": 1})
        for number in range(1_000)
    ]
    assert door.post("sendgrid", from_sendgrid([*events, *events[:50]], present())).status_code == 200
    assert known() == 1_000


# The settings, and the list of what came in, for programs

GIVEN: dict[str, dict[str, Any]] = {
    "ses": {"topicArns": [SES_KEYS["topic_arns"]], "configurationSet": "mail"},
    "sendgrid": {"publicKey": sendgrid_keys()["public_key"]},
    "mailgun": {"signingKey": MAILGUN_KEYS["signing_key"]},
    "postmark": {"username": "p", "password": "a long password"},
    "brevo": {"bearerToken": "b-123456789"},
}


@pytest.mark.parametrize("name", GIVEN)
def test_keys_are_written_and_never_read_back(api: Api, name: str) -> None:
    assert api.get(f"settings/providers/{name}").json()["enabled"] is False
    answer = api.put(f"settings/providers/{name}", GIVEN[name])
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["enabled"] is True
    assert f"/webhooks/{name}/" in told["webhookUrl"]
    again = api.get(f"settings/providers/{name}")
    assert again.json() == told
    for field in ("publicKey", "signingKey", "password", "bearerToken"):
        assert str(GIVEN[name].get(field, "no such thing")) not in again.text
    with reading() as session:
        lying = session.execute(text("SELECT * FROM provider_settings")).all()
        written = session.execute(text("SELECT * FROM audit_entries")).all()
    for value in (GIVEN[name].get(one) for one in ("signingKey", "password", "bearerToken")):
        assert value is None or (value not in str(lying) and value not in str(written))


def test_a_key_left_out_stays_and_an_empty_one_goes(api: Api) -> None:
    api.put("settings/providers/postmark", {"username": "p", "password": "long"})
    assert api.put("settings/providers/postmark", {"username": "q"}).json()["keys"] == [
        "password",
        "username",
    ]
    assert api.put("settings/providers/postmark", {"password": ""}).json()["keys"] == ["username"]


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("ses", {}),
        ("ses", {"topicArns": ["https://evil.example"]}),
        ("ses", {"topicArns": [SES_KEYS["topic_arns"]], "signingKey": "x"}),
        ("ses", {"topicArns": [SES_KEYS["topic_arns"]], "configurationSet": "a\r\nBcc: x"}),
        ("sendgrid", {"publicKey": "rubbish"}),
        ("mailgun", {}),
        ("mailgun", {"signingKey": "a\x00b"}),
    ],
)
def test_a_wrong_key_is_told_in_a_sentence(api: Api, name: str, given: dict[str, Any]) -> None:
    answer = api.put(f"settings/providers/{name}", given)
    assert answer.status_code == 422
    assert answer.json()["error"]["message"].endswith(".")
    assert api.get(f"settings/providers/{name}").json()["enabled"] is False


def test_another_address_makes_the_old_one_worthless(api: Api, letter: int) -> None:
    old = api.put("settings/providers/brevo", {}).json()["webhookUrl"]
    new = api.put("settings/providers/brevo", {"newAddress": True}).json()["webhookUrl"]
    sent = plainly(brevo_event("delivered", ANNA, mark=marked(letter)))
    for url, status in ((old, 403), (new, 200)):
        path = url[url.index("/webhooks/") :]
        assert api.client.post(path, content=sent.body).status_code == status
    assert api.delete("settings/providers/brevo").status_code == 204
    assert api.client.post(path, content=sent.body).status_code == 403


def test_what_came_in_is_listed_newest_first_and_narrowed(api: Api, letter: int) -> None:
    url = api.put("settings/providers/brevo", {}).json()["webhookUrl"]
    for place, event in enumerate(
        (
            brevo_event("delivered", ANNA, mark=marked(letter)),
            brevo_event("hard_bounce", "who@knows.example", reason="550 5.1.1 unknown"),
            brevo_event("something_new", "else@knows.example"),
        )
    ):
        sent = plainly({**event, "n": place})
        assert api.client.post(url[url.index("/webhooks/") :], content=sent.body).status_code == 200
    listed = api.get("events").json()
    assert [one["kind"] for one in listed["items"]] == ["other", "bounce", "delivery"]
    assert listed["total"] == 3
    assert [one["kind"] for one in api.get("events?matched=true").json()["items"]] == ["delivery"]
    [bounce] = api.get("events?kind=bounce&provider=brevo&matched=false").json()["items"]
    assert (bounce["permanent"], bounce["address"], bounce["reason"]) == (
        True,
        "who@knows.example",
        "no_such_address",
    )
    assert bounce["deliveryId"] is None
    assert api.get("events?provider=ses").json()["items"] == []
    first = api.get("events?limit=2").json()
    assert [
        one["kind"] for one in api.get(f"events?limit=2&cursor={first['nextCursor']}").json()["items"]
    ] == ["delivery"]


def test_settings_are_json_for_everybody(api: Api) -> None:
    assert [one["name"] for one in api.get("settings/providers").json()["items"]] == sorted(GIVEN)
    assert json.loads(api.get("settings/providers/nobody").text)["error"]["code"] == "not_found"
