"""Customers, their records, and what they were sent."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from pydantic.alias_generators import to_snake
from sqlalchemy.orm import Session

from data.database import now, reading, unit
from domain.book import customers, groups, proof
from domain.book import preferences as wishes
from domain.book import search as searching
from domain.book.customers import Customer
from domain.book.search import Narrowing
from domain.ledger import communications as letters
from domain.ledger import deliveries, engagement, farewells
from domain.ledger.deliveries import Delivery, Heard
from domain.ledger.engagement import Engagement
from ui.api.door import CustomerEditor, SignedIn, Viewer
from ui.api.shapes import (
    AGroup,
    AnId,
    Asked,
    Cursor,
    Id,
    Limit,
    Listed,
    Moment,
    Search,
    Told,
    Version,
    Word,
    read_number,
)
from ui.api.words import outcome

router = APIRouter(prefix="/customers", tags=["Customers"], route_class=SignedIn)

RENAMED: Final = {"company_name": "company"}
CONSENTED: Final = ("marketing", "newsletter")


class ADay(Asked):
    kind: str
    date: Annotated[str, Field(description="Such as 2019-06-08, or --06-08 where the year is not known.")]
    note: str = ""


class CustomerAsked(Asked):
    first_name: str | None = None
    last_name: str | None = None
    company_name: str | None = None
    email: str | None = None
    phone: str | None = None
    status: str | None = None
    postcode: str | None = None
    preferred_channel: Annotated[
        str | None, Field(description="email, whatsapp, phone or post; empty where it does not matter.")
    ] = None
    tags: list[str] | None = None
    groups: Annotated[list[str] | None, Field(description="Names of groups that exist.")] = None
    birthday: Annotated[str | None, Field(description="Such as 1984-05-17, or --05-17.")] = None
    dates: list[ADay] | None = None
    language: str | None = None
    timezone: str | None = None
    notes: str | None = None
    marketing_opt_out: bool | None = None
    opt_out_reason: Annotated[str | None, Field(description="Needed to take a no back.")] = None
    preferences: dict[str, bool] | None = None
    attrs: Annotated[
        dict[str, Any] | None, Field(description="The shop's own fields: texts and numbers.")
    ] = None
    version: Version = None

    def fields(self) -> dict[str, Any]:
        return {RENAMED.get(name, name): value for name, value in self.given("version").items()}


class DayTold(Told):
    kind: str
    date: str
    note: str


class CustomerBrief(Told):
    id: int
    first_name: str
    last_name: str
    company_name: str
    email: str
    phone: str
    status: str
    tags: list[str]
    marketing_opt_out: bool
    address_trouble: Annotated[str | None, Field(description="Why the email address is not written to.")]
    created_at: Moment
    updated_at: Moment
    version: int


class CustomersTold(Listed[CustomerBrief]):
    more: Annotated[
        bool,
        Field(description="A search found more than `total`; another letter helps more than another page."),
    ]


class CustomerTold(CustomerBrief):
    postcode: str
    preferred_channel: str
    groups: list[str]
    birthday: str
    dates: list[DayTold]
    language: str
    timezone: str
    notes: str
    preferences: dict[str, bool]
    attrs: dict[str, Any]
    source: str


class CommunicationTold(Told):
    delivery_id: int
    dispatch_id: int
    campaign_id: int | None
    name: str
    subject: str
    channel: str
    message_type: str
    status: str
    reason: str | None
    address: str | None
    at: Moment
    delivery: Annotated[Heard | None, Field(description="What was heard of it since it was sent.")]
    opened_at: Annotated[Moment | None, Field(description="By the person, for the first time.")]
    clicked_at: Moment | None
    unsubscribed_at: Annotated[Moment | None, Field(description="By the way out in this very message.")]


@router.get("")
def every(
    by: Viewer,
    search: Search = "",
    status: Word = None,
    tag: Word = None,
    group: AGroup = None,
    sort: Literal["name", "newest"] = "name",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> CustomersTold:
    asked = Narrowing(search, status, tag, group)
    with reading() as session:
        page = searching.page(session, **asdict(asked), limit=limit, after=cursor, sort=sort)
        items = [_brief(one) for one in page.items]
    return CustomersTold(items=items, next_cursor=page.next_cursor, total=page.total, more=page.more)


@router.post("", status_code=201)
def create(given: CustomerAsked, by: CustomerEditor) -> CustomerTold:
    with unit() as session:
        made = customers.create(session, given.fields(), by=by, now=now(), source="api")
        return told(session, customers.get(session, made.id))


@router.get("/{customer_id}")
def read(customer_id: Id, by: Viewer) -> CustomerTold:
    with reading() as session:
        return told(session, customers.get(session, customer_id))


@router.patch("/{customer_id}")
def change(customer_id: Id, given: CustomerAsked, by: CustomerEditor) -> CustomerTold:
    with unit() as session:
        customers.change(session, customer_id, given.fields(), by=by, now=now(), version=given.version)
        session.flush()
        session.expire_all()
        return told(session, customers.get(session, customer_id))


@router.delete("/{customer_id}", status_code=204)
def delete(
    customer_id: Id,
    by: CustomerEditor,
    erase: Annotated[
        bool,
        Query(description="Forget this person for good. Nobody writes to them again, and nothing undoes it."),
    ] = False,
) -> None:
    """Out of the lists; or, with `erase=true`, all that is known of them is gone and their address stays suppressed."""
    forget = farewells.erase if erase else customers.delete
    with unit() as session:
        forget(session, customer_id, by=by, now=now())


class AddressAsked(Asked):
    address: Annotated[str, Field(max_length=320, description="An email address or a phone number.")]


class Erased(Told):
    customer_ids: list[int]


@router.post("/erase")
def erase_address(given: AddressAsked, by: CustomerEditor) -> Erased:
    """Forget everybody who is known by this address for good, also those who were deleted before.

    Who had it earlier and has another one by now keeps their card; the address goes from their history.
    """
    with unit() as session:
        return Erased(customer_ids=farewells.erase_address(session, given.address, by=by, now=now()))


class MergeAsked(Asked):
    other_id: AnId
    take: Annotated[
        list[str],
        Field(
            default_factory=list,
            description="Fields that come from the other one, such as `email`, `birthday` or `attrs.ring size`.",
            max_length=200,
        ),
    ]


@router.post("/{customer_id}/merge")
def merge(customer_id: Id, given: MergeAsked, by: CustomerEditor) -> CustomerTold:
    """The other one becomes part of this one. A no of either counts for both."""
    take = [_inside(name) for name in given.take]
    with unit() as session:
        farewells.merge(session, customer_id, given.other_id, take=take, by=by, now=now())
        return told(session, customers.get(session, customer_id))


class StateTold(Told):
    channel: str
    message_type: str
    allowed: bool
    changed_at: Moment


class SaidTold(Told):
    at: Moment
    channel: str
    message_type: str
    allowed: bool
    how: Annotated[str, Field(description="link, one_click, staff, import, form, api or sample.")]
    source: str
    wording: str
    by_name: str


class PreferencesTold(Told):
    marketing_opt_out: Annotated[
        bool, Field(description="A no to everything; it wins over every other line.")
    ]
    states: list[StateTold]
    history: Annotated[list[SaidTold], Field(description="How it came about, newest first. Never changed.")]


@router.get("/{customer_id}/preferences")
def preferences(customer_id: Id, by: Viewer) -> PreferencesTold:
    with reading() as session:
        customer = customers.get(session, customer_id)
        return PreferencesTold(
            marketing_opt_out=customer.marketing_opt_out,
            states=[StateTold.of(one) for one in wishes.states(session, customer_id)],
            history=[SaidTold.of(one) for one in proof.history(session, customer_id)],
        )


@router.get("/{customer_id}/communications")
def communications(
    customer_id: Id, by: Viewer, limit: Limit = 50, cursor: Cursor = None
) -> Listed[CommunicationTold]:
    """What this customer was sent, newest first."""
    with reading() as session:
        customers.get(session, customer_id)
        found = letters.letters(session, customer_id, before=read_number(cursor), limit=limit + 1)
        total = letters.how_many(session, customer_id)
        items = _letters(session, customer_id, found[:limit])
    more = str(found[limit - 1].delivery_id) if len(found) > limit else None
    return Listed(items=items, next_cursor=more, total=total)


def _inside(name: str) -> str:
    """A field under the name of the domain; the shop's own names stay as they are."""
    return name if name.startswith("attrs.") else RENAMED.get(to_snake(name), to_snake(name))


def _letters(session: Session, customer_id: int, found: list[letters.Letter]) -> list[CommunicationTold]:
    numbers = [one.delivery_id for one in found]
    lines = deliveries.lines(session, Delivery.id.in_(numbers), limit=len(numbers))
    heard = {line.id: line.heard for line in lines}
    did, left = engagement.of_deliveries(session, numbers), proof.left_by(session, customer_id)
    return [
        _letter(one, heard.get(one.delivery_id), did.get(one.delivery_id), left.get(one.dispatch_id))
        for one in found
    ]


def _letter(
    one: letters.Letter, heard: Heard | None, did: Engagement | None, left: datetime | None
) -> CommunicationTold:
    return CommunicationTold(
        delivery_id=one.delivery_id,
        dispatch_id=one.dispatch_id,
        campaign_id=one.campaign_id,
        name=one.name,
        subject=one.subject,
        channel=one.channel,
        message_type=one.message_type,
        status=outcome(one.state),
        reason=one.reason,
        address=one.address,
        at=one.at,
        delivery=heard,
        opened_at=did.opened_at if did else None,
        clicked_at=did.clicked_at if did else None,
        unsubscribed_at=left,
    )


def told(session: Session, customer: Customer) -> CustomerTold:
    said = {word: wishes.allows(session, customer.id, "email", word) for word in CONSENTED}
    days = [DayTold(kind=one.kind, date=str(one.as_day), note=one.note) for one in customer.dates]
    return CustomerTold(
        **_brief(customer).model_dump(by_alias=False),
        postcode=customer.postcode,
        preferred_channel=customer.preferred_channel,
        groups=[group.name for group in groups.of(session, customer.id)],
        birthday=customers.birthday_of(customer),
        dates=days,
        language=customer.language,
        timezone=customer.timezone,
        notes=customer.notes,
        preferences={word: allowed for word, allowed in said.items() if allowed is not None},
        attrs=customer.attrs or {},
        source=customer.source,
    )


def _brief(customer: Customer) -> CustomerBrief:
    return CustomerBrief(
        id=customer.id,
        first_name=customer.first_name,
        last_name=customer.last_name,
        company_name=customer.company,
        email=customer.email,
        phone=customer.phone,
        status=customer.status,
        tags=[tag.name for tag in customer.tags],
        marketing_opt_out=customer.marketing_opt_out,
        address_trouble=customer.email_trouble,
        created_at=customer.created_at,
        updated_at=customer.updated_at,
        version=customer.version,
    )
