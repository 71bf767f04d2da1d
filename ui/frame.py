"""The frame around each page: who is asking, whether they may, and a friendly word where something fails.

What is drawn around the page is in ui.shell; which pages there are is said by main through `register`.
"""

import asyncio
import inspect
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from nicegui import PageArguments, core, ui
from nicegui import app as shell
from nicegui.client import Client
from sqlalchemy.exc import OperationalError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from data.database import now, reading, unit
from domain.refusal import Kind, Refusal
from domain.shop import sessions
from domain.shop.people import Actor, Right
from ui.parts.basics import box, empty, page, skeleton, text
from ui.parts.feedback import SIGN_IN, SessionOver, answer, io, leave_for_sign_in, noted
from ui.refusals import write_down
from ui.shell import START, Nav, Surroundings, draw, look_around

__all__ = ["Nav", "Page", "SessionOver", "current_actor", "register", "send_away"]

FIRST_BUILD = 2.0  # seconds the first answer waits for the page's content; what is later follows by itself
SLOWEST_START = 15.0  # seconds, also on a busy machine


@dataclass(frozen=True)
class Page:
    """`build` is called with the path's and query's values by name, and with `by` if it asks for the actor."""

    path: str
    title: str
    build: Callable[..., Any]
    right: Right = Right.VIEW
    nav: Nav | None = None


def register(pages: Sequence[Page], *, above: Sequence[Callable[[], Any]] = ()) -> None:
    """Open the shell at every path. `above` builds what stands over each page, such as the undo bar.

    Call it last: routes that NiceGUI itself is given later lie behind this one. Files belong to the outer app.
    """
    ways = [(one.nav, one.path, one.right) for one in pages if one.nav]

    async def root(request: Request) -> Response | None:
        found = await io(_surroundings, _token(request), _address(request))
        if found is None:
            return RedirectResponse(f"{SIGN_IN}?next={quote(_here(request))}", status_code=303)
        ui.context.client.on_exception(_tell)
        with draw(found, ways, above, watch=_watch):
            rooms = Rooms(pages)
        await rooms.first_page(FIRST_BUILD)
        return None

    shell.on_page_exception(_frame_fault)
    for path in ("/", "/{_:path}"):
        ui.page(path, response_timeout=SLOWEST_START)(root)


async def current_actor() -> Actor:
    """Who presses, asked of the database each time; a handler begins with this. Raises SessionOver."""
    client = ui.context.client
    by = await io(_actor, _token(client.request), _address(client.request))
    if by is None:
        raise SessionOver
    return replace(by, at=client.sub_pages_router.current_path)


def send_away(token: str) -> None:
    """Somebody signed out: the other tabs of that browser go to the sign-in page. From any thread."""
    if core.loop is not None and token:
        core.loop.call_soon_threadsafe(_send_away, token)


class Rooms(ui.sub_pages):
    """Where the pages appear, one at a time, each behind the check of who may see it."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self.built = asyncio.Event()
        # The first that fits is taken: "/campaigns/new" must be asked before "/campaigns/{id}".
        in_order = sorted(pages, key=lambda one: "{" in one.path)
        super().__init__({one.path: self._door(one) for one in in_order})

    async def first_page(self, at_most: float) -> None:
        """Wait, so that a quick page is whole in the first answer."""
        if self.has_404:
            return
        try:
            await asyncio.wait_for(self.built.wait(), at_most)
        except TimeoutError:
            return

    def _door(self, one: Page) -> Callable[[PageArguments], Any]:
        async def enter(args: PageArguments) -> None:
            room, waiting = box("full"), skeleton()
            try:
                await _enter(one, args, room)
            except Exception as error:  # whatever it is, the page says so kindly
                _say_instead(error, one, room)
                await io(write_down)
            finally:
                if not waiting.is_deleted:
                    waiting.delete()
                self.built.set()

        return enter

    def _render_404(self) -> None:
        ui.page_title("Not found · Handbill")
        _not_found()


async def _enter(one: Page, args: PageArguments, room: ui.element) -> None:
    by = await current_actor()
    by.require(one.right)
    values = _values(one.build, args)
    if "by" in inspect.signature(one.build).parameters:
        values["by"] = by
    ui.page_title(f"{one.title} · Handbill")
    with room:
        built = one.build(**values)
        if inspect.isawaitable(built):
            await built


def _values(build: Callable[..., Any], args: PageArguments) -> dict[str, Any]:
    """What the path and the query give, as the builder's annotations want it. `by` is never taken from there."""
    wanted = inspect.signature(build, eval_str=True).parameters
    given = {**dict(args.query_parameters), **args.path_parameters}
    return {
        name: _converted(given[name], parameter.annotation, required=name in args.path_parameters)
        for name, parameter in wanted.items()
        if name in given
        and name != "by"
        and _fits(given[name], parameter.annotation, name in args.path_parameters)
    }


def _fits(value: str, kind: Any, required: bool) -> bool:
    """An odd number in a query is as good as none."""
    return required or not _is_number(kind) or value.isdecimal()


def _converted(value: str, kind: Any, *, required: bool) -> Any:
    if not _is_number(kind):
        return value
    if not (value.isdecimal() and len(value) <= 15):
        raise Refusal("not_found", "There is nothing at this address.", Kind.MISSING)
    return int(value)


def _is_number(kind: Any) -> bool:
    return kind is int or kind == int | None


def _tell(error: Exception) -> None:
    """Not of a tab on a slow line that took more than a second to say whether its menu is open: nobody asked."""
    if not (isinstance(error, TimeoutError) and "JavaScript" in str(error)):
        answer(error)


def _say_instead(error: Exception, one: Page, room: ui.element) -> None:
    if room.is_deleted:
        return
    room.clear()
    with room:
        if isinstance(error, SessionOver):
            leave_for_sign_in(room.client)
        elif isinstance(error, Refusal) and error.kind is Kind.MISSING:
            _status(room.client, 404)
            _not_found(error.sentence)
        elif isinstance(error, Refusal):
            _status(room.client, 403 if error.kind is Kind.FORBIDDEN else 409)
            _refused(error, one.title)
        else:
            _status(room.client, 500)
            _fault(noted(error))


def _not_found(
    sentence: str = "The address may be mistyped, or what was here is gone.",
) -> None:
    with page("narrow"):
        empty(
            "search",
            "There is no such page",
            sentence,
            "Back to the start",
            target=START,
            icon_name="home",
            testid="not-found",
        )


def _refused(refusal: Refusal, title: str) -> None:
    with page("narrow"):
        heading = (
            "Your role can't open this page" if refusal.kind is Kind.FORBIDDEN else f"{title} can't be shown"
        )
        empty(
            "lock",
            heading,
            refusal.sentence,
            "Back to the start",
            target=START,
            icon_name="home",
            testid="refused",
        )


def _fault(number: str) -> None:
    with (
        page("narrow"),
        empty(
            "alert",
            "This page could not be shown",
            "Something went wrong on our side. What was saved is safe; please try again in a moment.",
            "Back to the start",
            target=START,
            icon_name="home",
            testid="fault",
        ),
    ):
        text(f"It is noted as {number}.", "code")


def _frame_fault(error: Exception) -> None:
    """The frame itself could not be drawn; without this the browser would be shown the error's own words."""
    _fault(noted(error))


def _status(client: Client, code: int) -> None:
    """What the first answer says to programs; a later move inside the shell has no status."""
    client.status_code = code


async def _watch() -> Surroundings | None:
    request = ui.context.client.request
    return await io(_surroundings, _token(request), _address(request))


def _surroundings(token: str, address: str) -> Surroundings | None:
    by = _actor(token, address)
    if by is None:
        return None
    with reading() as session:
        return look_around(session, by)


def _actor(token: str, address: str) -> Actor | None:
    write_down()  # what a part of a page was refused and told in its own place
    moment = now()
    with reading() as session:
        by = sessions.actor_for(session, token, moment, address=address)
        stale = by is not None and sessions.is_stale(session, token, moment)
    if stale:
        with (
            suppress(OperationalError),
            unit() as session,
        ):  # a full disk closes no page to whoever only reads
            sessions.touch(session, token, moment)
    return by


def _send_away(token: str) -> None:
    for client in list(Client.instances.values()):
        if client.has_socket_connection and _token(client.request) == token:
            leave_for_sign_in(client)


def _token(request: Request) -> str:
    return request.cookies.get(sessions.COOKIE, "")


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _here(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
