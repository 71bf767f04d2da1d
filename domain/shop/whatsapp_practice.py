"""The account of the WhatsApp that runs inside Handbill while the shop has none of its own.

Who can reach it sits at this computer, so its token is no secret. What it reports is believed only with a signature made
from the installation's own secret.
"""

from data.secrets import keys
from data.whatsapp_twin.account import Account

NUMBER_SHOWN = "+1 555-078-3881"


def account(name: str = "") -> Account:
    """As the twin is to be."""
    return Account(app_secret=_made("app-secret"), verify_token=_made("verify"), name=name or "Your shop")


def as_keys() -> dict[str, str]:
    """As the owner's own are kept."""
    usual = account()
    return {
        "phone_number_id": usual.phone_number_id,
        "business_account_id": usual.business_account_id,
        "access_token": usual.access_token,
        "app_secret": usual.app_secret,
        "verify_token": usual.verify_token,
    }


def _made(what: str) -> str:
    return keys().key(f"practice-whatsapp/{what}").hex()
