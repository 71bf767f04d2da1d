"""Pausing a send and letting it go on, as programs ask for it."""

from datetime import timedelta

import pytest

from data.database import now, unit
from domain.book import customers
from domain.sending import endings, standstill
from domain.sending.dispatches import Hold
from tests.ui.conftest import Api


@pytest.fixture
def campaign(api: Api) -> int:
    """Launched to two people; no worker takes it up."""
    with unit() as session:
        for name in ("Ana", "Ben"):
            person = {"first_name": name, "email": f"{name.lower()}@example.org"}
            customers.create(session, person, by=api.cast.olive, now=now())
    content = {"name": "Viewing", "subject": "Hello", "textBody": "Come in."}
    return int(api.post("campaigns", content).json()["id"])


@pytest.fixture
def dispatch(api: Api, campaign: int) -> int:
    return int(api.post(f"campaigns/{campaign}/launch").json()["dispatchId"])


def test_a_paused_campaign_keeps_its_status_and_says_why_it_stands(
    api: Api, campaign: int, dispatch: int
) -> None:
    paused = api.post(f"campaigns/{campaign}/pause")
    assert paused.status_code == 200
    told = paused.json()
    assert (told["status"], told["hold"], told["lastDispatch"]["state"]) == ("sending", "person", "paused")
    resumed = api.post(f"campaigns/{campaign}/resume").json()
    assert (resumed["status"], resumed["hold"], resumed["lastDispatch"]["state"]) == (
        "sending",
        None,
        "sending",
    )


def test_a_paused_dispatch_says_who_did_it_and_loses_nobody(api: Api, dispatch: int) -> None:
    paused = api.as_("max_").post(f"dispatches/{dispatch}/pause").json()
    assert (paused["state"], paused["hold"], paused["heldBy"]) == ("paused", "person", "Max")
    assert (paused["recipients"], paused["queued"], paused["cancelled"]) == (2, 2, 0)
    resumed = api.post(f"dispatches/{dispatch}/resume").json()
    assert (resumed["state"], resumed["hold"], resumed["heldBy"]) == ("sending", None, None)


def test_programs_of_the_other_dialects_read_their_own_words(api: Api, campaign: int, dispatch: int) -> None:
    theirs = api.at("/crm/marketing")
    told = theirs.post(f"campaigns/{campaign}/pause").json()
    assert (told["status"], told["hold"], told["lastDispatch"]["state"]) == ("running", "person", "paused")
    assert theirs.get(f"dispatches/{dispatch}").json()["state"] == "paused"
    loud = api.get(f"campaigns/{campaign}?statusWords=capitals").json()
    assert (loud["status"], loud["lastDispatch"]["state"]) == ("SENDING", "PAUSED")
    assert theirs.post(f"dispatches/{dispatch}/resume").json()["state"] == "running"


@pytest.mark.parametrize("of", ["campaign", "dispatch"])
def test_a_second_press_is_refused_with_a_sentence(api: Api, campaign: int, dispatch: int, of: str) -> None:
    home = f"campaigns/{campaign}" if of == "campaign" else f"dispatches/{dispatch}"
    assert refused(api, f"{home}/resume") == "This send is not paused."
    api.post(f"{home}/pause")
    assert refused(api, f"{home}/pause") == "This send is paused already."
    api.post(f"{home}/stop")
    for verb in ("pause", "resume", "stop"):
        assert refused(api, f"{home}/{verb}") == "This send is already over."


def test_a_stop_of_a_paused_one_ends_it_at_once(api: Api, campaign: int, dispatch: int) -> None:
    api.post(f"dispatches/{dispatch}/pause")
    stopped = api.post(f"dispatches/{dispatch}/stop").json()
    assert (stopped["state"], stopped["hold"], stopped["cancelled"], stopped["queued"]) == (
        "stopped",
        None,
        2,
        0,
    )
    assert stopped["finishedAt"]
    assert api.get(f"campaigns/{campaign}").json()["status"] == "draft"


def test_a_campaign_that_was_never_launched_can_not_be_paused(api: Api, campaign: int) -> None:
    for verb in ("pause", "resume"):
        assert refused(api, f"campaigns/{campaign}/{verb}") == "This campaign is not being sent."


def test_what_can_be_undone_is_not_paused(api: Api, campaign: int) -> None:
    dispatch = api.post(f"campaigns/{campaign}/launch", {"undoSeconds": 60}).json()["dispatchId"]
    assert "can still be undone" in refused(api, f"dispatches/{dispatch}/pause")
    assert "can still be undone" in refused(api, f"campaigns/{campaign}/pause")


def test_what_is_not_there_is_not_found(api: Api) -> None:
    for path in (
        "campaigns/9999/pause",
        "campaigns/9999/resume",
        "dispatches/9999/pause",
        "dispatches/9999/resume",
    ):
        assert api.post(path).status_code == 404


def test_a_wait_for_the_morning_is_told_with_its_end(api: Api, campaign: int, dispatch: int) -> None:
    until = (now() + timedelta(hours=9)).replace(microsecond=0)
    with unit() as session:
        standstill.hold(session, dispatch, Hold.QUIET, until, now=now())
    told = api.get(f"dispatches/{dispatch}").json()
    assert (told["state"], told["hold"], told["heldUntil"]) == (
        "sending",
        "quiet",
        until.isoformat(timespec="milliseconds"),
    )
    seen = api.get(f"campaigns/{campaign}").json()
    assert (seen["hold"], seen["lastDispatch"]["heldUntil"]) == ("quiet", told["heldUntil"])
    with unit() as session:
        endings.stop(session, dispatch, by=api.cast.olive, now=now())
    assert api.get(f"campaigns/{campaign}").json()["hold"] is None


def refused(api: Api, path: str) -> str:
    answer = api.post(path)
    assert answer.status_code == 409, answer.text
    return str(answer.json()["error"]["message"])
