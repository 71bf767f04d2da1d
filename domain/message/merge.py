"""Merge fields: Liquid, cut down to what a letter needs.

Values are data and never template code. Everything is escaped at the one place where Liquid prints, so neither
a customer's name nor a string literal inside `{{ }}` (which the sanitiser does not see) can become markup.
"""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar, Final, Literal, TextIO, TypeAlias

from liquid import BoundTemplate, Environment, RenderContext
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import FilteredExpression, Path, PositionalArgument, StringLiteral
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags.comment_tag import CommentNode
from liquid.builtin.tags.inline_comment_tag import InlineCommentNode
from liquid.exceptions import (
    LiquidError,
    LoopIterationLimitError,
    OutputStreamLimitError,
    ResourceLimitError,
)
from liquid.expression import Expression
from liquid.lex import compile_liquid_rules
from liquid.output import LimitedStringIO
from liquid.stringify import to_liquid_string
from rapidfuzz import process, utils

from domain.message.filters import FROM_LIQUID, OURS

Escape: TypeAlias = Literal["html", "none"]

FIELDS: Final[dict[str, str]] = {
    "firstName": "First name",
    "lastName": "Last name",
    "fullName": "Full name",
    "companyName": "Company",
    "email": "Email address",
    "phone": "Phone number",
    "shopName": "Your shop's name",
    "shopAddress": "Your shop's postal address",
    "unsubscribeUrl": "Unsubscribe link",
}
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


class MergeError(ValueError):
    """A merge field or tag that can't be read; line and column count from 1 in what the author wrote."""

    def __init__(self, part: str, reason: str, line: int, column: int) -> None:
        self.part, self.reason, self.line, self.column = part, reason, line, column
        self.sentence = f"{part}, line {line}, column {column}: {reason}"
        super().__init__(self.sentence)


@dataclass(frozen=True, slots=True)
class UnknownField:
    name: str
    part: str
    line: int
    column: int
    suggestion: str | None

    @property
    def sentence(self) -> str:
        hint = f" Did you mean {self.suggestion}?" if self.suggestion else ""
        return f"{self.part}, line {self.line}, column {self.column}: there is no field called {self.name}.{hint}"


def parse(source: str, *, part: str) -> "Parsed":
    """Read one part of a letter; whatever could fail for everybody fails here, before anything is sent."""
    source = plain(source)
    _refuse_oddities(source, part)
    try:
        template = LETTER.from_string(source)
        _refuse_unknown_filters(template)
    except LiquidError as error:
        raise _merge_error(error, source, part) from error
    parsed = Parsed(source, part, template)
    parsed.render({}, escape="none")
    return parsed


@dataclass(frozen=True)
class Parsed:
    source: str
    part: str
    template: BoundTemplate

    def render(self, values: Mapping[str, Any], *, escape: Escape) -> str:
        """The words for one person; raises MergeError when a value makes a filter or a loop impossible."""
        context = RenderContext(self.template, globals=self.template.make_globals(tidy(values)))
        context.tag_namespace["escape"] = escape
        paper = LimitedStringIO(_Letter.output_stream_limit)
        try:
            self.template.render_with_context(context, paper)
        except LiquidError as error:
            raise _merge_error(error, self.source, self.part) from error
        except (ValueError, ArithmeticError, TypeError, LookupError) as error:
            raise MergeError(
                self.part, "this can't be worked out for this customer's details.", 1, 1
            ) from error
        return plain(paper.getvalue())

    @cached_property
    def is_flat(self) -> bool:
        """Only words and fields, nothing that decides or repeats: such a part can be cut into ready pieces."""
        return all(isinstance(node, (ContentNode, OutputNode, *SILENT)) for node in self.template.nodes)

    @cached_property
    def nodes(self) -> tuple["str | Hole", ...]:
        """The pieces of a flat part in order."""
        return tuple(
            plain(node.text) if isinstance(node, ContentNode) else Hole(self, node)
            for node in self.template.nodes
            if isinstance(node, (ContentNode, OutputNode))
        )


def fields_used(parsed: Parsed) -> set[str]:
    return {name for name, _ in _fields(parsed)}


def unknown_fields(
    parsed: Parsed, attr_keys: "frozenset[str] | set[str]" = frozenset()
) -> list[UnknownField]:
    """Fields nobody can have, each once per place, with the nearest real name."""
    known = [*FIELDS, *(f"attrs.{key}" for key in attr_keys)]
    return [
        UnknownField(name, parsed.part, *_place(parsed.source, index), _nearest(name, known))
        for name, index in _fields(parsed)
        if name not in known
    ]


class Hole:
    """One `{{ … }}` of a flat part, to be filled alone."""

    __slots__ = ("_fallback", "_is_direct", "_node", "_parsed", "name", "paths")

    def __init__(self, parsed: Parsed, node: OutputNode) -> None:
        self._parsed = parsed
        self._node = node
        self.name = str(node)
        self.paths = _paths(node.expression)
        self._is_direct, self._fallback = _direct(node.expression)

    def key(self, values: Mapping[str, Any]) -> "tuple[str | None, ...] | None":
        """The texts this hole depends on; None when its result must not be remembered (1, 1.0 and True are one key)."""
        if self.paths is None:
            return None
        found: list[str | None] = []
        for path in self.paths:
            value: Any = values
            for step in path:
                if not isinstance(value, dict):
                    return None
                value = value.get(step)
            if value is not None and type(value) is not str:
                return None
            found.append(value)
        return tuple(found)

    def render(self, values: Mapping[str, Any], escape: Escape) -> str:
        if self._is_direct and (key := self.key(values)) is not None:
            text = plain(key[0] or "")
            text = text if self._fallback is None or text.strip() else self._fallback
            return html.escape(text) if escape == "html" else text
        single = BoundTemplate(LETTER, [self._node], globals=LETTER.globals)
        return Parsed(self._parsed.source, self._parsed.part, single).render(values, escape=escape)


ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")


def plain(text: str) -> str:
    """The text without what no letter can carry: control characters go, every kind of line end becomes one kind."""
    if not ODD.search(text):
        return text
    text = re.sub("\r\n?|[\x0b\x0c\x85\u2028\u2029]", "\n", text)
    return re.sub("[\ud800-\udfff]", "\ufffd", re.sub("[\x00-\x08\x0e-\x1f\x7f]", "", text))


def tidy(value: Any) -> Any:
    """Values as plain data, all texts clean; an object of our own program shows nothing."""
    if isinstance(value, str):
        return plain(str(value))
    if isinstance(value, Mapping):
        return {plain(str(key)): tidy(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [tidy(item) for item in value]
    return value if isinstance(value, (int, float, Decimal, date)) else None


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


class _Letter(Environment):
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


SILENT: Final = (CommentNode, InlineCommentNode)
# Liquid's own "now" and "today" would read the clock in the middle of a send.
LETTER: Final = _Letter(globals={"now": None, "today": None})
RULES: Final = compile_liquid_rules()
VERBATIM: Final = re.compile(r"\{%-?\s*(raw|doc)\b")
UNCLOSED: Final = re.compile("expected tag end(if|unless|case|for|comment)")
EMPTY: Final = re.compile(r"\{\{-?\s*-?\}\}")


def _refuse_oddities(source: str, part: str) -> None:
    """What Liquid would print as it stands (and nobody has escaped), or report at the wrong place."""
    if found := VERBATIM.search(source):
        raise MergeError(
            part,
            f"the tag {found[1]} can't be used here.",
            *_place(source, found.start()),
        )
    if (at := unclosed(source)) is not None:
        brackets = "{{ and not closed with }}" if source[at : at + 2] == "{{" else "{% and not closed with %}"
        raise MergeError(part, f"a field or tag is opened with {brackets}.", *_place(source, at))
    if found := EMPTY.search(source):
        raise MergeError(part, "there is nothing between {{ and }}.", *_place(source, found.start()))


def _refuse_unknown_filters(template: BoundTemplate) -> None:
    for name, spans in template.analyze(include_partials=False).filters.items():
        if name not in LETTER.filters:
            raise _UnknownFilter(name, spans[0].index)


class _UnknownFilter(LiquidError):
    def __init__(self, name: str, index: int) -> None:
        super().__init__(name, token=None)
        self.index = index


def _merge_error(error: LiquidError, source: str, part: str) -> MergeError:
    return MergeError(part, _reason(error), *_place(source, _index(error, source)))


def _index(error: LiquidError, source: str) -> int:
    if isinstance(error, _UnknownFilter):
        return error.index
    if left_open := UNCLOSED.match(str(error.message)):
        return max(found.start() for found in re.finditer(r"\{%-?\s*" + left_open[1], source))
    return error.token.start_index if error.token else 0


def _reason(error: LiquidError) -> str:
    if isinstance(error, _UnknownFilter):
        near = _nearest(str(error.message), sorted(LETTER.filters))
        return f"there is no filter called {error.message}." + (f" Did you mean {near}?" if near else "")
    if isinstance(error, LoopIterationLimitError):
        return "this repeats more than a thousand times."
    if isinstance(error, OutputStreamLimitError):
        return "the text grows too long."
    if isinstance(error, ResourceLimitError):
        return "this is nested or grows beyond what a message can hold."
    message = str(error.message)
    if "missing tag name" in message:
        return "there is no tag name between {% and %}."
    if unexpected := re.fullmatch(r"unexpected tag '(.*)'", message):
        return f"the tag {unexpected[1]} has no meaning here."
    if left_open := UNCLOSED.match(message):
        return f"{{% {left_open[1]} %}} is never closed with {{% end{left_open[1]} %}}."
    if (misused := message.partition(":")[0]) in LETTER.filters:
        return f"the filter {misused} can't be used like this."
    return f"this can't be read ({message})."


def _place(source: str, index: int) -> tuple[int, int]:
    before = source[: max(index, 0)]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _fields(parsed: Parsed) -> list[tuple[str, int]]:
    found = parsed.template.analyze(include_partials=False).globals
    return [
        (
            ".".join(map(str, variable.segments[: 2 if root == "attrs" else 1])),
            variable.span.index,
        )
        for root, variables in found.items()
        for variable in variables
    ]


def _nearest(name: str, known: list[str]) -> str | None:
    best = process.extractOne(name, known, processor=utils.default_process, score_cutoff=70)
    return best[0] if best else None


def _paths(expression: Expression) -> tuple[tuple[str, ...], ...] | None:
    """Every field an expression reads, or None when a field is chosen while rendering: `attrs[firstName]`."""
    found: list[tuple[str, ...]] = []
    waiting: list[Expression] = [expression]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Path):
            if not all(type(step) is str for step in one.path):
                return None
            found.append(tuple(str(step) for step in one.path))
        if isinstance(one, FilteredExpression):
            waiting += [argument for filter_ in one.filters or () for argument in filter_.children()]
        waiting += one.children()
    return tuple(dict.fromkeys(found))


def _direct(expression: Expression) -> tuple[bool, str | None]:
    """Whether a hole is one field, perhaps with a default of plain words, and needs no Liquid to be filled."""
    if not isinstance(expression, FilteredExpression) or not isinstance(expression.left, Path):
        return False, None
    filters = expression.filters or []
    if not filters:
        return True, None
    words = [argument.value for argument in filters[0].args if isinstance(argument, PositionalArgument)]
    if len(filters) == 1 and filters[0].name == "default" and len(words) == len(filters[0].args) == 1:
        return (True, plain(words[0].value)) if isinstance(words[0], StringLiteral) else (False, None)
    return False, None
