"""Who opened a page or a file that is not for them is in the audit log; who went where they may is not."""

from data.database import now, unit
from domain.shop import sessions
from domain.shop.people import User
from tests.ui.conftest import Api

FOR_EVERYBODY = (
    "/marketing",
    "/marketing/campaigns",
    "/marketing/sends",
    "/customers",
    "/segments",
    "/settings/account",
)


def test_a_page_and_a_file_that_were_refused_are_told_by_their_address(api: Api) -> None:
    sal = cookie(api, "sal")
    for path in FOR_EVERYBODY:
        assert api.nobody.get(path, headers=sal).status_code == 200
    assert refused(api) == []
    for path in ("/settings/audit", "/settings/audit", "/customers/export.csv"):
        assert api.nobody.get(path, headers=sal).status_code == 403
    assert refused(api) == [
        ("Sal tried to edit customers and was refused", "/customers/export.csv"),
        ("Sal tried to manage the shop and was refused", "/settings/audit"),
    ]


def refused(api: Api) -> list[tuple[str, str]]:
    told = api.get("audit?part=refused").json()["items"]
    return [(one["sentence"], one["after"]["where"]) for one in told]


def cookie(api: Api, who: str) -> dict[str, str]:
    with unit() as session:
        user = session.get_one(User, getattr(api.cast, who).user_id)
        return {"Cookie": f"{sessions.COOKIE}={sessions.sign_in(session, user, now=now())}"}
