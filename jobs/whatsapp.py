"""What is asked of WhatsApp beside sending: the number's facts, its templates, and whether each key fits."""

import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from data import graph
from data.database import now, reading, unit
from data.graph import Access, NotSent, Told
from domain.ledger import whatsapp_errors
from domain.message import whatsapp_templates
from domain.message.whatsapp_templates import Synced
from domain.refusal import Kind, Refusal
from domain.results import connections
from domain.sending import standstill
from domain.shop import provider_keys, whatsapp
from domain.shop.people import Actor, Right
from jobs.errand import Errand

EVERY: Final = timedelta(hours=1)
AGAIN: Final = 60.0  # seconds before the next try where it did not work
FACTS: Final = (
    "display_phone_number,verified_name,quality_rating,messaging_limit_tier,status,name_status,"
    "whatsapp_business_manager_messaging_limit"
)
FEWER_FACTS: Final = (
    "display_phone_number,verified_name,quality_rating"  # where the platform has given one up
)
TEMPLATE_FACTS: Final = (
    "id,name,language,category,status,quality_score,parameter_format,components,rejected_reason"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about one key. `is_good` None: it can't be tried from here."""

    name: str
    is_good: bool | None
    sentence: str


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
        facts = _good(_facts(here))
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
        connections.change(session, whatsapp.NAME, wish, new_address=new_address, by=by, now=now())
        before = whatsapp.number(session)
        row = whatsapp.kept(session, now=now())
        if (
            row is not before
        ):  # another number: what was known of templates was another account's, or the twin's
            whatsapp_templates.forget_all(session)
        row.per_second = per_second or row.per_second
    return check(by)


def check(by: Actor) -> list[Finding]:
    """Raises Refusal where there is nothing to check."""
    by.require(Right.MANAGE_SHOP)
    with reading() as session:
        row = provider_keys.kept(session, whatsapp.NAME)
        if row is None:
            raise Refusal("not_connected", "WhatsApp is not connected yet.", Kind.CONFLICT)
        keys = provider_keys.opened(row)
    findings = found_out(keys)
    if all(one.is_good is not False for one in findings):
        _go_on(by)
    return findings


def forget(by: Actor) -> None:
    """Its keys, and what was learned with them. From here on messages go to the twin, as practice."""
    with unit() as session:
        connections.forget(session, whatsapp.NAME, by=by, now=now())
        whatsapp_templates.forget_all(session)
        whatsapp.forget(session)


def found_out(keys: Mapping[str, str]) -> list[Finding]:
    """One sentence for each key; where the shop is not let in at all, only that."""
    here = whatsapp.access_with(keys)
    try:
        found = _number_and_account(here)
        return found if len(found) == 1 else [*found, *_secrets(here, keys)]
    except NotSent as trouble:
        return [Finding("access_token", False, trouble.sentence)]


def _go_on(by: Actor) -> None:
    with unit() as session:
        standstill.lift(session, whatsapp.NAME, by=by, now=now())
        row = whatsapp.kept(session, now=now())
        row.last_error, row.resting_until = "", None
    try:
        refresh()
    except (Refusal, Trouble):  # the clock tries again
        return


def _number_and_account(here: Access) -> list[Finding]:
    told = _facts(here)
    if _is_about_access(told):
        return [Finding("access_token", False, _sentence(told))]
    number = _number(told)
    return [
        number,
        _account(here, number),
        Finding("access_token", True, "WhatsApp lets the shop in with it."),
    ]


def _facts(here: Access) -> Told:
    """Of the number. A field that this version of the platform no longer has must not keep the others from us."""
    told = graph.look(here, here.number_id, fields=FACTS)
    is_about_a_field = told.code == 100 and "field" in " ".join(told.words).casefold()
    return graph.look(here, here.number_id, fields=FEWER_FACTS) if is_about_a_field else told


def _number(told: Told) -> Finding:
    if not told.is_good:
        return Finding(
            "phone_number_id", False, "WhatsApp knows no number with this ID, or the token may not see it."
        )
    shown, name = told.body.get("display_phone_number", ""), told.body.get("verified_name", "")
    return Finding("phone_number_id", True, f"It is the number {shown}, which people see as “{name}”.")


def _account(here: Access, number: Finding) -> Finding:
    told = graph.look(here, f"{here.account_id}/phone_numbers", fields="id,display_phone_number")
    if not told.is_good:
        sentence = "WhatsApp knows no business account with this ID, or the token may not see it."
        return Finding("business_account_id", False, sentence)
    numbers = [str(one.get("id")) for one in _listed(told.body)]
    if number.is_good and here.number_id not in numbers:
        return Finding(
            "business_account_id", False, "This account holds other numbers, and not the one above."
        )
    return Finding("business_account_id", True, _subscribed(here))


def _subscribed(here: Access) -> str:
    """Without that the platform tells nothing of what became of a message."""
    told = graph.tell(here, f"{here.account_id}/subscribed_apps")
    if told.is_good:
        return "It holds the number, and it reports to your app."
    return "It holds the number. It could not be told to report to your app: give the token the right to manage it."


def _secrets(here: Access, keys: Mapping[str, str]) -> list[Finding]:
    return [_app_secret(here, keys.get("app_secret", "")), _verify_token(keys.get("verify_token", ""))]


def _app_secret(here: Access, secret: str) -> Finding:
    """The platform refuses a proof that was made with another secret."""
    proof = hmac.new(secret.encode(), here.token.encode(), hashlib.sha256).hexdigest()
    told = graph.look(here, here.number_id, fields="id", appsecret_proof=proof)
    if told.is_good:
        return Finding("app_secret", True, "It belongs to the app that the token is for.")
    if "appsecret_proof" in " ".join(told.words):
        return Finding("app_secret", False, "It is not the secret of the app that the token is for.")
    return Finding("app_secret", None, "It could not be tried: see above.")


def _verify_token(word: str) -> Finding:
    if not word:
        return Finding("verify_token", False, "Choose a word, and enter the same one at WhatsApp.")
    return Finding("verify_token", None, "Enter the same word at WhatsApp, beside the address for webhooks.")


def _is_about_access(told: Told) -> bool:
    if told.code is None:
        return told.status in (401, 403)
    known = whatsapp_errors.error(told.code, status=told.status)
    return known.about == "account" and told.code != 33


def _sentence(told: Told) -> str:
    if told.code is None:
        return f"WhatsApp gave an answer that could not be read ({told.status})."
    return whatsapp_errors.error(told.code, status=told.status).sentence


def _good(told: Told) -> dict[str, Any]:
    if not told.is_good:
        raise Trouble(_sentence(told))
    return told.body


def _listed(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = body.get("data")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _note_trouble(sentence: str) -> None:
    with unit() as session:
        row = whatsapp.number(session)
        if row is not None:
            row.sync_error = sentence
