"""A program learns that this may be a copy of the shop, and says for its owner that it is the shop now."""

from datetime import timedelta

import pytest

from data.database import now, unit
from domain.shop import installation
from tests.ui.conftest import Api


@pytest.fixture
def copy(api: Api) -> Api:
    with unit() as session:
        installation.put_up_fence(session, now() - timedelta(days=1), now=now())
    return api


def test_the_health_says_that_nothing_is_sent_and_why(copy: Api) -> None:
    health = copy.get("health").json()
    assert health["status"] == "fenced"
    assert health["installation"]["fenced"] is True
    assert health["installation"]["copiedAt"] < health["installation"]["fencedAt"]
    assert "the owner has to confirm" in health["installation"]["why"]
    assert copy.nobody.get("/health").json() == {"status": "fenced"}


def test_a_launch_is_refused_with_the_reason_and_the_campaign_stays_a_draft(copy: Api) -> None:
    number = copy.post("campaigns", {"name": "Viewing", "subject": "Hello", "textBody": "Come in."}).json()[
        "id"
    ]
    answer = copy.post(f"campaigns/{number}/launch")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "restored_copy")
    assert copy.get(f"campaigns/{number}").json()["status"] == "draft"


def test_the_owner_confirms_once(copy: Api) -> None:
    answer = copy.post("settings/installation/confirm")
    assert (answer.status_code, answer.json()) == (200, {"paused": 0, "drafts": 0})
    assert copy.get("health").json()["installation"]["fenced"] is False
    again = copy.post("settings/installation/confirm")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "not_fenced")
