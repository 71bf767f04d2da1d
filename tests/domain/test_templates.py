"""Templates: kept clean, readable before anybody sends them, and nobody's campaign depends on them."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from data.database import unit
from domain.message import templates
from domain.refusal import Kind, Refusal
from domain.shop import audit
from tests.cast import Cast

LETTER = {
    "name": "Private viewing",
    "subject": 'An evening for you, {{ firstName | default: "friend" }}',
    "preheader": "Champagne at seven",
    "html_body": "<p>Dear {{ firstName }},</p>\n<p>\tcome and see.</p>",
    "text_body": "Dear {{ firstName }},\n\n\tcome and see.",
}


def test_a_template_is_kept_as_written(shop_db: Path, now: datetime, cast: Cast) -> None:
    with unit() as session:
        made = templates.create(session, LETTER, by=cast.max_, now=now)
    with unit() as session:
        kept = templates.get(session, made.id, by=cast.wes)
        assert {name: getattr(kept, name) for name in LETTER} == LETTER
        assert kept.channel == "email"


def test_control_characters_go_and_line_ends_stay_in_bodies(shop_db: Path, now: datetime, cast: Cast) -> None:
    dirty = {
        "name": " Two\nlines\x00 ",
        "subject": "Hello\r\nBcc: everyone@x.example",
        "html_body": "<p>a</p>\r\n\x07\t<p>b\ud800</p>",
    }
    with unit() as session:
        kept = templates.create(session, dirty, by=cast.olive, now=now)
        assert (kept.name, kept.subject) == ("Two lines", "Hello Bcc: everyone@x.example")
        assert kept.html_body == "<p>a</p>\n\t<p>b\ufffd</p>"


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("html_body", "<p>Dear\n  {{ firstName </p>", ("Message", 2, 3)),
        ("text_body", "Dear {{ firstName | shout }}", ("Plain text", 1, 21)),
        ("subject", "{% include 'secrets' %}", ("Subject", 1, None)),
        ("preheader", "{% if firstName %}", ("Preheader", 1, None)),
    ],
)
def test_what_liquid_cannot_read_is_refused_with_its_place(
    shop_db: Path, now: datetime, cast: Cast, name: str, text: str, place: tuple[str, int, int | None]
) -> None:
    with unit() as session:
        kept = templates.create(session, LETTER, by=cast.olive, now=now)
        with pytest.raises(Refusal) as refused:
            templates.change(session, kept.id, {name: text}, by=cast.olive, now=now)
        details = refused.value.details
        assert refused.value.code == "bad_template"
        assert (details["part"], details["line"]) == place[:2]
        assert place[2] in (None, details["column"])
        assert getattr(templates.get(session, kept.id, by=cast.olive), name) == LETTER[name]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "invalid"),
        ({"name": " \x00"}, "invalid"),
        ({"name": "x" * 121}, "invalid"),
        ({"name": "A", "subject": "x" * 501}, "invalid"),
        ({"name": "A", "html_body": "x" * 400_001}, "invalid"),
        ({"name": "A", "html_body": None}, "invalid"),
        ({"name": "A", "channel": "pigeon"}, "invalid"),
        ({"name": "A", "created_by": "2"}, "unknown_field"),
    ],
)
def test_bad_input_is_refused(
    shop_db: Path, now: datetime, cast: Cast, fields: dict[str, Any], code: str
) -> None:
    with unit() as session:
        with pytest.raises(Refusal) as refused:
            templates.create(session, fields, by=cast.olive, now=now)
        assert refused.value.code == code
        assert templates.every(session, by=cast.olive) == []


def test_a_copy_is_another_template(shop_db: Path, now: datetime, cast: Cast) -> None:
    with unit() as session:
        original = templates.create(session, LETTER, by=cast.olive, now=now)
        copies = [templates.duplicate(session, original.id, by=cast.max_, now=now) for _ in range(2)]
        assert [copy.name for copy in copies] == ["Private viewing (copy)", "Private viewing (copy 2)"]
        templates.change(session, copies[0].id, {"subject": "Other"}, by=cast.olive, now=now)
        assert original.subject == LETTER["subject"]
        assert copies[1].html_body == LETTER["html_body"]


def test_a_deleted_template_is_gone_from_the_shelf(shop_db: Path, now: datetime, cast: Cast) -> None:
    with unit() as session:
        kept = templates.create(session, LETTER, by=cast.olive, now=now)
        templates.delete(session, kept.id, by=cast.olive, now=now)
        assert templates.every(session, by=cast.olive) == []
        with pytest.raises(Refusal) as refused:
            templates.change(session, kept.id, {"name": "B"}, by=cast.olive, now=now)
        assert refused.value.kind is Kind.MISSING


def test_a_late_save_does_not_overwrite_an_earlier_one(shop_db: Path, now: datetime, cast: Cast) -> None:
    with unit() as session:
        seen = templates.create(session, LETTER, by=cast.olive, now=now).version
    with unit() as session:
        templates.change(session, 1, {"subject": "Olive's"}, by=cast.olive, now=now, version=seen)
    with pytest.raises(Refusal) as refused, unit() as session:
        templates.change(session, 1, {"subject": "Max's"}, by=cast.max_, now=now, version=seen)
    assert refused.value.kind is Kind.CONFLICT


def test_only_owner_and_manager_write_and_bodies_stay_out_of_the_audit_log(
    shop_db: Path, now: datetime, cast: Cast
) -> None:
    with unit() as session:
        kept = templates.create(session, LETTER, by=cast.max_, now=now)
        for by in cast.who_may_only_look():
            for write in (
                lambda by=by: templates.create(session, LETTER, by=by, now=now),
                lambda by=by: templates.change(session, kept.id, {"name": "No"}, by=by, now=now),
                lambda by=by: templates.duplicate(session, kept.id, by=by, now=now),
                lambda by=by: templates.delete(session, kept.id, by=by, now=now),
            ):
                with pytest.raises(Refusal) as refused:
                    write()
                assert refused.value.kind is Kind.FORBIDDEN
        session.flush()
        (entry,) = audit.of(session, "template.created", kept.id)
        assert entry.after is not None
        assert entry.after["html_body"] == f"{len(LETTER['html_body'])} characters"
