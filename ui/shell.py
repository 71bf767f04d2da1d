"""What stands around every page: the ways to go, the shop's name, who is signed in, and what must be known now."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from nicegui import Event, ui
from sqlalchemy.orm import Session

from data.database import now, unit
from domain.shop import mail, notices, people, whatsapp
from domain.shop import shop as shops
from domain.shop.people import Actor, Right
from ui.parts import copy_banner
from ui.parts.basics import avatar, box, button, icon, icon_button, link, put, text
from ui.parts.feedback import SessionOver, handled, io, leave_for_sign_in
from ui.parts.practice_ways import LETTERS as PRACTICE_INBOX
from ui.parts.practice_ways import NEWEST
from ui.theme import LOOK_COOKIE

WATCH_EVERY = 10.0  # seconds between looks at: still signed in, still practising, anything new to know
DRAWER = "width=248 breakpoint=1023"
SIGN_OUT = "/sign-out"
ALL = "Practice mode: nothing leaves this machine."
BY_MAIL = "Practice mode for email. What goes by WhatsApp really leaves."
START = "/marketing"

# Fire it after a change of what stands over every page, so that no tab says something else for a while.
something_new = Event[[]]()


@dataclass(frozen=True)
class Nav:
    """A way to a page. `tab` puts it into the bar at a phone's foot, under its short name if it has one.

    Without a group it stands only there.
    """

    group: str
    icon: str
    label: str
    tab: bool = False
    short: str = ""


Way = tuple[Nav, str, Right]


@dataclass(frozen=True)
class Known:
    """A notice, as a value that outlives the database session."""

    id: int
    tone: str
    sentence: str
    link: str


@dataclass(frozen=True)
class Surroundings:
    by: Actor
    shop_name: str
    practice: str  # what of it leaves this machine by no way; empty while nothing is practised
    copy: str  # why nothing is sent while this may be a copy of the shop; otherwise empty
    look: str | None
    known: tuple[Known, ...]


def look_around(session: Session, by: Actor) -> Surroundings:
    user = session.get(people.User, by.user_id) if by.user_id else None
    return Surroundings(
        by=by,
        shop_name=shops.read(session).name,
        practice=_practised(session),
        copy=copy_banner.sentence(session, by),
        look=user.theme if user else None,
        known=tuple(Known(n.id, n.tone, n.sentence, n.link) for n in notices.unseen(session)),
    )


def _practised(session: Session) -> str:
    """A number at WhatsApp may be connected before there is a mail account; the other way round its own page says so."""
    if not mail.is_practice(session):
        return ""
    return BY_MAIL if whatsapp.is_connected(session) else ALL


@contextmanager
def draw(
    found: Surroundings,
    ways: Sequence[Way],
    above: Sequence[Callable[[], Any]],
    *,
    watch: Callable[[], Awaitable[Surroundings | None]],
) -> Iterator[None]:
    """The page goes inside. `watch` looks around again, and gives None once the person is signed out."""
    open_ways = [(nav, path) for nav, path, right in ways if found.by.may(right)]
    marks = Marks()
    with ui.left_drawer(value=None, fixed=True).props(DRAWER).classes("hb-side") as drawer:
        _sidebar(found, open_ways, marks)
    _top_bar(drawer)
    _tab_bar([(nav, path) for nav, path in open_ways if nav.tab], marks)
    news = News(found, watch)
    for build in above:
        build()
    something_new.subscribe(handled(news.look_again))
    ui.timer(WATCH_EVERY, handled(news.look_again), immediate=False)
    yield
    marks.follow()


class Marks:
    """Every link that leads to a page, so that those to the present one are shown as such."""

    def __init__(self) -> None:
        self.links: list[tuple[str, ui.link]] = []

    def add(self, path: str, made: ui.link) -> None:
        self.links.append((path, made))

    def follow(self) -> None:
        router = ui.context.client.sub_pages_router
        router.on_path_changed(self.paint)
        self.paint(router.current_path)

    def paint(self, path: str) -> None:
        here = path.split("?")[0].split("#")[0].rstrip("/") or "/"
        fitting = [
            target for target, _ in self.links if here == target or here.startswith(target.rstrip("/") + "/")
        ]
        best = max(fitting, key=len, default="")
        for target, made in self.links:
            on = target == best
            made.classes(add="is-on") if on else made.classes(remove="is-on")
            made.props.set_optional("aria-current", "page" if on else None)


class News:
    """Practice mode, a copy and notices: lines over the page that come and go with the facts."""

    def __init__(self, found: Surroundings, watch: Callable[[], Awaitable[Surroundings | None]]) -> None:
        self.shown: Surroundings | None = None
        self.watch = watch
        self.room = box("full", testid="news")
        self.show(found)

    def show(self, found: Surroundings) -> None:
        if self.shown and _news_of(self.shown) == _news_of(found):
            return
        self.shown = found
        self.room.clear()
        with self.room:
            if found.copy:
                copy_banner.draw(found.copy, found.by, self._who, self.look_again)
            if found.practice:
                _practice_line(found.practice)
            for one in found.known:
                self._line(one, found.by)

    async def look_again(self) -> None:
        found = await self.watch()
        if found is None:
            leave_for_sign_in(ui.context.client)
        elif not self.room.is_deleted:
            self.show(found)

    async def _who(self) -> Actor:
        found = await self.watch()
        if found is None:
            raise SessionOver
        return found.by

    def _line(self, one: Known, by: Actor) -> None:
        with put(box(f"hb-banner {one.tone}", testid=f"notice-{one.id}"), role="status") as line:
            icon("alert")
            text(one.sentence, "say", "span")
            if one.link.startswith("/") and not one.link.startswith("//"):
                link("Look", one.link, classes="")
            if by.may(Right.EDIT_CAMPAIGNS):

                async def dismiss() -> None:
                    await io(_dismiss, one.id, by)
                    line.delete()

                button("Got it", dismiss, kind="ghost", small=True)


def _sidebar(found: Surroundings, ways: Sequence[tuple[Nav, str]], marks: Marks) -> None:
    link("Skip to the content", "#content", classes="hb-skip")
    _brand(found.shop_name)
    with put(box("full", "nav"), aria_label="Pages").style("flex:1"):
        for group in dict.fromkeys(nav.group for nav, _ in ways if nav.group):
            text(group, "hb-nav-label")
            with box("hb-nav-group"):
                for nav, path in ways:
                    if nav.group == group:
                        _way("hb-nav", nav, nav.label, path, marks)
    _user_box(found)


def _way(classes: str, nav: Nav, words: str, path: str, marks: Marks) -> None:
    with link("", path, classes=classes) as made:
        icon(nav.icon)
        text(words, "clip", "span")
    marks.add(path, made)


def _brand(shop_name: str = "") -> None:
    with link("", START, classes="hb-brand"):
        with box("tile", "span"):
            icon("mark")
        with box("grow"):
            text("Handbill", tag="div")
            if shop_name:
                text(shop_name, "hb-brand-shop clip")


def _top_bar(drawer: ui.left_drawer) -> None:
    with ui.header(elevated=False).classes("hb-topbar hb-only-small").props("reveal"):
        icon_button("menu", "Menu", drawer.toggle, testid="menu")
        _brand()


def _tab_bar(ways: Sequence[tuple[Nav, str]], marks: Marks) -> None:
    with (
        ui.footer(elevated=False).classes("hb-tabbar hb-only-small"),
        put(box("hb-tabs-row", "nav"), aria_label="Pages"),
    ):
        for nav, path in ways:
            _way("hb-tab", nav, nav.short or nav.label, path, marks)


def _user_box(found: Surroundings) -> None:
    with box("hb-user"):
        avatar(found.by.name)
        with box("grow"):
            text(found.by.name, "name clip", testid="user-name")
            text(str(found.by.role).capitalize(), "muted small clip", testid="user-role")
        _look_switch(found)
        # A form and not a handler: only an ordinary answer of the server can take the cookie away.
        with put(ui.element("form"), method="post", action=SIGN_OUT).style("display:contents"):
            icon_button("logout", "Sign out", testid="sign-out").props("type=submit")


def _look_switch(found: Surroundings) -> None:
    chosen = ui.context.client.request.cookies.get(LOOK_COOKIE)
    if chosen is None and found.look:
        chosen = "dark" if found.look == "dark" else "light"
        ui.run_javascript(f"handbillLook('{chosen}')")
    dark = ui.dark_mode({"dark": True, "light": False}.get(chosen or ""))

    async def switch() -> None:
        look = "light" if await ui.run_javascript("return handbillLookNow()") == "dark" else "dark"
        ui.run_javascript(f"handbillLook('{look}')")
        dark.set_value(look == "dark")
        await io(_keep_look, found.by, look)

    icon_button("moon", "Light or dark", switch, testid="look")


def _practice_line(said: str) -> None:
    with put(box("hb-banner", testid="practice-banner"), role="status"):
        icon("shield")
        with box("say", "span"):
            text(said, tag="span")
            text(
                " Letters land in the Practice inbox."
                if said == BY_MAIL
                else " Messages land in the Practice inbox.",
                "hb-hide-phone pre",
                "span",
            )
        link("Open it", PRACTICE_INBOX if said == BY_MAIL else NEWEST, classes="", testid="open-practice")


def _news_of(found: Surroundings) -> tuple[object, ...]:
    return found.copy, found.practice, found.known


def _keep_look(by: Actor, look: str) -> None:
    with unit() as session:
        people.set_theme(session, by, look)


def _dismiss(notice_id: int, by: Actor) -> None:
    with unit() as session:
        notices.dismiss(session, notice_id, by=by, now=now())
