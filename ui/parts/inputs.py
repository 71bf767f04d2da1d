"""What people fill in: fields with the label above, choices, filters, tabs, a place to drop a file."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from nicegui import events, ui

from ui.parts.basics import E, box, icon, put, text
from ui.parts.feedback import handled
from ui.parts.several import Several

Change = Callable[..., Any]
Options = Mapping[Any, str] | Sequence[str]
DRAWN_AT_ONCE = (
    40  # choices of an open list: the days of a month are all there, thousands are drawn as one scrolls
)

# In a group of radio cards the arrows choose, as with the browser's own radio buttons.
ARROWS = """(e) => {
  const step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[e.key];
  if (!step) return;
  e.preventDefault();
  const there = [...e.currentTarget.parentElement.querySelectorAll('[role=radio]')];
  const cards = there.filter((one) => one.offsetParent && one.getAttribute('aria-disabled') !== 'true');
  const next = cards[(cards.indexOf(e.currentTarget) + step + cards.length) % cards.length];
  next.focus();
  next.click();
}"""

CHOOSE_FILE = "(e) => e.currentTarget.closest('.hb-drop').querySelector('input[type=file]').click()"


class Field:
    """A label above its control, help below it, and in place of the help what is wrong with the value."""

    def __init__(
        self,
        label: str,
        help_text: str = "",
        *,
        optional: bool = False,
        testid: str | None = None,
    ) -> None:
        self.root = box("hb-field", testid=testid)
        self.testid = testid
        with self.root:
            with box("hb-label"):
                text(label, tag="span")
                if optional:
                    text("optional", "opt", "span")
            self.body = box("full")
            self.help = text(help_text, "hb-help")
            self.help.visible = bool(help_text)
            with put(box("hb-wrong"), role="alert") as self.wrong_box:
                icon("alert")
                self.wrong_words = text("", testid=f"{testid}-wrong" if testid else None)
            self.wrong_box.visible = False

    def wrong(self, sentence: str = "") -> None:
        """Say what is wrong; nothing says that it is right again."""
        self.wrong_words.set_text(sentence)
        self.wrong_box.visible = bool(sentence)
        self.help.visible = bool(self.help.text) and not sentence
        self.root.classes(add="is-wrong") if sentence else self.root.classes(remove="is-wrong")

    def say(self, help_text: str) -> None:
        self.help.set_text(help_text)
        self.help.visible = bool(help_text)


@contextmanager
def field(
    label: str,
    help_text: str = "",
    *,
    optional: bool = False,
    testid: str | None = None,
) -> Iterator[Field]:
    """`with field("Name") as name: text_input(...)`, later `name.wrong("Please give a name.")`."""
    made = Field(label, help_text, optional=optional, testid=testid)
    with made.body:
        yield made


class Form:
    """Fields by the name that a refusal gives them, and the place for a refusal that names none."""

    def __init__(self, fields: Mapping[str, Field]) -> None:
        self.fields = fields
        with put(box("hb-alert bad", testid="form-wrong"), role="alert") as self.box:
            icon("alert")
            with box("say"):
                self.words = text("", tag="b")
        self.box.visible = False

    def clear(self) -> None:
        self.box.visible = False
        for one in self.fields.values():
            one.wrong()

    def wrong(self, name: str, sentence: str) -> None:
        """The shape that `feedback.refusals_to` wants."""
        if name in self.fields:
            self.fields[name].wrong(sentence)
        else:
            self.words.set_text(sentence)
            self.box.visible = True


def text_input(
    value: str = "",
    *,
    label: str = "",
    placeholder: str = "",
    on_change: Change | None = None,
    kind: str = "text",
    debounce: int = 0,
    clearable: bool = False,
    autocomplete: str = "off",
    testid: str | None = None,
) -> ui.input:
    """One line. Kinds are HTML's: text, email, password, search, number, tel, url. `label` is only read aloud."""
    made = ui.input(
        value=value,
        placeholder=placeholder,
        on_change=_handled(on_change),
        password=kind == "password",
    )
    if kind != "password":
        put(made, type=kind)
    return _dressed(
        made,
        label=label,
        debounce=debounce,
        clearable=clearable,
        autocomplete=autocomplete,
        testid=testid,
    )


def text_area(
    value: str = "",
    *,
    label: str = "",
    placeholder: str = "",
    on_change: Change | None = None,
    height: int = 120,
    mono: bool = False,
    debounce: int = 300,
    testid: str | None = None,
) -> ui.textarea:
    """Several lines; height in pixels."""
    made = ui.textarea(value=value, placeholder=placeholder, on_change=_handled(on_change))
    made.style(f"--tall: {int(height)}px").classes("mono" if mono else "")
    return _dressed(made, label=label, debounce=debounce, testid=testid)


def date_input(
    value: str = "",
    *,
    on_change: Change | None = None,
    label: str = "",
    testid: str | None = None,
) -> ui.input:
    """A day as 2026-11-21, with the picker of the browser or phone."""
    return _dressed(
        put(ui.input(value=value, on_change=_handled(on_change)), type="date"),
        label=label,
        testid=testid,
    )


def time_input(
    value: str = "",
    *,
    on_change: Change | None = None,
    label: str = "",
    testid: str | None = None,
) -> ui.input:
    """A time as 09:30."""
    return _dressed(
        put(ui.input(value=value, on_change=_handled(on_change)), type="time"),
        label=label,
        testid=testid,
    )


def select(
    options: Options,
    value: Any = None,
    *,
    on_change: Change | None = None,
    label: str = "",
    searchable: bool = False,
    multiple: bool = False,
    placeholder: str = "",
    testid: str | None = None,
) -> ui.select:
    """One of a list, or several. A value that is not in the list counts as none."""
    made = (
        _several(options, value, searchable, on_change)
        if multiple
        else _one(options, value, searchable, on_change)
    )
    made.props("options-dense=false behavior=menu")
    made.props(f"virtual-scroll-slice-size={DRAWN_AT_ONCE}")
    _let_go_of_focus(made)
    return _dressed(put(made, placeholder=placeholder or None), label=label, testid=testid)


def _let_go_of_focus(made: ui.select) -> None:
    """A list opened while another still closes asks for the focus once both are at rest. Whoever was in the next field by
    then lost it, and wrote into nothing. Left once, it asks no more.
    """
    made.on("blur", js_handler=f"() => runMethod({made.id}, 'blur', [])")


def _one(options: Options, value: Any, searchable: bool, on_change: Change | None) -> ui.select:
    given: Any = dict(options) if isinstance(options, Mapping) else list(options)
    known = value if value in given else None
    return ui.select(given, value=known, with_input=searchable, on_change=_handled(on_change))


def _several(options: Options, value: Any, searchable: bool, on_change: Change | None) -> ui.select:
    made = Several(options, value or [], searchable=searchable, on_change=_handled(on_change))
    return made.props("use-chips")


def checkbox(
    label: str,
    value: bool = False,
    *,
    on_change: Change | None = None,
    testid: str | None = None,
) -> ui.checkbox:
    made = ui.checkbox(label, value=value, on_change=_handled(on_change))
    return put(made.props("dense").classes("hb-check"), testid=testid)


def search_field(
    placeholder: str,
    on_search: Change,
    *,
    value: str = "",
    testid: str | None = "search",
) -> ui.input:
    """Asks 250 ms after the last key."""
    made = text_input(
        value,
        label=placeholder,
        placeholder=placeholder,
        on_change=lambda e: on_search((e.value or "").strip()),
        kind="search",
        debounce=250,
        clearable=True,
        testid=testid,
    ).classes("search")
    with made.add_slot("prepend"):
        icon("search")
    return made


class Segmented:
    """A filter or a switch of views: a calm row of buttons, each (caption, count or None)."""

    def __init__(
        self,
        options: Mapping[str, tuple[str, int | None] | str],
        value: str,
        on_change: Callable[[str], Any],
        label: str,
        *,
        testid: str = "seg",
    ) -> None:
        self.value, self.on_change = value, on_change
        self.buttons: dict[str, ui.element] = {}
        self.counts: dict[str, ui.label] = {}
        with put(box("hb-seg"), role="group", aria_label=label):
            for key, option in options.items():
                caption, count = option if isinstance(option, tuple) else (option, None)
                self.buttons[key] = self._button(key, caption, count, f"{testid}-{key}")
        self._paint()

    def set(self, key: str) -> Any:
        if key == self.value:
            return None
        self.value = key
        self._paint()
        return self.on_change(key)

    def count(self, counts: Mapping[str, int]) -> None:
        for key, number in counts.items():
            if key in self.counts:
                self.counts[key].set_text(f"{number:,}")

    def _button(self, key: str, caption: str, count: int | None, testid: str) -> ui.element:
        with put(box("hb-seg-btn", "button", testid=testid), type="button") as made:
            text(caption, tag="span")
            if count is not None:
                self.counts[key] = text(f"{count:,}", "n", "span")
        made.on("click", handled(lambda: self.set(key)), [])
        return made

    def _paint(self) -> None:
        for key, made in self.buttons.items():
            on = key == self.value
            made.classes(add="is-on") if on else made.classes(remove="is-on")
            put(made, aria_pressed="true" if on else "false")


class Tabs:
    """Views of one thing, one at a time; a view is built when it is first looked at."""

    def __init__(
        self,
        views: Mapping[str, tuple[str, Callable[[], Any]]],
        value: str,
        *,
        on_change: Callable[[str], Any] | None = None,
        testid: str = "tab",
    ) -> None:
        self.views, self.value, self.on_change = views, value, on_change
        self.buttons: dict[str, ui.element] = {}
        self.panels: dict[str, ui.element] = {}
        with put(box("hb-tabs"), role="tablist"):
            for key, (caption, _) in views.items():
                with put(
                    box("", "button", testid=f"{testid}-{key}"),
                    type="button",
                    role="tab",
                ) as made:
                    text(caption, tag="span")
                made.on("click", handled(lambda k=key: self.show(k)), [])
                self.buttons[key] = made
        self.room = box("full hb-stack")

    async def show(self, key: str) -> None:
        """Call once after making it, so that the first view is there: `await tabs.show(tabs.value)`."""
        changed, self.value = key != self.value, key
        for name, made in self.buttons.items():
            put(made, aria_selected="true" if name == key else "false")
        for name, panel in self.panels.items():
            panel.visible = name == key
        if key not in self.panels:
            with (
                self.room,
                put(box("full hb-stack"), role="tabpanel") as self.panels[key],
            ):
                built = self.views[key][1]()
                if built is not None and hasattr(built, "__await__"):
                    await built
        if changed and self.on_change:
            self.on_change(key)


class Choices:
    """One of a few, each with an icon, a title and what it means: {key: (icon, title, note)}."""

    def __init__(
        self,
        options: Mapping[str, tuple[str, str, str]],
        value: str,
        on_change: Callable[[str], Any],
        label: str,
        *,
        testid: str = "choice",
    ) -> None:
        self.value, self.on_change = value, on_change
        self.cards: dict[str, ui.element] = {}
        with put(box("hb-choices"), role="radiogroup", aria_label=label):
            for key, (name, title, note) in options.items():
                with put(
                    box("hb-choice", "button", testid=f"{testid}-{key}"),
                    type="button",
                    role="radio",
                ) as made:
                    icon(name)
                    text(title, tag="b")
                    text(note, tag="span")
                made.on("click", handled(lambda k=key: self.set(k)), [])
                made.on("keydown", js_handler=ARROWS)
                self.cards[key] = made
        self._paint()

    def set(self, key: str) -> Any:
        self.value = key
        self._paint()
        return self.on_change(key)

    def _paint(self) -> None:
        nothing = self.value not in self.cards
        for key, made in self.cards.items():
            on = key == self.value
            made.classes(add="is-on") if on else made.classes(remove="is-on")
            put(made, aria_checked="true" if on else "false", tabindex="0" if on or nothing else "-1")


class Chips:
    """Any of several words with their counts, pressed or not: {key: (caption, count or None)}."""

    def __init__(
        self,
        options: Mapping[str, tuple[str, int | None]],
        chosen: Sequence[str],
        on_change: Callable[[list[str]], Any],
        label: str,
        *,
        testid: str = "chip",
    ) -> None:
        self.chosen, self.on_change = (
            [key for key in options if key in chosen],
            on_change,
        )
        self.buttons: dict[str, ui.element] = {}
        with put(box("hb-chips"), role="group", aria_label=label):
            for key, (caption, count) in options.items():
                with put(box("hb-chip", "button", testid=f"{testid}-{key}"), type="button") as made:
                    text(caption, "clip", "span")
                    if count is not None:
                        text(f"{count:,}", "n", "span")
                made.on("click", handled(lambda k=key: self.toggle(k)), [])
                self.buttons[key] = made
        self._paint()

    def toggle(self, key: str) -> Any:
        keep = set(self.chosen) ^ {key}
        self.chosen = [name for name in self.buttons if name in keep]
        self._paint()
        return self.on_change(self.chosen)

    def _paint(self) -> None:
        for key, made in self.buttons.items():
            on = key in self.chosen
            made.classes(add="is-on") if on else made.classes(remove="is-on")
            put(made, aria_pressed="true" if on else "false")


def drop_zone(
    title: str,
    note: str,
    on_file: Callable[[events.UploadEventArguments], Any],
    *,
    accept: str = "",
    most_bytes: int = 10_000_000,
    on_refused: Callable[[], Any] | None = None,
    testid: str = "upload",
) -> ui.upload:
    """A place to drop a file or to press and choose one. It goes over HTTP; check its size again when it is read."""
    made = ui.upload(
        on_upload=handled(on_file),
        on_rejected=handled(on_refused) if on_refused else None,
        auto_upload=True,
        max_file_size=most_bytes,
    )
    made.props("flat").classes("hb-drop-shell")
    put(made, accept=accept or None, testid=testid)
    with made.add_slot("header"), box("hb-drop"):
        icon("upload")
        # The button is for the keyboard: any other press lands on the browser's own file input, laid over the whole zone.
        opener = put(text(title, tag="button"), type="button")
        with box("", "label"):
            text(note, tag="span")
            ui.element("q-uploader-add-trigger")
    opener.on("click", js_handler=CHOOSE_FILE)
    return made


def _dressed(
    made: E,
    *,
    label: str = "",
    debounce: int = 0,
    clearable: bool = False,
    autocomplete: str | None = None,
    testid: str | None = None,
) -> E:
    made.props("outlined dense hide-bottom-space").classes("hb-input")
    if debounce:
        made.props["debounce"] = debounce
    if clearable:
        made.props["clearable"] = True
    return put(made, aria_label=label or None, autocomplete=autocomplete, testid=testid)


def _handled(handler: Change | None) -> Change | None:
    return handled(handler) if handler else None
