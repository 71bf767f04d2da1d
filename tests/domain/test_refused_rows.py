"""The rows an import refused, handed back to be corrected."""

import csv
import io

from domain.book import refused_rows, table_file


def rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_each_row_comes_back_with_its_number_and_reason() -> None:
    raw = b"Email;Name\nana@a.example;Ana\nbroken@;Bo\n"
    back = rows(refused_rows.as_csv(table_file.read(raw), [(3, "'broken@' is not an email address")]))
    assert back == [
        ["Row", "Why it was refused", "Email", "Name"],
        ["3", "'broken@' is not an email address", "broken@", "Bo"],
    ]


def test_a_row_with_too_many_cells_keeps_them() -> None:
    raw = b"Email,Name\nana@a.example,Ana,more,and more\n"
    assert rows(refused_rows.as_csv(table_file.read(raw), [(2, "too wide")]))[1][2:] == [
        "ana@a.example",
        "Ana",
        "more",
        "and more",
    ]


def test_a_spreadsheet_finds_no_formula_and_telephone_numbers_stay_as_they_are() -> None:
    raw = b'Name,Phone\n"=cmd|calc",+44 7700 900111\n@SUM,-12.50\n'
    back = rows(refused_rows.as_csv(table_file.read(raw), [(2, "odd"), (3, "odd")]))
    assert back[1][2:] == ["'=cmd|calc", "+44 7700 900111"]
    assert back[2][2:] == ["'@SUM", "-12.50"]


def test_letters_are_read_as_the_person_said() -> None:
    raw = "Name\nBogumił\n".encode("cp1250")
    assert rows(refused_rows.as_csv(table_file.read(raw, "cp1250"), [(2, "odd")]))[1][2] == "Bogumił"
