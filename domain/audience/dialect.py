"""The filter language of other programs (`where` with `$in`, `$and` and so on), put into ours."""

from typing import Any, Final

from domain.audience.fields import bad_rule

NAMES: Final = {
    "firstName": "first_name",
    "lastName": "last_name",
    "companyName": "company",
    "createdAt": "created_at",
    "activeAt": "active_at",
    "lastActivityAt": "active_at",
    "marketingOptOut": "marketing_opt_out",
    "emailTrouble": "email_trouble",
    "preferredChannel": "preferred_channel",
}
OPS: Final = {
    "$eq": "eq",
    "$ne": "ne",
    "$in": "in",
    "$nin": "not_in",
    "$gt": "gt",
    "$gte": "gte",
    "$lt": "lt",
    "$lte": "lte",
}
OF_TIME: Final = {"$gt": "after", "$lt": "before"}
TIMES: Final = ("created_at", "active_at")
SWITCHES: Final = ("marketing_opt_out",)
LISTS: Final = {
    "tags": ("tag", "tagged"),
    "groups": ("in_group", ""),
}  # the leaf, and the one for "any at all"
EVERYBODY: Final[dict[str, Any]] = {"all": []}
NOBODY: Final[dict[str, Any]] = {"any": []}
GROUPS: Final = {"$and": "all", "$or": "any"}
DEEPEST = 12


def tree_of(filter_: Any) -> dict[str, Any]:
    """`{"datatype": "contact", "where": {...}}` as a rule tree, still to be parsed. Unknown words are refused by name."""
    if not isinstance(filter_, dict) or not isinstance(filter_.get("where"), dict):
        raise bad_rule("A dynamic audience needs a filter with \u201cwhere\u201d.")
    if filter_.get("datatype", "contact") != "contact":
        raise bad_rule(f"The data type \u201c{filter_['datatype']}\u201d is not known here; only contact is.")
    return _where(filter_["where"], 1)


def _where(where: Any, depth: int) -> dict[str, Any]:
    if not isinstance(where, dict):
        raise bad_rule("A condition in \u201cwhere\u201d is not understood.")
    if depth > DEEPEST:
        raise bad_rule(f"This rule is nested too deeply. At most {DEEPEST} levels are possible.")
    parts = [_entry(str(key), value, depth) for key, value in where.items()]
    return parts[0] if len(parts) == 1 else {"all": parts}


def _entry(key: str, value: Any, depth: int) -> dict[str, Any]:
    if key in GROUPS:
        if not isinstance(value, list):
            raise bad_rule(f"\u201c{key}\u201d needs a list.")
        return {GROUPS[key]: [_where(part, depth + 1) for part in value]}
    if key == "$not":
        return {"not": _where(value, depth + 1)}
    if key.startswith("$"):
        raise bad_rule(f"The operator \u201c{key}\u201d is not known.")
    return _field(key, value, depth)


def _field(name: str, value: Any, depth: int) -> dict[str, Any]:
    if not isinstance(value, dict):
        return _compare(name, "$eq", value)
    if depth > DEEPEST:
        raise bad_rule(f"This rule is nested too deeply. At most {DEEPEST} levels are possible.")
    parts = [
        {"not": _field(name, one, depth + 1)} if op == "$not" else _compare(name, str(op), one)
        for op, one in value.items()
    ]
    return parts[0] if len(parts) == 1 else {"all": parts}


def _compare(name: str, op: str, value: Any) -> dict[str, Any]:
    if op != "$exists" and op not in OPS:
        raise bad_rule(f"The operator \u201c{op}\u201d is not known.")
    if op == "$exists" and not isinstance(value, bool):
        raise bad_rule("\u201c$exists\u201d is either true or false.")
    if name in LISTS:
        return _listed(name, op, value)
    field = NAMES.get(name, name)
    if op == "$exists":
        return _exists(field, value)
    if value is None and op in ("$eq", "$ne"):
        return _exists(field, op == "$ne")
    return _of_known_days(field, op, value) if field in TIMES else _of_field(field, op, value)


def _exists(field: str, wanted: bool) -> dict[str, Any]:
    """What everybody has is never missing."""
    if field in TIMES or field in SWITCHES:
        return EVERYBODY if wanted else NOBODY
    return {"field": field, "op": "is_set" if wanted else "is_not_set"}


def _of_field(field: str, op: str, value: Any) -> dict[str, Any]:
    if field in SWITCHES and op in ("$in", "$nin"):
        either = {"any": [_of_field(field, "$eq", one) for one in _several(op, value)]}
        return either if op == "$in" else {"not": either}
    return {"field": field, "op": OPS[op], "value": value}


def _of_known_days(field: str, op: str, value: Any) -> dict[str, Any]:
    """A day or an instant; "equal to a day" is all of that day."""
    if op in ("$in", "$nin"):
        days = {"any": [_of_known_days(field, "$eq", one) for one in _several(op, value)]}
        return days if op == "$in" else {"not": days}
    if op in ("$eq", "$ne"):
        ends = [{"field": field, "op": word, "value": value} for word in ("gte", "lte")]
        return {"all": ends} if op == "$eq" else {"not": {"all": ends}}
    return {"field": field, "op": OF_TIME.get(op, OPS[op]), "value": value}


def _listed(name: str, op: str, value: Any) -> dict[str, Any]:
    """Tags and lists: having any of them. A person has several, so nothing is above or below."""
    leaf, bare = LISTS[name]
    if op == "$exists" and bare:
        return {bare: value}
    if op in ("$eq", "$in"):
        return {leaf: value} if value != [] else NOBODY
    if op in ("$ne", "$nin"):
        return {"not": {leaf: value}} if value != [] else EVERYBODY
    raise bad_rule(f"The operator \u201c{op}\u201d can't be used with {name}.")


def _several(op: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise bad_rule(f"\u201c{op}\u201d needs a list.")
    return value
