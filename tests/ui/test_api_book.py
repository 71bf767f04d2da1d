"""The customer book for programs: records, groups, lists, twins, erasing, and taking everything away."""

import csv
import io
import tracemalloc
from typing import Any

import pytest
from sqlalchemy import insert

from data.database import now as present
from data.database import reading, unit
from domain.book import importing
from domain.book.columns import guess_mapping
from domain.book.customers import Customer
from domain.shop.people import User
from tests.ui.conftest import Api

ANA = {
    "firstName": "Ana", "lastName": "=Berg", "companyName": "Berg; & Sons", "email": "ana@berg.example",
    "phone": "+442079460018", "status": "vip", "postcode": "HG1 1AA", "preferredChannel": "email", "language": "en",
    "tags": ["gold", "a; b", 'the "best"'], "groups": ["Evening"], "birthday": "--05-17",
    "dates": [
        {"kind": "wedding", "date": "2019-06-08"},
        {"kind": "custom", "date": "2020-01-02", "note": "first, meeting"},
    ],
    "notes": "- likes opals\n- hates nickel", "attrs": {"ring size": "M"}, "preferences": {"newsletter": False},
}  # fmt: skip


def made(api: Api, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.post(path, body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def ana(api: Api) -> int:
    if not api.get("groups").json()["items"]:
        made(api, "groups", {"name": "Evening"})
    return int(made(api, "customers", ANA)["id"])


def code(answer: Any) -> str:
    return str(answer.json()["error"]["code"])


def table(api: Api, query: str = "") -> list[dict[str, str]]:
    answer = api.get(f"customers/export{query}")
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


# Customers, groups, records


def test_customer_has_groups_a_postcode_and_a_way_to_be_reached(api: Api) -> None:
    read = api.get(f"customers/{ana(api)}").json()
    assert (read["groups"], read["postcode"], read["preferredChannel"]) == (["Evening"], "HG1 1AA", "email")
    assert {day["kind"] for day in read["dates"]} == {"birthday", "wedding", "custom"}
    assert code(api.patch(f"customers/{read['id']}", {"groups": ["Evning"]})) == "invalid"


def test_preferences_come_with_their_history(api: Api) -> None:
    number = ana(api)
    api.patch(f"customers/{number}", {"preferences": {"newsletter": True}})
    told = api.get(f"customers/{number}/preferences").json()
    assert [(one["messageType"], one["allowed"]) for one in told["states"]] == [("newsletter", True)]
    assert [(one["how"], one["allowed"], one["byName"]) for one in told["history"]] == [
        ("api", True, "Olive"),
        ("api", False, "Olive"),
    ]


def test_group_is_filled_thinned_and_kept_while_a_campaign_speaks_of_it(api: Api) -> None:
    numbers = [made(api, "customers", {"firstName": name})["id"] for name in ("Ana", "Ben", "Cleo")]
    group = made(api, "groups", {"name": "Opening night", "note": "With wine"})["id"]
    added = api.post(f"groups/{group}/members", {"customerIds": [*numbers, 9999]}).json()
    assert added == {"changed": 3, "count": 3}
    removed = api.post(f"groups/{group}/members/remove", {"customerIds": numbers[:1]}).json()
    assert removed == {"changed": 1, "count": 2}
    first = api.get(f"groups/{group}/members?limit=1").json()
    assert (first["total"], first["items"][0]["firstName"]) == (2, "Ben")
    assert api.get(f"groups/{group}/members?cursor={first['nextCursor']}").json()["items"][0]["firstName"] == "Cleo"  # fmt: skip
    made(api, "campaigns", {"name": "Wine", "audience": {"type": "group", "groupIds": [group]}})
    made(api, "segments", {"name": "Guests", "rule": {"in_group": group}})
    used = api.delete(f"groups/{group}")
    assert (used.status_code, used.json()["error"]["details"]["usedBy"]) == (
        409,
        ["the draft Wine", "the segment Guests"],
    )
    empty = made(api, "groups", {"name": "Empty"})["id"]
    assert api.delete(f"groups/{empty}").status_code == 204


def test_record_is_read_changed_and_deleted(api: Api) -> None:
    number = ana(api)
    told = {"kind": "repair", "startsAt": "2026-05-17T10:30", "category": "Rings", "staff": "Bo", "usesLeft": 2, "mode": "in_store"}  # fmt: skip
    record = made(api, f"customers/{number}/records", told)
    assert (record["category"], record["staff"], record["usesLeft"], record["status"]) == ("Rings", "Bo", 2, "active")  # fmt: skip
    changed = api.patch(f"records/{record['id']}", {"status": "done", "amount": 4500}).json()
    assert (changed["status"], changed["amount"], changed["currency"]) == ("done", 4500, "GBP")
    assert api.get(f"records/{record['id']}").json() == changed
    assert api.delete(f"records/{record['id']}").status_code == 204
    assert api.get(f"records/{record['id']}").status_code == 404
    assert [one["key"] for one in api.get("settings/categories").json()["items"]] == ["Rings"]


def test_lists_of_the_shop_are_kept_by_programs_too(api: Api) -> None:
    made(api, "settings/categories", {"label": "Jewellery"})
    rings = made(api, "settings/categories", {"label": "Rings", "parent": "Jewellery"})
    assert rings["parent"] == "Jewellery"
    assert (
        api.patch("settings/categories/Rings", {"parent": None, "label": "Bands"}).json()["label"] == "Bands"
    )
    made(api, "settings/record-staff", {"label": "Bo"})
    assert api.patch("settings/record-staff/Bo", {"label": "Beau"}).json() == {"key": "Bo", "label": "Beau", "records": 0}  # fmt: skip
    assert api.delete("settings/record-staff/Bo").status_code == 204
    kind = made(api, "settings/record-kinds", {"label": "Lay-by plan", "hasEnd": True})
    assert api.patch(f"settings/record-kinds/{kind['key']}", {"icon": "savings"}).json()["icon"] == "savings"
    assert code(api.delete("settings/record-kinds/order")) == "usual_kind"
    ana(api)
    field = made(api, "settings/own-fields", {"label": "Ring size", "sort": "number", "key": "ring size"})
    assert field["unfit"] == 1
    assert api.patch("settings/own-fields/ring%20size", {"sort": "text"}).json()["unfit"] == 0


# One person


def test_twins_are_found_told_apart_and_merged(api: Api) -> None:
    one = made(api, "customers", {"firstName": "Ana", "lastName": "Berg", "email": "ana@x.example"})["id"]
    two = made(api, "customers", {"firstName": "Anna", "lastName": "Berg", "email": "ana@x.example", "phone": "020 7946 0018"})["id"]  # fmt: skip
    [pair] = api.get("customers/duplicates").json()["items"]
    assert (pair["first"]["id"], pair["second"]["id"]) == (one, two)
    assert api.get(f"customers/duplicates?customer={two}").json()["total"] == 1
    merged = api.post(f"customers/{one}/merge", {"otherId": two, "take": ["firstName"]}).json()
    assert (merged["firstName"], merged["phone"]) == ("Anna", "020 7946 0018")
    gone = api.get(f"customers/{two}")
    assert (gone.status_code, code(gone)) == (404, "merged")
    assert gone.json()["error"]["details"]["customerId"] == one
    assert code(api.post(f"customers/{one}/merge", {"otherId": one})) == "same_customer"
    three = made(api, "customers", {"firstName": "Anna", "lastName": "Berg", "email": "ana@x.example"})["id"]
    assert api.post("customers/duplicates/different", {"firstId": three, "secondId": one}).status_code == 204
    assert api.get("customers/duplicates").json()["total"] == 0


def test_erased_customer_comes_back_as_somebody_who_is_not_written_to(api: Api) -> None:
    number = ana(api)
    assert api.as_("sal").delete(f"customers/{number}?erase=true").status_code == 403
    assert api.delete(f"customers/{number}?erase=true").status_code == 204
    assert api.get(f"customers/{number}").status_code == 404
    made(api, "customers", {"firstName": "Ana", "email": "ana@berg.example"})
    for kind in ("marketing", "newsletter", "operational"):
        told = api.post("audience/count", {"messageType": kind, "audience": {"type": "all"}}).json()
        assert (told["matched"], told["reachable"], told["leftOut"].get("suppressed")) == (1, 0, 1), kind


# Everything to take away


def test_csv_holds_each_person_and_no_formula(api: Api) -> None:
    number = ana(api)
    made(api, f"customers/{number}/records", {"kind": "order", "startsAt": "2026-05-17", "amount": 1})
    [row] = table(api)
    assert (row["Customer number"], row["First name"], row["Last name"]) == (str(number), "Ana", "'=Berg")
    assert (row["Phone"], row["Status"], row["Birthday"]) == ("'+442079460018", "VIP", "0000-05-17")
    assert (row["Groups"], row["Wedding"], row["Other dates"]) == ("Evening", "2019-06-08", "custom (first, meeting) 2020-01-02")  # fmt: skip
    assert (row["Newsletter by email"], row["Marketing by email"], row["Unsubscribed"]) == ("no", "", "no")
    assert (row["Own field: ring size"], row["Records"]) == ("M", "1")
    everything = api.get("customers/export").content.decode("utf-8-sig")
    cells = [cell for line in csv.reader(io.StringIO(everything, newline="")) for cell in line]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_own_file_brought_in_again_changes_nothing(api: Api) -> None:
    ana(api)
    made(api, "customers", {"firstName": "Ben", "phone": "020 7946 0019", "marketingOptOut": True})
    made(api, "customers", {"companyName": "@home, Ltd", "email": "HOME@x.example", "notes": "'quoted'", "tags": ["one"]})  # fmt: skip
    made(api, "customers", {"lastName": "'=Cole", "email": "cole@x.example", "birthday": "1984-02-29"})
    before = api.get("customers/export?format=json").json()
    raw = api.get("customers/export").content
    with reading() as session:
        seen = importing.preview(session, raw, "own.csv", by=api.cast.olive, now=present())
    assert (seen.will_add, seen.will_update, seen.unchanged, seen.rejected) == (0, 0, 4, [])
    assert seen.warnings == []
    assert api.get("customers/export?format=json").json() == before


def test_headings_of_the_file_never_unsubscribe_anybody(api: Api) -> None:
    made(api, "customers", {"firstName": "Ana", "email": "a@x.example", "preferences": {"newsletter": False, "marketing": False}})  # fmt: skip
    headings = table(api)[0].keys()
    mapping = guess_mapping(list(headings))
    assert mapping["Unsubscribed"] == "opted_out"
    assert "subscribed" not in mapping.values()  # which would be a no to everything
    assert mapping["Newsletter by email"] == "wants_newsletter"
    assert mapping["Marketing by email"] == "wants_marketing"
    assert not {"Customer number", "Records"} & mapping.keys()


def test_json_holds_each_person_with_everything(api: Api) -> None:
    number = ana(api)
    made(api, f"customers/{number}/records", {"kind": "order", "startsAt": "2026-05-17", "title": "Ring"})
    made(api, "customers", {"firstName": "Ben"})
    people = api.get("customers/export?format=json").json()
    assert [one["firstName"] for one in people] == ["Ana", "Ben"]
    first = people[0]
    assert (first["lastName"], first["attrs"], first["tags"]) == ("=Berg", {"ring size": "M"}, ["a; b", "gold", 'the "best"'])  # fmt: skip
    assert first["records"][0]["title"] == "Ring"
    assert first["preferences"][0]["messageType"] == "newsletter"
    assert first["consents"][0]["how"] == "api"


def test_empty_book_is_an_empty_file(api: Api) -> None:
    assert api.get("customers/export?format=json").json() == []
    assert table(api) == []


def test_records_and_what_people_said_are_tables_of_their_own(api: Api) -> None:
    number = ana(api)
    made(api, f"customers/{number}/records", {"kind": "order", "startsAt": "2026-05-17", "title": "=1+1", "amount": -100})  # fmt: skip
    [record] = table(api, "?what=records")
    assert (record["Email"], record["Kind"], record["Title"]) == ("ana@berg.example", "order", "'=1+1")
    [said] = table(api, "?what=consents")
    assert (said["Message type"], said["Allowed"], said["By"]) == ("newsletter", "no", "Olive")


def test_what_everybody_was_sent_is_taken_away_too(api: Api) -> None:
    number = ana(api)
    letter = {
        "subject": "=A viewing",
        "textBody": "Come",
        "audience": {"type": "manual", "customerIds": [number]},
    }
    assert api.post("dispatches", letter).status_code == 202
    [sent] = table(api, "?what=communications")
    assert (sent["Customer number"], sent["Subject"], sent["Sent to"]) == (
        str(number),
        "'=A viewing",
        "ana@berg.example",
    )
    [one] = api.get("customers/export?format=json").json()
    [told] = one["communications"]
    assert (told["subject"], told["state"], told["channel"]) == ("=A viewing", "queued", "email")
    assert api.get(f"customers/{number}/export").json()["communications"] == [told]


def test_what_leans_on_a_segment_is_told_with_its_number(api: Api) -> None:
    rule = {"all": [{"field": "status", "op": "eq", "value": "vip"}]}
    best = made(api, "segments", {"name": "Best", "rule": rule})["id"]
    assert api.get(f"segments/{best}/used-by").json()["items"] == []
    draft = made(api, "campaigns", {"name": "Wine", "audience": {"type": "segment", "segmentId": best}})["id"]
    other = made(api, "segments", {"name": "Rest", "rule": {"not": {"segment": best}}})["id"]
    told = api.as_("sal").get(f"segments/{best}/used-by").json()
    assert told["items"] == [
        {"sort": "draft", "id": draft, "name": "Wine"},
        {"sort": "segment", "id": other, "name": "Rest"},
    ]
    assert api.get("segments/9999/used-by").status_code == 404


def test_word_that_a_segment_speaks_of_is_kept(api: Api) -> None:
    made(api, "settings/categories", {"label": "Rings"})
    rule = {"record": {"kind": "order", "category": "Rings"}}
    segment = made(api, "segments", {"name": "Ring buyers", "rule": rule})["id"]
    refused = api.delete("settings/categories/Rings")
    assert (refused.status_code, refused.json()["error"]["details"]["usedBy"]) == (
        409,
        ["the segment Ring buyers"],
    )
    assert api.delete(f"segments/{segment}").status_code == 204
    assert api.delete("settings/categories/Rings").status_code == 204


def test_deleted_customer_and_everybody_at_an_address_are_forgotten(api: Api) -> None:
    number = ana(api)
    api.delete(f"customers/{number}")
    assert api.delete(f"customers/{number}?erase=true").status_code == 204
    assert api.delete(f"customers/{number}?erase=true").status_code == 404
    second = ana(api)
    assert api.as_("sal").post("customers/erase", {"address": ANA["email"]}).status_code == 403
    assert api.post("customers/erase", {"address": ANA["email"]}).json() == {"customerIds": [second]}
    assert code(api.post("customers/erase", {"address": ANA["email"]})) == "not_found"
    assert api.post("customers/erase", {"address": "nothing at all"}).status_code == 422


def test_one_person_may_read_all_that_is_known_of_them(api: Api) -> None:
    number = ana(api)
    answer = api.get(f"customers/{number}/export")
    assert answer.headers["content-disposition"] == f'attachment; filename="customer-{number}.json"'
    assert answer.json()["communications"] == []
    assert answer.json()["email"] == "ana@berg.example"
    assert api.as_("ada").get(f"customers/{number}/export").status_code == 403
    assert api.get("customers/9999/export").status_code == 404


@pytest.mark.parametrize("query", ["?format=xml", "?what=secrets", "?format="])
def test_file_that_there_is_not_is_400(api: Api, query: str) -> None:
    assert api.get(f"customers/export{query}").status_code == 400


def test_large_book_is_written_while_it_is_read(api: Api) -> None:
    """Memory is that of a few hundred people, however many there are."""
    from ui import exports

    with unit() as session:
        row = {"status": "customer", "active_at": present(), "created_at": present(), "updated_at": present()}
        session.execute(
            insert(Customer), [{"first_name": f"P{n}", "notes": "x" * 4_000, **row} for n in range(3_000)]
        )
    for lines in (exports._csv("customers", exports._lots()), exports._json(exports._lots())):
        tracemalloc.start()
        length = sum(len(part) for part in lines)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert length > 12_000_000
        assert peak < length


@pytest.mark.parametrize(
    "door",
    [
        "GET customers/export", "GET customers/1/export", "POST customers/1/merge", "DELETE customers/1?erase=true",
        "POST customers/import", "POST customers/imports/1/undo", "GET groups", "GET customers/duplicates",
    ],
)  # fmt: skip
def test_token_of_somebody_who_left_opens_no_door_of_the_book(api: Api, door: str) -> None:
    ana(api)
    left = api.as_("max_")
    with unit() as session:
        session.get_one(User, api.cast.max_.user_id).active = False
    assert left.ask(*door.split()).status_code == 401
    assert api.get("customers").json()["total"] == 1
