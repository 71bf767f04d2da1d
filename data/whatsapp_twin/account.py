"""Whose the twin is: the numbers, keys and figures of a WhatsApp account that exists nowhere else."""

from dataclasses import dataclass, field
from typing import Any, Final

MANAGES, SENDS = "whatsapp_business_management", "whatsapp_business_messaging"
SCOPES: Final = (MANAGES, SENDS, "business_management")
UNREGISTERED: Final = 133010
TIERS: Final = {"TIER_250": 250, "TIER_1K": 1_000, "TIER_2K": 2_000, "TIER_10K": 10_000, "TIER_100K": 100_000}


@dataclass(slots=True)
class Account:
    """What an owner copies from the platform's pages; the figures may change while the twin runs."""

    access_token: str = "EAATwinAccessToken000000000000000000000000"
    app_secret: str = "0123456789abcdef0123456789abcdef"
    verify_token: str = "the twin and the shop know this word"
    phone_number_id: str = "106540352242922"
    business_account_id: str = "102290129340398"
    app_id: str = "1155550783881"
    other_number_id: str = "106540352242923"  # of another business, which the token may see
    number: str = "15550783881"  # digits only
    shown_number: str = "+1 555-078-3881"
    name: str = "Practice shop"
    quality: str = "GREEN"
    tier: str = "TIER_2K"
    status: str = "CONNECTED"
    per_second: int = 80
    on_phone_app: bool = False  # the number is in use there as well, so it has 20 a second
    per_person: float = 6.0  # seconds between two messages to the same person
    is_expired: bool = False  # the access token
    expires_at: int = 0  # seconds since 1970; 0: never
    blocked_by: int = 0  # a code with which everything fails: 131042 where nobody pays
    reports_to: str = ""  # the address of the app's webhook
    scopes: tuple[str, ...] = SCOPES
    subscribed: list[str] = field(default_factory=list)  # apps

    @property
    def reach(self) -> int | None:
        """Different people in 24 hours; None: as many as you like."""
        return TIERS.get(self.tier)

    @property
    def hindered_by(self) -> int:
        return self.blocked_by or (UNREGISTERED if self.status == "PENDING" else 0)

    def number_facts(self) -> dict[str, Any]:
        return {
            "id": self.phone_number_id,
            "display_phone_number": self.shown_number,
            "verified_name": self.name,
            "quality_rating": self.quality,
            "messaging_limit_tier": self.tier,
            "whatsapp_business_manager_messaging_limit": self.tier,
            "code_verification_status": "VERIFIED",
            "name_status": "APPROVED",
            "new_name_status": "NONE",
            "platform_type": "CLOUD_API",
            "is_on_biz_app": self.on_phone_app,
            "account_mode": "LIVE",
            "status": self.status,
            "is_official_business_account": False,
            "throughput": {"level": "STANDARD"},
        }

    def other_facts(self) -> dict[str, Any]:
        return self.number_facts() | {
            "id": self.other_number_id,
            "display_phone_number": "+1 555-078-3882",
            "verified_name": "Somebody else",
        }

    def health_facts(self) -> dict[str, Any]:
        code = self.hindered_by
        errors = {
            "errors": [
                {
                    "error_code": code,
                    "error_description": f"This is what error {code} looks like.",
                    "possible_solution": "Read what the platform says about it.",
                }
            ]
        }
        number = {"entity_type": "PHONE_NUMBER", "id": self.phone_number_id, "can_send_message": "AVAILABLE"}
        whole: dict[str, Any] = {
            "entity_type": "WABA",
            "id": self.business_account_id,
            "can_send_message": "AVAILABLE",
        }
        app = {"entity_type": "APP", "id": self.app_id, "can_send_message": "AVAILABLE"}
        if code:
            whole |= {"can_send_message": "BLOCKED", **errors}
        return {"can_send_message": "BLOCKED" if code else "AVAILABLE", "entities": [number, whole, app]}

    def account_facts(self) -> dict[str, Any]:
        return {
            "id": self.business_account_id,
            "name": self.name,
            "timezone_id": "1",
            "currency": "EUR",
            "message_template_namespace": "5d3c1b0a_practice",
            "account_review_status": "APPROVED",
            "business_verification_status": "verified",
            "status": "ACTIVE",
            "whatsapp_business_manager_messaging_limit": self.tier,
        }

    def token_facts(self) -> dict[str, Any]:
        return {
            "app_id": self.app_id,
            "type": "SYSTEM_USER",
            "application": "Practice",
            "data_access_expires_at": 0,
            "expires_at": self.expires_at,
            "is_valid": not self.is_expired,
            "issued_at": 1_750_000_000,
            "scopes": list(self.scopes),
            "granular_scopes": [
                {"scope": scope, "target_ids": [self.business_account_id]} for scope in self.scopes
            ],
            "user_id": "122100000000000001",
        }
