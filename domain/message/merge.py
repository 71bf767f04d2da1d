"""Merge fields: what a letter may say about a person. Values are data and never template code."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from liquid import BoundTemplate, RenderContext
from liquid.ast import Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import FilteredExpression, Path, PositionalArgument, StringLiteral
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.comment_tag import CommentNode
from liquid.builtin.tags.inline_comment_tag import InlineCommentNode
from liquid.exceptions import LiquidError
from liquid.output import LimitedStringIO

from domain.message.faults import (
    MergeError,
    merge_error,
    nearest,
    place,
    refuse_oddities,
    refuse_unknown_filters,
)
from domain.message.language import LETTER, Escape, Language
from domain.message.words import plain, tidy

__all__ = ["FIELDS", "Hole", "MergeError", "Parsed", "UnknownField", "fields_used", "parse", "unknown_fields"]

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
    refuse_oddities(source, part)
    try:
        template = LETTER.from_string(source)
        refuse_unknown_filters(template)
    except LiquidError as error:
        raise merge_error(error, source, part) from error
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
        paper = LimitedStringIO(Language.output_stream_limit)
        try:
            self.template.render_with_context(context, paper)
        except LiquidError as error:
            raise merge_error(error, self.source, self.part) from error
        except (ValueError, ArithmeticError, TypeError, LookupError) as error:
            raise MergeError(
                self.part, "this can't be worked out for this customer's details.", 1, 1
            ) from error
        return plain(paper.getvalue())

    @cached_property
    def is_flat(self) -> bool:
        """Only words and fields, nothing that decides or repeats."""
        return all(isinstance(node, (ContentNode, OutputNode, *SILENT)) for node in self.template.nodes)

    @cached_property
    def is_divisible(self) -> bool:
        """Each piece can be worked out alone: none reads what another has assigned or where its loop stopped."""
        if self.is_flat:
            return True
        found = self.template.analyze(include_partials=False)
        blocks = sum(not isinstance(node, (ContentNode, OutputNode)) for node in self.template.nodes)
        return not found.locals and not CARRIED_ON.search(self.source) and blocks <= MOST_BLOCKS

    @cached_property
    def nodes(self) -> tuple["str | Hole", ...]:
        """The pieces of a divisible part in order."""
        return tuple(
            plain(node.text) if isinstance(node, ContentNode) else Hole(self, node)
            for node in self.template.nodes
            if not isinstance(node, SILENT)
        )


SILENT: Final = (CommentNode, InlineCommentNode)
CARRIED_ON: Final = re.compile(r"\boffset\b")  # `offset: continue` begins where the loop before ended
MOST_BLOCKS: Final = 40  # each has the limits of a whole part for itself


def fields_used(parsed: Parsed) -> set[str]:
    return {name for name, _ in _fields(parsed)}


def unknown_fields(
    parsed: Parsed, attr_keys: "frozenset[str] | set[str]" = frozenset()
) -> list[UnknownField]:
    """Fields nobody can have, each once per place, with the nearest real name."""
    known = [*FIELDS, *(f"attrs.{key}" for key in attr_keys)]
    return [
        UnknownField(name, parsed.part, *place(parsed.source, index), nearest(name, known))
        for name, index in _fields(parsed)
        if name not in known
    ]


class Hole:
    """One piece of a divisible part that is not the same for everybody: a `{{ … }}`, or a whole `{% if %}` or loop."""

    __slots__ = ("_alone", "_fallback", "is_direct", "name", "paths")

    def __init__(self, parsed: Parsed, node: Node) -> None:
        template = BoundTemplate(LETTER, [node], globals=LETTER.globals)
        self._alone = Parsed(parsed.source, parsed.part, template)
        self.paths = _paths(template)
        self.is_direct, self._fallback = (
            _direct(node.expression) if isinstance(node, OutputNode) else (False, None)
        )
        self.name = node.token.value if isinstance(node, OutputNode) else str(node)

    def key(self, values: Mapping[str, Any]) -> "tuple[str | None, ...] | None":
        """The texts this hole depends on; None when its result must not be remembered (1, 1.0 and True are one key)."""
        if self.paths is None:
            return None
        found: list[str | None] = []
        for path in self.paths:
            value: Any = values
            for step in path:
                if not isinstance(value, dict) or (step in COUNTING and step not in value):
                    return None
                value = value.get(step)
            if value is not None and type(value) is not str:
                return None
            found.append(value)
        return tuple(found)

    def render(self, values: Mapping[str, Any], escape: Escape) -> str:
        if self.is_direct and (key := self.key(values)) is not None:
            text = self.said(key[0])
            return html.escape(text) if escape == "html" else text
        return self._alone.render(self._needed(values), escape=escape)

    def said(self, value: str | None) -> str:
        """What a direct hole makes of its one field's text."""
        text = plain(value or "")
        return text if self._fallback is None or text.strip() else self._fallback

    def _needed(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Only what this hole reads is made tidy."""
        if self.paths is None:
            return values
        return {path[0]: values[path[0]] for path in self.paths if path[0] in values}


COUNTING: Final = frozenset({"size", "first", "last"})  # what Liquid makes up where no such field is


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


def _paths(template: BoundTemplate) -> tuple[tuple[str, ...], ...] | None:
    """Every field a piece reads, or None when a field is chosen while rendering: `attrs[firstName]`."""
    found = template.analyze(include_partials=False).globals
    paths = [variable.segments for variables in found.values() for variable in variables]
    if not all(type(step) is str for path in paths for step in path):
        return None
    return tuple(dict.fromkeys(tuple(map(str, path)) for path in paths))


def _direct(expression: Any) -> tuple[bool, str | None]:
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
