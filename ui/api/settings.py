"""The shop's own facts, and its mail account. Secrets are written and never read back."""

from typing import Annotated, Any, Self

from fastapi import APIRouter
from pydantic import Field, model_validator
from sqlalchemy.orm import Session

from data.config import config
from data.database import now, reading, unit
from data.mail_account import MailAccount
from domain.refusal import Kind, Refusal
from domain.shop import mail, mail_accounts, shop
from domain.shop.limits import Limits
from domain.shop.mail import MailSettings
from domain.shop.mail_accounts import Wish
from domain.shop.sending_rules import QUIET_FIELDS, on_the_wall
from ui.api.door import Owner, SignedIn, Viewer
from ui.api.shapes import AnId, Asked, Moment, Told

router = APIRouter(prefix="/settings", tags=["Settings"], route_class=SignedIn)


QUIET = (
    "Such as 21:00: marketing and newsletters wait from here until quietUntil. Null or empty: no quiet hours."
)
CAP = "At most so many marketing messages to one person in capDays days. Null: no limit."

STOPS_ALL = (
    "Whether one press on unsubscribe stops marketing and newsletters alike, not only the kind that was sent."
)
COLOUR = "Such as #7a1f3d: on pages for recipients and over each message. Empty: none."
PURGE = "Days after which what is deleted goes for good. 0: never by itself."
MEASURED = "Kinds of messages whose opens and clicks are counted: marketing, newsletter, operational."


class ShopAsked(Asked):
    """What is left out stays as it is."""

    name: str | None = None
    postal_address: str | None = None
    country: str | None = None
    timezone: str | None = None
    sender_name: str | None = None
    sender_email: str | None = None
    reply_to: str | None = None
    quiet_from: Annotated[str | None, Field(description=QUIET)] = None
    quiet_until: str | None = None
    quiet_sundays: bool | None = None
    cap_messages: Annotated[int | None, Field(description=CAP)] = None
    cap_days: int | None = None
    measured: Annotated[list[str] | None, Field(description=MEASURED)] = None
    one_click_stops_all: Annotated[bool | None, Field(description=STOPS_ALL)] = None
    sign_up_open: Annotated[bool | None, Field(description="Whether anybody may sign up at /join.")] = None
    colour: Annotated[str | None, Field(description=COLOUR)] = None
    purge_after: Annotated[int | None, Field(description=PURGE)] = None


class ShopTold(Told):
    org_id: Annotated[str, Field(description="What a header `orgid` must say, where one is sent.")]
    name: str
    postal_address: str
    country: str
    timezone: str
    sender_name: str
    sender_email: str
    reply_to: str
    quiet_from: str | None
    quiet_until: str | None
    quiet_sundays: bool
    cap_messages: int | None
    cap_days: int | None
    measured: list[str]
    one_click_stops_all: bool
    sign_up_open: bool
    colour: str
    purge_after: int
    updated_at: Moment | None


FIRST = {"host", "port", "security", "username", "has_password", "last_success_at", "last_error"}
Password = Annotated[str | None, Field(max_length=1000, description="Left out: the one that is stored.")]
Number = Annotated[int, Field(ge=-(2**31), lt=2**31)]
PROTECTION = "none, starttls or tls."


class MailLimits(Asked):
    """What the provider takes. Left out or null: it has no such limit."""

    per_second: Number | None = None
    per_hour: Number | None = None
    per_day: Number | None = None
    per_connection: Number | None = None


class MailAccountAsked(Asked):
    id: Annotated[AnId | None, Field(description="Which account this is. Left out: a new one.")] = None
    name: Annotated[str, Field(description="What the owner calls it.")] = ""
    host: str
    port: Number
    security: Annotated[str, Field(description=PROTECTION)]
    username: str = ""
    password: Password = None
    limits: MailLimits = Field(default_factory=MailLimits)

    def wish(self) -> Wish:
        facts = self.model_dump(exclude={"limits"})
        return Wish(**facts, limits=Limits(**self.limits.model_dump()))


class MailAsked(Asked):
    """Either the fields of the first account, or `accounts` for all of them."""

    host: str | None = None
    port: Number | None = None
    security: Annotated[str | None, Field(description=PROTECTION)] = None
    username: str = ""
    password: Password = None
    accounts: Annotated[
        list[MailAccountAsked] | None,
        Field(max_length=50, description="These and no others, in their order. Empty: practice mode."),
    ] = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        given = self.model_fields_set - {"accounts"}
        if self.accounts is not None and given:
            raise ValueError("it has `accounts` and the fields of a single account; give one of both")
        if self.accounts is None and None in (self.host, self.port, self.security):
            raise ValueError("host, port and security are needed, or `accounts`")
        return self


class MailLimitsTold(Told):
    per_second: int | None
    per_hour: int | None
    per_day: int | None
    per_connection: int | None


class MailAccountTold(Told):
    id: int
    name: str
    host: str
    port: int
    security: str
    username: str
    has_password: bool
    limits: MailLimitsTold
    resting_until: Annotated[
        Moment | None, Field(description="After trouble; another account goes on meanwhile.")
    ]
    last_success_at: Moment | None
    last_error: str | None


class MailTold(Told):
    """The fields beside `accounts` are those of the first one."""

    practice: Annotated[bool, Field(description="No account yet: nothing leaves this machine.")]
    fixed: Annotated[bool, Field(description="Given by HANDBILL_SMTP_URL; it can't be changed here.")]
    host: str | None = None
    port: int | None = None
    security: str | None = None
    username: str | None = None
    has_password: bool = False
    last_success_at: Moment | None = None
    last_error: str | None = None
    accounts: Annotated[
        list[MailAccountTold],
        Field(description="In the order in which they are used: the next goes on where one has trouble."),
    ] = []


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
    """With the first account the shop leaves practice mode. Several go on for each other, in their order."""
    if config().fixed_mail_account is not None:
        sentence = "The mail account is given by HANDBILL_SMTP_URL. Change it there."
        raise Refusal("fixed_mail_account", sentence, Kind.CONFLICT)
    with unit() as session:
        if given.accounts is not None:
            mail_accounts.replace(session, [one.wish() for one in given.accounts], by=by, now=now())
        else:
            fields: dict[str, Any] = given.model_dump(exclude={"accounts"})
            mail_accounts.save(session, **fields, by=by, now=now())
        return _mail(session)


def _shop(session: Session) -> ShopTold:
    facts = shop.read(session)
    hours: dict[str, Any] = {name: on_the_wall(getattr(facts, name)) or None for name in QUIET_FIELDS}
    names = [name for name in ShopTold.model_fields if name != "org_id" and name not in hours]
    return ShopTold(org_id=facts.public_id, **hours, **{name: getattr(facts, name) for name in names})


def _mail(session: Session) -> MailTold:
    fixed = config().fixed_mail_account
    if fixed is not None:
        return _fixed(fixed)
    accounts = [_account(one) for one in mail.every(session)]
    if not accounts:
        return MailTold(practice=True, fixed=False)
    first = accounts[0].model_dump(include=FIRST, by_alias=False)
    return MailTold(practice=False, fixed=False, accounts=accounts, **first)


def _fixed(fixed: MailAccount) -> MailTold:
    return MailTold(
        practice=False,
        fixed=True,
        host=fixed.host,
        port=fixed.port,
        security=str(fixed.security),
        username=fixed.username,
        has_password=bool(fixed.password),
    )


def _account(kept: MailSettings) -> MailAccountTold:
    return MailAccountTold(
        id=kept.id,
        name=kept.name,
        host=kept.host,
        port=kept.port,
        security=str(kept.security),
        username=kept.username,
        has_password=bool(kept.sealed_password),
        limits=MailLimitsTold.of(kept.limits),
        resting_until=kept.resting_until,
        last_success_at=kept.last_success_at,
        last_error=kept.last_error or None,
    )
