"""The audit log for programs: what a page shows, page by page, and as a file."""

import csv
import io

from tests.ui.conftest import Api


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
