"""A campaign by email that also goes out on WhatsApp: who gets which, what is asked later, and that it is one record."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

import pytest
from sqlalchemy import select, update

from data.database import reading, unit
from domain.book import consent, customers, measuring, reach
from domain.ledger.deliveries import Delivery, Heard, State
from domain.ledger.events import Event
from domain.ledger.received import ReceivedMail
from domain.message import whatsapp_templates
from domain.sending import (
    asking,
    campaigns,
    dispatches,
    endings,
    launches,
    opt_out,
    preview,
    sibling,
    siblings,
)
from domain.sending.campaigns import Status
from domain.sending.dispatches import Part
from domain.sending.launches import Press
from domain.sending.opt_out import Said
from domain.sending.sibling import Goes
from domain.shop import shop as shops
from tests.cast import Cast

SUNDAY: Final = {"template": {"name": "open_on_sunday", "language": "en"}}
TEMPLATE: Final = {
    "name": "open_on_sunday",
    "language": "en",
    "status": "APPROVED",
    "category": "MARKETING",
    "components": [{"type": "BODY", "text": "We are open on Sunday."}],
}
LETTER: Final = {"name": "Viewing", "subject": "Hello", "text_body": "Come in."}
THREE_DAYS: Final = timedelta(days=3)


@dataclass
class Person:
    """What the shop knows of somebody, and what became of their mail."""

    id: int = 0
    email: str = ""
    broken: bool = False
    phone: str = ""
    says: bool | None = None  # to WhatsApp
    out: bool = False  # of everything
    refuses_mail: bool = False
    unmeasured: bool = False
    mail: str = ""  # what became of it
    did: str = ""  # what they did with it


@dataclass
class Desk:
    cast: Cast
    now: datetime
    people: dict[str, Person] = field(default_factory=dict)

    def know(self, name: str, **facts: Any) -> None:
        self.write_in(name, Person(**facts))
        self.note([name])

    def write_in(self, name: str, person: Person) -> None:
        with unit() as session:
            card = {"first_name": name, "email": person.email, "phone": person.phone}
            person.id = customers.create(session, card, by=self.cast.olive, now=self.now).id
        self.people[name] = person

    def note(self, names: Iterable[str]) -> None:
        """What is known of them beside their card: once all cards are written, for a new one learns from the old ones."""
        with unit() as session:
            for person in (self.people[name] for name in names):
                if person.broken:
                    reach.mark_address(session, person.id, "bounced")
                if person.says is not None:
                    say = consent.grant if person.says else consent.withdraw
                    say(session, person.id, "whatsapp", "marketing", how="form", now=self.now)
                if person.refuses_mail:
                    consent.withdraw(session, person.id, "email", "marketing", how="link", now=self.now)
                if person.out:
                    consent.withdraw(session, person.id, "email", "all", how="link", now=self.now)
                if person.unmeasured:
                    measuring.say(session, person.id, wanted=False, how="link", now=self.now)

    def campaign(self, goes: Goes | None = Goes.INSTEAD, **fields: Any) -> int:
        with unit() as session:
            made = campaigns.create(session, LETTER | fields, by=self.cast.olive, now=self.now).id
            if goes is not None:
                given = {"content": SUNDAY, "goes": str(goes)}
                siblings.write(session, made, given, by=self.cast.olive, now=self.now)
        return made

    def launch(self, campaign_id: int, at: datetime | None = None, **press: Any) -> int:
        with unit() as session:
            press_ = Press(**press)
            return launches.launch(session, campaign_id, press_, by=self.cast.olive, now=at or self.now).id

    def parts(self, campaign_id: int) -> dict[Part, int]:
        """The sends of the last launch."""
        with reading() as session:
            run_no = campaigns.get(session, campaign_id).run_no
            return {one.part: one.id for one in dispatches.of_run(session, campaign_id, run_no)}

    def got(self, dispatch_id: int | None) -> set[str]:
        """By name, whoever is queued or was reached."""
        names = {one.id: name for name, one in self.people.items()}
        with reading() as session:
            rows = select(Delivery.customer_id).where(
                Delivery.dispatch_id == dispatch_id, Delivery.state.not_in([State.SKIPPED, State.CANCELLED])
            )
            return {names[one] for one in session.scalars(rows) if one is not None}

    def settle(self, dispatch_id: int, at: datetime | None = None, state: State = State.SENT) -> None:
        """All who are queued end so, and the send is closed."""
        moment = at or self.now
        queued = (Delivery.dispatch_id == dispatch_id) & (Delivery.state == State.QUEUED)
        with unit() as session:
            ended = update(Delivery).where(queued)
            session.execute(ended.values(state=state, settled_at=moment, handed_at=moment))
            endings.conclude(session, dispatch_id, now=moment)

    def status(self, campaign_id: int) -> Status:
        with reading() as session:
            return campaigns.get(session, campaign_id).status

    def ask(self, campaign_id: int, at: datetime) -> list[int]:
        """What the clock does at that moment: the sends that come of it."""
        made = []
        with reading() as session:
            due = asking.due(session, at)
        for number in due:
            with unit() as session:
                dispatch = asking.ask(session, number, now=at)
                made += [dispatch.id] if dispatch else []
        return made

    def sibling(self, campaign_id: int) -> sibling.Sibling:
        with reading() as session:
            found = siblings.of(session, campaign_id)
        assert found is not None
        return found


@pytest.fixture
def desk(cast: Cast, now: datetime) -> Desk:
    with unit() as session:
        facts = {"name": "Marlow", "postal_address": "4 Market Row", "sender_email": "olive@shop.example"}
        shops.change(session, facts, by=cast.olive, now=now)
        whatsapp_templates.keep(session, [TEMPLATE], now=now)
    return Desk(cast, now)


@pytest.fixture
def four(desk: Desk) -> Desk:
    """Ana reads mail, Ben has no address, Cleo's does not work, Dan has neither; all but Dan said yes to WhatsApp."""
    desk.know("Ana", email="ana@x.example", phone="+4917000001", says=True)
    desk.know("Ben", phone="+4917000002", says=True)
    desk.know("Cleo", email="cleo@x.example", broken=True, phone="+4917000003", says=True)
    desk.know("Dan", phone="+4917000004")
    return desk


# Who gets which


def random_shop(desk: Desk, chance: Random, many: int = 70) -> None:
    for number in range(many):
        mailbox = chance.choice(["", f"p{number}@x.example", f"family{number % 5}@x.example"])
        handset = chance.choice(["", f"+4917100{number:04}", f"+4917200{number % 6:04}"])
        one = Person(
            email=mailbox,
            broken=bool(mailbox) and chance.random() < 0.3,
            phone=handset,
            says=chance.choice([True, True, False, None]),
            out=chance.random() < 0.1,
            refuses_mail=chance.random() < 0.15,
            unmeasured=chance.random() < 0.15,
        )
        desk.write_in(f"N{number}", one)
    desk.note(desk.people)


def mailed(desk: Desk) -> set[str]:
    """Read plainly: of a family with one address the first in the book."""
    able = {n: p for n, p in desk.people.items() if p.email and not (p.broken or p.out or p.refuses_mail)}
    return first_of_each(able, "email")


def on_whatsapp(desk: Desk, among: Iterable[str]) -> set[str]:
    wanted = set(among)
    able = {n: p for n, p in desk.people.items() if n in wanted and p.phone and p.says and not p.out}
    return first_of_each(able, "phone")


def first_of_each(able: dict[str, Person], place: str) -> set[str]:
    first: dict[str, str] = {}
    for name, person in sorted(able.items(), key=lambda one: one[1].id):
        first.setdefault(getattr(person, place), name)
    return set(first.values())


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("goes", list(Goes))
def test_who_gets_which_is_what_a_plain_reading_says_and_what_was_counted(
    desk: Desk, goes: Goes, seed: int
) -> None:
    random_shop(desk, Random(seed))
    campaign_id = desk.campaign(goes)
    with reading() as session:
        told = preview.of_campaign(session, campaign_id, now=desk.now)
    desk.launch(campaign_id)
    sends = desk.parts(campaign_id)
    no_way = [name for name, one in desk.people.items() if not one.email or one.broken]
    wanted = on_whatsapp(desk, desk.people if goes is Goes.TOGETHER else no_way)
    assert desk.got(sends[Part.MAIN]) == mailed(desk)
    assert desk.got(sends[Part.ALSO]) == wanted != set()
    assert told.also is not None
    assert (told.usual.reachable, told.also.usual.reachable) == (len(mailed(desk)), len(wanted))


MAIL: Final = ("sent", "sent", "sent", "unknown", "failed", "back", "for now", "complained", "again")
DID: Final = ("", "", "", "machine", "opened", "unsure", "clicked", "wrote", "left")


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("measured", [True, False])
def test_days_later_those_are_asked_whom_a_plain_reading_names(desk: Desk, seed: int, measured: bool) -> None:
    chance = Random(seed)
    random_shop(desk, chance)
    if not measured:
        with unit() as session:
            shops.change(session, {"measured": []}, by=desk.cast.olive, now=desk.now)
    campaign_id = desk.campaign(Goes.AFTER)
    main = desk.launch(campaign_id)
    also = desk.parts(campaign_id)[Part.ALSO]
    already = desk.got(also)
    what_became(desk, main, chance)
    desk.settle(also)
    assert desk.status(campaign_id) is Status.SENT
    try_again(desk, main)
    later = desk.sibling(campaign_id).due_at
    assert later is not None
    with reading() as session:
        foretold = asking.would_ask(session, campaign_id, now=later)
    made = desk.ask(campaign_id, later)
    taken = {desk.people[name].phone for name in already}
    wanted = on_whatsapp(desk, (n for n in unanswered(desk, measured) if desk.people[n].phone not in taken))
    assert desk.got(made[0] if made else None) == wanted
    assert wanted or not measured
    assert foretold.reachable == len(wanted)
    assert desk.ask(campaign_id, later + timedelta(hours=1)) == []


def unanswered(desk: Desk, measured: bool) -> set[str]:
    """Nobody who did anything; of the rest whom the mail did not reach, and who may be known to have left it."""
    quiet = {n: p for n, p in desk.people.items() if p.did in ("", "machine") and p.mail != "complained"}
    lost = {n for n, p in quiet.items() if p.mail in ("failed", "back", "for now", "missing")}
    left = {n for n, p in quiet.items() if p.mail in ("sent", "unknown") and measured and not p.unmeasured}
    return lost | left


def what_became(desk: Desk, main: int, chance: Random) -> None:
    by_id = {one.id: one for one in desk.people.values()}
    with unit() as session:
        rows = list(session.scalars(select(Delivery).where(Delivery.dispatch_id == main)))
        for row in rows:
            person = by_id[row.customer_id or 0]
            if row.state is State.SKIPPED:
                person.mail = "missing" if row.reason in ("no_address", "bad_address") else "left out"
                continue
            person.mail = chance.choice(MAIL)
            person.did = chance.choice(DID) if person.mail in ("sent", "unknown", "for now") else ""
            mark(row, person.mail, desk.now)
        session.flush()
        endings.conclude(session, main, now=desk.now)
    with unit() as session:
        for row in rows:
            do(session, row, by_id[row.customer_id or 0].did, desk.now)


def mark(row: Delivery, became: str, now: datetime) -> None:
    states = {"unknown": State.UNKNOWN, "failed": State.FAILED, "again": State.FAILED}
    heards = {"back": Heard.BOUNCED, "for now": Heard.RETURNED, "complained": Heard.COMPLAINED}
    row.state, row.heard = states.get(became, State.SENT), heards.get(became)
    row.handed_at = row.settled_at = now


def do(session: Any, row: Delivery, did: str, now: datetime) -> None:
    """What they did with it."""
    if did in ("machine", "opened", "unsure", "clicked"):
        who = {"machine": "machine", "unsure": "unsure"}.get(did, "human")
        session.add(
            Event(delivery_id=row.id, kind="clicked" if did == "clicked" else "opened", at=now, who=who)
        )
    if did == "wrote":
        session.add(
            ReceivedMail(
                event_id=f"e{row.id}", customer_id=row.customer_id, delivery_id=row.id, received_at=now
            )
        )
    if did == "left":
        of = opt_out.recipient(session, row.id)
        assert of is not None
        opt_out.stop(session, of, of.scope, Said("link", "", now))


def try_again(desk: Desk, main: int) -> None:
    """Those go once more just now, so nobody knows yet whether it reaches them."""
    numbers = [one.id for one in desk.people.values() if one.mail == "again"]
    those = (Delivery.dispatch_id == main) & Delivery.customer_id.in_(numbers)
    with unit() as session:
        session.execute(update(Delivery).where(those).values(state=State.QUEUED))
