"""Customers, imports, audiences, segments, templates, results, settings: what programs read and write."""

import base64
import csv
import io
from pathlib import Path
from typing import Any

import pytest

from data.database import now as present
from data.database import reading, unit
from domain.book import table_file
from domain.ledger.deliveries import Delivery, State
from domain.shop import mail
from tests.ui.conftest import Api

LETTER = {"subject": "A private viewing", "htmlBody": "<p>Come and see.</p>"}
LIST = "First name,Last name,E-mail,Tags\nAna,Berg,ana@list.example,gold\nBen,Cole,ben@,gold\n,,,\nDee,Eames,dee@list.example,\n"


def customer(api: Api, **fields: Any) -> dict[str, Any]:
    answer = api.post("customers", fields)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


# Customers


def test_customer_reads_as_written(api: Api) -> None:
    written = {
        "firstName": "Ana",
        "lastName": "Berg",
        "companyName": "Berg & Sons",
        "email": "ana@berg.example",
        "phone": "+44 20 7946 0018",
        "status": "vip",
        "tags": ["gold", "pearls"],
        "birthday": "--05-17",
        "language": "en",
        "timezone": "Europe/London",
        "preferences": {"newsletter": False},
        "attrs": {"ring size": "M"},
    }
    made = customer(api, **written)
    assert {name: made[name] for name in written} == written
    assert api.get(f"customers/{made['id']}").json() == made


def test_change_of_a_customer_is_seen_in_the_answer(api: Api) -> None:
    number = customer(api, firstName="Ana", tags=["gold"])["id"]
    changed = api.patch(f"customers/{number}", {"tags": ["silver"], "lastName": "Berg"}).json()
    assert (changed["tags"], changed["lastName"], changed["firstName"]) == (["silver"], "Berg", "Ana")


def test_older_version_of_a_customer_is_refused(api: Api) -> None:
    made = customer(api, firstName="Ana")
    api.patch(f"customers/{made['id']}", {"lastName": "Berg"})
    late = api.patch(f"customers/{made['id']}", {"lastName": "Cole", "version": made["version"]})
    assert late.status_code == 409


def test_no_is_taken_back_only_with_a_reason(api: Api) -> None:
    number = customer(api, firstName="Ana", email="ana@berg.example", marketingOptOut=True)["id"]
    refused = api.patch(f"customers/{number}", {"marketingOptOut": False})
    assert refused.status_code == 422
    told = {"marketingOptOut": False, "optOutReason": "Asked in the shop"}
    assert api.patch(f"customers/{number}", told).json()["marketingOptOut"] is False


def test_refused_field_is_named_as_programs_write_it(api: Api) -> None:
    answer = api.post("customers", {"firstName": "A" * 500})
    assert answer.status_code == 422
    assert answer.json()["error"]["details"]["field"] == "firstName"


def test_list_of_customers_is_searched_and_goes_on(api: Api) -> None:
    for name in ("Ana", "Anders", "Ben"):
        customer(api, firstName=name, tags=["gold"] if name == "Ben" else [])
    assert api.get("customers?search=an").json()["total"] == 2
    assert [one["firstName"] for one in api.get("customers?tag=gold").json()["items"]] == ["Ben"]
    first = api.get("customers?limit=2").json()
    second = api.get(f"customers?limit=2&cursor={first['nextCursor']}").json()
    assert len({one["id"] for one in first["items"] + second["items"]}) == 3


@pytest.mark.parametrize("cursor", ["abc", "999999999999999999999", "-1", "%00", "e30"])
@pytest.mark.parametrize("room", ["customers", "campaigns", "dispatches"])
def test_cursor_of_nobody_is_400(api: Api, room: str, cursor: str) -> None:
    assert api.get(f"{room}?cursor={cursor}").status_code == 400


def test_deleted_customer_is_gone(api: Api) -> None:
    number = customer(api, firstName="Ana")["id"]
    assert api.delete(f"customers/{number}").status_code == 204
    assert api.get(f"customers/{number}").status_code == 404


def test_record_counts_as_the_customers_own_act(api: Api) -> None:
    number = customer(api, firstName="Ana")["id"]
    made = api.post(
        f"customers/{number}/records",
        {"kind": "order", "startsAt": "2026-05-17T10:30:00+02:00", "amount": 12900, "currency": "GBP"},
    )
    assert made.status_code == 201
    assert made.json()["startsAt"] == "2026-05-17T08:30:00.000+00:00"
    assert api.get(f"customers/{number}/records").json()["total"] == 1


# Bringing in a list


def test_import_says_what_it_did_and_why_a_row_was_refused(api: Api) -> None:
    body = _import(api, LIST.encode(), basis="Signed up at the till").json()
    assert (body["added"], body["updated"]) == (2, 0)
    assert [row["row"] for row in body["rejected"]] == [3]
    assert "ben@" in body["rejected"][0]["reason"]
    again = _import(api, LIST.encode(), basis="Signed up at the till").json()
    assert (again["added"], again["unchanged"]) == (0, 2)


def test_import_follows_the_mapping(api: Api) -> None:
    raw = b"A;B\nx@list.example;Ana\n"
    body = _import(api, raw, mapping='{"A": "email", "B": "first_name"}').json()
    assert body["added"] == 1
    assert api.get("customers?search=x@list.example").json()["items"][0]["firstName"] == "Ana"


@pytest.mark.parametrize(
    ("raw", "more", "status"),
    [
        (b"", {}, 422),
        (b"\xff\xfe\x00\xd8", {}, 422),
        (b"Colour\nred\n", {}, 422),
        (LIST.encode(), {"mapping": "[1]"}, 400),
        (LIST.encode(), {"mapping": "{"}, 400),
        (LIST.encode(), {"mapping": '{"Nobody": "email"}'}, 400),
    ],
    ids=["empty", "no text", "no useful column", "mapping no object", "mapping no JSON", "unknown column"],
)
def test_file_that_is_no_list_is_refused_with_a_sentence(
    api: Api, raw: bytes, more: dict[str, str], status: int
) -> None:
    answer = _import(api, raw, **more)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["message"].endswith(".")
    assert api.get("customers").json()["total"] == 0


def test_import_without_a_file_is_400(api: Api) -> None:
    assert api.post("customers/import", {}).status_code == 400


def test_file_that_is_too_large_is_413_also_where_its_length_is_not_told(api: Api) -> None:
    for over in (1, 3_000_000):  # a little more than a file may have, and more than the door lets in
        answer = _import(api, b"x" * (table_file.MOST_BYTES + over))
        assert answer.status_code == 413
        assert answer.json()["error"]["message"] == "This file is larger than 60 MB. Split it into parts."
    chunks = (b" " * 65_536 for _ in range(40))
    answer = api.ask("POST", "customers", None, content=chunks, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


# Audience and segments


def test_count_tells_the_reasons(api: Api) -> None:
    customer(api, firstName="Ana", email="ana@x.example", tags=["gold"])
    customer(api, firstName="Ben", tags=["gold"])
    customer(api, firstName="Cleo", email="cleo@x.example", tags=["gold"], marketingOptOut=True)
    body = api.post("audience/count", {"audience": {"type": "tags", "tags": ["gold"]}}).json()
    assert (body["matched"], body["reachable"]) == (3, 1)
    assert (body["leftOut"]["noAddress"], body["leftOut"]["optedOut"]) == (1, 1)


def test_filter_of_other_programs_is_understood(api: Api) -> None:
    customer(api, firstName="Ana", email="ana@x.example", tags=["gold"])
    customer(api, firstName="Ben", email="ben@x.example")
    where = {"type": "dynamic", "filter": {"datatype": "contact", "where": {"tags": {"$in": ["gold"]}}}}
    assert api.post("audience/count", {"audience": where}).json()["matched"] == 1


def test_several_segments_without_a_tag_are_counted(api: Api) -> None:
    customer(api, firstName="Ana", email="ana@x.example", tags=["gold"], status="vip")
    customer(api, firstName="Ben", email="ben@x.example", tags=["gold", "complaints"])
    customer(api, firstName="Cleo", email="cleo@x.example", status="vip")
    rules = ({"tag": "gold"}, {"field": "status", "op": "eq", "value": "vip"})
    ids = [
        api.post("segments", {"name": f"Part {place}", "rule": rule}).json()["id"]
        for place, rule in enumerate(rules)
    ]
    audience = {"type": "segment", "segmentIds": ids, "exclude": {"tags": ["complaints"]}}
    assert api.post("audience/count", {"audience": audience}).json()["matched"] == 2
    gone = audience | {"exclude": {"segments": [999]}}
    answer = api.post("audience/count", {"audience": gone})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "audience_gone")


def test_pasted_addresses_become_an_audience(api: Api) -> None:
    ana = customer(api, firstName="Ana", email="ana@x.example")["id"]
    body = api.post("audience/addresses", {"text": "Ana <ANA@x.example>; ben@x.example, nonsense"}).json()
    assert body == {"customerIds": [ana], "known": 1, "unknown": ["ben@x.example"], "unread": []}
    whom = {"type": "manual", "customerIds": body["customerIds"]}
    assert api.post("audience/count", {"audience": whom}).json()["reachable"] == 1


def test_explain_says_why_somebody_is_left_out(api: Api) -> None:
    number = customer(api, firstName="Ana", email="ana@x.example", marketingOptOut=True)["id"]
    body = api.post("audience/explain", {"audience": {"type": "all"}, "customerId": number}).json()
    assert (body["included"], body["reason"]) == (False, "optedOut")


@pytest.mark.parametrize(
    "audience",
    [
        {},
        {"type": "nobody"},
        {"type": "tags"},
        {"type": "manual", "customerIds": [2**70]},
        {"type": "all", "exclude": []},
    ],
)
def test_odd_audience_is_422(api: Api, audience: dict[str, Any]) -> None:
    assert api.post("audience/count", {"audience": audience}).status_code == 422


def test_segment_counts_its_people(api: Api) -> None:
    customer(api, firstName="Ana", status="vip")
    rule = {"all": [{"field": "status", "op": "eq", "value": "vip"}]}
    made = api.post("segments", {"name": "Best", "rule": rule}).json()
    assert (made["count"], made["kind"]) == (1, "custom")
    customer(api, firstName="Ben", status="vip")
    assert api.get(f"segments/{made['id']}").json()["count"] == 2
    assert api.patch(f"segments/{made['id']}", {"name": "The best"}).json()["name"] == "The best"


def test_segment_that_comes_with_handbill_is_only_copied(api: Api) -> None:
    system = next(one for one in api.get("segments").json()["items"] if one["kind"] == "system")
    assert api.patch(f"segments/{system['id']}", {"name": "Mine"}).status_code == 409
    assert api.delete(f"segments/{system['id']}").status_code == 409
    assert api.post(f"segments/{system['id']}/duplicate").json()["kind"] == "custom"


def test_segment_in_use_is_not_deleted(api: Api) -> None:
    number = api.post("segments", {"name": "Best", "rule": {"status_active": True}}).json()["id"]
    api.post("campaigns", {"name": "To the best", "audienceId": number})
    refused = api.delete(f"segments/{number}")
    assert refused.status_code == 409
    assert "To the best" in refused.json()["error"]["message"]


def test_template_with_a_fault_says_where(api: Api) -> None:
    answer = api.post("templates", {"name": "Broken", "htmlBody": "<p>\n{{ firstName | }</p>"})
    assert answer.status_code == 422
    assert answer.json()["error"]["details"]["line"] == 2


# Results


def test_stats_balance_and_nothing_is_counted_that_is_not_followed(api: Api) -> None:
    number = api.post("campaigns", {"name": "New", **LETTER}).json()["id"]
    body = api.get(f"campaigns/{number}/stats").json()
    assert set(body) == {
        "recipients", "queued", "sent", "delivered", "pending", "failed", "bounced", "complained", "skipped",
        "cancelled", "notSure", "held", "opens", "uniqueOpens", "machineOpens", "clicks", "uniqueClicks", "unsubscribed",
        "replied", "openRate", "clickRate", "channels", "asOf",
    }  # fmt: skip
    assert body["recipients"] == body["opens"] == 0
    assert body["openRate"] is None


def test_second_try_counts_each_person_once(api: Api) -> None:
    for name in ("ana", "ben", "cleo"):
        customer(api, firstName=name, email=f"{name}@x.example")
    number = api.post("campaigns", {"name": "Twice", **LETTER}).json()["id"]
    first = api.post(f"campaigns/{number}/launch").json()["dispatchId"]
    _settle(first, State.SENT, most=1)
    api.post(f"campaigns/{number}/stop")
    second = api.post(f"campaigns/{number}/launch").json()["dispatchId"]
    assert api.get(f"dispatches/{second}/stats").json()["recipients"] == 2
    _settle(second, State.UNKNOWN, most=1)
    stats = api.get(f"campaigns/{number}/stats").json()
    terms = [stats[name] for name in ("queued", "sent", "failed", "skipped", "cancelled", "notSure")]
    assert (stats["recipients"], terms) == (3, [1, 1, 0, 0, 0, 1])
    assert api.get(f"campaigns/{number}/recipients").json()["total"] == 3


def test_recipients_are_filtered_searched_and_paged(api: Api) -> None:
    dispatch = _sent_to_three(api)
    _settle(dispatch, State.SENT, most=1)
    assert api.get(f"dispatches/{dispatch}/recipients?status=sent").json()["total"] == 1
    assert api.get(f"dispatches/{dispatch}/recipients?status=sent&status=queued").json()["total"] == 3
    assert api.get(f"dispatches/{dispatch}/recipients?status=nonsense").status_code == 400
    first = api.get(f"dispatches/{dispatch}/recipients?limit=2").json()
    second = api.get(f"dispatches/{dispatch}/recipients?limit=2&cursor={first['nextCursor']}").json()
    assert [one["address"] for one in first["items"] + second["items"]] == [
        "ana@x.example", "ben@x.example", "cleo@x.example",
    ]  # fmt: skip
    assert api.get(f"dispatches/{dispatch}/recipients?search=cleo").json()["total"] == 1


def test_file_of_recipients_is_safe_in_a_spreadsheet(api: Api) -> None:
    customer(api, firstName='=HYPERLINK("http://evil.example")', email="ana@x.example")
    number = api.post("campaigns", {"name": "File", **LETTER}).json()["id"]
    dispatch = api.post(f"campaigns/{number}/launch").json()["dispatchId"]
    for path in (f"campaigns/{number}/recipients.csv", f"dispatches/{dispatch}/recipients.csv"):
        answer = api.get(path)
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert "attachment" in answer.headers["content-disposition"]
        assert answer.content.startswith(b"\xef\xbb\xbf")
        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert [row["email"] for row in rows] == ["ana@x.example"]
        assert rows[0]["name"].startswith("'=HYPERLINK")


def test_file_of_nothing_is_404(api: Api) -> None:
    assert api.get("campaigns/99/recipients.csv").status_code == 404


def test_customer_sees_what_they_were_sent(api: Api) -> None:
    dispatch = _sent_to_three(api)
    number = api.get("customers?search=ana").json()["items"][0]["id"]
    body = api.get(f"customers/{number}/communications").json()
    assert body["total"] == 1
    assert (body["items"][0]["dispatchId"], body["items"][0]["status"]) == (dispatch, "queued")
    assert body["items"][0]["subject"] == LETTER["subject"]


# Settings, platforms, health


def test_shop_is_read_by_all_and_changed_by_the_owner(api: Api) -> None:
    assert api.put("settings/shop", {"name": "Marlow"}).json()["name"] == "Marlow"
    assert api.as_("sal").get("settings/shop").json()["name"] == "Marlow"
    assert api.as_("max_").put("settings/shop", {"name": "Mine"}).status_code == 403


def test_mail_password_is_never_read_back(api: Api) -> None:
    given = {
        "host": "smtp.example.com",
        "port": 587,
        "security": "starttls",
        "username": "u",
        "password": "s3cret",
    }
    saved = api.put("settings/mail", given)
    assert saved.json()["hasPassword"] is True
    assert "s3cret" not in saved.text + api.get("settings/mail").text
    assert api.put("settings/mail", given | {"port": 0}).status_code == 422


def test_mail_password_lies_in_no_file_as_it_was_written(api: Api, shop_db: Path) -> None:
    planted = "Pl4nted-in-the-till-9917"
    account = {"host": "smtp.example.com", "port": 587, "security": "starttls", "username": "u-9917-known"}
    assert api.put("settings/mail", account | {"password": planted}).status_code == 200
    files = [path for path in shop_db.parent.rglob("*") if path.is_file()]
    raw = b"".join(path.read_bytes() for path in files)
    assert b"u-9917-known" in raw, "what is not secret would be found"
    for form in (planted, base64.b64encode(planted.encode()).decode(), planted.encode().hex()):
        assert form.encode() not in raw
    with reading() as session:
        assert mail.account(session).password == planted


def _account(host: str, **more: Any) -> dict[str, Any]:
    return {"host": host, "port": 587, "security": "starttls", "username": "u", "password": "s3cret"} | more


def test_several_mail_accounts_are_put_and_read_in_their_order(api: Api) -> None:
    limits = {"perSecond": 14, "perHour": None, "perDay": 2000, "perConnection": 20}
    saved = api.put(
        "settings/mail",
        {"accounts": [_account("first.example", name="The till", limits=limits), _account("second.example")]},
    )
    assert saved.status_code == 200, saved.text
    body = api.get("settings/mail").json()
    assert body == saved.json()
    assert "s3cret" not in saved.text
    assert [one["host"] for one in body["accounts"]] == ["first.example", "second.example"]
    first = body["accounts"][0]
    assert (first["name"], first["limits"], first["hasPassword"]) == ("The till", limits, True)
    assert first["restingUntil"] is None
    assert (body["host"], body["hasPassword"], body["practice"]) == ("first.example", True, False)

    turned = [
        _account("second.example", id=body["accounts"][1]["id"]),
        {key: value for key, value in _account("first.example", id=first["id"]).items() if key != "password"},
    ]
    body = api.put("settings/mail", {"accounts": turned}).json()
    assert [one["host"] for one in body["accounts"]] == ["second.example", "first.example"]
    with reading() as session:
        assert {one.account.password for one in mail.routes(session, now=present())} == {"s3cret"}
    assert api.put("settings/mail", {"accounts": []}).json()["practice"] is True


def test_the_short_form_changes_the_first_mail_account_alone(api: Api) -> None:
    limits = {"perSecond": 14}
    accounts = [_account("first.example", limits=limits), _account("second.example")]
    api.put("settings/mail", {"accounts": accounts})
    body = api.put("settings/mail", _account("third.example")).json()
    assert [one["host"] for one in body["accounts"]] == ["third.example", "second.example"]
    assert body["accounts"][0]["limits"]["perSecond"] == 14


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"host": "a.example"}, 400),
        ({"accounts": None}, 400),
        ({"accounts": [], "host": "a.example"}, 400),
        ({"accounts": [_account("a.example", limits={"perMinute": 30})]}, 400),
        ({"accounts": [_account("a.example", limits={"perDay": 2**40})]}, 400),
        ({"accounts": [_account("a.example")] * 51}, 400),
        ({"accounts": [_account("a.example", limits={"perDay": 0})]}, 422),
        ({"accounts": [_account("a.example"), _account("A.example")]}, 422),
        ({"accounts": [_account(f"{number}.example") for number in range(11)]}, 422),
        ({"accounts": [_account("a.example", id=99)]}, 404),
    ],
)
def test_mail_accounts_that_can_not_be_are_refused_and_nothing_changes(
    api: Api, body: dict[str, Any], status: int
) -> None:
    api.put("settings/mail", _account("first.example"))
    answer = api.put("settings/mail", body)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["message"].endswith(".")
    assert [one["host"] for one in api.get("settings/mail").json()["accounts"]] == ["first.example"]


def test_platforms_say_what_is_connected(api: Api) -> None:
    known = {one["name"]: one for one in api.get("platforms").json()["items"]}
    assert (known["email"]["connected"], known["email"]["practice"]) == (False, True)
    assert {"whatsapp", "sms", "facebook", "linkedin", "ads"} <= set(known)
    assert not known["whatsapp"]["launchable"], "nothing of Handbill runs here that could take it"
    types = [one["type"] for one in api.get("campaign-types").json()["items"]]
    assert types == ["one_shot", "drip", "recurring", "milestone"]
    assert api.get("social-profiles/facebook").json()["items"] == []
    assert api.get("social-profiles/pigeon").status_code == 404


def test_health_tells_of_the_clock_the_queue_and_the_last_message(api: Api) -> None:
    body = api.get("health").json()
    assert body["scheduler"] == {"heartbeatAt": None, "lagSeconds": None}
    assert body["status"] == "degraded"
    dispatch = _sent_to_three(api)
    assert api.get("health").json()["queue"]["depth"] == 1
    _settle(dispatch, State.SENT, most=3)
    assert api.get("health").json()["channels"]["email"]["lastSuccessAt"] is not None


def _import(api: Api, raw: bytes, **form: str) -> Any:
    return api.ask("POST", "customers/import", None, files={"file": ("list.csv", raw)}, data=form)


def _sent_to_three(api: Api) -> int:
    for name in ("ana", "ben", "cleo"):
        customer(api, firstName=name, email=f"{name}@x.example")
    number: int = api.post("dispatches", {**LETTER, "audience": {"type": "all"}}).json()["dispatchId"]
    return number


def _settle(dispatch_id: int, state: State, *, most: int) -> None:
    """As the engine would have written it down."""
    with unit() as session:
        rows = session.query(Delivery).filter_by(dispatch_id=dispatch_id, state=State.QUEUED)
        for row in rows.order_by(Delivery.id).limit(most):
            row.state, row.settled_at = state, present()
