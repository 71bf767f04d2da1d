"""The restore drill: a copy taken in mid send starts, sends nothing, and asks. Only the owner's word lets anything go."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

import main
from data import backup
from data.database import close_database, now, reading, unit
from domain.ledger.deliveries import State
from domain.refusal import Refusal
from domain.sending import campaigns, workers
from domain.sending.campaigns import Status
from domain.sending.launches import Press
from domain.shop import audit, installation
from jobs import fence, sending
from jobs.queue import close_queue, queue
from jobs.worker import REPLACED
from tests.faults import crew
from tests.faults.conftest import PROJECT, Shop
from tests.faults.patience import PATIENCE, until

RECIPIENTS = 600
ENOUGH = 60  # received before the copy is taken
GoTo = Callable[[Shop], None]


@pytest.fixture
def go_to(monkeypatch: pytest.MonkeyPatch) -> Iterator[GoTo]:
    """This process looks into the database of that shop from now on."""

    def go(shop: Shop) -> None:
        leave()
        monkeypatch.setenv("HANDBILL_DATA", str(shop.folder))
        main.open_shop()

    yield go
    leave()


@pytest.mark.delay(60)
def test_a_backup_taken_in_mid_send_repeats_nobody_by_itself(
    shop_on_disk: Shop, tmp_path: Path, go_to: GoTo
) -> None:
    sink, copy = shop_on_disk.sink, replace(shop_on_disk, folder=tmp_path / "copy")
    with mid_send(shop_on_disk) as dispatch_id:
        known = set(sink.received())
        back_up_at_once(shop_on_disk, tmp_path / "copy.zip")
        until(lambda: len(sink.received()) > len(known) + 50)
    assert shop_on_disk.books(dispatch_id).queued > 0, "it ended too early to mean anything"

    run(copy, "restore", str(tmp_path / "copy.zip"))
    before = sink.received()
    go_to(copy)
    with working(copy):
        beat_passes()
        assert fence.is_up()
        with pytest.raises(Refusal, match="looks like a copy"):
            sending.send_now(copy.campaign(), Press(), copy.olive)
        assert sink.received() == before

        confirmed = fence.confirm(copy.olive)
        assert (confirmed.paused, confirmed.asked) == (1, 0)
        dispatch = copy.dispatch(dispatch_id)
        assert (dispatch.state, dispatch.held_for) == ("paused", "restored")
        assert copy.books(dispatch_id).queued > 0
        beat_passes()
        assert sink.received() == before, "something was sent again by itself"
        assert not fence.is_up()

        sending.resume(dispatch_id, copy.olive)
        until(lambda: copy.dispatch(dispatch_id).finished_at is not None)
    assert balanced(copy, dispatch_id)
    twice = {address for address, times in sink.received().items() if times > 1}
    print(f"\n{len(known)} sent before the copy, {len(before)} when it started; resumed: {len(twice)} twice")
    assert max(sink.received().values()) <= 2
    assert twice.isdisjoint(known), "somebody whom the copy knew of was written to again"


@pytest.mark.delay(60)
def test_a_copied_folder_is_fenced_and_the_original_goes_on_undisturbed(
    shop_on_disk: Shop, tmp_path: Path, go_to: GoTo
) -> None:
    sink, copy = shop_on_disk.sink, replace(shop_on_disk, folder=tmp_path / "copy")
    with mid_send(shop_on_disk) as dispatch_id:
        pass
    queue().wake(dispatch_id)  # the copied queue will say "look at it" too
    leave()
    shutil.copytree(shop_on_disk.folder, copy.folder)
    go_to(copy)
    with working(copy):
        go_to(shop_on_disk)
        with working(shop_on_disk):
            until(lambda: shop_on_disk.dispatch(dispatch_id).finished_at is not None)
        assert not fence.is_up()
        assert balanced(shop_on_disk, dispatch_id)
        go_to(copy)
        beat_passes()
    assert fence.is_up()
    assert copy.dispatch(dispatch_id).finished_at is None
    assert max(sink.received().values()) == 1, "both of them sent"


def test_a_restored_shop_fires_nothing_that_was_overdue(
    shop_on_disk: Shop, tmp_path: Path, go_to: GoTo
) -> None:
    shop_on_disk.write_in(3)
    overdue = schedule(shop_on_disk, now() - timedelta(minutes=1))
    to_come = schedule(shop_on_disk, now() + timedelta(days=1))
    run(shop_on_disk, "backup", str(tmp_path / "copy.zip"))
    copy = replace(shop_on_disk, folder=tmp_path / "copy")
    run(copy, "restore", str(tmp_path / "copy.zip"))
    go_to(copy)
    with working(copy):
        beat_passes()
        assert (status(overdue), status(to_come)) == (Status.SCHEDULED, Status.SCHEDULED)
        assert fence.confirm(copy.olive).asked == 1
        beat_passes()
        assert (status(overdue), status(to_come)) == (Status.DRAFT, Status.SCHEDULED)
        assert not shop_on_disk.sink.received()
        sending.send_now(overdue, Press(), copy.olive)
        until(lambda: status(overdue) == Status.SENT)
    assert set(shop_on_disk.sink.received().values()) == {1}


def test_two_workers_on_one_shop_are_no_copies(shop_on_disk: Shop) -> None:
    schedule(shop_on_disk, now() + timedelta(days=1))
    with working(shop_on_disk), working(shop_on_disk):
        until(lambda: beats() >= 4)
        assert not fence.is_up()
        with reading() as session:
            assert not session.query(audit.AuditEntry).filter_by(action="installation.adopted").count()


def test_a_database_that_is_replaced_while_handbill_runs_ends_it_and_the_next_start_asks(
    shop_on_disk: Shop, tmp_path: Path, go_to: GoTo
) -> None:
    """Nobody should do that. The process ends before it mixes the two, and nothing of the new one goes by itself."""
    shop_on_disk.write_in(3)
    campaign_id = shop_on_disk.campaign()
    schedule(shop_on_disk, now() + timedelta(days=1))
    run(shop_on_disk, "backup", str(tmp_path / "copy.zip"))
    leave()
    process = shop_on_disk.quick_worker()
    shutil.unpack_archive(tmp_path / "copy.zip", tmp_path / "copy")
    for tail in ("-wal", "-shm"):
        (shop_on_disk.folder / f"handbill.db{tail}").unlink(missing_ok=True)
    (tmp_path / "copy" / "handbill.db").replace(shop_on_disk.folder / "handbill.db")
    process.join(PATIENCE)
    assert process.exitcode == REPLACED

    go_to(shop_on_disk)
    with working(shop_on_disk):
        until(fence.is_up)
        with pytest.raises(Refusal, match="looks like a copy"):
            sending.send_now(campaign_id, Press(), shop_on_disk.olive)
        fence.confirm(shop_on_disk.olive)
        sending.send_now(campaign_id, Press(), shop_on_disk.olive)
        until(lambda: status(campaign_id) == Status.SENT)
    assert set(shop_on_disk.sink.received().values()) == {1}


@contextmanager
def working(shop: Shop, ends: Callable[[BaseProcess], None] = crew.dismiss) -> Iterator[None]:
    process = shop.quick_worker()
    try:
        yield
    finally:
        ends(process)


@contextmanager
def mid_send(shop: Shop) -> Iterator[int]:
    """A send that is well under way; whoever sends it is killed at the end of the block."""
    shop.write_in(RECIPIENTS)
    with working(shop, ends=crew.kill):
        dispatch_id = shop.launch(shop.campaign())
        until(lambda: len(shop.sink.received()) > ENOUGH)
        yield dispatch_id


def back_up_at_once(shop: Shop, file: Path) -> None:
    """What `backup` does, without the seconds that its start takes on a busy machine."""
    backup.backup(shop.folder / "handbill.db", shop.folder / "secret", file)


def run(shop: Shop, *words: str) -> None:
    command = [sys.executable, "main.py", *words]
    subprocess.run(command, cwd=PROJECT, env=shop.environment(), check=True, capture_output=True)


def leave() -> None:
    close_queue()
    close_database()


def beat_passes() -> None:
    """From one beat of a worker to its next: between them it has done everything that it does by itself."""
    for _ in range(2):
        before = last_beat()
        until(lambda: last_beat() != before)  # noqa: B023


def beats() -> int:
    with reading() as session:
        here = installation.read(session)
    return here.beats if here else 0


def last_beat() -> object:
    with reading() as session:
        return workers.last_beat(session)


def schedule(shop: Shop, due: object) -> int:
    campaign_id = shop.campaign()
    with unit() as session:
        campaign = campaigns.get(session, campaign_id)
        campaign.status, campaign.scheduled_at = Status.SCHEDULED, due  # type: ignore[assignment]
    return campaign_id


def status(campaign_id: int) -> Status:
    with reading() as session:
        return campaigns.get(session, campaign_id).status


def balanced(shop: Shop, dispatch_id: int) -> bool:
    books, got = shop.books(dispatch_id), set(shop.sink.received())
    sure, unsure = (shop.addresses(dispatch_id, state) for state in (State.SENT, State.UNKNOWN))
    return books.sent + books.not_sure == books.recipients == RECIPIENTS and sure <= got <= sure | unsure
