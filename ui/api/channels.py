"""The channels beside email: what connects them. Keys are written and never read back."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field
from sqlalchemy.orm import Session

from data.database import now, reading, unit
from domain.message import whatsapp_templates
from domain.refusal import missing
from domain.results import connections
from domain.shop import whatsapp, whatsapp_reach, whatsapp_words
from domain.shop.people import Actor
from jobs import whatsapp as jobs
from jobs.whatsapp_check import Finding
from ui.api.door import CampaignEditor, Owner, SignedIn, Viewer
from ui.api.shapes import Asked, Listed, Moment, Told

router = APIRouter(prefix="/settings/channels", tags=["Channels"], route_class=SignedIn)

Name = Annotated[str, Path(description="whatsapp.", max_length=40)]
Key = Annotated[
    str | None, Field(max_length=2000, description="Left out: the one that is stored. Empty: none.")
]
STOPS = "Whoever answers with nothing but one of these gets no more marketing. Case, accents and signs don't matter."
SPEED = "Messages a second: 80, or 20 for a number that is shared with the app on a telephone."


class ChannelAsked(Asked):
    phone_number_id: Key = None
    business_account_id: Key = None
    access_token: Key = None
    app_secret: Key = None
    verify_token: Key = None
    per_second: Annotated[int | None, Field(ge=1, le=1_000, description=SPEED)] = None
    new_address: Annotated[bool, Field(description="Make another webhookUrl; the old one stops.")] = False

    def wish(self) -> dict[str, str | None]:
        return self.given("new_address", "per_second")


class FindingTold(Told):
    name: Annotated[str, Field(description="The key it is about; or sending, or webhook.")]
    ok: Annotated[bool | None, Field(description="Null: it can't be tried from here.")]
    sentence: str


class NumberTold(Told):
    """As the platform told it."""

    shown: str
    name: str
    quality: str
    status: str
    daily_reach: Annotated[
        int | None, Field(description="Different people in 24 hours. Null: as many as you like.")
    ]
    reached_today: int
    per_second: int
    checked_at: Moment | None


class ChannelTold(Told):
    name: str
    label: str
    connected: bool
    practice: Annotated[bool, Field(description="Messages go to the twin inside Handbill, and nowhere else.")]
    phone_number_id: str | None
    business_account_id: str | None
    keys: Annotated[list[str], Field(description="The names of those that are stored.")]
    webhook_url: Annotated[str, Field(description="Where the platform has to report to.")]
    number: NumberTold | None
    templates: int
    synced_at: Moment | None
    sync_error: str | None
    last_success_at: Moment | None
    last_error: str | None
    updated_at: Moment | None
    check: Annotated[
        list[FindingTold] | None, Field(description="What each key found, where they were just tried.")
    ] = None


class WordsAsked(Asked):
    """What is left out stays; what is empty is the usual one again."""

    stop: Annotated[list[str] | None, Field(max_length=whatsapp_words.MOST_WORDS, description=STOPS)] = None
    start: Annotated[
        list[str] | None, Field(max_length=whatsapp_words.MOST_WORDS, description="The same, for going on.")
    ] = None
    join: Annotated[
        str | None, Field(description="The sentence that the chat link types. Sending it is a yes.")
    ] = None
    wording: Annotated[
        str | None, Field(description="What stands beside the link, and is kept as proof.")
    ] = None


class WordsTold(Told):
    stop: list[str]
    start: list[str]
    join: str
    wording: str
    chat_link: Annotated[
        str | None, Field(description="For a button or a QR code. Null until the shop's own number is known.")
    ]


class TemplateTold(Told):
    name: str
    language: str
    category: str
    status: str
    quality: str
    parameter_format: str
    components: list[object]
    rejected_reason: str | None
    synced_at: Moment


@router.get("/{name}")
def read_channel(name: Name, by: Owner) -> ChannelTold:
    _require_known(name)
    with reading() as session:
        return _told(session, by)


@router.put("/{name}")
def change_channel(name: Name, given: ChannelAsked, by: Owner) -> ChannelTold:
    """The keys are kept, and then tried: `check` says what each of them found."""
    _require_known(name)
    findings = jobs.save(given.wish(), new_address=given.new_address, per_second=given.per_second, by=by)
    return _checked(findings, by)


@router.post("/{name}/check")
def check_channel(name: Name, by: Owner) -> ChannelTold:
    """Try the keys that are stored. Sends that stood still for the account go on where all is well."""
    _require_known(name)
    return _checked(jobs.check(by), by)


@router.delete("/{name}", status_code=204)
def forget_channel(name: Name, by: Owner) -> None:
    """Its keys are forgotten. From here on messages go to the twin, as practice."""
    _require_known(name)
    jobs.forget(by)


@router.get("/{name}/words")
def read_words(name: Name, by: Viewer) -> WordsTold:
    """Which words stop and start, and the link with which people say yes by themselves."""
    _require_known(name)
    with reading() as session:
        return _words(session)


@router.put("/{name}/words")
def change_words(name: Name, given: WordsAsked, by: Owner) -> WordsTold:
    _require_known(name)
    with unit() as session:
        whatsapp_words.change(session, given.given(), by=by, now=now())
        return _words(session)


@router.get("/{name}/templates")
def list_templates(name: Name, by: Viewer) -> Listed[TemplateTold]:
    """As they were at the last look."""
    _require_known(name)
    with reading() as session:
        found = [_template(one) for one in whatsapp_templates.every(session)]
    return Listed(items=found, total=len(found))


@router.post("/{name}/templates/sync")
def sync_templates(name: Name, by: CampaignEditor) -> Listed[TemplateTold]:
    """Ask the platform now; by itself that happens once an hour."""
    _require_known(name)
    jobs.refresh_now(by)
    return list_templates(name, by)


def _require_known(name: str) -> None:
    if name != whatsapp.NAME:
        raise missing("channel")


def _checked(findings: list[Finding], by: Actor) -> ChannelTold:
    with reading() as session:
        told = _told(session, by)
    told.check = [FindingTold(name=one.name, ok=one.is_good, sentence=one.sentence) for one in findings]
    return told


def _told(session: Session, by: Actor) -> ChannelTold:
    one, number = connections.read(session, whatsapp.NAME, by=by), whatsapp.number(session)
    return ChannelTold(
        name=one.name,
        label=one.label,
        connected=one.is_on,
        practice=not one.is_on,
        phone_number_id=one.shown.get("phone_number_id") or None,
        business_account_id=one.shown.get("business_account_id") or None,
        keys=sorted(one.entered),
        webhook_url=one.address,
        number=_number(session) if number and number.checked_at else None,
        templates=len(whatsapp_templates.every(session)),
        synced_at=number.synced_at if number else None,
        sync_error=(number.sync_error or None) if number else None,
        last_success_at=number.last_success_at if number else None,
        last_error=(number.last_error or None) if number else None,
        updated_at=one.updated_at,
    )


def _number(session: Session) -> NumberTold | None:
    row = whatsapp.number(session)
    if row is None:
        return None
    return NumberTold(
        shown=row.shown,
        name=row.name,
        quality=row.quality,
        status=row.status,
        daily_reach=row.reach,
        reached_today=whatsapp_reach.used(session, now=now()),
        per_second=row.per_second,
        checked_at=row.checked_at,
    )


def _words(session: Session) -> WordsTold:
    words = whatsapp_words.read(session)
    return WordsTold(
        stop=list(words.stop),
        start=list(words.start),
        join=words.join,
        wording=words.wording,
        chat_link=whatsapp_words.own_chat_link(session) or None,
    )


def _template(row: whatsapp_templates.WhatsAppTemplate) -> TemplateTold:
    return TemplateTold(
        name=row.name,
        language=row.language,
        category=row.category,
        status=row.status,
        quality=row.quality,
        parameter_format="named" if row.named else "positional",
        components=row.components,
        rejected_reason=row.rejected_reason or None,
        synced_at=row.synced_at,
    )
