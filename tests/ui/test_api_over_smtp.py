"""From a program's request to the mail in somebody's box, over a real conversation with a mail server."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from data.database import now as present
from jobs.queue import queue
from jobs.worker import Worker
from tests.twins.smtp_server import ScriptedServer, say
from tests.ui.conftest import Api

PATIENCE = 20.0  # seconds, on a busy machine
PLAN = {"name": "Viewing", "subject": "Dear {{ firstName }}", "htmlBody": "<p>Come and see.</p>"}


def test_launch_arrives_and_its_books_balance(api: Api, tmp_path: Path) -> None:
    people = {api.post("customers", _person(name)).json()["email"] for name in ("ana", "ben", "cleo")}
    with ScriptedServer() as server:
        _connect(api, server)
        number = api.post("campaigns", PLAN | {"status": "running"}, headers={"Idempotency-Key": "1"}).json()[
            "id"
        ]
        with Worker(queue(), tmp_path):
            _until(lambda: api.get(f"campaigns/{number}").json()["status"] == "sent")
            health = api.get("health").json()
    assert {one.recipient for one in server.received} == people
    stats = api.get(f"campaigns/{number}/stats").json()
    assert (stats["recipients"], stats["sent"], stats["pending"], stats["queued"]) == (3, 3, 3, 0)
    assert health["status"] == "ok"
    assert health["channels"]["email"]["connected"] is True
    assert health["channels"]["email"]["lastSuccessAt"] is not None
    assert api.at("/crm/marketing").get(f"campaigns/{number}").json()["status"] == "completed"


def test_line_ends_in_names_and_subjects_make_no_header_whichever_way_they_came(
    api: Api, tmp_path: Path
) -> None:
    api.post("customers", {"firstName": "Ana\r\nBcc: thief@x.example", "email": "ana@x.example"})
    list_ = 'First name,Last name,Email\n"Ben\r\nBcc: thief@x.example","N\0ul\n\n<b>body</b>",ben@x.example\n'
    api.ask(
        "POST", "customers/import", None, files={"file": ("list.csv", list_)}, data={"basis": "customers"}
    )
    plan = {
        "name": "Viewing",
        "subject": "{{ firstName }} {{ lastName }}\r\nBcc: thief@x.example",
        "preheader": "x\r\n\r\nbody",
        "fromName": "Olive\r\nBcc: thief@x.example",
        "textBody": "Dear {{ firstName }}",
        "status": "running",
    }
    with ScriptedServer() as server:
        _connect(api, server)
        number = api.post("campaigns", plan).json()["id"]
        with Worker(queue(), tmp_path):
            _until(lambda: api.get(f"campaigns/{number}").json()["status"] == "sent")
    assert {one.recipient for one in server.received} == {"ana@x.example", "ben@x.example"}
    for one in server.received:
        letter = message_from_bytes(one.body, policy=policy.default)
        assert letter["Bcc"] is None
        assert letter["Subject"].count("Bcc: thief@x.example") == 2
        assert "Bcc: thief@x.example" in letter["From"]
        assert not letter.defects
        assert b"\0" not in one.body


def test_schedule_by_program_fires_by_itself_and_not_early(api: Api, tmp_path: Path) -> None:
    api.post("customers", _person("ana"))
    with ScriptedServer() as server:
        _connect(api, server)
        due = present() + timedelta(seconds=2)
        number = api.post("campaigns", PLAN | {"schedule": {"startAt": due.isoformat()}}).json()["id"]
        with Worker(queue(), tmp_path):
            _until(lambda: api.get(f"campaigns/{number}").json()["status"] == "sent")
    dispatch = api.get("dispatches").json()["items"][0]
    assert due.isoformat(timespec="milliseconds") <= dispatch["createdAt"]
    assert len(server.received) == 1


def test_trial_goes_to_the_one_address_and_counts_nowhere(api: Api) -> None:
    with _draft(api) as (server, number):
        answer = api.post(f"campaigns/{number}/test", {"to": "me@shop.example"})
    assert answer.json()["accepted"] is True
    assert answer.json()["replyCode"] == 250
    [received] = server.received
    assert received.recipient == "me@shop.example"
    letter = message_from_bytes(received.body, policy=policy.default)
    assert letter["Subject"] == "Dear Olive"
    assert api.get(f"campaigns/{number}/stats").json()["recipients"] == 0
    assert api.get(f"campaigns/{number}").json()["status"] == "draft"


def test_refused_trial_tells_the_servers_own_words(api: Api) -> None:
    with _draft(api, {"rcpt": say("550 5.1.1 nobody here")}) as (_, number):
        body = api.post(f"campaigns/{number}/test", {"to": "me@shop.example"}).json()
    assert (body["accepted"], body["replyCode"]) == (False, 550)
    assert "nobody here" in body["reply"]


def test_trial_to_no_address_or_without_a_server_is_422(api: Api) -> None:
    with _draft(api) as (server, number):
        assert api.post(f"campaigns/{number}/test", {"to": "me@"}).status_code == 422
    assert server.received == []
    refused = api.post(f"campaigns/{number}/test", {"to": "me@shop.example"})
    assert refused.status_code == 422
    assert refused.json()["error"]["code"] == "mail_trouble"


def test_trials_are_limited_for_each_person(api: Api) -> None:
    with _draft(api) as (server, number):
        statuses = [
            api.post(f"campaigns/{number}/test", {"to": "me@shop.example"}).status_code for _ in range(11)
        ]
        assert statuses == [200] * 10 + [429]
        assert api.as_("max_").post(f"campaigns/{number}/test", {"to": "me@shop.example"}).status_code == 200
    assert len(server.received) == 11


def _person(name: str) -> dict[str, str]:
    return {"firstName": name.capitalize(), "email": f"{name}@x.example"}


@contextmanager
def _draft(api: Api, script: Any = None) -> Iterator[tuple[ScriptedServer, int]]:
    """A campaign, and the mail server that the shop uses."""
    with ScriptedServer(script) as server:
        _connect(api, server)
        yield server, api.post("campaigns", PLAN).json()["id"]


def _connect(api: Api, server: ScriptedServer) -> None:
    account = {"host": "127.0.0.1", "port": server.port, "security": "none"}
    assert api.put("settings/mail", account).status_code == 200


def _until(true: Any) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.02)
