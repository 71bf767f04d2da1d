"""The link in every marketing message: what one gets, and a way to stop it. Looking changes nothing, only a press does.

RFC 8058: a mail program's post comes from anywhere, without a cookie, and is answered with 200 and no redirect.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse

from data.database import now, reading, unit
from domain.book.message_types import EVERY_TYPE, MessageType
from domain.channels import channel
from domain.channels.email import links
from domain.message.links import UNSUBSCRIBE
from domain.sending import opt_out
from domain.sending.opt_out import CONSENTED, Recipient, Said, Standing
from domain.shop import shop as shops
from ui import plain

router = APIRouter(include_in_schema=False)

STOP, STOP_ALL, ON, OFF, MEASURE, UNMEASURE = "stop", "stop_all", "on", "off", "measure", "unmeasure"
OUR_BUTTONS: Final = {STOP, STOP_ALL, ON, OFF, MEASURE, UNMEASURE}
IN_WORDS: Final = {MessageType.MARKETING: "offers", MessageType.NEWSLETTER: "newsletters"}
ABOUT: Final = {
    MessageType.MARKETING: "Sales, new pieces, an invitation now and then.",
    MessageType.NEWSLETTER: "What is going on in the shop.",
}
STOPS_ALL: Final = "Stop offers and newsletters"
COUNTS: Final = "Count what I open"


@dataclass(frozen=True, slots=True)
class Page:
    """One look at what somebody wants, and the words for it."""

    of: Recipient
    said: Standing
    shop_name: str
    postal_address: str
    measures: bool
    colour: str

    @property
    def we(self) -> str:
        return self.shop_name or "us"

    def label(self, kind: MessageType) -> str:
        return f"{IN_WORDS[kind].capitalize()} from {self.we}"

    def stop_button(self) -> str:
        return (
            "Stop everything"
            if self.of.scope == EVERY_TYPE
            else f"Stop {IN_WORDS[MessageType(self.of.scope)]}"
        )


@dataclass(frozen=True, slots=True)
class Done:
    """What a press did. `undo`: the kinds that came until then."""

    title: str
    sentence: str
    undo: tuple[MessageType, ...] = ()


@router.api_route("/u/{token}", methods=["GET", "HEAD"])
def look(token: str) -> HTMLResponse:
    seen = _page(token)
    return _unknown() if seen is None else _shown(seen)


@router.post("/u/{token}")
def act(
    request: Request,
    token: str,
    action: Annotated[str, Form()] = "",
    kind: Annotated[list[str] | None, Form()] = None,
) -> HTMLResponse:
    """`action` says which of our own buttons it was; a mail program sends something else, or nothing."""
    before = _page(token)
    if before is None:
        return _unknown()
    kinds = [one for one in CONSENTED if one in (kind or ())]
    _write(before, action, kinds, request.client.host if request.client else "")
    after = _page(token)
    return _unknown() if after is None else _shown(after, _done(before, after, action, kinds))


def _write(seen: Page, action: str, kinds: Collection[MessageType], address: str) -> None:
    """A repeat waits for nobody and writes nothing."""
    how = "link" if action in OUR_BUTTONS else "one_click"
    said = Said(how, address, now(), _words(seen, action, kinds))
    if action in (MEASURE, UNMEASURE):
        if seen.said.is_measured is not (action == MEASURE):
            with unit() as session:
                opt_out.measure(session, seen.of, action == MEASURE, said)
    elif action == ON:
        if not seen.said.wants.issuperset(kinds):
            with unit() as session:
                opt_out.resume(session, seen.of, kinds, said)
    else:
        scopes = _scopes(seen.of, action, kinds)
        going = [scope for scope in scopes if not seen.said.has_stopped(scope)]
        if going:
            with unit() as session:
                for scope in going:
                    opt_out.stop(session, seen.of, scope, said)


def _scopes(of: Recipient, action: str, kinds: Collection[MessageType]) -> list[str]:
    if action == STOP_ALL:
        return [EVERY_TYPE]
    return [str(kind) for kind in kinds] if action == OFF else [of.scope]


def _words(seen: Page, action: str, kinds: Collection[MessageType]) -> str:
    """What stood on the button, or beside the switch, that was pressed."""
    if action in (ON, OFF):
        return "; ".join(seen.label(kind) for kind in kinds)
    shown = {STOP: seen.stop_button(), STOP_ALL: STOPS_ALL, MEASURE: COUNTS, UNMEASURE: COUNTS}
    return shown.get(action, "")


def _done(before: Page, after: Page, action: str, kinds: Collection[MessageType]) -> Done | None:
    we = after.we
    if action in (MEASURE, UNMEASURE):
        counted = "is counted" if after.said.is_measured else "is not counted any more"
        return Done("Thank you, noted", f"What you open {counted}. You get the same messages as before.")
    if action == ON:
        coming = [kind for kind in kinds if kind in after.said.wants]
        return (
            Done("You are on the list again", f"You get {_listed(coming, 'and')} from {we}.")
            if coming
            else None
        )
    stopped = [kind for kind in CONSENTED if _is_meant(kind, _scopes(after.of, action, kinds))]
    gone = tuple(kind for kind in CONSENTED if kind in before.said.wants - after.said.wants)
    sentence = f"You get no more {_listed(stopped, 'or')} from {we}. It counts from this moment."
    return Done("That is done", sentence, gone if after.said.may_return else ()) if stopped else None


def _is_meant(kind: MessageType, scopes: Collection[str]) -> bool:
    return EVERY_TYPE in scopes or kind in scopes


def _listed(kinds: Collection[MessageType], joint: str) -> str:
    return f" {joint} ".join(IN_WORDS[kind] for kind in kinds)


def _shown(seen: Page, done: Done | None = None) -> HTMLResponse:
    of, said = seen.of, seen.said
    asks = done is None and not said.has_stopped(of.scope)
    return plain.page(
        "preferences",
        shop_name=seen.shop_name,
        postal_address=seen.postal_address,
        colour=seen.colour,
        channel=channel.named(of.channel).label.lower(),
        address_hint=_hint(of),
        done=done,
        ask={"sentence": _question(seen), "button": seen.stop_button()} if asks else None,
        standing=_standing(seen),
        rows=[_row(seen, kind) for kind in CONSENTED],
        measured=said.is_measured if seen.measures else None,
        may_return=said.may_return,
        may_stop_all=bool(said.wants) and not (asks and of.scope == EVERY_TYPE),
        stop_all=STOPS_ALL,
    )


def _row(seen: Page, kind: MessageType) -> dict[str, Any]:
    is_on = kind in seen.said.wants
    return {
        "kind": kind,
        "label": seen.label(kind),
        "about": ABOUT[kind],
        "is_on": is_on,
        "may_change": is_on or seen.said.may_return,
    }


def _question(seen: Page) -> str:
    kinds = [kind for kind in CONSENTED if _is_meant(kind, [seen.of.scope])]
    return f"You will get no more {_listed(kinds, 'or')} from {seen.we}."


def _standing(seen: Page) -> str:
    coming = [kind for kind in CONSENTED if kind in seen.said.wants]
    gone = [kind for kind in CONSENTED if kind not in coming]
    no_more = f"You get no {_listed(gone, 'or')} from {seen.we}"
    return f"{no_more}, but {_listed(coming, 'and')}." if coming else f"{no_more}."


def _page(token: str) -> Page | None:
    number = links().read(UNSUBSCRIBE, token)
    if number is None:
        return None
    with reading() as session:
        of = opt_out.recipient(session, number)
        if of is None:
            return None
        shop, said = shops.read(session), opt_out.standing(session, of)
        measures = bool(shop.measured) and said.may_return
        return Page(of, said, shop.name, shop.postal_address, measures, shop.colour)


def _unknown() -> HTMLResponse:
    return plain.page(
        "message",
        status=404,
        title="This link leads nowhere",
        sentence="It may have been cut off on its way. Open it again from the message itself; nothing was changed.",
    )


def _hint(of: Recipient) -> str:
    """Enough for its owner to know which mailbox is meant; a forwarded link must not tell the address."""
    name, _, home = (of.address or "").rpartition("@")
    return f"{name[0]}…@{home}" if name else ""
