"""The link in every marketing message. Looking at it changes nothing; a press, or a mail program's one-click post, does.

RFC 8058: the post comes from anywhere, without a cookie, and is answered with 200 and no redirect.
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse

from data.database import now, reading, unit
from domain.channels.email import links
from domain.message.links import UNSUBSCRIBE
from domain.sending import opt_out
from domain.sending.opt_out import Recipient
from domain.shop import shop as shops
from ui import plain

router = APIRouter(include_in_schema=False)

STOP, STOP_ALL, UNDO = "stop", "stop_all", "undo"
OUR_BUTTONS: Final = {STOP, STOP_ALL, UNDO}
IN_WORDS: Final = {"marketing": "offers", "newsletter": "newsletters"}
EVERYTHING_IN_WORDS: Final = "offers or newsletters"


@router.api_route("/u/{token}", methods=["GET", "HEAD"])
def look(token: str) -> HTMLResponse:
    of = _recipient(token)
    if of is None:
        return _unknown()
    with reading() as session:
        is_stopped = opt_out.standing(session, of).these
    return _stopped_page(of) if is_stopped else _question(of)


@router.post("/u/{token}")
def act(request: Request, token: str, action: Annotated[str, Form()] = "") -> HTMLResponse:
    """`action` says which of our own buttons it was; a mail program sends something else, or nothing."""
    of = _recipient(token)
    if of is None:
        return _unknown()
    address = request.client.host if request.client else ""
    if action == UNDO:
        _undo(of, address)
    else:
        _stop(of, action, address)
    return _stopped_page(of)


def _recipient(token: str) -> Recipient | None:
    number = links().read(UNSUBSCRIBE, token)
    if number is None:
        return None
    with reading() as session:
        return opt_out.recipient(session, number)


def _stop(of: Recipient, action: str, address: str) -> None:
    everything = action == STOP_ALL
    with reading() as session:  # repeats wait for nobody and write nothing
        before = opt_out.standing(session, of)
    if before.everything or (before.these and not everything):
        return
    how = "link" if action in OUR_BUTTONS else "one_click"
    with unit() as session:
        opt_out.stop(session, of, everything=everything, how=how, address=address, now=now())


def _undo(of: Recipient, address: str) -> None:
    with unit() as session:
        opt_out.undo(session, of, how="link", address=address, now=now())


def _question(of: Recipient) -> HTMLResponse:
    return plain.page(
        "unsubscribe",
        **_shop(),
        address_hint=_hint(of),
        these=_in_words(of),
        hidden={"action": STOP},
    )


def _stopped_page(of: Recipient) -> HTMLResponse:
    with reading() as session:
        said = opt_out.standing(session, of)
    return plain.page(
        "unsubscribed",
        **_shop(),
        address_hint=_hint(of),
        these=EVERYTHING_IN_WORDS if said.everything else _in_words(of),
        is_stopped=said.these,
        may_stop_all=not said.everything,
        may_undo=said.these and said.may_undo,
    )


def _unknown() -> HTMLResponse:
    return plain.page(
        "message",
        status=404,
        title="This link leads nowhere",
        sentence="It may have been cut off on its way. Open it again from the message itself; nothing was changed.",
    )


def _shop() -> dict[str, Any]:
    with reading() as session:
        shop = shops.read(session)
        return {"shop_name": shop.name, "postal_address": shop.postal_address}


def _in_words(of: Recipient) -> str:
    return IN_WORDS.get(of.scope, EVERYTHING_IN_WORDS)


def _hint(of: Recipient) -> str:
    """Enough for its owner to know which mailbox is meant; a forwarded link must not tell the address."""
    name, _, home = (of.address or "").rpartition("@")
    return f"{name[0]}…@{home}" if name else ""
