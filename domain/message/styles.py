"""Which CSS a mail may carry: a list of properties, and values that fetch nothing and run nothing."""

import re
from collections.abc import Iterable
from typing import Any, Final

import tinycss2  # type: ignore[import-untyped]

PROPERTY_NAMES: Final = """
    background background-color border border-bottom border-bottom-color border-bottom-left-radius
    border-bottom-right-radius border-bottom-style border-bottom-width border-collapse border-color
    border-left border-left-color border-left-style border-left-width border-radius border-right
    border-right-color border-right-style border-right-width border-spacing border-style border-top
    border-top-color border-top-left-radius border-top-right-radius border-top-style border-top-width
    border-width box-sizing caption-side clear color direction display empty-cells float font font-family
    font-size font-style font-variant font-weight height letter-spacing line-height list-style
    list-style-position list-style-type margin margin-bottom margin-left margin-right margin-top max-height
    max-width min-height min-width mso-border-alt mso-height-rule mso-hide mso-line-height-rule
    mso-padding-alt mso-table-lspace mso-table-rspace object-fit opacity overflow overflow-wrap padding
    padding-bottom padding-left padding-right padding-top table-layout text-align text-decoration
    text-indent text-transform vertical-align visibility white-space width word-break word-spacing word-wrap
    -ms-text-size-adjust -webkit-text-size-adjust
"""
PROPERTIES: Final = frozenset(PROPERTY_NAMES.split())
FUNCTIONS: Final = frozenset({"rgb", "rgba", "hsl", "hsla", "calc"})


class MailStyles:
    """What bleach asks about each style attribute."""

    def sanitize_css(self, style: str) -> str:
        return declarations(tinycss2.parse_declaration_list(style, skip_comments=True, skip_whitespace=True))


def declarations(parsed: Iterable[Any]) -> str:
    return ";".join(_declaration(one) for one in parsed if one.type == "declaration" and _is_welcome(one))


def plain_rules(css: str) -> str:
    """The rules outside every at-rule, cleaned: what can go into style attributes."""
    return "\n".join(_rule(one) for one in _rules(css) if one.type == "qualified-rule")


def media_block(css: str) -> str:
    """The @media rules (the phone layout) as one style block, or nothing."""
    blocks = [block for one in _rules(css) if (block := _media(one))]
    return f"<style>{''.join(blocks)}</style>" if blocks else ""


def _rules(css: str) -> list[Any]:
    return list(tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True))


def _media(rule: Any) -> str:
    if rule.type != "at-rule" or rule.lower_at_keyword != "media" or rule.content is None:
        return ""
    query = tinycss2.serialize(rule.prelude).strip()
    if not re.fullmatch(r"[\w\s(),:.-]+", query):
        return ""
    inside = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
    rules = "".join(_rule(one) for one in inside if one.type == "qualified-rule")
    return f"@media {query}{{{rules}}}" if rules else ""


def _rule(rule: Any) -> str:
    selector = tinycss2.serialize(rule.prelude).strip()
    if not re.fullmatch(r"""[\w\s.#,>+~:()*="'\[\]-]+""", selector):
        return ""
    inside = tinycss2.parse_declaration_list(rule.content, skip_comments=True, skip_whitespace=True)
    return f"{selector}{{{body}}}" if (body := declarations(inside)) else ""


def _declaration(one: Any) -> str:
    value = re.sub(r"\s+", " ", tinycss2.serialize(one.value)).strip()
    return f"{one.lower_name}:{value}{'!important' if one.important else ''}"


def _is_welcome(one: Any) -> bool:
    text = tinycss2.serialize(one.value)
    return (
        one.lower_name in PROPERTIES and not re.search(r"[\\<>{}@;]", text) and all(map(_is_tame, one.value))
    )


def _is_tame(token: Any) -> bool:
    if token.type == "function":
        return token.lower_name in FUNCTIONS and all(map(_is_tame, token.arguments))
    return token.type in TAME


TAME: Final = frozenset(
    {
        "whitespace",
        "ident",
        "number",
        "percentage",
        "dimension",
        "hash",
        "string",
        "literal",
    }
)
