"""What somebody pasted instead of a file: cells of a spreadsheet, or addresses one after the other. It becomes a file. Pure."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Final

MOST_LETTERS: Final = 5_000_000  # of addresses one after the other
_PART: Final = r"""[^\s@<>,;:"'()\[\]]"""
ADDRESS: Final = re.compile(
    rf"{_PART}{{1,64}}@{_PART}{{1,190}}\.{_PART}{{1,63}}"
)  # bounded, as the text may be hostile
# Somebody in a list of recipients: "Berg, Anna" <anna@berg.example>, or without a name.
PIECE: Final = re.compile(r"""(?:"[^"\n]*"|<[^<>\n]*>|[^,;<>"\n])+""")
HEADINGS: Final = ("Email", "Name")


def as_file(text: str) -> bytes:
    """UTF-8, ready to be read as a table, where what is empty or no list is refused. Far too much stays as it is."""
    text = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n").strip("\n\ufeff")
    if not text.strip() or len(text) > MOST_LETTERS or _is_table(text.split("\n")):
        return text.encode("utf-8", "replace")
    return _written(_people(text))


def _is_table(lines: list[str]) -> bool:
    """Tabs come from a spreadsheet. Commas are cells where each line has one address and more beside it, or a heading
    comes first.
    """
    said = [line for line in lines if line.strip()]
    if any("\t" in line for line in said):
        return True
    counts = [len(ADDRESS.findall(line)) for line in said]
    if any("<" in line for line in said) or max(counts) > 1:
        return False
    return len(said) > 1 and (counts[0] == 0 or any(sign in said[0] for sign in ",;|"))


def _people(text: str) -> Iterator[tuple[str, str]]:
    """Address and name. A piece without an address stays as it is, so that its row is refused with a reason."""
    for piece in PIECE.findall(text):
        said = piece.strip().strip("<>").strip()
        if not said:
            continue
        found = ADDRESS.search(said)
        if not found:
            yield said, ""
            continue
        name = (said[: found.start()] + said[found.end() :]).replace("mailto:", "")
        yield found[0].removeprefix("mailto:"), " ".join(name.strip(" \t<>()[]\"':").split())


def _written(people: Iterator[tuple[str, str]]) -> bytes:
    out = io.StringIO(newline="")
    table = csv.writer(out)
    table.writerow(HEADINGS)
    table.writerows(people)
    return out.getvalue().encode("utf-8", "replace")
