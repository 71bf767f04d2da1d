"""What went wrong, told to a program: always `{"error": {"code", "message", "details"}}`, with a sentence for a person."""

import logging
import secrets
from collections.abc import Mapping
from typing import Any, Final

from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from pydantic.alias_generators import to_camel
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException

from domain.refusal import Kind, Refusal
from ui.api.replies import Reply
from ui.words import STORAGE_TROUBLE

log = logging.getLogger("handbill.api")

STATUS: Final[Mapping[Kind, int]] = {
    Kind.MALFORMED: 400,
    Kind.SIGNED_OUT: 401,
    Kind.FORBIDDEN: 403,
    Kind.MISSING: 404,
    Kind.CONFLICT: 409,
    Kind.TOO_LARGE: 413,
    Kind.REFUSED: 422,
    Kind.SLOW_DOWN: 429,
}
NO_HEADERS: Final[Mapping[str, str]] = {}
HEADERS: Final[Mapping[Kind, Mapping[str, str]]] = {
    Kind.SIGNED_OUT: {"WWW-Authenticate": "Bearer"},
    Kind.SLOW_DOWN: {"Retry-After": "60"},
}
HTTP: Final[Mapping[int, tuple[str, str]]] = {
    400: ("malformed", "The body can't be read. Send it as JSON in UTF-8."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take that method."),
    413: ("too_large", "This is more than can be taken at once."),
}
MOST_FIELDS: Final = 20
PROBLEMS: Final[Mapping[str, str]] = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "json_invalid": "is not valid JSON",
}


def answer(fault: Exception) -> Reply:
    """Whatever a client sent, this is no 500; a fault of ours goes to the log under a number."""
    if isinstance(fault, Refusal):
        return refused(fault)
    if isinstance(fault, RequestValidationError):
        return _malformed(fault)
    if isinstance(fault, HTTPException):
        return _http(fault)
    if isinstance(fault, StaleDataError):
        return _error(
            409, "changed_meanwhile", "Somebody else changed this at the same moment. Load it again."
        )
    if isinstance(fault, OperationalError):
        return _storage(fault)
    return _ours(fault)


def refused(refusal: Refusal) -> Reply:
    details = {to_camel(name): value for name, value in refusal.details.items()}
    if isinstance(details.get("field"), str):
        details["field"] = to_camel(details["field"])
    headers = HEADERS.get(refusal.kind, NO_HEADERS)
    return _error(STATUS[refusal.kind], refusal.code, refusal.sentence, details, headers)


def _malformed(fault: RequestValidationError) -> Reply:
    fields = dict(_field(one) for one in fault.errors()[:MOST_FIELDS])
    name, problem = next(iter(fields.items()))
    return _error(400, "malformed", f"{name or 'The body'} {problem}.", {"fields": fields})


def _field(error: Mapping[str, Any]) -> tuple[str, str]:
    """ "audience.type", and what is wrong with it. The value itself is not sent back."""
    kind, where = str(error["type"]), error["loc"][1:]
    name = "" if kind == "json_invalid" else ".".join(str(part)[:60] for part in where)
    said = str(error["msg"]).removeprefix("Value error, ")
    return name, PROBLEMS.get(kind, f"can't be taken: {said[:1].lower()}{said[1:]}")


def _http(fault: HTTPException) -> Reply:
    code, sentence = HTTP.get(fault.status_code, ("refused", "This can't be done."))
    return _error(fault.status_code, code, sentence, headers=fault.headers or NO_HEADERS)


def _storage(fault: OperationalError) -> Reply:
    """A full disk, or a database that somebody else holds for too long."""
    log.error("the database refused: %s", fault.orig)
    return _error(503, "storage_trouble", STORAGE_TROUBLE, headers={"Retry-After": "10"})


def _ours(fault: Exception) -> Reply:
    number = secrets.token_hex(4)
    log.error("fault %s", number, exc_info=fault)
    sentence = f"Something went wrong on our side. It is noted as {number}."
    return _error(500, "fault", sentence, {"id": number})


def _error(
    status: int,
    code: str,
    sentence: str,
    details: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] = NO_HEADERS,
) -> Reply:
    error = {"code": code, "message": sentence, "details": jsonable_encoder(details or {})}
    return Reply({"error": error}, status, headers=dict(headers))
