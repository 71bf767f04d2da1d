"""What is wrong with a merge field or tag, in the author's own lines and in words a shop owner knows."""

import re
from typing import Final

from liquid import BoundTemplate
from liquid.exceptions import (
    LiquidError,
    LoopIterationLimitError,
    OutputStreamLimitError,
    ResourceLimitError,
)
from rapidfuzz import process, utils

from domain.message.language import LETTER, unclosed


class MergeError(ValueError):
    """A merge field or tag that can't be read; line and column count from 1 in what the author wrote."""

    def __init__(self, part: str, reason: str, line: int, column: int) -> None:
        self.part, self.reason, self.line, self.column = part, reason, line, column
        self.sentence = f"{part}, line {line}, column {column}: {reason}"
        super().__init__(self.sentence)


VERBATIM: Final = re.compile(r"\{%-?\s*(raw|doc)\b")
UNCLOSED: Final = re.compile("expected tag end(if|unless|case|for|comment)")
EMPTY: Final = re.compile(r"\{\{-?\s*-?\}\}")


def refuse_oddities(source: str, part: str) -> None:
    """What Liquid would print as it stands (and nobody has escaped), or report at the wrong place."""
    if found := VERBATIM.search(source):
        raise MergeError(
            part,
            f"the tag {found[1]} can't be used here.",
            *place(source, found.start()),
        )
    if (at := unclosed(source)) is not None:
        brackets = "{{ and not closed with }}" if source[at : at + 2] == "{{" else "{% and not closed with %}"
        raise MergeError(part, f"a field or tag is opened with {brackets}.", *place(source, at))
    if found := EMPTY.search(source):
        raise MergeError(part, "there is nothing between {{ and }}.", *place(source, found.start()))


def refuse_unknown_filters(template: BoundTemplate) -> None:
    for name, spans in template.analyze(include_partials=False).filters.items():
        if name not in LETTER.filters:
            raise UnknownFilter(name, spans[0].index)


class UnknownFilter(LiquidError):
    def __init__(self, name: str, index: int) -> None:
        super().__init__(name, token=None)
        self.index = index


def merge_error(error: LiquidError, source: str, part: str) -> MergeError:
    return MergeError(part, _reason(error), *place(source, _index(error, source)))


def place(source: str, index: int) -> tuple[int, int]:
    before = source[: max(index, 0)]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def nearest(name: str, known: list[str]) -> str | None:
    best = process.extractOne(name, known, processor=utils.default_process, score_cutoff=70)
    return best[0] if best else None


def _index(error: LiquidError, source: str) -> int:
    if isinstance(error, UnknownFilter):
        return error.index
    if left_open := UNCLOSED.match(str(error.message)):
        return max(found.start() for found in re.finditer(r"\{%-?\s*" + left_open[1], source))
    return error.token.start_index if error.token else 0


def _reason(error: LiquidError) -> str:
    if isinstance(error, UnknownFilter):
        near = nearest(str(error.message), sorted(LETTER.filters))
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
