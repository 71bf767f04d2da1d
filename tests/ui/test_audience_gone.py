"""An audience that names what is not there any more: a clear sentence at every door, and never a number that is wrong."""

from typing import Any

import pytest

from tests.ui.conftest import Api

LETTER = {"subject": "S", "htmlBody": "<p>Hello</p>", "textBody": "Hello"}


def made(api: Api, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.post(path, body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


AUDIENCES: dict[str, dict[str, Any]] = {
    "tag": {"type": "tags", "tags": ["nosuch"]},
    "group": {"type": "group", "groupIds": [99]},
    "segment": {"type": "segment", "segmentIds": [9999]},
    "status": {"type": "status", "statuses": ["nosuch"]},
    "excluded tag": {"type": "all", "exclude": {"tags": ["nosuch"]}},
    "excluded group": {"type": "all", "exclude": {"groups": [99]}},
    "excluded segment": {"type": "all", "exclude": {"segments": [9999]}},
    "rule tag": {"type": "rule", "rule": {"tag": ["nosuch"]}},
    "rule not tag": {"type": "rule", "rule": {"not": {"tag": ["nosuch"]}}},
    "rule status": {"type": "rule", "rule": {"field": "status", "op": "eq", "value": "nosuch"}},
    "rule segment": {"type": "rule", "rule": {"segment": 9999}},
    "rule group": {"type": "rule", "rule": {"in_group": 99}},
    "rule kind": {"type": "rule", "rule": {"record": {"kind": "nosuch"}}},
    "rule category": {"type": "rule", "rule": {"record": {"kind": "order", "category": "nosuch"}}},
    "rule staff": {"type": "rule", "rule": {"record": {"kind": "order", "staff": "nosuch"}}},
    "where tag": {"type": "dynamic", "filter": {"datatype": "contact", "where": {"tags": {"$in": ["nosuch"]}}}},
}  # fmt: skip


@pytest.mark.parametrize("name", AUDIENCES)
def test_what_is_gone_is_named_when_counted_explained_and_sent(api: Api, name: str) -> None:
    ana = made(api, "customers", {"firstName": "Ana", "email": "ana@x.example"})["id"]
    audience = AUDIENCES[name]
    answers = {
        "count": api.post("audience/count", {"audience": audience}),
        "explain": api.post("audience/explain", {"audience": audience, "customerId": ana}),
    }
    campaign = api.post("campaigns", {"name": "A", **LETTER, "audience": audience})
    answers["campaign"] = campaign
    if campaign.status_code == 201:
        number = campaign.json()["id"]
        del answers["campaign"]
        answers["launch"] = api.post(f"campaigns/{number}/launch", {"to": "everyone"})
    if audience["type"] == "rule":
        answers["segments"] = api.post("segments", {"name": "Gone", "rule": audience["rule"]})
    for door, answer in answers.items():
        assert 400 <= answer.status_code < 500, f"{door}: {answer.status_code} {answer.text}"
        said = answer.json()["error"]
        told = " ".join([said["message"], *said["details"].get("causes", [])])
        assert "not there any more" in told or "was deleted" in told or "any more. Choose another" in told, (
            door
        )


@pytest.mark.parametrize(
    "tree",
    [
        {"any": [{"tag": [f"t{number}"]} for number in range(300)]},
        {"field": "created_at", "op": "within_days", "value": 10**30},
        {"record": {"kind": "order", "started_within": {"months": 10**9}}},
        {"record": {"kind": "order", "amount": {"gte": 2**70}}},
        {"in_group": 2**70},
        {"segment": -(2**70)},
    ],
)
def test_rule_with_too_much_in_it_is_refused_everywhere(api: Api, tree: dict[str, Any]) -> None:
    assert api.post("audience/count", {"audience": {"type": "rule", "rule": tree}}).status_code == 422
    assert api.post("segments", {"name": "Long", "rule": tree}).status_code == 422


def test_segments_in_a_circle_are_refused_when_the_last_one_closes_it(api: Api) -> None:
    first = made(api, "segments", {"name": "A", "rule": {"field": "status", "op": "eq", "value": "vip"}})[
        "id"
    ]
    second = made(api, "segments", {"name": "B", "rule": {"not": {"segment": first}}})["id"]
    third = made(api, "segments", {"name": "C", "rule": {"any": [{"segment": second}]}})["id"]
    for inside in (first, second, third):
        answer = api.patch(f"segments/{first}", {"rule": {"not": {"segment": inside}}})
        assert answer.status_code == 422, answer.text
        assert "part of itself" in answer.json()["error"]["message"]


WHERES: list[tuple[dict[str, Any], int]] = [
    ({"status": "vip"}, 1), ({"status": {"$eq": "vip"}}, 1), ({"status": {"$ne": "vip"}}, 1),
    ({"status": {"$in": ["vip", "lead"]}}, 2), ({"status": {"$nin": ["vip"]}}, 1), ({"status": {"$exists": True}}, 2),
    ({"createdAt": {"$gt": "2026-01-01"}}, 2), ({"createdAt": {"$lt": "2026-01-01"}}, 0),
    ({"createdAt": {"$gte": "2026-01-01", "$lte": "2099-01-01"}}, 2), ({"email": {"$exists": False}}, 0),
    ({"$and": [{"status": "vip"}, {"tags": {"$in": ["gold"]}}]}, 1),
    ({"$or": [{"status": "vip"}, {"status": "lead"}]}, 2), ({"$not": {"status": "vip"}}, 1),
]  # fmt: skip


@pytest.mark.parametrize(("where", "number"), WHERES, ids=str)
def test_each_operator_of_other_programs_finds_whom_it_names(
    api: Api, where: dict[str, Any], number: int
) -> None:
    made(api, "customers", {"firstName": "Ana", "email": "ana@x.example", "status": "vip", "tags": ["gold"]})
    made(api, "customers", {"firstName": "Ben", "email": "ben@x.example", "status": "lead"})
    asked = {"type": "dynamic", "filter": {"datatype": "contact", "where": where}}
    answer = api.post("audience/count", {"audience": asked})
    assert (answer.status_code, answer.json()["matched"]) == (200, number)


@pytest.mark.parametrize("where", [{"status": {"$regex": "v"}}, {"status": {"$in": "vip"}}, {"status": {"$gt": {}}}, {"$and": {}}, {"$not": []}, {"tags": {"$in": [None]}}, {"createdAt": {"$gt": "soon"}}, {"createdAt": {"$gt": "9" * 400}}, {"$where": "1"}, {"status": {"$exists": "yes"}}], ids=str)  # fmt: skip
def test_operator_that_is_not_known_or_misused_is_refused_by_name(api: Api, where: dict[str, Any]) -> None:
    asked = {"type": "dynamic", "filter": {"datatype": "contact", "where": where}}
    answer = api.post("audience/count", {"audience": asked})
    assert answer.status_code == 422, answer.text
    assert answer.json()["error"]["code"] == "bad_rule"
