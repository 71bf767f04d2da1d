"""The look: the stylesheets, fonts and icons, registered once for every page."""

from hashlib import sha256
from pathlib import Path

from fastapi import FastAPI
from nicegui import app as shell
from nicegui import ui
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).parent / "static"
FAVICON = STATIC / "favicon.svg"
LOOK_COOKIE = (
    "handbill_look"  # "light" or "dark"; absent: as the system.  theme.js reads it before the first paint
)
FOREVER = "public, max-age=31536000, immutable"

# Quasar asks for icons by these names; ours answer, so that no icon font is downloaded.
QUASAR_ICONS: dict[str, dict[str, str]] = {
    "type": {
        "positive": "check",
        "negative": "alert",
        "info": "info",
        "warning": "alert",
    },
    "arrow": {
        "up": "arrow",
        "right": "chevron",
        "down": "down",
        "left": "back",
        "dropdown": "down",
    },
    "chevron": {"left": "left", "right": "chevron"},
    "chip": {"remove": "x", "selected": "check"},
    "expansionItem": {"icon": "down", "denseIcon": "down"},
    "field": {"clear": "x", "error": "alert"},
    "table": {
        "arrowUp": "arrow",
        "warning": "info",
        "prevPage": "left",
        "nextPage": "chevron",
    },
    "uploader": {
        "done": "check",
        "clear": "x",
        "add": "plus",
        "upload": "upload",
        "removeQueue": "x",
        "removeUploaded": "x",
    },
}


def install(outer: FastAPI) -> None:
    """Serve our files from the outer app and name them in the head of every page of the shell."""
    outer.mount("/static", VersionedFiles(directory=STATIC), name="static")
    outer.get("/favicon.ico", include_in_schema=False)(_favicon)
    shell.colors(
        primary="#0b6b50",
        positive="#177245",
        negative="#b3261e",
        warning="#8a5a00",
        info="#1f5fae",
        dark="#181c19",
        dark_page="#101311",
    )
    shell.config.vue_config_script += _icon_script()
    ui.add_head_html(head_links("handbill.css"), shared=True)


def head_links(*sheets: str) -> str:
    """What the head of a page needs: the look before the first paint, then the sheets."""
    links = "".join(f'<link rel="stylesheet" href="{address(sheet)}">' for sheet in ("tokens.css", *sheets))
    return (
        f'<script src="{address("theme.js")}"></script>'
        '<link rel="preload" href="/static/fonts/inter.woff2" as="font" type="font/woff2" crossorigin>'
        f"{links}"
        '<meta name="theme-color" content="#f6f7f5" media="(prefers-color-scheme: light)">'
        '<meta name="theme-color" content="#101311" media="(prefers-color-scheme: dark)">'
    )


def glyph(name: str) -> str:
    """The name for any `icon=` argument: a drawing of our own sprite."""
    return f"svguse:{address('icons.svg')}#{name}|0 0 24 24"


def address(file: str) -> str:
    """Where a file of ours is; the address changes with its content, so browsers may keep it for ever."""
    return f"/static/{file}?v={VERSIONS[file]}"


class VersionedFiles(StaticFiles):
    """Files asked for with their version, and fonts, never change; the rest is asked for again each time."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        lasting = scope["query_string"].startswith(b"v=") or path.endswith(".woff2")
        response.headers["cache-control"] = FOREVER if lasting else "no-cache"
        return response


def _favicon() -> FileResponse:
    return FileResponse(
        FAVICON, media_type="image/svg+xml", headers={"cache-control": "public, max-age=86400"}
    )


def _versions() -> dict[str, str]:
    return {
        file.name: sha256(file.read_bytes()).hexdigest()[:10] for file in STATIC.iterdir() if file.is_file()
    }


def _icon_script() -> str:
    return "".join(
        f"Object.assign(Quasar.IconSet.props.{part}, {{{', '.join(f'{k}: `{glyph(v)}`' for k, v in names.items())}}});\n"
        for part, names in QUASAR_ICONS.items()
    )


VERSIONS = _versions()
