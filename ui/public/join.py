"""The shop's sign-up form, for everybody: asked here, and confirmed by a press behind the link in a letter.

The answer is the same for every address, so that nobody learns who is in the book. Looking at the link confirms nothing.
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse

from data.database import now, reading, unit
from domain.book import sign_ups
from domain.book.sign_ups import SignUp, Source
from domain.channels.email import links
from domain.refusal import Kind, Refusal
from domain.sending.sign_up_letter import JOIN
from domain.shop import shop as shops
from ui import plain

router = APIRouter(include_in_schema=False)

WORDS: Final = "Yes, write to me by email: offers and newsletters from {shop}. I can stop that at any time, by the link in every message."
SENT: Final = (
    "We have sent you a letter. Press the button in it, and you are on the list. Nothing there in a few minutes? Look among "
    "the unwanted mail, or ask us in the shop."
)


@router.api_route("/join", methods=["GET", "HEAD"])
def look(request: Request) -> HTMLResponse:
    shop = _shop()
    if not shop["is_open"]:
        return _closed(shop)
    source = _source(request.query_params.get("from", ""))
    if request.method == "GET":
        with unit() as session:
            sign_ups.count_look(session, source)
    return _form(shop, {"source": source})


@router.post("/join")
def ask(
    request: Request,
    email: Annotated[str, Form()] = "",
    first_name: Annotated[str, Form()] = "",
    source: Annotated[str, Form()] = "",
    website: Annotated[str, Form()] = "",
) -> HTMLResponse:
    """`website` is a field that people don't see; what fills it in is a program, and is told the same."""
    shop = _shop()
    if not shop["is_open"]:
        return _closed(shop)
    values = {"email": email[:320], "first_name": first_name[:100], "source": _source(source)}
    try:
        if not website:
            with unit() as session:
                sign_ups.ask(
                    session,
                    first_name=first_name,
                    email=email,
                    source=_source(source),
                    address=request.client.host if request.client else "",
                    now=now(),
                )
    except Refusal as refusal:
        return _form(shop, values, refusal)
    return _said(shop, "One more step", SENT)


@router.api_route("/join/{token}", methods=["GET", "HEAD"])
def question(token: str) -> HTMLResponse:
    asked = _asked(token)
    shop = _shop()
    if asked is None:
        return _unknown(shop)
    if asked.confirmed_at is not None:
        return _done(shop)
    return plain.page("join_confirm", **shop, words=_words(shop))


@router.post("/join/{token}")
def confirm(request: Request, token: str) -> HTMLResponse:
    asked, shop = _asked(token), _shop()
    if asked is None:
        return _unknown(shop)
    with unit() as session:
        sign_ups.confirm(
            session,
            asked.id,
            words=_words(shop),
            address=request.client.host if request.client else "",
            now=now(),
        )
    return _done(shop)


def _asked(token: str) -> SignUp | None:
    number = links().read(JOIN, token)
    if number is None:
        return None
    with reading() as session:
        return sign_ups.get(session, number, now=now())


def _words(shop: dict[str, Any]) -> str:
    return WORDS.format(shop=shop["shop_name"] or "the shop")


def _source(word: str) -> Source:
    return Source(word) if word in list(Source) else Source.LINK


def _form(shop: dict[str, Any], values: dict[str, str], refusal: Refusal | None = None) -> HTMLResponse:
    field = str(refusal.details.get("field", "")) if refusal else ""
    said = (
        {"errors": {field: refusal.sentence}}
        if refusal and field
        else {"error": refusal.sentence if refusal else ""}
    )
    status = 200 if refusal is None else 429 if refusal.kind is Kind.SLOW_DOWN else 422
    return plain.page("join", status=status, **shop, words=_words(shop), values=values, **said)


def _said(
    shop: dict[str, Any], title: str, sentence: str, *, status: int = 200, is_done: bool = False
) -> HTMLResponse:
    return plain.page("join_said", status=status, **shop, title=title, sentence=sentence, is_done=is_done)


def _done(shop: dict[str, Any]) -> HTMLResponse:
    return _said(
        shop,
        "You are on the list",
        f"{shop['shop_name']} will write to you. Each message has a link to stop it.",
        is_done=True,
    )


def _closed(shop: dict[str, Any]) -> HTMLResponse:
    return _said(shop, "There is no list to join just now", "Please ask us in the shop.", status=404)


def _unknown(shop: dict[str, Any]) -> HTMLResponse:
    sentence = "It may have been cut off on its way, or it is older than two weeks. You can sign up again at any time."
    return _said(shop, "This link leads nowhere", sentence, status=404)


def _shop() -> dict[str, Any]:
    with reading() as session:
        shop = shops.read(session)
        return {
            "shop_name": shop.name,
            "postal_address": shop.postal_address,
            "colour": shop.colour,
            "is_open": shop.ready and shop.sign_up_open and bool(shop.sender_email),
        }
