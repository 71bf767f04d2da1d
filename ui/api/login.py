"""Signing in by program: a short access token, and a cookie that fetches the next one."""

from typing import Annotated, Final

from fastapi import APIRouter, Cookie, Request, Response
from pydantic import Field

from data.config import config
from data.database import now, unit
from domain.refusal import Kind, Refusal
from domain.shop import sessions, tokens
from domain.shop.people import User
from ui.api.door import Open, address_of
from ui.api.shapes import Asked, Told

router = APIRouter(prefix="/api/auth", tags=["Sign in"], route_class=Open)

COOKIE: Final = "refreshToken"
Refresh = Annotated[str, Cookie(alias=COOKIE, max_length=200)]


class Credentials(Asked):
    email: Annotated[str, Field(max_length=320)]
    password: Annotated[str, Field(max_length=1000)]
    mfa_code: Annotated[str | None, Field(max_length=10, description="Not asked for yet.")] = None


class Person(Told):
    id: int
    email: str
    name: str
    role: str


class SignedIn(Told):
    access_token: str
    expires_in: Annotated[int, Field(description="In seconds.")]
    user: Person


@router.post("/login")
def login(given: Credentials, request: Request, response: Response) -> SignedIn:
    """Also sets the cookie `refreshToken`."""
    with unit() as session:
        found = sessions.check_password(
            session, given.email, given.password, address=address_of(request), now=now(), via="api"
        )
        if isinstance(found, User):
            _keep(response, tokens.refresh_token(session, found.id, now()))
    if isinstance(found, Refusal):
        raise found
    return _signed_in(found)


@router.post("/refresh")
def refresh(response: Response, token: Refresh = "") -> SignedIn:
    """A new access token for the cookie. Each cookie is good for once; a second use ends all that came from it."""
    with unit() as session:
        found = tokens.exchange(session, token, now())
    if found is None:
        raise Refusal("signed_out", "Sign in again: this sign-in has ended.", Kind.SIGNED_OUT)
    user, fresh = found
    _keep(response, fresh)
    return _signed_in(user)


@router.post("/logout", status_code=204)
def logout(response: Response, token: Refresh = "") -> None:
    with unit() as session:
        tokens.end_refresh(session, token, now())
    response.delete_cookie(COOKIE, path=router.prefix)


def _keep(response: Response, token: str) -> None:
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(tokens.REFRESH_TOKEN_LIFE.total_seconds()),
        path=router.prefix,
        httponly=True,
        samesite="strict",
        secure=config().public_url.startswith("https://"),
    )


def _signed_in(user: User) -> SignedIn:
    life = int(tokens.ACCESS_TOKEN_LIFE.total_seconds())
    person = Person(id=user.id, email=user.email, name=user.name, role=str(user.role))
    return SignedIn(access_token=tokens.access_token(user, now()), expires_in=life, user=person)
