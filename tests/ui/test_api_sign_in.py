"""How a program signs in, stays signed in, and is turned away."""

from datetime import timedelta

import jwt
import pytest

from data.database import now as present
from data.database import reading, unit
from data.secrets import keys
from domain.shop import shop, tokens
from domain.shop.people import Role, User
from tests.cast import PASSWORD, email_of
from tests.ui.conftest import Api, token_of

OLIVE = {"email": email_of("olive"), "password": PASSWORD}
LOGIN, REFRESH, LOGOUT = "/api/auth/login", "/api/auth/refresh", "/api/auth/logout"


def test_sign_in_gives_a_token_that_opens_the_rooms(api: Api) -> None:
    answer = api.nobody.post(LOGIN, OLIVE)
    assert answer.status_code == 200
    body = answer.json()
    assert body["expiresIn"] == 900
    assert body["user"] == {
        "id": api.cast.olive.user_id,
        "email": OLIVE["email"],
        "name": "Olive",
        "role": "owner",
    }
    opened = api.nobody.get("campaigns", headers={"Authorization": f"Bearer {body['accessToken']}"})
    assert opened.status_code == 200


def test_refresh_cookie_is_out_of_reach_of_scripts_and_other_sites(api: Api) -> None:
    cookie = api.nobody.post(LOGIN, OLIVE).headers["set-cookie"]
    assert cookie.startswith("refreshToken=")
    for part in ("HttpOnly", "SameSite=strict", "Path=/api/auth"):
        assert part in cookie


def test_unknown_person_and_wrong_password_sound_the_same(api: Api) -> None:
    wrong = api.nobody.post(LOGIN, OLIVE | {"password": "guess guess guess"})
    unknown = api.nobody.post(LOGIN, {"email": "nobody@shop.example", "password": PASSWORD})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()


def test_guessing_is_slowed_down(api: Api) -> None:
    for _ in range(5):
        assert api.nobody.post(LOGIN, OLIVE | {"password": "guess guess guess"}).status_code == 401
    answer = api.nobody.post(LOGIN, OLIVE)
    assert answer.status_code == 429
    assert answer.json()["error"]["code"] == "slow_down"
    assert "Retry-After" in answer.headers


def test_refresh_renews_and_rotates(api: Api) -> None:
    first = _refresh_token(api)
    answer = api.nobody.post(REFRESH, headers={"Cookie": f"refreshToken={first}"})
    assert answer.status_code == 200
    assert answer.json()["expiresIn"] == 900
    assert answer.cookies["refreshToken"] != first


def test_second_use_of_a_refresh_cookie_ends_the_whole_family(api: Api) -> None:
    first = _refresh_token(api)
    second = api.nobody.post(REFRESH, headers={"Cookie": f"refreshToken={first}"}).cookies["refreshToken"]
    api.client.cookies.clear()
    assert api.nobody.post(REFRESH, headers={"Cookie": f"refreshToken={first}"}).status_code == 401
    api.client.cookies.clear()
    assert api.nobody.post(REFRESH, headers={"Cookie": f"refreshToken={second}"}).status_code == 401


def test_signed_out_cookie_renews_nothing(api: Api) -> None:
    token = _refresh_token(api)
    assert api.nobody.post(LOGOUT, headers={"Cookie": f"refreshToken={token}"}).status_code == 204
    api.client.cookies.clear()
    assert api.nobody.post(REFRESH, headers={"Cookie": f"refreshToken={token}"}).status_code == 401


def test_refresh_without_a_cookie_is_refused(api: Api) -> None:
    assert api.nobody.post(REFRESH).status_code == 401


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic b2xpdmU6eA==", "Bearer x.y.z", "Bearer hb_nothing"]
)
def test_no_token_or_a_bad_one_is_401_with_the_way_in(api: Api, header: str) -> None:
    answer = api.nobody.get("campaigns", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["error"]["code"] == "signed_out"


def test_expired_token_is_refused(api: Api) -> None:
    old = token_of(api.cast.olive.user_id, present() - timedelta(minutes=16))
    assert _with(api, old) == 401


@pytest.mark.parametrize(
    "changed",
    [{"typ": "refresh"}, {"aud": "another-shop"}, {"sub": "0"}, {"sub": "9" * 30}, {"exp": 1}],
    ids=["refresh as access", "other audience", "nobody", "a person with a huge number", "expired"],
)
def test_token_with_other_claims_is_refused(api: Api, changed: dict[str, object]) -> None:
    assert _with(api, jwt.encode(_claims(api) | changed, keys().key("jwt"), algorithm="HS256")) == 401


def test_unsigned_token_is_refused(api: Api) -> None:
    assert _with(api, jwt.encode(_claims(api), None, algorithm="none")) == 401


def test_token_signed_in_another_way_or_by_another_is_refused(api: Api) -> None:
    assert _with(api, jwt.encode(_claims(api), keys().key("jwt"), algorithm="HS512")) == 401
    assert _with(api, jwt.encode(_claims(api), b"another key" * 5, algorithm="HS256")) == 401


def test_claims_as_used_above_open_the_door_when_nothing_is_wrong(api: Api) -> None:
    assert _with(api, jwt.encode(_claims(api), keys().key("jwt"), algorithm="HS256")) == 200


def test_whoever_left_is_out_at_once(api: Api) -> None:
    program = api.as_("max_")
    assert program.get("campaigns").status_code == 200
    with unit() as session:
        left = session.get(User, api.cast.max_.user_id)
        assert left is not None
        left.active = False
    assert program.get("campaigns").status_code == 401


def test_reading_token_of_an_owner_can_only_read(api: Api) -> None:
    with unit() as session:
        token = tokens.make_api_token(session, "Report", by=api.cast.olive, now=present(), read_only=True)
    headers = {"Authorization": f"Bearer {token}"}
    assert api.nobody.get("campaigns", headers=headers).status_code == 200
    refused = api.nobody.post("customers", {"firstName": "Ana"}, headers=headers)
    assert refused.status_code == 403
    assert "only read" in refused.json()["error"]["message"]


def test_token_with_a_lesser_role_may_do_no_more_than_that(api: Api) -> None:
    with unit() as session:
        token = tokens.make_api_token(session, "Till", by=api.cast.olive, now=present(), role=Role.WORKSHOP)
    headers = {"Authorization": f"Bearer {token}"}
    assert api.nobody.post("customers", {"firstName": "Ana"}, headers=headers).status_code == 403


def test_header_orgid_must_name_this_shop(api: Api) -> None:
    with reading() as session:
        own = shop.read(session).public_id
    assert api.get("campaigns", headers={"orgid": own}).status_code == 200
    other = api.get("campaigns", headers={"orgid": "another"})
    assert other.status_code == 403
    assert other.json()["error"]["code"] == "other_shop"


def _refresh_token(api: Api) -> str:
    token = api.nobody.post(LOGIN, OLIVE).cookies["refreshToken"]
    api.client.cookies.clear()
    return token


def _claims(api: Api) -> dict[str, object]:
    return {
        "sub": str(api.cast.olive.user_id),
        "typ": "access",
        "aud": tokens.AUDIENCE,
        "iat": present(),
        "exp": present() + timedelta(minutes=5),
    }


def _with(api: Api, token: str) -> int:
    return api.nobody.get("campaigns", headers={"Authorization": f"Bearer {token}"}).status_code
