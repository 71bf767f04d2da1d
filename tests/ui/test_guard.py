"""What every answer tells the browser, and whose forms are taken."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from data.database import now as the_time
from data.database import unit
from domain.sending import workers
from tests.cast import Cast
from tests.ui.doors import HERE, client, credentials, open_for_business


@pytest.fixture
def visitor(cast: Cast) -> TestClient:
    open_for_business(cast)
    return client()


@pytest.mark.parametrize("path", ["/sign-in", "/health", "/u/nothing", "/no-such-page"])
def test_every_answer_keeps_other_websites_and_caches_out(visitor: TestClient, path: str) -> None:
    headers = visitor.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["referrer-policy"]


@pytest.mark.parametrize(
    "telling",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:8081"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": "http://other.marlow.example"},
    ],
)
def test_a_form_from_another_website_is_not_taken(visitor: TestClient, telling: dict[str, str]) -> None:
    answer = visitor.post("/sign-in", data=credentials("sal"), headers=telling)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    visitor.post("/sign-in", data=credentials("sal"))
    assert visitor.post("/sign-out", headers=telling).status_code == 403
    assert visitor.get("/sign-in").headers["location"] == "/marketing", "still signed in"


@pytest.mark.parametrize(
    "telling", [{}, {"origin": HERE}, {"origin": "null", "sec-fetch-site": "same-origin"}]
)
def test_our_own_forms_are_taken(visitor: TestClient, telling: dict[str, str]) -> None:
    assert visitor.post("/sign-in", data=credentials("sal"), headers=telling).status_code == 303


def test_a_huge_form_is_refused_before_it_is_read(visitor: TestClient) -> None:
    answer = visitor.post("/sign-in", data={"email": "x" * 100_000, "password": "y"})
    assert answer.status_code == 413


def test_a_socket_of_another_website_is_not_opened(visitor: TestClient) -> None:
    with (
        pytest.raises(Exception) as refused,
        visitor.websocket_connect("/_nicegui_ws/socket.io", headers={"origin": "https://evil.example"}),
    ):
        pass
    assert getattr(refused.value, "code", None) == 1008


def test_health_says_only_whether_somebody_works(visitor: TestClient) -> None:
    assert visitor.get("/health").json() == {"status": "degraded"}
    with unit() as session:
        worker = workers.sign_on(session, pid=1, host="here", lock_name="w", now=the_time())
    assert visitor.get("/health").json() == {"status": "ok"}
    with unit() as session:
        workers.beat(session, worker.id, the_time() - timedelta(seconds=31))
    assert visitor.get("/health").json() == {"status": "degraded"}
