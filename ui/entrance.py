"""The way in: the first minutes of a new shop, sign-in and sign-out. Plain forms, so that cookies can be replaced."""

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from data.config import config
from data.database import now, reading, unit
from domain.refusal import Kind, Refusal
from domain.sample import open_sample_shop
from domain.shop import people, sessions
from domain.shop import shop as shops
from domain.shop.people import Actor, Right, User
from ui import places, plain
from ui.frame import send_away

router = APIRouter(include_in_schema=False)
Typed = Annotated[str, Form()]

HOME: Final = "/marketing"
STATUS: Final = {
    Kind.SIGNED_OUT: 401,
    Kind.FORBIDDEN: 403,
    Kind.CONFLICT: 409,
    Kind.SLOW_DOWN: 429,
}


class ShopForm(BaseModel):
    shop_name: str = ""
    postal_address: str = ""
    timezone: str = ""
    country: str = "GB"
    sender_name: str = ""
    sender_email: str = ""


# The first minutes


@router.get("/welcome")
def welcome(request: Request) -> Response:
    """Each visit leads to the step that is still to be done."""
    with reading() as session:
        if shops.read(session).ready:
            return _to(HOME)
        if not people.there_is_an_owner(session):
            return plain.page("welcome_owner")
        by = _visitor(session, request)
        if by is None:
            return _to("/sign-in?next=/welcome")
        if not by.may(Right.MANAGE_SHOP):
            return plain.page(
                "message", title="Not open yet", sentence="The owner is still setting up the shop."
            )
        if shops.read(session).name:
            return plain.page("welcome_choice")
        owner = session.get(User, by.user_id)
        return _shop_page({"sender_email": owner.email if owner else ""})


@router.post("/welcome")
def found(request: Request, name: Typed = "", email: Typed = "", password: Typed = "") -> Response:
    try:
        with unit() as session:
            owner = people.found_shop_owner(session, email=email, name=name, password=password, now=now())
            token = _new_session(session, owner, request)
    except Refusal as refusal:
        if refusal.kind is Kind.CONFLICT:
            return _to("/welcome")
        return _again("welcome_owner", refusal, {"name": name, "email": email})
    return _with_cookie(_to("/welcome"), token)


@router.post("/welcome/shop")
def describe(request: Request, typed: Annotated[ShopForm, Form()]) -> Response:
    with unit() as session:
        by = _visitor(session, request)
        if by is None or not _may_open(session, by):
            return _to("/welcome")
        fields, wrong = _checked(typed)
        if wrong:
            return _shop_page(typed.model_dump(), wrong)
        shops.change(session, fields, by=by, now=now())
    return _to("/welcome")


@router.post("/welcome/choice")
def begin(request: Request, choice: Typed = "empty") -> Response:
    try:
        with unit() as session:
            by = _visitor(session, request)
            if by is None or not _may_open(session, by) or not shops.read(session).name:
                return _to("/welcome")
            if choice == "sample":
                open_sample_shop(session, by=by, now=now())
            shops.open_doors(session, by=by)
    except Refusal as refusal:
        return _again("welcome_choice", refusal, {})
    return _to(HOME)


# Sign-in and sign-out


@router.get("/sign-in")
def ask_in(request: Request, next: str = "") -> Response:
    with reading() as session:
        if not people.there_is_an_owner(session):
            return _to("/welcome")
        if _visitor(session, request) is not None:
            return _to(local(next))
        return plain.page("sign_in", values={"next": local(next)}, shop_name=shops.read(session).name)


@router.post("/sign-in")
def come_in(request: Request, email: Typed = "", password: Typed = "", next: Typed = "") -> Response:
    with unit() as session:
        found = sessions.check_password(
            session, email[:320], password[:1000], address=_address(request), now=now()
        )
        if isinstance(found, Refusal):
            refused, shop_name = found, shops.read(session).name
        else:
            refused, token = None, _new_session(session, found, request)
    if refused is not None:
        values = {"email": email[:320], "next": local(next)}
        return plain.page(
            "sign_in",
            status=STATUS.get(refused.kind, 422),
            values=values,
            error=refused.sentence,
            shop_name=shop_name,
        )
    return _with_cookie(_to(local(next)), token)


@router.post("/sign-out")
def go_out(request: Request) -> Response:
    """The session ends in the database; other tabs of the same browser leave, too."""
    token = request.cookies.get(sessions.COOKIE, "")
    with unit() as session:
        sessions.sign_out(session, token, now=now())
    send_away(token)
    answer = _to("/sign-in")
    answer.delete_cookie(sessions.COOKIE, httponly=True, samesite="lax", secure=_is_https())
    return answer


def local(path: str) -> str:
    """A path of this shop, or the start: after sign-in nobody is led to another website."""
    is_ours = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if is_ours and not path.startswith(("/sign-in", "/sign-out")) else HOME


def _shop_page(values: dict[str, str], wrong: dict[str, str] | None = None) -> HTMLResponse:
    return plain.page(
        "welcome_shop",
        status=422 if wrong else 200,
        values=values,
        errors=wrong or {},
        timezones=places.zones(),
        countries=list(places.countries().items()),
    )


def _checked(typed: ShopForm) -> tuple[dict[str, str], dict[str, str]]:
    """The shop's fields, and every sentence there is to say about them, by the names of the form."""
    given = typed.model_dump() | {"sender_name": typed.sender_name.strip() or typed.shop_name}
    fields = {"name" if name == "shop_name" else name: value for name, value in given.items()}
    wrong: dict[str, str] = {}
    for name, shown in zip(fields, given, strict=True):
        try:
            shops.checked({name: fields[name]})
        except Refusal as refusal:
            wrong[shown] = refusal.sentence
    if not typed.sender_email.strip():
        wrong["sender_email"] = "Please give the address that your messages come from."
    return fields, wrong


def _again(name: str, refusal: Refusal, values: dict[str, str]) -> HTMLResponse:
    """The form once more, with what was typed and the sentence in its place."""
    field = str(refusal.details.get("field", ""))
    said = {"errors": {field: refusal.sentence}} if field else {"error": refusal.sentence}
    return plain.page(name, status=STATUS.get(refusal.kind, 422), values=values, **said)


def _may_open(session: Session, by: Actor) -> bool:
    return by.may(Right.MANAGE_SHOP) and not shops.read(session).ready


def _visitor(session: Session, request: Request) -> Actor | None:
    return sessions.actor_for(
        session, request.cookies.get(sessions.COOKIE, ""), now(), address=_address(request)
    )


def _new_session(session: Session, user: User, request: Request) -> str:
    return sessions.sign_in(
        session,
        user,
        now=now(),
        user_agent=request.headers.get("user-agent", ""),
        old_token=request.cookies.get(sessions.COOKIE, ""),
    )


def _with_cookie(answer: Response, token: str) -> Response:
    answer.set_cookie(
        sessions.COOKIE,
        token,
        max_age=int(sessions.ABSOLUTE.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=_is_https(),
    )
    return answer


def _is_https() -> bool:
    return config().base_url.startswith("https://")


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, 303)
