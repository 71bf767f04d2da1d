"""Tags, as programs keep them in order."""

from typing import Any

from tests.ui.conftest import Api


def tagged(api: Api, name: str, *tags: str) -> int:
    answer = api.post("customers", {"firstName": name, "email": f"{name}@x.example", "tags": list(tags)})
    assert answer.status_code == 201
    return int(answer.json()["id"])


def every(api: Api) -> dict[str, int]:
    return {one["name"]: one["count"] for one in api.get("tags").json()["items"]}


def error(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_a_tag_is_renamed_made_one_with_another_and_deleted(api: Api) -> None:
    ana = tagged(api, "ana", "rings/bands", "gold")
    tagged(api, "ben", "rings")
    assert every(api) == {"gold": 1, "rings": 1, "rings/bands": 1}
    segment = api.post("segments", {"name": "Rings", "rule": {"tag": ["rings/bands"]}}).json()["id"]
    assert error(api.patch("tags/rings/bands", {"name": "Rings"})) == (409, "would_merge")
    answer = api.patch("tags/rings%2Fbands", {"name": "Rings", "merge": True})
    assert (answer.status_code, answer.json()) == (200, {"name": "rings", "count": 2})
    assert api.get(f"customers/{ana}").json()["tags"] == ["gold", "rings"]
    assert api.get(f"segments/{segment}").json()["rule"] == {"tag": ["rings"]}
    assert api.patch("tags/rings", {"name": "Bands & rings"}).json() == {"name": "Bands & rings", "count": 2}
    assert error(api.delete("tags/Bands & rings")) == (409, "in_use")
    assert api.delete("tags/GOLD").status_code == 204
    assert every(api) == {"Bands & rings": 2}
    assert error(api.delete("tags/gold")) == (404, "not_found")
    assert error(api.patch("tags/Bands & rings", {"name": " "})) == (422, "invalid")
