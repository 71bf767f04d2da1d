"""The shop's own facts, and its mail account. Secrets are written and never read back."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy.orm import Session

from data.config import config
from data.database import now, reading, unit
from domain.refusal import Kind, Refusal
from domain.shop import mail, mail_accounts, shop
from ui.api.door import Owner, SignedIn, Viewer
from ui.api.shapes import Asked, Moment, Told

router = APIRouter(prefix="/settings", tags=["Settings"], route_class=SignedIn)


class ShopAsked(Asked):
    """What is left out stays as it is."""

    name: str | None = None
    postal_address: str | None = None
    country: str | None = None
    timezone: str | None = None
    sender_name: str | None = None
    sender_email: str | None = None
    reply_to: str | None = None


class ShopTold(Told):
    org_id: Annotated[str, Field(description="What a header `orgid` must say, where one is sent.")]
    name: str
    postal_address: str
    country: str
    timezone: str
    sender_name: str
    sender_email: str
    reply_to: str
    updated_at: Moment | None


class MailAsked(Asked):
    host: str
    port: Annotated[int, Field(ge=-(2**31), lt=2**31)]
    security: Annotated[str, Field(description="none, starttls or tls.")]
    username: str = ""
    password: Annotated[
        str | None, Field(max_length=1000, description="Left out: the one that is stored.")
    ] = None


class MailTold(Told):
    practice: Annotated[bool, Field(description="No account yet: nothing leaves this machine.")]
    fixed: Annotated[bool, Field(description="Given by HANDBILL_SMTP_URL; it can't be changed here.")]
    host: str | None = None
    port: int | None = None
    security: str | None = None
    username: str | None = None
    has_password: bool = False
    last_success_at: Moment | None = None
    last_error: str | None = None


@router.get("/shop")
def read_shop(by: Viewer) -> ShopTold:
    with reading() as session:
        return _shop(session)


@router.put("/shop")
def change_shop(given: ShopAsked, by: Owner) -> ShopTold:
    with unit() as session:
        shop.change(session, given.given(), by=by, now=now())
        return _shop(session)


@router.get("/mail")
def read_mail(by: Owner) -> MailTold:
    with reading() as session:
        return _mail(session)


@router.put("/mail")
def change_mail(given: MailAsked, by: Owner) -> MailTold:
    """With the first account the shop leaves practice mode."""
    if config().fixed_mail_account is not None:
        sentence = "The mail account is given by HANDBILL_SMTP_URL. Change it there."
        raise Refusal("fixed_mail_account", sentence, Kind.CONFLICT)
    fields: dict[str, Any] = given.model_dump()
    with unit() as session:
        mail_accounts.save(session, **fields, by=by, now=now())
        return _mail(session)


def _shop(session: Session) -> ShopTold:
    facts = shop.read(session)
    names = [name for name in ShopTold.model_fields if name != "org_id"]
    return ShopTold(org_id=facts.public_id, **{name: getattr(facts, name) for name in names})


def _mail(session: Session) -> MailTold:
    fixed, kept = config().fixed_mail_account, mail.settings(session)
    if fixed is not None:
        return MailTold(
            practice=False,
            fixed=True,
            host=fixed.host,
            port=fixed.port,
            security=str(fixed.security),
            username=fixed.username,
            has_password=bool(fixed.password),
        )
    if kept is None:
        return MailTold(practice=True, fixed=False)
    return MailTold(
        practice=False,
        fixed=False,
        host=kept.host,
        port=kept.port,
        security=str(kept.security),
        username=kept.username,
        has_password=bool(kept.sealed_password),
        last_success_at=kept.last_success_at,
        last_error=kept.last_error or None,
    )
