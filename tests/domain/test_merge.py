"""Merge fields: what a letter may say about a person, and what is refused with a place and a sentence."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from domain.message.merge import Hole, MergeError, fields_used, parse, unknown_fields


def said(source: str, values: dict[str, Any] | None = None, *, escape: Any = "none") -> str:
    return parse(source, part="Subject").render(values or {}, escape=escape)


def fault(source: str) -> MergeError:
    with pytest.raises(MergeError) as caught:
        parse(source, part="Subject")
    return caught.value


def test_a_field_becomes_the_persons_value() -> None:
    assert (
        said("Dear {{ firstName }} {{ attrs.ring }}", {"firstName": "Ada", "attrs": {"ring": "L"}})
        == "Dear Ada L"
    )


@pytest.mark.parametrize("nothing", [{}, {"firstName": ""}, {"firstName": "  "}, {"firstName": None}])
def test_default_stands_in_for_whatever_is_no_name(nothing: dict[str, Any]) -> None:
    assert said('Dear {{ firstName | default: "there" }}', nothing) == "Dear there"


def test_a_missing_field_is_empty() -> None:
    assert said("[{{ firstName }}{{ attrs.ring }}{{ attrs.ring.size }}]") == "[]"


@pytest.mark.parametrize(
    "name", ["{{7*7}}", "{{ email }}", "{% for i in (1..9) %}x{% endfor %}", "%(x)s", "%b", "{0}"]
)
def test_a_value_is_never_template_code(name: str) -> None:
    assert said("Dear {{ firstName }}", {"firstName": name, "email": "secret"}) == f"Dear {name}"


def test_values_and_literals_are_escaped_in_html_only() -> None:
    assert said("{{ firstName }}", {"firstName": "<b>&\"'"}, escape="html") == "&lt;b&gt;&amp;&quot;&#x27;"
    assert said('{{ "<script>" }}', escape="html") == "&lt;script&gt;"
    assert said("{% assign a = '<i>' %}{{ a }}", escape="html") == "&lt;i&gt;"
    assert said("{{ firstName | escape }}", {"firstName": "a & b"}, escape="html") == "a &amp; b"
    assert said("{{ firstName }}", {"firstName": "<b>&"}) == "<b>&"


def test_no_python_object_shows_its_inside() -> None:
    class Secret:
        password = "hunter2"

        def __str__(self) -> str:
            return self.password

        def __html__(self) -> str:
            return self.password

        def __liquid__(self) -> str:
            return self.password

    values = {"firstName": Secret(), "lastName": "Ada"}
    source = (
        "{{ firstName }}{{ firstName.password }}{{ lastName.__class__ }}{{ lastName.upper }}{{ attrs.keys }}"
    )
    assert said(source, values) == ""
    assert said(source, values, escape="html") == ""


def test_no_filter_prints_unescaped() -> None:
    for name in ("safe", "base64_decode", "url_decode", "newline_to_br", "escapejs"):
        assert "no filter called" in fault(f"{{{{ firstName | {name} }}}}").sentence


@pytest.mark.parametrize(
    ("source", "line", "column", "words"),
    [
        ("Hi {{ firstName", 1, 4, "not closed with }}"),
        ("a\nb {{ firstName | defalt: 'x' }}", 2, 18, "Did you mean default?"),
        ("x\n\n  {% if firstName %}x", 3, 3, "never closed with {% endif %}"),
        ("a\n\n{% endif %}", 3, 4, "no meaning here"),
        ("Hi {% raw %}x{% endraw %}", 1, 4, "raw can't be used"),
        ("Hi {%- doc -%}x{% enddoc %}", 1, 4, "doc can't be used"),
        ("{% include 'x' %}", 1, 4, "no meaning here"),
        ("{% cycle '<b>' %}", 1, 4, "no meaning here"),
        ("{% capture x %}y{% endcapture %}", 1, 4, "no meaning here"),
        ("a {{ }}", 1, 3, "nothing between"),
        ("{% %}", 1, 1, "no tag name"),
        ("x {% if", 1, 3, "not closed with %}"),
        ("{{ a b }}", 1, 6, "can't be read"),
        ("{{ 1 | divided_by: 0 }}", 1, 8, "divided_by can't be used"),
    ],
)
def test_a_fault_names_part_line_column_and_reason(source: str, line: int, column: int, words: str) -> None:
    error = fault(source)
    assert (error.part, error.line, error.column) == ("Subject", line, column)
    assert error.sentence.startswith(f"Subject, line {line}, column {column}: ")
    assert words in error.sentence


@pytest.mark.parametrize(
    "source",
    [
        "{% for i in (1..1000000) %}x{% endfor %}",
        "{% for i in (1..100) %}{% for j in (1..100) %}x{% endfor %}{% endfor %}",
        "{% assign x = 'aaaaaaaaaaaaaaaa' %}{% for i in (1..900) %}{% assign x = x | append: x %}{% endfor %}",
        f"{{% for i in (1..999) %}}{'x' * 1000}{{% endfor %}}",
        "{% if a %}" * 40 + "{% endif %}" * 40,
    ],
)
def test_what_grows_without_end_is_refused_before_sending(source: str) -> None:
    fault(source)


def test_an_impossible_value_fails_for_that_person_with_a_sentence() -> None:
    several = parse("{% for i in (1..attrs.n) %}x{% endfor %}", part="Message")
    assert several.render({"attrs": {"n": 3}}, escape="none") == "xxx"
    with pytest.raises(MergeError, match="Message, line 1"):
        several.render({"attrs": {"n": 10**9}}, escape="none")


def test_unknown_fields_come_with_the_nearest_real_name() -> None:
    parsed = parse("Hi {{ frstName }}\n{{ attrs.rign }} {{ attrs.ring }} {{ zzz }}", part="Subject")
    found = unknown_fields(parsed, {"ring"})
    assert [(one.name, one.line, one.column, one.suggestion) for one in found] == [
        ("frstName", 1, 7, "firstName"),
        ("attrs.rign", 2, 4, "attrs.ring"),
        ("zzz", 2, 38, None),
    ]
    assert found[0].sentence == (
        "Subject, line 1, column 7: there is no field called frstName. Did you mean firstName?"
    )


def test_loop_and_assigned_names_are_no_unknown_fields() -> None:
    parsed = parse(
        "{% assign x = firstName %}{% for r in attrs.rings %}{{ r }}{{ x }}{% endfor %}", part="Message"
    )
    assert unknown_fields(parsed, {"rings"}) == []
    assert fields_used(parsed) == {"firstName", "attrs.rings"}


def test_dates_are_written_out_and_anything_else_passes() -> None:
    assert said("{{ attrs.due | date: '%d.%m.%Y' }}", {"attrs": {"due": "2026-12-24"}}) == "24.12.2026"
    assert said("{{ attrs.due | date }}", {"attrs": {"due": date(2026, 12, 4)}}) == "4 December 2026"
    for odd in ("soon", "99999999999999999999", "\x00", "now"):
        assert said("{{ attrs.due | date: '%Y' }}", {"attrs": {"due": odd}}) == odd.replace("\x00", "")


def test_nothing_reads_the_clock() -> None:
    year = str(datetime.now(UTC).year)
    assert year not in said("{{ now }}{{ today }}{{ 'now' | date: '%Y' }}{{ now | date: '%Y' }}")


def test_only_words_and_fields_are_flat() -> None:
    assert parse("a {{ firstName | default: 'x' }}{% comment %}b{% endcomment %}{% # c %}", part="P").is_flat
    assert not parse("{% if firstName %}a{% endif %}", part="P").is_flat
    assert not parse("{% assign a = 1 %}{{ a }}", part="P").is_flat


def test_the_pieces_of_a_flat_part_make_the_whole() -> None:
    source = "Dear {{ firstName | upcase }}, {{- lastName }} {{ attrs.ring.size }} {{ email }}{{ 7 }}"
    source += "{{ firstName | default: '<x>' }}{{ nobody | default: \"<y>\" }}{{ attrs.no | default: 3 }}{{ attrs.spaces | default: 'z' }}"
    parsed = parse(source, part="P")
    values = {
        "firstName": "<Zoë>",
        "lastName": "\r\nx",
        "attrs": {"ring": {"size": 3}, "spaces": " \x00"},
        "email": "a\x00&b",
    }
    for escape in ("html", "none"):
        pieces = [one if isinstance(one, str) else one.render(values, escape) for one in parsed.nodes]
        assert "".join(pieces) == parsed.render(values, escape=escape)


def test_a_hole_knows_which_texts_it_depends_on() -> None:
    def key(source: str, values: dict[str, Any]) -> Any:
        hole = parse(source, part="P").nodes[0]
        assert isinstance(hole, Hole)
        return hole.key(values)

    values = {"firstName": "A", "lastName": "B", "email": "c"}
    assert set(key("{{ firstName | default: lastName }}", values)) == {"A", "B"}
    assert key("{{ attrs.ring }}", {"attrs": {"ring": "L"}}) == ("L",)
    assert key("{{ attrs.ring }}", {"attrs": {}}) == (None,)
    assert key("{{ attrs.n }}", {"attrs": {"n": True}}) is None, "1 and True would share one memory"
    assert key("{{ firstName.size }}", {"firstName": "Ada"}) is None
    assert key("{{ attrs[firstName] }}", {"firstName": "Ada", "attrs": {}}) is None


@pytest.mark.parametrize("odd", ["\x00", "\x1b", "\ud800", "\x85", "\u2028", "\x7f", "\r"])
def test_what_no_letter_can_carry_never_comes_out(odd: str) -> None:
    result = said(f"a{odd}b {{{{ firstName }}}} {{{{ attrs.x }}}}", {"firstName": odd, "attrs": {"x": [odd]}})
    assert odd not in result
    result.encode()


def test_counting_an_own_field_is_not_the_field_itself() -> None:
    source = "{{ attrs.size }}|{{ attrs.first }}|{{ attrs.last }}"
    for attrs in ({"a": "1", "b": "2"}, {"size": "L", "first": "x", "last": "y"}, {}, {"size": None}):
        parsed = parse(source, part="P")
        pieces = [
            one if isinstance(one, str) else one.render({"attrs": attrs}, "none") for one in parsed.nodes
        ]
        assert "".join(pieces) == parsed.render({"attrs": attrs}, escape="none")
    hole = parse(source, part="P").nodes[0]
    assert isinstance(hole, Hole)
    assert hole.key({"attrs": {"a": "1"}}) is None, "somebody with more fields has another size"
    assert hole.key({"attrs": {"size": "L"}}) == ("L",)


BLOCKS = (
    "Dear {% if firstName %}{{ firstName }}{% elsif attrs.vip %}friend{% else %}you{% endif %},\n"
    "{%- for one in attrs.list %} {{ forloop.index }}:{{ one }}{% if one == 'stop' %}{% break %}{% endif %}{% else %}none{% endfor -%}\n"
    "{% unless attrs.vip %}<b>{% endunless %}{% case attrs.size %}{% when 'L', 3 %}large{% else %}{{ attrs.size }}{% endcase %}"
    "{% comment %}x{% endcomment %}{{ lastName }}{% for pair in attrs %}{{ pair[0] }}{% endfor %}"
)


@pytest.mark.parametrize(
    "attrs",
    [
        {},
        {"vip": True, "size": "L", "list": ["<a>", "stop", "b"]},
        {"vip": 1, "size": 3},
        {"vip": 1.0, "size": "<3>"},
        {"vip": "", "size": None, "list": [{"x": 1}, [2], None, "\x00\r\n"]},
        {"list": "no list", "more": "x"},
    ],
)
@pytest.mark.parametrize("name", ["Ada", "", None, "<Zoë>\r\n"])
@pytest.mark.parametrize("escape", ["html", "none"])
def test_blocks_that_stand_alone_make_the_whole_too(
    attrs: dict[str, Any], name: str | None, escape: Any
) -> None:
    parsed, values = parse(BLOCKS, part="P"), {"firstName": name, "lastName": "L", "attrs": attrs}
    assert parsed.is_divisible
    pieces = [one if isinstance(one, str) else one.render(values, escape) for one in parsed.nodes]
    assert "".join(pieces) == parsed.render(values, escape=escape)


@pytest.mark.parametrize(
    "source",
    [
        "{% assign a = firstName %}{{ a }}",
        "{% if firstName %}{% assign a = 1 %}{% endif %}{{ a }}",
        "{% for i in attrs.l limit: 1 %}{{ i }}{% endfor %}{% for i in attrs.l offset: continue %}{{ i }}{% endfor %}",
        "{% if firstName %}x{% endif %}" * 41,
    ],
)
def test_what_leans_on_another_piece_is_worked_out_whole(source: str) -> None:
    assert not parse(source, part="P").is_divisible


def test_a_block_is_remembered_by_all_it_reads() -> None:
    block = parse("{% if attrs.vip %}{{ firstName }}{% endif %}", part="P").nodes[0]
    assert isinstance(block, Hole)
    assert block.key({"firstName": "Ada", "attrs": {"vip": "yes"}}) in {("Ada", "yes"), ("yes", "Ada")}
    assert block.key({"firstName": "Ada", "attrs": {"vip": True}}) is None
    loop = parse("{% for one in attrs.list %}{{ one }}{% endfor %}", part="P").nodes[0]
    assert isinstance(loop, Hole)
    assert loop.key({"attrs": {"list": ["a"]}}) is None
