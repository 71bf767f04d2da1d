"""Where a server is and how one signs in there: the same questions for sending mail and for reading it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from nicegui import ui

from domain.refusal import invalid
from ui.parts.basics import box
from ui.parts.inputs import Field, select, text_input

PROTECTION: Final = {"starttls": "STARTTLS", "tls": "TLS", "none": "None"}
FILLS: Final = "Fills in the three fields below."


@dataclass(frozen=True)
class Offer:
    """What is filled in where one's provider is chosen."""

    label: str
    host: str
    security: str
    port: str
    hint: str


@dataclass(frozen=True)
class Sort:
    """What is different about one sort of server."""

    testid: str
    server: str  # what it is called
    example: str
    ports: Mapping[str, str]  # the usual one by protection
    ports_said: str
    usual_said: str  # after "usual ones are"
    offers: Mapping[str, Offer]


@dataclass(frozen=True)
class Begun:
    host: str
    port: int
    security: str
    username: str
    has_password: bool


class ServerFields:
    """Draws itself where it is made. `on_fill` hears which provider was chosen, or that it is another one."""

    def __init__(self, sort: Sort, begun: Begun, on_fill: Callable[[str], None] | None = None) -> None:
        self.sort, self.begun, self._on_fill = sort, begun, on_fill
        self._provider()
        self.fields = self._server() | self._sign_in()

    @property
    def host(self) -> str:
        return self._host.value or ""

    @property
    def port(self) -> int:
        """Raises Refusal."""
        typed = (self._port.value or "").strip()
        if not (typed.isdecimal() and len(typed) <= 5):
            raise invalid(
                "port", f"A port is a number from 1 to 65535; usual ones are {self.sort.usual_said}."
            )
        return int(typed)

    @property
    def security(self) -> str:
        return self._security.value or ""

    @property
    def username(self) -> str:
        return self._username.value or ""

    @property
    def password(self) -> str:
        return self._password.value or ""

    def _provider(self) -> None:
        self._recipe = Field("Your provider", FILLS, optional=True)
        with self._recipe.body:
            select(
                {key: one.label for key, one in self.sort.offers.items()},
                on_change=self._fill,
                label="Your provider",
                placeholder="Another one",
                searchable=True,
                testid=f"{self.sort.testid}-recipe",
            )

    def _server(self) -> dict[str, Field]:
        begun, sort = self.begun, self.sort
        with box("hb-three"):
            host = Field(sort.server)
            with host.body:
                self._host = text_input(
                    begun.host, label=sort.server, placeholder=sort.example, testid=f"{sort.testid}-host"
                )
            port = Field("Port")
            with port.body:
                self._port = text_input(str(begun.port), label="Port", testid=f"{sort.testid}-port")
                self._port.props("inputmode=numeric")
            security = Field("Protection", sort.ports_said)
            with security.body:
                self._security = select(
                    PROTECTION,
                    begun.security,
                    on_change=self._usual_port,
                    label="Protection",
                    testid=f"{sort.testid}-security",
                )
        return {"host": host, "port": port, "security": security}

    def _sign_in(self) -> dict[str, Field]:
        begun, testid = self.begun, self.sort.testid
        with box("hb-two"):
            username = Field("User name", "Often your email address.")
            with username.body:
                self._username = text_input(begun.username, label="User name", testid=f"{testid}-username")
            kept = (
                "One is kept, sealed. Leave this empty to go on with it."
                if begun.has_password
                else "It is kept sealed and never shown again."
            )
            password = Field("Password", kept)
            with password.body:
                self._password = text_input(
                    label="Password",
                    kind="password",
                    autocomplete="new-password",
                    testid=f"{testid}-password",
                )
        return {"username": username, "password": password}

    def _fill(self, event: ui.select) -> None:
        offer = self.sort.offers.get(event.value or "")
        if offer:
            self._host.set_value(offer.host)
            self._security.set_value(offer.security)
            self._port.set_value(offer.port)
        self._recipe.say(offer.hint if offer else FILLS)
        if self._on_fill:
            self._on_fill(event.value or "")

    def _usual_port(self, event: ui.select) -> None:
        """Follows the protection, unless somebody chose a port of their own."""
        if self._port.value in (*self.sort.ports.values(), ""):
            self._port.set_value(self.sort.ports[event.value])
