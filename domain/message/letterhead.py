"""The paper around the words: the HTML document, the hidden first line and the footer every letter must carry."""

import html
import re
from dataclasses import dataclass
from typing import Final

FONTS: Final = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
# Mail programs show what follows the preheader in the list; these invisible characters keep the body out of it.
PADDING: Final = "&#8199;&#847; " * 40


@dataclass(frozen=True, slots=True)
class ShopFacts:
    name: str
    postal_address: str
    list_id_domain: str
    base_url: str
    colour: str = ""  # "#7a1f3d"; what can be seen on white


BULK: Final = frozenset({"marketing", "newsletter"})
WHY: Final = {
    "marketing": "You get this because {shop} has you on its list for offers and news.",
    "newsletter": "You get this because {shop} has you on its newsletter list.",
    "operational": "{shop} sent you this about your own business with us. It is not advertising.",
}
STOP: Final = {
    "marketing": "Unsubscribe from offers",
    "newsletter": "Unsubscribe from the newsletter",
}


@dataclass(frozen=True, slots=True)
class Footer:
    """Both forms, each cut where the unsubscribe address goes; operational letters have one piece."""

    html: tuple[str, ...]
    text: tuple[str, ...]


def footer(shop: ShopFacts, message_type: str) -> Footer:
    why = WHY.get(message_type, WHY["operational"]).format(shop=shop.name)
    lines = [line.strip() for line in shop.postal_address.splitlines() if line.strip()]
    spoken = "\n".join(["", "", "-- ", why, shop.name, *lines])
    shown = f"{_safe(why)}<br>\n<strong>{_safe(shop.name)}</strong><br>\n{'<br>'.join(map(_safe, lines))}"
    if message_type not in BULK:
        return Footer((f"{FOOT}{shown}{END}",), (f"{spoken}\n",))
    link = (
        f'{FOOT}{shown}<br>\n<a href="',
        f'" style="color:#5f6368;text-decoration:underline">{STOP[message_type]}</a>{END}',
    )
    return Footer(link, (f"{spoken}\n\n{STOP[message_type]}: ", "\n"))


def opening(title: str, style: str) -> str:
    """Everything before the hidden preheader."""
    return HEAD.format(title=_safe(title), style=style, fonts=FONTS)


def after_preheader(has_preheader: bool, colour: str = "") -> str:
    strip = STRIP.format(colour=colour) if colour else ""
    return f"{PADDING if has_preheader else ''}</div>\n{SHEET}{strip}{BOX}"


def split_style(clean: str) -> tuple[str, str]:
    """The leading style block (phone layout) belongs into the head; the rest is the body."""
    found = re.match(r"(?s)(<style>.*?</style>)(.*)", clean)
    return (found[1], found[2]) if found else ("", clean)


def _safe(text: str) -> str:
    return html.escape(text)


HEAD: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light only">
<meta name="supported-color-schemes" content="light only">
<meta name="format-detection" content="telephone=no,date=no,address=no,email=no">
<title>{title}</title>
<style>img{{max-width:100%;height:auto}}p{{margin:0 0 16px}}@media (max-width:640px){{.hb-box{{padding:20px!important}}}}</style>
{style}</head>
<body style="margin:0;padding:0;background-color:#f4f2ee;font-family:{fonts}">
<div style="display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;font-size:1px;line-height:1px;mso-hide:all">"""
SHEET: Final = """<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">
<tr><td align="center" style="padding:24px 8px">
<table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0" style="width:100%;max-width:600px">
"""
STRIP: Final = """<tr><td height="6" style="height:6px;font-size:0;line-height:0;background-color:{colour};\
border-radius:8px 8px 0 0">&nbsp;</td></tr>
"""
BOX: Final = f"""<tr><td class="hb-box" align="left" style="padding:32px;background-color:#ffffff;border-radius:8px;color:#202124;\
font-family:{FONTS};font-size:16px;line-height:1.6;word-break:break-word">
"""
FOOT: Final = f"""
</td></tr>
<tr><td align="center" style="padding:20px 24px;color:#5f6368;font-family:{FONTS};font-size:12px;line-height:1.6">
"""
END: Final = """
</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
"""
