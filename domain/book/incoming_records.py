"""What customers had, from a file: orders, appointments, repairs. Rows that are lines of one order become one record."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from data.csv_file import unguarded
from domain.book import columns
from domain.book.agreement_cells import NO
from domain.book.amounts import read_amount
from domain.book.cells import PersonCells
from domain.book.columns import OWN
from domain.book.headings import WHOSE
from domain.book.incoming import MOST_WARNINGS, reason_of
from domain.book.manner import Ambiguity, Manner, find_out
from domain.book.moments import read_moment, with_time
from domain.book.person_rows import Incoming, Shop
from domain.book.table_file import Table
from domain.book.words import one_line, squeeze
from domain.refusal import Refusal

LENGTHS: Final = {"title": 200, "category": 60, "staff": 60, "external_id": 120}
YEARS_AHEAD: Final = 20  # as far as two figures of a year may reach
LONGEST_SOURCE: Final = 20
WHOLE: Final = re.compile(r"-?[0-9]{1,15}")
MANY: Final = frozenset({"title", "line_amount"})  # each line of an order adds its own
STATES: Final = {
    "done": "done paid complete completed fulfilled finished closed delivered shipped collected attended redeemed"
    " partially_refunded partially_paid erledigt bezahlt abgeschlossen geliefert abgeholt betaald afgerond voltooid"
    " payé payée terminé terminée livré pagado completado",
    "active": "active open pending authorized processing on-hold booked confirmed scheduled upcoming ongoing valid"
    " unfulfilled requested accepted draft offen gebucht bestätigt aktiv gültig laufend actief geboekt bevestigd"
    " actif active confirmé réservé activo confirmado pendiente pending_payment",
    "cancelled": "cancelled canceled refunded voided failed declined rejected no-show noshow no_show expired lost"
    " storniert abgesagt geannuleerd annulé annulée cancelado anulado reembolsado erstattet",
    "paused": "paused suspended pausiert gepauzeerd suspendu pausado",
}  # fmt: skip
STATE_OF: Final = {word: state for state, words in STATES.items() for word in words.split()}
MODES: Final = {
    "in_store": "in_store instore in-store store shop pos till counter register laden geschäft winkel boutique tienda",
    "online": "online web website webshop online_store onlineshop internet shopify_draft_order",
    "remote": "remote phone telephone video call telefon telefoon",
}
MODE_OF: Final = {word: mode for mode, words in MODES.items() for word in words.split()}


@dataclass(slots=True)
class IncomingRecord:
    """One record, with whose it is: `person` has address, number and name as far as the file knows them."""

    row: int
    person: Incoming
    columns: dict[
        str, Any
    ]  # of `customer_records`, only what is known; always kind, starts_at, status and source


@dataclass(slots=True)
class IncomingRecords:
    records: list[IncomingRecord] = field(default_factory=list)
    rejected: list[tuple[int, str]] = field(default_factory=list)  # row as a spreadsheet counts, and why
    warnings: list[str] = field(default_factory=list)
    ambiguities: list[Ambiguity] = field(default_factory=list)  # to be asked before anything is taken

    def warn(self, sentence: str) -> None:
        if len(self.warnings) < MOST_WARNINGS:
            self.warnings.append(sentence)


def read_records(
    table: Table,
    mapping: Mapping[str, str],
    kind: str,
    shop: Shop,
    now: datetime,
    options: Mapping[str, object] | None = None,
) -> IncomingRecords:
    """`kind` is the key of a record kind; `options` are the answers to the ambiguities."""
    found = IncomingRecords(rejected=list(table.rejected), warnings=list(table.warnings))
    places = [(table.headers.index(header), name) for header, name in mapping.items()]
    manner = find_out(table.rows, places, table.headers, shop.country, options)
    found.ambiguities = manner.ambiguities
    reader = _Reader(places, kind, columns.system(table.headers), shop, manner, now, found.warn)
    for bundle in _bundles(table, places):
        try:
            found.records.append(reader.read(bundle))
        except Refusal as no:
            reason = reason_of(no, columns.fields(kind))
            found.rejected += [(number, reason) for number in bundle.numbers]
    found.rejected.sort()
    return found


class _Bundle:
    """The rows of one order: of each cell the first that is filled, and of what adds up all of them."""

    __slots__ = ("cells", "many", "numbers")

    def __init__(self, number: int, cells: Sequence[str], many: Sequence[int]) -> None:
        self.numbers = [number]
        self.cells = list(cells)
        self.many = {place: [cells[place]] for place in many if cells[place].strip()}

    def add(self, number: int, cells: Sequence[str], many: Sequence[int]) -> None:
        self.numbers.append(number)
        for place, cell in enumerate(cells):
            if cell.strip() and not self.cells[place].strip():
                self.cells[place] = cell
        for place in many:
            if cells[place].strip():
                self.many.setdefault(place, []).append(cells[place])


def _bundles(table: Table, places: Sequence[tuple[int, str]]) -> list[_Bundle]:
    """In the order of the file. Without a number of its own each row is a record."""
    number_place = next((place for place, name in places if name == "external_id"), None)
    source_place = next((place for place, name in places if name == "source"), None)
    many = [place for place, name in places if name in MANY]
    found: list[_Bundle] = []
    by_number: dict[tuple[str, str], _Bundle] = {}
    for number, cells in table.rows:
        number_of_it = cells[number_place].strip() if number_place is not None else ""
        key = (number_of_it, cells[source_place].strip() if source_place is not None else "")
        if number_of_it and key in by_number:
            by_number[key].add(number, cells, many)
            continue
        found.append(_Bundle(number, cells, many))
        if number_of_it:
            by_number[key] = found[-1]
    return found


class _Reader:
    def __init__(
        self,
        places: Sequence[tuple[int, str]],
        kind: str,
        system: str,
        shop: Shop,
        manner: Manner,
        now: datetime,
        warn: Callable[[str], None],
    ) -> None:
        self._kind, self._source, self._shop, self._manner = kind, system or "import", shop, manner
        self._now, self._warn = now, warn
        self._place = {name: place for place, name in places}
        self._own = [(place, name.removeprefix(OWN)) for place, name in places if name.startswith(OWN)]
        self._person = PersonCells([pair for pair in places if pair[1] in WHOSE], shop, {}, now, warn)

    def read(self, bundle: _Bundle) -> IncomingRecord:
        row = bundle.numbers[0]
        person = self._whose(row, bundle)
        source = self._text(bundle, "source")[:LONGEST_SOURCE] or self._source
        record: dict[str, Any] = {"kind": self._kind, "source": source}
        for name, longest in LENGTHS.items():
            if (value := self._text(bundle, name)) and name != "title":
                record[name] = one_line(name, value, longest)
        if title := self._title(bundle):
            record["title"] = title
        record["starts_at"] = self._begin(bundle)
        self._end(row, bundle, record)
        self._money(row, bundle, record)
        self._words(row, bundle, record)
        if own := {squeeze(name): squeeze(bundle.cells[place])[:500] for place, name in self._own}:
            record["attrs"] = {name: value for name, value in own.items() if value}
        record["status"] = self._status(row, bundle, record)
        return IncomingRecord(row, person, record)

    def _whose(self, row: int, bundle: _Bundle) -> Incoming:
        try:
            return self._person.read(row, bundle.cells)
        except Refusal as no:
            if no.code != "nobody":
                raise
            raise Refusal(
                "nobody", "it doesn't say whose it is: no email address, phone number or name"
            ) from None

    def _text(self, bundle: _Bundle, name: str) -> str:
        place = self._place.get(name)
        return squeeze(unguarded(bundle.cells[place])) if place is not None else ""

    def _title(self, bundle: _Bundle) -> str:
        """What was bought, each thing once: "Ring, Chain and 2 more"."""
        place = self._place.get("title", -1)
        cells = (squeeze(unguarded(cell)) for cell in bundle.many.get(place, []))
        things = list(dict.fromkeys(filter(None, cells)))
        text = ", ".join(things)
        while len(text) > LENGTHS["title"] and len(things) > 1:
            things.pop()
            text = ", ".join(things) + " and more"
        return text[: LENGTHS["title"]]

    def _begin(self, bundle: _Bundle) -> datetime:
        text = self._text(bundle, "starts_at")
        if not text:
            raise Refusal("no_date", "there is no date")
        return self._moment("starts_at", with_time(text, self._text(bundle, "time")))

    def _moment(self, name: str, text: str) -> datetime:
        latest = self._now.year + YEARS_AHEAD
        day_first = self._manner.day_first.get(name, True)
        try:
            return read_moment(text, self._shop.zone, field=name, day_first=day_first, latest=latest)
        except Refusal as no:
            raise Refusal("no_date", no.sentence.split(". ")[0].rstrip(".")) from None

    def _end(self, row: int, bundle: _Bundle, record: dict[str, Any]) -> None:
        text = self._text(bundle, "ends_at")
        if not text or text.casefold() in NO:
            return
        try:
            end = self._moment("ends_at", text)
        except Refusal as no:
            return self._leave_out(row, no.sentence)
        if end < record["starts_at"]:
            return self._leave_out(row, "it ends before it begins")
        record["ends_at"] = end

    def _money(self, row: int, bundle: _Bundle, record: dict[str, Any]) -> None:
        named = self._text(bundle, "currency").upper()
        usual = named if len(named) == 3 and named.isascii() and named.isalpha() else self._shop.currency
        if units := self._text(bundle, "small_amount"):
            return self._small_money(row, units, usual, record)
        whole = self._text(bundle, "amount")
        name = "amount" if whole else "line_amount"
        texts = [whole] if whole else bundle.many.get(self._place.get("line_amount", -1), [])
        try:
            amounts = [
                read_amount(squeeze(text), usual, comma=self._manner.comma.get(name, False), field=name)
                for text in texts
            ]
        except Refusal as no:
            return self._leave_out(row, no.sentence)
        if amounts:
            record["amount"], record["currency"] = sum(units for units, _ in amounts), amounts[0][1] or None

    def _small_money(self, row: int, text: str, currency: str, record: dict[str, Any]) -> None:
        if WHOLE.fullmatch(text):
            record["amount"], record["currency"] = int(text), currency
        else:
            self._leave_out(row, f"'{text[:30]}' is no whole number of pence, cents or the like")

    def _words(self, row: int, bundle: _Bundle, record: dict[str, Any]) -> None:
        if mode := self._text(bundle, "mode"):
            if known := MODE_OF.get(mode.casefold().replace(" ", "_")):
                record["mode"] = known
            else:
                self._leave_out(row, f"'{mode[:30]}' is neither in the shop nor online")
        if uses := self._text(bundle, "uses_left"):
            if uses.isdecimal() and len(uses) < 10:
                record["uses_left"] = int(uses)
            else:
                self._leave_out(row, f"'{uses[:30]}' is not a number of uses")
        if kind := self._text(bundle, "kind"):
            if key := self._shop.kinds.get(kind.casefold()):
                record["kind"] = key
            else:
                self._leave_out(row, f"the shop has no kind of record called '{kind[:30]}'")

    def _status(self, row: int, bundle: _Bundle, record: Mapping[str, Any]) -> str:
        """Where the file doesn't say: what lies ahead or still runs is active, the rest is done."""
        gone = self._text(bundle, "cancelled_at")
        if gone and gone.casefold() not in NO:
            return "cancelled"
        word = self._text(bundle, "status").casefold()
        known = STATE_OF.get(word.replace(" ", "_")) or STATE_OF.get(word.split(" ")[0])
        if known:
            return known
        if word:
            self._leave_out(row, f"'{word[:30]}' is no status such as done or cancelled")
        return "active" if (record.get("ends_at") or record["starts_at"]) > self._now else "done"

    def _leave_out(self, row: int, what: str) -> None:
        self._warn(f"Row {row}: {what}; this was left out.")
