"""Whatever a program sends, it is told what was wrong, in one shape; never a fault of ours."""

import copy
import json
from random import Random
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.ui.conftest import HOME, Api

MANY = 20  # of each kind, for some are deleted on the way

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**80), 2**80),
    st.sampled_from([2**63, 2**63 - 1, -1, 0, 1]),
    st.floats(),
    st.text(st.characters(), max_size=12),
    st.sampled_from(
        ["\x00", "\ud800", "a\r\nBcc: x@y.example", "{{ x", "'; --", "=1+1", "ana@x.example", "A" * 9000]
    ),
)
TREE = st.recursive(
    ODD,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["type", "tags", "all", "field", "op", "value", "where", "$in", "\ud800", ""]), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


def _spoilt(body: dict[str, Any], chance: Random, odd: Any) -> dict[str, Any]:
    """A body that is nearly right: one value in it, however deep, is something else."""
    spoilt = copy.deepcopy(body)
    place: Any = spoilt
    while True:
        key = chance.choice(list(place) if isinstance(place, dict) else range(len(place)))
        if not (isinstance(place[key], dict | list) and place[key] and chance.random() < 0.7):
            place[key] = odd
            return spoilt
        place = place[key]


NAMES = [
    "name", "email", "firstName", "status", "tags", "birthday", "dates", "preferences", "attrs", "timezone", "rule",
    "audience", "audienceId", "customerId", "channel", "channels", "messageType", "subject", "htmlBody", "textBody",
    "templateId", "schedule", "startAt", "recurring", "type", "version", "to", "undoSeconds", "kind", "startsAt", "amount",
    "take", "otherId", "customerIds", "label", "parent", "choices", "sort", "groups", "category", "usesLeft", "note",
    "host", "port", "security", "password", "nobodyKnowsThis",
]  # fmt: skip
LETTER = {"subject": "S", "preheader": "P", "htmlBody": "<p>x</p>", "textBody": "x", "fromName": "F"}
WHOM = {
    "type": "dynamic",
    "filter": {"datatype": "contact", "where": {"tags": {"$in": ["gold"]}, "status": "vip"}},
}
RULE = {"all": [{"field": "status", "op": "in", "value": ["vip"]}, {"not": {"tag": ["gold"]}}]}
WHEN = {"startAt": "2027-07-01T09:00", "timezone": "Europe/London"}
# What each door hopes for, by the end of its address.
RIGHT: dict[str, list[dict[str, Any]]] = {
    "campaigns": [
        {"name": "A", **LETTER, "audience": {"type": "all"}, "status": "running"},
        {"name": "A", **LETTER, "schedule": WHEN, "channels": ["email"], "audienceId": 1, "version": 1},
    ],
    "customers": [
        {
            "firstName": "Ana", "email": "ana@y.example", "tags": ["x"], "birthday": "--02-29", "attrs": {"a": "b"},
            "dates": [{"kind": "wedding", "date": "2019-06-08"}], "preferences": {"marketing": True}, "phone": "+442079460018",
        }
    ],
    "records": [{"kind": "order", "startsAt": "2026-05-17", "endsAt": None, "amount": 1, "currency": "GBP", "attrs": {}}],
    "groups": [{"name": "A", "note": "n"}],
    "tags": [{"name": "Gold", "merge": True}, {"name": "silver"}],
    "members": [{"customerIds": [1, 2, 2**62]}],
    "remove": [{"customerIds": [1, 2]}],
    "erase": [{"address": "ana@y.example"}, {"address": "+442079460018"}],
    "merge": [{"otherId": 2, "take": ["email", "birthday", "attrs.a"]}],
    "different": [{"firstId": 1, "secondId": 2}],
    "categories": [{"label": "Rings", "parent": "Rings"}, {"label": "Watches"}],
    "record-staff": [{"label": "Bo"}],
    "record-kinds": [{"label": "Lay-by", "hasEnd": True, "icon": "savings", "colour": "teal"}],
    "own-fields": [{"label": "Size", "sort": "choice", "choices": ["S", "M"]}, {"label": "A", "key": "a", "sort": "number"}],
    "count": [{"audience": WHOM}, {"audience": {"type": "rule", "rule": RULE}, "messageType": "newsletter"},
              {"audience": {"type": "segment", "segmentIds": [1], "exclude": {"segments": [2], "tags": ["x"], "groups": [1]}}},
              {"audience": {"type": "group", "groupIds": [1]}}],
    "explain": [{"audience": WHOM, "customerId": 1}, {"audience": {"type": "tags", "tags": ["gold"]}, "customerId": 1}],
    "addresses": [{"text": "ana@x.example, Ben <ben@x.example>"}],
    "segments": [{"name": "A", "rule": RULE, "note": "n"}],
    "templates": [{"name": "A", "subject": "S", "htmlBody": "<p>{{ firstName }}</p>"}],
    "dispatches": [{**LETTER, "audience": {"type": "manual", "customerIds": [1]}, "undoSeconds": 5}],
    "launch": [{"to": "everyone", "undoSeconds": 5, "version": 1}],
    "schedule": [WHEN],
    "mail": [{"host": "127.0.0.1", "port": 9, "security": "none", "username": "u", "password": "p"}],
    "shop": [{"name": "M", "timezone": "UTC", "senderEmail": "a@y.example", "country": "GB"}],
    "login": [{"email": "ana@x.example", "password": "guess guess"}],
}  # fmt: skip
ANY_BODY = st.dictionaries(st.sampled_from(NAMES), TREE, max_size=6) | TREE


def _bodies(path: str) -> st.SearchStrategy[Any]:
    """Mostly nearly right ones for this door, for they come farthest."""
    wanted = next((RIGHT[part] for part in reversed(path.split("/")) if part in RIGHT), None)
    if wanted is None:
        return ANY_BODY
    nearly = st.builds(_spoilt, st.sampled_from(wanted), st.randoms(use_true_random=False), TREE)
    return st.one_of(nearly, nearly, nearly, st.sampled_from(wanted), ANY_BODY)


NUMBER = (
    st.integers(1, MANY).map(str)
    | st.integers(1, MANY).map(str)
    | st.sampled_from(["1", "0", "-1", "9" * 25, "abc", "%00", "1.5", "%ED%A0%80", "٣"])
)
QUERY = st.dictionaries(
    st.sampled_from(
        ["limit", "cursor", "search", "status", "tag", "group", "sort", "channel", "statusWords"]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
    | st.sampled_from(["-1", "9" * 30, '"', "%", "*"]),
    max_size=3,
)


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"\xff\xfe{",
        b'{"name": "\xed\xa0\x80"}',
        b'{"name": "\\ud800"}',
        b'{"name": "a", "attrs": {"x": NaN}}',
        b"[" * 100_000,
        b'{"audience": ' * 200 + b"1" + b"}" * 200,
        b'{"templateId": ' + b"9" * 6000 + b"}",
        b"null",
        b'"text"',
        b"",
    ],
    ids=[
        "cut off", "UTF-16", "half a character in bytes", "half a character escaped", "NaN", "very deep", "deep",
        "very large number", "null", "text", "empty",
    ],
)  # fmt: skip
@pytest.mark.parametrize("door", ["campaigns", "customers", "audience/count"])
def test_body_that_is_no_plan_is_400(api: Api, door: str, raw: bytes) -> None:
    answer = api.ask("POST", door, None, content=raw, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text
    assert _is_kind(answer.json())


def test_field_nobody_knows_is_named(api: Api) -> None:
    answer = api.post("campaigns", {"name": "A", "isAdmin": True})
    assert answer.status_code == 400
    assert answer.json()["error"]["details"]["fields"] == {"isAdmin": "is not known here"}
    assert answer.json()["error"]["message"] == "isAdmin is not known here."


def test_wrong_type_names_the_field_and_not_the_value(api: Api) -> None:
    answer = api.post("customers", {"firstName": {"secret": "hunter2"}})
    assert answer.status_code == 400
    assert "firstName" in answer.json()["error"]["details"]["fields"]
    assert "hunter2" not in answer.text


def test_body_that_does_not_say_what_it_is_is_400(api: Api) -> None:
    answer = api.ask("POST", "campaigns", None, content=b"name=A")
    assert answer.status_code == 400


@pytest.mark.parametrize("number", ["9" * 30, "0", "-5"])
def test_number_nothing_has_is_404(api: Api, number: str) -> None:
    assert api.get(f"campaigns/{number}").status_code == 404


@pytest.mark.parametrize("path", ["/api", "/api/nothing", f"{HOME}/nothing", "/crm/marketing/nothing"])
def test_address_without_a_door_is_404_in_json(api: Api, path: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 404
    assert _is_kind(answer.json())


def test_wrong_method_is_405(api: Api) -> None:
    answer = api.ask("PUT", "customers", {})
    assert answer.status_code == 405
    assert _is_kind(answer.json())


def test_line_ends_never_reach_a_header(api: Api) -> None:
    made = api.post(
        "campaigns", {"name": "A", "subject": "Hello\r\nBcc: all@x.example", "fromName": "O\nlive"}
    ).json()
    assert "\n" not in made["subject"] + made["fromName"]


def test_description_names_every_door_and_needs_nothing_from_elsewhere(api: Api) -> None:
    described = api.nobody.get("/api/openapi.json").json()
    assert f"{HOME}/campaigns/{{campaign_id}}/launch" in described["paths"]
    assert not [path for path in described["paths"] if "/crm/" in path]
    page = api.nobody.get("/api/docs").text
    assert "//" not in page.replace("<!doctype", "")
    for path in described["paths"]:
        assert path in page


@pytest.mark.thorough
def test_nothing_a_program_sends_is_a_fault_of_ours(api: Api, doors: FastAPI) -> None:
    writes = sorted(
        {
            (method, str(context.path))
            for context in iter_route_contexts(doors.routes)
            if str(context.path or "").startswith((HOME, "/api/auth"))
            for method in context.methods or ()
            # A trial would speak to whatever mail server was made up just before.
            if not str(context.path).endswith("/test")
        }
    )
    assert len(writes) > 50
    _prepare(api)

    @settings(
        max_examples=400,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(writes), st.data())
    def anything(door: tuple[str, str], data: st.DataObject) -> None:
        method, path = door
        bodies = _bodies(path)
        while "{" in path:
            start, end = path.index("{"), path.index("}")
            path = path[:start] + data.draw(NUMBER) + path[end + 1 :]
        body = json.dumps(data.draw(bodies)).encode() if method in ("POST", "PUT", "PATCH") else None
        answer = api.ask(
            method,
            path,
            None,
            content=body,
            params=data.draw(st.just({}) | st.just({}) | QUERY),
            headers={"Content-Type": "application/json"},
        )
        assert answer.status_code < 500, f"{method} {path} {body!r}: {answer.text}"
        if answer.status_code >= 400:
            assert _is_kind(answer.json())

    anything()


def _prepare(api: Api) -> None:
    """Some of each, so that what is sent meets something."""
    for number in range(MANY):
        api.post("customers", {"firstName": "Ana", "email": f"ana{number}@x.example", "tags": ["gold"]})
        api.post("campaigns", {"name": f"A{number}", "subject": "S", "htmlBody": "<p>x</p>"})
        api.post("templates", {"name": f"T{number}"})
    api.post("campaigns/1/launch")


def _is_kind(body: Any) -> bool:
    error = body["error"]
    return set(error) == {"code", "message", "details"} and error["message"].endswith((".", "campaign"))
