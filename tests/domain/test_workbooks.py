"""Spreadsheet files: cells as people typed them, the right sheet, and nothing that a hostile file can take along."""

import contextlib
import io
import struct
import time
import zipfile
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

import pytest
import xlsxwriter

from domain.book import columns, table_file
from domain.book.incoming import Shop, read_people
from domain.refusal import Refusal

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
OFFICE = "urn:oasis:names:tc:opendocument:xmlns"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def xlsx(**sheets: Iterable[Iterable[Any]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"default_date_format": "dd/mm/yyyy"}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for place, cells in enumerate(rows):
                sheet.write_row(place, 0, cells)
    return out.getvalue()


def packed(parts: dict[str, str | bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def ods(rows: str) -> bytes:
    spaces = "".join(f' xmlns:{name}="{OFFICE}:{name}:1.0"' for name in ("office", "table", "text"))
    return packed(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": f"<office:document-content{spaces}><office:body><office:spreadsheet>"
            f'<table:table table:name="People">{rows}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
            "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{OFFICE}:manifest:1.0"/>',
        }
    )


def raw_xlsx(sheet: str | bytes) -> bytes:
    """A workbook of one sheet whose XML is written by hand."""
    return packed(
        {
            "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
            "xl/workbook.xml": f'<workbook xmlns="{SHEETS}" xmlns:r="{RELATIONS}"><sheets>'
            '<sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
            "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1"'
            f' Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1"'
            f' Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/worksheets/sheet1.xml": sheet,
        }
    )


def cell(place: str, said: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{said}</t></is></c>'


def rows_of(raw: bytes, sheet: str | None = None) -> list[tuple[int, list[str]]]:
    return list(table_file.read(raw, sheet=sheet).rows)


def test_cells_come_out_as_people_typed_them() -> None:
    head = ["Email", "Phone", "Birthday", "Gold", "Visits", "Spent", "Card"]
    line = ["a@b.example", 442079460001, date(1984, 5, 17), True, 5, 12.5, 4.2e15]
    table = table_file.read(xlsx(People=[head, line]))
    assert table.headers == head
    assert list(table.rows) == [
        (2, ["a@b.example", "442079460001", "1984-05-17", "yes", "5", "12.5", "4200000000000000"])
    ]


def test_a_number_that_lost_its_plus_or_its_nought_is_still_a_phone_number() -> None:
    table = table_file.read(
        xlsx(S=[["Email", "Phone"], ["a@b.example", 442079460001], ["c@d.example", 2079460001]])
    )
    mapping = columns.guess_mapping(table.headers)
    people = read_people(table, mapping, Shop("GB", {}), NOW).people
    assert [person.phone_key for person in people] == ["+442079460001", "+442079460001"]


def test_a_moment_keeps_its_time_and_rows_keep_their_numbers() -> None:
    raw = xlsx(S=[["Order", "Date"], [], ["A1", datetime(2026, 5, 3, 10, 30)], ["A2", datetime(2026, 5, 4)]])  # noqa: DTZ001
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet, how = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.write_row(0, 0, ["Order", "Date"])
        sheet.write(2, 0, "A1")
        sheet.write_datetime(2, 1, datetime(2026, 5, 3, 10, 30), how)  # noqa: DTZ001
    assert rows_of(out.getvalue()) == [(3, ["A1", "2026-05-03 10:30"])]
    assert [number for number, _ in rows_of(raw)] == [3, 4]


def test_the_first_sheet_with_rows_is_read_and_another_can_be_asked_for() -> None:
    raw = xlsx(Cover=[], People=[["Email"], ["a@b.example"]], Old=[["Email"], ["c@d.example"]])
    table = table_file.read(raw)
    assert (table.sheet, table.sheets) == ("People", ["Cover", "People", "Old"])
    assert rows_of(raw, "Old") == [(2, ["c@d.example"])]
    with pytest.raises(Refusal, match="no sheet called Nope"):
        table_file.read(raw, sheet="Nope")


def test_a_formula_gives_its_result_and_an_error_gives_nothing() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Email", "Visits", "Ring"])
        sheet.write(1, 0, "a@b.example")
        sheet.write_formula(1, 1, "=2+3", value=5)
        sheet.write_formula(1, 2, "=1/0", value="#DIV/0!")
    assert rows_of(out.getvalue()) == [(2, ["a@b.example", "5", ""])]


def test_an_open_document_is_read_like_any_other() -> None:
    def typed(kind: str, value: str, shown: str) -> str:
        what = {"float": "value", "date": "date-value", "boolean": "boolean-value"}[kind]
        return f'<table:table-cell office:value-type="{kind}" office:{what}="{value}"><text:p>{shown}</text:p></table:table-cell>'

    def said(text: str) -> str:
        return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'

    head = "".join(map(said, ["Email", "Visits", "Birthday", "Gold"]))
    line = said("a@b.example") + typed("float", "5", "5,00") + typed("date", "1984-05-17", "17.05.84")
    line += typed("boolean", "true", "WAHR") + '<table:table-cell table:number-columns-repeated="16380"/>'
    empty = '<table:table-row table:number-rows-repeated="1048574"><table:table-cell/></table:table-row>'
    raw = ods(f"<table:table-row>{head}</table:table-row><table:table-row>{line}</table:table-row>{empty}")
    assert rows_of(raw) == [(2, ["a@b.example", "5", "1984-05-17", "yes"])]


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"\xd0\xcf\x11\xe0" + b"x" * 600, "old Excel workbook"),
        (b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "locked with a password"),
        (xlsx(S=[["Email"], ["a@b.example"]])[:-30], "damaged"),
        (packed({"letter.txt": "hello"}), "packed file, not a table"),
        (packed({"xl/workbook.xml": "<not xml"}), "damaged"),
        (xlsx(S=[]), "empty"),
    ],
)
def test_what_is_no_workbook_is_refused_with_a_sentence(raw: bytes, sentence: str) -> None:
    with pytest.raises(Refusal, match=sentence):
        table_file.read(raw)


def bomb() -> bytes:
    """300 MB of nothing in little more than 1 MB."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for _ in range(30):
                part.write(b" " * 10_000_000)
    return out.getvalue()


def liar() -> bytes:
    """Its packing list says 1,000 bytes; 250 MB come out."""
    raw = bytearray(raw_xlsx(b"<worksheet>" + b" " * 250_000_000))
    with zipfile.ZipFile(io.BytesIO(bytes(raw))) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    for place in (raw.find(struct.pack("<L", size)), raw.rfind(struct.pack("<L", size))):
        raw[place : place + 4] = struct.pack("<L", 1_000)
    return bytes(raw)


@pytest.mark.parametrize("make", [bomb, liar])
def test_a_zip_bomb_is_refused_in_under_a_second(make: Any) -> None:
    raw = make()
    began = time.thread_time()
    with pytest.raises(Refusal, match="unpacks to far more"):
        table_file.read(raw)
    assert time.thread_time() - began < 1


def test_millions_of_empty_rows_are_refused_in_under_a_second() -> None:
    raw = raw_xlsx(
        f'<worksheet xmlns="{SHEETS}"><sheetData>{"<row></row>" * 4_000_000}</sheetData></worksheet>'
    )
    began = time.thread_time()
    with pytest.raises(Refusal, match="unpacks to far more"):
        table_file.read(raw)
    assert time.thread_time() - began < 1


def test_two_cells_at_the_far_ends_of_a_sheet_do_not_take_the_memory_of_all_between() -> None:
    body = f'<row r="1">{cell("A1", "Email")}</row><row r="1048576">{cell("XFD1048576", "x")}</row>'
    with pytest.raises(Refusal, match="unpacks to far more"):
        table_file.read(raw_xlsx(f'<worksheet xmlns="{SHEETS}"><sheetData>{body}</sheetData></worksheet>'))


def test_a_cell_repeated_a_billion_times_is_refused() -> None:
    said = '<table:table-cell table:number-columns-repeated="16384" office:value-type="string"><text:p>x</text:p></table:table-cell>'
    with pytest.raises(Refusal):
        table_file.read(
            ods(f'<table:table-row table:number-rows-repeated="1048575">{said}</table:table-row>')
        )


def test_entities_that_multiply_do_not() -> None:
    lots = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    body = (
        f'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a0 "ha">{lots}]><worksheet xmlns="{SHEETS}"><sheetData>'
    )
    body += f'<row r="1">{cell("A1", "Email")}</row><row r="2">{cell("A2", "&a11;")}</row></sheetData></worksheet>'
    began = time.thread_time()
    with contextlib.suppress(Refusal):
        assert all(len(cells[0]) < 100 for _, cells in rows_of(raw_xlsx(body)))
    assert time.thread_time() - began < 5


def test_a_sheet_written_by_hand_is_read_so_that_the_hostile_ones_here_are_hostile_and_not_just_broken() -> (
    None
):
    body = f'<row r="1">{cell("A1", "Email")}</row><row r="2">{cell("A2", "a@b.example")}</row>'
    raw = raw_xlsx(f'<worksheet xmlns="{SHEETS}"><sheetData>{body}</sheetData></worksheet>')
    assert rows_of(raw) == [(2, ["a@b.example"])]
