"""Which letters the bytes of a file are, found out from the bytes themselves. Pure."""

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from typing import Final

import charset_normalizer

from domain.refusal import Kind, Refusal

# The longer marks first: UTF-32's begins like UTF-16's.
MARKS: Final = [
    (BOM_UTF32_LE, "utf-32"),
    (BOM_UTF32_BE, "utf-32"),
    (BOM_UTF8, "utf-8-sig"),
    (BOM_UTF16_LE, "utf-16"),
    (BOM_UTF16_BE, "utf-16"),
]
LIKELY: Final = [
    "cp1252",
    "latin_1",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "mac_roman",
    "shift_jis",
    "gb18030",
]
ENCODINGS: Final = ("UTF-8", "UTF-16", *LIKELY)
WESTERN: Final = frozenset(
    "àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿßœšžÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝŸŒŠŽ€£§°ºª¡«»‘’“”–—…•©®´½¼\xa0"
)
LOOKED_AT: Final = 100_000  # bytes of telling lines


def understood(raw: bytes, encoding: str | None) -> tuple[str, str, bytes]:
    """What to call the letters, the codec, and the bytes for it: one to a plain letter, without zeros and marks.

    `encoding` is the choice of a person who sees that the guess spoils the letters: one of ENCODINGS.
    """
    if encoding and encoding not in ENCODINGS:
        raise Refusal("unknown_encoding", "Choose one of: " + ", ".join(ENCODINGS) + ".", Kind.MALFORMED)
    shown, codec = (encoding, encoding) if encoding else _found_out(raw)
    if codec.casefold().startswith(("utf-16", "utf-32")):
        raw, codec = raw.decode(codec, "replace").encode("utf-8", "replace"), "utf-8"
    if codec.casefold() in ("utf-8", "utf-8-sig"):
        raw, codec = raw.removeprefix(BOM_UTF8), "utf-8"
    return shown, codec, raw.replace(b"\x00", b"") if b"\x00" in raw else raw


def _found_out(raw: bytes) -> tuple[str, str]:
    for mark, codec in MARKS:
        if raw.startswith(mark):
            return codec.removesuffix("-sig").upper(), codec
    if wide := _without_mark(raw):
        return "UTF-16", wide
    if _is_utf8(raw):
        return "UTF-8", "utf-8"
    guessed = _guessed(raw)
    return guessed, guessed


def _without_mark(raw: bytes) -> str | None:
    """UTF-16 that doesn't say so: every second byte of plain text is zero."""
    some = raw[:4000]
    if len(some) < 8:
        return None
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if some[first::2].count(0) > 0.4 * len(some) / 2 and some[1 - first :: 2].count(0) < 0.05 * len(some):
            return encoding
    return None


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _guessed(raw: bytes) -> str:
    """Lines that have unusual letters tell most; one look at all of a large file would take too long."""
    telling = b"\n".join(line for line in raw.splitlines() if not line.isascii())[:LOOKED_AT]
    if _looks_western(telling.decode("cp1252", "replace")):
        return "cp1252"
    best = charset_normalizer.from_bytes(telling, cp_isolation=LIKELY).best()
    return best.encoding if best and best.encoding != "latin_1" else "cp1252"


def _looks_western(text: str) -> bool:
    """Accents stand between plain letters there; in other alphabets whole words are strange. By far the usual case."""
    strange = {letter for letter in text if not letter.isascii()}
    words = [word for word in re.findall(r"\w+", text) if not word.isascii()]
    foreign = [word for word in words if len(word) > 1 and not any(letter.isascii() for letter in word)]
    return strange <= WESTERN and len(foreign) * 5 <= len(words)
