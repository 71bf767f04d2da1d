"""What somebody answered is about them, so they get it with everything else."""

import csv
import io

from data.database import now, unit
from domain.ledger import received
from tests.ui.conftest import Api


def test_answers_are_part_of_what_is_known_about_a_person(api: Api) -> None:
    number = api.post("customers", json={"firstName": "Ana", "email": "ana@x.example"}).json()["id"]
    moment = now()
    with unit() as session:
        received.keep(session, "1", number, delivery_id=None, subject="Re: Hello", words="Yes", day_began=moment, now=moment)  # fmt: skip
    [answer] = api.get(f"customers/{number}/export").json()["answers"]
    assert (answer["subject"], answer["words"]) == ("Re: Hello", "Yes")


def test_answers_of_everybody_are_in_the_whole_book_and_in_a_table_of_their_own(api: Api) -> None:
    people = [api.post("customers", json={"firstName": name}).json()["id"] for name in ("Ana", "Ben", "Cat")]
    moment = now()
    with unit() as session:
        for at, (number, words) in enumerate(((people[0], "Yes"), (people[2], "=1+1"), (people[2], "No, 2"))):
            received.keep(session, str(at), number, delivery_id=None, subject="Re", words=words, day_began=moment, now=moment)  # fmt: skip
    book = api.get("customers/export?format=json").json()
    assert [[one["words"] for one in person["answers"]] for person in book] == [
        ["Yes"],
        [],
        ["No, 2", "=1+1"],
    ]
    table = api.get("customers/export?what=answers").text.lstrip("\ufeff")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [(row["Name"], row["Words"]) for row in rows] == [
        ("Ana", "Yes"),
        ("Cat", "No, 2"),
        ("Cat", "'=1+1"),
    ]
