"""The number on the screen is the number of deliveries, whatever the audience looks like."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from data.database import unit
from domain.audience import audience as audiences
from domain.audience import segments
from domain.audience.audience import Audience
from domain.audience.reach import EMAIL_REACH, WHATSAPP_REACH
from domain.book import consent, customers, groups, reach, suppressions
from domain.book.message_types import MessageType
from domain.book.reach import Reach
from domain.ledger.deliveries import Delivery, State
from tests.cast import Cast
from tests.domain.test_enough import limit
from tests.domain.test_one_person import sent_to

pytestmark = pytest.mark.thorough

TAGS = ("gold", "pearls", "repairs")


def filled(cast: Cast, now: datetime) -> dict[str, int]:
    """Families that share addresses, people without one, noes of several kinds, two lists and two segments."""
    chance = Random(7)
    with unit() as session:
        evening = groups.create(session, "Evening", by=cast.olive, now=now).id
        for number in range(120):
            home = f"pair{number // 2}@x.example", f"family{number % 9}@x.example"
            mailbox = chance.choice(["", f"p{number}@x.example", *home])
            fields: dict[str, Any] = {"first_name": f"N{number}", "email": mailbox, "status": chance.choice(["vip", "lead"])}  # fmt: skip
            line = f"020 7946 {chance.randrange(60):04}"
            fields["phone"] = chance.choice(["", line, line])
            fields["tags"] = chance.sample(TAGS, chance.randrange(3))
            one = customers.create(session, fields, by=cast.olive, now=now).id
            if chance.random() < 0.2:
                word = chance.choice(["all", "newsletter", "marketing"])
                consent.withdraw(session, one, "email", word, how="link", now=now)
            if chance.random() < 0.8:
                for kind in chance.choice([("marketing",), ("newsletter",), ("marketing", "newsletter")]):
                    say = chance.choice([consent.grant, consent.grant, consent.withdraw])
                    say(session, one, "whatsapp", kind, how="link", now=now)
            if chance.random() < 0.1 and fields["phone"]:
                mark = customers.get(session, one).phone_hash or ""
                suppressions.suppress(session, "whatsapp", mark, reason="unsubscribed", now=now)
            if chance.random() < 0.1:
                customers.get(session, one).whatsapp_trouble = "not_there"
            if chance.random() < 0.1 and mailbox:
                suppressions.suppress(
                    session, "email", suppressions.fingerprint(mailbox), reason="complained", now=now
                )
            if chance.random() < 0.1:
                reach.mark_address(session, one, "bounced")
            if chance.random() < 0.3:
                groups.add_members(session, evening, [one], by=cast.olive, now=now)
            if chance.random() < 0.1:
                customers.delete(session, one, by=cast.olive, now=now)
        vips = segments.create(session, name="Vips", rule={"field": "status", "op": "eq", "value": "vip"}, by=cast.olive, now=now).id  # fmt: skip
        both = segments.create(session, name="Not", rule={"all": [{"not": {"segment": vips}}, {"tag": ["gold", "pearls"]}]}, by=cast.olive, now=now).id  # fmt: skip
    return {"group": evening, "vips": vips, "both": both}


def odd_audiences(there: dict[str, int]) -> list[dict[str, Any]]:
    out = {"segments": [there["both"]], "tags": ["repairs"], "groups": [there["group"]]}
    return [
        {"type": "all"},
        {"type": "all", "exclude": out},
        {"type": "segment", "segmentIds": [there["vips"], there["both"]], "exclude": {"tags": ["gold"]}},
        {"type": "segment", "segmentIds": [there["vips"]], "exclude": {"segments": [there["vips"]]}},
        {"type": "tags", "tags": ["gold", "pearls"], "exclude": {"groups": [there["group"]]}},
        {"type": "group", "groupIds": [there["group"]], "exclude": {"segments": [there["both"]]}},
        {"type": "manual", "customerIds": [*range(1, 60), *range(1, 30), 9999]},
        {"type": "status", "statuses": ["vip"], "exclude": out},
        {
            "type": "rule",
            "rule": {"not": {"any": [{"segment": there["both"]}, {"in_group": there["group"]}]}},
        },
    ]


@pytest.mark.parametrize("kind", [MessageType.MARKETING, MessageType.NEWSLETTER, MessageType.OPERATIONAL])
@pytest.mark.parametrize("limited", [False, True])
@pytest.mark.parametrize("reach_of", [EMAIL_REACH, WHATSAPP_REACH], ids=["email", "whatsapp"])
def test_as_many_are_enlisted_as_were_counted(
    cast: Cast, now: datetime, kind: MessageType, limited: bool, reach_of: Reach
) -> None:
    there = filled(cast, now)
    sent_to(cast, now)
    later = now + timedelta(days=1)
    with unit() as session:
        half = Delivery.state == State.QUEUED, Delivery.id % 2 == 0
        session.execute(update(Delivery).where(*half).values(state=State.SENT, settled_at=now, handed_at=now))
    empty = sent_to(cast, now)
    if limited:
        limit(cast, now, 1, 7)
    met: set[str | None] = set()
    for asked in odd_audiences(there):
        audience = Audience.parse(asked)
        with unit() as session:
            session.execute(delete(Delivery).where(Delivery.dispatch_id == empty))
            count = audiences.count(session, audience, reach_of, kind, now=later)
            queued = audiences.enlist(session, empty, audience, reach_of, kind, now=later, next_at=later)
            rows = select(Delivery.reason, func.count()).where(
                Delivery.dispatch_id == empty, Delivery.reason.is_not(None)
            )
            left_out = dict(iter(session.execute(rows.group_by(Delivery.reason))))
        assert (count.reachable, count.left_out) == (queued, left_out), asked
        met |= left_out.keys()
    always = {"no_address", "bad_address", "suppressed"} | (set() if limited else {"duplicate"})
    wants = {"opted_out"} if kind.needs_consent else set()
    wants |= {"not_asked"} if reach_of.needs_yes else set()
    assert always | wants <= met
    assert ("enough" in met) is (limited and kind.needs_consent)
