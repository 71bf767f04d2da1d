"""The pages that are plain HTML: before sign-in, and for people who got a message. They need no script to work."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from ui.plain import colours
from ui.theme import address, head_links

POLICY = "content-security-policy"
HEADERS = {
    "cache-control": "no-store",
    # Not "no-referrer": a form would then be posted with the origin "null", and the guard could not know it as ours.
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    POLICY: (
        "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; img-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
}


def page(name: str, *, status: int = 200, colour: str = "", **values: Any) -> HTMLResponse:
    """One of the templates by its name without ending. `colour` is the shop's, where customers see the page.

    Each may be given `values` (what was typed), `errors` (field to sentence) and `error` (a sentence for the whole).
    """
    own = colours.sheet(colour)
    given = {"values": {}, "errors": {}, "error": "", "own_sheet": own, **values}
    return HTMLResponse(TEMPLATES.get_template(f"{name}.html").render(given), status, _headers(own))


def _headers(sheet: str) -> dict[str, str]:
    if not sheet:
        return HEADERS
    policy = HEADERS[POLICY].replace("style-src 'self'", f"style-src 'self' {colours.allowance(sheet)}")
    return {**HEADERS, POLICY: policy}


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(head=head_links("plain.css"), address=address)
    return made


TEMPLATES = _environment()
