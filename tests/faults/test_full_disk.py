"""A full disk: a clear sentence at every door, nothing lost, and all goes on once there is room."""

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.browser.server import PASSWORD, Server, email_of, started
from tests.faults import crew
from tests.faults.conftest import PROJECT, Shop
from tests.faults.patience import until
from tests.faults.truth import HALF_A_MINUTE, health_in, nobody_twice_nobody_lost, nothing_left_unwritten
from tests.full_disk import no_room, without_room

OWNER = {"HANDBILL_OWNER_EMAIL": email_of("olive"), "HANDBILL_OWNER_PASSWORD": PASSWORD}
SENTENCE = "its disk may be full"
RECIPIENTS = 300


@pytest.mark.delay(100)
def test_a_send_waits_for_room_and_then_reaches_everybody_once(shop_on_disk: Shop) -> None:
    """The worker that met the full disk goes on by itself, and nothing left it unwritten meanwhile."""
    shop_on_disk.write_in(RECIPIENTS)
    dispatch_id = shop_on_disk.launch(shop_on_disk.campaign())
    worker = shop_on_disk.quick_worker()
    assert worker.pid
    try:
        until(lambda: len(shop_on_disk.sink.received()) > 20)
        with no_room(worker.pid):
            until(lambda: _is_still(shop_on_disk))
            held = shop_on_disk.books(dispatch_id)
            assert held.queued > 0, "the disk was full too late to mean anything"
            nothing_left_unwritten(shop_on_disk, dispatch_id)
            assert health_in(HALF_A_MINUTE) == "degraded", "nobody is told"
        until(lambda: shop_on_disk.dispatch(dispatch_id).finished_at is not None)
        until(lambda: health_in(0) == "ok")
    finally:
        crew.dismiss(worker)
    nobody_twice_nobody_lost(shop_on_disk, dispatch_id, RECIPIENTS, at_most_unsure=0)


def test_forms_and_programs_are_told_and_nothing_is_changed(tmp_path: Path) -> None:
    with started(tmp_path, OWNER) as shop, httpx.Client(base_url=shop.url, timeout=60) as program:
        _sign_in_as_program(program)
        before = program.get("/api/marketing/customers").json()
        with no_room(shop.pid):
            told = program.post("/api/marketing/customers", json={"firstName": "Ana"})
            assert (told.status_code, told.json()["error"]["code"]) == (503, "storage_trouble")
            assert SENTENCE in told.json()["error"]["message"]
            form = _sign_in_form(shop)
            assert form.status_code == 503
            assert SENTENCE in form.text
            assert form.headers["retry-after"]
            assert "Traceback" not in form.text + told.text
            assert program.get("/api/marketing/customers").json() == before
        assert program.post("/api/marketing/customers", json={"firstName": "Ana"}).status_code == 201
        assert _sign_in_form(shop).status_code == 303


@pytest.mark.parametrize("command", ["serve", "worker", "migrate"])
def test_a_start_without_room_ends_with_one_sentence_and_leaves_nothing_half_made(
    tmp_path: Path, command: str
) -> None:
    ended = subprocess.run(
        [sys.executable, "main.py", command],
        cwd=PROJECT,
        env={**os.environ, "HANDBILL_DATA": str(tmp_path / "shop")},
        preexec_fn=without_room,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("Handbill can't use its data")
    assert ended.stderr.count("\n") == 1
    assert not (tmp_path / "shop" / "secret").exists()


def test_a_file_that_is_no_database_ends_the_start_with_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "handbill.db").write_text("These are the notes of somebody else, and no database." * 20)
    environment = {**os.environ, "HANDBILL_DATA": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "main.py", "migrate"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 2
    assert ended.stderr.strip().endswith("(file is not a database).")
    assert ended.stderr.count("\n") == 1


def _is_still(shop: Shop) -> bool:
    """Nothing reaches the sink for as long as three of the desk's tries take."""
    before = len(shop.sink.received())
    time.sleep(3.0)
    return len(shop.sink.received()) == before


def _sign_in_as_program(program: httpx.Client) -> None:
    who = {"email": email_of("olive"), "password": PASSWORD}
    token = program.post("/api/auth/login", json=who).json()["accessToken"]
    program.headers["Authorization"] = f"Bearer {token}"


def _sign_in_form(shop: Server) -> httpx.Response:
    form = {"email": email_of("olive"), "password": PASSWORD}
    return httpx.post(f"{shop.url}/sign-in", data=form, headers={"Origin": shop.url}, timeout=60)
