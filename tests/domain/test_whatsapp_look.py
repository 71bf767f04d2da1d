"""What a template leaves open, and how a message looks on somebody's phone while it is still being written."""

import time
from typing import Any

import pytest

from data.whatsapp_twin.templates import practice_templates
from domain.message.whatsapp_look import carried, changed_since, left_open, look, marked

CLICK = "https://shop.example/c/"
ANNA = {"firstName": "Anna", "attrs": {"ring_size": "52"}}


def components(name: str) -> list[dict[str, Any]]:
    return next(one.components for one in practice_templates() if one.name == name and one.language == "en")


def test_every_gap_is_named_in_the_order_of_the_message() -> None:
    found = left_open(components("spring_collection"), click=CLICK)
    assert [(one.where, one.name, one.wants) for one in found] == [
        ("header", "image", "file"),
        ("body", "first_name", "words"),
        ("buttons", "See the collection", "ending"),
    ]


def test_a_button_through_the_shop_asks_where_it_leads_and_not_how_it_ends() -> None:
    button = {"type": "URL", "text": "Look", "url": CLICK + "{{1}}"}
    (gap,) = left_open([{"type": "BUTTONS", "buttons": [button]}], click=CLICK)
    assert gap.wants == "link"


def test_the_same_number_in_heading_and_body_is_two_gaps() -> None:
    keys = [one.key for one in left_open(components("anniversary_in_a_month"), click=CLICK)]
    assert keys == ["header-1", "body-1"]


def test_a_half_written_message_shows_the_template_where_nothing_is_said_yet() -> None:
    content = {
        "body": [{"name": "1", "field": "first_name", "fallback": "you"}, {"name": "2", "text": "ring"}]
    }
    seen = look(components("ready_to_collect"), content, ANNA)
    assert seen.body == "Good news, Anna: your ring is ready. We keep it for you until {{3}}."
    assert seen.empty == ("3",)
    assert seen.buttons == (("PHONE_NUMBER", "Call us"),)


def test_who_has_nothing_there_gets_the_word_that_stands_in() -> None:
    content = {"body": [{"name": "1", "field": "first_name", "fallback": "dear customer"}]}
    seen = look(components("birthday_treat"), content, {"firstName": " "})
    assert seen.body.startswith("Happy birthday, dear customer.")


def test_the_fields_of_the_shop_itself_fill_gaps_too() -> None:
    content = {"body": [{"name": "1", "field": "attrs.ring_size"}]}
    assert look(components("birthday_treat"), content, ANNA).body.startswith("Happy birthday, 52.")


def test_free_words_are_seen_as_written_until_they_can_be_read() -> None:
    assert look([], {"text": "Hello {{ firstName }} 💍"}, ANNA).body == "Hello Anna 💍"
    assert look([], {"text": "Hello {{ firstName"}, ANNA).body == "Hello {{ firstName"


@pytest.mark.parametrize(
    "content",
    [
        {"body": "1"},
        {"body": [1, None]},
        {"header": ["x"]},
        {"body": [{"field": 3}]},
        {"text": 5},
        {"buttons": {}},
    ],
)
def test_content_that_a_program_wrote_badly_is_shown_as_open(content: dict[str, Any]) -> None:
    assert "{{1}}" in look(components("birthday_treat"), content, ANNA).body


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        ("*Sale* and _only_ ~20~ today", "<b>Sale</b> and <i>only</i> <s>20</s> today"),
        ("*_both_*, ```2 * 3 * 4``` and `a_b`", "<b><i>both</i></b>, <code>2 * 3 * 4</code> and <code>a_b</code>"),
        ("*a _b* c_ ~", "<b>a _b</b> c_ ~"),
        ("2*3*4 snake_case_word * a * *two\nlines*", "2*3*4 snake_case_word * a * *two\nlines*"),
        ("*שלום* 💍 *👋*", "<b>שלום</b> 💍 <b>👋</b>"),
        ("*<img src=x onerror=alert(1)>* & `<b>`", "<b>&lt;img src=x onerror=alert(1)&gt;</b> &amp; <code>&lt;b&gt;</code>"),
        (
            "*See* https://shop.example/_a_*b*?x=<1>.",
            '<b>See</b> <span class="link">https://shop.example/_a_*b*?x=</span>&lt;1&gt;.',
        ),
        ("\ue0000\ue001 ```\ue0005\ue001```", "0 <code>5</code>"),
    ],
)  # fmt: skip
def test_stars_and_dashes_look_as_on_a_phone_and_nothing_typed_becomes_html(typed: str, seen: str) -> None:
    assert marked(typed) == seen


def test_a_thousand_marks_are_read_in_no_time() -> None:
    for typed in ("*" * 4_096, "*a _b ~" * 600, "```" * 1_365, "http://" * 585, "_*~" * 1_365):
        begun = time.process_time()
        marked(typed)
        assert time.process_time() - begun < 0.5


def test_what_was_written_for_an_earlier_shape_of_the_template_is_matched_by_name() -> None:
    body = [{"type": "BODY", "text": "{{first_name}}, your {{piece}} waits until {{day}}."}]
    content = {
        "header": {"name": "1", "text": "Hello"},
        "body": [{"name": "code", "text": "A"}, {"name": "piece", "text": "ring"}, {"name": "first_name"}],
    }
    assert changed_since(left_open(body, click=CLICK), content) == (["day"], ["the heading", "{{code}}"])
    assert changed_since(left_open(body, click=CLICK), {"body": [{"name": "first_name"}]})[1] == []


def test_another_template_begins_with_what_has_a_name_of_its_own() -> None:
    content = {"body": [{"name": "1", "text": "Saturday"}, {"name": "piece", "text": "ring"}]}
    assert carried(content, same=False) == {"body": [{"name": "piece", "text": "ring"}]}
    assert carried(content, same=True) == content
