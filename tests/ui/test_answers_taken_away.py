"""What somebody answered is about them, so they get it with everything else."""

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
