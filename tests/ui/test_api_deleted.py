"""What was deleted, for the owner's programs: listed, put back, and removed for good."""

from tests.ui.conftest import Api

PERSON = {"firstName": "Ana", "email": "ana@inbox.example"}
LETTER = {"subject": "Opals", "htmlBody": "<p>Come and see.</p>"}


def test_what_is_deleted_is_listed_put_back_and_removed(api: Api) -> None:
    numbers = [api.post("campaigns", {"name": name, **LETTER}).json()["id"] for name in ("One", "Two")]
    for number in numbers:
        api.delete(f"campaigns/{number}")
    listed = api.get("settings/deleted").json()
    assert {(one["kind"], one["name"]) for one in listed["items"]} == {
        ("campaign", "One"),
        ("campaign", "Two"),
    }
    assert api.post(f"settings/deleted/campaign/{numbers[0]}/put-back").status_code == 204
    assert api.get(f"campaigns/{numbers[0]}").json()["subject"] == "Opals"
    gone = {"campaigns": 1, "oneShots": 0, "templates": 0, "segments": 0}
    assert api.post("settings/deleted/purge").json() == gone
    assert api.post(f"settings/deleted/campaign/{numbers[1]}/put-back").status_code == 404
    assert api.get("settings/deleted").json()["total"] == 0


def test_a_draft_is_removed_at_once_by_its_author_only(api: Api) -> None:
    number = api.as_("max_").post("campaigns", {"name": "Idea", **LETTER}).json()["id"]
    assert api.delete(f"campaigns/{number}?purge=true").status_code == 403
    assert api.as_("max_").delete(f"campaigns/{number}?purge=true").status_code == 204
    assert api.get("settings/deleted").json()["total"] == 0
    assert api.as_("max_").delete(f"campaigns/{number}?purge=true").status_code == 404


def test_a_one_shot_is_deleted_put_back_and_kept_for_as_long_as_the_owner_says(api: Api) -> None:
    audience = {"type": "manual", "customerIds": [api.post("/api/marketing/customers", PERSON).json()["id"]]}
    number = api.post("dispatches", {**LETTER, "audience": audience, "undoSeconds": 300}).json()["dispatchId"]
    assert api.delete(f"dispatches/{number}").json()["error"]["code"] == "is_sending"
    api.post(f"dispatches/{number}/undo")
    assert api.as_("sal").delete(f"dispatches/{number}").status_code == 403
    assert api.as_("max_").delete(f"dispatches/{number}").status_code == 204
    assert api.get(f"dispatches/{number}").json()["deletedAt"] is not None
    assert api.put("settings/shop", {"purgeAfter": 0}).json()["purgeAfter"] == 0
    [waiting] = api.get("settings/deleted").json()["items"]
    assert (waiting["kind"], waiting["id"], waiting["goesAt"]) == ("one_shot", number, None)
    assert api.post(f"settings/deleted/one_shot/{number}/put-back").status_code == 204
    assert api.get(f"dispatches/{number}").json()["deletedAt"] is None
