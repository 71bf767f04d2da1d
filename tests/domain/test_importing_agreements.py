"""Who agreed to WhatsApp, as a list has it: a yes counts with what it rests on, a no always, and the later word wins."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from data.database import reading, unit
from domain.audience.reach import EMAIL_REACH, WHATSAPP_REACH
from domain.book import (
    agreeing,
    agreements,
    consent,
    customers,
    exporting,
    importing,
    preferences,
    proof,
    proof_sheet,
    taking,
    undoing,
    wordings,
)
from domain.book.importing import Import, Preview
from domain.book.message_types import MessageType
from domain.book.person import Customer
from domain.refusal import Refusal
from domain.results.whatsapp import wishes
from domain.shop.people import Actor
from tests.cast import Cast

LIST = """First name,Phone,WhatsApp opt-in
Anna,020 7946 0001,yes
Ben,020 7946 0002,no
Cleo,020 7946 0003,
"""
STATED = {"how": "Ticked the box on our order form", "day": "2026-05-03"}
MARKETING = MessageType.MARKETING


class Desk:
    """What Olive brings, and what then counts for messages by WhatsApp."""

    def __init__(self, by: Actor, now: datetime) -> None:
        self.by, self.now = by, now

    def take(self, content: str, **stated: Any) -> Import:
        options = {"whatsapp": stated}
        with unit() as session:
            found = importing.open_file(session, content.encode(), options=options, by=self.by, now=self.now)
            return taking.at_once(
                session,
                found,
                "list.csv",
                basis="Signed up at the till",
                options=options,
                by=self.by,
                now=self.now,
            )

    def look(self, content: str, **stated: Any) -> Preview:
        options = {"whatsapp": stated}
        with reading() as session:
            return importing.preview(
                session, content.encode(), "list.csv", options=options, by=self.by, now=self.now
            )

    def undo(self, entry: Import, written_to: set[int] | None = None) -> None:
        with unit() as session:
            going = undoing.begin(session, entry.id, by=self.by, now=self.now)
            while not undoing.is_over(going):
                undoing.go_on(session, going, lambda *_: written_to or set(), now=self.now)
            undoing.finish(session, going, now=self.now)

    def person(self, name: str) -> Customer:
        with reading() as session:
            found = session.scalar(
                select(Customer).where(Customer.first_name == name).order_by(Customer.id.desc())
            )
        assert found is not None
        return found

    def word(self, name: str) -> bool | None:
        with reading() as session:
            return preferences.allows(session, self.person(name).id, "whatsapp", MARKETING)

    def may_be_written_to(self) -> set[str]:
        """What every count and the launch ask."""
        why = consent.why_left_out(WHATSAPP_REACH, MARKETING)
        with reading() as session:
            there = select(Customer.first_name).where(Customer.deleted_at.is_(None), why.is_(None))
            return set(session.scalars(there))

    def says(self, name: str, allowed: bool, at: datetime) -> None:
        """Themselves, by whichever way."""
        with unit() as session:
            person = customers.get(session, self.person(name).id)
            wishes.say(session, [person], person.phone_key or "", allowed, how="staff", at=at)

    def write_in(self, name: str, **more: Any) -> int:
        with unit() as session:
            return customers.create(session, {"first_name": name, **more}, by=self.by, now=self.now).id


@pytest.fixture
def desk(cast: Cast, now: datetime) -> Desk:
    return Desk(cast.olive, now)


def test_without_a_basis_the_list_comes_in_and_nobody_is_opted_in(desk: Desk) -> None:
    seen = desk.look(LIST)
    assert (seen.will_add, seen.whatsapp.claimed, seen.whatsapp.agreed, seen.is_agreement_stated) == (
        3,
        1,
        0,
        False,
    )
    done = desk.take(LIST, everybody=True)
    assert (done.added, agreeing.told_of(done).claimed) == (3, 2)  # Ben's row says no
    assert desk.may_be_written_to() == set()
    assert [desk.word(name) for name in ("Anna", "Ben", "Cleo")] == [None, False, None]


def test_with_a_basis_those_marked_are_opted_in_and_the_proof_says_why(desk: Desk) -> None:
    words = "Yes, write to me by WhatsApp about offers."
    done = desk.take(LIST, **STATED, words=words)
    assert agreeing.told_of(done) == desk_told(claimed=1, agreed=1, refused=1)
    assert desk.may_be_written_to() == {"Anna"}
    with reading() as session:
        lines = [one for one in proof.history(session, desk.person("Anna").id) if one.channel == "whatsapp"]
        shown = wordings.of(session, [one.wording_id for one in lines])
    assert {(one.message_type, one.allowed, one.how, one.by_name) for one in lines} == {
        ("marketing", True, "import", "Olive"),
        ("newsletter", True, "import", "Olive"),
    }
    assert {one.wording for one in lines} == {"Ticked the box on our order form (3 May 2026)"}
    assert {one.source for one in lines} == {f"list.csv (import {done.id})"}
    assert set(shown.values()) == {words}
    with unit() as session:
        sheet = proof_sheet.draw(session, desk.person("Anna").id, by=desk.by, now=desk.now)
    assert [one.shown for one in sheet.lines if one.said.channel == "whatsapp"] == [
        f"Ticked the box on our order form (3 May 2026). They saw: {words}"
    ] * 2


def desk_told(**counts: int) -> Any:
    return agreements.Told(**counts)


def test_everybody_means_everybody_but_a_no_and_whoever_was_never_asked(desk: Desk) -> None:
    content = LIST + "Dan,020 7946 0004,not subscribed\nEve,,yes\nFay,no number,yes\n"
    told = agreeing.told_of(desk.take(content, **STATED, everybody=True))
    assert desk.may_be_written_to() == {"Anna", "Cleo"}
    assert (told.claimed, told.agreed, told.nowhere, told.refused) == (4, 2, 2, 1)
    assert desk.word("Eve") is None, "a yes with no number is nobody's"


@pytest.mark.parametrize("heading", ["accepts_whatsapp", "WhatsApp Marketing Consent", "Einwilligung WhatsApp",
                                     "Consentement WhatsApp", "Toestemming WhatsApp", "Consenso WhatsApp"])  # fmt: skip
@pytest.mark.parametrize(("cell", "meant"), [("TRUE", True), ("ja", True), ("2026-04-01", True), ("opted-out", False),
                                             ("nein", False), ("perhaps", None), ("pending", None)])  # fmt: skip
def test_headings_and_cells_of_other_programs_are_understood(
    desk: Desk, heading: str, cell: str, meant: bool | None
) -> None:
    desk.take(f"First name,Phone,{heading}\nAnna,020 7946 0001,{cell}\n", **STATED)
    assert desk.word("Anna") is meant


def test_a_no_is_overruled_only_by_a_yes_that_is_stated_to_be_later(desk: Desk) -> None:
    for name, number in (("Anna", "020 7946 0001"), ("Cleo", "020 7946 0003")):
        desk.write_in(name, phone=number)
        desk.says(name, False, datetime(2026, 5, 3, 9, tzinfo=desk.now.tzinfo))
    everybody = "First name,Phone\nAnna,020 7946 0001\nCleo,020 7946 0003\n"
    for day in ({}, {"day": "2026-05-02"}, {"day": "2026-05-03"}):  # unknown, before, and the same day
        told = agreeing.told_of(desk.take(everybody, how="Signed a card", everybody=True, **day))
        assert (told.agreed, told.held) == (0, 2), day
    dated = "First name,Phone,WhatsApp opt-in date\nAnna,020 7946 0001,2026-05-04\nCleo,020 7946 0003,2026-05-02\n"
    desk.take(dated, how="Signed a card")
    assert desk.may_be_written_to() == {"Anna"}


def test_a_no_outlives_the_card_on_which_it_was_said(desk: Desk, cast: Cast) -> None:
    gone = desk.write_in("Anna", phone="020 7946 0001")
    desk.says("Anna", False, desk.now - timedelta(days=1))
    with unit() as session:
        customers.delete(session, gone, by=cast.olive, now=desk.now)
    told = agreeing.told_of(desk.take(LIST, how="Signed a card"))
    assert (told.agreed, told.held) == (0, 1)


def test_a_stop_that_is_told_late_still_beats_a_yes_without_a_day(desk: Desk) -> None:
    """Webhooks come hours late; what a list says without a day is older than any of them."""
    desk.take(LIST, how="Signed a card")
    assert desk.may_be_written_to() == {"Anna"}
    desk.says("Anna", False, desk.now - timedelta(hours=3))
    assert desk.may_be_written_to() == set()


def test_a_no_in_a_list_is_for_everybody_with_that_number(desk: Desk) -> None:
    """Also for the other one in the same file, whose row says yes."""
    for name in ("Zoe", "Yan"):
        desk.write_in(name, phone="020 7946 0009")
        desk.says(name, True, desk.now - timedelta(days=9))
    desk.take("First name,Phone,WhatsApp consent\nZoe,020 7946 0009,no\nXena,020 7946 0009,yes\n", **STATED)
    assert desk.may_be_written_to() == set()
    assert [desk.word(name) for name in ("Zoe", "Yan", "Xena")] == [False, False, None]


def test_a_number_that_the_card_does_not_keep_opts_nobody_in(desk: Desk) -> None:
    desk.write_in("Anna", email="anna@berg.example", phone="020 7946 0001")
    desk.take("Email,Phone,WhatsApp consent\nanna@berg.example,nonsense,yes\n", **STATED)
    assert desk.may_be_written_to() == set()


def test_who_wants_no_marketing_at_all_is_not_opted_in(desk: Desk, cast: Cast) -> None:
    number = desk.write_in("Anna", phone="020 7946 0001")
    with unit() as session:
        consent.set_by_staff(session, number, opted_out=True, reason="", by=cast.olive, now=desk.now)
    assert agreeing.told_of(desk.take(LIST, **STATED)).held == 1
    assert desk.word("Anna") is None


def test_a_no_to_mail_beside_a_yes_to_whatsapp_is_about_mail(desk: Desk) -> None:
    """As Shopify writes them, in a column each."""
    row = "First name,Email,Phone,Accepts Email Marketing,Accepts WhatsApp Marketing\n{},{}@x.example,{},no,{}\n"
    desk.take(row.format("Anna", "anna", "020 7946 0001", "yes"), **STATED)
    desk.take(row.format("Ben", "ben", "020 7946 0002", ""), **STATED, everybody=True)
    assert desk.may_be_written_to() == {"Anna"}
    with reading() as session:
        why = consent.why_left_out(EMAIL_REACH, MARKETING)
        assert set(session.scalars(select(why))) == {"opted_out"}


def test_a_no_that_is_taken_away_comes_back_with_its_file(desk: Desk, cast: Cast) -> None:
    """Handbill's own table, into an empty book."""
    desk.take(LIST, **STATED)
    with unit() as session:
        tables = exporting.Tables(session, "customers")
        rows = list(tables.rows(exporting.people(session)))
        for number in [row[0] for row in rows]:
            farewell = customers.get(session, number)
            farewell.phone_key = farewell.phone_hash = None
            customers.delete(session, number, by=cast.olive, now=desk.now)
    lines = [",".join(tables.headings()), *(",".join(str(cell) for cell in row) for row in rows)]
    told = agreeing.told_of(desk.take("\n".join(lines)))
    assert (told.claimed, told.agreed, told.refused) == (1, 0, 1)
    assert [desk.word(name) for name in ("Anna", "Ben", "Cleo")] == [None, False, None]


def test_taking_the_import_back_takes_its_answers_back(desk: Desk) -> None:
    number = desk.write_in("Anna", phone="020 7946 0001")
    desk.says("Anna", False, datetime(2026, 1, 3, tzinfo=desk.now.tzinfo))
    entry = desk.take(LIST, **STATED, everybody=True)
    assert desk.may_be_written_to() == {"Anna", "Cleo"}
    stays = desk.person("Cleo").id
    desk.undo(entry, written_to={stays})  # she got a message, so her card stays; the yes of the list does not
    assert desk.may_be_written_to() == set()
    assert desk.word("Anna") is False, "what she had said before counts again"
    assert desk.word("Cleo") is None
    with reading() as session:
        last = proof.history(session, number)[0]
    assert (last.allowed, last.source) == (False, f"list.csv (import {entry.id}): taken back")
    assert (
        agreeing.told_of(desk.take(LIST, how="Signed a card", day="2025-12-01")).held == 1
    )  # her own no, still
    assert desk.word("Ben") is False, "his no came back with his row"


def test_what_somebody_said_since_stays_when_the_import_is_taken_back(desk: Desk) -> None:
    desk.write_in("Anna", phone="020 7946 0001")
    entry = desk.take(LIST, **STATED)
    desk.says("Anna", True, desk.now + timedelta(minutes=1))
    desk.undo(entry)
    assert desk.word("Anna") is True


@pytest.mark.parametrize("day", ["tomorrow", "2026-13-01", "2999-01-01", "1999-01-01"])
def test_a_day_on_which_nobody_can_have_agreed_is_refused(desk: Desk, day: str) -> None:
    with pytest.raises(Refusal) as no:
        desk.look(LIST, how="Signed a card", day=day)
    assert no.value.details["field"] == "whatsapp_day"


def test_only_an_answer_changes_and_that_is_counted(desk: Desk) -> None:
    desk.take(LIST)
    seen = desk.look(LIST, **STATED)
    assert (seen.will_add, seen.will_update, seen.unchanged) == (0, 1, 2)
    done = desk.take(LIST, **STATED)
    assert (done.updated, done.unchanged) == (1, 2)
    assert desk.look(LIST, **STATED).will_update == 0
