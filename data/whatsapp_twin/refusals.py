"""How the platform says no: its codes, the status of the answer, and whether it is told at once or by a webhook later."""

import re
from dataclasses import dataclass
from typing import Any, Final

HREF: Final = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"
SANDBOX: Final = re.compile(r"1555([012])(\d{6})")  # fiction: nobody has these numbers


@dataclass(frozen=True, slots=True)
class Known:
    status: int  # of the answer, where it is told at once
    title: str
    is_late: bool = False  # usually told by a webhook, after the message was taken


CODES: Final[dict[int, Known]] = {
    0: Known(401, "AuthException"),
    1: Known(400, "API Unknown"),
    2: Known(503, "API Service"),
    3: Known(500, "API Method"),
    4: Known(400, "API Too Many Calls"),
    10: Known(403, "Permission Denied"),
    17: Known(400, "User request limit reached"),
    32: Known(400, "Page request limit reached"),
    33: Known(400, "Parameter value is not valid"),
    100: Known(400, "Invalid parameter"),
    102: Known(401, "API Session"),
    104: Known(400, "API calls require an appsecret_proof argument"),
    190: Known(401, "Access token has expired"),
    200: Known(403, "API Permission"),
    341: Known(400, "Application request limit reached"),
    368: Known(403, "Temporarily blocked for policies violations"),
    613: Known(400, "Calls to this API have exceeded the rate limit"),
    2500: Known(401, "An active access token must be used to query information"),
    80007: Known(400, "Rate limit issues"),
    80008: Known(400, "There have been too many calls to this WhatsApp Business account"),
    130429: Known(400, "Rate limit hit"),
    130472: Known(400, "User's number is part of an experiment", True),
    130497: Known(403, "Business account is restricted from messaging users in this country", True),
    131000: Known(500, "Something went wrong"),
    131005: Known(403, "Access denied"),
    131008: Known(400, "Required parameter is missing"),
    131009: Known(400, "Parameter value is not valid"),
    131016: Known(500, "Service unavailable"),
    131021: Known(400, "Recipient cannot be sender"),
    131026: Known(400, "Message undeliverable", True),
    131030: Known(400, "Recipient phone number not in allowed list"),
    131031: Known(403, "Business Account locked", True),
    131037: Known(400, "Display name approval needed before message can be sent", True),
    131042: Known(400, "Business eligibility payment issue", True),
    131045: Known(500, "Incorrect certificate"),
    131047: Known(400, "Re-engagement message", True),
    131048: Known(400, "Spam rate limit hit", True),
    131049: Known(400, "This message was not delivered to maintain healthy ecosystem engagement.", True),
    131050: Known(
        400,
        "Unable to deliver the message. This recipient has chosen to stop receiving marketing messages on WhatsApp "
        "from your business",
        True,
    ),
    131051: Known(400, "Unsupported message type"),
    131052: Known(400, "Media download error", True),
    131053: Known(400, "Media upload error", True),
    131056: Known(400, "(Business Account, Consumer Account) pair rate limit hit"),
    131057: Known(500, "Account in maintenance mode"),
    131062: Known(400, "Business-scoped User ID (BSUID) recipients are not supported for this message."),
    131063: Known(400, "Marketing templates are not supported by Cloud API for this account"),
    131064: Known(400, "Messaging limit reached due to template classification violations"),
    132000: Known(400, "Number of parameters does not match the expected number of params"),
    132001: Known(404, "Template name does not exist in the translation"),
    132005: Known(400, "Template hydrated text too long"),
    132007: Known(400, "Template format character policy violated"),
    132008: Known(400, "Parameter value is not valid"),
    132012: Known(400, "Template parameter format mismatch"),
    132015: Known(400, "Template is paused"),
    132016: Known(400, "Template is disabled"),
    132018: Known(400, "There's an issue with the parameters in your template"),
    132068: Known(400, "Flow is in blocked state"),
    132069: Known(400, "Flow is in throttled state"),
    133000: Known(500, "Incomplete deregistration"),
    133004: Known(503, "Server temporarily unavailable"),
    133005: Known(400, "Two step verification PIN mismatch"),
    133006: Known(400, "Phone number re-verification needed"),
    133008: Known(400, "Too many two step verification PIN guesses"),
    133009: Known(400, "Two step verification PIN guessed too fast"),
    133010: Known(400, "Phone number not registered"),
    133015: Known(400, "Server temporarily unavailable"),
    133016: Known(400, "Account register deregister rate limit exceeded"),
    134011: Known(400, "WhatsApp Payments terms of service has not been accepted"),
    134100: Known(400, "Only marketing messages supported"),
    134101: Known(400, "Template is still syncing"),
    134102: Known(400, "Template unavailable for use"),
    137000: Known(400, "Recipient identity could not be confirmed", True),
    135000: Known(400, "Generic user error"),
}


class Refused(Exception):
    """Said in the answer itself."""

    def __init__(
        self,
        code: int,
        details: str = "",
        *,
        message: str = "",
        subcode: int | None = None,
        kind: str = "OAuthException",
    ) -> None:
        known = CODES.get(code, Known(400, "Unknown"))
        super().__init__(known.title)
        self.code, self.status, self.kind = code, known.status, kind
        self.message = message or f"(#{code}) {known.title}"
        self.details, self.subcode = details, subcode

    def as_json(self, trace: str) -> dict[str, Any]:
        error: dict[str, Any] = {"message": self.message, "type": self.kind, "code": self.code}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        return {"error": error | {"fbtrace_id": trace}}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A code that a number asks for."""

    code: int
    is_late: bool


def asked_for(number: str) -> Wanted | None:
    """+1555 0 131026 fails with 131026, at once or later as the platform does; 1 before it: at once; 2: later."""
    found = SANDBOX.fullmatch(number)
    code = int(found[2]) if found else 0
    if found is None or code not in CODES:
        return None
    return Wanted(code, found[1] == "2" or (found[1] == "0" and CODES[code].is_late))


def told_later(code: int, details: str = "") -> dict[str, Any]:
    """As it stands in a webhook, in `errors`."""
    title = CODES.get(code, Known(400, "Unknown")).title
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": details or title},
        "href": HREF,
    }
