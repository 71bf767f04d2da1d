"""Where WhatsApp reports: what it says is proved, and each thing it can say has its effect once, whenever it comes."""

import itertools
import random
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from data.database import now as present
from data.database import reading, unit
from data.whatsapp_twin import payloads
from domain.audience.reach import WHATSAPP_REACH
from domain.book import consent, preferences, proof
from domain.book.consent import LeftOut
from domain.book.customers import Customer
from domain.book.message_types import MessageType
from domain.book.proof import Consent
from domain.ledger import received, steps, windows
from domain.ledger.deliveries import Delivery, Heard, State
from domain.ledger.events import Event
from domain.message import whatsapp_templates
from domain.results import connections
from domain.results.incoming import IncomingEvent
from domain.sending.dispatches import Dispatch, DispatchState, Hold
from domain.shop import notices, whatsapp_words
from tests.cast import Cast
from tests.domain.test_erasing import everything
from tests.twins.providers import Sent, web_of_sns
from tests.twins.whatsapp import (
    ACCOUNT,
    ANNA,
    ANNAS_ID,
    KEYS,
    MESSAGE,
    add_anna,
    became,
    marked,
    posted,
    send_to,
    signed,
    wishes,
    wrote,
)
from tests.ui.doors import client, open_for_business
from tests.ui.test_tampering import a_bit_of_the_body, other_letter
from tests.ui.test_webhooks import Door

HOUR = timedelta(hours=1)


@pytest.fixture
def door(cast: Cast) -> Door:
    open_for_business(cast)
    return Door(client(), cast, web_of_sns(present()))


@pytest.fixture
def open_door(door: Door) -> Door:
    door.listen("whatsapp", KEYS)
    return door


@pytest.fixture
def at() -> datetime:
    """A little while ago, on a whole second: the platform tells no more."""
    return present().replace(microsecond=0) - 3 * HOUR


@pytest.fixture
def anna(cast: Cast, at: datetime) -> int:
    with unit() as session:
        number = add_anna(session, by=cast.olive, now=at - HOUR)
        for kind in (MessageType.MARKETING, MessageType.NEWSLETTER):
            consent.grant(session, number, "whatsapp", kind, how="staff", now=at - HOUR, by=cast.olive)
        return number


@pytest.fixture
def letter(anna: int, at: datetime) -> int:
    with unit() as session:
        return send_to(session, [anna], now=at)[0]


def tell(door: Door, *changes: payloads.Change) -> int:
    return door.post("whatsapp", posted(*changes)).status_code


def why(customer_id: int, kind: MessageType = MessageType.MARKETING) -> str | None:
    with reading() as session:
        asked = select(consent.why_left_out(WHATSAPP_REACH, kind)).where(Customer.id == customer_id)
        return session.scalar(asked)


def row(letter: int) -> Delivery:
    with reading() as session:
        return session.get_one(Delivery, letter)


def opens(letter: int) -> list[tuple[str, str]]:
    with reading() as session:
        rows = session.execute(select(Event.who, Event.rule).where(Event.delivery_id == letter))
        return [(who, rule) for who, rule in rows]


def card(customer_id: int) -> Customer:
    with reading() as session:
        return session.get_one(Customer, customer_id)


def sentences() -> list[str]:
    with reading() as session:
        return [one.sentence for one in notices.unseen(session, 50)]


def known() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(IncomingEvent)) or 0


# Who is believed


def test_who_knows_the_word_is_given_it_back(open_door: Door) -> None:
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": KEYS["verify_token"]}
    where = open_door.address("whatsapp")
    answer = open_door.visitor.get(where, params=asked)
    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert answer.headers["content-type"].startswith("text/plain")
    for wrong in (asked | {"hub.verify_token": "other"}, asked | {"hub.mode": "x"}, {}):
        assert open_door.visitor.get(where, params=wrong).status_code == 403
    assert open_door.visitor.get(where[:-1] + "_", params=asked).status_code == 403


def test_without_a_number_nothing_is_believed(door: Door, letter: int, at: datetime) -> None:
    assert tell(door, became("delivered", at, of=marked(letter))) == 403
    asked = {"hub.mode": "subscribe", "hub.challenge": "1", "hub.verify_token": KEYS["verify_token"]}
    assert door.visitor.get(door.address("whatsapp"), params=asked).status_code == 403
    assert (known(), row(letter).heard) == (0, None)


def test_unsigned_and_wrongly_signed_posts_are_refused(open_door: Door, letter: int, at: datetime) -> None:
    right = posted(wrote("STOP", at))
    before = everything()
    others = (
        Sent(right.body, {"content-type": "application/json"}),
        posted(wrote("STOP", at), secret="another secret"),
        Sent(right.body, {"x-hub-signature": "sha1=" + "0" * 40}),
        Sent(right.body, {"x-hub-signature-256": right.headers["x-hub-signature-256"].upper()}),
        Sent(
            right.body, {"x-hub-signature-256": right.headers["x-hub-signature-256"].removeprefix("sha256=")}
        ),
    )
    assert [open_door.post("whatsapp", one).status_code for one in others] == [403] * 5
    assert everything() == before


@pytest.mark.thorough
def test_of_a_thousand_posts_changed_on_the_way_none_is_taken(
    open_door: Door, letter: int, at: datetime
) -> None:
    right = posted(became("delivered", at, of=marked(letter)), wrote("STOP", at))
    dice, where, before = random.Random("whatsapp"), open_door.address("whatsapp"), everything()
    signature = right.headers["x-hub-signature-256"]
    for place in range(1_000):
        spoiled = a_bit_of_the_body(right, dice)
        if place % 3 == 0:
            spoiled = Sent(right.body, {"x-hub-signature-256": other_letter(signature, dice)})
        assert open_door.post("whatsapp", spoiled, where).status_code == 403
    assert everything() == before
    assert open_door.post("whatsapp", right).status_code == 200
    assert everything() != before


def test_the_same_post_again_is_taken_and_has_no_second_effect(
    open_door: Door, letter: int, anna: int, at: datetime
) -> None:
    right = posted(became("read", at, of=marked(letter)), wrote("Is it still there?", at), wishes("stop", at))
    assert open_door.post("whatsapp", right).status_code == 200
    before = everything()
    assert [open_door.post("whatsapp", right).status_code for _ in range(3)] == [200] * 3
    assert everything() == before


# What became of a message


def test_a_status_finds_its_message_by_our_mark(
    open_door: Door, letter: int, anna: int, at: datetime
) -> None:
    assert tell(open_door, became("delivered", at, of=marked(letter), user=ANNAS_ID)) == 200
    assert (row(letter).heard, row(letter).heard_at) == (Heard.DELIVERED, at)
    assert card(anna).wa_user_id == ANNAS_ID


def test_a_status_finds_its_message_by_the_platforms_number(open_door: Door, anna: int, at: datetime) -> None:
    with unit() as session:
        [letter] = send_to(session, [anna], reply=f"(#0) {MESSAGE}", now=at)
    tell(open_door, became("delivered", at))
    assert row(letter).heard is Heard.DELIVERED


def test_a_status_without_mark_or_number_follows_the_one_that_had_it(
    open_door: Door, letter: int, at: datetime
) -> None:
    hidden = became("read", at + HOUR, number="", user=ANNAS_ID)
    assert "recipient_id" not in str(hidden)
    tell(open_door, hidden)
    assert opens(letter) == []
    tell(open_door, became("sent", at, of=marked(letter)))
    assert opens(letter) == [("human", "read_receipt")]
    assert row(letter).heard is Heard.DELIVERED


def test_in_any_order_and_however_often_the_end_is_the_same(open_door: Door, anna: int, at: datetime) -> None:
    ends = set()
    orders = list(itertools.permutations(("sent", "delivered", "read")))
    with unit() as session:
        letters = [send_to(session, [anna], now=at)[0] for _ in orders]
    moments = {"sent": at, "delivered": at + HOUR, "read": at + 2 * HOUR}
    for place, (letter, order) in enumerate(zip(letters, orders, strict=True)):
        for said in (*order, *reversed(order)):
            tell(open_door, became(said, moments[said], of=marked(letter), message_id=f"{MESSAGE}{place}"))
        told = row(letter)
        ends.add((told.state, told.heard, told.heard_at, tuple(opens(letter))))
    assert ends == {(State.SENT, Heard.DELIVERED, at + HOUR, (("human", "read_receipt"),))}


def test_what_was_not_sure_is_settled_by_what_is_told_later(open_door: Door, anna: int, at: datetime) -> None:
    with unit() as session:
        [letter] = send_to(session, [anna], state=State.UNKNOWN, now=at)
    tell(open_door, became("sent", at, of=marked(letter)))
    assert row(letter).state is State.SENT


@pytest.mark.parametrize(
    ("code", "heard", "reason", "left_out"),
    [
        (131026, Heard.BOUNCED, "not_on_whatsapp", LeftOut.BAD_ADDRESS),
        (131049, Heard.RETURNED, "held_by_whatsapp", None),
        (131050, Heard.BOUNCED, "stopped_there", LeftOut.OPTED_OUT),
        (131047, Heard.BOUNCED, "window_closed", None),
        (130472, Heard.BOUNCED, "experiment", None),
        (999_999, Heard.BOUNCED, "refused_there", None),
    ],
)
def test_why_it_failed_is_told_in_words_and_has_its_consequence(
    open_door: Door,
    letter: int,
    anna: int,
    at: datetime,
    code: int,
    heard: Heard,
    reason: str,
    left_out: str | None,
) -> None:
    tell(open_door, became("failed", at, of=marked(letter), code=code))
    told = row(letter)
    assert (told.heard, told.heard_reason, told.state) == (heard, reason, State.SENT)
    assert str(code) in (told.heard_said or "")
    assert why(anna) == left_out


def test_whoever_is_heard_of_again_can_be_reached_whichever_came_first(
    open_door: Door, letter: int, anna: int, at: datetime
) -> None:
    failed, alive = became("failed", at, of=marked(letter), code=131026), wrote("Hello", at + HOUR)
    tell(open_door, failed)
    assert why(anna) == LeftOut.BAD_ADDRESS
    tell(open_door, alive)
    assert why(anna) is None
    tell(open_door, became("failed", at - HOUR, message_id="wamid.earlier", code=131026))
    assert why(anna) is None


def test_trouble_with_the_account_holds_the_send_and_tells_the_owner_once(
    open_door: Door, anna: int, at: datetime
) -> None:
    with unit() as session:
        letters = send_to(session, [anna], now=at)
    for place in range(3):
        status = became("failed", at, of=marked(letters[0]), code=131042, message_id=f"wamid.{place}")
        tell(open_door, status)
    with reading() as session:
        dispatch = session.get_one(Dispatch, row(letters[0]).dispatch_id)
        assert (dispatch.state, dispatch.held_for) == (DispatchState.PAUSED, Hold.ACCOUNT)
    assert len([one for one in sentences() if "pays" in one]) == 1


@pytest.mark.parametrize(("first", "hold"), [("failed", Hold.CONTENT), ("delivered", Hold.NONE)])
def test_a_picture_that_nobody_can_be_sent_holds_the_rest_and_one_accident_does_not(
    open_door: Door, cast: Cast, at: datetime, first: str, hold: Hold
) -> None:
    numbers = [f"+44163296010{place}" for place in range(6)]
    with unit() as session:
        people = [add_anna(session, by=cast.olive, now=at, number=one) for one in numbers]
        letters = send_to(session, people, now=at)

    def fails(place: int, said: str = "failed") -> None:
        about = {"of": marked(letters[place]), "number": numbers[place], "message_id": f"wamid.{place}"}
        tell(open_door, became(said, at, code=131053 if said == "failed" else 0, **about))

    fails(0, first)
    for place in range(1, 4):
        fails(place)
    with reading() as session:
        assert session.get_one(Dispatch, row(letters[0]).dispatch_id).held_for is Hold.NONE
    for place in range(4, 6):
        fails(place)
    with reading() as session:
        assert session.get_one(Dispatch, row(letters[0]).dispatch_id).held_for is hold
    assert len([one for one in sentences() if "smaller one" in one]) == int(hold is Hold.CONTENT)


# What people say


STOPS = [
    "STOP",
    "Stopp!",
    " abmelden ",
    "ARRÊT",
    "Baja.",
    "cancella",
    "Afmelden",
    "sair 🙏",
    "unsubscribe",
    "Stop promotions",
]


@pytest.mark.parametrize("words", STOPS)
def test_stop_counts_at_once_also_for_what_waits_to_go(
    open_door: Door, cast: Cast, anna: int, at: datetime, words: str
) -> None:
    with unit() as session:
        [waiting] = send_to(session, [anna], state=State.CLAIMED, now=at)
        session.execute(update(Delivery).where(Delivery.id == waiting).values(claimed_by=1, attempts=1))
        dispatch_id = session.get_one(Delivery, waiting).dispatch_id
    assert tell(open_door, wrote(words, at)) == 200
    assert [why(anna, kind) for kind in (MessageType.MARKETING, MessageType.NEWSLETTER)] == [
        LeftOut.OPTED_OUT
    ] * 2
    with unit() as session:
        held = [(waiting, 1)]
        marketing = MessageType.MARKETING
        assert not steps.hand_over(session, dispatch_id, 1, held, WHATSAPP_REACH, marketing, now=present())
        said = [one for one in proof.history(session, anna) if one.how == "whatsapp_reply"]
        assert {(one.allowed, one.at, one.channel) for one in said} == {(False, at, "whatsapp")}
        assert {one.address_hash for one in said} == {session.get_one(Customer, anna).phone_hash}
        assert words.strip() in said[0].source


@pytest.mark.parametrize("words", ["Please don’t stop", "I can’t stop looking at it", "stopwatch", "🛑"])
def test_a_sentence_with_the_word_in_it_is_a_letter(
    open_door: Door, anna: int, at: datetime, words: str
) -> None:
    tell(open_door, wrote(words, at))
    assert why(anna) is None


def test_a_stop_belongs_to_the_send_that_it_answers(
    open_door: Door, letter: int, anna: int, at: datetime
) -> None:
    tell(open_door, wrote("STOP", at + HOUR))
    with reading() as session:
        said = [one.source for one in proof.history(session, anna) if one.how == "whatsapp_reply"]
        assert said == [f"dispatch {row(letter).dispatch_id}"] * 2


def test_a_button_that_says_stop_is_a_stop(open_door: Door, anna: int, at: datetime) -> None:
    said = {"text": "Stop promotions", "payload": "Stop promotions"}
    tell(
        open_door,
        payloads.message(
            ACCOUNT, "button", said, message_id="wamid.b", at=int(at.timestamp()), number=ANNA[1:]
        ),
    )
    assert why(anna) == LeftOut.OPTED_OUT


def test_the_shops_own_words_count(open_door: Door, cast: Cast, anna: int, at: datetime) -> None:
    with unit() as session:
        whatsapp_words.change(session, {"stop": ["Genug"]}, by=cast.olive, now=at)
    tell(open_door, wrote("stop", at, message_id="wamid.1"))
    assert why(anna) is None
    tell(open_door, wrote("GENUG!", at, message_id="wamid.2"))
    assert why(anna) == LeftOut.OPTED_OUT


def test_of_several_words_the_latest_counts_in_whatever_order_they_come(
    open_door: Door, cast: Cast, at: datetime
) -> None:
    for place, order in enumerate(itertools.permutations(range(3))):
        number = f"+4416329601{place:02}"
        with unit() as session:
            person = add_anna(session, by=cast.olive, now=at, number=number)
        said = [
            wrote("STOP", at, number=number, message_id=f"wamid.{place}.1"),
            wishes("resume", at + HOUR, number=number),
            wrote("stop", at + 2 * HOUR, number=number, message_id=f"wamid.{place}.3"),
        ]
        for which in (*order, *order):
            tell(open_door, said[which])
        assert why(person) == LeftOut.OPTED_OUT, order
        with reading() as session:
            assert preferences.allows(session, person, "whatsapp", "marketing") is False, order


def test_stopped_and_resumed_in_the_app_itself(open_door: Door, anna: int, at: datetime) -> None:
    tell(open_door, wishes("stop", at, user=ANNAS_ID))
    assert why(anna) == LeftOut.OPTED_OUT
    tell(open_door, wishes("resume", at + HOUR))
    assert why(anna) is None
    with reading() as session:
        hows = [(one.how, one.allowed) for one in proof.history(session, anna)][:4]
    assert hows == [("whatsapp_app", True)] * 2 + [("whatsapp_app", False)] * 2


def test_whoever_has_a_name_instead_of_a_number_is_known_by_the_id(
    open_door: Door, letter: int, anna: int, at: datetime
) -> None:
    tell(open_door, became("delivered", at, of=marked(letter), user=ANNAS_ID))
    tell(open_door, wrote("stop", at + HOUR, number="", user=ANNAS_ID, name="annab"))
    assert why(anna) == LeftOut.OPTED_OUT
    renamed = {"user_id_update": [{"user_id": {"previous": ANNAS_ID, "current": "US.2"}, "timestamp": "1"}]}
    tell(open_door, {"field": "user_id_update", "value": renamed})
    tell(open_door, wrote("start", at + 2 * HOUR, number="", user="US.2", message_id="wamid.in2"))
    assert why(anna) is None


def test_a_stranger_who_says_stop_is_kept_out_should_they_come_into_the_book(
    open_door: Door, cast: Cast, at: datetime
) -> None:
    tell(open_door, wrote("STOP", at))
    tell(open_door, wrote("STOP", at, message_id="wamid.in2"))
    with unit() as session:
        said = session.scalars(select(Consent)).all()
        assert [(one.how, one.allowed) for one in said] == [("whatsapp_reply", False)] * 2
        anna = add_anna(session, by=cast.olive, now=present())
        assert {one.address_hash for one in said} == {session.get_one(Customer, anna).phone_hash}
        consent.grant(session, anna, "whatsapp", "marketing", how="import", now=present())
    assert why(anna) == LeftOut.SUPPRESSED


def test_a_number_is_known_in_the_spelling_of_its_country(open_door: Door, cast: Cast, at: datetime) -> None:
    with unit() as session:
        maria = add_anna(session, by=cast.olive, now=at, number="+5511961234567")
        consent.grant(session, maria, "whatsapp", "marketing", how="staff", now=at - HOUR)
    tell(open_door, wrote("sair", at, number="551161234567"))
    assert why(maria) == LeftOut.OPTED_OUT


def test_what_people_write_stands_on_their_page_and_opens_the_window(
    open_door: Door, letter: int, anna: int, at: datetime
) -> None:
    tell(open_door, became("delivered", at, of=marked(letter)))
    tell(open_door, wrote("Is the ring\nready?", at + HOUR, answers=MESSAGE))
    picture = {"caption": "This one", "mime_type": "image/jpeg", "sha256": "x", "id": "1003383421387256"}
    later = int((at + 2 * HOUR).timestamp())
    tell(
        open_door,
        payloads.message(ACCOUNT, "image", picture, message_id="wamid.p", at=later, number=ANNA[1:]),
    )
    with reading() as session:
        newest, first = received.of(session, anna)
        assert (first.words, first.delivery_id, first.channel) == ("Is the ring\nready?", letter, "whatsapp")
        assert (newest.words, newest.note, newest.delivery_id) == ("This one", "Photo", letter)
        assert windows.open_until(session, anna, now=present()) == at + 26 * HOUR
        assert windows.open_until(session, anna, now=at + 27 * HOUR) is None


def test_a_thumb_opens_no_window(open_door: Door, anna: int, at: datetime) -> None:
    thumb = {"message_id": MESSAGE, "emoji": "👍"}
    tell(
        open_door,
        payloads.message(
            ACCOUNT, "reaction", thumb, message_id="wamid.r", at=int(at.timestamp()), number=ANNA[1:]
        ),
    )
    with reading() as session:
        assert received.of(session, anna)[0].note == "Reaction: 👍"
        assert windows.open_until(session, anna, now=present()) is None


def test_whoever_sends_the_sentence_of_the_link_has_agreed_to_the_words_beside_it(
    open_door: Door, cast: Cast, at: datetime
) -> None:
    with reading() as session:
        words = whatsapp_words.read(session)
        assert whatsapp_words.chat_link(session, "+1 555-078-3881").startswith(
            "https://wa.me/15550783881?text=Please%20"
        )
    tell(open_door, wrote(words.join, at, name="Anna Berg", user=ANNAS_ID))
    with reading() as session:
        [anna] = session.scalars(select(Customer)).all()
        assert (anna.first_name, anna.phone_key, anna.wa_user_id) == ("Anna Berg", ANNA, ANNAS_ID)
        said = proof.history(session, anna.id)
        assert {(one.how, one.allowed, one.channel) for one in said} == {("click_to_chat", True, "whatsapp")}
        assert all(one.wording_id for one in said)
    assert why(anna.id) is None
    tell(open_door, wrote("stop", at + HOUR, message_id="wamid.in2"))
    assert why(anna.id) == LeftOut.OPTED_OUT


def test_whoever_joins_without_showing_a_number_is_known_by_the_id(open_door: Door, at: datetime) -> None:
    with reading() as session:
        join = whatsapp_words.read(session).join
    tell(open_door, wrote(f"{join}!", at, number="", user=ANNAS_ID, name="Anna"))
    tell(open_door, wrote("Hello", at + HOUR, number="", user=ANNAS_ID, message_id="wamid.in2"))
    with reading() as session:
        [anna] = session.scalars(select(Customer)).all()
        assert (anna.first_name, anna.phone_key, anna.wa_user_id) == ("Anna", None, ANNAS_ID)
        assert preferences.allows(session, anna.id, "whatsapp", "marketing") is True
        assert received.how_many(session, anna.id) == 2


# What the platform says of the shop


def test_a_paused_template_is_known_at_once_and_holds_what_is_being_sent(
    open_door: Door, cast: Cast, anna: int, at: datetime
) -> None:
    with unit() as session:
        told = [
            {
                "name": "spring",
                "language": "en",
                "status": "APPROVED",
                "category": "MARKETING",
                "components": [],
            }
        ]
        whatsapp_templates.keep(session, told, now=at)
        meant = {"template": {"name": "spring", "language": "en"}}
        [mine] = send_to(session, [anna], now=at, content=meant)
        [other] = send_to(session, [anna], now=at, content={"template": {"name": "spring", "language": "de"}})
    news = payloads.template_status(
        template_id="1", name="spring", language="en", event="PAUSED", category="MARKETING"
    )
    better = payloads.template_quality(
        template_id="1", name="spring", language="en", before="GREEN", after="RED"
    )
    assert tell(open_door, news, better) == 200
    with reading() as session:
        template = whatsapp_templates.find(session, "spring", "en")
        assert template is not None
        assert (template.status, template.quality) == ("PAUSED", "RED")
        held = [
            session.get_one(Dispatch, session.get_one(Delivery, one).dispatch_id) for one in (mine, other)
        ]
        assert [(one.state, one.held_for) for one in held] == [
            (DispatchState.PAUSED, Hold.CONTENT),
            (DispatchState.SENDING, Hold.NONE),
        ]
    assert len([one for one in sentences() if one.startswith("Template “spring” (en)")]) == 2


def test_the_owner_hears_that_a_template_is_approved_or_costs_something_else(
    open_door: Door, at: datetime
) -> None:
    with unit() as session:
        told = [
            {"name": "ready", "language": "en", "status": "PENDING", "category": "UTILITY", "components": []}
        ]
        whatsapp_templates.keep(session, told, now=at)
    which = {"template_id": "1", "name": "ready", "language": "en"}
    approved = payloads.template_status(**which, event="APPROVED", category="UTILITY")
    moved = payloads.template_category(**which, before="UTILITY", after="MARKETING")
    assert tell(open_door, approved, moved) == 200
    assert [one.partition(": ")[2][:20] for one in reversed(sentences())] == [
        "WhatsApp has approve",
        "WhatsApp files it un",
    ]
    with reading() as session:
        template = whatsapp_templates.find(session, "ready", "en")
        assert template is not None
        assert (template.is_approved, template.category) == (True, "MARKETING")


def test_a_banned_account_holds_everything_and_the_owner_is_told(
    open_door: Door, letter: int, at: datetime
) -> None:
    banned = {"waba_ban_state": ["DISABLE"], "waba_ban_date": "November 21, 2026"}
    tell(open_door, payloads.account_update(ACCOUNT, "DISABLED_UPDATE", ban_info=banned))
    with reading() as session:
        assert session.get_one(Dispatch, row(letter).dispatch_id).held_for is Hold.ACCOUNT
    assert any("switched the shop’s account off" in one for one in sentences())


# What nobody has seen yet


@pytest.mark.parametrize(
    "body",
    [
        b"{}", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"entry": 1}', b'{"entry": [null, {"changes": 7}, {"changes": [[]]}]}',
        b'{"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "calls", "value": {"x": 1}}]}]}',
        b'{"entry": [{"changes": [{"field": "messages", "value": {"messages": [{"type": "hologram", "from": "x"}, 5, {}]}}]}]}',
        b'{"entry": [{"changes": [{"field": "messages", "value": {"statuses": [{"status": "beamed", "errors": 5}, {}]}}]}]}',
        b'{"entry": [{"changes": [{"field": "user_preferences", "value": {"user_preferences": [{"value": 5}, null]}}]}]}',
    ],
)  # fmt: skip
def test_what_nobody_here_knows_is_taken_kept_and_changes_nothing(
    open_door: Door, anna: int, body: bytes
) -> None:
    assert open_door.post("whatsapp", signed(body)).status_code == 200
    assert known() >= 1
    assert why(anna) is None


def test_the_mail_providers_list_has_no_whatsapp(cast: Cast) -> None:
    with reading() as session:
        assert "whatsapp" not in [one.name for one in connections.every(session, by=cast.olive)]


def test_a_post_as_large_as_the_platform_makes_them_is_taken(open_door: Door) -> None:
    history = payloads.post(ACCOUNT, [{"field": "history", "value": {"history": "x" * 2_900_000}}], at=1)
    assert open_door.post("whatsapp", signed(history)).status_code == 200
    assert open_door.post("whatsapp", signed(history + b" " * 400_000)).status_code == 413
