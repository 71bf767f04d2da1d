"""What was deleted goes for good: by itself after a while, at once by the owner, and a draft by whoever wrote it.

What was written goes: of campaigns and their sends, one-shots, templates and segments. What happened stays: each send with its
times, its books and every recipient's outcome, the ledger of consent, and in the audit log who did what and when. The
rows themselves stay too, empty, so that a number is nobody else's some day; and the hash of what was sent, so that a
copy which somebody kept can still be proved. Links in messages that went out still lead where they led.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, func, null, or_, select, update
from sqlalchemy.orm import Session

from data.database import overwriting
from domain.audience.segments import Segment
from domain.channels import email
from domain.ledger.deliveries import Delivery
from domain.ledger.targets import Target
from domain.message.practice import PracticeMail
from domain.message.templates import Template
from domain.refusal import Kind, Refusal, missing
from domain.sending.campaigns import Campaign, Status
from domain.sending.dispatches import RUNNING, Dispatch
from domain.sending.sibling import Sibling
from domain.shop import audit
from domain.shop.audit import AuditEntry
from domain.shop.notices import Notice
from domain.shop.people import CLOCK, Actor, Right
from domain.shop.shop import read as read_shop

GONE: Final = "Removed for good"  # the name that lists and reports show
NOBODY: Final[dict[str, Any]] = {"type": "manual", "customerIds": []}
LETTER: Final = dict.fromkeys(
    ("from_name", "from_email", "reply_to", "subject", "preheader", "html_body", "text_body"), ""
)
MODELS: Final[dict[str, Any]] = {
    "campaign": Campaign, "one_shot": Dispatch, "template": Template, "segment": Segment,
}  # fmt: skip
HAVE_NAMES: Final = (Template, Segment)  # of which no two may be the same
NOT_YOURS: Final = (
    "Only whoever wrote a draft may remove it for good at once. Deleted, it goes by itself later."
)
WAS_SENT: Final = "This campaign was launched or is about to be. Deleted, its content goes by itself later, and its figures stay."


@dataclass(frozen=True, slots=True)
class Purged:
    campaigns: int = 0
    one_shots: int = 0
    templates: int = 0
    segments: int = 0

    @property
    def total(self) -> int:
        return self.campaigns + self.one_shots + self.templates + self.segments


@dataclass(frozen=True, slots=True)
class Deleted:
    """Something that lies in the bin."""

    kind: str  # one of MODELS
    id: int
    name: str
    deleted_at: datetime
    goes_at: datetime | None  # none: only when the owner says so


def kept_for(session: Session) -> timedelta | None:
    """How long it can be put back. None: for ever."""
    days = read_shop(session).purge_after
    return timedelta(days=days) if days else None


def waiting(session: Session, *, by: Actor) -> list[Deleted]:
    """What is deleted and not yet gone, the last deleted first."""
    by.require(Right.MANAGE_SHOP)
    stays = kept_for(session)
    found = [
        Deleted(kind, row.id, row.name, row.deleted_at, row.deleted_at + stays if stays else None)
        for kind, model in MODELS.items()
        for row in session.execute(select(model.id, model.name, model.deleted_at).where(*_in_the_bin(model)))
    ]
    return sorted(found, key=lambda one: one.deleted_at, reverse=True)


def put_back(session: Session, kind: str, number: int, *, by: Actor, now: datetime) -> None:
    """As it was, in the lists again; a campaign that had a schedule is a draft."""
    by.require(Right.MANAGE_SHOP)
    model = MODELS.get(kind)
    row = session.scalar(select(model).where(model.id == number, *_in_the_bin(model))) if model else None
    if row is None or model is None:
        raise missing("deleted thing")
    if model in HAVE_NAMES:
        _require_free_name(session, model, kind, row.name)
    row.deleted_at = None
    if model is not Dispatch:
        row.updated_at = now
    audit.write(session, f"{kind}.put_back", by=by, now=now, subject_id=number, after={"name": row.name})
    session.flush()


def purge_old(session: Session, *, now: datetime) -> Purged:
    """What lies there for longer than it is kept."""
    stays = kept_for(session)
    return _purge(session, now - stays, CLOCK, now) if stays else Purged()


def purge_all(session: Session, *, by: Actor, now: datetime) -> Purged:
    """Everything that is deleted, however lately."""
    by.require(Right.MANAGE_SHOP)
    return _purge(session, now, by, now)


def purge_draft(session: Session, campaign_id: int, *, by: Actor, now: datetime) -> None:
    """Its author changes their mind about something that nobody ever got."""
    by.require(Right.EDIT_CAMPAIGNS)
    campaign = session.get(Campaign, campaign_id)
    if campaign is None or campaign.purged_at is not None:
        raise missing("campaign")
    if by.user_id is None or campaign.created_by != by.user_id:
        raise Refusal("not_yours", NOT_YOURS, Kind.FORBIDDEN)
    if not _is_untried_draft(session, campaign):
        raise Refusal("was_launched", WAS_SENT, Kind.CONFLICT)
    with overwriting(session):
        _empty_campaigns(session, [campaign_id], now)
    audit.write(session, "campaign.purged", by=by, now=now, subject_id=campaign_id)
    session.expire_all()


def may_purge(session: Session, campaign: Campaign, by: Actor) -> bool:
    """Whether the question before deleting offers it."""
    mine = by.user_id is not None and campaign.created_by == by.user_id and by.may(Right.EDIT_CAMPAIGNS)
    return mine and _is_untried_draft(session, campaign)


def _is_untried_draft(session: Session, campaign: Campaign) -> bool:
    """A launch that was called back was one, too."""
    launched = select(Dispatch.id).where(Dispatch.campaign_id == campaign.id).limit(1)
    return campaign.status is Status.DRAFT and session.scalar(launched) is None


def _require_free_name(session: Session, model: Any, kind: str, name: str) -> None:
    twin = select(model.id).where(func.lower(model.name) == name.lower(), model.deleted_at.is_(None))
    if session.scalar(twin.limit(1)):
        sentence = f"There is another {kind} called {name} by now. Rename that one first."
        raise Refusal("name_taken", sentence, Kind.CONFLICT)


def _purge(session: Session, until: datetime, by: Actor, now: datetime) -> Purged:
    campaigns, one_shots = (
        _numbers(session, Campaign, until, ~_is_under_way()),
        _numbers(session, Dispatch, until),
    )
    templates, segments = _numbers(session, Template, until), _numbers(session, Segment, until)
    purged = Purged(len(campaigns), len(one_shots), len(templates), len(segments))
    if not purged.total:
        return purged
    with overwriting(session):
        _empty_campaigns(session, campaigns, now)
        _empty_sends(session, one_shots, now)
        texts = dict.fromkeys(("name", "subject", "preheader", "html_body", "text_body"), "")
        _empty(session, Template, "template.", templates, {**texts, "purged_at": now})
        _empty(session, Segment, "segment.", segments, {"name": "", "note": "", "rule": {}, "purged_at": now})
    after = {"campaigns": campaigns, "one_shots": one_shots, "templates": templates, "segments": segments}
    audit.write(session, "purge.done", by=by, now=now, after=after)
    session.expire_all()
    return purged


def _numbers(session: Session, model: Any, until: datetime, *more: ColumnElement[bool]) -> list[int]:
    return list(
        session.scalars(select(model.id).where(*_in_the_bin(model), model.deleted_at <= until, *more))
    )


def _in_the_bin(model: Any) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return model.deleted_at.is_not(None), model.purged_at.is_(None)


def _is_under_way() -> ColumnElement[bool]:
    """A second try of a send may still run after its campaign was deleted."""
    return (
        select(Dispatch.id).where(Dispatch.campaign_id == Campaign.id, Dispatch.state.in_(RUNNING)).exists()
    )


def _empty_campaigns(session: Session, numbers: Sequence[int], now: datetime) -> None:
    sends = list(session.scalars(select(Dispatch.id).where(Dispatch.campaign_id.in_(numbers))))
    plan = {
        **LETTER,
        "content": {},
        "name": GONE,
        "audience": NOBODY,
        "template_id": None,
        "last_launch_error": "",
    }
    deleted_at = func.coalesce(Campaign.deleted_at, now)
    _empty(session, Campaign, "campaign.", numbers, {**plan, "deleted_at": deleted_at, "purged_at": now})
    beside = update(Sibling).where(Sibling.campaign_id.in_(numbers))
    _set(session, beside.values(content={}, error="", due_at=None))
    _empty_sends(session, sends, now)
    _take_down_notices(session, "/marketing/campaigns", numbers)


def _empty_sends(session: Session, sends: Sequence[int], now: datetime) -> None:
    """The outcomes stay, without the words of servers, which may repeat what they were given."""
    _throw_away_practice(session, sends)
    _take_down_notices(session, "/marketing/sends", sends)
    spoken = or_(Delivery.reply.is_not(None), Delivery.heard_said.is_not(None))
    theirs = Delivery.dispatch_id.in_(sends)
    _set(session, update(Delivery).where(theirs, spoken).values(reply=None, heard_said=None))
    _set(session, update(Target).where(Target.dispatch_id.in_(sends)).values(words=""))
    frozen = {
        **LETTER,
        "content": {},
        "shop_name": "",
        "postal_address": "",
        "name": GONE,
        "audience": NOBODY,
    }
    values = {**frozen, "audience_label": "", "error": "", "purged_at": now}
    _empty(session, Dispatch, "one_shot.", sends, values)


def _take_down_notices(session: Session, where: str, numbers: Sequence[int]) -> None:
    session.execute(delete(Notice).where(Notice.link.in_([f"{where}/{one}" for one in numbers])))


def _throw_away_practice(session: Session, sends: Sequence[int]) -> None:
    """Letters of the practice inbox hold what was sent; each names its row of the ledger."""
    if not session.scalar(select(Dispatch.id).where(Dispatch.id.in_(sends), Dispatch.practice).limit(1)):
        return
    rows = {mail.id: _row_of(mail) for mail in session.scalars(select(PracticeMail))}
    theirs = select(Delivery.id).where(Delivery.id.in_(set(rows.values())), Delivery.dispatch_id.in_(sends))
    of_them = set(session.scalars(theirs))
    gone = [mail_id for mail_id, row in rows.items() if row in of_them]
    session.execute(delete(PracticeMail).where(PracticeMail.id.in_(gone)))


def _row_of(mail: PracticeMail) -> int | None:
    found = email.read_mark(str(mail.parsed().get("Message-ID", "")))
    return found[0] if found else None


def _empty(session: Session, model: Any, about: str, numbers: Sequence[int], values: dict[str, Any]) -> None:
    """The log keeps who did what and when, without what it said: the database allows that for what is purged."""
    _set(session, update(model).where(model.id.in_(numbers)).values(values))
    entries = update(AuditEntry).where(
        AuditEntry.action.startswith(about), AuditEntry.subject_id.in_(numbers)
    )
    _set(session, entries.values(before=null(), after=null()))


def _set(session: Session, statement: Any) -> None:
    session.execute(statement, execution_options={"synchronize_session": False})
