"""Is this the shop, or a copy of it? Asked of the note beside the database at every start and every beat."""

import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from data.database import close_database, open_database, reading, unit
from data.sidecar import Sidecar
from domain.refusal import Refusal
from domain.sending import campaigns, dispatches, launches, restoring, standstill, workers
from domain.sending.campaigns import Status
from domain.sending.dispatches import DispatchState
from domain.sending.launches import Press
from domain.shop import audit, installation, notices
from jobs import fence
from tests.cast import Cast

MINUTE = timedelta(minutes=1)


@pytest.fixture
def planned(shop_db: Path, cast: Cast, now: datetime) -> int:
    """A shop at work with something that would go by itself: a campaign for tomorrow."""
    look(now)
    return scheduled(cast, now, now + timedelta(days=1))


def look(now: datetime) -> bool:
    """As a start does, and a beat: whether the fence is up afterwards."""
    with unit() as session:
        here = fence.look(session, now)
        fenced = here.fenced_at is not None
        here.beats += not fenced
    if not fenced:
        fence.note_beat(here)
    return fenced


def scheduled(cast: Cast, now: datetime, due: datetime) -> int:
    with unit() as session:
        fields = {"name": "Viewing", "subject": "Hello", "text_body": "Come in."}
        campaign = campaigns.create(session, fields, by=cast.olive, now=now)
        campaign.status, campaign.scheduled_at = Status.SCHEDULED, due
        return campaign.id


def other_file(path: Path) -> None:
    """The same bytes in a file of their own, as every copy of a folder has them."""
    close_database()
    shutil.copy2(path, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)
    open_database(path)


def test_a_shop_that_starts_again_and_again_is_the_shop(planned: int, now: datetime) -> None:
    assert [look(now + n * MINUTE) for n in range(5)] == [False] * 5


def test_a_copied_folder_is_a_copy(planned: int, shop_db: Path, now: datetime) -> None:
    other_file(shop_db)
    assert look(now)


def test_a_moved_folder_is_the_shop(planned: int, shop_db: Path, now: datetime) -> None:
    close_database()
    moved = shop_db.parent.rename(shop_db.parent.with_name("moved"))
    open_database(moved / shop_db.name)
    assert not look(now)


def test_a_database_without_its_note_is_a_copy(planned: int, now: datetime) -> None:
    fence.sidecar().path.unlink()
    assert look(now)


@pytest.mark.parametrize("words", ["", "{}", "[1]", '{"mark": "x", "beats": "many", "file": ""}', "\0\0"])
def test_a_note_that_is_damaged_is_as_good_as_none(planned: int, now: datetime, words: str) -> None:
    fence.sidecar().path.write_text(words)
    assert look(now)


def test_the_note_of_another_shop_does_not_fit(planned: int, now: datetime) -> None:
    fence.sidecar().write("f" * 32, 1)
    assert look(now)


def test_an_older_database_written_over_the_newer_one_is_a_copy(
    planned: int, shop_db: Path, now: datetime
) -> None:
    """The file stays the same one, as with `cp`: only the beats tell."""
    close_database()
    older = shop_db.read_bytes()
    open_database(shop_db)
    look(now)
    close_database()
    inode = shop_db.stat().st_ino
    shop_db.write_bytes(older)
    assert shop_db.stat().st_ino == inode
    open_database(shop_db)
    assert look(now)


def test_a_note_that_could_not_be_written_for_a_while_raises_no_alarm(planned: int, now: datetime) -> None:
    behind = fence.sidecar().path.read_bytes()
    look(now)
    look(now)
    fence.sidecar().path.write_bytes(behind)
    assert not look(now)


def test_nobody_is_asked_about_a_copy_in_which_nothing_goes_by_itself(shop_db: Path, now: datetime) -> None:
    look(now)
    other_file(shop_db)
    assert not look(now)
    assert not look(now)
    with reading() as session:
        (entry,) = session.query(audit.AuditEntry).filter_by(action="installation.adopted")
    assert entry.after == {"why": "the database is not the file that it was"}


def test_a_shop_from_before_the_marks_goes_on_unasked(shop_db: Path, cast: Cast, now: datetime) -> None:
    scheduled(cast, now, now + MINUTE)
    assert not look(now)


def test_a_backup_from_before_the_marks_in_the_place_of_the_shop_is_a_copy(
    planned: int, now: datetime
) -> None:
    with unit() as session:
        session.delete(installation.read(session))
    assert look(now)


def test_the_fence_tells_when_the_copy_was_made(planned: int, now: datetime) -> None:
    with unit() as session:
        workers.sign_on(session, pid=1, host="there", lock_name="gone", now=now - 3 * MINUTE)
    fence.sidecar().path.unlink()
    look(now)
    with reading() as session:
        here = installation.read(session)
    assert here is not None
    assert (here.fenced_at, here.copied_at) == (now, now - 3 * MINUTE)


def test_nobody_can_send_from_a_copy(planned: int, cast: Cast, now: datetime) -> None:
    fence.sidecar().path.unlink()
    look(now)
    with pytest.raises(Refusal, match="looks like a copy") as refused, unit() as session:
        launches.launch(session, planned, Press(), by=cast.olive, now=now)
    assert refused.value.code == "restored_copy"
    with pytest.raises(Refusal, match="looks like a copy"), unit() as session:
        standstill.resume(session, 1, by=cast.olive, now=now)


def test_only_the_owner_can_say_that_this_is_the_shop_now(planned: int, cast: Cast, now: datetime) -> None:
    fence.sidecar().path.unlink()
    look(now)
    with pytest.raises(Refusal, match="Ask the owner"):
        fence.confirm(cast.max_)
    assert fence.is_up()
    fence.confirm(cast.olive)
    assert not look(now)
    with reading() as session:
        (entry,) = session.query(audit.AuditEntry).filter_by(action="installation.confirmed")
    assert entry.actor_name == cast.olive.name


def test_where_nothing_is_in_doubt_there_is_nothing_to_confirm(
    planned: int, cast: Cast, now: datetime
) -> None:
    with pytest.raises(Refusal, match="nothing to confirm"):
        fence.confirm(cast.olive)


def test_after_the_word_of_the_owner_what_is_overdue_asks_and_what_is_to_come_stays(
    planned: int, cast: Cast, now: datetime
) -> None:
    overdue = scheduled(cast, now, now - timedelta(seconds=1))
    fence.sidecar().path.unlink()
    look(now)
    with unit() as session:
        assert restoring.confirm(session, by=cast.olive, now=now) == restoring.Confirmed(paused=0, asked=1)
        late, early = campaigns.get(session, overdue), campaigns.get(session, planned)
        assert (late.status, early.status) == (Status.DRAFT, Status.SCHEDULED)
        assert "may have gone out already" in late.last_launch_error
        (notice,) = notices.unseen(session)
    assert notice.link == f"/marketing/campaigns/{overdue}"


@pytest.mark.parametrize("state", [DispatchState.WAITING, DispatchState.SENDING, DispatchState.PAUSED])
def test_after_the_word_of_the_owner_every_send_of_the_copy_is_paused(
    shop_db: Path, cast: Cast, now: datetime, state: DispatchState
) -> None:
    look(now)
    dispatch_id = sending(cast, now, state)
    fence.sidecar().path.unlink()
    assert look(now), "a send under way is reason enough to ask"
    fence.confirm(cast.olive)
    with reading() as session:
        dispatch = dispatches.get(session, dispatch_id)
    assert (dispatch.state, dispatch.held_for) == ("paused", "restored")


def test_a_copy_of_a_copy_is_one_too(planned: int, shop_db: Path, cast: Cast, now: datetime) -> None:
    other_file(shop_db)
    look(now)
    fence.confirm(cast.olive)
    other_file(shop_db)
    assert look(now)


def test_the_note_is_kept_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    beside = Sidecar(tmp_path / "handbill.db")
    beside.write("a" * 32, 7)

    def no_room(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(OSError, match="No space"):
        beside.write("b" * 32, 8)
    kept = beside.read()
    assert kept is not None
    assert (kept.mark, kept.beats) == ("a" * 32, 7)
    assert [path.name for path in tmp_path.iterdir()] == ["handbill.installation.json"]


def sending(cast: Cast, now: datetime, state: DispatchState) -> int:
    with unit() as session:
        dispatch = dispatches.Dispatch(
            name="Viewing",
            channel="email",
            message_type="marketing",
            state=state,
            from_name="Marlow",
            from_email="hello@marlow.example",
            subject="Hello",
            content_hash="",
            audience={"type": "all"},
            audience_label="Everyone",
            created_at=now,
            starts_at=now,
        )
        session.add(dispatch)
        session.flush()
        return dispatch.id
