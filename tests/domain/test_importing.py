"""Customers from a file: what will happen is shown first, every refused row has its reason, and a no stays a no."""

import contextlib
import csv
import io
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from data.database import reading, unit
from domain.book import (
    consent,
    customers,
    importing,
    message_types,
    preferences,
    proof,
    reach,
    search,
    table_file,
    taking,
)
from domain.book.importing import Import, Preview, guess_mapping
from domain.book.message_types import MessageType
from domain.book.person import Customer
from domain.book.proof import Consent
from domain.refusal import Kind, Refusal
from domain.shop import audit
from tests.cast import Cast

BASIS = "Customers who signed up at the till"
LIST = """First name,Last name,Email,Phone,Tags,Birthday
Anna,Berg,anna@berg.example,020 7946 0001,"gold; VIP evening",1984-05-17
Ben,Cole,ben@cole.example,,gold,17/05/1990
"""


def take(cast: Cast, now: datetime, content: str | bytes, file: str = "list.csv", **more: Any) -> Import:
    basis = more.pop("basis", BASIS)
    with unit() as session:
        found = importing.open_file(session, as_bytes(content), by=cast.olive, now=now, **more)
        return taking.at_once(session, found, file, basis=basis, by=cast.olive, now=now)


def look(cast: Cast, now: datetime, content: str | bytes, **more: Any) -> Preview:
    with reading() as session:
        return importing.preview(session, as_bytes(content), "list.csv", by=cast.olive, now=now, **more)


def as_bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def people() -> list[Customer]:
    with reading() as session:
        found = search.page(session, limit=200).items
        return [customers.get(session, person.id) for person in found]


def person(email: str) -> Customer:
    with reading() as session:
        number = session.scalar(
            select(Customer.id).where(Customer.email_key == email, Customer.deleted_at.is_(None))
        )
        assert number, f"nobody has the address {email}"
        return customers.get(session, number)


def test_a_list_becomes_customers(cast: Cast, now: datetime) -> None:
    done = take(cast, now, LIST)
    assert (done.added, done.updated, done.unchanged, done.rejected) == (2, 0, 0, [])
    anna = person("anna@berg.example")
    assert (anna.full_name, anna.phone_key, anna.source, anna.import_id) == (
        "Anna Berg",
        "+442079460001",
        "import",
        done.id,
    )
    assert [tag.name for tag in anna.tags] == ["gold", "VIP evening"]
    assert customers.birthday_of(anna) == "1984-05-17"
    assert customers.birthday_of(person("ben@cole.example")) == "1990-05-17"
    with reading() as session:
        assert [found.full_name for found in search.page(session, search="ber").items] == ["Anna Berg"]
        [entry] = audit.of(session, "import.done", done.id)
        assert entry.after == {
            "file": "list.csv",
            "basis": BASIS,
            "added": 2,
            "updated": 0,
            "unchanged": 0,
            "rejected": 0,
        }


def test_looking_writes_nothing(cast: Cast, now: datetime) -> None:
    seen = look(cast, now, LIST + "Cy,,cy@,,,\n")
    assert (seen.encoding, seen.delimiter, seen.will_add, seen.rows) == ("UTF-8", ",", 2, 3)
    assert seen.rejected == [(4, "'cy@' is not an email address")]
    assert seen.sample[0][:3] == ["Anna", "Berg", "anna@berg.example"]
    assert people() == []


def test_the_look_and_the_taking_agree(cast: Cast, now: datetime) -> None:
    take(cast, now, LIST)
    second = LIST.replace("Cole", "Coleman") + "Dora,Eik,dora@eik.example,,,\nDora,Eik,broken,,,\n"
    seen, done = look(cast, now, second), take(cast, now, second)
    assert (seen.will_add, seen.will_update, seen.unchanged) == (1, 1, 1)
    assert (done.added, done.updated, done.unchanged) == (1, 1, 1)
    assert [(row["row"], row["reason"]) for row in done.rejected] == seen.rejected


def test_the_same_file_again_changes_nothing(cast: Cast, now: datetime) -> None:
    several = LIST + "Only,Name,,,,\nNumber,Only,,020 7946 0009,,\n"
    assert take(cast, now, several).added == 4
    again = take(cast, now, several)
    assert (again.added, again.updated, again.unchanged) == (0, 0, 4)


def test_only_filled_cells_change_a_person(cast: Cast, now: datetime) -> None:
    with unit() as session:
        fields = {
            "first_name": "Anna",
            "email": "Anna@Berg.example",
            "notes": "hers",
            "tags": ["old"],
            "attrs": {"a": 1},
        }
        before = customers.create(session, fields, by=cast.olive, now=now).version
    done = take(
        cast,
        now,
        "email,first name,last name,notes,tags,Ring\nanna@berg.example,,Berg,file,new,54\n",
        mapping={
            "email": "email", "first name": "first_name", "last name": "last_name",
            "notes": "notes", "tags": "tags", "Ring": "attrs.ring size",
        },
    )  # fmt: skip
    anna = person("anna@berg.example")
    assert done.updated == 1
    assert (anna.full_name, anna.email, anna.notes) == ("Anna Berg", "Anna@Berg.example", "hers")
    assert {tag.name for tag in anna.tags} == {"old", "new"}
    assert anna.attrs == {"a": 1, "ring size": "54"}
    assert anna.version > before


def test_one_person_twice_in_a_file_is_one_person(cast: Cast, now: datetime) -> None:
    file = "email,first name,tags\na@b.example,Anna,gold\nA@B.example,,pearls\n"
    done = take(cast, now, file)
    assert done.added == 1
    assert {tag.name for tag in person("a@b.example").tags} == {"gold", "pearls"}


def test_a_shared_address_meets_the_person_of_that_name(cast: Cast, now: datetime) -> None:
    with unit() as session:
        for name in ("Anna", "Ben"):
            fields = {"first_name": name, "last_name": "Berg", "email": "family@berg.example"}
            customers.create(session, fields, by=cast.olive, now=now)
    take(cast, now, "email,first name,last name,tags\nfamily@berg.example,Ben,Berg,gold\n")
    assert {found.first_name: [tag.name for tag in found.tags] for found in people()} == {
        "Anna": [],
        "Ben": ["gold"],
    }


def test_a_shared_number_does_not_join_two_people(cast: Cast, now: datetime) -> None:
    take(cast, now, "first name,email,phone\nAnna,anna@berg.example,020 7946 0001\n")
    done = take(cast, now, "first name,email,phone\nBen,ben@berg.example,020 7946 0001\nCy,,020 7946 0001\n")
    assert (done.added, done.unchanged) == (2, 0)
    assert take(cast, now, "phone\n02079460001\n").unchanged == 1


# ---- a no stays a no (D8)


def test_an_import_never_subscribes_anybody_again(cast: Cast, now: datetime) -> None:
    take(cast, now, LIST)
    anna = person("anna@berg.example").id
    with unit() as session:
        consent.withdraw(session, anna, "email", message_types.EVERY_TYPE, how="link", now=now)
    take(cast, now, "email,Accepts Email Marketing,Unsubscribed\nanna@berg.example,yes,no\n")
    assert person("anna@berg.example").marketing_opt_out


@pytest.mark.parametrize(
    ("heading", "cell", "out"),
    [
        ("Unsubscribed", "yes", True),
        ("Unsubscribed", "No", False),
        ("Unsubscribed", "", False),
        ("UNSUB_TIME", "2025-03-01 10:00:00", True),
        ("Accepts Email Marketing", "no", True),
        ("Accepts Email Marketing", "yes", False),
        ("Email Subscription Status", "Unsubscribed", True),
        ("Abgemeldet", "nein", False),
        ("Status", "cleaned", True),
    ],
)
def test_a_column_about_consent_can_only_say_no(
    cast: Cast, now: datetime, heading: str, cell: str, out: bool
) -> None:
    take(cast, now, f"email,{heading}\na@b.example,{cell}\n")
    found = person("a@b.example")
    assert found.marketing_opt_out is out
    with reading() as session:
        assert [line.allowed for line in proof.history(session, found.id)] == [not out]


def test_each_new_person_has_a_line_of_proof(cast: Cast, now: datetime) -> None:
    take(cast, now, LIST, file="C:\\lists\\summer.csv")
    with reading() as session:
        lines = list(session.scalars(select(Consent)))
    assert [(line.how, line.allowed, line.source, line.wording, line.by_name) for line in lines] == [
        ("import", True, "summer.csv", BASIS, "Olive")
    ] * 2
    assert lines[0].address_hash == person("anna@berg.example").email_hash


def test_somebody_who_left_after_saying_no_comes_back_with_that_no(cast: Cast, now: datetime) -> None:
    take(cast, now, LIST)
    anna, ben = person("anna@berg.example").id, person("ben@cole.example").id
    with unit() as session:
        consent.withdraw(session, anna, "email", message_types.EVERY_TYPE, how="link", now=now)
        consent.withdraw(session, ben, "email", MessageType.NEWSLETTER, how="link", now=now)
        reach.mark_address(session, ben, "bounced")
    with unit() as session:
        customers.delete(session, anna, by=cast.olive, now=now)
        customers.delete(session, ben, by=cast.olive, now=now)
    assert take(cast, now, LIST).added == 2
    assert person("anna@berg.example").marketing_opt_out
    back = person("ben@cole.example")
    assert (back.marketing_opt_out, back.email_trouble) == (False, "bounced")
    with reading() as session:
        assert preferences.allows(session, back.id, "email", "newsletter") is False


def test_a_reason_for_writing_to_them_is_asked_for(cast: Cast, now: datetime) -> None:
    with pytest.raises(Refusal, match="why you may write"):
        take(cast, now, LIST, basis=" ")
    assert take(cast, now, "Name,Phone\nAnna,020 7946 0001\n", basis="").added == 1


# ---- rows that can't be taken, and cells that are left out


def test_every_refused_row_has_its_number_and_its_reason(cast: Cast, now: datetime) -> None:
    seen = look(
        cast,
        now,
        "email,first name,phone\nok@b.example,,\nanna@,Anna,\n\n,,\njürg@b.example,,\na@b.example,x,y,more\n"
        + f"c@b.example,{'x' * 121},\n,,12\n",
    )
    assert seen.rejected == [
        (3, "'anna@' is not an email address"),
        (
            6,
            "'jürg@b.example' has a letter before the @ that most mail systems can't deliver. Use plain letters there",
        ),
        (7, "it has 4 cells, but there are 3 headings"),
        (8, "First name: this can have at most 120 characters"),
        (9, "there is no email address, phone number or name"),
    ]
    assert seen.will_add == 1


def test_what_is_only_good_to_know_is_left_out_with_a_warning(cast: Cast, now: datetime) -> None:
    file = (
        "email,phone,birthday,status,language\n"
        "a@gmial.com,call me,someday,king,Klingon!\nb@b.example,,,vip,de_AT\nc@b.example,,,VIP,\n"
    )
    seen = look(cast, now, file)
    assert seen.will_add == 3
    assert [part for part in ("call me", "someday", "king", "Klingon!", "a@gmail.com") if part in " ".join(seen.warnings)] == [
        "call me", "someday", "king", "Klingon!", "a@gmail.com",
    ]  # fmt: skip
    take(cast, now, file)
    assert [person(f"{who}@b.example").status for who in "bc"] == ["vip", "vip"]
    assert person("b@b.example").language == "de-AT"


def test_a_file_without_a_telling_column_names_what_is_missing(cast: Cast, now: datetime) -> None:
    file = "Colour,Size\nred,5\n"
    assert "Colour, Size" in look(cast, now, file).problem
    with pytest.raises(Refusal, match="email address, a phone number or a name"):
        take(cast, now, file)


@pytest.mark.parametrize(
    ("mapping", "part"),
    [
        ({"Mail": "email"}, "no column called Mail"),
        ({"Email": "shoe"}, "no field called shoe"),
        ({"Email": "email", "Phone": "email"}, "Two columns"),
        ({"Email": "attrs."}, "no field called attrs"),
    ],
)
def test_a_choice_of_columns_that_cannot_be_is_refused(
    cast: Cast, now: datetime, mapping: dict[str, str], part: str
) -> None:
    with pytest.raises(Refusal, match=part):
        take(cast, now, LIST, mapping=mapping)


def test_only_owner_and_manager_may_bring_people_in(cast: Cast, now: datetime) -> None:
    for actor in cast.who_may_only_look():
        with pytest.raises(Refusal, match="you may not"), unit() as session:
            importing.open_file(session, LIST.encode(), by=actor, now=now)


def test_trouble_half_way_leaves_nothing(cast: Cast, now: datetime) -> None:
    with unit() as session:
        session.execute(
            text(
                "CREATE TRIGGER trouble BEFORE INSERT ON customers WHEN new.first_name = 'Ben'"
                " BEGIN SELECT RAISE(ABORT, 'disk full'); END"
            )
        )
    with pytest.raises(Exception, match="disk full"):
        take(cast, now, LIST)
    with reading() as session:
        for table in (Customer, Import, Consent):
            assert session.scalar(select(func.count()).select_from(table)) == 0


# ---- files as other programs write them


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_letters_and_separators_are_found_out(
    cast: Cast, now: datetime, encoding: str, shown: str, delimiter: str
) -> None:
    rows = ["Vorname;Nachname;E-Mail-Adresse", "Jörg;Müßig;joerg@muessig.example", "Zoë;Łuć;zoe@luc.example"]
    seen = look(cast, now, "\r\n".join(rows).replace(";", delimiter).encode(encoding))
    assert (seen.encoding, seen.delimiter, seen.will_add) == (shown, delimiter, 2)
    assert seen.sample[0][:2] == ["Jörg", "Müßig"]


def test_old_western_letters_come_out_right(cast: Cast, now: datetime) -> None:
    rows = "Prénom;Nom;Courriel\nÉtienne;Lefèvre;e@l.example\nHélène;Garçon;h@g.example\nJürgen;Weiß;j@w.example\n"
    take(cast, now, rows.encode("cp1252"))
    assert {found.full_name for found in people()} == {"Étienne Lefèvre", "Hélène Garçon", "Jürgen Weiß"}


def test_other_alphabets_are_told_apart_and_a_wrong_guess_can_be_put_right(cast: Cast, now: datetime) -> None:
    rows = (
        "Имя;Email\nПётр Иванович;p@i.example\nНаталья Ковалёва;n@k.example\nОльга Дмитриевна;o@d.example\n"
    )
    assert look(cast, now, rows.encode("cp1251")).sample[0][0] == "Пётр Иванович"
    czech = "Name;Email\nŘehoř Dvořák;r@d.example\n".encode("cp1250")
    assert look(cast, now, czech, encoding="cp1250").sample[0][0] == "Řehoř Dvořák"
    with pytest.raises(Refusal, match="Choose one of"):
        look(cast, now, czech, encoding="rot13")


def test_quotes_hold_separators_and_line_ends(cast: Cast, now: datetime) -> None:
    take(cast, now, 'email,company,notes\na@b.example,"Cole, ""Sons"" & Co","one\ntwo"\n')
    found = person("a@b.example")
    assert (found.company, found.notes) == ('Cole, "Sons" & Co', "one\ntwo")


def test_repeated_and_empty_headings_get_names_of_their_own(cast: Cast, now: datetime) -> None:
    assert look(cast, now, "Email,Phone,,phone\na@b.example,,x,\n").headers == [
        "Email",
        "Phone",
        "Column 3",
        "phone (2)",
    ]


def test_a_bare_list_of_addresses_is_enough(cast: Cast, now: datetime) -> None:
    done = take(cast, now, "anna@berg.example\nben@cole.example\n")
    assert done.added == 2


def test_nuls_short_rows_and_the_line_of_excel_do_no_harm(cast: Cast, now: datetime) -> None:
    done = take(cast, now, "sep=;\r\nemail;first name;tags\r\na@b.example;An\x00na\r\n")
    assert (done.added, person("a@b.example").first_name) == (1, "Anna")


@pytest.mark.parametrize(
    ("raw", "part"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n\r\n", "empty"),
        (b"\x00\x00\x00", "empty"),
        (b"PK\x03\x04rest", "damaged"),
        (b"%PDF-1.7", "PDF"),
        (b"x" * (table_file.MOST_BYTES + 1), "larger than 60 MB"),
        (b"," * 400 + b"\n", "empty"),
        (b"a," * 400, "more than 300 columns"),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(
    cast: Cast, now: datetime, raw: bytes, part: str
) -> None:
    with pytest.raises(Refusal, match=part):
        look(cast, now, raw)


def test_a_huge_cell_costs_only_its_row(cast: Cast, now: datetime) -> None:
    seen = look(cast, now, f"email,notes\na@b.example,{'x' * 1_000_001}\nb@b.example,short\n")
    assert (seen.will_add, [row for row, _ in seen.rejected]) == (1, [2])


def test_a_quote_that_never_closes_is_told(cast: Cast, now: datetime) -> None:
    seen = look(cast, now, 'email,notes\na@b.example,"oops\nb@b.example,fine\n')
    assert any("never closed" in warning for warning in seen.warnings)


@pytest.mark.thorough
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    raw=st.binary(max_size=400)
    | st.text(max_size=200).map(lambda words: ("email,name\n" + words).encode("utf-8", "replace"))
)
def test_no_file_makes_the_import_fall_over(cast: Cast, now: datetime, raw: bytes) -> None:
    with contextlib.suppress(Refusal):
        seen = look(cast, now, raw)
        assert seen.will_add + seen.will_update + seen.unchanged <= seen.rows


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.text("abcäöÜ ,;\"'\n=+", min_size=1, max_size=12), min_size=1, max_size=8))
def test_what_was_written_as_csv_is_read_as_it_was(names: list[str]) -> None:
    file = io.StringIO()
    csv.writer(file).writerows(
        [["email", "notes"], *([f"p{n}@b.example", name] for n, name in enumerate(names))]
    )
    table = table_file.read(file.getvalue().encode())
    assert [cells[1].replace("\r\n", "\n") for _, cells in table.rows] == names


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ("Email Address|First Name|Last Name|Phone Number|Birthday|TAGS|NOTES", "email first_name last_name phone birthday tags notes"),
        ("First Name|Last Name|Email|Accepts Email Marketing|Default Address Company|Phone|Tags|Note", "first_name last_name email subscribed company phone tags notes"),
        ("First Name|Last Name|Company Name|Email Address|Phone Number|Birthday|Memo|Email Subscription Status", "first_name last_name company email phone birthday notes subscribed"),
        ("EMAIL|PRENOM|NOM|SMS", "email first_name last_name phone"),
        ("Vorname|Nachname|E-Mail-Adresse|Telefon|Geburtsdatum|Firma", "first_name last_name email phone birthday company"),
        ("Prénom|Nom de famille|Adresse e-mail|Téléphone|Société", "first_name last_name email phone company"),
        ("Nombre|Apellidos|Correo electrónico|Teléfono móvil|Cumpleaños", "first_name last_name email phone birthday"),
        ("Name|E-mail 1 - Value|Phone 1 - Value", "full_name email phone"),
    ],
)  # fmt: skip
def test_usual_headings_are_known(headers: str, expected: str) -> None:
    names = headers.split("|")
    wanted = {name: field for name, field in zip(names, expected.split(), strict=True) if field != "-"}
    assert guess_mapping(names) == wanted


def test_a_full_name_is_taken_apart(cast: Cast, now: datetime) -> None:
    take(cast, now, 'Name,Email\nAnna Maria Berg,a@b.example\n"Cole, Ben",b@b.example\nCher,c@b.example\n')
    assert [(p.first_name, p.last_name) for p in people()] == [
        ("Cher", ""),
        ("Anna Maria", "Berg"),
        ("Ben", "Cole"),
    ]


@pytest.mark.parametrize(
    ("cells", "birthday"),
    [
        (["05/06/1990", "05/17/1991"], "1990-05-06"),
        (["05/06/1990", "17/05/1991"], "1990-06-05"),
        (["5.6.", ""], "--06-05"),
    ],
)
def test_one_telling_day_decides_the_order_of_all(
    cast: Cast, now: datetime, cells: list[str], birthday: str
) -> None:
    rows = "".join(f"p{n}@b.example,{cell}\n" for n, cell in enumerate(cells))
    take(cast, now, "email,birthday\n" + rows)
    assert customers.birthday_of(person("p0@b.example")) == birthday


def test_a_conflict_of_kinds_is_not_a_crash(cast: Cast, now: datetime) -> None:
    with pytest.raises(Refusal) as caught:
        take(cast, now, LIST, mapping={"nope": "email"})
    assert caught.value.kind is Kind.MALFORMED
