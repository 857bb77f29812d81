"""Who may do what: one table, role to permissions. What is not granted is denied.

docs/reference/api.md shows the same table (a test compares them).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Permission(StrEnum):
    """Something a route asks for."""

    SESSION = "session"
    DESK = "desk"
    CALLS = "calls"
    CALLS_ALL = "calls.all"
    CUSTOMERS = "customers"
    CUSTOMERS_EDIT = "customers.edit"
    CUSTOMERS_MERGE = "customers.merge"
    TERMS_EDIT = "terms.edit"
    IMPORT = "import"
    EXPORT = "export"
    ORDERS = "orders"
    ORDERS_EDIT = "orders.edit"
    INTAKE = "intake"
    TEMPLATES_EDIT = "templates.edit"
    WALLBOARD = "wallboard"
    REPORTS = "reports"
    RULES = "rules"
    OPERATE = "operate"
    API_KEYS = "api_keys"


class Role(StrEnum):
    """What a user is in the call centre; one user may be several."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


_AGENT = frozenset(
    {
        Permission.SESSION,
        Permission.DESK,
        Permission.CALLS,
        Permission.CUSTOMERS,
        Permission.CUSTOMERS_EDIT,
        Permission.ORDERS,
        Permission.ORDERS_EDIT,
        Permission.INTAKE,
    }
)

_SUPERVISOR = _AGENT | {
    Permission.CUSTOMERS_MERGE,
    Permission.TERMS_EDIT,
    Permission.IMPORT,
    Permission.EXPORT,
    Permission.TEMPLATES_EDIT,
    Permission.CALLS_ALL,
    Permission.WALLBOARD,
    Permission.REPORTS,
    Permission.RULES,
}

GRANTS: dict[str, frozenset[Permission]] = {
    Role.AGENT: _AGENT,
    Role.SUPERVISOR: _SUPERVISOR,
    Role.ADMIN: _SUPERVISOR | {Permission.OPERATE, Permission.API_KEYS},
}

SCOPES = frozenset(Permission) - {Permission.SESSION, Permission.DESK, Permission.API_KEYS}
"""What an API key can be given: not what needs a person at a desk, and no key makes another key."""


def permissions_of(roles: Iterable[str]) -> frozenset[Permission]:
    """Everything the roles grant together; a role this version does not know grants nothing."""
    return frozenset[Permission]().union(*(GRANTS.get(role, frozenset()) for role in roles))
