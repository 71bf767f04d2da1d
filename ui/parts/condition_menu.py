"""Which condition to add: everything that can be asked, by group, found by a few letters."""

from collections.abc import Awaitable, Callable, Sequence
from itertools import groupby

from nicegui import ui

from domain.audience.catalogue import Entry
from ui.parts.basics import box, button, put, text
from ui.parts.feedback import handled
from ui.parts.inputs import text_input

# The browser sifts by itself: nothing waits for the server while somebody types.
SIFT = """(typed) => {
  const words = (typed || '').toLowerCase().split(/\\s+/).filter(Boolean);
  const list = document.getElementById('%s');
  for (const group of list.querySelectorAll('[data-group]')) {
    let some = false;
    for (const line of group.querySelectorAll('[role=option]')) {
      line.hidden = !words.every((word) => line.dataset.find.includes(word));
      some = some || !line.hidden;
    }
    group.hidden = !some;
  }
  const fit = [...list.querySelectorAll('[role=option]')].filter((line) => !line.hidden);
  list.querySelector('.none').hidden = fit.length > 0;
  list.querySelectorAll('[role=option]').forEach((line) => {
    const on = words.length > 0 && line === fit[0];
    line.classList.toggle('is-on', on);
    line.setAttribute('aria-selected', on);
  });
}"""
KEYS = """(e) => {
  const list = document.getElementById('%s');
  const fit = [...list.querySelectorAll('[role=option]')].filter((line) => !line.hidden);
  const at = fit.findIndex((line) => line.classList.contains('is-on'));
  const step = {ArrowDown: 1, ArrowUp: -1}[e.key];
  if (step && fit.length) {
    e.preventDefault();
    const next = fit[at < 0 && step < 0 ? fit.length - 1 : (at + step + fit.length) %% fit.length];
    fit.forEach((line) => {
      line.classList.toggle('is-on', line === next);
      line.setAttribute('aria-selected', line === next);
    });
    next.scrollIntoView({block: 'nearest'});
    e.target.setAttribute('aria-activedescendant', next.id);
  } else if (e.key === 'Enter') {
    e.preventDefault();
    if (at >= 0) fit[at].click();
  }
}"""


class ConditionMenu:
    """One for a whole rule; `open(on_pick)` says where the choice goes."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.on_pick: Callable[[Entry], Awaitable[None]] | None = None
        with (
            put(ui.dialog().props("no-refocus"), aria_label="Add a condition") as self.dialog,
            box("hb-dialog hb-asks", testid="asks"),
        ):
            text("What should be true?", tag="h2")
            find = text_input(label="Find a condition", placeholder="Find: bought, birthday, tag…")
            put(find, autofocus=True, role="combobox", testid="asks-find")
            with put(box("hb-asks-list", testid="asks-list"), role="listbox") as found:
                for group, some in groupby(entries, lambda one: one.group):
                    self._group(group, list(some))
                put(text("Nothing here has these letters.", "none hb-help"), hidden=True)
            with box("actions"):
                button("Cancel", self._close, testid="asks-cancel")
        put(find, aria_controls=found.html_id, aria_expanded="true")
        put(found, aria_label="Conditions")
        find.on("update:model-value", js_handler=SIFT % found.html_id)
        find.on("keydown", js_handler=KEYS % found.html_id)
        self.find = find

    def open(self, on_pick: Callable[[Entry], Awaitable[None]]) -> None:
        self.on_pick = on_pick
        self.find.set_value("")
        self.dialog.open()

    def _close(self) -> None:
        """A dialog can be awaited, and awaiting opens it: it must not be what a press answers."""
        self.dialog.close()

    def _group(self, group: str, entries: list[Entry]) -> None:
        with put(box("", testid=None), data_group=group):
            text(group, "hb-label")
            for one in entries:
                line = put(box("ask", "button", testid=f"ask-{one.key}"), type="button", role="option")
                put(line, tabindex="-1", aria_selected="false", data_find=f"{one.label} {group}".lower())
                with line:
                    text(one.label, tag="span")
                line.on("click", handled(lambda entry=one: self._pick(entry)), [])

    async def _pick(self, entry: Entry) -> None:
        self._close()
        if self.on_pick:
            await self.on_pick(entry)
