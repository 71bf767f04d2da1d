"""The countries and time zones of the world, as lists to choose from; the facts come with the time zone database."""

from functools import cache
from importlib.resources import files

OUR_NAMES = {
    "GB": "United Kingdom",
    "UM": "US minor outlying islands",
    "NL": "Netherlands",
    "CZ": "Czechia",
    "SZ": "Eswatini",
    "WS": "Samoa",
    "TL": "East Timor",
}


@cache
def countries() -> dict[str, str]:
    """Code to name, in the order of the names."""
    named = {code: OUR_NAMES.get(code, name) for code, name in (row[:2] for row in _rows("iso3166.tab"))}
    return dict(sorted(named.items(), key=lambda one: one[1]))


@cache
def zones() -> list[str]:
    """One for each place with a clock of its own, such as Europe/London."""
    return sorted({row[2] for row in _rows("zone.tab")} | {"UTC"})


def _rows(name: str) -> list[list[str]]:
    lines = files("tzdata").joinpath("zoneinfo", name).read_text("utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]
