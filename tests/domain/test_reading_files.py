"""Lists as people bring them: pasted, ambiguous, hostile. Each refused row has its reason, each question a real cell."""

import contextlib
import time
import tracemalloc
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import phonenumbers
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.book import columns, contact, pasted, phone_rules, table_file
from domain.book.amounts import read_amount
from domain.book.days import read_day
from domain.book.incoming import Reading, Shop, read_people
from domain.book.incoming_records import IncomingRecords, read_records
from domain.book.moments import read_moment
from domain.refusal import Refusal
from tests.load import hostile

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
COUNTRIES = [
    "GB",
    "DE",
    "FR",
    "NL",
    "ES",
    "IT",
    "US",
    "CA",
    "AT",
    "CH",
    "AU",
    "IE",
    "GG",
    "BR",
    "AR",
    "MX",
    "JP",
    "IN",
]


def people(raw: bytes | str, country: str = "GB", **options: str) -> Reading:
    table = table_file.read(raw.encode() if isinstance(raw, str) else raw)
    mapping = columns.guess_mapping(table.headers)
    mapping = mapping or columns.guess_by_cells([cells for _, cells in table.rows[:20]], table.headers)
    return read_people(table, mapping, Shop(country, {}), NOW, options)


def orders(raw: str, country: str = "GB", **options: str) -> IncomingRecords:
    table = table_file.read(raw.encode())
    shop = Shop(country, {}, "Europe/London", "GBP", {"repair": "repair"})
    return read_records(table, columns.guess_mapping(table.headers, "order"), "order", shop, NOW, options)


# ---- pasted


@pytest.mark.parametrize(
    "text",
    [
        "anna@x.example\nben@y.example",
        "anna@x.example, ben@y.example",
        "Anna Berg <anna@x.example>; Ben Cole <ben@y.example>",
        '"Berg, Anna" <anna@x.example>, Ben Cole ben@y.example',
        "mailto:anna@x.example\r\n\r\n  ben@y.example  ",
        "Email\nanna@x.example\nben@y.example",
        "Name\tEmail\nAnna Berg\tanna@x.example\nBen Cole\tben@y.example",
        "Anna,Berg,anna@x.example\nBen,Cole,ben@y.example",
    ],
)
def test_pasted_addresses_are_found_however_they_stand(text: str) -> None:
    reading = people(pasted.as_file(text))
    assert [person.email_key for person in reading.people] == ["anna@x.example", "ben@y.example"]
    assert reading.rejected == []


def test_names_beside_pasted_addresses_are_kept() -> None:
    lists = 'Anna Berg <anna@x.example>, "Cole, Ben" <ben@y.example>'
    assert [person.name for person in people(pasted.as_file(lists)).people] == [
        ("anna", "berg"),
        ("ben", "cole"),
    ]
    lines = "Anna,Berg,anna@x.example,020 7946 0001\nBen,Cole,ben@y.example,020 7946 0002"
    anna, ben = people(pasted.as_file(lines)).people
    assert (anna.name, ben.phone_key) == (("anna", "berg"), "+442079460002")


def test_what_is_no_address_in_a_pasted_list_is_refused_with_a_reason() -> None:
    reading = people(pasted.as_file("anna@x.example, nonsense, ben@@y.example"))
    assert [person.email_key for person in reading.people] == ["anna@x.example"]
    assert [row for row, _ in reading.rejected] == [3, 4]
    with pytest.raises(Refusal, match="empty"):
        people(pasted.as_file(" \n "))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_nothing_that_is_pasted_makes_it_fall_over(text: str) -> None:
    with contextlib.suppress(Refusal):
        reading = people(pasted.as_file(text))
        assert all(reason for _, reason in reading.rejected)


# ---- days and numbers that can be read in two ways


def test_a_day_that_can_be_read_in_two_ways_is_a_question_with_a_real_cell() -> None:
    file = "Email,Birthday\na@b.example,03/04/1990\nc@d.example,5/5/1991\n"
    [asked] = people(file).ambiguities
    assert (asked.about, asked.column, asked.sample) == ("dates", "Birthday", "03/04/1990")
    assert asked.readings == (("day_first", "3 April"), ("month_first", "4 March"))
    assert asked.assumed == "day_first"
    assert str(people(file).people[0].days["birthday"]) == "1990-04-03"
    assert str(people(file, dates="month_first").people[0].days["birthday"]) == "1990-03-04"
    assert people(file, "US").ambiguities[0].assumed == "month_first"


@pytest.mark.parametrize("telling", ["17/04/1990", "04/17/1990"])
def test_one_cell_that_gives_it_away_answers_for_its_column(telling: str) -> None:
    reading = people(f"Email,Birthday\na@b.example,{telling}\nc@d.example,03/04/1990\n", dates="month_first")
    assert reading.ambiguities == []
    assert [person.days["birthday"].month for person in reading.people] == [4, 4 if telling[0] == "1" else 3]


@pytest.mark.parametrize("cell", ["1990-04-03", "3.4.1990", "3 April 1990", "April 3, 1990", "5/5/1990", ""])
def test_a_plain_day_is_no_question(cell: str) -> None:
    assert people(f'Email,Birthday\na@b.example,"{cell}"\n').ambiguities == []


def test_an_amount_that_can_be_read_in_two_ways_is_a_question() -> None:
    file = "Order number,Email,Date,Total\n1,a@b.example,2026-05-01,1.234\n"
    [asked] = orders(file).ambiguities
    assert (asked.about, asked.sample, asked.assumed) == ("numbers", "1.234", "point")
    assert asked.readings == (("comma", "1,234.00"), ("point", "1.23"))
    assert orders(file, numbers="comma").records[0].columns["amount"] == 123400
    assert orders(file, "DE").ambiguities[0].assumed == "comma"
    both = file + '2,a@b.example,2026-05-01,"1.234,50"\n'
    found = orders(both)
    assert found.ambiguities == []
    assert [record.columns["amount"] for record in found.records] == [123400, 123450]


def test_an_answer_that_nobody_knows_is_refused() -> None:
    with pytest.raises(Refusal, match="day_first, month_first"):
        people("Email,Birthday\na@b.example,03/04/1990\n", dates="year_first")


@pytest.mark.parametrize(
    ("text", "comma", "units", "currency"),
    [
        ("1.234,50 €", True, 123450, "EUR"),
        ("$1,234.50", False, 123450, "GBP"),
        ("US$ 12", False, 1200, "USD"),
        ("CHF 1'234.50", False, 123450, "CHF"),
        ("1 234,5", True, 123450, "GBP"),
        ("-45.00", False, -4500, "GBP"),
        ("(12.00)", False, -1200, "GBP"),
        ("12,-", True, 1200, "GBP"),
        ("¥500 JPY".replace("¥", ""), False, 500, "JPY"),
        ("0.005", False, 1, "GBP"),
    ],
)
def test_money_becomes_whole_smallest_units(text: str, comma: bool, units: int, currency: str) -> None:
    assert read_amount(text, "GBP", comma=comma) == (units, currency)


@pytest.mark.parametrize("text", ["", "abc", "1.2.3", "12 rings", "9" * 30, "--5"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        read_amount(text, "GBP", comma=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-10-02 17:09:34 -0300", "2025-10-02T20:09:34"),
        ("2026-05-03", "2026-05-03T11:00:00"),
        ("7/25/2018 21:06", None),
        ("25/7/2018 21:06", "2018-07-25T20:06:00"),
        ("17/05/2026 2:30:00 PM", "2026-05-17T13:30:00"),
        ("Oct 5, 2026", "2026-10-05T11:00:00"),
        ("5. Oktober 2026, 10:30", "2026-10-05T09:30:00"),
        ("1717171717", "2024-05-31T16:08:37"),
        ("17/05", None),
        ("12:30", None),
        ("2026-05-17 25:00", None),
    ],
)
def test_a_moment_is_read_on_the_wall_of_the_shop(text: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(Refusal):
            read_moment(text, "Europe/London", field="starts_at")
    else:
        found = read_moment(text, "Europe/London", field="starts_at")
        assert found.isoformat() == expected + "+00:00"


@pytest.mark.parametrize(
    ("text", "day"),
    [("17.5.84", "1984-05-17"), ("17/5/26", "2026-05-17"), ("17/5/27", "1927-05-17"), ("17 mei", "--05-17"),
     ("5 de mayo de 1980", "1980-05-05"), ("12 juillet 1990", "1990-07-12"), ("1st March 2000", "2000-03-01"),
     ("1984/05/17", "1984-05-17"), ("0000-09-21", "--09-21")],
)  # fmt: skip
def test_days_as_people_write_them(text: str, day: str) -> None:
    assert str(read_day(text, latest=2026)) == day


@pytest.mark.parametrize("text", ["31.2.1990", "0/5", "17 Foo 1990", "May", "1990", "99/99/99", "17.5.3000"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        read_day(text, latest=2026)


# ---- records


def test_each_refused_record_says_why_and_what_is_only_good_to_know_is_left_out() -> None:
    found = orders(
        "Order number,Email,Date,End,Total,Status,Kind,Uses left\n"
        "1,a@b.example,2026-05-01,2026-04-01,a lot,on the moon,Repair,3\n"
        "2,,2026-05-01,,5,,,\n"
        "3,a@b.example,,,5,,,\n"
        "4,a@,2026-05-01,,5,,,\n"
        "5,a@b.example,someday,,5,,,\n"
    )
    [record] = found.records
    assert {"kind": "repair", "uses_left": 3, "status": "done"}.items() <= record.columns.items()
    assert "ends_at" not in record.columns
    assert "amount" not in record.columns
    assert [part for part in ("before it begins", "a lot", "on the moon") if part in " ".join(found.warnings)] == [
        "before it begins", "a lot", "on the moon",
    ]  # fmt: skip
    assert [(row, reason.split("'")[0]) for row, reason in found.rejected] == [
        (3, "it doesn"), (4, "there is no date"), (5, ""), (6, ""),
    ]  # fmt: skip


def test_what_lies_ahead_is_active_and_the_rest_is_done() -> None:
    found = orders(
        "Order number,Email,Date,Valid until\n1,a@b.example,2027-01-05,\n2,a@b.example,2026-01-05,2027-01-05\n"
        "3,a@b.example,2026-01-05,\n"
    )
    assert [record.columns["status"] for record in found.records] == ["active", "active", "done"]


def test_rows_without_a_number_are_records_of_their_own() -> None:
    found = orders("Email,Date,Item\na@b.example,2026-05-01,Ring\na@b.example,2026-05-01,Chain\n")
    assert [record.columns["title"] for record in found.records] == ["Ring", "Chain"]


def test_a_record_needs_a_date_and_a_person() -> None:
    assert "the date" in (columns.what_is_missing({"Email": "email"}, ["Email"], "order") or "")
    assert "email address" in (columns.what_is_missing({"Day": "starts_at"}, ["Day"], "order") or "")


# ---- a short way must lead to where the long one does


@settings(max_examples=1_500, deadline=None)
@given(
    country=st.sampled_from(COUNTRIES),
    before=st.sampled_from(
        ["", "+", "0", "00", "+0", "+44", "+44 (0)", "+49", "+1 ", "+39", "44", "(0", "011"]
    ),
    figures=st.text("0123456789", min_size=1, max_size=15),
    signs=st.lists(st.sampled_from(["", "", " ", "-", ".", "/", ") "]), min_size=15, max_size=15),
)
@example(country="GB", before="0", figures="2079460001", signs=[""] * 15)
@example(country="IT", before="0", figures="612345678", signs=[""] * 15)
def test_the_short_way_to_a_phone_number_gives_what_the_library_gives(
    country: str, before: str, figures: str, signs: list[str]
) -> None:
    text = before + "".join(figure + sign for figure, sign in zip(figures, signs, strict=False))
    short = phone_rules.shortcut(text, country)
    if short is None:
        return
    number = phonenumbers.parse(text, country)
    assert phonenumbers.is_possible_number(number)
    assert short == phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def test_the_short_way_is_taken_for_usual_numbers() -> None:
    usual = [("020 7946 0001", "GB"), ("+442079460001", "DE"), ("030 123456", "DE"), ("(212) 555-0123", "US")]
    usual += [("06 12345678", "NL"), ("06 12 34 56 78", "FR"), ("612 345 678", "ES"), ("416-555-0123", "CA")]
    assert [text for text, country in usual if phone_rules.shortcut(text, country) is None] == []


@settings(max_examples=400, deadline=None)
@given(
    local=st.text("abcZ019._+-'\"() éß", min_size=1, max_size=12) | st.text("a", min_size=60, max_size=70),
    domain=st.sampled_from(
        ["x.example", "X.Example", "münchen.example", "-x.example", "x..example", "x", "gmail.com"]
    ),
)
def test_the_short_way_to_an_address_gives_what_the_library_gives(local: str, domain: str) -> None:
    text = f"{local}@{domain}".strip()
    found: Any
    try:
        found = contact.read_email(text).key
    except Refusal:
        found = None
    try:
        said = validate_email(text, check_deliverability=False, test_environment=True, allow_smtputf8=False)
        expected = (said.ascii_email or said.normalized).lower()
    except EmailNotValidError:
        expected = None
    assert found == expected


# ---- hostile


WHY = (
    "1 MB", "is not an email address", "before the @", "12 cells, but there are 8 headings",
    "at most 120 characters", "no email address, phone number or name",
)  # fmt: skip


@pytest.mark.parametrize(
    "encoding",
    ["utf-8-sig", *(pytest.param(one, marks=pytest.mark.thorough) for one in ("cp1252", "utf-16"))],
)
def test_a_hostile_list_has_a_reason_for_each_row_that_was_not_taken(encoding: str) -> None:
    count = 20_000
    raw = hostile.file(count, encoding)
    tracemalloc.start()
    try:
        table, reading = hostile.read(raw)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 60_000_000 + 3 * len(raw)
    assert table.headers[5:7] == ["Notes", "Notes (2)"]
    assert len(reading.people) + len(reading.rejected) == count + 1
    often = Counter(next(part for part in WHY if part in reason) for _, reason in reading.rejected)
    assert often == {part: 1 if part == "1 MB" else count // 10 for part in WHY}
    kept = [
        person
        for person in reading.people
        if any(name in person.columns["first_name"] for name in ("Cy", "Dora"))
    ]
    assert len(kept) == count // 5
    assert not any(sign in str(person.columns) for person in kept for sign in ("\u202e", "\u200e", "\x00"))
    formulas = {person.columns["notes"] for person in kept if "notes" in person.columns}
    assert formulas == {"=cmd|' /C calc'!A0"}  # text, as it was


def test_a_quote_that_never_closes_costs_one_row_and_not_the_file() -> None:
    lines = "".join(f"p{n}@x.example,{'n' * 80}\n" for n in range(120_000))
    table = table_file.read(f'Email,Notes\na@b.example,"open\n{lines}'.encode())
    assert len(table.rejected) == 1
    assert "never closed" in table.rejected[0][1]
    assert len(table.rows) > 10_000
    assert any("never closed" in warning for warning in table.warnings)


def test_rows_can_be_gone_through_more_than_once() -> None:
    table = table_file.read(b"Email,Name\n\na@b.example,A\nc@d.example,C,too,many\ne@f.example\n")
    assert list(table.rows) == list(table.rows) == [(3, ["a@b.example", "A"]), (5, ["e@f.example", ""])]
    assert (len(table.rows), table.rows[:1]) == (2, [(3, ["a@b.example", "A"])])
    assert table.misfits == {4: ["c@d.example", "C", "too", "many"]}


@pytest.mark.parametrize("part", ["a", ".", "a@", "1", "1.", "(", '"', "<", "-", " a", "@.", "á"])
def test_a_long_run_of_anything_takes_no_time(part: str) -> None:
    """Patterns that try again from each letter would stand here for minutes."""
    run = part * (200_000 // len(part))
    began = time.thread_time()
    quoted = run.replace('"', '""')
    for heading in ("Email", "Phone", "Birthday", "Tags", "Postcode", "Attributes"):
        people(f'Name,{heading}\nAnna,"{quoted}"\n')
    for heading in ("Date", "Total", "Status", "Mode"):
        orders(f'Email,Date of birth,{heading}\na@b.example,,"{quoted}"\n')
    with contextlib.suppress(Refusal):
        people(f'"{quoted}",x\n1,2\n')
    with contextlib.suppress(Refusal):
        people(pasted.as_file(run))
    assert time.thread_time() - began < 5
