"""Imports through the API: what became of each, and taking one back."""

import json
from typing import Any

import pytest

from domain.book import taking
from jobs import importing as jobs
from tests.ui.conftest import Api
from ui.api import imports

LIST = b"Email,First name\nanna@berg.example,Anna\nben@cole.example,Ben\nbroken@,Bo\n"


def bring(api: Api, raw: bytes = LIST, **form: Any) -> Any:
    more = {"basis": "Signed up at the till"} | form
    return api.ask("POST", "customers/import", None, files={"file": ("list.csv", raw)}, data=more)


def test_an_import_is_told_listed_and_taken_back(api: Api) -> None:
    answer = bring(api)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["state"], told["added"], told["refused"]) == ("done", 2, 1)
    assert told["rejected"] == [{"row": 4, "reason": "'broken@' is not an email address"}]
    number = told["importId"]
    assert [one["importId"] for one in api.get("customers/imports").json()["items"]] == [number]
    assert api.get(f"customers/imports/{number}").json() == told
    assert "broken@" in api.get(f"customers/imports/{number}/refused").text
    back = api.post(f"customers/imports/{number}/undo").json()
    assert (back["state"], back["undone"], back["kept"]) == ("undone", 2, [])
    assert api.get("customers").json()["total"] == 0
    assert api.post(f"customers/imports/{number}/undo").status_code == 409


def test_who_was_changed_since_stays_and_is_named(api: Api) -> None:
    number = bring(api).json()["importId"]
    anna = api.get("customers?search=anna").json()["items"][0]
    api.ask("PATCH", f"customers/{anna['id']}", {"lastName": "Berger"})
    back = api.post(f"customers/imports/{number}/undo").json()
    assert back["kept"] == [{"customerId": anna["id"], "why": "somebody changed them since"}]


def test_a_large_list_is_answered_while_it_is_still_running(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "PATIENCE", 0.0)
    monkeypatch.setattr(taking, "AT_ONCE", 1)
    answer = bring(api)
    assert answer.status_code == 202
    assert (answer.json()["state"], answer.json()["total"], answer.json()["done"]) == ("running", 2, 0)
    number = answer.json()["importId"]
    assert api.post(f"customers/imports/{number}/undo").status_code == 409


def test_orders_come_in_with_their_kind_and_options(api: Api) -> None:
    raw = b"Order number,Email,Date,Total\n7,new@orders.example,03/04/2026,12.50\n"
    options = json.dumps({"dates": "month_first", "addUnknown": True})
    told = bring(api, raw, kind="order", options=options).json()
    assert (told["kind"], told["added"]) == ("order", 1)
    person = api.get("customers?search=new").json()["items"][0]
    [order] = api.get(f"customers/{person['id']}/records").json()["items"]
    assert order["startsAt"].startswith("2026-03-0")


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"kind": "spaceship"}, 404),
        ({"options": "[]"}, 400),
        ({"options": '{"dates": "sideways"}'}, 400),
        ({"options": '{"dates": 7}'}, 400),
        ({"options": '{"colour": "red"}'}, 400),
    ],
)
def test_what_can_not_be_meant_is_refused_with_a_sentence(
    api: Api, form: dict[str, Any], status: int
) -> None:
    answer = bring(api, **form)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["message"].endswith(".")


def test_an_import_that_is_not_there_is_404(api: Api) -> None:
    for path in ("customers/imports/999", "customers/imports/999/refused"):
        assert api.get(path).status_code == 404
    assert api.post("customers/imports/999/undo").status_code == 404


def test_files_of_refused_rows_lie_in_the_data_folder_only(api: Api) -> None:
    bring(api)
    assert len(list(jobs.spool().folder.iterdir())) == 1


def test_who_agreed_to_whatsapp_counts_with_what_it_rests_on(api: Api) -> None:
    raw = b"First name,Phone,WhatsApp opt-in\nAnna,+442079460001,yes\nBen,+442079460002,no\n"
    unstated = bring(api, raw).json()["whatsapp"]
    assert (unstated["claimed"], unstated["agreed"], unstated["refused"]) == (1, 0, 1)
    agreed = {"how": "Ticked the box on our form", "day": "2026-05-31", "words": "Yes, by WhatsApp"}
    told = bring(api, raw, options=json.dumps({"whatsapp": agreed})).json()
    assert (told["updated"], told["whatsapp"]["agreed"]) == (1, 1)
    anna = api.get("customers?search=anna").json()["items"][0]
    said = api.get(f"customers/{anna['id']}/preferences").json()["states"]
    assert {(one["channel"], one["allowed"]) for one in said} == {("whatsapp", True)}
    refused = bring(api, raw, options=json.dumps({"whatsapp": {**agreed, "day": "31.5.2026"}}))
    assert (refused.status_code, refused.json()["error"]["details"]["field"]) == (422, "whatsappDay")
