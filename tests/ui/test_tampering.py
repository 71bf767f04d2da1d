"""A thousand posts of each provider with one letter changed on the way: all refused, and not a cell of the books moves.

SES and SendGrid sign what they say. Mailgun signs a time and a token, and a token is good for one post: a changed body is
known by the post that it was taken from. Postmark and Brevo sign nothing: there only what proves them can be changed.
"""

import json
import random
import re
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from data.database import unit
from tests.cast import Cast
from tests.domain.test_erasing import everything
from tests.letters import add_person, write_to
from tests.twins import providers
from tests.twins.providers import Sent
from tests.ui.test_webhooks import ANNA, BOUNCES, Door, doorway, marked

pytestmark = pytest.mark.thorough

TAMPERED = 1_000
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
CERTIFICATE_AT = re.compile(rb'"SigningCertURL": "(.*?)"')
STAMP, SIGNATURE = (f"x-twilio-email-event-webhook-{name}" for name in ("timestamp", "signature"))
BEARER = "b-1234567890-abcdefghij"

Dice = random.Random
Way = Callable[[Sent, Dice], Sent]  # of spoiling a post


@pytest.fixture
def door(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    yield from doorway(cast, monkeypatch)


@pytest.fixture
def mark(cast: Cast, now: datetime) -> str:
    with unit() as session:
        anna = add_person(session, "Anna", ANNA, by=cast.olive, now=now)
        return marked(write_to(session, anna, by=cast.olive, now=now))


@pytest.mark.parametrize("name", BOUNCES)
def test_of_a_thousand_posts_changed_on_the_way_none_is_taken_and_nothing_moves(
    door: Door, mark: str, name: str
) -> None:
    keys, genuine = genuine_post(name, mark)
    door.listen(name, keys)
    address, dice = door.address(name), Dice(name)
    if name == "mailgun":  # whoever changes one has one, and that has come in by then
        assert door.post(name, genuine).status_code == 200
    before = everything()
    for at in range(TAMPERED):
        if at % 5 == 0:
            elsewhere = other_letter(address, dice, address.rindex("/") + 1)
            assert door.post(name, genuine, elsewhere).status_code == 403
            continue
        way = dice.choice(WAYS[name])
        spoiled = way(genuine, dice)
        answer = door.post(name, spoiled, address)
        assert answer.status_code in refusals(genuine, spoiled), f"{way.__name__}: {spoiled}"
    assert everything() == before
    assert door.post(name, genuine).status_code == 200
    assert (everything() == before) is (name == "mailgun"), "as it was sent, it is news"


@pytest.mark.parametrize("name", ["ses", "sendgrid", "mailgun"])
def test_what_somebody_else_signed_is_refused(
    door: Door, mark: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, genuine = genuine_post(name, mark)
    door.listen(name, keys)
    before = everything()
    with monkeypatch.context() as elsewhere:
        strangers = ec.generate_private_key(ec.SECP256R1())
        elsewhere.setattr(providers, "sendgrid_key", lambda: strangers)
        of_sns = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        elsewhere.setattr(providers, "sns_key", lambda: of_sns)
        elsewhere.setattr(providers, "SIGNING_KEY", "key-of-somebody-else")
        forged = genuine_post(name, mark)[1]
    assert (door.post(name, forged).status_code, everything()) == (403, before)
    assert door.post(name, genuine).status_code == 200


def genuine_post(name: str, mark: str) -> tuple[dict[str, str], Sent]:
    keys, bounce = BOUNCES[name]
    sent = bounce(mark)
    if name == "brevo":
        return {"bearer_token": BEARER}, Sent(
            sent.body, {**sent.headers, "authorization": f"Bearer {BEARER}"}
        )
    return keys, sent


def refusals(genuine: Sent, spoiled: Sent) -> set[int]:
    """Where no certificate lies at the address that a post names, SNS has to come again: it may lie there by then."""
    named = [CERTIFICATE_AT.search(one.body) for one in (genuine, spoiled)]
    return {401, 403} if named[0] is None or (named[1] and named[0][1] == named[1][1]) else {403, 503}


# Ways of spoiling a post


def a_bit_of_the_body(sent: Sent, dice: Dice) -> Sent:
    at = dice.randrange(len(sent.body))
    flipped = bytes([sent.body[at] ^ 1 << dice.randrange(8)])
    return Sent(sent.body[:at] + flipped + sent.body[at + 1 :], sent.headers)


def header(name: str, since: int = 0) -> Way:
    def a_letter_of_a_header(sent: Sent, dice: Dice) -> Sent:
        return Sent(sent.body, {**sent.headers, name: other_letter(sent.headers[name], dice, since)})

    return a_letter_of_a_header


def said(*path: str) -> Way:
    def a_letter_of_what_is_said(sent: Sent, dice: Dice) -> Sent:
        whole = json.loads(sent.body)
        inner = whole
        for name in path[:-1]:
            inner = inner[name]
        inner[path[-1]] = other_letter(inner[path[-1]], dice)
        return Sent(json.dumps(whole, indent=2).encode(), sent.headers)

    return a_letter_of_what_is_said


def other_letter(text: str, dice: Dice, since: int = 0) -> str:
    at = dice.randrange(since, len(text))
    return text[:at] + dice.choice(LETTERS.replace(text[at], "")) + text[at + 1 :]


WAYS: dict[str, list[Way]] = {
    "ses": [a_bit_of_the_body, *(said(one) for one in ("Signature", "Timestamp", "MessageId", "Message"))],
    "sendgrid": [a_bit_of_the_body, header(SIGNATURE), header(STAMP)],
    "mailgun": [a_bit_of_the_body, *(said("signature", one) for one in ("signature", "timestamp", "token"))],
    "postmark": [header("authorization", len("Basic "))],
    "brevo": [header("authorization", len("Bearer "))],
}
