"""The providers that the shop listens to: what the owner entered for each, and the address it reports to."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from data.config import config
from domain.refusal import invalid, missing
from domain.results import news
from domain.results.post import Field
from domain.shop import provider_keys, whatsapp_practice
from domain.shop.people import Actor, Right
from domain.shop.shop import read as read_shop

LONGEST: Final = 2_000  # characters of a key
WHATSAPP: Final = "whatsapp"  # listened to in practice too: there it is the twin that reports


_changes = itertools.count(1)
_last_change = 0


@dataclass(frozen=True, slots=True)
class Connection:
    """`shown` has what may be read back; of a secret only whether there is one."""

    name: str
    label: str
    is_on: bool
    fields: tuple[Field, ...]
    shown: dict[str, str]
    entered: frozenset[str]
    address: str  # where the provider reports to; it works as soon as `is_on`
    updated_at: datetime | None


def every(session: Session, *, by: Actor) -> list[Connection]:
    """Those of mail; other channels have a page of their own."""
    return [read(session, one.NAME, by=by) for one in news.every() if not hasattr(one, "CHANNEL")]


def read(session: Session, name: str, *, by: Actor) -> Connection:
    by.require(Right.MANAGE_SHOP)
    provider, row = _named(name), provider_keys.kept(session, name)
    entered = provider_keys.opened(row) if row else {}
    return Connection(
        name,
        provider.LABEL,
        row is not None,
        provider.FIELDS,
        {one.name: entered.get(one.name, "") or one.usual for one in provider.FIELDS if not one.secret},
        frozenset(one for one, value in entered.items() if value),
        address(name, row.turn if row else 1),
        row.updated_at if row else None,
    )


def change(
    session: Session,
    name: str,
    wish: Mapping[str, str | None],
    *,
    new_address: bool = False,
    by: Actor,
    now: datetime,
) -> Connection:
    """What is left out, or None, stays as it is; an empty text takes it away. From here on the provider is listened to."""
    by.require(Right.MANAGE_SHOP)
    provider, row = _named(name), provider_keys.kept(session, name)
    before = provider_keys.opened(row) if row else {}
    given = {field: text.strip() for field, text in wish.items() if text is not None}
    values = {field: text for field, text in (before | given).items() if text}
    _check(provider, values)
    provider_keys.write(session, name, values, new_address=new_address, by=by, now=now)
    _note_change()
    return read(session, name, by=by)


def forget(session: Session, name: str, *, by: Actor, now: datetime) -> None:
    by.require(Right.MANAGE_SHOP)
    provider_keys.forget(session, _named(name).NAME, by=by, now=now)
    _note_change()


def changes() -> int:
    """Grows with every change in this process, so that whoever keeps keys in memory knows when they are old."""
    return _last_change


def keys_behind(session: Session, name: str) -> tuple[int, dict[str, str]] | None:
    """The turn of the secret address, and the keys. None: not listened to."""
    row = provider_keys.kept(session, name)
    if row is None and name == WHATSAPP and read_shop(session).practice_whatsapp_port:
        return 1, whatsapp_practice.as_keys()
    return (row.turn, provider_keys.opened(row)) if row else None


def address(name: str, turn: int) -> str:
    return f"{config().public_url}/webhooks/{name}/{provider_keys.secret(name, turn)}"


def _note_change() -> None:
    global _last_change
    _last_change = next(_changes)


def _named(name: str) -> Any:
    provider = news.named(name)
    if provider is None:
        raise missing("provider")
    return provider


def _check(provider: Any, values: Mapping[str, str]) -> None:
    known = {one.name: one for one in provider.FIELDS}
    for name, text in values.items():
        if name not in known:
            raise invalid(name, f"{provider.LABEL} has no such key.")
        if len(text) > LONGEST:
            raise invalid(name, f"This can have at most {LONGEST} characters.")
        if any(ord(letter) < 32 and letter not in "\r\n\t" for letter in text):
            raise invalid(name, "This holds characters that can't be typed. Copy it once more.")
        _ask(known[name], text)
    for one in provider.FIELDS:
        if one.required and not values.get(one.name):
            raise invalid(one.name, f"{provider.LABEL} needs this: {one.label}.")


def _ask(field: Field, text: str) -> None:
    if field.check is None:
        return
    try:
        field.check(text)
    except ValueError as problem:
        raise invalid(field.name, str(problem)) from None
