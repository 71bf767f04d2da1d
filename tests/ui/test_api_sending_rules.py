"""The shop's rules for marketing, by program."""

from typing import Any

import pytest

from tests.ui.conftest import Api

GOLD = {"type": "tags", "tags": ["gold"]}
RULES = {"quietFrom": "21:00", "quietUntil": "08:05", "quietSundays": True, "capMessages": 1, "capDays": 7}
NO_RULES = {
    "quietFrom": None,
    "quietUntil": None,
    "quietSundays": False,
    "capMessages": None,
    "capDays": None,
}


def customer(api: Api, name: str, *tags: str) -> int:
    person = {"firstName": name, "email": f"{name}@gold.example".lower(), "tags": list(tags)}
    return int(api.post("customers", person).json()["id"])


def draft(api: Api, audience: dict[str, Any]) -> int:
    letter = {"name": "Viewing", "subject": "A private viewing", "htmlBody": "<p>Come.</p>"}
    return int(api.post("campaigns", letter | {"audience": audience}).json()["id"])


def rules_of(api: Api) -> dict[str, Any]:
    told = api.get("settings/shop").json()
    return {name: told[name] for name in NO_RULES}


def test_rules_are_read_set_and_taken_back(api: Api) -> None:
    assert rules_of(api) == NO_RULES
    assert api.put("settings/shop", RULES).status_code == 200
    assert rules_of(api) == RULES
    api.put("settings/shop", {"name": "Marlow"})
    assert rules_of(api) == RULES, "what is left out stays as it is"
    api.put("settings/shop", NO_RULES)
    assert rules_of(api) == NO_RULES


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        ({"quietFrom": "21:00"}, "quiet"),
        ({"quietFrom": "24:00", "quietUntil": "08:00"}, "quiet"),
        ({"quietSundays": None}, "quiet"),
        ({"capMessages": 0, "capDays": 7}, "cap"),
        ({"capMessages": 10**30, "capDays": 7}, "cap"),
        ({"capMessages": 1}, "cap"),
    ],
)
def test_half_a_rule_is_refused_by_field(api: Api, rules: dict[str, Any], field: str) -> None:
    answer = api.put("settings/shop", rules)
    assert answer.status_code == 422
    assert answer.json()["error"]["details"]["field"].startswith(field)
    assert rules_of(api) == NO_RULES


def test_what_is_measured_is_chosen_by_kind(api: Api) -> None:
    assert api.get("settings/shop").json()["measured"] == ["marketing", "newsletter"]
    assert api.put("settings/shop", {"measured": ["operational", "marketing"]}).status_code == 200
    assert api.get("settings/shop").json()["measured"] == ["marketing", "operational"]
    for wrong in (["birthday"], None, [["marketing"]]):
        assert api.put("settings/shop", {"measured": wrong}).status_code in (400, 422)
    assert api.put("settings/shop", {"measured": []}).json()["measured"] == []
    assert api.as_("max_").put("settings/shop", {"measured": []}).status_code == 403


def test_only_the_owner_sets_rules(api: Api) -> None:
    for somebody in ("max_", "sal", "wes", "ada"):
        assert api.as_(somebody).put("settings/shop", RULES).status_code == 403
        assert rules_of(api.as_(somebody)) == NO_RULES


def test_those_spared_are_counted_explained_and_skipped_with_the_reason(api: Api) -> None:
    api.put("settings/shop", {"capMessages": 1, "capDays": 7})
    ana, ben = customer(api, "Ana", "gold"), customer(api, "Ben")
    first, second = draft(api, GOLD), draft(api, {"type": "all"})
    assert api.post(f"campaigns/{first}/launch").status_code == 202

    counted = api.post("audience/count", {"audience": {"type": "all"}}).json()
    assert (counted["reachable"], counted["leftOut"]["enough"]) == (1, 1)
    verdict = api.post("audience/explain", {"audience": {"type": "all"}, "customerId": ana}).json()
    assert (verdict["included"], verdict["reason"]) == (False, "enough")

    assert api.post(f"campaigns/{second}/launch").status_code == 202
    stats = api.get(f"campaigns/{second}/stats").json()
    assert (stats["recipients"], stats["queued"], stats["skipped"]) == (2, 1, 1)
    assert told_about(api, second, "skipped") == [(ana, "enough")]
    assert told_about(api, second, "queued") == [(ben, None)]


def told_about(api: Api, campaign_id: int, status: str) -> list[tuple[int, str | None]]:
    rows = api.get(f"campaigns/{campaign_id}/recipients?status={status}").json()["items"]
    return [(row["customerId"], row["reason"]) for row in rows]
