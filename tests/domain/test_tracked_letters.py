"""Which links of a letter lead through the shop, what stays as it was written, and where they are written down."""

import email
import email.policy
import re
from datetime import datetime
from email.message import EmailMessage

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.database import reading, unit
from domain.audience.audience import Audience
from domain.book import measuring
from domain.book.message_types import MessageType
from domain.book.proof import Consent
from domain.channels import email as channel
from domain.channels.channel import Draft, Parcel
from domain.ledger import engagement, farewells, targets
from domain.ledger.deliveries import Delivery
from domain.message import practice, tracking
from domain.message.links import CLICK, OPEN, PLACE_BITS
from domain.refusal import Refusal
from domain.results import acting
from domain.sending import campaigns, launches, preview, trial
from domain.sending.content import frozen_draft
from domain.sending.dispatches import Dispatch
from domain.sending.launches import Press
from domain.shop import shop as shops
from tests.cast import Cast
from tests.letters import add_person

BASE = "https://handbill.example"
BODY = (
    '<p>Dear {{ firstName }}, <a href="https://shop.example/rings?a=1&amp;b=2">the <b>rings</b></a>, '
    '<a href="https://shop.example/{{ firstName }}">yours</a>, <a href="mailto:us@shop.example">mail</a>, '
    '<a href="tel:+441">call</a>, <a href="#top">top</a>, <a href="{{ unsubscribeUrl }}">stop</a>, '
    '{% if firstName %}<a href="https://shop.example/brooch"><img src="https://shop.example/b.png" alt="A brooch"></a>'
    '{% endif %} <a href="https://shop.example/rings?a=1&amp;b=2">again</a></p>'
)


def draft(kind: MessageType = MessageType.MARKETING) -> Draft:
    return Draft(kind, "Marlow", "shop@marlow.example", "", "Rings", "", BODY, "", "Marlow", "4 Market Row")


@pytest.fixture
def anna(cast: Cast, now: datetime) -> int:
    with unit() as session:
        shops.kept(session).practice_port = 25  # nothing is sent here
        return add_person(session, "Anna", "anna@berg.example", by=cast.olive, now=now)


def sent(customer: int, cast: Cast, now: datetime, kind: MessageType = MessageType.MARKETING) -> Dispatch:
    audience = Audience.parse({"type": "manual", "customerIds": [customer]})
    with unit() as session:
        return launches.launch_one_shot(
            session, draft(kind), audience, Press(), channel_name="email", by=cast.olive, now=now
        )


def written(dispatch: Dispatch, customer: int, now: datetime) -> tuple[str, str, int]:
    """The HTML and the plain text as they leave, and the number of the delivery."""
    with unit() as session:
        measured_as = dispatch.id if dispatch.measured else None
        job = channel.CHANNEL.prepare(session, frozen_draft(dispatch), now=now, measured_as=measured_as)
        number = session.scalars(select(Delivery.id).where(Delivery.dispatch_id == dispatch.id)).one()
    parcel = Parcel(number, 1, dispatch.id, "anna@berg.example", {"firstName": "Anna"}, now, customer)
    mail = email.message_from_bytes(channel.written(job, parcel), policy=email.policy.default)
    html, text = mail.get_body(("html",)), mail.get_body(("plain",))
    assert html is not None
    assert text is not None
    return html.get_content(), text.get_content(), number


def test_web_links_lead_through_the_shop_and_everything_else_stays(
    cast: Cast, anna: int, now: datetime
) -> None:
    html, text, number = written(sent(anna, cast, now), anna, now)
    found = re.findall(r'href="[^"]*/t/c/([^"]+)"', html)
    read = [channel.links().read(CLICK, token) for token in found]
    assert read == [number << PLACE_BITS | place for place in (0, 1, 0)], "one address has one place"
    for kept in ("https://shop.example/Anna", "mailto:us@shop.example", "tel:+441", "#top"):
        assert f'href="{kept}' in html
    assert "/u/" in html
    assert "https://shop.example/rings?a=1&b=2" in text
    assert "/t/" not in text
    [pixel] = re.findall(r'<img src="[^"]*/t/o/([^"]+)" width="1" height="1" alt=""', html)
    assert channel.links().read(OPEN, pixel) == number


def test_the_address_lies_on_our_side_with_its_words(cast: Cast, anna: int, now: datetime) -> None:
    dispatch = sent(anna, cast, now)
    written(dispatch, anna, now)
    written(dispatch, anna, now)
    with reading() as session:
        rows = session.execute(select(targets.Target.place, targets.Target.url, targets.Target.words)).all()
    assert [tuple(row) for row in rows] == [
        (0, "https://shop.example/rings?a=1&b=2", "the rings"),
        (1, "https://shop.example/brooch", "A brooch"),
    ]


@pytest.mark.parametrize("kind", list(MessageType))
def test_what_is_measured_is_the_shop_s_choice_at_the_launch(
    cast: Cast, anna: int, now: datetime, kind: MessageType
) -> None:
    usually = kind is not MessageType.OPERATIONAL
    first = sent(anna, cast, now, kind)
    with unit() as session:
        others = [str(one) for one in MessageType if (one is kind) is not usually]
        shops.change(session, {"measured": others}, by=cast.olive, now=now)
    second = sent(anna, cast, now, kind)
    assert (first.measured, second.measured) == (usually, not usually)
    for one in (first, second):
        assert ("/t/" in written(one, anna, now)[0]) is one.measured, "a send keeps what it was launched with"


def test_a_test_and_a_preview_are_never_measured(cast: Cast, anna: int, now: datetime) -> None:
    with unit() as session:
        shops.change(session, {"sender_email": "shop@marlow.example"}, by=cast.olive, now=now)
        shops.change(session, {"postal_address": "4 Market Row", "name": "Marlow"}, by=cast.olive, now=now)
        fields = {"name": "Rings", "subject": "Rings", "html_body": BODY}
        campaign = campaigns.create(session, fields, by=cast.olive, now=now)
        tried = trial.prepare(session, campaign.id, "olive@shop.example", by=cast.olive, now=now)
        seen = preview.sight(session, draft(), anna)
    mail = email.message_from_bytes(tried.body, policy=email.policy.default)
    html = mail.get_body(("html",))
    assert html is not None
    for shown in (html.get_content(), seen.html):
        assert "https://shop.example/brooch" in shown
        assert "/t/" not in shown


def test_an_opening_is_acted_out_and_one_that_nobody_would_learn_of_is_not(
    cast: Cast, anna: int, now: datetime
) -> None:
    html, _, _ = written(sent(anna, cast, now), anna, now)
    with unit() as session:
        kept = [practised(session, body, now) for body in (html, "<p>Come.</p>")]
        acting.opened(session, kept[0], by=cast.ada, now=now)
        with pytest.raises(Refusal, match="not measured"):
            acting.opened(session, kept[1], by=cast.ada, now=now)
        assert engagement.counts(session, 1).unique_opens == 1
    assert (acting.is_measured(html), "/t/o/" in acting.without_picture(html)) == (True, False)


def practised(session: Session, html: str, now: datetime) -> int:
    mail = EmailMessage()
    mail.set_content(html, subtype="html")
    kept = practice.keep(session, sender="s@s.example", recipient="a@a.example", raw=mail.as_bytes(), now=now)
    session.flush()
    return kept.id


def test_who_does_not_want_to_be_measured_gets_plain_links(cast: Cast, anna: int, now: datetime) -> None:
    with unit() as session:
        assert measuring.say(session, anna, wanted=False, how="link", now=now, address="192.0.2.7")
        assert not measuring.say(session, anna, wanted=False, how="link", now=now), "said once is enough"
    html, _, _ = written(sent(anna, cast, now), anna, now)
    assert "/t/" not in html
    assert 'href="https://shop.example/brooch"' in html
    with reading() as session:
        line = session.scalars(select(Consent)).one()
        assert (line.message_type, line.allowed, line.how, line.address) == (
            "measuring",
            False,
            "link",
            "192.0.2.7",
        )


def test_of_two_cards_that_become_one_the_no_to_measuring_stays(cast: Cast, anna: int, now: datetime) -> None:
    with unit() as session:
        other = add_person(session, "Ann", "ann@berg.example", by=cast.olive, now=now)
        measuring.say(session, other, wanted=False, how="link", now=now)
        farewells.merge(session, anna, other, by=cast.olive, now=now)
        assert not measuring.is_wanted(session, anna)
        measuring.say(session, anna, wanted=True, how="link", now=now)
        assert measuring.is_wanted(session, anna)


HOSTILE = (
    "javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x", "vbscript:x", "//evil.example/x", "/\\evil.example",
    "https:evil.example", "https:///evil.example", "http://", "https://shop.example@evil.example/", "https://a\nb.example",
    "https://shop.example\\@evil.example", "ftp://shop.example", "file:///etc/passwd", "https://shop.example:99999999/",
    "https://[::1", "https://" + "a" * 5_000, f"{BASE}/u/abc", f"{BASE}/t/c/abc", "shop.example", "", "#", "?x=1",
    "https://x\u2028.example",
)  # fmt: skip


@pytest.mark.parametrize("address", HOSTILE)
def test_what_is_no_plain_web_address_is_never_a_target(address: str) -> None:
    assert tracking.target(address, BASE) is None
    assert tracking.counted(f'<a href="{address}">x</a>', BASE)[1] == []


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("https://www.gооgle.example/", "https://www.xn--ggle-55da.example/"),  # two Cyrillic letters
        ("https://bücher.example/ö?q=ä#ü", "https://xn--bcher-kva.example/%C3%B6?q=%C3%A4#%C3%BC"),
        ("https://shop.example:8443/a%20b?x=1&y=%C3%BC", "https://shop.example:8443/a%20b?x=1&y=%C3%BC"),
        ("http://192.0.2.1/", "http://192.0.2.1/"),
        ("http://[2001:db8::1]:80/x", "http://[2001:db8::1]:80/x"),
    ],
)
def test_a_target_is_what_a_browser_is_told(address: str, target: str) -> None:
    assert tracking.target(address, BASE) == target
    assert target.isascii()


def test_more_links_than_anybody_counts_stay_as_they_are() -> None:
    many = "".join(f'<a href="https://shop.example/{number}">x</a>' for number in range(tracking.MOST + 3))
    led, found = tracking.counted(many, BASE)
    assert len(found) == tracking.MOST == led.count("/t/c/")
    assert led.count('href="https://shop.example/') == 3
