"""Connecting WhatsApp: what each key finds, whether the number may send, and whether Meta knows where to report to.

Every sentence says what was found; where something does not fit, also what to do and where that stands at Meta.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from data import graph
from data.graph import Access, NotSent, Told
from domain.ledger import whatsapp_errors
from domain.results.report import each, part, tidy
from domain.shop import whatsapp

FACTS: Final = (
    "display_phone_number,verified_name,quality_rating,messaging_limit_tier,status,name_status,"
    "whatsapp_business_manager_messaging_limit,is_on_biz_app"
)
FEWER_FACTS: Final = (
    "display_phone_number,verified_name,quality_rating"  # where the platform has given one up
)
RIGHTS: Final = ("whatsapp_business_management", "whatsapp_business_messaging")
LAST_STEP: Final = "webhook"  # not one of the keys: it is done at Meta once the keys fit
EXPIRED: Final = (463, 467)  # the platform's finer words for a token that has ended

TOKENS: Final = "At business.facebook.com, in the settings: users, system users, Generate token"
SETUP: Final = "at developers.facebook.com in your app, WhatsApp, API setup"
HOOK: Final = "In your app at Meta: WhatsApp, configuration, webhook, Edit"
MANAGER: Final = "WhatsApp Manager"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about one key, or one step. `is_good` None: it can't be tried from here, or not yet."""

    name: str
    is_good: bool | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Found:
    """`facts` are the number's, as the platform told them; empty where it told none."""

    findings: list[Finding]
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def lets_in(self) -> bool:
        """Number and account can be asked about, whatever else is wrong."""
        wanted = {"access_token", "phone_number_id", "business_account_id"}
        return wanted <= {one.name for one in self.findings if one.is_good}

    @property
    def can_send(self) -> bool:
        return all(one.is_good is not False for one in self.findings if one.name != LAST_STEP)


def found_out(keys: Mapping[str, str], address: str) -> Found:
    """`address`: where the platform has to report to. Where the shop is not let in at all, only that is told."""
    here = whatsapp.access_with(keys)
    try:
        facts = facts_of(here)
        token = _token(here, facts)
        if token.is_good is False:
            return Found([token])
        number = _number(here, facts)
        account = _account(here, number)
        found = [number, account, token, _app_secret(here, keys.get("app_secret", ""))]
        if number.is_good:
            hook = _webhook(here, account, address)
            found += [_verify_token(keys.get("verify_token", ""), hook), _sending(here, facts.body), hook]
        else:
            found += [_verify_token(keys.get("verify_token", ""), None)]
        return Found(found, facts.body if number.is_good else {})
    except NotSent as trouble:
        return Found([Finding("access_token", False, trouble.sentence)])


def facts_of(here: Access) -> Told:
    """Of the number. A field that this version of the platform no longer has must not keep the others from us."""
    told = graph.look(here, here.number_id, fields=FACTS)
    if not _is_about_a_field(told):
        return told
    named = set(re.findall(r"\w+", " ".join(told.words)))
    others = [one for one in FACTS.split(",") if one not in named]
    told = graph.look(here, here.number_id, fields=",".join(others))
    return graph.look(here, here.number_id, fields=FEWER_FACTS) if _is_about_a_field(told) else told


def _is_about_a_field(told: Told) -> bool:
    return told.code == 100 and "field" in " ".join(told.words).casefold()


def sentence_of(told: Told) -> str:
    if told.code is None:
        return f"WhatsApp gave an answer that could not be read ({told.status})."
    return whatsapp_errors.error(told.code, status=told.status).sentence


# The token


def _token(here: Access, facts: Told) -> Finding:
    if _is_about_access(facts):
        return Finding("access_token", False, _why_not_let_in(facts))
    about = part(graph.look(here, "debug_token", input_token=here.token).body, "data")
    scopes = [one for one in each(part(about, "scopes")) if isinstance(one, str)]
    missing = [one for one in RIGHTS if one not in scopes] if scopes else []
    if missing:
        said = f"This token lacks the right {' and the right '.join(missing)}. {TOKENS}, and tick both WhatsApp rights."
        return Finding("access_token", False, said)
    if not facts.is_good and not scopes:
        return Finding("access_token", None, "Whether it fits shows once the number above is found.")
    ends = part(about, "expires_at")
    if isinstance(ends, int) and not isinstance(ends, bool) and ends > 0:
        day = f"{datetime.fromtimestamp(min(ends, 10**11), UTC):%d.%m.%Y}".lstrip("0")
        said = f"WhatsApp lets the shop in with it, but only until {day}. {TOKENS}, and choose “never” before that day."
        return Finding("access_token", True, said)
    return Finding("access_token", True, "WhatsApp lets the shop in with it.")


def _is_about_access(told: Told) -> bool:
    if told.code is None:
        return told.status in (401, 403)
    known = whatsapp_errors.error(told.code, status=told.status)
    return known.about in ("account", "pace") and told.code != 33


def _why_not_let_in(told: Told) -> str:
    said = " ".join(told.words).casefold()
    if told.code in (0, 190):
        if told.error.get("error_subcode") in EXPIRED or "expired" in said:
            return f"This token has ended. {TOKENS}, choose “never” for its end, and enter the new one here."
        return f"WhatsApp does not know this token. Copy it once more, whole: it begins with EAA. {TOKENS}."
    if told.code in (3, 10) or (told.code is not None and 200 <= told.code <= 299):
        return f"This token may not look at the number. {TOKENS}, and tick {' and '.join(RIGHTS)}."
    return sentence_of(told)


# The two numbers


def _number(here: Access, told: Told) -> Finding:
    if told.is_good:
        shown, name = (
            tidy(told.body.get("display_phone_number"), 40),
            tidy(told.body.get("verified_name"), 200),
        )
        return Finding("phone_number_id", True, f"It is the number {shown}, which people see as “{name}”.")
    return Finding(
        "phone_number_id", False, f"{_why_no_number(here, told)} It stands {SETUP}, under the number."
    )


def _why_no_number(here: Access, told: Told) -> str:
    if here.number_id == here.account_id or "WhatsAppBusinessAccount" in " ".join(told.words):
        return "This is the ID of the business account. The number has one of its own."
    if not here.number_id.isdecimal():
        return (
            "This looks like the telephone number itself. Its ID is another number, without a plus or spaces."
        )
    return "WhatsApp knows no number with this ID, or the token may not see it."


def _account(here: Access, number: Finding) -> Finding:
    told = graph.look(here, f"{here.account_id}/phone_numbers", fields="id,display_phone_number")
    if not told.is_good:
        said = (
            "WhatsApp knows no business account with this ID, or the token may not see it. "
            f"It stands {SETUP}, beside the phone number ID. If it is right, assign the account to the system user at Meta."
        )
        return Finding("business_account_id", False, said)
    held = {
        str(part(one, "id")): tidy(part(one, "display_phone_number"), 40)
        for one in each(told.body.get("data"))
    }
    if number.is_good and here.number_id not in held:
        shown = " and ".join([one for one in held.values() if one][:3]) or "no number"
        said = f"This account holds {shown}, and not the number above. Copy both IDs from the same page: {SETUP}."
        return Finding("business_account_id", False, said)
    if not number.is_good and held:
        first = next(iter(held))
        return Finding(
            "business_account_id",
            True,
            f"It is an account of yours. Its number {held[first]} has the ID {first}.",
        )
    return Finding(
        "business_account_id",
        True,
        "It holds the number." if held else "It is an account of yours, without a number.",
    )


# The two secrets


def _app_secret(here: Access, secret: str) -> Finding:
    """The platform refuses a proof that was made with another secret, before it looks at anything else."""
    proof = hmac.new(secret.encode(), here.token.encode(), hashlib.sha256).hexdigest()
    told = graph.look(here, "app", fields="id", appsecret_proof=proof)
    if told.is_good:
        return Finding("app_secret", True, "It belongs to the app that the token is for.")
    if "appsecret_proof" in " ".join(told.words):
        said = (
            "It is not the secret of the app that the token is for. In that app at Meta: app settings, basic, Show beside "
            "App secret."
        )
        return Finding("app_secret", False, said)
    return Finding("app_secret", None, "It could not be tried just now.")


def _verify_token(word: str, hook: Finding | None) -> Finding:
    if not word:
        return Finding("verify_token", False, "Choose a word, and enter the same one at Meta.")
    if hook is not None and hook.is_good:
        return Finding("verify_token", True, "Meta has asked for it, and got the same word.")
    return Finding("verify_token", None, "Enter the same word at Meta, beside the address for reports.")


# Whether it may send


def _sending(here: Access, facts: Mapping[str, Any]) -> Finding:
    """The platform's own opinion of the number, the account, the business and the app."""
    status = tidy(facts.get("status"), 30).upper()
    if status in UNREADY:
        return Finding("sending", False, UNREADY[status])
    told = graph.look(here, here.number_id, fields="health_status")
    health = part(told.body, "health_status")
    verdict = tidy(part(health, "can_send_message"), 20).upper()
    if not told.is_good or not verdict:
        return Finding("sending", None, "WhatsApp did not say. The first message will show it.")
    said = " ".join(dict.fromkeys(_hindrances(health)))
    if verdict == "BLOCKED":
        return Finding(
            "sending", False, said or f"WhatsApp keeps this number from sending. Open {MANAGER} to read why."
        )
    if verdict == "LIMITED":
        return Finding("sending", True, f"It may send, though not everything. {said}".strip())
    return Finding("sending", True, "WhatsApp lets this number send.")


def _hindrances(health: Any) -> Iterator[str]:
    for entity in each(part(health, "entities")):
        for error in each(part(entity, "errors")):
            code = part(error, "error_code")
            known = BLOCKED_BY.get(code) if isinstance(code, int) else None
            yield known or _in_their_words(part(error, "error_description"), part(error, "possible_solution"))
        for words in each(part(entity, "additional_info")):
            yield _in_their_words(words)


def _in_their_words(*said: Any) -> str:
    words = " ".join(tidy(one, 300) for one in said if isinstance(one, str))
    return f"WhatsApp says: “{words}”" if words else ""


PAYING: Final = f"WhatsApp has no way to be paid. In {MANAGER}: settings, payment methods, add a card."
NAMELESS: Final = f"The name of the number is not approved yet. In {MANAGER}: phone numbers, choose it, profile; correct the name or wait."
UNREGISTERED: Final = (
    f"The number is not registered yet. In {MANAGER}: phone numbers, choose it, and finish its set-up with the code that WhatsApp "
    "sends to it."
)
BLOCKED_BY: Final[Mapping[int, str]] = {
    131042: PAYING,
    141006: PAYING,
    131037: NAMELESS,
    133010: UNREGISTERED,
    131045: UNREGISTERED,
}
UNREADY: Final[Mapping[str, str]] = {
    "PENDING": UNREGISTERED,
    "UNVERIFIED": UNREGISTERED,
    "DISCONNECTED": f"WhatsApp has disconnected this number. In {MANAGER}: phone numbers, choose it, and connect it again.",
    "BANNED": f"WhatsApp has blocked this number. Open {MANAGER} to read why, and what can be done.",
    "RESTRICTED": f"WhatsApp has restricted this number for a while. Open {MANAGER} to read until when.",
    "DELETED": f"This number was deleted at WhatsApp. Choose another one in {MANAGER}.",
}


# Where the platform reports to


def _webhook(here: Access, account: Finding, address: str) -> Finding:
    if account.is_good and not graph.tell(here, f"{here.account_id}/subscribed_apps").is_good:
        said = f"WhatsApp does not let your app hear about this account. {TOKENS}, and tick {RIGHTS[0]}."
        return Finding(LAST_STEP, False, said)
    told = graph.look(here, here.number_id, fields="webhook_configuration")
    if not told.is_good:
        return Finding(
            LAST_STEP,
            None,
            f"{HOOK}: the address below and the verify token. WhatsApp did not say what stands there.",
        )
    there = _reported_to(part(told.body, "webhook_configuration"))
    if not there:
        said = f"Nowhere yet. {HOOK}: enter the address below and the verify token, press Verify and save, and choose the fields."
        return Finding(LAST_STEP, False, said)
    if there.rstrip("/") != address.rstrip("/"):
        host = urlsplit(there).hostname or "another place"
        said = f"Meta reports to another address, at {host}. {HOOK}: enter the address below instead."
        return Finding(LAST_STEP, False, said)
    return Finding(LAST_STEP, True, "Meta reports to this shop.")


def _reported_to(about: Any) -> str:
    """What is set for the number goes before what is set for the account, and that before the app's."""
    places = (part(about, one) for one in ("phone_number", "whatsapp_business_account", "application"))
    return next((one.strip() for one in places if isinstance(one, str) and one.strip()), "")
