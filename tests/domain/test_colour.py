"""The shop's colour can be read and seen, whatever colour it is."""

import random
from datetime import datetime
from typing import Final

import pytest

from data.database import unit
from domain.audience.audience import Audience
from domain.book import customers
from domain.refusal import Refusal
from domain.sending import launches, preview
from domain.sending.content import content_hash, frozen_draft
from domain.sending.launches import Press
from domain.shop import colour
from domain.shop import shop as shops
from domain.shop.colour import contrast
from tests.cast import Cast

FACTS: Final = {"name": "Marlow", "postal_address": "4 Market Row", "sender_email": "olive@shop.example"}

DAY, NIGHT = ("#f6f7f5", "#ffffff"), ("#101311", "#181c19")
CHANCE = random.Random(7)
COLOURS = ["#000000", "#ffffff", "#808080", "#767676", "#ffee00", "#7a1f3d", "#ff0000", "#0000ff"] + [
    f"#{CHANCE.randrange(1 << 24):06x}" for _ in range(400)
]


def test_every_colour_there_is_can_be_read_by_day_and_by_night() -> None:
    for chosen in COLOURS:
        for shades, grounds in ((colour.by_day(chosen), DAY), (colour.by_night(chosen), NIGHT)):
            seen = (chosen, shades)
            assert contrast(shades.base, shades.on_base) >= 4.5, seen
            assert contrast(shades.hover, shades.on_base) >= 4.5, seen
            for ground in grounds:
                assert contrast(shades.base, ground) >= 3, seen
                assert contrast(shades.ink, ground) >= 4.5, seen


def test_a_colour_that_can_be_seen_stays_as_it_was_chosen() -> None:
    assert colour.by_day("#7a1f3d").base == "#7a1f3d"
    assert not colour.is_changed_by_day("#7a1f3d")
    assert colour.is_changed_by_day("#ffee00")
    assert colour.by_night("#ffee00").base == "#ffee00"


@pytest.mark.parametrize(
    ("typed", "kept"), [("", ""), (" 7A1F3D ", "#7a1f3d"), ("#abc", "#aabbcc"), ("#7a1f3d", "#7a1f3d")]
)
def test_a_colour_is_taken_as_people_write_it(typed: str, kept: str) -> None:
    assert colour.checked("colour", typed) == kept


@pytest.mark.parametrize("typed", ["red;}body{display:none", "#12345", "rgb(1,2,3)", "#7a1f3d00", "url(x)"])
def test_what_is_no_colour_is_refused(typed: str) -> None:
    with pytest.raises(Refusal, match="six letters and digits"):
        colour.checked("colour", typed)


def test_a_message_keeps_the_colour_it_was_sent_in_and_says_the_same_in_every_colour(
    cast: Cast, now: datetime
) -> None:
    with unit() as session:
        shops.change(session, FACTS | {"colour": "FFEE00"}, by=cast.olive, now=now)
        customers.create(session, {"first_name": "Ana", "email": "ana@inbox.example"}, by=cast.olive, now=now)
        drafted = preview.drafted(session, {"subject": "Opals", "text_body": "Come and see."})
        sent = launches.launch_one_shot(
            session, drafted, Audience.parse({"type": "all"}), Press(), channel_name="email", by=cast.olive, now=now
        )  # fmt: skip
        shops.change(session, {"colour": "#7a1f3d"}, by=cast.olive, now=now)
        later = preview.drafted(session, {"subject": "Opals", "text_body": "Come and see."})
        strip = colour.by_day("#ffee00").base
        assert f"background-color:{strip}" in preview.sight(session, frozen_draft(sent), None).html
        assert "background-color:#7a1f3d" in preview.sight(session, later, None).html
        assert content_hash(later) == sent.content_hash
