"""The words for states: ours, those of programs that know `/crm/marketing` (D1), and those of a row of the ledger."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from fastapi import Depends, Query, Request
from pydantic.alias_generators import to_camel

from domain.ledger.deliveries import COLUMN_OF, State
from domain.refusal import Kind, Refusal

ALIASES: Final = ("/crm/marketing", "/api/crm/marketing")
THEIRS: Final = {"sending": "running", "sent": "completed"}
OURS: Final = {theirs: ours for ours, theirs in THEIRS.items()}

HOLD: Final = (
    "Why nothing leaves just now: person, restored, content or account (paused, until `resume`; account also until its keys "
    "work again), or quiet, hour, day or reach (it goes on by itself at `heldUntil`)."
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How this program likes its states written."""

    theirs: bool = False
    capitals: bool = False

    def said(self, state: str) -> str:
        word = THEIRS.get(state, state) if self.theirs else state
        return word.upper() if self.capitals else word


def understood(word: str) -> str:
    """Any of the dialects, in our words; what is none of them stays as it is."""
    small = word.strip().casefold()
    return OURS.get(small, small)


def outcome(state: State) -> str:
    """The term of the equation that a row belongs to."""
    return to_camel(COLUMN_OF[state])


def states_of(outcomes: list[str]) -> tuple[State, ...]:
    """The states behind "sent" or "notSure"."""
    known = {outcome(state) for state in State}
    unknown = next((word for word in outcomes if word not in known), None)
    if unknown is not None:
        raise Refusal(
            "unknown_status", f"Choose from {', '.join(sorted(known))}.", Kind.MALFORMED, field="status"
        )
    return tuple(state for state in State if outcome(state) in outcomes)


def _dialect(
    request: Request,
    status_words: Annotated[
        Literal["small", "capitals"],
        Query(alias="statusWords", description="`capitals` writes states as DRAFT, SENDING and so on."),
    ] = "small",
) -> Dialect:
    return Dialect(request.url.path.startswith(ALIASES), status_words == "capitals")


Words = Annotated[Dialect, Depends(_dialect)]
