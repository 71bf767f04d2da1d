"""Who may open which door: five roles and nobody, at every door of the application. A door that is not listed fails."""

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from data.database import now as present
from data.database import unit
from domain.shop import sessions
from domain.shop.people import User
from tests.ui.conftest import HOME, Api
from ui.api.words import ALIASES
from ui.doors import pages

PEOPLE = ("olive", "max_", "sal", "wes", "ada")
ALL, RUN, OWN = frozenset(PEOPLE), frozenset({"olive", "max_"}), frozenset({"olive"})
ANYBODY = ALL | {"nobody"}

API = {
    "GET customers": ALL,
    "POST customers": RUN,
    "POST customers/import": RUN,
    "GET customers/imports": RUN,
    "GET customers/imports/{import_id}": RUN,
    "GET customers/imports/{import_id}/refused": RUN,
    "POST customers/imports/{import_id}/undo": RUN,
    "GET customers/{customer_id}": ALL,
    "PATCH customers/{customer_id}": RUN,
    "DELETE customers/{customer_id}": RUN,
    "GET customers/{customer_id}/communications": ALL,
    "GET customers/{customer_id}/records": ALL,
    "POST customers/{customer_id}/records": RUN,
    "GET customers/{customer_id}/preferences": ALL,
    "POST customers/{customer_id}/merge": RUN,
    "POST customers/erase": RUN,
    "GET customers/{customer_id}/export": RUN,
    "GET customers/export": RUN,
    "GET customers/duplicates": ALL,
    "POST customers/duplicates/different": RUN,
    "GET records/{record_id}": ALL,
    "PATCH records/{record_id}": RUN,
    "DELETE records/{record_id}": RUN,
    "GET groups": ALL,
    "POST groups": RUN,
    "GET groups/{group_id}": ALL,
    "PATCH groups/{group_id}": RUN,
    "DELETE groups/{group_id}": RUN,
    "GET groups/{group_id}/members": ALL,
    "POST groups/{group_id}/members": RUN,
    "POST groups/{group_id}/members/remove": RUN,
    "GET tags": ALL,
    "PATCH tags/{name:path}": RUN,
    "DELETE tags/{name:path}": RUN,
    "POST audience/count": ALL,
    "POST audience/explain": ALL,
    "POST audience/addresses": ALL,
    "GET segments": ALL,
    "POST segments": RUN,
    "GET segments/{segment_id}": ALL,
    "PATCH segments/{segment_id}": RUN,
    "DELETE segments/{segment_id}": RUN,
    "GET segments/{segment_id}/used-by": ALL,
    "POST segments/{segment_id}/duplicate": RUN,
    "GET templates": ALL,
    "POST templates": RUN,
    "GET templates/{template_id}": ALL,
    "PATCH templates/{template_id}": RUN,
    "DELETE templates/{template_id}": RUN,
    "POST templates/{template_id}/duplicate": RUN,
    "GET campaigns": ALL,
    "POST campaigns": RUN,
    "GET campaigns/{campaign_id}": ALL,
    "PUT campaigns/{campaign_id}": RUN,
    "PATCH campaigns/{campaign_id}": RUN,
    "DELETE campaigns/{campaign_id}": RUN,
    "POST campaigns/{campaign_id}/launch": RUN,
    "POST campaigns/{campaign_id}/schedule": RUN,
    "POST campaigns/{campaign_id}/unschedule": RUN,
    "POST campaigns/{campaign_id}/pause": RUN,
    "POST campaigns/{campaign_id}/resume": RUN,
    "POST campaigns/{campaign_id}/stop": RUN,
    "PUT campaigns/{campaign_id}/also": RUN,
    "DELETE campaigns/{campaign_id}/also": RUN,
    "GET campaigns/{campaign_id}/asking": ALL,
    "POST campaigns/{campaign_id}/ask": RUN,
    "POST campaigns/{campaign_id}/cancel-asking": RUN,
    "POST campaigns/{campaign_id}/duplicate": RUN,
    "POST campaigns/{campaign_id}/test": RUN,
    "GET campaigns/{campaign_id}/stats": ALL,
    "GET campaigns/{campaign_id}/analytics": ALL,
    "GET campaigns/{campaign_id}/recipients": ALL,
    "GET campaigns/{campaign_id}/recipients.csv": ALL,
    "GET dispatches": ALL,
    "POST dispatches": RUN,
    "GET dispatches/{dispatch_id}": ALL,
    "DELETE dispatches/{dispatch_id}": RUN,
    "POST dispatches/{dispatch_id}/undo": RUN,
    "POST dispatches/{dispatch_id}/pause": RUN,
    "POST dispatches/{dispatch_id}/resume": RUN,
    "POST dispatches/{dispatch_id}/stop": RUN,
    "GET dispatches/{dispatch_id}/stats": ALL,
    "GET dispatches/{dispatch_id}/recipients": ALL,
    "GET dispatches/{dispatch_id}/recipients.csv": ALL,
    "POST dispatches/{dispatch_id}/retry-failed": RUN,
    "POST dispatches/{dispatch_id}/settle": RUN,
    "GET deliveries": ALL,
    "POST deliveries/{delivery_id}/resend": RUN,
    "POST deliveries/{delivery_id}/settle": RUN,
    "GET dashboard": ALL,
    "POST campaigns/aggregated-metrics": ALL,
    "GET dispatches/{dispatch_id}/bought-afterwards": ALL,
    "GET platforms": ALL,
    "GET campaign-types": ALL,
    "GET social-profiles": ALL,
    "GET social-profiles/{platform}": ALL,
    "GET settings/shop": ALL,
    "PUT settings/shop": OWN,
    "GET settings/statuses": ALL,
    "GET settings/categories": ALL,
    "POST settings/categories": OWN,
    "PATCH settings/categories/{key}": OWN,
    "DELETE settings/categories/{key}": OWN,
    "GET settings/record-staff": ALL,
    "POST settings/record-staff": OWN,
    "PATCH settings/record-staff/{key}": OWN,
    "DELETE settings/record-staff/{key}": OWN,
    "GET settings/record-kinds": ALL,
    "POST settings/record-kinds": OWN,
    "PATCH settings/record-kinds/{key}": OWN,
    "DELETE settings/record-kinds/{key}": OWN,
    "GET settings/own-fields": ALL,
    "POST settings/own-fields": OWN,
    "PATCH settings/own-fields/{key}": OWN,
    "DELETE settings/own-fields/{key}": OWN,
    "GET settings/mail": OWN,
    "PUT settings/mail": OWN,
    "GET settings/providers": OWN,
    "GET settings/channels/{name}": OWN,
    "PUT settings/channels/{name}": OWN,
    "DELETE settings/channels/{name}": OWN,
    "POST settings/channels/{name}/check": OWN,
    "GET settings/channels/{name}/words": ALL,
    "PUT settings/channels/{name}/words": OWN,
    "GET settings/channels/{name}/templates": ALL,
    "POST settings/channels/{name}/templates/sync": RUN,
    "GET settings/providers/{name}": OWN,
    "PUT settings/providers/{name}": OWN,
    "DELETE settings/providers/{name}": OWN,
    "GET events": OWN,
    "POST settings/installation/confirm": OWN,
    "GET settings/deleted": OWN,
    "POST settings/deleted/{kind}/{thing_id}/put-back": OWN,
    "POST settings/deleted/purge": OWN,
    "GET audit": OWN,
    "GET audit/export": OWN,
    "GET health": ALL,
}
PAGES = {
    "/marketing": ALL,
    "/marketing/campaigns": ALL,
    "/marketing/campaigns/new": RUN,
    "/marketing/campaigns/{campaign_id}": ALL,
    "/marketing/campaigns/{campaign_id}/edit": RUN,
    "/marketing/bulk-email": RUN,
    "/marketing/bulk-sms": RUN,
    "/marketing/whatsapp-campaigns": RUN,
    "/marketing/sends": ALL,
    "/marketing/log": ALL,
    "/marketing/results": ALL,
    "/marketing/sends/{dispatch_id}": ALL,
    "/practice": ALL,
    "/practice/whatsapp": ALL,
    "/practice/newest": ALL,
    "/customers": ALL,
    "/customers/new": RUN,
    "/customers/import": RUN,
    "/customers/import/{import_id}": RUN,
    "/customers/duplicates": RUN,
    "/customers/tags": RUN,
    "/customers/groups": ALL,
    "/customers/groups/{id}": ALL,
    "/customers/{id}": ALL,
    "/customers/{id}/edit": RUN,
    "/segments": ALL,
    "/segments/new": RUN,
    "/segments/{id}": ALL,
    "/templates": ALL,
    "/templates/new": RUN,
    "/templates/{id}": ALL,
    "/settings": ALL,
    "/settings/mail": OWN,
    "/settings/reports": OWN,
    "/settings/whatsapp": OWN,
    "/settings/reports/events": OWN,
    "/settings/sending": ALL,
    "/settings/measuring": ALL,
    "/settings/sign-up": OWN,
    "/settings/statuses": OWN,
    "/settings/words": OWN,
    "/settings/staff": OWN,
    "/settings/audit": OWN,
    "/settings/deleted": OWN,
    "/settings/account": ALL,
}
# Doors for those who are not signed in, or not yet; what each asks for is told in its own tests.
OPEN = {
    "POST /api/auth/login",
    "POST /api/auth/refresh",
    "POST /api/auth/logout",
    "GET /api/openapi.json",
    "GET /api/docs",
    "GET /api/docs.css",
    "GET /welcome",
    "POST /welcome",
    "POST /welcome/shop",
    "POST /welcome/choice",
    "GET /sign-in",
    "POST /sign-in",
    "POST /sign-out",
    "GET /health",
    "GET /join",
    "POST /join",
    "GET /join/{token}",
    "POST /join/{token}",
    "GET /u/{token}",
    "POST /u/{token}",
    "GET /favicon.ico",
    "GET /",
}
FILES = {
    "GET /marketing/sends/{dispatch_id}/recipients.{form}": ALL,
    "GET /marketing/log.csv": ALL,
    "GET /customers/export.{form}": RUN,
    "GET /customers/{customer_id}.json": RUN,
    "GET /customers/{customer_id}/proof": RUN,
    "GET /settings/sign-up/card": ALL,
    "GET /settings/whatsapp/card": ALL,
    "GET /settings/audit/export.{form}": OWN,
}
NOTHING = re.compile(r"\S+ /(api|(api|crm|t)/\{path:path\})")


def test_every_door_is_on_the_list(doors: FastAPI) -> None:
    listed = {f"{method} {HOME}/{path}" for method, path in map(str.split, API)} | OPEN | set(FILES)
    assert {door for door in _doors(doors) if not NOTHING.fullmatch(door)} == listed


def test_aliases_have_the_same_doors(doors: FastAPI) -> None:
    every = _every_door(doors)
    for alias in ALIASES:
        assert {one for one in every if one.split()[1].startswith(f"{alias}/")} == {
            f"{method} {alias}/{path}" for method, path in map(str.split, API)
        }


def test_every_page_is_on_the_list() -> None:
    built = {page.path for page in pages()}
    assert built <= set(PAGES), f"not listed: {sorted(built - set(PAGES))}"


@pytest.mark.parametrize(
    "home", [HOME, *(pytest.param(alias, marks=pytest.mark.thorough) for alias in ALIASES)]
)
def test_each_role_at_each_door_for_programs(api: Api, home: str) -> None:
    wrong = []
    for who, program in _programs(api.at(home)):
        for door, welcome in API.items():
            method, path = door.split()
            body = {} if method in ("POST", "PUT", "PATCH") else None
            answer = program.ask(method, _filled(path), body)
            if _verdict(answer.status_code) != _expected(who, welcome):
                wrong.append(f"{who}: {door} answered {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_door_that_is_closed_says_nothing_about_what_is_behind_it(api: Api) -> None:
    """The same word for what is there and for what is not."""
    number = api.post("campaigns", {"name": "Secret"}).json()["id"]
    there, not_there = (api.as_("sal").delete(f"campaigns/{n}") for n in (number, number + 99))
    assert there.status_code == not_there.status_code == 403
    assert there.json() == not_there.json()


def test_each_role_at_each_page(api: Api) -> None:
    built = [page.path for page in pages()]
    assert built
    wrong = []
    for who in (*PEOPLE, "nobody"):
        cookie = _cookie(api, who)
        for path in built:
            answer = api.nobody.get(_filled(path), headers=cookie)
            if not _fits(answer.status_code, answer.headers.get("location", ""), _expected(who, PAGES[path])):
                wrong.append(
                    f"{who}: {path} answered {answer.status_code} {answer.headers.get('location', '')}"
                )
    assert not wrong, "\n".join(wrong)


def test_file_door_asks_who_is_there(api: Api) -> None:
    for door, welcome in FILES.items():
        for who in (*PEOPLE, "nobody"):
            answer = api.nobody.get(_filled(door.split()[1]), headers=_cookie(api, who))
            assert _fits(answer.status_code, answer.headers.get("location", ""), _expected(who, welcome)), who


def test_browser_session_opens_no_door_for_programs(api: Api) -> None:
    """Otherwise another website could use it."""
    assert api.nobody.get("campaigns", headers=_cookie(api, "olive")).status_code == 401


def _doors(app: FastAPI) -> set[str]:
    return {door for door in _every_door(app) if not door.split()[1].startswith(ALIASES)}


def _every_door(app: FastAPI) -> set[str]:
    return {
        f"{method} {context.path}"
        for context in iter_route_contexts(app.routes)
        if isinstance(context.original_route, APIRoute)
        for method in context.methods or ()
        if method not in ("HEAD", "OPTIONS")
    }


def _programs(api: Api) -> Iterator[tuple[str, Api]]:
    for name in PEOPLE:
        yield name, api.as_(name)
    yield "nobody", api.nobody


def _filled(path: str) -> str:
    """A number that nothing has: who may come in learns that, who may not learns nothing."""
    path = re.sub(r"\{key\}", "nothing", re.sub(r"\{form\}", "csv", path))
    return re.sub(r"\{platform\}", "facebook", re.sub(r"\{\w*id\}", "9999", path))


def _expected(who: str, welcome: frozenset[str]) -> str:
    return "stranger" if who == "nobody" else "open" if who in welcome else "closed"


def _verdict(status: int) -> str:
    return {401: "stranger", 403: "closed"}.get(status, "open" if status < 500 else "broken")


def _fits(status: int, location: str, expected: str) -> bool:
    if expected == "stranger":
        return status == 303 and location.startswith("/sign-in")
    if expected == "closed":
        return status == 403
    return status in (200, 404) or (status in (303, 307) and not location.startswith("/sign-in"))


def _cookie(api: Api, who: str) -> dict[str, str]:
    if who == "nobody":
        return {}
    with unit() as session:
        user = session.get(User, getattr(api.cast, who).user_id)
        assert user is not None
        return {"Cookie": f"{sessions.COOKIE}={sessions.sign_in(session, user, now=present())}"}
