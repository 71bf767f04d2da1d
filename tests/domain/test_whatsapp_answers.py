"""What the platform answers to a message, in every form, and what it is asked: the documented requests, letter by letter."""

import json
from typing import Any, cast

import pytest

from data.answer import Fate
from data.graph import Told
from domain.channels.whatsapp import WhatsAppJob
from domain.message import whatsapp_templates
from domain.message.links import Links
from domain.message.whatsapp import Content
from domain.message.whatsapp_compiling import Template, compiled
from domain.message.whatsapp_templates import WhatsAppTemplate
from domain.refusal import Refusal

Json = dict[str, Any]


def judged(status: int, body: Any) -> tuple[Fate, str, str]:
    job = WhatsAppJob(Content(), (), cast(Links, None), "", {}, {})
    answer = job.judged(Told(status, body if isinstance(body, dict) else {}))
    return answer.fate, answer.stage, answer.reason


def error(code: Any, details: str = "", **more: Any) -> Json:
    about = {"error_data": {"messaging_product": "whatsapp", "details": details}} if details else {}
    return {
        "error": {"message": f"(#{code}) Said so", "type": "OAuthException", "code": code, **about, **more}
    }


REFUSED, LATER = Fate.REFUSED, Fate.DEFERRED
CONTENT, ACCOUNT, THEM = (
    (REFUSED, "content", "template"),
    (REFUSED, "account", "shop_account"),
    (REFUSED, "rcpt"),
)


@pytest.mark.parametrize(
    ("status", "body", "meant"),
    [
        (200, {"messages": [{"id": "wamid.1", "message_status": "held_for_quality_assessment"}]}, (Fate.ACCEPTED, "final", "")),
        (201, {"messages": [{"id": "157b5e14568e8"}], "meta": {"api_status": "stable"}}, (Fate.ACCEPTED, "final", "")),
        (200, {"messages": {"id": "wamid.1"}}, (Fate.ACCEPTED, "final", "")),
        (200, {"messaging_product": "whatsapp"}, (Fate.UNKNOWN, "final", "")),
        (400, {"error": {"message": "(#131026) Message undeliverable"}}, (*THEM, "not_on_whatsapp")),
        (500, error(131057), (LATER, "rcpt", "their_trouble_there")),
        (200, error(131026), (*THEM, "not_on_whatsapp")),
        (400, error(100, "Parameter 'text' is mandatory"), CONTENT),
        (400, error(100, error_subcode=33), ACCOUNT),
        (400, error("100", error_subcode="33"), ACCOUNT),
        (400, error(100, "Invalid parameter: to"), (*THEM, "refused_there")),
        (400, error(131009, "Recipient phone number is not valid"), (*THEM, "refused_there")),
        (400, error(131009, "recipient_type is not valid"), CONTENT),
        (401, error(190, error_subcode=463), ACCOUNT),
        (401, error("190"), ACCOUNT),
        (400, error(102), ACCOUNT),
        (400, error(104), ACCOUNT),
        (400, error(2500), ACCOUNT),
        (400, error(17), (LATER, "rcpt", "too_fast")),
        (400, error(613), (LATER, "rcpt", "too_fast")),
        (429, error(98765), (LATER, "rcpt", "too_fast")),
        (500, error(98765, is_transient=True), (LATER, "rcpt", "their_trouble_there")),
        (400, error(98765), (*THEM, "refused_there")),
        (400, error(131026.0), (*THEM, "not_on_whatsapp")),
        (400, {"errors": [{"code": 131026, "title": "Message undeliverable"}]}, (*THEM, "not_on_whatsapp")),
        (400, {"error": {"code": 131026, "message": {"a": 1}, "error_data": "x"}}, (*THEM, "not_on_whatsapp")),
        (400, {"error": "invalid_request"}, (Fate.UNSENT, "mail", "")),
        (400, {"error": {"code": None}}, (Fate.UNSENT, "mail", "")),
        (502, {"message": "Endpoint request timed out"}, (Fate.UNKNOWN, "final", "")),
    ],
)  # fmt: skip
def test_an_answer_in_any_form_says_whom_it_is_about(
    status: int, body: Json, meant: tuple[Fate, str, str]
) -> None:
    assert judged(status, body) == meant


# What is asked


def text(value: str, name: str = "") -> Json:
    return {"type": "text", **({"parameter_name": name} if name else {}), "text": value}


def asked(components: list[Any], given: Json, to: str = "16505551234") -> Json:
    template = Template("t", "en_US", False, components)
    found = compiled(given, template, own_fields=frozenset(), click="https://shop.example/")
    request: Json = json.loads(found.request(to, {}))
    return request


BODY: Json = {"type": "BODY", "text": "Hello"}


@pytest.mark.parametrize(
    ("components", "given", "sent"),
    [
        ([{"type": "BODY", "text": "Order {{2}} of {{1}}"}], {"body": [{"name": "1", "text": "Ada"}, {"name": "2", "text": "7"}]},
         [{"type": "body", "parameters": [text("Ada"), text("7")]}]),
        ([{"type": "body", "text": "Hello {{first_name}}"}], {"body": [{"name": "first_name", "text": "Ada"}]},
         [{"type": "body", "parameters": [text("Ada", "first_name")]}]),
        ([{"type": "HEADER", "format": "TEXT", "text": "Our {{sale}}"}, BODY], {"header": {"text": "Sale"}},
         [{"type": "header", "parameters": [text("Sale", "sale")]}]),
        ([{"type": "header", "format": "document"}, BODY], {"header": {"link": "https://x.com/a.pdf", "filename": "a.pdf"}},
         [{"type": "header", "parameters": [{"type": "document", "document": {"link": "https://x.com/a.pdf", "filename": "a.pdf"}}]}]),
        ([BODY, {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Shop", "url": "https://x.com/{{1}}"}]}], {"buttons": [{"index": 0, "text": "a"}]},
         [{"type": "button", "sub_type": "url", "index": "0", "parameters": [text("a")]}]),
        ([BODY, {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "No"}, {"type": "URL", "text": "Shop", "url": "https://x.com/{{who}}"}]}], {"buttons": [{"index": 1, "text": "Gonçalves"}]},
         [{"type": "button", "sub_type": "url", "index": "1", "parameters": [text("Gon%C3%A7alves", "who")]}]),
        ([BODY, {"type": "BUTTONS", "buttons": [{"type": "COPY_CODE", "example": "W"}]}], {"buttons": [{"index": 0, "text": "WINTER"}]},
         [{"type": "button", "sub_type": "copy_code", "index": "0", "parameters": [{"type": "coupon_code", "coupon_code": "WINTER"}]}]),
    ],
)  # fmt: skip
def test_each_kind_of_gap_is_filled_as_documented(
    components: list[Any], given: Json, sent: list[Json]
) -> None:
    assert asked(components, given)["template"] == {
        "name": "t",
        "language": {"code": "en_US"},
        "components": sent,
    }


def test_whoever_has_no_number_is_written_to_by_the_id() -> None:
    by_number, by_id = asked([BODY], {}, "+16505551234"), asked([BODY], {}, "GB.13491208655302741918")
    assert (by_number["to"], "recipient" in by_number) == ("+16505551234", False)
    assert (by_id["recipient"], "to" in by_id) == ("GB.13491208655302741918", False)


@pytest.mark.parametrize(
    ("component", "word"),
    [
        ({"type": "HEADER", "format": "LOCATION"}, "location"),
        ({"type": "CAROUSEL", "cards": []}, "carousel"),
        ({"type": "call_permission_request"}, "call_permission_request"),
        *[({"type": "BUTTONS", "buttons": [{"type": kind}]}, kind.lower())
          for kind in ("CATALOG", "MPM", "SPM", "OTP", "ORDER_DETAILS", "REQUEST_CONTACT_INFO", "APP")],
    ],
)  # fmt: skip
def test_what_can_not_be_filled_is_refused_by_its_name_and_never_sent(component: Json, word: str) -> None:
    with pytest.raises(Refusal, match=word):
        asked([component, BODY], {})


@pytest.mark.parametrize(
    ("told", "named", "quality"),
    [
        ({"parameter_format": "named", "quality_score": {"score": "GREEN", "date": 1}}, True, "GREEN"),
        ({"parameter_format": "POSITIONAL", "quality_score": "YELLOW"}, False, "YELLOW"),
        ({"components": [{"type": "BODY", "text": "Hello {{ first_name }}"}], "quality_score": None}, True, ""),
        ({"components": [{"type": "BODY", "text": "Hello {{1}}"}, None], "quality_score": {}}, False, ""),
        ({"components": None, "category": None, "rejected_reason": None}, False, ""),
    ],
)  # fmt: skip
def test_a_template_is_listed_however_its_facts_are_told(told: Json, named: bool, quality: str) -> None:
    row = WhatsAppTemplate(name="t", language="en")
    whatsapp_templates._fill(row, told, None)  # type: ignore[arg-type]
    assert (row.named, row.quality, isinstance(row.components, list)) == (named, quality, True)
