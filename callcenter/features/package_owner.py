"""Refuse to run where another distribution owns one of our top-level package names (ADR 0001)."""

from __future__ import annotations

from importlib.metadata import packages_distributions

from callcenter.errors import Conflict

DISTRIBUTION = "callcenter-desk"
PACKAGES = ("callcenter", "asr", "nlp", "workorder")


def foreign_owners() -> dict[str, list[str]]:
    """Package name → other distributions that installed files under it."""
    owners = packages_distributions()
    return {
        package: others
        for package in PACKAGES
        if (others := sorted({owner for owner in owners.get(package, []) if owner != DISTRIBUTION}))
    }


def check() -> None:
    """Raise Conflict naming the intruders."""
    for package, others in foreign_owners().items():
        raise Conflict(
            f"the distribution {', '.join(others)} also installed a package named {package!r} here",
            field="python environment",
            fix="install callcenter-desk in an environment of its own (pipx, venv or container)",
        )
