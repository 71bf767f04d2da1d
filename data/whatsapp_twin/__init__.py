"""A WhatsApp that exists only on this computer: `with Twin() as twin`, then talk to `twin.url` as to the platform."""

from data.whatsapp_twin.account import Account
from data.whatsapp_twin.calls import Asked, Sent
from data.whatsapp_twin.templates import Shown, Template, practice_templates
from data.whatsapp_twin.twin import Act, Manners, Twin

__all__ = ["Account", "Act", "Asked", "Manners", "Sent", "Shown", "Template", "Twin", "practice_templates"]
