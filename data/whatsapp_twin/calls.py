"""One call of the Graph API, and its answer, as the twin handles them."""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from data.whatsapp_twin.refusals import Refused
from data.whatsapp_twin.templates import Shown

VERSION: Final = re.compile(r"v\d+\.\d+")


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]  # lower-case names
    body: bytes

    @property
    def steps(self) -> list[str]:
        steps = [one for one in self.path.split("/") if one]
        return steps[1:] if steps and VERSION.fullmatch(steps[0]) else steps

    @property
    def token(self) -> str:
        scheme, _, told = self.headers.get("authorization", "").partition(" ")
        return told if scheme.casefold() == "bearer" else self.query.get("access_token", "")

    @property
    def wanted(self) -> list[str]:
        """The names of the facts that are asked for; none: all of them."""
        return [one.partition("{")[0] for one in self.query.get("fields", "").split(",") if one]

    def as_json(self) -> dict[str, Any]:
        """Raises Refused."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            raise Refused(100, message="(#100) The body is no JSON") from None
        if not isinstance(found, dict):
            raise Refused(100, message="(#100) The body is no object")
        return found

    def fields(self) -> dict[str, str]:
        told = self.as_json() if self.body else {}
        return {**self.query, **{name: str(value) for name, value in told.items()}}


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that was taken. `fails`: the code it fails with later; 0: it does not."""

    id: str
    number: str  # digits; empty where only the user id was given
    user_id: str
    mark: str
    kind: str  # template, text
    category: str
    shown: Shown
    template: str
    language: str
    request: Mapping[str, Any]
    at: float  # seconds since 1970
    fails: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    body: Mapping[str, Any]
    sent: Sent | None = None


def refusal(refused: Refused) -> Answered:
    return Answered(refused.status, refused.as_json(f"A{secrets.token_urlsafe(16)}"))
