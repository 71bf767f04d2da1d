"""A tag gets another name, and whatever asks for it by name asks for the new one from then on: segments and campaigns.

What was sent keeps its own words: a dispatch says to whom it went as it was called then.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.audience.names import Thing
from domain.audience.segments import Segment
from domain.book import tag_keeping
from domain.book.tag_keeping import Renamed
from domain.sending import uses
from domain.sending.campaigns import Campaign
from domain.shop.people import Actor


def rename(session: Session, name: str, to: Any, *, merge: bool = False, by: Actor, now: datetime) -> Renamed:
    """See `tag_keeping.rename`. Campaigns that went out already are carried along too, for they can be copied.

    Each that changes gets a new version, so that a form that is open somewhere does not write the old name back.
    """
    done = tag_keeping.rename(session, name, to, merge=merge, by=by, now=now)
    rules = select(Segment.id, Segment.rule).where(Segment.deleted_at.is_(None), Segment.key.is_(None))
    for number, rule in session.execute(rules).all():
        if (carried := in_rule(rule, done)) != rule:
            _keep(session, Segment, number, rule=carried)
    audiences = select(Campaign.id, Campaign.audience).where(Campaign.deleted_at.is_(None))
    for number, audience in session.execute(audiences).all():
        if (meant := in_audience(audience, done)) != audience:
            _keep(session, Campaign, number, audience=meant)
    session.expire_all()
    return done


def delete(session: Session, name: str, *, by: Actor, now: datetime) -> int:
    """Refused while a segment or a waiting campaign asks for it. Answers with how many people had it."""
    used_by = uses.named(session, Thing.TAG, name)
    return tag_keeping.delete(session, name, used_by=used_by, by=by, now=now)


def in_audience(given: dict[str, Any], done: Renamed) -> dict[str, Any]:
    """As a row keeps it."""
    meant = dict(given)
    if isinstance(meant.get("tags"), list):
        meant["tags"] = _renamed(meant["tags"], done)
    if isinstance(meant.get("rule"), dict):
        meant["rule"] = in_rule(meant["rule"], done)
    if isinstance(without := meant.get("exclude"), dict) and isinstance(without.get("tags"), list):
        meant["exclude"] = {**without, "tags": _renamed(without["tags"], done)}
    return meant


def in_rule(tree: Any, done: Renamed) -> Any:
    """Groups hold conditions; of those only a condition about tags holds names of tags."""
    if isinstance(tree, list):
        return [in_rule(part, done) for part in tree]
    if not isinstance(tree, dict):
        return tree
    if isinstance(tree.get("tag"), list):
        return {**tree, "tag": _renamed(tree["tag"], done)}
    return {
        word: in_rule(part, done) if word in ("all", "any", "not") else part for word, part in tree.items()
    }


def _renamed(names: Iterable[Any], done: Renamed) -> list[Any]:
    """Each once: where both were named, one is left."""
    before, after = done.before.casefold(), done.name.casefold()
    carried = [done.name if str(name).casefold() in (before, after) else name for name in names]
    return list(dict.fromkeys(carried))


def _keep(session: Session, model: type[Segment] | type[Campaign], number: int, **values: Any) -> None:
    changing = update(model).where(model.id == number).values(version=model.version + 1, **values)
    session.execute(changing.execution_options(synchronize_session=False))
