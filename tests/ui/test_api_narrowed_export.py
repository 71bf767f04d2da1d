"""The people of a narrowed list, taken away: exactly those, as the list shows them, and noted without their names."""

import csv
import io
from typing import Any

import pytest
from sqlalchemy import select

from data.database import now as present
from data.database import reading, unit
from domain.book import customers, groups
from domain.shop.audit import AuditEntry
from tests.ui.conftest import Api

BOOK: list[dict[str, Any]] = [
    {"first_name": "Ana", "last_name": "=Berg", "tags": ["Gold"], "status": "vip", "phone": "020 7946 0018"},
    {"first_name": "Ben", "last_name": "Berg", "tags": ["gold", "pearls"]},
    {"first_name": "Cleo", "last_name": "Cole", "status": "vip"},
    {"first_name": "Gone", "last_name": "Berg", "tags": ["gold"], "status": "vip"},
]


def book(api: Api) -> int:
    """The number of the group that Cleo is in."""
    with unit() as session:
        ids = [customers.create(session, one, by=api.cast.olive, now=present()).id for one in BOOK]
        group = groups.create(session, "Evening", by=api.cast.olive, now=present()).id
        groups.add_members(session, group, [ids[2], ids[3]], by=api.cast.olive, now=present())
        customers.delete(session, ids[3], by=api.cast.olive, now=present())
    return group


def taken(api: Api, query: str) -> list[str]:
    answer = api.get(f"customers/export?{query}")
    assert answer.status_code == 200, answer.text
    rows = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))
    return [row["First name"] for row in rows]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Ana", "Ben", "Cleo"]), ("status=vip", ["Ana", "Cleo"]), ("tag=GOLD", ["Ana", "Ben"]),
        ("search=ber", ["Ana", "Ben"]), ("search=79460018", ["Ana"]), ("search=ber&status=vip&tag=gold", ["Ana"]),
        ("group=1", ["Cleo"]), ("group=77", []), ("search=%22%27*", []), ("tag=none", []), ("search=%20", ["Ana", "Ben", "Cleo"]),
    ],
)  # fmt: skip
def test_the_file_holds_whom_the_list_shows(api: Api, query: str, names: list[str]) -> None:
    assert book(api) == 1
    assert taken(api, query) == names
    listed = api.get(f"customers?{query}").json()
    assert ([one["firstName"] for one in listed["items"]], listed["total"]) == (names, len(names))
    assert listed["more"] is False
    told = api.get(f"customers/export?format=json&{query}").json()
    assert [one["firstName"] for one in told] == names


def test_what_a_spreadsheet_would_work_out_is_text_here_too(api: Api) -> None:
    book(api)
    assert "'=Berg" in api.get("customers/export?search=ana").text


def test_the_log_keeps_which_filters_and_not_whom_was_searched_for(api: Api) -> None:
    book(api)
    taken(api, "search=berg&tag=gold")
    with reading() as session:
        after = session.scalar(select(AuditEntry.after).where(AuditEntry.action == "customers.exported"))
    assert after == {"what": "customers as csv", "customers": 2, "tag": "gold", "searched": True}


@pytest.mark.parametrize("who", ["sal", "wes", "ada"])
def test_whoever_may_not_change_customers_takes_nobody_along(api: Api, who: str) -> None:
    book(api)
    assert api.as_(who).get("customers/export?status=vip").status_code == 403


@pytest.mark.parametrize("query", ["group=0", "group=x", "group=99999999999999999999", f"search={'a' * 201}"])
def test_a_filter_that_can_not_be_is_400(api: Api, query: str) -> None:
    assert api.get(f"customers/export?{query}").status_code == 400
