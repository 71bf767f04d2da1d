"""What WhatsApp posts beside the usual: spoiled parts, another number's news, new ids, older templates, other secrets."""

import copy
import json
import os
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from data.database import now as present
from data.database import reading, unit
from data.whatsapp_twin import payloads
from data.whatsapp_twin.payloads import Change
from domain.book import consent, preferences
from domain.book.customers import Customer
from domain.book.message_types import MessageType
from domain.book.preferences import Preference
from domain.book.proof import Consent
from domain.book.suppressions import Suppression
from domain.ledger import received, windows
from domain.ledger.deliveries import Delivery, Heard
from domain.message import whatsapp_templates
from domain.results.incoming import IncomingEvent
from domain.sending.dispatches import Dispatch, Hold
from domain.shop import notices, whatsapp, whatsapp_words
from tests.cast import Cast
from tests.twins.providers import Sent, web_of_sns
from tests.twins.whatsapp import (  # fmt: skip
    ACCOUNT,
    ANNA,
    ANNAS_ID,
    KEYS,
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
from tests.ui.test_webhooks import Door

HOUR = timedelta(hours=1)
MUTATED = int(os.environ.get("ODD_POSTS", "60"))
ELSEWHERE = replace(ACCOUNT, phone_number_id="999")
BEN = "+441632960002"


@pytest.fixture
def door(cast: Cast) -> Door:
    open_for_business(cast)
    found = Door(client(), cast, web_of_sns(present()))
    found.listen("whatsapp", KEYS)
    return found


@pytest.fixture
def at() -> datetime:
    return present().replace(microsecond=0) - 3 * HOUR


@pytest.fixture
def anna(cast: Cast, at: datetime) -> int:
    with unit() as session:
        number = add_anna(session, by=cast.olive, now=at - HOUR)
        consent.grant(
            session, number, "whatsapp", MessageType.MARKETING, how="staff", now=at - HOUR, by=cast.olive
        )
        return number


def tell(door: Door, *changes: Change) -> int:
    return door.post("whatsapp", posted(*changes)).status_code


def is_allowed(person: int) -> bool | None:
    with reading() as session:
        return preferences.allows(session, person, "whatsapp", MessageType.MARKETING)


def sentences() -> list[str]:
    with reading() as session:
        return [one.sentence for one in notices.unseen(session, 50)]


def system(at: datetime, *, number: str = "", **about: Any) -> Change:
    message = {"id": "wamid.s", "timestamp": str(int(at.timestamp())), "type": "system", "system": about}
    value = {"metadata": {"phone_number_id": ACCOUNT.phone_number_id}, "messages": [message]}
    return {
        "field": "messages",
        "value": value if not number else value | {"messages": [message | {"from": number}]},
    }


# What is spoiled


def seeds(at: datetime) -> list[Change]:
    when = int(at.timestamp())
    template = {"template_id": "7", "name": "spring", "language": "en"}
    return [
        became("delivered", at, number=BEN, message_id="wamid.other", user="US.2"),
        became("failed", at, number=BEN, message_id="wamid.other2", code=131049),
        wrote("Is it still there?", at, number=BEN, message_id="wamid.ben", user="US.2", name="Ben"),
        payloads.message(ACCOUNT, "interactive", {"type": "list_reply", "list_reply": {"id": "1", "title": "One"}}, message_id="wamid.l", at=when, number=BEN[1:]),
        payloads.message(ACCOUNT, "contacts", {"0": 1}, message_id="wamid.c", at=when, number=BEN[1:]),
        payloads.new_number(ACCOUNT, message_id="wamid.n", at=when, old=BEN[1:], new="441632960003", user="US.3"),
        payloads.template_status(**template, event="APPROVED", category="MARKETING"),
        payloads.number_quality(ACCOUNT, event="UPGRADE", before="TIER_250", after="TIER_2K"),
        payloads.account_update(ACCOUNT, "ACCOUNT_RESTRICTION", restriction_info=[{"restriction_type": "RESTRICTED_ADD_PHONE_NUMBER_ACTION", "expiration": when}]),
    ]  # fmt: skip


ODD: list[Any] = [
    None,
    [],
    {},
    "",
    0,
    -1,
    True,
    10**25,
    1.5,
    "x" * 5_000,
    "ÄÖ\u0000\ud83d🙏",
    [[[]]],
    {"a": {"b": []}},
    "0",
    [None],
]


def spoiled(whole: Any, dice: random.Random) -> Any:
    """One to three places of it are something else, doubled, wrapped, or gone."""
    found = copy.deepcopy(whole)
    for _ in range(dice.randint(1, 3)):
        where, name = dice.choice(list(_places(found)))
        match dice.randint(0, 5):
            case 0 if isinstance(where, dict):
                del where[name]
            case 1 if isinstance(where, list):
                where.append(copy.deepcopy(where[name]))
            case 2:
                where[name] = [where[name]]
            case 3 if isinstance(where[name], str):
                where[name] = int(where[name]) if where[name].isdecimal() else {"text": where[name]}
            case 4 if isinstance(where[name], int):
                where[name] = str(where[name])
            case _:
                where[name] = copy.deepcopy(dice.choice(ODD))
        if not list(_places(found)):
            return found
    return found


def _places(whole: Any) -> Iterator[tuple[Any, Any]]:
    pairs = whole.items() if isinstance(whole, dict) else enumerate(whole) if isinstance(whole, list) else ()
    for name, inner in list(pairs):
        yield whole, name
        yield from _places(inner)


def test_spoiled_parts_break_nothing_and_cost_nothing_that_stands_beside_them(
    door: Door, anna: int, at: datetime
) -> None:
    with unit() as session:
        letters = [send_to(session, [anna], now=at)[0] for _ in range(3)]
    before, dice, kinds = _books(), random.Random("odd"), seeds(at)
    for place in range(MUTATED):
        whole = json.loads(payloads.post(ACCOUNT, [dice.choice(kinds)], at=1_795_000_000))
        odd = [spoiled(entry, dice) for entry in whole["entry"]]
        beside = wrote(f"Number {place}", at, message_id=f"wamid.beside{place}")
        whole["entry"] = [*odd, {"id": ACCOUNT.business_account_id, "changes": [beside]}]
        if place < len(letters):
            whole["entry"].append(
                {
                    "id": "1",
                    "changes": [
                        became("delivered", at, of=marked(letters[place]), message_id=f"wamid.ours{place}")
                    ],
                }
            )
        assert door.post("whatsapp", signed(json.dumps(whole).encode())).status_code == 200, whole
    with reading() as session:
        beside_them = select(func.count()).where(IncomingEvent.event_id.startswith("wamid.beside"))
        assert session.scalar(beside_them) == MUTATED
        assert received.how_many(session, anna) > 0
        heard = session.scalars(select(Delivery.heard).where(Delivery.id.in_(letters))).all()
    assert heard == [Heard.DELIVERED] * 3
    assert _books() == before


def _books() -> list[int | None]:
    """Of nobody was heard that they agree or refuse, and nobody is new."""
    with reading() as session:
        rows = [Consent, Preference, Suppression, Customer]
        counts = [session.scalar(select(func.count()).select_from(row)) for row in rows]
        held = select(func.count()).where(Dispatch.held_for != Hold.NONE)
        return [*counts, session.scalar(held)]


def test_the_letters_they_escape_are_signed_as_they_were_sent(door: Door, anna: int, at: datetime) -> None:
    whole = posted(wrote("Schöne Grüße / 🙏", at))
    assert b"\\u00f6" in whole.body
    assert b"\\/" in whole.body
    assert door.post("whatsapp", whole).status_code == 200
    plain = json.dumps(json.loads(whole.body), ensure_ascii=False).encode()
    assert door.post("whatsapp", Sent(plain, dict(whole.headers))).status_code == 403
    with reading() as session:
        assert received.of(session, anna)[0].words == "Schöne Grüße / 🙏"


def test_once_the_secret_was_changed_only_the_new_one_signs(door: Door, anna: int, at: datetime) -> None:
    assert door.post("whatsapp", posted(wrote("One", at))).status_code == 200
    door.listen("whatsapp", KEYS | {"app_secret": "another secret"})
    late = wrote("Two", at, message_id="wamid.in2")
    assert door.post("whatsapp", posted(late)).status_code == 403
    assert door.post("whatsapp", posted(late, secret="another secret")).status_code == 200


# Who is meant


def test_a_no_by_another_number_counts_for_whoever_had_the_id(door: Door, anna: int, at: datetime) -> None:
    tell(door, wrote("Hello", at, user=ANNAS_ID))
    tell(door, wrote("Good morning", at + HOUR, number=BEN, user=ANNAS_ID, message_id="wamid.in2"))
    assert is_allowed(anna)
    tell(door, wrote("Hello", at, user=ANNAS_ID, message_id="wamid.in3"))
    tell(door, wrote("STOP", at + HOUR, number=BEN, user=ANNAS_ID, message_id="wamid.in4"))
    assert not is_allowed(anna)


@pytest.mark.parametrize(
    "about",
    [
        {"type": "user_changed_user_id", "user_id": "US.2", "previous_user_id": ANNAS_ID},
        {"type": "user_changed_user_id", "user_id": "US.2", "body": f"Anna changed from {ANNAS_ID} to US.2"},
        {"type": "user_changed_user_id", "user_id": "US.2", "number": ANNA[1:]},
        {"type": "user_changed_number", "user_id": "US.2", "wa_id": BEN[1:], "number": ANNA[1:]},
    ],
)  # fmt: skip
def test_another_id_belongs_to_the_same_person(
    door: Door, anna: int, at: datetime, about: dict[str, Any]
) -> None:
    tell(door, wrote("Hello", at, user=ANNAS_ID))
    tell(door, system(at + HOUR, **about))
    tell(door, wrote("stop", at + 2 * HOUR, number="", user="US.2", message_id="wamid.in2"))
    assert is_allowed(anna) is False


# What was said to somebody else


def test_of_what_was_said_to_another_number_of_the_shop_only_a_no_counts(
    door: Door, cast: Cast, anna: int, at: datetime
) -> None:
    with reading() as session:
        join = whatsapp_words.read(session).join
    said: list[dict[str, Any]] = [
        {"content": {"body": "Hello"}, "number": ANNA[1:]},
        {"content": {"body": join}, "number": BEN[1:]},
    ]
    for place, one in enumerate(said):
        when = int(at.timestamp()) + place
        tell(door, payloads.message(ELSEWHERE, "text", message_id=f"wamid.e{place}", at=when, **one))
    late = payloads.status(ELSEWHERE, message_id="wamid.x", said="failed", at=int(at.timestamp()), number=ANNA[1:], errors=[{"code": 131042}])  # fmt: skip
    tell(door, late)
    with reading() as session:
        assert received.how_many(session, anna) == 0
        assert windows.open_until(session, anna, now=present()) is None
        assert session.scalar(select(func.count()).select_from(Customer)) == 1
        assert session.scalar(select(func.count()).select_from(IncomingEvent)) == 3
    assert sentences() == []
    tell(door, payloads.message(ELSEWHERE, "text", {"body": "STOP"}, message_id="wamid.e9", at=int(at.timestamp()), number=ANNA[1:]))  # fmt: skip
    assert is_allowed(anna) is False
    tell(door, payloads.preference(ELSEWHERE, "resume", at=int((at + HOUR).timestamp()), number=ANNA[1:]))
    assert is_allowed(anna) is False
    tell(door, wishes("resume", at + 2 * HOUR))
    assert is_allowed(anna) is True


def test_what_was_passed_on_is_no_yes_but_a_no_stays_one(door: Door, anna: int, at: datetime) -> None:
    with reading() as session:
        join = whatsapp_words.read(session).join
    forwarded = wrote(join, at, number=BEN, message_id="wamid.f")
    forwarded["value"]["messages"][0]["context"] = {"forwarded": True}
    tell(door, forwarded)
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Customer)) == 1
    stop = wrote("stop", at, message_id="wamid.g")
    stop["value"]["messages"][0]["context"] = {"frequently_forwarded": True}
    tell(door, stop)
    assert is_allowed(anna) is False


def test_news_of_another_number_is_no_news_of_this_one(door: Door, cast: Cast, at: datetime) -> None:
    with unit() as session:
        row = whatsapp.kept(session, now=at)
        row.shown, row.tier = "+1 555-078-3881", "TIER_2K"
    change = payloads.number_quality(replace(ACCOUNT, number="15550009999"), event="DOWNGRADE", before="TIER_2K", after="TIER_250")  # fmt: skip
    tell(door, change)
    assert sentences() == []
    tell(door, payloads.number_quality(replace(ACCOUNT, number="15550783881"), event="DOWNGRADE", before="TIER_2K", after="TIER_250"))  # fmt: skip
    assert len(sentences()) == 1
    with reading() as session:
        found = whatsapp.number(session)
        assert found is not None
        assert found.tier == "TIER_250"


# Of templates


def test_a_template_is_meant_by_its_number_or_by_either_spelling_of_its_language(
    door: Door, anna: int, at: datetime
) -> None:
    with unit() as session:
        told = [
            {"id": f"{place}", "name": name, "language": "en_US", "status": "APPROVED", "category": "MARKETING", "components": []}
            for place, name in enumerate(("spring", "summer"), 1)
        ]  # fmt: skip
        whatsapp_templates.keep(session, told, now=at)
        [letter] = send_to(
            session, [anna], now=at, content={"template": {"name": "spring", "language": "en_US"}}
        )
    older = payloads.template_status(template_id="9", name="spring", language="en-US", event="DELETED", category="MARKETING")  # fmt: skip
    tell(door, older)
    paused = payloads.template_status(template_id="1", name="spring", language="en-US", event="PAUSED", category="MARKETING")  # fmt: skip
    tell(
        door,
        paused,
        {"field": "message_template_status_update", "value": {"event": "FLAGGED", "message_template_id": 2}},
    )
    with reading() as session:
        found = {row.name: row.status for row in whatsapp_templates.every(session)}
        assert found == {"spring": "PAUSED", "summer": "APPROVED"}
        assert (
            session.get_one(Dispatch, session.get_one(Delivery, letter).dispatch_id).held_for is Hold.CONTENT
        )
    told_of = [one.split(":")[0] for one in sentences() if one.startswith("Template")]
    assert sorted(told_of) == ["Template “spring” (en_US)", "Template “summer” (en_US)"]
