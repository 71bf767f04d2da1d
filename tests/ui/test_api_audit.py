"""The audit log for programs: what a page shows, page by page, and as a file."""

import csv
import io
from dataclasses import replace

import pytest

from domain.refusal import Refusal
from domain.shop import refused
from domain.shop.people import Right
from tests.ui.conftest import Api
from ui.refusals import write_down


def test_the_log_tells_who_did_what_in_a_sentence_and_in_values(api: Api) -> None:
    number = api.as_("max_").post("customers", {"firstName": "Ana"}).json()["id"]
    api.as_("max_").patch(f"customers/{number}", {"firstName": "Anna"})
    newest = api.get("audit", params={"kind": "customer", "number": number}).json()["items"][0]
    assert newest["sentence"] == "Max changed the customer “Anna”"
    assert newest["who"]["via"] == "api"
    assert newest["subject"] == {"kind": "customer", "id": number, "name": "Anna"}
    assert (newest["before"], newest["after"]) == ({"first_name": "Ana"}, {"first_name": "Anna"})


def test_pages_of_the_log_follow_one_another_without_a_gap(api: Api) -> None:
    for name in "ABCDE":
        api.post("groups", {"name": f"Group {name}"})
    first = api.get("audit", params={"action": "group", "limit": 3}).json()
    rest = api.get("audit", params={"action": "group", "cursor": first["nextCursor"]}).json()
    told = [one["subject"]["name"] for one in [*first["items"], *rest["items"]]]
    assert told == [f"Group {name}" for name in "EDCBA"]
    assert (first["total"], rest["nextCursor"]) == (5, None)


def test_the_file_holds_what_the_list_is_narrowed_to(api: Api) -> None:
    api.post("groups", {"name": "=1+1"})
    api.post("customers", {"firstName": "Ana"})
    taken = api.get("audit/export", params={"part": "groups"})
    rows = list(csv.DictReader(io.StringIO(taken.text.lstrip("\ufeff"))))
    assert [row["Subject"] for row in rows] == ["'=1+1"]
    asked = {"format": "json", "part": "customers"}
    assert [one["action"] for one in api.get("audit/export", params=asked).json()] == ["customer.created"]


def test_an_odd_question_is_answered_with_a_sentence(api: Api) -> None:
    for odd in ({"since": "yesterday"}, {"until": "9999-12-31"}, {"part": "secrets"}, {"cursor": "x"}):
        answer = api.get("audit", params=odd)
        assert answer.status_code in (400, 422), answer.text
        assert answer.json()["error"]["message"]


def test_who_tried_what_they_may_not_do_is_in_the_log_once_an_hour_for_each_door(api: Api) -> None:
    made = [api.post("campaigns", {"name": name, "subject": "Opals"}).json()["id"] for name in ("One", "Two")]
    sal = api.as_("sal")
    for number in (*made, *made):
        assert sal.post(f"campaigns/{number}/launch", {}).status_code == 403
    assert sal.delete(f"campaigns/{made[0]}").status_code == 403
    assert api.as_("max_").get("audit").status_code == 403
    assert api.get(f"campaigns/{made[0]}").json()["status"] == "draft"
    told = api.get("audit?part=refused").json()["items"]
    assert [(one["sentence"], one["after"]["where"]) for one in told] == [
        ("Max tried to manage the shop and was refused", "GET /api/marketing/audit"),
        ("Sal tried to edit campaigns and was refused", f"DELETE /api/marketing/campaigns/{made[0]}"),
        ("Sal tried to send and was refused", f"POST /api/marketing/campaigns/{made[0]}/launch"),
    ]
    assert {one["who"]["via"] for one in told} == {"api"}


def test_a_program_that_tries_every_door_does_not_fill_the_log(api: Api) -> None:
    for number in range(60):
        with pytest.raises(Refusal):
            replace(api.cast.sal, at=f"/rooms/{'x' * number}").require(Right.SEND)
        write_down()
    assert api.get("audit?part=refused").json()["total"] == refused.MOST


def test_who_could_not_sign_in_stands_among_them(api: Api) -> None:
    api.ask("POST", "/api/auth/login", {"email": "olive@shop.example", "password": "guess"})
    [told] = api.get("audit?part=refused").json()["items"]
    assert (told["action"], told["who"]["name"], told["who"]["via"]) == (
        "sign_in.failed",
        "olive@shop.example",
        "api",
    )
