"""The words of a message: subject, preheader and body, with merge fields at a press."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from nicegui import ui

from ui.parts.basics import box, put, text
from ui.parts.inputs import Field, Segmented, text_area, text_input

CONTENT = ("subject", "preheader", "html_body", "text_body")
USUAL_FIELDS = {
    "First name": '{{ firstName | default: "there" }}',
    "Last name": "{{ lastName }}",
    "Company": "{{ companyName }}",
    "Shop's name": "{{ shopName }}",
}
PARTS = {"Subject": "subject", "Preheader": "preheader", "Message": "html_body", "Plain text": "text_body"}
BODIES = {"text_body": "Plain text", "html_body": "HTML"}
HELP = {
    "text_body": "A blank line begins a new paragraph. The HTML that mail programs show is made from it.",
    "html_body": "Mail programs often strip style blocks, so Handbill writes the styles into each element. "
    "The plain text is made from it, unless you write your own.",
}

# A merge field goes to where the cursor was last: in the subject, the preheader or the body that is seen.
REMEMBER = "(e) => { if (e.target.matches('input, textarea')) e.currentTarget.lastTyped = e.target }"
STAY = "(e) => e.preventDefault()"  # the press must not take the cursor out of the text
INSERT = """(e) => {{
  const zone = e.currentTarget.closest('.hb-merge');
  const last = zone.lastTyped;
  const into = last && last.isConnected && last.offsetParent ? last
    : [...zone.querySelectorAll('textarea')].find((one) => one.offsetParent);
  into.focus();
  into.setRangeText({snippet}, into.selectionStart, into.selectionEnd, 'end');
  into.dispatchEvent(new Event('input', {{ bubbles: true }}));
}}"""


class MessageEditor:
    """`on_change()` is called after each change; `own_fields` are the shop's own, such as "ring_size"."""

    def __init__(
        self,
        values: Mapping[str, str],
        on_change: Callable[[], Any],
        *,
        own_fields: Iterable[str] = (),
    ) -> None:
        self.on_change = on_change
        self.fields: dict[str, Field] = {}
        self.inputs: dict[str, ui.input | ui.textarea] = {}
        with box("hb-merge hb-stack") as zone:
            self._line("subject", "Subject", values, placeholder="What the inbox shows", most=500)
            self._line(
                "preheader", "Preheader", values, optional=True, placeholder="The line after it", most=300
            )
            self._bodies(values, own_fields)
        zone.on("focusin", js_handler=REMEMBER)

    @property
    def values(self) -> dict[str, str]:
        return {name: self.inputs[name].value or "" for name in CONTENT}

    def fill(self, values: Mapping[str, str]) -> None:
        """Put another text in, as from a template; the body that has words is shown."""
        for name in CONTENT:
            self.inputs[name].set_value(values.get(name, ""))
        self.show("html_body" if values.get("html_body") else "text_body")

    def show(self, body: str) -> None:
        """Which of the two bodies is seen."""
        self.switch.set(body)

    def wrong(self, name: str, sentence: str) -> None:
        """Say beside a field what is wrong with it. "body" is the one that is seen."""
        name = self.switch.value if name == "body" else name
        if name in BODIES and sentence:
            self.show(name)
        self.fields[name].wrong(sentence)

    def clear(self) -> None:
        for one in self.fields.values():
            one.wrong()

    def unreadable(self, part: str = "", sentence: str = "") -> None:
        """What the preview found in a part of the letter; nothing clears it."""
        for name, one in self.fields.items():
            one.wrong(sentence if PARTS.get(part) == name else "")

    def _line(
        self,
        name: str,
        label: str,
        values: Mapping[str, str],
        *,
        placeholder: str,
        most: int,
        optional: bool = False,
    ) -> None:
        self.fields[name] = Field(label, optional=optional, testid=f"{name}-field")
        with self.fields[name].body:
            self.inputs[name] = put(
                text_input(
                    values.get(name, ""),
                    label=label,
                    placeholder=placeholder,
                    on_change=self._changed,
                    debounce=200,
                    testid=name,
                ),
                maxlength=str(most),
            )

    def _bodies(self, values: Mapping[str, str], own_fields: Iterable[str]) -> None:
        first = "html_body" if values.get("html_body") else "text_body"
        with box("hb-stack tight"):
            with box("hb-row wrap apart"):
                text("Body", "hb-label")
                self.switch = Segmented(BODIES, first, self._show, "Body as", testid="body")
            self._merge_fields(own_fields)
            for name, label in BODIES.items():
                self.fields[name] = Field(label, HELP[name], testid=f"{name}-field")
                self.fields[name].root.classes("hb-unlabelled")
                with self.fields[name].body:
                    self._body(name, label, values.get(name, ""))
        self._show(first)

    def _body(self, name: str, label: str, value: str) -> None:
        self.inputs[name] = text_area(
            value,
            label=f"Body, {label}",
            placeholder='Dear {{ firstName | default: "friend" }},'
            if name == "text_body"
            else "<p>Dear …</p>",
            on_change=self._changed,
            height=280,
            mono=name == "html_body",
            testid=name.replace("_", "-"),
        )

    def _merge_fields(self, own_fields: Iterable[str]) -> None:
        own = {key.replace("_", " ").capitalize(): f"{{{{ attrs.{key} }}}}" for key in sorted(own_fields)}
        with put(box("hb-chips hb-fields"), role="group", aria_label="Put in a customer's details"):
            for label, snippet in (USUAL_FIELDS | own).items():
                with put(
                    box("hb-chip", "button"), type="button", title=snippet, testid=f"field-{label}"
                ) as chip:
                    text(label, tag="span")
                chip.on("mousedown", js_handler=STAY)
                chip.on("click", js_handler=INSERT.format(snippet=json.dumps(snippet)))

    def _show(self, body: str) -> None:
        for name in BODIES:
            self.fields[name].root.visible = name == body

    def _changed(self) -> Any:
        return self.on_change()
