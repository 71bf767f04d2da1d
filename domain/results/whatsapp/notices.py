"""What the platform says of the shop's templates, number and account, read from its own shape. Pure."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from domain.results.report import part, tidy
from domain.results.whatsapp.news import AccountNews, News, TemplateNews, Tone
from domain.results.whatsapp.unpacking import instant, several

TURNED_DOWN: Final = {"REJECTED", "DECLINED"}
MANAGER: Final = "Open WhatsApp Manager to read more."


def notice(field: str, value: Any) -> News | None:
    """None for what nobody here knows."""
    read = READERS.get(field)
    found = read(value) if read else None
    if isinstance(found, AccountNews):
        number = tidy(part(value, "display_phone_number") or part(value, "phone_number"), 40)
        return replace(found, number=re.sub(r"\D", "", number))
    return found


# Of templates


def _template_status(value: Any) -> News | None:
    event = _word(value, "event", 30)
    reason = tidy(part(value, "rejection_info", "reason"), 300) or tidy(part(value, "reason"), 300)
    described = tidy(part(value, "other_info", "description"), 300)
    category = _word(value, "message_template_category", 30)
    is_none = reason.upper() in ("NONE", "NULL")
    return _template(value, status=event, category=category, reason=described or ("" if is_none else reason))


def _template_quality(value: Any) -> News | None:
    return _template(value, quality=_word(value, "new_quality_score", 20))


def _template_category(value: Any) -> News | None:
    """With a `correct_category` it is announced only, and `new_category` is still the one of today."""
    return _template(
        value, category=_word(value, "new_category", 30), will_be=_word(value, "correct_category", 30)
    )


def _template_changed(value: Any) -> News | None:
    """Its words are another matter now: they are fetched from the platform."""
    return _template(value)


def _template(value: Any, **what: str) -> News | None:
    name, language = (
        tidy(part(value, f"message_template_{one}"), most) for one, most in (("name", 512), ("language", 20))
    )
    number = tidy(part(value, "message_template_id"), 64)
    is_named = (name and language) or number
    return TemplateNews(name, language, number=number, **what) if is_named else None


# Of the account


def _account_update(value: Any) -> News:
    return ACCOUNT_EVENTS.get(_word(value, "event"), _quiet)(value)


def _quiet(value: Any) -> AccountNews:
    return AccountNews()


def _banned(value: Any) -> AccountNews:
    state = part(value, "ban_info", "waba_ban_state")
    said = tidy(state[0] if isinstance(state, list) and state else state, 30).upper()
    when = tidy(part(value, "ban_info", "waba_ban_date"), 40)
    if said == "REINSTATE":
        return AccountNews("WhatsApp has switched the shop’s account on again.", status="CONNECTED")
    if said == "SCHEDULE_FOR_DISABLE":
        day = f" on {when}" if when else ""
        return AccountNews(f"WhatsApp will switch the shop’s account off{day}. {MANAGER}", Tone.BAD)
    return AccountNews(f"WhatsApp has switched the shop’s account off. {MANAGER}", Tone.BAD, status="BANNED")


def _restricted(value: Any) -> AccountNews:
    found = [one for one in several(part(value, "restriction_info")) if isinstance(one, dict)]
    kinds = {_word(one, "restriction_type", 80): one for one in found}
    if (kept := next((kinds[one] for one in kinds if "BIZ_INITIATED_MESSAGING" in one), None)) is not None:
        said = f"WhatsApp does not let the shop write to people first{_until(kept)}, only answer them."
        return AccountNews(f"{said} {MANAGER}", Tone.BAD, status="RESTRICTED")
    if (
        kept := next((kinds[one] for one in kinds if "CUSTOMER_INITIATED_MESSAGING" in one), None)
    ) is not None:
        return AccountNews(f"WhatsApp does not let the shop answer people{_until(kept)}. {MANAGER}", Tone.BAD)
    why = _word(part(value, "violation_info"), "violation_type", 80)
    if not found and why.endswith("_UNBAN"):
        return AccountNews("WhatsApp has lifted a restriction of the shop’s account.")
    if found and all("CALL" in one for one in kinds):  # the shop calls nobody from here
        return AccountNews()
    until = next((_until(one) for one in found), "")
    return AccountNews(f"WhatsApp has restricted what the shop’s account may do{until}. {MANAGER}", Tone.WARN)


def _until(restriction: Any) -> str:
    """Their days are of UTC."""
    day = instant(part(restriction, "expiration"))
    return f" until {day.day} {day:%B %Y}" if day else " for now"


def _violated(value: Any) -> AccountNews:
    kind = tidy(part(value, "violation_info", "violation_type"), 80).replace("_", " ").lower()
    about = f" ({kind})" if kind else ""
    tone = Tone.WARN if "call" in kind else Tone.BAD
    return AccountNews(f"WhatsApp says that the shop has broken one of its rules{about}. {MANAGER}", tone)


def _gone(value: Any) -> AccountNews:
    return AccountNews("The shop’s account at WhatsApp was deleted.", Tone.BAD, status="DISCONNECTED")


def _offboarded(value: Any) -> AccountNews:
    said = (
        "WhatsApp has cut the shop’s number off, because it was set up on another telephone or once more. It usually "
        "comes back within minutes. If it does not, connect it again under Settings, WhatsApp."
    )
    return AccountNews(said, Tone.BAD, status="DISCONNECTED")


def _taken_away(value: Any) -> AccountNews:
    """The app that sends for the shop may do so no more; with a reason, the telephone has cut it off."""
    if isinstance(part(value, "disconnection_info"), dict):
        why = WHY_CUT_OFF.get(_word(part(value, "disconnection_info"), "reason"), "")
        said = f"WhatsApp has cut the shop’s number off{why}. Connect it again under Settings, WhatsApp."
        return AccountNews(said, Tone.BAD, status="DISCONNECTED")
    said = (
        "An app or a partner was taken off the shop’s account at WhatsApp. If messages do not go out, connect"
    )
    return AccountNews(f"{said} the number again under Settings, WhatsApp.", Tone.WARN)


WHY_CUT_OFF: Final = {
    "PRIMARY_INACTIVITY": ", because its telephone was not used for two weeks",
    "COMPANION_INACTIVITY": ", because it was not used for a month",
    "USER_RE_REGISTERED": ", because it was set up on another telephone",
    "BUSINESS_DOWNGRADE": ", because it was moved to the WhatsApp app for private people",
    "CHANGE_NUMBER": ", because the number was changed",
}


def _back(value: Any) -> AccountNews:
    return AccountNews("The shop’s number is connected to WhatsApp again.", status="CONNECTED")


ACCOUNT_EVENTS: Final[dict[str, Callable[[Any], AccountNews]]] = {
    "DISABLED_UPDATE": _banned,
    "ACCOUNT_RESTRICTION": _restricted,
    "ACCOUNT_VIOLATION": _violated,
    "ACCOUNT_DELETED": _gone,
    "ACCOUNT_OFFBOARDED": _offboarded,
    "ACCOUNT_RECONNECTED": _back,
    "PARTNER_REMOVED": _taken_away,
    "PARTNER_APP_UNINSTALLED": _taken_away,
}


def _alert(value: Any) -> News:
    """In an older shape the facts lie one step higher."""
    about = part(value, "alert_info") if isinstance(part(value, "alert_info"), dict) else value
    severity = _word(about, "alert_severity", 20)
    words = tidy(part(about, "alert_description"), 400) or tidy(part(about, "alert_type"), 80)
    if severity == "INFORMATIONAL" or _word(about, "alert_type", 80).endswith("_APPROVED") or not words:
        return AccountNews()
    return AccountNews(f"WhatsApp says of the shop’s account: {words}", Tone.BAD if severity == "CRITICAL" else Tone.WARN)  # fmt: skip


def _review(value: Any) -> News:
    if _word(value, "decision", 30) in TURNED_DOWN:
        return AccountNews(f"WhatsApp has turned the shop’s account down. {MANAGER}", Tone.BAD)
    return AccountNews()


# Of the number


def _number_quality(value: Any) -> News:
    event = _word(value, "event", 30)
    tier = _tier(value, BY_BUSINESS if event.startswith("THROUGHPUT") else LIMITS)
    said = {
        "FLAGGED": ("People block or report the shop’s messages, so WhatsApp has marked its number.", Tone.WARN),
        "DOWNGRADE": (f"WhatsApp lets the shop write to fewer people now: {_people(tier)} in a day.", Tone.WARN),
        "UPGRADE": (f"WhatsApp lets the shop write to more people now: {_people(tier)} in a day.", Tone.INFO),
        "UNFLAGGED": ("WhatsApp has taken the mark off the shop’s number.", Tone.INFO),
    }.get(event, ("", Tone.INFO))  # fmt: skip
    quality = {"FLAGGED": "RED", "UNFLAGGED": "GREEN"}.get(event, "")
    return AccountNews(*said, tier=tier, quality=quality)


def _capability(value: Any) -> News:
    return AccountNews(tier=_tier(value, LIMITS))


def _number_name(value: Any) -> News:
    decision, name = _word(value, "decision", 30), tidy(part(value, "requested_verified_name"), 200)
    if decision == "APPROVED":
        return AccountNews(name=name)
    if decision in TURNED_DOWN:
        return AccountNews(f"WhatsApp has turned down the name “{name}” for the shop’s number.", Tone.WARN)
    return AccountNews()


def _security(value: Any) -> News:
    return PIN.get(_word(value, "event", 40), AccountNews())


PIN: Final = {
    "PIN_RESET_REQUEST": AccountNews(
        "Somebody has asked WhatsApp to switch off the PIN of the shop’s number. If that was not you, look at WhatsApp "
        "Manager now.",
        Tone.BAD,
    ),
    "PIN_REQUEST_SUCCESS": AccountNews(
        "The PIN of the shop’s number was switched off at WhatsApp. If that was not you, look at WhatsApp Manager now.",
        Tone.WARN,
    ),
    "PIN_CHANGED": AccountNews("The PIN of the shop’s number was changed at WhatsApp."),
}
BY_BUSINESS: Final = ("max_daily_conversations_per_business",)
LIMITS: Final = (*BY_BUSINESS, "max_daily_conversation_per_phone", "current_limit")


def _tier(value: Any, names: tuple[str, ...]) -> str:
    """Told as a word or as a number of people; -1 means any number."""
    for name in names:
        told = part(value, name)
        if isinstance(told, str) and told.strip().upper().startswith("TIER_"):
            word = tidy(told, 30).upper()
            return "" if word == "TIER_NOT_SET" else word
        if isinstance(told, str) and told.strip().lstrip("-").isdecimal() and told.isascii():
            told = int(told.strip()[:12])
        if isinstance(told, int) and not isinstance(told, bool) and told != 0:
            return "TIER_UNLIMITED" if told < 0 else NUMBERS.get(told, f"TIER_{told}"[:30])
    return ""


def _people(tier: str) -> str:
    told = tier.removeprefix("TIER_")
    return {"": "another number of people", "UNLIMITED": "any number of people"}.get(told, f"{told} people")


def _word(of: Any, name: str, most: int = 60) -> str:
    return tidy(part(of, name), most).upper()


NUMBERS: Final = {250: "TIER_250", 1_000: "TIER_1K", 2_000: "TIER_2K", 10_000: "TIER_10K", 100_000: "TIER_100K"}  # fmt: skip
READERS: Final[dict[str, Callable[[Any], News | None]]] = {
    "message_template_status_update": _template_status,
    "message_template_quality_update": _template_quality,
    "message_template_components_update": _template_changed,
    "template_category_update": _template_category,
    "account_update": _account_update,
    "account_offboarded": _offboarded,
    "account_reconnected": _back,
    "account_alerts": _alert,
    "account_review_update": _review,
    "phone_number_quality_update": _number_quality,
    "phone_number_name_update": _number_name,
    "business_capability_update": _capability,
    "security": _security,
}
