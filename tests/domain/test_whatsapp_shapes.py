"""The many shapes in which WhatsApp says the same, older and newer ones: one table for each kind of thing."""

import json
from typing import Any

import pytest

from domain.ledger.causes import Cause
from domain.results.providers import whatsapp
from domain.results.report import Kind, Report
from domain.results.whatsapp.news import AccountNews, NewNumber, Spoken, TemplateNews, Tone, Wish

OURS, ACCOUNT = "106540352242922", "102290129340398"
KEYS = {"phone_number_id": OURS, "business_account_id": ACCOUNT}
NUMBER, ID = "16505551234", "GB.13491208655302741918"
NORA = {"profile": {"name": "Nora Field"}, "wa_id": NUMBER}
WRITTEN = {"from": NUMBER, "id": "wamid.1", "timestamp": "1749416383"}
TEXT = {**WRITTEN, "type": "text", "text": {"body": "Good morning"}}
DELIVERED = {"id": "wamid.1", "status": "delivered", "timestamp": "1749416383", "recipient_id": NUMBER}
FAILED = {**DELIVERED, "status": "failed"}
Json = dict[str, Any]


def read(whole: Any) -> list[Report]:
    return whatsapp.read(json.dumps(whole).encode(), KEYS)


def change(field: str, value: Json, *, account: str = ACCOUNT, time: Any = 1749416383) -> Json:
    entry = {"id": account, "time": time, "changes": [{"field": field, "value": value}]}
    return {"object": "whatsapp_business_account", "entry": [entry]}


def conversation(*, number: str = OURS, **value: Any) -> Json:
    metadata = {"display_phone_number": "15550783881", "phone_number_id": number}
    return change("messages", {"messaging_product": "whatsapp", "metadata": metadata, **value})


def spoken(message: Json, *, contacts: list[Json] | None = None) -> tuple[Report, Spoken]:
    [report] = read(conversation(contacts=contacts or [NORA], messages=[message]))
    assert isinstance(report.about, Spoken)
    return report, report.about


# How a post is put together

VALUE: Json = {"contacts": [NORA], "messages": [TEXT]}


@pytest.mark.parametrize(
    "whole",
    [
        conversation(**VALUE),
        {"field": "messages", "value": VALUE},
        {"changes": [{"field": "messages", "value": VALUE}]},
        {"entry": {"id": ACCOUNT, "changes": {"field": "messages", "value": VALUE}}},
        VALUE,  # as programs on the shop's own computer once posted it
        [{"messaging_product": "whatsapp", **VALUE, "field": "messages"}],
        conversation(contacts=NORA, messages=TEXT),
    ],
)
def test_a_message_is_read_however_it_is_wrapped(whole: Any) -> None:
    [report] = read(whole)
    assert (report.kind, report.address, report.elsewhere) == (Kind.MESSAGE, f"+{NUMBER}", False)
    assert isinstance(report.about, Spoken)
    assert (report.about.words, report.about.name) == ("Good morning", "Nora Field")


def test_what_nobody_can_read_costs_nothing_that_stands_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(field: str, value: Any) -> None:
        raise KeyError(field)

    monkeypatch.setattr(whatsapp, "notice", breaks)
    whole = conversation(statuses=[7, DELIVERED, None, {"status": ["x"]}], messages=["x", TEXT])
    whole["entry"].append(change("account_update", {"event": "ACCOUNT_DELETED"})["entry"][0])
    kinds = [(one.kind, one.said) for one in read(whole)]
    assert kinds == [
        (Kind.DELIVERY, "delivered"), (Kind.OTHER, ""), (Kind.MESSAGE, "text"), (Kind.OTHER, "unreadable")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("1749416383", 1749416383),
        (1749416383, 1749416383),
        (1749416383123, 1749416383.123),
        ("1749416383123", 1749416383.123),
        ("1749416383.5", 1749416383.5),
        ("2025-06-08T20:59:43+00:00", 1749416383),
        ("0", None),
        (-5, None),
        (10**30, None),
        ("soon", None),
        (True, None),
    ],
)
def test_a_moment_is_read_in_every_spelling_and_an_impossible_one_is_none(
    told: Any, seconds: float | None
) -> None:
    [report] = read(conversation(statuses=[{**DELIVERED, "timestamp": told}]))
    assert (report.at.timestamp() if report.at else None) == seconds


# Who is meant


@pytest.mark.parametrize(
    ("told", "number", "user"),
    [
        ({"recipient_id": NUMBER}, f"+{NUMBER}", ""),
        ({"recipient_id": int(NUMBER)}, f"+{NUMBER}", ""),
        ({"recipient_id": "+1 (650) 555-1234"}, f"+{NUMBER}", ""),
        ({"recipient_id": NUMBER, "recipient_user_id": ID}, f"+{NUMBER}", ID),
        ({"recipient_user_id": ID}, "", ID),
        ({"recipient_id": ID}, "", ID),
        ({}, "", ""),
    ],
)
def test_somebody_is_known_by_number_or_by_id_wherever_either_stands(
    told: Json, number: str, user: str
) -> None:
    status = {name: value for name, value in DELIVERED.items() if name != "recipient_id"} | told
    [report] = read(conversation(statuses=[status]))
    assert (report.kind, report.address, report.person) == (Kind.DELIVERY, number, user)


@pytest.mark.parametrize(
    ("contact", "sender", "user", "name"),
    [
        ({**NORA, "user_id": ID}, {"from": NUMBER}, ID, "Nora Field"),
        ({"profile": {"name": "Nora Field"}, "wa_id": ID}, {"from": ID}, ID, "Nora Field"),
        ({"profile": {"name": "Nora Field", "username": "@nora"}, "user_id": ID}, {"from_user_id": ID}, ID, "Nora Field"),
        ({"profile": {"name": "Ben"}, "wa_id": "16505559999", "user_id": "GB.9"}, {"from": NUMBER}, "", ""),
        ({"wa_id": NUMBER}, {"from": NUMBER}, "", ""),
    ],
)  # fmt: skip
def test_the_contact_beside_a_message_is_believed_unless_it_is_somebody_else(
    contact: Json, sender: Json, user: str, name: str
) -> None:
    message = {name: value for name, value in TEXT.items() if name != "from"} | sender
    report, about = spoken(message, contacts=[contact])
    assert (report.person, about.name) == (user, name)


# What became of a message


@pytest.mark.parametrize(
    ("errors", "reason", "permanent", "words"),
    [
        ([{"code": 131026, "title": "Message undeliverable"}], Cause.NOT_ON_WHATSAPP, True, "(#131026) Message undeliverable"),
        ([{"code": "131026", "title": "T", "details": "D"}], Cause.NOT_ON_WHATSAPP, True, "(#131026) T D"),
        ({"code": 131026.0, "message": "M"}, Cause.NOT_ON_WHATSAPP, True, "(#131026) M"),
        ([{"code": 131000, "title": "T"}, {"code": 131026, "title": "U"}], Cause.NOT_ON_WHATSAPP, True, "(#131026) U"),
        ([{"code": 470, "title": "24 hours have passed"}], Cause.WINDOW_CLOSED, True, "(#470) 24 hours have passed"),
        ([{"code": 1013, "title": "User is not valid"}], Cause.NOT_ON_WHATSAPP, True, "(#1013) User is not valid"),
        ([{"code": 131049, "error_data": {"details": "D"}}], Cause.HELD_BY_WHATSAPP, False, "(#131049) D"),
        ([{"message": "(#131026) Message undeliverable"}], Cause.NOT_ON_WHATSAPP, True, "(#131026) Message undeliverable"),
        ([{"error_code": 131026, "error_message": "M"}], Cause.NOT_ON_WHATSAPP, True, "(#131026) M"),
        ([{"title": "T"}], Cause.REFUSED_THERE, True, "T"),
        ([], Cause.REFUSED_THERE, True, "WhatsApp did not say why."),
        (None, Cause.REFUSED_THERE, True, "WhatsApp did not say why."),
    ],
)  # fmt: skip
def test_why_it_failed_is_read_in_every_form_and_without_a_number_nothing_else_is_concluded(
    errors: Any, reason: Cause, permanent: bool, words: str
) -> None:
    [report] = read(conversation(statuses=[{**FAILED, "errors": errors}]))
    assert (report.kind, report.reason, report.permanent, report.diagnostic) == (
        Kind.BOUNCE,
        reason,
        permanent,
        words,
    )
    assert report.about is None


@pytest.mark.parametrize(
    "other",
    [
        {"type": "payment", "payment": {"reference_id": "7", "transaction": {"status": "failed"}}},
        {"type": "call"},
        {"recipient_type": "group", "recipient_id": "Y2FwaV9ncm91cDox", "recipient_participant_id": NUMBER},
    ],
)  # fmt: skip
@pytest.mark.parametrize("status", ["delivered", "read", "failed"])
def test_words_about_payments_calls_and_groups_say_nothing_of_a_message(status: str, other: Json) -> None:
    errors = [{"code": 131042, "title": "Business eligibility payment issue"}]
    [report] = read(conversation(statuses=[{**DELIVERED, "status": status, "errors": errors, **other}]))
    assert (report.kind, report.message_id, report.about) == (Kind.OTHER, "", None)


@pytest.mark.parametrize("said", ["read", "played"])
def test_who_has_read_or_heard_it_has_it(said: str) -> None:
    found = read(conversation(statuses=[{**DELIVERED, "status": said}]))
    assert [one.kind for one in found] == [Kind.OPEN, Kind.DELIVERY]


# What people say


@pytest.mark.parametrize(
    ("message", "words", "note", "opens"),
    [
        ({"type": "request_welcome"}, None, None, False),
        ({"type": "system", "system": {"type": "customer_identity_changed", "body": "x"}}, None, None, False),
        ({"type": "edit", "edit": {"original_message_id": "w", "message": {"type": "text", "text": {"body": "Two"}}}}, "Two", "", False),
        ({"type": "edit", "edit": {"original_message_id": "w"}}, "", "Something that WhatsApp does not pass on", False),
        ({"type": "interactive", "interactive": {"type": "call_permission_reply", "call_permission_reply": {"response": "accept"}}}, "", "Said that the shop may call", False),
        ({"type": "interactive", "interactive": {"button_reply": {"id": "1", "title": "Yes"}}}, "Yes", "", True),
        ({"type": "contacts", "contacts": [{"phones": [{"phone": "+1 650"}]}, {"name": {"first_name": "Ada"}}, 7]}, "", "Contact: +1 650, Ada", True),
        ({"type": "voice", "voice": {"id": "1"}}, "", "Voice message", True),
        ({"type": "unsupported", "unsupported": {"type": "poll_update"}}, "", "Something that WhatsApp does not pass on", True),
        ({"text": {"body": "No kind"}}, "No kind", "", True),
        ({"type": "text", "text": "Bare"}, "Bare", "", True),
        ({"type": "text", "text": {"body": "To all"}, "group_id": "g"}, "To all", "", False),
    ],
)  # fmt: skip
def test_what_is_said_and_whether_it_opens_a_window(
    message: Json, words: str | None, note: str | None, opens: bool
) -> None:
    [report] = read(conversation(contacts=[NORA], messages=[WRITTEN | message]))
    if words is None:
        assert (report.kind, report.about) == (Kind.OTHER, None)
        return
    assert isinstance(report.about, Spoken)
    assert (report.about.words, report.about.note, report.about.opens_window) == (words, note, opens)


@pytest.mark.parametrize("more", [{"context": {"forwarded": True}}, {"context": {"frequently_forwarded": True}}, {"group_id": "g"}])  # fmt: skip
def test_what_was_passed_on_or_said_to_many_is_no_word_to_the_shop(more: Json) -> None:
    assert spoken(TEXT)[1].is_personal
    assert not spoken(TEXT | more)[1].is_personal


@pytest.mark.parametrize(
    ("system", "moved"),
    [
        ({"type": "user_changed_number", "wa_id": "16505550000", "body": "x"}, NewNumber("", "+16505550000", "")),
        ({"type": "user_changed_user_id", "user_id": ID, "previous_user_id": "GB.1"}, NewNumber("GB.1", "", ID)),
        ({"type": "user_changed_user_id", "user_id": ID, "body": f"Nora changed from GB.1 to {ID}"}, NewNumber("GB.1", "", ID)),
        ({"type": "user_changed_user_id", "user_id": ID, "wa_id": "16505550000"}, NewNumber("", "+16505550000", ID)),
    ],
)  # fmt: skip
def test_another_number_or_id_is_read_from_wherever_the_old_one_stands(
    system: Json, moved: NewNumber
) -> None:
    [report] = read(conversation(messages=[WRITTEN | {"type": "system", "system": system}]))
    assert (report.kind, report.about) == (Kind.OTHER, moved)


# What is not the shop's


def test_another_number_of_the_business_is_marked_and_says_nothing_of_this_account() -> None:
    errors = [{"code": 131042, "title": "Business eligibility payment issue"}]
    whole = conversation(
        number="999", statuses=[{**FAILED, "errors": errors}], messages=[TEXT], errors=errors
    )
    assert [(one.elsewhere, isinstance(one.about, AccountNews)) for one in read(whole)] == [(True, False)] * 3
    assert not any(one.elsewhere for one in read(conversation(statuses=[FAILED])))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("message_template_status_update", {"event": "PAUSED", "message_template_name": "a", "message_template_language": "en"}),
        ("business_capability_update", {"max_daily_conversations_per_business": 250}),
        ("account_update", {"event": "ACCOUNT_DELETED"}),
    ],
)  # fmt: skip
def test_notices_of_another_account_draw_nothing(field: str, value: Json) -> None:
    assert read(change(field, value))[0].about is not None
    assert read(change(field, value, account="777"))[0].about is None
    assert read(change(field, value, account="0"))[0].about is None  # as their test button has it


@pytest.mark.parametrize(
    ("info", "disconnection", "tone", "status"),
    [
        (
            {"waba_id": ACCOUNT, "owner_business_id": "1"},
            {"reason": "PRIMARY_INACTIVITY"},
            Tone.BAD,
            "DISCONNECTED",
        ),
        ({"waba_id": ACCOUNT}, None, Tone.WARN, ""),
        ({"waba_id": "777"}, {"reason": "PRIMARY_INACTIVITY"}, None, ""),
        ({"owner_business_id": "1"}, None, None, ""),
    ],
)
def test_who_is_cut_off_is_told_by_the_account_and_not_by_who_tells_it(
    info: Json, disconnection: Json | None, tone: Tone | None, status: str
) -> None:
    value = {"event": "PARTNER_REMOVED", "waba_info": info, "disconnection_info": disconnection}
    about = read(change("account_update", value, account="2949482758682047"))[0].about
    assert (about.tone, about.status) == (tone, status) if isinstance(about, AccountNews) else tone is None


@pytest.mark.parametrize(
    ("field", "value", "tone", "status"),
    [
        ("account_offboarded", {"reason": "USER_INITIATED"}, Tone.BAD, "DISCONNECTED"),
        ("account_reconnected", {}, Tone.INFO, "CONNECTED"),
        ("account_update", {"event": "ACCOUNT_OFFBOARDED"}, Tone.BAD, "DISCONNECTED"),
        ("account_review_update", {"decision": "DECLINED"}, Tone.BAD, ""),
        ("account_alerts", {"alert_type": "OBA_APPROVED", "alert_severity": "CRITICAL", "alert_description": "Fine"}, Tone.INFO, ""),
    ],
)  # fmt: skip
def test_the_same_of_the_account_is_the_same_in_each_spelling(
    field: str, value: Json, tone: Tone, status: str
) -> None:
    about = read(change(field, value))[0].about
    assert isinstance(about, AccountNews)
    assert (about.tone, about.status) == (tone, status)


@pytest.mark.parametrize(
    ("kinds", "why", "tone", "words"),
    [
        ([{"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": "1750705800"}], "", Tone.BAD, "until 23 June 2025"),
        ([{"restriction_type": "RESTRICTED_CUSTOMER_INITIATED_MESSAGING"}], "", Tone.BAD, "answer people for now"),
        ([{"restriction_type": "RESTRICTED_UTILITY_TEMPLATES"}], "X", Tone.WARN, "restricted what"),
        ([{"restriction_type": "RESTRICTED_BUSINESS_INITIATED_CALLING"}], "", Tone.INFO, ""),
        ([], "CATEGORY_ABUSE_UNBAN", Tone.INFO, "lifted"),
        ([], "CATEGORY_ABUSE_WARN", Tone.WARN, "restricted what"),
    ],
)  # fmt: skip
def test_what_the_account_may_not_do_is_said_with_its_end(
    kinds: list[Json], why: str, tone: Tone, words: str
) -> None:
    value = {
        "event": "ACCOUNT_RESTRICTION",
        "restriction_info": kinds,
        "violation_info": {"violation_type": why},
    }
    about = read(change("account_update", value, time="1750101000"))[0].about
    assert isinstance(about, AccountNews)
    assert about.tone is tone
    assert words in about.sentence
    assert bool(words) is bool(about.sentence)


def test_how_fast_a_number_is_says_nothing_of_how_many_it_may_write_to() -> None:
    value = {
        "display_phone_number": "15550783881",
        "event": "THROUGHPUT_UPGRADE",
        "current_limit": "TIER_UNLIMITED",
    }
    tiers = []
    for more in ({}, {"max_daily_conversations_per_business": "TIER_2K"}):
        about = read(change("phone_number_quality_update", value | more))[0].about
        assert isinstance(about, AccountNews)
        tiers.append((about.tier, about.number))
    assert tiers == [("", "15550783881"), ("TIER_2K", "15550783881")]


def test_a_template_is_told_by_its_number_where_its_name_is_missing() -> None:
    value = {"event": "PAUSED", "message_template_id": 1689556908129832, "reason": None}
    assert read(change("message_template_status_update", value))[0].about == TemplateNews(
        "", "", "PAUSED", number="1689556908129832"
    )


@pytest.mark.parametrize("field", ["history", "standby", "smb_message_echoes"])
def test_what_was_said_on_the_shops_telephone_is_no_news_and_is_not_kept(field: str) -> None:
    stop = {**WRITTEN, "type": "text", "text": {"body": "STOP"}}
    threads = [{"threads": [{"id": NUMBER, "messages": [stop]}]}]
    value = {
        "metadata": {"phone_number_id": OURS},
        "messages": [stop],
        "message_echoes": [stop],
        "history": threads,
    }
    [report] = read(change(field, value))
    assert (report.kind, report.address, report.about, report.excerpt) == (Kind.OTHER, "", None, "")


def test_a_wish_is_known_by_id_too() -> None:
    wish = {"wa_id": ID, "category": "marketing_messages", "value": "stop", "timestamp": 1749416383}
    [report] = read(change("user_preferences", {"user_preferences": [wish]}))
    assert (report.about, report.person) == (Wish(False), ID)
