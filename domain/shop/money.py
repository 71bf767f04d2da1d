"""Which money a shop takes, by its country. Amounts are whole numbers of its smallest unit. Pure."""

from typing import Final

_EURO: Final = "AD AT BE BG CY DE EE ES FI FR GR HR IE IT LT LU LV MC ME MT NL PT SI SK SM VA XK"
_OTHERS: Final = {
    "AE": "AED", "AR": "ARS", "AU": "AUD", "BR": "BRL", "CA": "CAD", "CH": "CHF", "CL": "CLP", "CN": "CNY", "CO": "COP",
    "CZ": "CZK", "DK": "DKK", "EG": "EGP", "GB": "GBP", "GG": "GBP", "HK": "HKD", "HU": "HUF", "ID": "IDR", "IL": "ILS",
    "IM": "GBP", "IN": "INR", "IS": "ISK", "JE": "GBP", "JP": "JPY", "KE": "KES", "KR": "KRW", "LI": "CHF", "MA": "MAD",
    "MX": "MXN", "MY": "MYR", "NG": "NGN", "NO": "NOK", "NZ": "NZD", "PE": "PEN", "PH": "PHP", "PK": "PKR", "PL": "PLN",
    "QA": "QAR", "RO": "RON", "RS": "RSD", "SA": "SAR", "SE": "SEK", "SG": "SGD", "TH": "THB", "TR": "TRY", "TW": "TWD",
    "UA": "UAH", "US": "USD", "UY": "UYU", "VN": "VND", "ZA": "ZAR",
}  # fmt: skip
BY_COUNTRY: Final = {**dict.fromkeys(_EURO.split(), "EUR"), **_OTHERS}


def currency_of(country: str) -> str:
    """What an amount without a currency is meant in."""
    return BY_COUNTRY.get(country.upper(), "EUR")
