"""What the platform looks at before it takes a message. Pure; a refusal is raised as `Refused`."""

import re
from collections.abc import Mapping
from typing import Any, Final

from data.whatsapp_twin.refusals import Refused
from data.whatsapp_twin.templates import Template, filled, given, places

LONGEST_TEXT, LONGEST_BODY, LONGEST_HEADER, LONGEST_MARK = 4_096, 1_024, 60, 512  # characters
BROKEN: Final = re.compile(r"[\n\r\t]| {5,}")
NUMBER: Final = re.compile(r"\+?[0-9 ().-]+")
USER_ID: Final = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")
MEDIA: Final = ("image", "video", "document")


def recipient(message: Mapping[str, Any]) -> tuple[str, str]:
    """The digits of the number, or the user id; the number wins where both are given."""
    if message.get("messaging_product") != "whatsapp":
        raise Refused(100, message="(#100) The parameter messaging_product is required.")
    to, user_id = message.get("to"), message.get("recipient")
    if to in (None, "") and isinstance(user_id, str) and USER_ID.fullmatch(user_id):
        return "", user_id
    if to in (None, ""):
        raise Refused(100, message="(#100) The parameter to is required.")
    if not isinstance(to, str) or not NUMBER.fullmatch(to):
        raise Refused(131009, "Parameter value is not valid: to")
    digits = re.sub(r"\D", "", to)
    if not 7 <= len(digits) <= 15:
        raise Refused(131009, "Parameter value is not valid: to")
    return digits, ""


def mark(message: Mapping[str, Any]) -> str:
    said = message.get("biz_opaque_callback_data", "")
    if not isinstance(said, str) or len(said) > LONGEST_MARK:
        raise Refused(100, f"biz_opaque_callback_data must be at most {LONGEST_MARK} characters long")
    return said


def text_of(message: Mapping[str, Any]) -> str:
    about = message.get("text")
    words = about.get("body") if isinstance(about, Mapping) else None
    if not isinstance(words, str) or not words:
        raise Refused(131008, "Required parameter is missing: text.body")
    if len(words) > LONGEST_TEXT:
        raise Refused(100, f"Param text['body'] must be at most {LONGEST_TEXT} characters long.")
    return words


def template_of(
    message: Mapping[str, Any], templates: Mapping[tuple[str, str], Template]
) -> tuple[Template, Mapping[str, Any]]:
    """The template that is meant, and the request's part about it, once everything fits."""
    asked = message.get("template")
    language = asked.get("language") if isinstance(asked, Mapping) else None
    if not isinstance(asked, Mapping) or not isinstance(asked.get("name"), str):
        raise Refused(131008, "Required parameter is missing: template.name")
    if not isinstance(language, Mapping) or not isinstance(language.get("code"), str):
        raise Refused(131008, "Required parameter is missing: template.language.code")
    found = templates.get((asked["name"], language["code"]))
    if found is None or found.status in ("REJECTED", "PENDING", "DELETED"):
        raise Refused(132001, f"template name ({asked['name']}) does not exist in {language['code']}")
    if found.status == "PAUSED":
        raise Refused(132015, "Template is paused due to low quality so it cannot be sent.")
    if found.status == "DISABLED":
        raise Refused(132016, "Template has been paused too many times and is now permanently disabled.")
    _check(found, asked)
    return found, asked


def _check(template: Template, asked: Mapping[str, Any]) -> None:
    components = asked.get("components") or []
    if not isinstance(components, list) or not all(isinstance(one, Mapping) for one in components):
        raise Refused(100, "Param components must be an array")
    parts: dict[str, Mapping[str, Any]] = {}
    buttons: dict[str, Mapping[str, Any]] = {}
    for one in components:
        kind = str(one.get("type", "")).lower()
        if kind not in ("header", "body", "button"):
            raise Refused(100, f"Param components.type must be one of header, body, button: {kind}")
        if kind == "button":
            buttons[str(one.get("index"))] = one
        else:
            parts[kind] = one
    _check_header(template, given(parts.get("header", {})))
    _check_text("body", template, str(template.part("BODY").get("text", "")), given(parts.get("body", {})))
    _check_buttons(template, buttons)


def _check_header(template: Template, parameters: list[Mapping[str, Any]]) -> None:
    header = template.part("HEADER")
    kind = str(header.get("format", "TEXT")).lower()
    if kind not in MEDIA:
        _check_text("header", template, str(header.get("text", "")), parameters)
        return
    told = str(parameters[0].get("type", "unknown")).lower() if parameters else "unknown"
    if told != kind:
        raise Refused(132012, f"header: Format mismatch, expected {kind.upper()}, received {told.upper()}")
    about = parameters[0].get(kind)
    if not isinstance(about, Mapping) or not (about.get("link") or about.get("id")):
        raise Refused(131008, f"header: {kind} needs a link or an id")


def _check_text(where: str, template: Template, text: str, parameters: list[Mapping[str, Any]]) -> None:
    wanted = places(text)
    if len(parameters) != len(wanted):
        count = f"number of localizable_params ({len(parameters)})"
        raise Refused(
            132000, f"{where}: {count} does not match the expected number of params ({len(wanted)})"
        )
    for one in parameters:
        _check_parameter(where, one)
    if template.parameter_format == "NAMED" and wanted:
        names = {str(one.get("parameter_name", "")) for one in parameters}
        if names != set(wanted):
            raise Refused(132012, f"{where}: parameter names do not match, expected {', '.join(wanted)}")
    longest = LONGEST_HEADER if where == "header" else LONGEST_BODY
    if len(filled(text, parameters)) > longest:
        raise Refused(132005, f"{where}: hydrated text is longer than {longest} characters")


def _check_parameter(where: str, parameter: Mapping[str, Any]) -> None:
    if parameter.get("type") not in ("text", "currency", "date_time"):
        raise Refused(132012, f"{where}: Parameter format does not match format in the created template")
    words = parameter.get("text")
    if not isinstance(words, str) or not words:
        raise Refused(131008, "Parameter of type text is missing text value")
    if BROKEN.search(words):
        raise Refused(
            132018, "Param text cannot have new-line/tab characters or more than 4 consecutive spaces"
        )


def _check_buttons(template: Template, buttons: Mapping[str, Mapping[str, Any]]) -> None:
    for index in buttons:
        if not index.isdecimal() or int(index) >= len(template.buttons):
            raise Refused(132000, f"buttons: there is no button at index {index}")
    for place, button in enumerate(template.buttons):
        parameters = given(buttons.get(str(place), {}))
        kind = button["type"]
        needs_one = kind == "COPY_CODE" or (kind == "URL" and places(str(button.get("url", ""))))
        if needs_one and not parameters:
            raise Refused(
                131008, f"buttons: Button at index {place} of type {kind.title()} requires a parameter"
            )
        if kind == "URL" and parameters and not needs_one:
            raise Refused(132000, f"buttons: Button at index {place} of type Url does not take a parameter")
        if kind == "COPY_CODE" and not str(parameters[0].get("coupon_code", "")).strip():
            raise Refused(131008, f"buttons: Button at index {place} is missing its coupon_code")
