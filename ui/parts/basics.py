"""Small building blocks of a page. Each returns the NiceGUI element, so callers may add `.on()`, `.mark()`, bindings.

Text that somebody typed goes through arguments here, never into `.props("...")` or a template: see `put`.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from nicegui import ui

from ui.parts.feedback import handled
from ui.theme import glyph

E = TypeVar("E", bound=ui.element)
Click = Callable[..., Any]


def put(element: E, *, testid: str | None = None, **attributes: str | bool | None) -> E:
    """Set attributes as values, so that quotes in them stay text. `aria_label` becomes `aria-label`."""
    named = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()} | {
        "data-testid": testid
    }
    for name, value in named.items():
        if value is not None:
            element.props[name] = value
    if testid is not None:
        element.mark(testid)
    return element


def box(classes: str = "", tag: str = "div", *, testid: str | None = None) -> ui.element:
    """A bare element to put others in: `with box("hb-row"): ...`"""
    return put(ui.element(tag).classes(classes), testid=testid)


def text(value: str = "", classes: str = "", tag: str = "div", *, testid: str | None = None) -> ui.label:
    label = ui.label(value).classes(classes)
    label.tag = tag
    return put(label, testid=testid)


def icon(name: str, classes: str = "") -> ui.icon:
    return put(ui.icon(glyph(name)).classes(classes), aria_hidden="true")


def button(
    label: str,
    on_click: Click | None = None,
    *,
    kind: str = "plain",
    icon: str | None = None,
    small: bool = False,
    testid: str | None = None,
) -> ui.button:
    """Kinds: primary, plain, ghost, danger. What the handler raises reaches the person as a sentence."""
    made = ui.button(
        label,
        on_click=handled(on_click) if on_click else None,
        color=None,
        icon=_glyph(icon),
    )
    made.props("no-caps unelevated").classes(f"hb-btn {kind}").classes("small" if small else "")
    return put(made, testid=testid)


def icon_button(
    icon: str, label: str, on_click: Click | None = None, *, testid: str | None = None
) -> ui.button:
    """A button without words; the label is read aloud and shown on hover."""
    made = ui.button(on_click=handled(on_click) if on_click else None, color=None, icon=glyph(icon))
    with made:
        ui.tooltip(label)
    return put(
        made.props("flat no-caps").classes("hb-icon-btn"),
        aria_label=label,
        testid=testid,
    )


def link(
    label: str,
    target: str,
    *,
    classes: str = "hb-link",
    whole: bool = False,
    testid: str | None = None,
) -> ui.link:
    """A way to another page. `whole` leaves the shell for something the server itself answers, such as a file."""
    made = ui.link(label, target).classes(classes, remove="nicegui-link")
    return put(made, data_whole="" if whole else None, testid=testid)


def link_button(
    label: str,
    target: str,
    *,
    kind: str = "plain",
    icon: str | None = None,
    whole: bool = False,
    testid: str | None = None,
) -> ui.link:
    """A link that looks like a button: it opens in a new tab like any link."""
    with link("", target, classes=f"hb-btn {kind}", whole=whole, testid=testid) as made:
        if icon:
            ui.icon(glyph(icon))
        text(label, tag="span")
    return made


@contextmanager
def page(classes: str = "") -> Iterator[ui.element]:
    """The room for one page's content, within the page's one `main`, which Quasar draws. Classes: narrow, wide."""
    with put(box(f"hb-page {classes}"), id="content", tabindex="-1") as outer:
        yield outer


@contextmanager
def head(title: str, sub: str = "", *, back: tuple[str, str] | None = None) -> Iterator[ui.element]:
    """A page's title; what is put inside stands at its right. `back` is (words, path)."""
    with box("hb-head"):
        with box("grow"):
            if back:
                with link("", back[1], classes="hb-back"):
                    ui.icon(glyph("left"))
                    text(back[0], tag="span")
            text(title, "hb-title", "h1", testid="title")
            if sub:
                text(sub, "hb-sub")
        with box("actions") as actions:
            yield actions


@contextmanager
def card(title: str = "", help_text: str = "", *, testid: str | None = None) -> Iterator[ui.element]:
    with box("hb-card", "section", testid=testid), box("pad hb-stack") as inner:
        if title:
            with box():
                text(title, "hb-card-title", "h2")
                if help_text:
                    text(help_text, "hb-help")
        yield inner


def pill(label: str, tone: str = "mute", *, testid: str | None = None) -> ui.label:
    """A status in a word. Tones: good, info, warn, busy, bad, mute; ui.words knows which status has which."""
    return text(label, f"hb-pill {tone}", "span", testid=testid)


def tag(label: str) -> ui.label:
    return text(label, "hb-tag", "span")


def alert(
    title: str,
    body: str = "",
    *,
    tone: str = "info",
    actions: Callable[[], Any] | None = None,
    testid: str | None = None,
) -> ui.element:
    """Something to know, next to what it is about. Tones: info, good, warn, bad."""
    icons = {"info": "info", "good": "check", "warn": "alert", "bad": "alert"}
    with put(
        box(f"hb-alert {tone}", testid=testid),
        role="alert" if tone == "bad" else "status",
    ) as made:
        icon(icons[tone])
        with box("say"):
            text(title, tag="b")
            if body:
                text(body)
            if actions:
                with box("actions"):
                    actions()
    return made


def empty(
    icon: str,
    title: str,
    body: str,
    action: str | None = None,
    on_click: Click | None = None,
    *,
    target: str | None = None,
    icon_name: str = "plus",
    testid: str | None = None,
) -> ui.element:
    """What belongs here, in one sentence, and the one thing to do about it: a handler or a target."""
    with box("hb-empty", testid=testid) as made:
        with box("glyph"):
            ui.icon(glyph(icon))
        text(title, "hb-card-title", "h2")
        text(body, tag="p")
        if action and target:
            link_button(action, target, kind="primary", icon=icon_name)
        elif action:
            button(action, on_click, kind="primary", icon=icon_name)
    return made


def skeleton(lines: int = 6) -> ui.element:
    """Shown for a first load that takes over 300 ms."""
    with put(box("hb-skeleton"), aria_hidden="true") as made:
        for _ in range(lines):
            box("", "i")
    return made


class Stat:
    """One figure of a strip; `set` changes it in place."""

    def __init__(
        self,
        label: str,
        value: str,
        note: str = "",
        *,
        target: str | None = None,
        testid: str = "",
    ) -> None:
        with link("", target, classes="hb-stat") if target else box("hb-stat"):
            text(label, "k")
            self.value = text(value, "v", testid=testid or None)
            self.note = text(note, "d")

    def set(self, value: str, note: str | None = None) -> None:
        self.value.set_text(value)
        if note is not None:
            self.note.set_text(note)


def stats(figures: Sequence[tuple[str, str, str]]) -> list[Stat]:
    """A strip of (label, value, note)."""
    with box("hb-card"), box("hb-stats"):
        return [Stat(*figure) for figure in figures]


def facts(pairs: Sequence[tuple[str, str]], *, left: bool = False, testid: str | None = None) -> ui.element:
    """Name and value, line by line. `left` for long values, as on a customer's page."""
    with box("hb-facts left" if left else "hb-facts", "dl", testid=testid) as made:
        for name, value in pairs:
            text(name, tag="dt")
            text(value, tag="dd")
    return made


def steps(names: Sequence[str], now: int) -> ui.element:
    """Where one is in a short run of steps, the first being 0."""
    with box("hb-steps", "ol") as made:
        for place, name in enumerate(names):
            state = "is-done" if place < now else "is-on" if place == now else ""
            with put(box(state, "li"), aria_current="step" if place == now else None):
                text(name, tag="span")
    return made


def menu(
    entries: Sequence[tuple[str, str, Click]],
    *,
    label: str = "More",
    testid: str | None = None,
) -> ui.button:
    """A "more" button with (icon, label, handler) entries. Icons "trash" and "stop" are shown as dangerous."""
    with (
        icon_button("more", label, testid=testid) as made,
        ui.menu().props("auto-close anchor='bottom right' self='top right'"),
    ):
        for name, words, handler in entries:
            danger = "is-danger" if name in ("trash", "stop") else ""
            with put(ui.menu_item(on_click=handled(handler)).classes(danger), role="menuitem"):
                ui.icon(glyph(name))
                text(words, tag="span")
    return made


def avatar(name: str, classes: str = "") -> ui.label:
    """The first letters of a name."""
    words = [word for word in name.split() if word[:1].isalnum()]
    letters = "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()
    return put(text(letters or "?", f"hb-avatar {classes}"), aria_hidden="true")


def _glyph(name: str | None) -> str | None:
    return glyph(name) if name else None
