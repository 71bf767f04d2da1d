"""The mail providers that report back: their keys, and what came in. Keys are written and never read back."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import AliasChoices, Field, field_validator
from sqlalchemy.orm import Session

from data.database import now, reading, unit
from domain.results import connections, incoming
from domain.results.connections import Connection
from domain.results.incoming import IncomingEvent
from domain.shop.people import Actor
from ui.api.door import Owner, SignedIn
from ui.api.shapes import Asked, Cursor, Limit, Listed, Moment, Told, Word, read_number

router = APIRouter(tags=["What comes in"], route_class=SignedIn)

Name = Annotated[str, Path(description="ses, sendgrid, mailgun, postmark or brevo.", max_length=40)]
Key = Annotated[
    str | None, Field(max_length=2000, description="Left out: the one that is stored. Empty: none.")
]
LISTS = "topic_arns"


class ProviderAsked(Asked):
    """Each provider takes its own of these keys; another one's is refused by its name."""

    topic_arns: Annotated[
        list[str] | None,
        Field(
            max_length=20,
            description="ses: the SNS topics that are listened to.",
            validation_alias=AliasChoices("topicArns", "topicArn", "topic_arns"),
        ),
    ] = None
    configuration_set: Annotated[str | None, Field(max_length=64, description="ses: for what is sent.")] = (
        None
    )
    public_key: Annotated[
        str | None,
        Field(
            max_length=2000,
            description="sendgrid: the verification key of the signed event webhook.",
            validation_alias=AliasChoices("publicKey", "verificationKey", "public_key"),
        ),
    ] = None
    signing_key: Annotated[
        str | None,
        Field(
            max_length=2000,
            description="mailgun: the HTTP webhook signing key.",
            validation_alias=AliasChoices("signingKey", "webhookSigningKey", "signing_key"),
        ),
    ] = None
    username: Annotated[str | None, Field(max_length=200, description="postmark, brevo: HTTP basic.")] = None
    password: Key = None
    bearer_token: Key = None
    max_age_seconds: Annotated[
        int | None,
        Field(ge=30, le=7 * 86_400, description="ses, sendgrid, mailgun: older reports are refused."),
    ] = None
    new_address: Annotated[bool, Field(description="Make another webhookUrl; the old one stops.")] = False

    @field_validator("topic_arns", mode="before")
    @classmethod
    def _one_is_a_list(cls, given: Any) -> Any:
        return [given] if isinstance(given, str) else given

    def wish(self) -> dict[str, str | None]:
        given = self.given("new_address")
        if given.get(LISTS) is not None:
            given[LISTS] = "\n".join(given[LISTS])
        return {name: None if value is None else str(value) for name, value in given.items()}


class ProviderTold(Told):
    name: str
    label: str
    enabled: Annotated[bool, Field(description="Its reports are taken.")]
    webhook_url: Annotated[
        str, Field(description="Where it has to report to. Whoever knows it can post there.")
    ]
    keys: Annotated[list[str], Field(description="The names of those that are stored.")]
    topic_arns: list[str] | None = None
    configuration_set: str | None = None
    username: str | None = None
    max_age_seconds: int | None = None
    updated_at: Moment | None


class EventTold(Told):
    id: int
    provider: str
    kind: str
    permanent: bool | None
    address: str
    reason: str | None
    status: str
    diagnostic: str
    at: Moment
    received_at: Moment
    delivery_id: Annotated[
        int | None, Field(description="Null: about a message that Handbill does not know.")
    ]
    said: Annotated[str, Field(description="The provider's own word.")]


@router.get("/settings/providers")
def list_providers(by: Owner) -> Listed[ProviderTold]:
    with reading() as session:
        found = [_told(one) for one in connections.every(session, by=by)]
    return Listed(items=found, total=len(found))


@router.get("/settings/providers/{name}")
def read_provider(name: Name, by: Owner) -> ProviderTold:
    with reading() as session:
        return _told(connections.read(session, name, by=by))


@router.put("/settings/providers/{name}")
def change_provider(name: Name, given: ProviderAsked, by: Owner) -> ProviderTold:
    """From here on its reports are taken, at the `webhookUrl` that is answered."""
    with unit() as session:
        changed = connections.change(
            session, name, given.wish(), new_address=given.new_address, by=by, now=now()
        )
        return _told(changed)


@router.delete("/settings/providers/{name}", status_code=204)
def forget_provider(name: Name, by: Owner) -> None:
    """Its keys are forgotten and its reports refused."""
    with unit() as session:
        connections.forget(session, name, by=by, now=now())


@router.get("/events")
def list_events(
    by: Owner,
    provider: Word = None,
    kind: Annotated[
        str | None,
        Query(
            max_length=40,
            description="bounce, complaint, delivery, delay, open, click, unsubscribe, other ...",
        ),
    ] = None,
    matched: Annotated[bool | None, Query(description="About messages of ours, or about others.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Listed[EventTold]:
    """What the outside reported, newest first."""
    with reading() as session:
        return _events(
            session, by, {"provider": provider, "kind": kind, "matched": matched}, limit, read_number(cursor)
        )


def _events(
    session: Session, by: Actor, wanted: dict[str, Any], limit: int, before: int | None
) -> Listed[EventTold]:
    rows = incoming.listed(session, **wanted, before=before, limit=limit + 1)
    shown = rows[:limit]
    return Listed(
        items=[_event(one) for one in shown],
        next_cursor=str(shown[-1].id) if len(rows) > limit else None,
        total=incoming.how_many(session, **wanted),
    )


def _event(row: IncomingEvent) -> EventTold:
    return EventTold.of(row)


def _told(one: Connection) -> ProviderTold:
    shown = dict(one.shown)
    topics = shown.pop(LISTS, None)
    age = shown.pop("max_age_seconds", None)
    return ProviderTold(
        name=one.name,
        label=one.label,
        enabled=one.is_on,
        webhook_url=one.address,
        keys=sorted(one.entered),
        topic_arns=topics.split() if topics is not None else None,
        max_age_seconds=int(age) if age else None,
        updated_at=one.updated_at,
        **{name: value or None for name, value in shown.items()},
    )
