"""What every way of launching has in common."""

from datetime import timedelta
from hashlib import sha256
from typing import Annotated

from fastapi import Header
from pydantic import Field

from domain.sending.launches import Press, To
from domain.shop.people import Actor
from ui.api.shapes import Told

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="One for each message: a repeat with the same key is answered with the same dispatch.",
    ),
]
UndoSeconds = Annotated[int, Field(ge=0, le=600, description="How long the launch can be called back.")]


class Launched(Told):
    dispatch_id: int
    also_dispatch_id: Annotated[
        int | None, Field(description="Of a campaign that goes on another channel too.")
    ] = None


def as_press(
    by: Actor, key: str | None, *, undo: int = 0, to: To | None = None, version: int | None = None
) -> Press:
    """A key counts for the person it came with; kept short, however long it is."""
    nonce = f"{by.user_id}:{sha256(key.encode()).hexdigest()[:40]}" if key else None
    return Press(undo=timedelta(seconds=undo), to=to, version=version, nonce=nonce)
