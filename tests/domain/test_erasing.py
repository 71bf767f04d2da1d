"""Somebody asks to be forgotten: what goes, what stays, and that nobody writes to them again."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import null, select, text, update
from sqlalchemy.orm import Session

from data.database import reading, unit
from data.whatsapp_twin import payloads
from domain.audience.reach import EMAIL_REACH
from domain.book import consent, customers, erasing, groups, proof, records, search, suppressions
from domain.book.customers import Customer
from domain.book.imports import ImportChange
from domain.book.message_types import EVERY_TYPE, MessageType
from domain.ledger import farewells, received
from domain.ledger.deliveries import Delivery, State
from domain.message import practice, practice_messages
from domain.refusal import Refusal
from domain.results import feedback
from domain.results.providers import whatsapp
from domain.sending import opt_out
from domain.sending.opt_out import Said
from domain.shop import whatsapp_reach
from domain.shop.audit import AuditEntry
from tests.cast import Cast
from tests.domain.test_one_person import card, merged, person, sent_to, states, went_out
from tests.twins.whatsapp import ACCOUNT, posted, wrote

ANA = {
    "first_name": "Anastasia",
    "last_name": "Bergmann",
    "email": "ana@erased.example",
    "phone": "020 7946 0018",
}
TRACES = ("anastasia", "bergmann", "ana@erased", "7946", "opals", "hg1")


def erased(cast: Cast, now: datetime, customer_id: int) -> None:
    with unit() as session:
        farewells.erase(session, customer_id, by=cast.max_, now=now)


def everything() -> str:
    """Every cell of the database, in small letters."""
    with reading() as session:
        tables = session.scalars(
            text("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%fts%'")
        )
        return "\n".join(
            str(session.execute(text(f'SELECT * FROM "{name}"')).all()) for name in tables
        ).lower()


def full_card(cast: Cast, now: datetime) -> int:
    ana = person(
        cast, now, **ANA, notes="Likes opals", tags=["gold"], birthday="--05-17", postcode="HG1 1AA", attrs={"stone": "opals"},
        dates=[{"kind": "custom", "date": "2019-06-08", "note": "opals bought"}], preferences={"newsletter": True},
    )  # fmt: skip
    with unit() as session:
        group = groups.create(session, "Evening", by=cast.olive, now=now)
        groups.add_members(session, group.id, [ana], by=cast.olive, now=now)
        order = records.add(
            session, ana, {"kind": "order", "starts_at": now, "title": "Opals"}, by=cast.olive, now=now
        )
        records.change(session, order.id, {"title": "Two opals"}, by=cast.olive, now=now)
        customers.change(session, ana, {"notes": "Likes black opals"}, by=cast.olive, now=now)
        practice.keep(session, sender="x@shop.example", recipient="ana@erased.example", raw=b"Subject: Anastasia\r\n\r\nHi", now=now)  # fmt: skip
        _by_whatsapp(session, ana, now)
        session.add(ImportChange(import_id=_import(session, now), customer_id=ana, what="changed", before={"first_name": "Anastasia"}))  # fmt: skip
    return ana


def _by_whatsapp(session: Session, ana: int, now: datetime) -> None:
    number = session.get_one(Customer, ana).phone_key or ""
    practice_messages.keep(session, number=number, from_shop=True, message_id="wamid.1", shown={"body": "Dear Anastasia"}, now=now)  # fmt: skip
    whatsapp_reach.turns(session, [number], None, now=now)
    posts = posted(
        wrote("Opals, please. Anastasia", now, number=number, user="US.anastasia"),
        wrote("It is Bergmann again", now, number="", user="US.anastasia", message_id="wamid.in2"),
        payloads.new_number(ACCOUNT, message_id="wamid.s", at=int(now.timestamp()), old=number[1:], new="442079460019", user="US.a"),
    )  # fmt: skip
    feedback.apply(session, whatsapp.read(posts.body), now=now)
    assert received.how_many(session, ana) == 3


def _import(session: Any, now: datetime) -> int:
    from domain.book.imports import Import

    entry = Import(file_name="list.csv", created_at=now)
    session.add(entry)
    session.flush()
    return int(entry.id)


def test_nothing_that_names_the_person_is_left_anywhere(cast: Cast, now: datetime) -> None:
    ana = full_card(cast, now)
    assert all(trace in everything() for trace in TRACES)
    erased(cast, now, ana)
    left = everything()
    assert [trace for trace in TRACES if trace in left] == []
    with reading() as session:
        assert search.page(session, search="anastasia").items == []
        with pytest.raises(Refusal, match="does not exist"):
            customers.get(session, ana)


def test_no_file_of_the_database_holds_the_person_any_more(shop_db: Path, cast: Cast, now: datetime) -> None:
    """Also not the log beside it, nor a page that was given free."""
    ana = full_card(cast, now)
    with unit() as session:  # so many that the pages of the file are split
        session.add_all(_neighbour(number, now) for number in range(3_000))

    def found() -> set[str]:
        whole = b"".join(file.read_bytes() for file in shop_db.parent.glob(f"{shop_db.name}*")).lower()
        return {trace for trace in TRACES if trace.encode() in whole}

    assert found() == set(TRACES)
    erased(cast, now, ana)
    assert found() == set()


def _neighbour(number: int, now: datetime) -> Customer:
    name = f"{'abz'[number % 3]}n{number % 997:03}"
    return Customer(
        first_name=name, last_name=f"{'abcz'[number % 4]}erg{number}", company="", email=f"{name}{number}@e.example", notes="",
        email_key=f"{name}{number}@e.example", email_hash=f"{number * 7919 % 3001:032}", created_at=now, updated_at=now, active_at=now,
    )  # fmt: skip


def test_who_did_what_and_when_stays_in_the_log(cast: Cast, now: datetime) -> None:
    ana = full_card(cast, now)
    erased(cast, now, ana)
    with reading() as session:
        entries = list(
            session.scalars(
                select(AuditEntry).where(
                    AuditEntry.subject_id == ana, AuditEntry.action.startswith("customer.")
                )
            )
        )
        assert [(one.action, one.actor_name, one.before) for one in entries] == [
            ("customer.created", "Olive", None),
            ("customer.changed", "Olive", None),
            ("customer.erased", "Max", None),
        ]
        assert len(proof.history(session, ana)) == 1


def test_the_same_address_brought_in_again_is_not_written_to(cast: Cast, now: datetime) -> None:
    erased(cast, now, person(cast, now, **ANA))
    again = person(cast, now, **ANA)
    with reading() as session:
        for kind in MessageType:
            why = session.scalar(select(consent.why_left_out(EMAIL_REACH, kind)).where(Customer.id == again))
            assert why == "suppressed", kind


def test_others_at_the_same_address_get_what_they_ordered_and_no_marketing(cast: Cast, now: datetime) -> None:
    ana = person(cast, now, **ANA)
    tom = person(cast, now, first_name="Tom", email=ANA["email"])
    with reading() as session:
        asked = erasing.foresee(session, ana)
    assert asked.sharing == ["Tom"]
    assert asked.stays.endswith("Tom at the same address gets no marketing any more either.")
    erased(cast, now, ana)
    with reading() as session:
        why = [
            session.scalar(select(consent.why_left_out(EMAIL_REACH, kind)).where(Customer.id == tom))
            for kind in (MessageType.MARKETING, MessageType.NEWSLETTER, MessageType.OPERATIONAL)
        ]
    assert why == ["suppressed", "suppressed", None]


def test_queued_messages_are_cancelled_and_sent_ones_keep_no_address(cast: Cast, now: datetime) -> None:
    ana = person(cast, now, **ANA)
    person(cast, now, first_name="Tom", email="tom@x.example")
    first = sent_to(cast, now)
    with unit() as session:
        row = session.scalars(select(Delivery).where(Delivery.customer_id == ana)).one()
        row.state, row.reply = State.SENT, "250 ok <ana@erased.example>"
    second = sent_to(cast, now)
    with reading() as session:
        assert farewells.how_many_wait(session, ana) == 1
    erased(cast, now, ana)
    assert states(first) == {None: State.SENT, "tom@x.example": State.QUEUED}
    assert states(second) == {None: State.CANCELLED, "tom@x.example": State.QUEUED}
    assert went_out(second, now) == ["tom@x.example"]
    assert "ana@erased" not in everything()


def test_a_message_in_a_workers_hands_is_not_handed_over_after_the_erasure(cast: Cast, now: datetime) -> None:
    from domain.ledger import steps

    ana = person(cast, now, **ANA)
    dispatch = sent_to(cast, now)
    with unit() as session:
        [held] = steps.claim(session, dispatch, 1, now=now, most=10)
    erased(cast, now, ana)
    pairs = [(held.id, held.attempt)]
    with unit() as session:
        assert (
            steps.hand_over(session, dispatch, 1, pairs, EMAIL_REACH, MessageType.MARKETING, now=now) == set()
        )
        steps.let_go(session, dispatch, 1, pairs, EMAIL_REACH, MessageType.MARKETING, now=now)
    assert states(dispatch) == {None: State.SKIPPED}


def test_the_link_in_an_old_message_still_answers(cast: Cast, now: datetime) -> None:
    ana = person(cast, now, **ANA)
    sent_to(cast, now)
    erased(cast, now, ana)
    with unit() as session:
        delivery = session.scalars(select(Delivery.id)).one()
        of = opt_out.recipient(session, delivery)
        assert of is not None
        opt_out.stop(session, of, EVERY_TYPE, Said("link", "", now))
        assert opt_out.standing(session, of).everything_stopped


def test_cards_that_were_merged_into_it_are_erased_too(cast: Cast, now: datetime) -> None:
    ana = person(cast, now, **ANA)
    other = person(cast, now, first_name="Anastasia", email="old@erased.example")
    merged(cast, now, ana, other)
    erased(cast, now, ana)
    assert "anastasia" not in everything()
    again = person(cast, now, first_name="A", email="old@erased.example")
    with reading() as session:
        why = select(consent.why_left_out(EMAIL_REACH, MessageType.OPERATIONAL)).where(Customer.id == again)
        assert session.scalar(why) == "suppressed"


def test_the_number_of_an_erased_customer_is_nobody_elses(cast: Cast, now: datetime) -> None:
    ana = person(cast, now, **ANA)
    erased(cast, now, ana)
    assert person(cast, now, first_name="Tom") != ana


def test_only_owner_and_manager_may_erase_and_only_once(cast: Cast, now: datetime) -> None:
    ana = person(cast, now, **ANA)
    for by in cast.who_may_only_look():
        with pytest.raises(Refusal, match="you may not"), unit() as session:
            farewells.erase(session, ana, by=by, now=now)
    assert card(ana).email
    erased(cast, now, ana)
    with pytest.raises(Refusal, match="does not exist"):
        erased(cast, now, ana)


def test_somebody_who_was_deleted_before_can_still_ask_to_be_forgotten(cast: Cast, now: datetime) -> None:
    ana = full_card(cast, now)
    with unit() as session:
        customers.delete(session, ana, by=cast.max_, now=now)
    assert "anastasia" in everything()
    erased(cast, now, ana)
    assert [trace for trace in TRACES if trace in everything()] == []
    with pytest.raises(Refusal, match="does not exist"):
        erased(cast, now, ana)


@pytest.mark.parametrize("address", ["ANA@erased.example ", "+44 20 7946 0018", "02079460018"])
def test_an_address_forgets_everybody_who_is_known_by_it(cast: Cast, now: datetime, address: str) -> None:
    deleted, living, joined = (person(cast, now, **ANA) for _ in range(3))
    survivor = person(cast, now, first_name="Anastasia", email="new@erased.example")
    tom = person(cast, now, first_name="Tom", email="tom@x.example")
    merged(cast, now, survivor, joined)
    with unit() as session:
        customers.delete(session, deleted, by=cast.max_, now=now)
    with unit() as session:
        gone = farewells.erase_address(session, address, by=cast.max_, now=now)
    assert gone == [living, survivor, deleted]
    left = everything()
    assert [word for word in ("anastasia", "bergmann", "ana@erased", "7946") if word in left] == []
    assert card(tom).first_name == "Tom"
    with pytest.raises(Refusal, match="Nobody is known by this"), unit() as session:
        farewells.erase_address(session, address, by=cast.max_, now=now)


def moved_on(cast: Cast, now: datetime, customer_id: int) -> None:
    """They wrote that they have another address and number now."""
    with unit() as session:
        fields = {"email": "new@moved.example", "phone": "020 7946 0999"}
        customers.change(session, customer_id, fields, by=cast.max_, now=now)


def why_not(customer_id: int, kind: MessageType = MessageType.OPERATIONAL) -> str | None:
    with reading() as session:
        return session.scalar(
            select(consent.why_left_out(EMAIL_REACH, kind)).where(Customer.id == customer_id)
        )


def test_an_address_they_had_earlier_is_not_written_to_either(cast: Cast, now: datetime) -> None:
    ana = person(cast, now, **ANA)
    moved_on(cast, now, ana)
    erased(cast, now, ana)
    assert why_not(person(cast, now, first_name="A", email=ANA["email"])) == "suppressed"
    assert why_not(person(cast, now, first_name="A", email="new@moved.example")) == "suppressed"
    with reading() as session:
        marks = {suppressions.fingerprint(key) for key in ("+442079460018", "+442079460999")}
        held = select(suppressions.Suppression.address_hash).where(
            suppressions.Suppression.channel == "whatsapp"
        )
        assert set(session.scalars(held)) == marks


def test_an_address_that_only_the_ledger_remembers_is_not_written_to_either(
    cast: Cast, now: datetime
) -> None:
    """Such as one that came with a list, and was corrected by the next."""
    ana = person(cast, now, **ANA)
    sent_to(cast, now)
    corrected = {
        "email": "b@x.example",
        "email_key": "b@x.example",
        "email_hash": suppressions.fingerprint("b@x.example"),
    }
    about_her = AuditEntry.subject_id == ana, AuditEntry.action.startswith("customer.")
    with unit() as session:
        session.execute(update(Customer).where(Customer.id == ana).values(corrected))
        session.execute(update(AuditEntry).where(*about_her).values(before=null(), after=null()))
    erased(cast, now, ana)
    assert "ana@erased" not in everything()
    assert why_not(person(cast, now, first_name="A", email=ANA["email"])) == "suppressed"


def test_an_address_that_is_somebody_elses_today_is_left_to_them(cast: Cast, now: datetime) -> None:
    ana = person(cast, now, **ANA)
    moved_on(cast, now, ana)
    ben = person(cast, now, first_name="Ben", email=ANA["email"])
    erased(cast, now, ana)
    assert why_not(ben, MessageType.MARKETING) is None


@pytest.mark.parametrize("address", ["ANA@erased.example", "0207 946 0018"])
def test_an_address_somebody_had_earlier_goes_from_their_history_and_their_card_stays(
    cast: Cast, now: datetime, address: str
) -> None:
    ana = full_card(cast, now)
    sent_to(cast, now)
    moved_on(cast, now, ana)
    with unit() as session:
        facts = {
            "facts": {"email": ["", ANA["email"]], "phone": [ANA["phone"], ""], "company": ["", "Berg & Co"]}
        }
        session.add(
            ImportChange(import_id=_import(session, now), customer_id=ana, what="changed", before=facts)
        )
    with reading() as session:
        assert [one.id for one in farewells.had_it_earlier(session, address)] == [ana]
    with unit() as session:
        assert farewells.erase_address(session, address, by=cast.max_, now=now) == []
    left = everything()
    gone, other = ("ana@erased", "7946 0018") if "@" in address else ("7946 0018", "ana@erased")
    assert gone not in left
    assert (other in left, "berg & co" in left) == (True, True)
    assert card(ana).email == "new@moved.example"
    with pytest.raises(Refusal, match="Nobody is known by this"), unit() as session:
        farewells.erase_address(session, address, by=cast.max_, now=now)
    if "@" in address:
        assert why_not(person(cast, now, first_name="A", email=ANA["email"])) == "suppressed"


def test_only_who_may_erase_asks_about_an_address(cast: Cast, now: datetime) -> None:
    person(cast, now, **ANA)
    for by in cast.who_may_only_look():
        with pytest.raises(Refusal, match="you may not"), unit() as session:
            farewells.erase_address(session, ANA["email"], by=by, now=now)
    with pytest.raises(Refusal, match="is not an email address"), unit() as session:
        farewells.erase_address(session, "ana@", by=cast.max_, now=now)
