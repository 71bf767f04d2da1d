"""Questions that stop and wait for an answer."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from nicegui import ui

from ui.parts.basics import box, button, facts, put, text
from ui.parts.inputs import Field, text_input


async def confirm(
    title: str,
    body: str = "",
    *,
    pairs: Sequence[tuple[str, str]] = (),
    confirm_label: str,
    cancel_label: str = "Cancel",
    kind: str = "primary",
    icon: str | None = None,
    typed: str | None = None,
) -> bool:
    """Whether the person said yes. `typed` must be written out first, for what cannot be undone.

    Enter says yes (in a dangerous question only once the word is typed), Esc says no; a closed tab says no.
    """
    with put(ui.dialog(), aria_label=title) as dialog, _sheet(title):
        if pairs:
            facts(pairs)
        if body:
            text(body, "body", "p")
        check = _typed_field(typed) if typed else None

        def yes() -> None:
            if check is None or check():
                dialog.submit(True)

        with box("actions"):
            no = button(cancel_label, lambda: dialog.submit(False), testid="cancel")
            go = button(confirm_label, yes, kind=kind, icon=icon, testid="confirm")
    put(no if kind == "danger" and not typed else go, autofocus=None if typed else True)
    if typed:
        dialog.on("keydown.enter", yes, [])
    return bool(await _answer(dialog))


@contextmanager
def sheet(title: str, *, wide: bool = False) -> Iterator[ui.dialog]:
    """A dialog to fill: build inside, then `await ask(dialog)`; a button there calls `dialog.submit(value)`."""
    with put(ui.dialog(), aria_label=title) as dialog, _sheet(title, wide=wide):
        yield dialog


async def ask(dialog: ui.dialog) -> Any:
    """What was submitted, or None when the person left the dialog or closed the tab."""
    return await _answer(dialog)


@contextmanager
def _sheet(title: str, *, wide: bool = False) -> Iterator[None]:
    with box("hb-dialog wide" if wide else "hb-dialog", testid="dialog"):
        text(title, tag="h2")
        yield


def _typed_field(word: str) -> Callable[[], bool]:
    field = Field(f'Write "{word}" to go on')
    with field.body:
        entry = put(text_input(label=f"Write {word} to go on", testid="typed"), autofocus=True)

    def is_right() -> bool:
        right = (entry.value or "").strip().casefold() == word.casefold()
        field.wrong("" if right else f'This is not "{word}" yet.')
        return right

    return is_right


async def _answer(dialog: ui.dialog) -> Any:
    result = await dialog
    if not dialog.is_deleted:  # a closed tab takes its dialogs along
        dialog.delete()
    return result
