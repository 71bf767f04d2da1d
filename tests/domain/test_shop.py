"""The shop's one row: there from the first change on, and a look at it writes nothing."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import text

from data.database import reading, unit
from domain.audience import audience as audiences
from domain.audience.audience import Audience
from domain.audience.reach import EMAIL_REACH
from domain.book.message_types import MessageType
from domain.shop import shop as shops
from tests.cast import Cast


def rows() -> int:
    with reading() as session:
        return int(session.execute(text("SELECT count(*) FROM shop")).scalar_one())


def test_a_look_at_a_shop_that_nobody_opened_yet_writes_nothing(shop_db: Path, now: datetime) -> None:
    with unit() as session:  # where a look that writes would be kept
        seen = shops.read(session)
        audiences.count(session, Audience(), EMAIL_REACH, MessageType.MARKETING, now=now)
    assert (seen.name, seen.zone.key, seen.ready, seen.cap, seen.quiet.hours) == (
        "",
        "UTC",
        False,
        None,
        None,
    )
    assert not seen.may_send_marketing
    assert rows() == 0


def test_a_count_beside_a_writer_does_not_wait(shop_db: Path, now: datetime) -> None:
    with unit(), reading() as session:
        count = audiences.count(session, Audience(), EMAIL_REACH, MessageType.MARKETING, now=now)
    assert count.matched == 0


def test_the_first_change_makes_the_row_and_the_second_finds_it(
    shop_db: Path, cast: Cast, now: datetime
) -> None:
    for name in ("Marlow", "Marlow & Finch"):
        with unit() as session:
            shops.change(session, {"name": name}, by=cast.olive, now=now)
    with reading() as session:
        seen = shops.read(session)
    assert (seen.name, rows(), len(seen.public_id)) == ("Marlow & Finch", 1, 24)
