"""Posts of WhatsApp in the shapes that its documentation shows, old and new, and what the shop reads out of each."""

import json
from typing import Any

import pytest

from domain.ledger.causes import Cause
from domain.results.providers import whatsapp
from domain.results.report import Kind, Report
from domain.results.whatsapp.news import AccountNews, NewNumber, Spoken, TemplateNews, Tone, Wish
from domain.results.whatsapp.words import says
from domain.shop.whatsapp_words import START, STOP

METADATA = {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"}
SHEENA = {"profile": {"name": "Sheena Nelson"}, "wa_id": "16505551234"}


def read(field: str, value: Any, **entry: Any) -> list[Report]:
    change = {"value": value, "field": field}
    whole = {
        "object": "whatsapp_business_account",
        "entry": [{"id": "102290129340398", **entry, "changes": [change]}],
    }
    return whatsapp.read(json.dumps(whole).encode())


def messages(**value: Any) -> list[Report]:
    return read("messages", {"messaging_product": "whatsapp", "metadata": METADATA, **value})


def said(kind: str, content: Any, **more: Any) -> Spoken:
    message = {
        "from": "16505551234",
        "id": "wamid.1",
        "timestamp": "1749416383",
        "type": kind,
        kind: content,
        **more,
    }
    [report] = messages(contacts=[SHEENA], messages=[message])
    assert report.kind is Kind.MESSAGE
    assert (report.address, report.event_id) == ("+16505551234", f"wamid.1/{kind}")
    assert isinstance(report.about, Spoken)
    return report.about


# Statuses


def test_a_status_with_conversation_and_pricing() -> None:
    status = {
        "id": "wamid.HBgL", "status": "sent", "timestamp": "1750263773", "recipient_id": "16505551234",
        "biz_opaque_callback_data": "ours",
        "conversation": {"id": "c", "expiration_timestamp": "1750350180", "origin": {"type": "marketing"}},
        "pricing": {"billable": True, "pricing_model": "CBP", "category": "marketing"},
    }  # fmt: skip
    [report] = messages(statuses=[status])
    assert (report.kind, report.mark, report.message_id) == (Kind.ACCEPTED, "ours", "wamid.HBgL")
    assert (report.address, report.channel) == ("+16505551234", "whatsapp")
    assert report.at is not None
    assert report.at.timestamp() == 1750263773


def test_a_status_of_somebody_who_has_a_name_instead_of_a_number() -> None:
    contact = {
        "profile": {"name": "Pablo M.", "username": "@pablomorales"},
        "user_id": "US.1349",
        "wa_id": "",
    }
    status = {
        "id": "wamid.1",
        "status": "delivered",
        "timestamp": "1750030073",
        "recipient_user_id": "US.1349",
    }
    [report] = messages(contacts=[contact], statuses=[status])
    assert (report.kind, report.address, report.person) == (Kind.DELIVERY, "", "US.1349")


def test_whoever_read_it_has_it() -> None:
    status = {"id": "wamid.1", "status": "read", "timestamp": "1750030073", "recipient_id": "16505551234"}
    opened, arrived = messages(statuses=[status])
    assert (opened.kind, arrived.kind) == (Kind.OPEN, Kind.DELIVERY)
    assert opened.event_id != arrived.event_id


def test_a_failed_status_says_why_and_names_only_the_number() -> None:
    words = "This message was not delivered to maintain healthy ecosystem engagement."
    details = "In order to maintain a healthy ecosystem engagement, the message failed to be delivered."
    error = {
        "code": 131049,
        "title": words,
        "message": words,
        "error_data": {"details": details},
        "href": "/doc",
    }
    status = {
        "id": "wamid.1",
        "status": "failed",
        "timestamp": "1750030073",
        "recipient_id": "16505551234",
        "errors": [error],
    }
    [report] = messages(statuses=[status])
    assert (report.kind, report.permanent, report.reason) == (Kind.BOUNCE, False, Cause.HELD_BY_WHATSAPP)
    assert report.diagnostic.startswith("(#131049) This message")
    assert details in report.diagnostic


def test_what_failed_for_the_shop_itself_is_news_of_the_account() -> None:
    error = {"code": 131042, "title": "Business eligibility payment issue"}
    status = {
        "id": "wamid.1",
        "status": "failed",
        "timestamp": "1",
        "recipient_id": "16505551234",
        "errors": [error],
    }
    [report] = messages(statuses=[status])
    assert isinstance(report.about, AccountNews)
    assert report.about.tone is Tone.BAD
    [whole] = messages(errors=[{"code": 130429, "title": "Rate limit hit"}])
    assert (whole.kind, whole.about) == (Kind.OTHER, None)


def test_many_in_one_post_and_an_unknown_one_among_them() -> None:
    one = {"id": "wamid.1", "status": "delivered", "timestamp": 1750030073, "recipient_id": "16505551234"}
    kinds = [
        report.kind for report in messages(statuses=[one, {**one, "id": "wamid.2", "status": "beamed"}, 7])
    ]
    assert kinds == [Kind.DELIVERY, Kind.OTHER]


# What people send


@pytest.mark.parametrize(
    ("kind", "content", "words", "note"),
    [
        ("text", {"body": "Does it come\nin another color?"}, "Does it come\nin another color?", ""),
        ("button", {"payload": "stop", "text": "Stop promotions"}, "Stop promotions", ""),
        ("interactive", {"type": "button_reply", "button_reply": {"id": "change", "title": "Change"}}, "Change", ""),
        ("interactive", {"type": "list_reply", "list_reply": {"id": "p", "title": "Priority", "description": "Next day"}}, "Priority", ""),
        ("interactive", {"type": "nfm_reply", "nfm_reply": {"name": "flow", "body": "Sent", "response_json": "{}"}}, "Sent", "A form, filled in"),
        ("image", {"caption": "This one", "mime_type": "image/jpeg", "sha256": "x", "id": "1003383421387256"}, "This one", "Photo"),
        ("video", {"mime_type": "video/mp4", "sha256": "x", "id": "1"}, "", "Video"),
        ("audio", {"mime_type": "audio/ogg; codecs=opus", "sha256": "x", "id": "1", "voice": True}, "", "Voice message"),
        ("document", {"caption": "Invoice", "filename": "inv.pdf", "mime_type": "application/pdf", "id": "1"}, "Invoice", "Document: inv.pdf"),
        ("sticker", {"mime_type": "image/webp", "sha256": "x", "id": "1", "animated": False}, "", "Sticker"),
        ("location", {"address": "1071 5th Ave", "latitude": 40.78, "longitude": -73.95, "name": "Guggenheim"}, "", "Place: Guggenheim"),
        ("location", {"latitude": 40.78, "longitude": -73.95}, "", "Place: 40.78, -73.95"),
        ("contacts", [{"name": {"formatted_name": "Barbara J. Johnson"}, "phones": [{"phone": "+1"}]}], "", "Contact: Barbara J. Johnson"),
        ("order", {"catalog_id": "1", "text": "Love these", "product_items": [{"quantity": 2}, {"quantity": 1}]}, "Love these", "Order of 2 items"),
        ("reaction", {"message_id": "wamid.0", "emoji": "👍"}, "", "Reaction: 👍"),
        ("edit", {"original_message_id": "wamid.0", "message": {"type": "text", "text": {"body": "Tomorrow"}}}, "Tomorrow", ""),
        ("revoke", {"original_message_id": "wamid.0"}, "", "Took a message back"),
        ("hologram", {"anything": 1}, "", "Something that WhatsApp does not pass on"),
        ("text", None, "", ""),
    ],
)  # fmt: skip
def test_whatever_people_send_becomes_words_or_a_note(kind: str, content: Any, words: str, note: str) -> None:
    spoken = said(kind, content)
    assert (spoken.words, spoken.note, spoken.name) == (words, note, "Sheena Nelson")


def test_what_whatsapp_itself_does_not_support() -> None:
    errors = [{"code": 131051, "title": "Message type unknown", "error_data": {"details": "not supported"}}]
    spoken = said("unsupported", {"type": "edit"}, errors=errors)
    assert spoken.note == "Something that WhatsApp does not pass on"


def test_a_message_out_of_an_advertisement_says_so_and_an_answer_names_what_it_answers() -> None:
    referral = {
        "source_url": "https://fb.me/3cr4Wqqkv",
        "source_id": "12",
        "source_type": "ad",
        "headline": "Chat with us",
    }
    assert said("text", {"body": "Hi"}, referral=referral).note == "From an advertisement: Chat with us"
    message = {
        "context": {"from": "15550783881", "id": "wamid.ours"}, "from": "16505551234", "id": "wamid.2",
        "timestamp": "1750030073", "type": "text", "text": {"body": "Yes"},
    }  # fmt: skip
    [report] = messages(contacts=[SHEENA], messages=[message])
    assert report.message_id == "wamid.ours"


def test_a_thumb_and_words_in_a_group_open_no_window() -> None:
    assert said("text", {"body": "Hi"}).opens_window
    assert not said("reaction", {"message_id": "wamid.0", "emoji": "👍"}).opens_window
    assert not said("text", {"body": "Hi"}, group_id="HBgG").opens_window


def test_each_message_of_several_belongs_to_its_own_sender() -> None:
    other = {"profile": {"name": "Ben"}, "wa_id": "16505559999", "user_id": "US.9"}
    two = [
        {"from": "16505559999", "id": "wamid.1", "timestamp": "1", "type": "text", "text": {"body": "one"}},
        {"from": "16505551234", "id": "wamid.2", "timestamp": "1", "type": "text", "text": {"body": "two"}},
        {
            "from_user_id": "US.7",
            "id": "wamid.3",
            "timestamp": "1",
            "type": "text",
            "text": {"body": "three"},
        },
    ]
    found = messages(contacts=[SHEENA, other], messages=two)
    names = [one.about.name for one in found if isinstance(one.about, Spoken)]
    assert names == ["Ben", "Sheena Nelson", ""]
    assert [(one.address, one.person) for one in found] == [
        ("+16505559999", "US.9"), ("+16505551234", ""), ("", "US.7")
    ]  # fmt: skip


@pytest.mark.parametrize(
    "system",
    [
        {"body": "User A changed from B to C", "wa_id": "12195555358", "user_id": "US.2", "type": "user_changed_number"},
        {"body": "User A changed from B to C", "new_wa_id": "12195555358", "user_id": "US.2", "type": "user_changed_number"},
        {"body": "x", "customer": "16505551234", "wa_id": "12195555358", "user_id": "US.2", "type": "customer_changed_number"},
    ],
)  # fmt: skip
def test_a_new_number_is_told_in_three_shapes(system: dict[str, Any]) -> None:
    message = {
        "from": "16505551234",
        "id": "wamid.1",
        "timestamp": "1749416383",
        "type": "system",
        "system": system,
    }
    [report] = messages(messages=[message])
    assert report.address == "+16505551234"
    assert report.about == NewNumber(number="+12195555358", new_id="US.2")


def test_another_id_of_the_same_person() -> None:
    change = {
        "wa_id": "16505551234",
        "detail": "x",
        "user_id": {"previous": "US.1", "current": "US.2"},
        "timestamp": "1",
    }
    [report] = read(
        "user_id_update", {"metadata": METADATA, "contacts": [SHEENA], "user_id_update": [change]}
    )
    assert report.about == NewNumber(old_id="US.1", new_id="US.2")


@pytest.mark.parametrize(("value", "allowed"), [("stop", False), ("resume", True), ("STOP", False)])
def test_stopping_and_resuming_in_the_app(value: str, allowed: bool) -> None:
    wish = {
        "wa_id": "16505551234",
        "detail": "User requested",
        "category": "marketing_messages",
        "value": value,
        "timestamp": 1731705721,
    }
    [report] = read(
        "user_preferences",
        {"metadata": METADATA, "contacts": [{"wa_id": "16505551234"}], "user_preferences": [wish]},
    )
    assert (report.about, report.address) == (Wish(allowed), "+16505551234")
    assert report.at is not None
    [unknown] = read("user_preferences", {"user_preferences": [wish | {"category": "calls"}]})
    assert unknown.about is None


# What the platform says of the shop

TEMPLATE = {"message_template_id": 1689556908129832, "message_template_name": "order_ready", "message_template_language": "en-US"}  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "news"),
    [
        ("message_template_status_update", {"event": "APPROVED", "reason": "NONE", "message_template_category": "MARKETING"}, {"status": "APPROVED", "category": "MARKETING"}),
        ("message_template_status_update", {"event": "REJECTED", "reason": "INVALID_FORMAT", "rejection_info": {"reason": "Two gaps side by side", "recommendation": "x"}}, {"status": "REJECTED", "reason": "Two gaps side by side"}),
        ("message_template_status_update", {"event": "PAUSED", "reason": None, "other_info": {"title": "FIRST_PAUSE", "description": "Paused for 3 hours"}}, {"status": "PAUSED", "reason": "Paused for 3 hours"}),
        ("message_template_status_update", {"event": "DISABLED", "disable_info": {"disable_date": 1751234563}}, {"status": "DISABLED"}),
        ("message_template_quality_update", {"previous_quality_score": "GREEN", "new_quality_score": "YELLOW"}, {"quality": "YELLOW"}),
        ("template_category_update", {"previous_category": "UTILITY", "new_category": "MARKETING"}, {"category": "MARKETING"}),
        ("template_category_update", {"correct_category": "MARKETING", "new_category": "UTILITY", "category_update_timestamp": 1}, {"category": "UTILITY", "will_be": "MARKETING"}),
        ("message_template_components_update", {"message_template_element": "Thank you, {{1}}"}, {}),
    ],
)  # fmt: skip
def test_news_of_a_template(field: str, value: dict[str, Any], news: dict[str, str]) -> None:
    [report] = read(field, TEMPLATE | value, time=1751247548)
    assert report.about == TemplateNews("order_ready", "en-US", number="1689556908129832", **news)
    assert report.at is not None


@pytest.mark.parametrize(
    ("field", "value", "tone", "told"),
    [
        ("account_update", {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE", "waba_ban_date": "May 1, 2026"}}, Tone.BAD, {"status": "BANNED"}),
        ("account_update", {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": ["REINSTATE"]}}, Tone.INFO, {"status": "CONNECTED"}),
        ("account_update", {"event": "ACCOUNT_RESTRICTION", "restriction_info": [{"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": 1}]}, Tone.BAD, {"status": "RESTRICTED"}),
        ("account_update", {"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "ADULT"}}, Tone.BAD, {}),
        ("account_update", {"event": "PARTNER_ADDED", "waba_info": {"waba_id": "1"}}, None, {}),
        ("account_alerts", {"entity_type": "PHONE_NUMBER", "entity_id": 1, "alert_info": {"alert_severity": "WARNING", "alert_status": "ACTIVE", "alert_type": "X", "alert_description": "Verify"}}, Tone.WARN, {}),
        ("account_alerts", {"alert_severity": "INFORMATIONAL", "alert_type": "OBA_APPROVED", "alert_description": "Sample"}, None, {}),
        ("account_review_update", {"decision": "APPROVED"}, None, {}),
        ("phone_number_quality_update", {"event": "DOWNGRADE", "old_limit": "TIER_1K", "current_limit": "TIER_250", "max_daily_conversations_per_business": "TIER_250"}, Tone.WARN, {"tier": "TIER_250"}),
        ("phone_number_quality_update", {"event": "ONBOARDING", "old_limit": "TIER_NOT_SET", "current_limit": "TIER_250"}, None, {"tier": "TIER_250"}),
        ("phone_number_quality_update", {"event": "FLAGGED", "current_limit": "TIER_1K"}, Tone.WARN, {"tier": "TIER_1K", "quality": "RED"}),
        ("business_capability_update", {"max_daily_conversations_per_business": 2000, "max_phone_numbers_per_waba": 25}, None, {"tier": "TIER_2K"}),
        ("business_capability_update", {"max_daily_conversation_per_phone": -1}, None, {"tier": "TIER_UNLIMITED"}),
        ("phone_number_name_update", {"decision": "APPROVED", "requested_verified_name": "Marlow"}, None, {"name": "Marlow"}),
        ("phone_number_name_update", {"decision": "REJECTED", "requested_verified_name": "M", "rejection_reason": "X"}, Tone.WARN, {}),
        ("security", {"event": "PIN_RESET_REQUEST", "display_phone_number": "1", "requester": "2"}, Tone.BAD, {}),
    ],
)  # fmt: skip
def test_news_of_the_account(
    field: str, value: dict[str, Any], tone: Tone | None, told: dict[str, str]
) -> None:
    [report] = read(field, value, time=1751247548)
    assert isinstance(report.about, AccountNews)
    assert bool(report.about.sentence) is (tone is not None)
    assert report.about.tone is (tone or Tone.INFO)
    facts = {name: getattr(report.about, name) for name in ("tier", "quality", "name", "status")}
    assert {name: value for name, value in facts.items() if value} == told


@pytest.mark.parametrize(
    "field",
    ["history", "smb_message_echoes", "smb_app_state_sync", "calls", "flows", "group_status_update", "partner_solutions",
     "payment_configuration_update", "business_username_update", "standby", "messaging_handovers", "brand_new"],
)  # fmt: skip
def test_a_field_that_has_no_meaning_here_is_kept_and_draws_nothing(field: str) -> None:
    value = {
        "messaging_product": "whatsapp",
        "metadata": METADATA,
        "message_echoes": [{"from": "1", "to": "2"}],
    }
    [report] = read(field, value)
    assert (report.kind, report.said, report.about) == (Kind.OTHER, field, None)
    is_of_people = field in (
        "history",
        "smb_message_echoes",
        "smb_app_state_sync",
        "standby",
        "messaging_handovers",
    )
    assert ("message_echoes" in report.excerpt) is not is_of_people  # what they said is not kept


def test_the_same_news_has_the_same_number_in_whichever_post_it_comes() -> None:
    one = {"id": "wamid.1", "status": "delivered", "timestamp": "1750030073", "recipient_id": "16505551234"}
    two = {"id": "wamid.2", "status": "delivered", "timestamp": "1750030074", "recipient_id": "16505559999"}
    together = {report.event_id for report in messages(statuses=[one, two])}
    apart = {
        report.event_id for status in (two, one) for report in messages(contacts=[SHEENA], statuses=[status])
    }
    assert together == apart
    twice = {read("account_update", {"event": "ACCOUNT_DELETED"}, time=time)[0].event_id for time in (1, 2)}
    assert len(twice) == 2


def test_a_bare_change_as_their_test_button_shows_it_is_read() -> None:
    status = {"id": "wamid.1", "status": "delivered", "timestamp": "1", "recipient_id": "16505551234"}
    bare = {"field": "messages", "value": {"statuses": [status]}}
    assert [one.kind for one in whatsapp.read(json.dumps(bare).encode())] == [Kind.DELIVERY]
    nameless = {"entry": [{"changes": [{"value": {"statuses": [status]}}]}]}
    assert [one.kind for one in whatsapp.read(json.dumps(nameless).encode())] == [Kind.DELIVERY]


def test_the_words_to_stop_and_to_start_are_not_each_others() -> None:
    assert not [word for word in START if says(word, STOP)]
    assert not says("", STOP)
    assert not says("stop " * 60, STOP)
