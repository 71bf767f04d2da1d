"""What the platform says of the shop's templates, number and account, read from its own shape. Pure."""

from collections.abc import Callable
from typing import Any, Final

from domain.results.report import each, part, tidy
from domain.results.whatsapp.news import AccountNews, News, TemplateNews, Tone

MANAGER: Final = "Open WhatsApp Manager to read more."


def notice(field: str, value: Any) -> News | None:
    """None for what nobody here knows."""
    read = READERS.get(field)
    return read(value) if read else None


def _template_status(value: Any) -> News | None:
    event = tidy(part(value, "event"), 30).upper()
    reason = tidy(part(value, "rejection_info", "reason"), 300) or tidy(part(value, "reason"), 300)
    described = tidy(part(value, "other_info", "description"), 300)
    category = tidy(part(value, "message_template_category"), 30).upper()
    return _template(
        value, status=event, category=category, reason=described or ("" if reason == "NONE" else reason)
    )


def _template_quality(value: Any) -> News | None:
    return _template(value, quality=tidy(part(value, "new_quality_score"), 20).upper())


def _template_category(value: Any) -> News | None:
    """With a `correct_category` it is announced only, and `new_category` is still the one of today."""
    return _template(value, category=tidy(part(value, "new_category"), 30).upper())


def _template(value: Any, **what: str) -> News | None:
    name, language = (
        tidy(part(value, f"message_template_{one}"), most) for one, most in (("name", 512), ("language", 20))
    )
    return TemplateNews(name, language, **what) if name and language else None


def _account_update(value: Any) -> News:
    event = tidy(part(value, "event"), 60).upper()
    return ACCOUNT_EVENTS.get(event, _quiet)(value)


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
    found = part(value, "restriction_info")
    kinds = {
        tidy(part(one, "restriction_type"), 80).upper()
        for one in (each(found) or ([found] if isinstance(found, dict) else []))
    }
    if any("BIZ_INITIATED_MESSAGING" in one for one in kinds):
        said = "WhatsApp does not let the shop write to people first for now, only answer them."
        return AccountNews(f"{said} {MANAGER}", Tone.BAD, status="RESTRICTED")
    return AccountNews(f"WhatsApp has restricted what the shop’s account may do. {MANAGER}", Tone.WARN)


def _violated(value: Any) -> AccountNews:
    kind = tidy(part(value, "violation_info", "violation_type"), 80).replace("_", " ").lower()
    about = f" ({kind})" if kind else ""
    return AccountNews(f"WhatsApp says that the shop has broken one of its rules{about}. {MANAGER}", Tone.BAD)


def _gone(value: Any) -> AccountNews:
    return AccountNews("The shop’s account at WhatsApp was deleted.", Tone.BAD, status="DISCONNECTED")


def _offboarded(value: Any) -> AccountNews:
    said = "WhatsApp has cut the shop’s number off, because it was moved to another telephone or signed out."
    return AccountNews(f"{said} Connect it again under Settings, WhatsApp.", Tone.BAD, status="DISCONNECTED")


def _back(value: Any) -> AccountNews:
    return AccountNews("The shop’s number is connected to WhatsApp again.", status="CONNECTED")


ACCOUNT_EVENTS: Final[dict[str, Callable[[Any], AccountNews]]] = {
    "DISABLED_UPDATE": _banned,
    "ACCOUNT_RESTRICTION": _restricted,
    "ACCOUNT_VIOLATION": _violated,
    "ACCOUNT_DELETED": _gone,
    "ACCOUNT_OFFBOARDED": _offboarded,
    "ACCOUNT_RECONNECTED": _back,
}


def _alert(value: Any) -> News:
    """In an older shape the facts lie one step higher."""
    about = part(value, "alert_info") if isinstance(part(value, "alert_info"), dict) else value
    severity = tidy(part(about, "alert_severity"), 20).upper()
    words = tidy(part(about, "alert_description"), 400) or tidy(part(about, "alert_type"), 80)
    if severity == "INFORMATIONAL" or not words:
        return AccountNews()
    return AccountNews(f"WhatsApp says of the shop’s account: {words}", Tone.BAD if severity == "CRITICAL" else Tone.WARN)  # fmt: skip


def _review(value: Any) -> News:
    decision = tidy(part(value, "decision"), 30).upper()
    if decision == "REJECTED":
        return AccountNews(f"WhatsApp has turned the shop’s account down. {MANAGER}", Tone.BAD)
    return AccountNews()


def _number_quality(value: Any) -> News:
    event, tier = tidy(part(value, "event"), 30).upper(), _tier(value)
    said = {
        "FLAGGED": ("People block or report the shop’s messages, so WhatsApp has marked its number.", Tone.WARN),
        "DOWNGRADE": (f"WhatsApp lets the shop write to fewer people now: {_people(tier)} in a day.", Tone.WARN),
        "UPGRADE": (f"WhatsApp lets the shop write to more people now: {_people(tier)} in a day.", Tone.INFO),
        "UNFLAGGED": ("WhatsApp has taken the mark off the shop’s number.", Tone.INFO),
    }.get(event, ("", Tone.INFO))  # fmt: skip
    quality = {"FLAGGED": "RED", "UNFLAGGED": "GREEN"}.get(event, "")
    return AccountNews(*said, tier=tier, quality=quality)


def _capability(value: Any) -> News:
    return AccountNews(tier=_tier(value))


def _number_name(value: Any) -> News:
    decision, name = (
        tidy(part(value, "decision"), 30).upper(),
        tidy(part(value, "requested_verified_name"), 200),
    )
    if decision == "APPROVED":
        return AccountNews(name=name)
    if decision == "REJECTED":
        return AccountNews(f"WhatsApp has turned down the name “{name}” for the shop’s number.", Tone.WARN)
    return AccountNews()


def _security(value: Any) -> News:
    event = tidy(part(value, "event"), 40).upper()
    if event == "PIN_RESET_REQUEST":
        said = "Somebody has asked WhatsApp to switch off the PIN of the shop’s number. If that was not you, look"
        return AccountNews(f"{said} at WhatsApp Manager now.", Tone.BAD)
    return AccountNews()


def _tier(value: Any) -> str:
    """Told as a word or as a number of people; -1 means any number."""
    for name in (
        "max_daily_conversations_per_business",
        "max_daily_conversation_per_phone",
        "current_limit",
    ):
        told = part(value, name)
        if isinstance(told, str) and told.upper().startswith("TIER_"):
            return tidy(told, 30).upper() if told.upper() != "TIER_NOT_SET" else ""
        if isinstance(told, str) and told.lstrip("-").isdecimal() and told.isascii():
            told = int(told[:12])
        if isinstance(told, int) and not isinstance(told, bool):
            return "TIER_UNLIMITED" if told < 0 else NUMBERS.get(told, f"TIER_{told}")
    return ""


def _people(tier: str) -> str:
    told = tier.removeprefix("TIER_")
    return {"": "another number of people", "UNLIMITED": "any number of people"}.get(told, f"{told} people")


NUMBERS: Final = {250: "TIER_250", 1_000: "TIER_1K", 2_000: "TIER_2K", 10_000: "TIER_10K", 100_000: "TIER_100K"}  # fmt: skip
READERS: Final[dict[str, Callable[[Any], News | None]]] = {
    "message_template_status_update": _template_status,
    "message_template_quality_update": _template_quality,
    "template_category_update": _template_category,
    "account_update": _account_update,
    "account_alerts": _alert,
    "account_review_update": _review,
    "phone_number_quality_update": _number_quality,
    "phone_number_name_update": _number_name,
    "business_capability_update": _capability,
    "security": _security,
}
