"""A spreadsheet file (XLSX or ODS) as a table: checked before it is opened, opened in a process of its own.

A small file can be made to unpack to anything, and a library that meets it may take all memory and end the program. So
the packing list is added up first, each part is unpacked once without being kept, and the reading itself happens in a
process that has a ceiling on memory and on time: if it dies, the shop goes on.
"""

import io
import json
import struct
import subprocess
import sys
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from domain.refusal import Kind, Refusal

MOST_UNPACKED: Final = 300_000_000  # bytes of all parts together
MOST_PARTS: Final = 5_000
SUSPICIOUS: Final = 30_000_000  # a small workbook may be packed as tightly as it likes
TIGHTEST: Final = 150  # times smaller than unpacked; an honest large sheet is about 10 to 30
AT_MOST_SECONDS: Final = 60
AT_ONCE: Final = 1 << 16
ZIP: Final = b"PK\x03\x04"
OLE: Final = b"\xd0\xcf\x11\xe0"
LOCAL_HEADER: Final = struct.Struct("<26xHH")
READER: Final = Path(__file__).with_name("workbook_reader.py")
TOO_MUCH: Final = (
    "This workbook unpacks to far more than a list of customers. Save the sheet as CSV, and bring that."
)
DAMAGED: Final = "This workbook can't be opened: it is damaged. Save it once more, or save the sheet as CSV."


@dataclass(slots=True)
class Opened:
    csv: bytes  # UTF-8, commas; one line for each row of the sheet, empty ones too
    sheets: list[str]
    sheet: str
    warnings: list[str] = field(default_factory=list)


def is_one(raw: bytes) -> bool:
    return raw.startswith((ZIP, OLE))


def unpack(raw: bytes, sheet: str | None = None) -> Opened:
    """The named sheet, or the first with anything in it."""
    if raw.startswith(OLE):
        _refuse_old(raw)
    _refuse_bomb(raw)
    found = _read_apart(raw, sheet)
    head, _, lines = found.partition(b"\n")
    told = json.loads(head)
    if told.get("unknown"):
        raise Refusal(
            "unknown_sheet", f"This workbook has no sheet called {(sheet or '')[:80]}.", Kind.MALFORMED
        )
    if not lines.strip():
        raise Refusal("empty_file", "This workbook is empty.")
    return Opened(lines, told["sheets"], told["sheet"])


def _refuse_old(raw: bytes) -> None:
    if "EncryptedPackage".encode("utf-16-le") in raw:
        raise Refusal(
            "not_a_table",
            "This workbook is locked with a password. Save it without one, and bring that file.",
        )
    raise Refusal(
        "not_a_table", "This looks like an old Excel workbook. Save it as XLSX or CSV, and bring that file."
    )


def _refuse_bomb(raw: bytes) -> None:
    """Adds up what the packing list says, then holds each part to it."""
    try:
        parts = zipfile.ZipFile(io.BytesIO(raw)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, OverflowError):
        raise Refusal("not_a_table", DAMAGED) from None
    names = {part.filename for part in parts}
    if not names & {"xl/workbook.xml", "content.xml", "xl/workbook.bin"}:
        raise Refusal(
            "not_a_table", "This is a packed file, not a table. Unpack it, and bring the list inside."
        )
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > MOST_PARTS or unpacked > MOST_UNPACKED or _too_tight(unpacked, len(raw)):
        raise Refusal("workbook_too_large", TOO_MUCH, Kind.TOO_LARGE)
    for part in parts:
        _hold_to_its_size(raw, part)


def _too_tight(unpacked: int, packed: int) -> bool:
    return unpacked > SUSPICIOUS and unpacked > TIGHTEST * packed


def _hold_to_its_size(raw: bytes, part: zipfile.ZipInfo) -> None:
    """The list may lie; what comes out of a part must end where it says."""
    if part.flag_bits & 1:
        raise Refusal("not_a_table", "This workbook is locked with a password. Save it without one.")
    if part.compress_type == zipfile.ZIP_STORED and part.compress_size == part.file_size:
        return
    if part.compress_type != zipfile.ZIP_DEFLATED or part.header_offset + 30 > len(raw):
        raise Refusal("not_a_table", DAMAGED)
    name, extra = LOCAL_HEADER.unpack_from(raw, part.header_offset)
    start = part.header_offset + 30 + name + extra
    if _inflated(memoryview(raw)[start : start + part.compress_size], part.file_size) != part.file_size:
        raise Refusal("workbook_too_large", TOO_MUCH, Kind.TOO_LARGE)


def _inflated(packed: memoryview, most: int) -> int:
    """How many bytes come out; it stops counting just after `most`."""
    unpacker, size = zlib.decompressobj(-15), 0
    try:
        for start in range(0, len(packed), AT_ONCE):
            rest: bytes | memoryview = packed[start : start + AT_ONCE]
            while rest and size <= most:
                size += len(unpacker.decompress(rest, 1 << 20))
                rest = unpacker.unconsumed_tail
    except zlib.error:
        raise Refusal("not_a_table", DAMAGED) from None
    return size + len(unpacker.flush()) if size <= most else size


def _read_apart(raw: bytes, sheet: str | None) -> bytes:
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(READER), sheet or ""],
            input=raw,
            capture_output=True,
            timeout=AT_MOST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Refusal("workbook_too_large", TOO_MUCH, Kind.TOO_LARGE) from None
    if done.returncode == 3:
        raise Refusal("not_a_table", DAMAGED)
    if done.returncode:
        raise Refusal("workbook_too_large", TOO_MUCH, Kind.TOO_LARGE)
    return done.stdout
