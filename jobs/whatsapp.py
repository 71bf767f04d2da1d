"""What is asked of WhatsApp beside sending: the number's facts and its templates. Whether each key fits: `whatsapp_check`."""

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from data import graph
from data.database import now, reading, unit
from data.graph import NotSent, Told
from domain.message import whatsapp_templates
from domain.message.whatsapp_templates import Synced
from domain.refusal import Kind, Refusal
from domain.results import connections
from domain.results.whatsapp import practised
from domain.sending import standstill
from domain.shop import provider_keys, whatsapp
from domain.shop.people import Actor, Right
from jobs.errand import Errand
from jobs.whatsapp_check import Finding, Found, facts_of, found_out, sentence_of

EVERY: Final = timedelta(hours=1)
AGAIN: Final = 60.0  # seconds before the next try where it did not work
TEMPLATE_FACTS: Final = (
    "id,name,language,category,status,quality_score,parameter_format,components,rejected_reason"
)


class Trouble(Exception):
    """One sentence about why the platform did not tell."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Refresher(Errand):
    name = "whatsapp"
    trouble = "WhatsApp's templates could not be looked at; the clock will look again"

    def __init__(self) -> None:
        super().__init__()
        self._tried = float("-inf")

    def is_due(self, session: Session) -> bool:
        if time.monotonic() - self._tried < AGAIN:
            return False
        return is_outdated(session)

    def go(self) -> None:
        self._tried = time.monotonic()
        try:
            refresh()
        except (Refusal, Trouble):  # told on the page, and tried again
            return


def is_outdated(session: Session) -> bool:
    """The number, the account or the mode is another one since, or an hour is over."""
    try:
        here = whatsapp.access(session)
    except Refusal:
        return False
    row = whatsapp.number(session)
    if row is None or row.phone_number_id != here.number_id or row.synced_at is None:
        return True
    return row.practice is whatsapp.is_connected(session) or now() - row.synced_at >= EVERY


def refresh_now(by: Actor) -> Synced:
    """Somebody asks for it and waits. Raises Refusal with what went wrong."""
    by.require(Right.EDIT_CAMPAIGNS)
    try:
        return refresh()
    except Trouble as trouble:
        raise Refusal("whatsapp_trouble", trouble.sentence, Kind.REFUSED) from None


def refresh() -> Synced:
    """The number's facts and every template. Raises Refusal or Trouble; then what is known stays."""
    with reading() as session:
        here = whatsapp.access(session)
    try:
        facts = _good(facts_of(here))
        found = [one for page in graph.templates(here, TEMPLATE_FACTS) for one in _listed(_good(page))]
    except (NotSent, Trouble) as trouble:
        _note_trouble(trouble.sentence)
        raise Trouble(trouble.sentence) from None
    with unit() as session:
        moment = now()
        row = whatsapp.note_facts(session, facts, now=moment)
        synced = whatsapp_templates.keep(session, found, now=moment)
        row.synced_at, row.sync_error = moment, ""
    return synced


def save(
    wish: Mapping[str, str | None], *, by: Actor, new_address: bool = False, per_second: int | None = None
) -> list[Finding]:
    """Keep these keys, then see what each of them finds. Whatever stood still for the account goes on where all is well."""
    with unit() as session:
        before = _whose(session)
        connections.change(session, whatsapp.NAME, wish, new_address=new_address, by=by, now=now())
        if _whose(session) != before:
            practised.begin_anew(session, was_practice=before is None, now=now())
        row = whatsapp.kept(session, now=now())
        row.per_second = per_second or row.per_second
    return check(by)


def check(by: Actor) -> list[Finding]:
    """Raises Refusal where there is nothing to check."""
    by.require(Right.MANAGE_SHOP)
    with reading() as session:
        row = provider_keys.kept(session, whatsapp.NAME)
        if row is None:
            raise Refusal("not_connected", "WhatsApp is not connected yet.", Kind.CONFLICT)
        keys, address = provider_keys.opened(row), connections.address(whatsapp.NAME, row.turn)
    found = found_out(keys, address)
    _learn(found, by)
    return found.findings


def forget(by: Actor) -> None:
    """Its keys, and what was learned with them. From here on messages go to the twin, as practice."""
    with unit() as session:
        connections.forget(session, whatsapp.NAME, by=by, now=now())
        practised.begin_anew(session, was_practice=False, now=now())


def _whose(session: Session) -> tuple[str, str] | None:
    """Number and account; None in practice."""
    row = provider_keys.kept(session, whatsapp.NAME)
    if row is None:
        return None
    keys = provider_keys.opened(row)
    return keys.get("phone_number_id", ""), keys.get("business_account_id", "")


def _learn(found: Found, by: Actor) -> None:
    """What is known of the number is known from now on, also where another key does not fit yet."""
    with unit() as session:
        if found.facts:
            whatsapp.note_facts(session, found.facts, now=now())
        if found.can_send:
            standstill.lift(session, whatsapp.NAME, by=by, now=now())
            row = whatsapp.kept(session, now=now())
            row.last_error, row.resting_until = "", None
    if found.lets_in:
        try:
            refresh()
        except (Refusal, Trouble):  # the clock tries again
            return


def _good(told: Told) -> dict[str, Any]:
    if not told.is_good:
        raise Trouble(sentence_of(told))
    return told.body


def _listed(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = body.get("data")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _note_trouble(sentence: str) -> None:
    with unit() as session:
        row = whatsapp.number(session)
        if row is not None:
            row.sync_error = sentence
