"""What the owner entered for a mail provider that reports back, sealed, and the secret part of the address it reports to."""

import base64
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant
from data.secrets import SealBroken, keys
from domain.refusal import Refusal
from domain.shop import audit
from domain.shop.people import Actor, Right

SECRET: Final = 24  # bytes: 32 letters in the address


class ProviderSettings(Base):
    """No row: the provider is not listened to."""

    __tablename__ = "provider_settings"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    sealed: Mapped[str] = mapped_column(Text)  # the keys, as JSON
    turn: Mapped[int] = mapped_column(default=1)  # of the secret address; a new one makes the old worthless
    updated_at: Mapped[datetime] = mapped_column(Instant)


def kept(session: Session, name: str) -> ProviderSettings | None:
    return session.get(ProviderSettings, name)


def opened(row: ProviderSettings) -> dict[str, str]:
    """Raises Refusal where the secret of the installation is another one by now."""
    try:
        return {str(name): str(value) for name, value in json.loads(keys().open(row.sealed)).items()}
    except SealBroken:
        raise Refusal(
            "secret_changed",
            "The keys of this provider can't be read, because the secret of this installation has changed. Enter them again.",
        ) from None


def write(
    session: Session, name: str, values: Mapping[str, str], *, new_address: bool, by: Actor, now: datetime
) -> ProviderSettings:
    """These and no others. The audit says which were entered, and never what they are."""
    by.require(Right.MANAGE_SHOP)
    row = kept(session, name) or ProviderSettings(name=name, turn=1)
    row.sealed, row.updated_at = keys().seal(json.dumps(dict(values))), now
    row.turn += new_address
    session.add(row)
    session.flush()
    after = {
        "provider": name,
        "entered": sorted(one for one in values if values[one]),
        "new_address": new_address,
    }
    audit.write(session, "provider.saved", by=by, now=now, after=after)
    return row


def forget(session: Session, name: str, *, by: Actor, now: datetime) -> None:
    """From now on nothing it says is listened to."""
    by.require(Right.MANAGE_SHOP)
    row = kept(session, name)
    if row is not None:
        session.delete(row)
        session.flush()
        audit.write(session, "provider.removed", by=by, now=now, before={"provider": name})


def secret(name: str, turn: int) -> str:
    """Made from the installation's secret, so it need not be stored. Nobody can guess it."""
    return base64.urlsafe_b64encode(keys().key(f"webhook/{name}/{turn}")[:SECRET]).decode()


def is_secret(name: str, turn: int, told: str) -> bool:
    return hmac.compare_digest(secret(name, turn).encode(), told.encode("utf-8", "replace"))
