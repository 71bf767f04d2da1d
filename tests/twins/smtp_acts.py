"""What a scripted mail server can be told to do, and the words for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

Stage = Literal["banner", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "body", "final", "rset", "quit"]


@dataclass(frozen=True, slots=True)
class Act:
    """What the server does instead of its usual answer; `pace` and `after` in seconds."""

    reply: bytes | None = None
    pace: float = 0.0  # the pause after each byte
    after: float = 0.0  # the pause before the first
    hang_up: bool = False
    accept: bool | None = (
        None  # at "final": whether the message counts as received; None: if the answer is 2xx
    )
    secure: bool = False  # go on under TLS after the answer
    is_plain: bool = field(init=False, default=False)  # an answer and nothing else

    def __post_init__(self) -> None:
        odd = self.reply is None or self.pace or self.after or self.hang_up or self.secure
        object.__setattr__(self, "is_plain", not odd)

    @property
    def code(self) -> int:
        return int(self.reply[:3]) if self.reply and self.reply[:3].isdigit() else 0

    @property
    def is_the_last(self) -> bool:
        """Nothing this client says afterwards is obeyed."""
        return self.hang_up or self.reply is None

    def and_drop(self) -> "Act":
        return replace(self, hang_up=True)


def say(*lines: str) -> Act:
    """One answer; several lines make a multi-line one if the test writes them so ("250-one", "250 two")."""
    return Act("".join(f"{line}\r\n" for line in lines).encode())


def slowly(*lines: str, pace: float = 0.005) -> Act:
    return replace(say(*lines), pace=pace)


def late(*lines: str, after: float) -> Act:
    return replace(say(*lines), after=after)


def garbage(raw: bytes) -> Act:
    return Act(raw)


def drop(*, accept: bool = False) -> Act:
    """Hang up without a word; with `accept` only after the message was taken."""
    return Act(hang_up=True, accept=accept)


def stall(*, accept: bool = False) -> Act:
    """Never answer this, nor anything after it."""
    return Act(accept=accept)


Script = Callable[[Stage, str], Act | None]
Scripted = Script | Mapping[Stage, Act] | None


def as_script(script: Scripted) -> Script | None:
    if isinstance(script, Mapping):
        return lambda stage, _: script.get(stage)
    return script
