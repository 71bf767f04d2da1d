"""What fills the gaps of a template is on one line, whatever a customer's card holds; and what is said of each refusal."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ledger import whatsapp_errors
from domain.ledger.causes import TOLD
from domain.message.whatsapp import Content, Filling, Unfilled, tidy
from domain.message.whatsapp_compiling import Template, compiled
from domain.refusal import Refusal

BODY = [{"type": "BODY", "text": "Hello {{1}}, welcome."}]
TEMPLATE = Template("t", "en", False, BODY)
REFUSED = re.compile(r"[\n\r\t]| {5,}")


@given(st.text(st.characters(), max_size=80))
def test_any_text_becomes_one_that_the_platform_takes(text: str) -> None:
    tidied = tidy(text)
    assert not REFUSED.search(tidied)
    assert tidied == tidy(tidied) == tidied.strip()
    tidied.encode()


def test_faces_and_names_stay_as_they_are() -> None:
    for text in ("👨‍👩‍👧 Müller", "می\u200cخواهم", "O’Neill  &  sons", "Zoë"):
        assert tidy(text) == text


@given(
    st.dictionaries(
        st.sampled_from(["firstName", "lastName"]), st.one_of(st.none(), st.text(max_size=60), st.integers())
    )
)
def test_for_anybody_there_is_a_request_or_a_reason(person: dict[str, Any]) -> None:
    content = compiled(
        {"body": [{"name": "1", "field": "first_name"}]}, TEMPLATE, own_fields=frozenset(), click="x"
    )
    if not tidy(person.get("firstName")):
        with pytest.raises(Unfilled, match="first_name"):
            content.request("+491700000001", person)
        return
    [component] = json.loads(content.request("+491700000001", person))["template"]["components"]
    assert component["parameters"] == [{"type": "text", "text": tidy(person["firstName"])}]


@given(st.recursive(st.none() | st.text(max_size=20) | st.integers(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["template", "body", "header", "buttons", "name", "field", "text", "index", "link", "fallback"]), inner, max_size=5), max_leaves=12))  # fmt: skip
def test_whatever_a_program_posts_is_compiled_or_refused_in_a_sentence(given_: Any) -> None:
    content = given_ if isinstance(given_, dict) else {"body": given_}
    everything = [
        {"type": "HEADER", "format": "DOCUMENT"},
        *BODY,
        {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Look", "url": "https://x.example/{{1}}"}]},
    ]
    for components in (BODY, everything):
        assert (told := what_is_said(content, components)) == "" or told.endswith(".")


def what_is_said(content: dict[str, Any], components: list[dict[str, Any]]) -> str:
    """Empty where it can be sent."""
    try:
        compiled(content, Template("t", "en", False, components), own_fields=frozenset({"size"}), click="x")
    except Refusal as refusal:
        return refusal.sentence
    return ""


@pytest.mark.parametrize("kind", ["CAROUSEL", "LIMITED_TIME_OFFER"])
def test_a_kind_of_template_that_can_not_be_filled_is_refused_by_name(kind: str) -> None:
    strange = Template("t", "en", False, [*BODY, {"type": kind}])
    with pytest.raises(Refusal, match=kind.lower()):
        compiled({"body": [{"name": "1", "text": "x"}]}, strange, own_fields=frozenset(), click="x")


def test_each_refusal_has_its_own_words_and_a_rule_for_the_next_try() -> None:
    for one in whatsapp_errors.every():
        assert one.sentence[0].isupper()
        assert one.sentence.endswith(".")
        assert one.cause in TOLD
        assert (one.again is not None) == (one.about in ("pace", "held", "unclear")), one
        assert not one.by_email or one.about in ("person", "held", "unclear")
    assert whatsapp_errors.error(131049).again == whatsapp_errors.HELD_FOR
    assert whatsapp_errors.error(205).about == whatsapp_errors.error(133999).about == "account"
    assert whatsapp_errors.error(999_999).about == "person"
    assert whatsapp_errors.by_words(550, "5.1.1 nobody here") is None


def test_a_gap_says_which_field_it_wants() -> None:
    content = Content(
        template="t", language="en", body=(Filling("1", "first_name"), Filling("2", "attrs.size", "M"))
    )
    assert content.missing({"firstName": " \n"}) == ["first_name"]
    assert content.missing({"firstName": "Ana", "attrs": {"size": None}}) == []
