"""Campaigns by program: writing, launching once, scheduling, and the words of `/crm/marketing`."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from data.database import now as present
from data.database import reading, unit
from domain.sending import dispatches
from domain.sending.campaigns import Campaign, Status
from tests.ui.conftest import Api

LETTER = {"subject": "A private viewing", "htmlBody": "<p>Come and see.</p>"}
PLAN = {"name": "Christmas viewing", **LETTER, "audience": {"type": "tags", "tags": ["gold"]}}


@pytest.fixture
def gold(api: Api) -> list[int]:
    """Three customers with the tag gold."""
    people = [("Ana", "ana@gold.example"), ("Ben", "ben@gold.example"), ("Cleo", "cleo@gold.example")]
    return [
        api.post("customers", {"firstName": name, "email": email, "tags": ["gold"]}).json()["id"]
        for name, email in people
    ]


def draft(api: Api, **more: Any) -> int:
    answer = api.post("campaigns", PLAN | more)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def sent(campaign_id: int) -> None:
    with unit() as session:
        campaign = session.get(Campaign, campaign_id)
        assert campaign is not None
        campaign.status = Status.SENT


def test_new_campaign_is_a_draft_and_reads_as_it_was_written(api: Api) -> None:
    made = api.post("campaigns", PLAN).json()
    assert made["status"] == "draft"
    assert made["createdByName"] == "Olive"
    read = api.get(f"campaigns/{made['id']}").json()
    assert {name: read[name] for name in PLAN} == PLAN
    assert read == made


def test_campaign_needs_a_name(api: Api) -> None:
    answer = api.post("campaigns", LETTER)
    assert answer.status_code == 422
    assert answer.json()["error"]["details"]["field"] == "name"


def test_patch_changes_what_is_given_and_put_replaces(api: Api) -> None:
    number = draft(api)
    patched = api.patch(f"campaigns/{number}", {"preheader": "Only for you"}).json()
    assert (patched["preheader"], patched["subject"]) == ("Only for you", PLAN["subject"])
    replaced = api.put(f"campaigns/{number}", {"name": "Bare"}).json()
    assert (replaced["name"], replaced["subject"], replaced["audience"]) == ("Bare", "", {"type": "all"})


def test_change_from_an_older_version_is_refused(api: Api) -> None:
    number = draft(api)
    assert api.patch(f"campaigns/{number}", {"subject": "First", "version": 1}).status_code == 200
    late = api.patch(f"campaigns/{number}", {"subject": "Second", "version": 1})
    assert late.status_code == 409
    assert late.json()["error"]["code"] == "changed_meanwhile"


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_sent_campaign_can_not_be_edited(api: Api, method: str) -> None:
    number = draft(api)
    sent(number)
    answer = api.ask(method, f"campaigns/{number}", {"name": "Another"})
    assert answer.status_code == 409
    assert answer.json()["error"]["message"] == "Cannot edit a sent or sending campaign"


def test_scheduled_campaign_must_go_back_to_draft_first(api: Api) -> None:
    number = draft(api, schedule={"startAt": "2099-01-01T09:00"} | _soon(30))
    assert api.patch(f"campaigns/{number}", {"name": "Another"}).status_code == 409
    assert api.post(f"campaigns/{number}/unschedule").json()["status"] == "draft"
    assert api.patch(f"campaigns/{number}", {"name": "Another"}).status_code == 200


def test_deleted_campaign_is_gone_from_the_list(api: Api) -> None:
    number = draft(api)
    assert api.delete(f"campaigns/{number}").status_code == 204
    assert api.get(f"campaigns/{number}").status_code == 404
    assert api.get("campaigns").json()["items"] == []


def test_template_fills_a_new_campaign(api: Api) -> None:
    template = api.post("templates", {"name": "Viewing", **LETTER}).json()["id"]
    made = api.post("campaigns", {"name": "From a template", "templateId": template}).json()
    assert (made["subject"], made["htmlBody"]) == (LETTER["subject"], LETTER["htmlBody"])


def test_template_that_nobody_has_is_named(api: Api) -> None:
    answer = api.post("campaigns", PLAN | {"templateId": 999})
    assert answer.status_code == 422
    assert answer.json()["error"]["details"]["field"] == "templateId"


def test_audience_id_means_a_segment(api: Api) -> None:
    segment = api.get("segments").json()["items"][0]["id"]
    made = api.post("campaigns", {"name": "To a segment", "audienceId": segment}).json()
    assert made["audience"] == {"type": "segment", "segmentId": segment}


def test_list_goes_page_by_page_and_knows_its_length(api: Api) -> None:
    numbers = [draft(api, name=f"Number {n}") for n in range(5)]
    first = api.get("campaigns?limit=2").json()
    rest = api.get(f"campaigns?limit=10&cursor={first['nextCursor']}").json()
    assert first["total"] == rest["total"] == 5
    assert [one["id"] for one in first["items"] + rest["items"]] == numbers[::-1]
    assert rest["nextCursor"] is None


def test_list_is_searched_and_filtered(api: Api) -> None:
    draft(api, name="Easter")
    done = draft(api, name="Advent")
    sent(done)
    assert [one["name"] for one in api.get("campaigns?search=east").json()["items"]] == ["Easter"]
    assert [one["id"] for one in api.get("campaigns?status=sent").json()["items"]] == [done]
    assert api.get("campaigns?status=sent").json()["total"] == 1
    assert api.get("campaigns?status=nonsense").status_code == 400


# Launching


def test_launch_opens_one_dispatch_for_everybody_who_matches(api: Api, gold: list[int]) -> None:
    number = draft(api)
    answer = api.post(f"campaigns/{number}/launch")
    assert answer.status_code == 202
    dispatch = api.get(f"dispatches/{answer.json()['dispatchId']}").json()
    assert (dispatch["campaignId"], dispatch["recipients"], dispatch["queued"]) == (number, 3, 3)
    assert api.get(f"campaigns/{number}").json()["lastDispatch"]["id"] == dispatch["id"]


def test_second_launch_is_refused(api: Api, gold: list[int]) -> None:
    number = draft(api)
    api.post(f"campaigns/{number}/launch")
    second = api.post(f"campaigns/{number}/launch")
    assert second.status_code == 409
    assert api.get("dispatches").json()["total"] == 1


def test_of_many_who_launch_together_one_wins(api: Api, gold: list[int]) -> None:
    number = draft(api)
    with ThreadPoolExecutor(8) as crowd:
        answers = list(crowd.map(lambda _: api.post(f"campaigns/{number}/launch").status_code, range(8)))
    assert sorted(answers) == [202] + [409] * 7
    assert api.get("dispatches").json()["total"] == 1


def test_launch_to_nobody_is_refused_and_leaves_a_draft(api: Api) -> None:
    number = draft(api)
    answer = api.post(f"campaigns/{number}/launch")
    assert answer.status_code == 422
    assert answer.json()["error"]["message"] == "No recipients found for this campaign"
    assert api.get(f"campaigns/{number}").json()["status"] == "draft"
    assert api.get("dispatches").json()["total"] == 0


def test_launch_can_be_called_back_while_its_time_runs(api: Api, gold: list[int]) -> None:
    number = draft(api)
    dispatch = api.post(f"campaigns/{number}/launch", {"undoSeconds": 60}).json()["dispatchId"]
    assert api.get(f"dispatches/{dispatch}").json()["state"] == "waiting"
    undone = api.post(f"dispatches/{dispatch}/undo").json()
    assert (undone["state"], undone["cancelled"]) == ("undone", 3)
    assert api.get(f"campaigns/{number}").json()["status"] == "draft"


def test_undo_after_its_time_is_too_late(api: Api, gold: list[int]) -> None:
    dispatch = api.post(f"campaigns/{draft(api)}/launch").json()["dispatchId"]
    answer = api.post(f"dispatches/{dispatch}/undo")
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "too_late"


def test_stop_calls_off_what_has_not_left(api: Api, gold: list[int]) -> None:
    number = draft(api)
    api.post(f"campaigns/{number}/launch")
    assert api.post(f"campaigns/{number}/stop").json()["status"] == "draft"
    stats = api.get(f"campaigns/{number}/stats").json()
    assert (stats["recipients"], stats["cancelled"], stats["queued"]) == (3, 3, 0)
    assert api.post(f"campaigns/{number}/stop").status_code == 409


def test_stop_of_a_campaign_that_never_went_is_refused(api: Api) -> None:
    assert api.post(f"campaigns/{draft(api)}/stop").status_code == 409


def test_posting_as_running_launches_at_once(api: Api, gold: list[int]) -> None:
    answer = api.post("campaigns", PLAN | {"status": "running"}, headers={"Idempotency-Key": "one"})
    assert answer.status_code == 201
    assert answer.json()["status"] == "sending"
    assert answer.json()["lastDispatch"]["state"] == "sending"


def test_repeat_with_the_same_key_makes_nothing_new(api: Api, gold: list[int]) -> None:
    posted = [
        api.post("campaigns", PLAN | {"status": "running"}, headers={"Idempotency-Key": "one"}).json()["id"]
        for _ in range(3)
    ]
    assert len(set(posted)) == 1
    assert api.get("campaigns").json()["total"] == api.get("dispatches").json()["total"] == 1


def test_key_is_good_for_one_message(api: Api, gold: list[int]) -> None:
    api.post("campaigns", PLAN | {"status": "running"}, headers={"Idempotency-Key": "one"})
    other = api.post(
        "campaigns", PLAN | {"status": "running", "subject": "Else"}, headers={"Idempotency-Key": "one"}
    )
    assert other.status_code == 409
    assert other.json()["error"]["code"] == "key_used"


def test_key_of_another_person_is_another_key(api: Api, gold: list[int]) -> None:
    headers = {"Idempotency-Key": "one"}
    first = api.post("campaigns", PLAN | {"status": "running"}, headers=headers).json()["id"]
    second = api.as_("max_").post("campaigns", PLAN | {"status": "running"}, headers=headers).json()["id"]
    assert first != second


def test_same_body_without_a_key_is_refused_with_a_hint(api: Api, gold: list[int]) -> None:
    assert api.post("campaigns", PLAN | {"status": "running"}).status_code == 201
    again = api.post("campaigns", PLAN | {"status": "running"})
    assert again.status_code == 409
    assert "Idempotency-Key" in again.json()["error"]["message"]
    assert api.get("campaigns").json()["total"] == 1


def test_refused_launch_keeps_the_draft_and_names_it(api: Api) -> None:
    answer = api.post("campaigns", PLAN | {"status": "running"})
    assert answer.status_code == 422
    number = answer.json()["error"]["details"]["campaignId"]
    assert api.get(f"campaigns/{number}").json()["status"] == "draft"


@pytest.mark.parametrize(
    ("letter", "told"),
    [
        ({"subject": "Hi {{ firstName"}, ("Subject", 1, 4)),
        ({"htmlBody": "<p>One</p>\n<p>{% if %}</p>"}, ("Message", 2, 7)),
        ({"subject": "Hi {{ frstName }}"}, ("Subject", 1, 7)),
    ],
    ids=["never closed", "no condition", "a field nobody has"],
)
def test_launch_of_what_can_not_be_read_names_line_and_column_and_leaves_a_draft(
    api: Api, gold: list[int], letter: dict[str, str], told: tuple[str, int, int]
) -> None:
    number = api.post("campaigns", PLAN | letter).json()["id"]
    refused = api.post(f"campaigns/{number}/launch")
    assert refused.status_code == 422
    part, line, column = told
    assert refused.json()["error"]["message"].startswith(f"{part}, line {line}, column {column}: ")
    assert refused.json()["error"]["details"] == {"part": part, "line": line, "column": column}
    assert api.get(f"campaigns/{number}").json()["status"] == "draft"


@pytest.mark.parametrize("channel", ["sms", "facebook", "linkedin", "ads"])
def test_channel_that_is_not_connected_can_be_saved_and_not_launched(
    api: Api, gold: list[int], channel: str
) -> None:
    made = api.post("campaigns", PLAN | {"channels": [channel]})
    assert made.status_code == 201
    assert made.json()["channels"] == [channel]
    refused = api.post(f"campaigns/{made.json()['id']}/launch")
    assert refused.status_code == 422
    assert channel in refused.json()["error"]["message"]


def test_channel_nobody_knows_is_refused(api: Api) -> None:
    assert api.post("campaigns", PLAN | {"channels": ["pigeon"]}).status_code == 422


@pytest.mark.parametrize("more", [{"recurring": {"cron": "0 9 * * 1"}}, {"type": "drip"}])
def test_what_comes_later_says_so(api: Api, more: dict[str, Any]) -> None:
    answer = api.post("campaigns", PLAN | more)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "not_available_yet"


# One-shots


def test_one_shot_goes_without_a_campaign(api: Api, gold: list[int]) -> None:
    answer = api.post("dispatches", {**LETTER, "audience": PLAN["audience"]})
    assert answer.status_code == 202
    dispatch = api.get(f"dispatches/{answer.json()['dispatchId']}").json()
    assert (dispatch["campaignId"], dispatch["recipients"]) == (None, 3)
    assert api.get("campaigns").json()["total"] == 0


def test_one_shot_with_the_same_key_goes_once(api: Api, gold: list[int]) -> None:
    body = {**LETTER, "audience": PLAN["audience"]}
    posted = [api.post("dispatches", body, headers={"Idempotency-Key": "k"}).json() for _ in range(2)]
    assert posted[0] == posted[1]
    assert api.get("dispatches").json()["total"] == 1
    assert api.post("dispatches", body).status_code == 409


# Scheduling


def test_schedule_in_the_body_schedules(api: Api) -> None:
    made = api.post("campaigns", PLAN | {"schedule": _soon(2)}).json()
    assert made["status"] == "scheduled"
    assert made["schedule"]["timezone"] == "Europe/London"


def test_wall_time_is_read_in_the_zone_that_is_named(api: Api) -> None:
    wall = f"{present().year + 1}-07-01T09:00"
    number = draft(api)
    made = api.post(f"campaigns/{number}/schedule", {"startAt": wall, "timezone": "America/New_York"}).json()
    assert made["scheduledAt"].startswith(f"{present().year + 1}-07-01T13:00:00")


def test_moment_with_an_offset_is_kept_to_the_second(api: Api) -> None:
    moment = (present() + timedelta(seconds=90)).replace(microsecond=0)
    made = api.post(f"campaigns/{draft(api)}/schedule", {"startAt": moment.isoformat()}).json()
    assert made["scheduledAt"].startswith(moment.isoformat()[:19])


@pytest.mark.parametrize(
    ("when", "code"),
    [
        ({"startAt": "2020-01-01T09:00"}, "in_the_past"),
        ({"startAt": "0001-01-01T00:00+14:00"}, "in_the_past"),
        ({"startAt": "9999-12-31T23:59:59-14:00"}, "invalid"),
        ({"startAt": "soon"}, "invalid"),
        ({"startAt": "2026-13-45T99:00"}, "invalid"),
        ({"startAt": "2027-01-01T09:00", "timezone": "../../etc/passwd"}, "invalid"),
        ({"startAt": "2027-01-01T09:00", "timezone": "Mars/Base"}, "invalid"),
    ],
)
def test_odd_moments_are_refused_with_a_sentence(api: Api, when: dict[str, str], code: str) -> None:
    answer = api.post(f"campaigns/{draft(api)}/schedule", when)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == code


def test_refused_schedule_keeps_the_draft(api: Api) -> None:
    answer = api.post("campaigns", {"name": "Empty", "schedule": _soon(2)})
    assert answer.status_code == 422
    number = answer.json()["error"]["details"]["campaignId"]
    assert api.get(f"campaigns/{number}").json()["status"] == "draft"


def test_duplicate_is_a_new_draft(api: Api) -> None:
    number = draft(api)
    sent(number)
    copy = api.post(f"campaigns/{number}/duplicate")
    assert copy.status_code == 201
    assert (copy.json()["status"], copy.json()["subject"]) == ("draft", PLAN["subject"])


# The words of /crm/marketing


@pytest.mark.parametrize("home", ["/crm/marketing", "/api/crm/marketing"])
def test_alias_says_running_and_completed(api: Api, gold: list[int], home: str) -> None:
    going, done = draft(api), draft(api)
    api.post(f"campaigns/{going}/launch")
    sent(done)
    there = api.at(home)
    assert there.get(f"campaigns/{going}").json()["status"] == "running"
    assert there.get(f"campaigns/{done}").json()["status"] == "completed"
    assert [one["id"] for one in there.get("campaigns?status=completed").json()["items"]] == [done]
    assert there.put(f"campaigns/{draft(api)}", {"name": "Put", "type": "one_shot"}).status_code == 200


def test_states_in_capitals_on_request(api: Api) -> None:
    number = draft(api)
    assert api.get(f"campaigns/{number}?statusWords=capitals").json()["status"] == "DRAFT"
    assert api.get("campaigns?status=DRAFT").json()["total"] == 1


def test_dispatch_belongs_to_whoever_pressed(api: Api, gold: list[int]) -> None:
    made = api.as_("max_").post(f"campaigns/{draft(api)}/launch").json()["dispatchId"]
    with reading() as session:
        assert dispatches.get(session, made).created_by_name == "Max"


def _soon(hours: int) -> dict[str, str]:
    return {"startAt": (present() + timedelta(hours=hours)).isoformat()}
