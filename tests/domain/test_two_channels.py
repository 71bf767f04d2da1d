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
from domain.ledger import deliveries, standing
from domain.ledger.deliveries import Delivery, Heard, State
from domain.ledger.events import Event
from domain.ledger.received import ReceivedMail
from domain.message import whatsapp_templates
from domain.refusal import Refusal
from domain.results import figures
from domain.sending import (
    asking,
    campaigns,
    dispatches,
    endings,
    launches,
    opt_out,
    parts,
    preview,
    purging,
    reports,
    restoring,
    schedules,
    sibling,
    siblings,
)
from domain.sending.calendar import GRACE, Appointment
from domain.sending.campaigns import Status
from domain.sending.dispatches import DispatchState, Part
from domain.sending.launches import Press
from domain.sending.opt_out import Said
from domain.sending.sibling import Goes
from domain.shop import notices
from domain.shop import shop as shops
from domain.shop.people import CLOCK
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


def random_shop(desk: Desk, chance: Random, many: int = 70, *, easy: int = 1) -> None:
    """`easy`: how many times likelier than anything else it is that somebody has an address alone, and said yes."""
    for number in range(many):
        mailbox = chance.choice(["", *[f"p{number}@x.example"] * easy, f"family{number % 5}@x.example"])
        handset = chance.choice(["", *[f"+4917100{number:04}"] * easy, f"+4917200{number % 6:04}"])
        one = Person(
            email=mailbox,
            broken=bool(mailbox) and chance.random() < 0.3,
            phone=handset,
            says=chance.choice([*[True] * 2 * easy, False, None]),
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


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(3))
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


@pytest.mark.thorough
@pytest.mark.parametrize(("seed", "measured"), [(1, True), (2, True), (3, True), (4, False)])
def test_days_later_those_are_asked_whom_a_plain_reading_names(desk: Desk, seed: int, measured: bool) -> None:
    chance = Random(seed)
    random_shop(desk, chance, many=90, easy=6)
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


# One act


def test_both_go_in_one_act_and_the_campaign_is_sent_when_both_are_over(four: Desk) -> None:
    campaign_id = four.campaign()
    four.launch(campaign_id)
    sends = four.parts(campaign_id)
    assert (four.got(sends[Part.MAIN]), four.got(sends[Part.ALSO])) == ({"Ana"}, {"Ben", "Cleo"})
    four.settle(sends[Part.MAIN])
    assert four.status(campaign_id) is Status.SENDING
    four.settle(sends[Part.ALSO])
    assert four.status(campaign_id) is Status.SENT


def test_one_press_of_undo_calls_both_back(four: Desk) -> None:
    for part in (Part.MAIN, Part.ALSO):
        campaign_id = four.campaign()
        four.launch(campaign_id, undo=timedelta(seconds=30))
        with unit() as session:
            endings.undo(session, four.parts(campaign_id)[part], by=four.cast.olive, now=four.now)
        with reading() as session:
            states = {one.state for one in dispatches.of_campaign(session, campaign_id)}
        assert (states, four.status(campaign_id)) == ({DispatchState.UNDONE}, Status.DRAFT)


def test_pause_go_on_and_stop_act_on_both(four: Desk) -> None:
    campaign_id = four.campaign()
    four.launch(campaign_id)
    steps = ((parts.pause, "paused"), (parts.resume, "sending"), (parts.stop, "stopped"))
    for verb, wanted in steps:
        with unit() as session:
            verb(session, campaign_id, by=four.cast.olive, now=four.now)
        with reading() as session:
            assert {str(one.state) for one in dispatches.of_campaign(session, campaign_id)} == {wanted}
    assert four.status(campaign_id) is Status.DRAFT


def test_where_nobody_can_be_reached_by_mail_the_other_channel_goes_alone(desk: Desk) -> None:
    desk.know("Ben", phone="+4917000002", says=True)
    campaign_id = desk.campaign()
    desk.launch(campaign_id)
    sends = desk.parts(campaign_id)
    assert (desk.got(sends[Part.MAIN]), desk.got(sends[Part.ALSO])) == (set(), {"Ben"})


def test_where_nobody_is_left_for_the_other_channel_the_mail_goes_alone(desk: Desk) -> None:
    desk.know("Ana", email="ana@x.example")
    desk.know("Dan", phone="+4917000004")
    campaign_id = desk.campaign()
    main = desk.launch(campaign_id)
    assert desk.parts(campaign_id) == {Part.MAIN: main}
    desk.settle(main)
    assert desk.status(campaign_id) is Status.SENT


def test_nobody_on_either_channel_is_refused_and_nothing_has_happened(desk: Desk) -> None:
    desk.know("Dan", phone="+4917000004")
    campaign_id = desk.campaign()
    with pytest.raises(Refusal, match="No recipients"):
        desk.launch(campaign_id)
    assert (desk.status(campaign_id), desk.parts(campaign_id)) == (Status.DRAFT, {})


def test_a_template_that_may_not_be_sent_keeps_both_from_going(four: Desk) -> None:
    campaign_id = four.campaign()
    with unit() as session:
        whatsapp_templates.keep(session, [TEMPLATE | {"status": "PAUSED"}], now=four.now)
    later = Appointment(four.now + timedelta(days=1), "2026-11-22T09:30", "UTC")
    with pytest.raises(Refusal, match="By WhatsApp") as refused:
        four.launch(campaign_id)
    with pytest.raises(Refusal, match="By WhatsApp"), unit() as session:
        schedules.schedule(session, campaign_id, later, by=four.cast.olive, now=four.now)
    assert (refused.value.details["field"], refused.value.details["also_field"]) == ("also", "template")
    assert (four.status(campaign_id), four.parts(campaign_id)) == (Status.DRAFT, {})


def test_trouble_on_the_other_channel_is_told_and_the_campaign_is_sent(four: Desk) -> None:
    campaign_id = four.campaign()
    four.launch(campaign_id)
    sends = four.parts(campaign_id)
    with unit() as session:
        endings.fail(session, sends[Part.ALSO], "The access has run out.", now=four.now)
    four.settle(sends[Part.MAIN])
    with reading() as session:
        told = [(one.sentence, one.link) for one in notices.unseen(session)]
    assert four.status(campaign_id) is Status.SENT
    sentence = "“Viewing” stopped on WhatsApp. The access has run out. 0 of 2 reached."
    assert told == [(sentence, f"/marketing/sends/{sends[Part.ALSO]}")]


def test_a_schedule_fires_both(four: Desk) -> None:
    campaign_id = four.campaign()
    due = four.now + timedelta(hours=1)
    with unit() as session:
        when = Appointment(due, "2026-11-21T10:30", "UTC")
        schedules.schedule(session, campaign_id, when, by=four.cast.olive, now=four.now)
    with unit() as session:
        launches.launch(session, campaign_id, Press(), by=CLOCK, now=due)
    assert four.parts(campaign_id).keys() == {Part.MAIN, Part.ALSO}


def test_a_limit_of_messages_counts_both_as_one_where_they_go_together(four: Desk) -> None:
    with unit() as session:
        limit = {"cap_messages": 1, "cap_days": 7}
        shops.change(session, limit, by=four.cast.olive, now=four.now)
    campaign_id = four.campaign(Goes.TOGETHER)
    four.launch(campaign_id)
    sends = four.parts(campaign_id)
    assert (four.got(sends[Part.MAIN]), four.got(sends[Part.ALSO])) == ({"Ana"}, {"Ana", "Ben", "Cleo"})


# Again, to the rest


@pytest.mark.parametrize("goes", list(Goes))
def test_the_rest_of_a_stopped_launch_is_written_to_once_on_each_channel(desk: Desk, goes: Goes) -> None:
    """Half of each is out when somebody stops it; an address is mended, another one breaks; then it goes to the rest."""
    chance = Random(str(goes))
    for number in range(24):
        mailbox = f"p{number}@x.example" if number % 2 else ""
        desk.know(f"N{number}", email=mailbox, phone=f"+49170000{number:03}", says=True)
    campaign_id = desk.campaign(goes)
    desk.launch(campaign_id)
    out: dict[str, set[str]] = {"email": set(), "whatsapp": set()}
    for part, dispatch_id in desk.parts(campaign_id).items():
        some = {name for name in desk.got(dispatch_id) if chance.random() < 0.5}
        out["email" if part is Part.MAIN else "whatsapp"] |= some
        reach_some(desk, dispatch_id, some)
    with unit() as session:
        parts.stop(session, campaign_id, by=desk.cast.olive, now=desk.now)
    moved = move_some(desk, out)
    with reading() as session:
        told = preview.of_campaign(session, campaign_id, now=desk.now)
    desk.launch(campaign_id)
    sends = desk.parts(campaign_id)
    again = {"email": desk.got(sends[Part.MAIN]), "whatsapp": desk.got(sends.get(Part.ALSO))}
    assert not again["email"] & out["email"]
    assert not again["whatsapp"] & out["whatsapp"]
    assert (moved in again["email"]) is (goes is Goes.TOGETHER)
    if goes is not Goes.TOGETHER:
        assert not (again["email"] | out["email"]) & (again["whatsapp"] | out["whatsapp"])
    assert told.also is not None
    assert (told.usual.reachable, told.also.usual.reachable) == tuple(map(len, again.values()))
    assert again["email"] | out["email"] | again["whatsapp"] | out["whatsapp"] == set(desk.people)


def reach_some(desk: Desk, dispatch_id: int, names: set[str]) -> None:
    numbers = [desk.people[name].id for name in names]
    theirs = (Delivery.dispatch_id == dispatch_id) & Delivery.customer_id.in_(numbers)
    with unit() as session:
        session.execute(update(Delivery).where(theirs).values(state=State.SENT, handed_at=desk.now))


def move_some(desk: Desk, out: dict[str, set[str]]) -> str:
    """Of those whom a message reached: one by WhatsApp, who is named, gets an address, and another one's breaks."""
    no_address = [name for name in sorted(out["whatsapp"]) if not desk.people[name].email]
    (named, *_), (other, *_) = no_address, sorted(out["email"])
    with unit() as session:
        fields = {"email": "new@x.example"}
        customers.change(session, desk.people[named].id, fields, by=desk.cast.olive, now=desk.now)
        reach.mark_address(session, desk.people[other].id, "bounced")
    return named


# Days later


def sent(desk: Desk, goes: Goes = Goes.AFTER) -> int:
    """A campaign that is over, and that nobody opened."""
    campaign_id = desk.campaign(goes)
    desk.launch(campaign_id)
    for dispatch_id in desk.parts(campaign_id).values():
        desk.settle(dispatch_id)
    return campaign_id


def test_it_asks_on_the_day_that_was_set_once_and_not_before(four: Desk) -> None:
    campaign_id = sent(four)
    assert four.ask(campaign_id, four.now + THREE_DAYS - timedelta(minutes=1)) == []
    (asked,) = four.ask(campaign_id, four.now + THREE_DAYS)
    assert four.got(asked) == {"Ana"}  # Ben and Cleo got it at once
    assert four.ask(campaign_id, four.now + THREE_DAYS) == []
    with unit() as session:
        assert asking.ask(session, four.sibling(campaign_id).id, now=four.now + THREE_DAYS) is None
        assert dispatches.get(session, asked).due_at == four.now + THREE_DAYS
    assert four.status(campaign_id) is Status.SENT


def test_who_got_it_instead_is_not_asked_and_nobody_by_themselves_without_a_day(four: Desk) -> None:
    campaign_id = sent(four, Goes.INSTEAD)
    assert four.ask(campaign_id, four.now + timedelta(days=30)) == []
    with unit() as session:
        asked = asking.ask_now(session, campaign_id, Press(), by=four.cast.olive, now=four.now)
    assert four.got(asked.id) == {"Ana"}
    with pytest.raises(Refusal, match="asked already"), unit() as session:
        asking.ask_now(session, campaign_id, Press(), by=four.cast.olive, now=four.now)


def test_a_question_that_was_called_back_can_be_asked_again(four: Desk) -> None:
    campaign_id = sent(four)
    for _ in range(2):
        with unit() as session:
            press = Press(undo=timedelta(seconds=30))
            asked = asking.ask_now(session, campaign_id, press, by=four.cast.olive, now=four.now).id
        with unit() as session:
            endings.undo(session, asked, by=four.cast.olive, now=four.now)
        assert (four.status(campaign_id), four.sibling(campaign_id).asked_at) == (Status.SENT, None)
    assert four.ask(campaign_id, four.now + timedelta(days=9)) == []
    with unit() as session:
        again = asking.ask_now(session, campaign_id, Press(), by=four.cast.olive, now=four.now).id
    assert four.got(again) == {"Ana"}


def test_of_a_deleted_campaign_nobody_is_asked_and_purged_it_says_nothing(four: Desk) -> None:
    campaign_id = sent(four)
    with unit() as session:
        campaigns.delete(session, campaign_id, by=four.cast.olive, now=four.now)
    assert four.ask(campaign_id, four.now + THREE_DAYS) == []
    with unit() as session:
        purging.purge_all(session, by=four.cast.olive, now=four.now)
    assert (four.sibling(campaign_id).content, four.sibling(campaign_id).due_at) == ({}, None)


def test_a_sent_campaign_that_said_nothing_elsewhere_can_still_ask(four: Desk) -> None:
    campaign_id = four.campaign(None)
    four.settle(four.launch(campaign_id))
    with pytest.raises(Refusal, match="Write what is to be said"), unit() as session:
        asking.ask_now(session, campaign_id, Press(), by=four.cast.olive, now=four.now)
    with unit() as session:
        given = {"content": SUNDAY, "goes": "after"}
        siblings.write(session, campaign_id, given, by=four.cast.olive, now=four.now)
    assert four.sibling(campaign_id).due_at is None  # writing alone sends nothing some day
    with reading() as session:
        told = asking.would_ask(session, campaign_id, now=four.now)
    assert (told.missing, told.came_back, told.unopened, told.reachable) == (3, 0, 1, 3)
    with unit() as session:
        press = Press(nonce="one press")
        asked = asking.ask_now(session, campaign_id, press, by=four.cast.olive, now=four.now).id
    with unit() as session:
        assert asking.ask_now(session, campaign_id, press, by=four.cast.olive, now=four.now).id == asked
    assert four.got(asked) == {"Ana", "Ben", "Cleo"}


def test_the_day_moves_with_what_is_chosen_and_can_be_taken_back(four: Desk) -> None:
    campaign_id = sent(four)
    with unit() as session:
        given = {"content": SUNDAY, "goes": "after", "after_days": 5}
        siblings.write(session, campaign_id, given, by=four.cast.olive, now=four.now)
    assert four.sibling(campaign_id).due_at == four.now + timedelta(days=5)
    with unit() as session:
        asking.cancel(session, campaign_id, by=four.cast.olive, now=four.now)
    assert four.ask(campaign_id, four.now + timedelta(days=6)) == []
    with pytest.raises(Refusal, match="Nobody is about to be asked"), unit() as session:
        asking.cancel(session, campaign_id, by=four.cast.olive, now=four.now)


def test_where_nobody_has_to_be_asked_that_is_the_end_of_it(desk: Desk) -> None:
    desk.know("Ana", email="ana@x.example")
    campaign_id = sent(desk)
    assert desk.ask(campaign_id, desk.now + THREE_DAYS) == []
    there = desk.sibling(campaign_id)
    assert (there.asked_at, there.due_at, there.error) == (desk.now + THREE_DAYS, None, "")
    assert desk.parts(campaign_id).keys() == {Part.MAIN}


def test_later_than_the_grace_it_asks_the_shop_instead_of_the_people(four: Desk) -> None:
    campaign_id = sent(four)
    late = four.now + THREE_DAYS + GRACE + timedelta(minutes=1)
    assert four.ask(campaign_id, late) == []
    assert "more than 6 hours ago" in four.sibling(campaign_id).error
    with reading() as session:
        assert [one.link for one in notices.unseen(session)] == [f"/marketing/campaigns/{campaign_id}"]
    assert four.ask(campaign_id, late) == []
    with unit() as session:
        asked = asking.ask_now(session, campaign_id, Press(), by=four.cast.olive, now=late)
    assert (four.got(asked.id), four.sibling(campaign_id).error) == ({"Ana"}, "")


def test_a_template_that_was_paused_since_is_told_and_nobody_is_dropped(four: Desk) -> None:
    campaign_id = sent(four)
    with unit() as session:
        whatsapp_templates.keep(session, [TEMPLATE | {"status": "PAUSED"}], now=four.now)
    day = four.now + THREE_DAYS
    there = four.sibling(campaign_id)
    with pytest.raises(Refusal) as refused, unit() as session:
        asking.ask(session, there.id, now=day)
    with unit() as session:
        asking.note_trouble(session, there.id, refused.value.sentence, now=day)
    assert (four.sibling(campaign_id).error, four.sibling(campaign_id).asked_at) == (
        refused.value.sentence,
        None,
    )
    with unit() as session:
        whatsapp_templates.keep(session, [TEMPLATE], now=day)
        asked = asking.ask_now(session, campaign_id, Press(), by=four.cast.olive, now=day)
    assert four.got(asked.id) == {"Ana"}


def test_a_shop_that_is_a_copy_asks_nobody(four: Desk) -> None:
    campaign_id = sent(four)
    day = four.now + THREE_DAYS
    with unit() as session:
        assert restoring.hold_overdue(session, "That was before.", now=day) == 1
    assert four.ask(campaign_id, day) == []
    assert four.sibling(campaign_id).error.startswith("That was before.")


def test_who_got_enough_lately_is_not_asked(four: Desk) -> None:
    campaign_id = sent(four)
    with unit() as session:
        limit = {"cap_messages": 1, "cap_days": 7}
        shops.change(session, limit, by=four.cast.olive, now=four.now)
    with reading() as session:
        told = asking.would_ask(session, campaign_id, now=four.now + THREE_DAYS)
    assert (told.reachable, told.count.left_out["enough"]) == (0, 1)
    assert four.ask(campaign_id, four.now + THREE_DAYS) == []


# One record


def test_each_person_counts_once_over_both_channels_and_the_books_balance(desk: Desk) -> None:
    """Read plainly: of all that became of somebody's messages the best word counts."""
    chance, ends = Random(6), [State.SENT, State.UNKNOWN, State.QUEUED, State.FAILED, State.CANCELLED]
    random_shop(desk, chance)
    campaign_id = desk.campaign(Goes.TOGETHER)
    desk.launch(campaign_id)
    of: dict[int, list[State]] = {}
    with unit() as session:
        rows = list(session.scalars(select(Delivery)))
        for row in rows:
            row.state = row.state if row.state is State.SKIPPED else chance.choice(ends)
            of.setdefault(row.customer_id or 0, []).append(row.state)
    best = [min(states, key=[*ends, State.SKIPPED].index) for states in of.values()]
    with reading() as session:
        found = figures.of_campaign(session, campaign_id, now=desk.now)
        sends = dispatches.of_campaign(session, campaign_id)
        each = figures.by_channel(session, sends, now=desk.now)
        asked = reports.Asked()
        (row_,), _ = reports.campaign_rows(session, asked, page=1, size=10)
        listed = deliveries.how_many(session, standing.in_campaign(session, campaign_id))
    books = found.books
    told = (books.sent, books.not_sure, books.queued, books.failed, books.cancelled, books.skipped)
    assert told == tuple(best.count(word) for word in [*ends, State.SKIPPED])
    assert books.recipients == len(of) == listed == len(desk.people)
    assert row_.books == books
    assert {channel: one.books.recipients for channel, one in each.items()} == dict.fromkeys(
        ("email", "whatsapp"), len(desk.people)
    )


def test_a_mail_that_came_back_and_a_message_that_arrived_are_one_person_reached(four: Desk) -> None:
    campaign_id = sent(four)
    with unit() as session:
        session.execute(update(Delivery).where(Delivery.state == State.SENT, Delivery.customer_id == four.people["Ana"].id).values(heard=Heard.BOUNCED))  # fmt: skip
    (asked,) = four.ask(campaign_id, four.now + THREE_DAYS)
    four.settle(asked)
    with unit() as session:
        session.execute(update(Delivery).where(Delivery.dispatch_id == asked).values(heard=Heard.DELIVERED))
    with reading() as session:
        found = figures.of_campaign(session, campaign_id, now=four.now)
    assert (found.books.sent, found.came_back, found.delivered, found.books.skipped) == (3, 0, 1, 1)


@pytest.mark.parametrize("back", list(Part)[:2])
def test_of_two_messages_to_one_person_the_one_that_did_not_come_back_counts(four: Desk, back: Part) -> None:
    campaign_id = sent(four, Goes.TOGETHER)
    for part, dispatch_id in four.parts(campaign_id).items():
        anas = (Delivery.dispatch_id == dispatch_id) & (Delivery.customer_id == four.people["Ana"].id)
        with unit() as session:
            heard = Heard.RETURNED if part is back else Heard.DELIVERED
            session.execute(update(Delivery).where(anas).values(heard=heard))
    with reading() as session:
        found = figures.of_campaign(session, campaign_id, now=four.now)
    assert (found.delivered, found.came_back) == (1, 0)


# What is written


def test_a_copy_says_the_same_elsewhere_and_knows_nothing_of_what_became_of_it(four: Desk) -> None:
    campaign_id = sent(four)
    with unit() as session:
        copy = campaigns.duplicate(session, campaign_id, by=four.cast.olive, now=four.now).id
    there = four.sibling(copy)
    assert (there.content, there.goes, there.due_at, there.asked_at) == (SUNDAY, Goes.AFTER, None, None)


def test_a_change_of_it_is_a_change_of_the_campaign(four: Desk) -> None:
    campaign_id = four.campaign()
    with reading() as session:
        seen = campaigns.get(session, campaign_id).version
    given = {"content": SUNDAY, "goes": "together"}
    for version, wanted in ((seen, seen + 1), (seen + 1, seen + 1)):  # the same once more is no change
        with unit() as session:
            siblings.keep(session, campaign_id, given, by=four.cast.olive, now=four.now, version=version)
            assert campaigns.get(session, campaign_id).version == wanted
    with pytest.raises(Refusal) as refused, unit() as session:
        siblings.keep(session, campaign_id, None, by=four.cast.olive, now=four.now, version=seen)
    assert refused.value.code == "changed_meanwhile"


def test_it_stays_as_it_is_while_scheduled_sending_and_once_asked(four: Desk) -> None:
    given = {"content": SUNDAY, "goes": "together"}
    campaign_id = four.campaign(Goes.AFTER)
    four.launch(campaign_id)
    codes = []
    for step in ("sending", "asked"):
        if step == "asked":
            for dispatch_id in four.parts(campaign_id).values():
                four.settle(dispatch_id)
            four.ask(campaign_id, four.now + THREE_DAYS)
        with pytest.raises(Refusal) as refused, unit() as session:
            siblings.write(session, campaign_id, given, by=four.cast.olive, now=four.now)
        codes.append(refused.value.code)
    assert codes == ["locked", "already_asked"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"goes": "sometimes"}, "goes"),
        ({"after_days": 0}, "afterDays"),
        ({"after_days": "3"}, "afterDays"),
        ({"channel": "sms"}, "also"),
        ({"other": 1}, "also"),
        ({"content": [1]}, "content"),
        ("whatsapp", "also"),
    ],
)
def test_what_can_not_be_kept_is_refused_by_its_field(desk: Desk, given: Any, field: str) -> None:
    campaign_id = desk.campaign(None)
    with pytest.raises(Refusal) as refused, unit() as session:
        siblings.write(session, campaign_id, given, by=desk.cast.olive, now=desk.now)
    assert refused.value.details["field"] == field


def test_a_campaign_by_whatsapp_has_nothing_beside_it(desk: Desk) -> None:
    other, one = desk.campaign(None, channel="whatsapp", content=SUNDAY), desk.campaign()
    with pytest.raises(Refusal, match="Only a campaign by email"), unit() as session:
        siblings.write(session, other, {"content": SUNDAY}, by=desk.cast.olive, now=desk.now)
    with pytest.raises(Refusal, match="Take out first"), unit() as session:
        campaigns.change(session, one, {"channel": "whatsapp"}, by=desk.cast.olive, now=desk.now)


def test_who_may_only_look_can_neither_write_it_nor_ask(four: Desk) -> None:
    campaign_id = sent(four)
    for by in four.cast.who_may_only_look():
        with pytest.raises(Refusal), unit() as session:
            siblings.write(session, campaign_id, {"content": SUNDAY}, by=by, now=four.now)
        with pytest.raises(Refusal), unit() as session:
            asking.ask_now(session, campaign_id, Press(), by=by, now=four.now)
        with pytest.raises(Refusal), unit() as session:
            asking.cancel(session, campaign_id, by=by, now=four.now)
    assert four.sibling(campaign_id).due_at is not None
