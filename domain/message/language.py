"""Liquid, cut down to what a letter needs.

Everything is escaped at the one place where Liquid prints, so neither a customer's name nor a string literal inside
`{{ }}` (which the sanitiser does not see) can become markup.
"""

import html
from collections.abc import Iterator
from typing import ClassVar, Final, Literal, TextIO, TypeAlias

from liquid import Environment, RenderContext
from liquid.builtin.output import Output, OutputNode
from liquid.lex import compile_liquid_rules
from liquid.stringify import to_liquid_string

from domain.message.filters import FROM_LIQUID, OURS

Escape: TypeAlias = Literal["html", "none"]

TAGS: Final = (
    "if",
    "unless",
    "case",
    "for",
    "break",
    "continue",
    "assign",
    "comment",
    "#",
)


def unclosed(source: str) -> int | None:
    """Where something opens that nothing after it closes; Liquid's own reader needs quadratic time to say so."""
    ends = (("{{", source.rfind("}}")), ("{%", source.rfind("%}")))
    places = [at for opener, last in ends if (at := source.find(opener, max(last, 0))) >= 0]
    return min(places, default=None)


def chunks(source: str) -> Iterator[tuple[int, int, str]]:
    """Where Liquid reads code and not words, by Liquid's own rules: start, end and kind ("output", "TAG", "RAW", "DOC")."""
    for match in RULES.finditer(source):
        if match.lastgroup and match.lastgroup not in ("content",):
            yield match.start(), match.end(), match.lastgroup


class _Print(OutputNode):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        text = to_liquid_string(self.expression.evaluate(context), autoescape=False)
        return buffer.write(html.escape(text) if context.tag_namespace["escape"] == "html" else text)


class _PrintTag(Output):
    node_class = _Print


class Language(Environment):
    """Limits: a hundred pages of text, a thousand turns, and nothing that reads files or prints unescaped."""

    output_stream_limit: ClassVar[int] = 400_000
    loop_iteration_limit: ClassVar[int | None] = 1_000
    local_namespace_limit: ClassVar[int | None] = 200_000
    block_nesting_limit: ClassVar[int] = 12

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=False)
        special = [
            name for name in self.tags if not name.isalpha() or name in ("illegal", "content", "output")
        ]
        self.tags = {name: tag for name, tag in self.tags.items() if name in (*TAGS, *special)}
        self.add_tag(_PrintTag)
        self.filters = {**{name: self.filters[name] for name in FROM_LIQUID}, **OURS}


# Liquid's own "now" and "today" would read the clock in the middle of a send.
LETTER: Final = Language(globals={"now": None, "today": None})
RULES: Final = compile_liquid_rules()
