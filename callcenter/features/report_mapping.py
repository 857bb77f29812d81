"""Other programs' JSON as a report: config.yaml (``intake.webhooks``) says where its parts are, nothing is coded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callcenter.config_channels import Paths, WebhookMapping
from callcenter.errors import Invalid

LONGEST = 2000
MISSING = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedReport:
    """What a foreign document says in our words. ``fields`` are not checked yet."""

    channel: str
    external_id: str | None
    sender: str | None
    text: str
    fields: Mapping[str, Any]


def report_of(document: Mapping[str, Any], mapping: WebhookMapping) -> MappedReport:
    """What ``document`` reports. Raises Invalid as ``mapped`` does, and for one that says nothing: no empty draft."""
    report = mapped(document, mapping)
    if not (report.text or report.sender or report.external_id or report.fields != mapping.constants):
        raise Invalid("has nothing in it that the mapping looks for", field="body", fix="see intake.webhooks")
    return report


def mapped(document: Mapping[str, Any], mapping: WebhookMapping) -> MappedReport:
    """Read ``document`` by ``mapping``. Raises Invalid for a part that is no text where text is needed."""
    fields: dict[str, Any] = dict(mapping.constants)
    form = _find(document, mapping.form)
    if isinstance(form, Mapping):
        fields |= form
    elif form is not MISSING and form is not None:
        raise Invalid("must be an object of fields", field="form", fix=f"the mapping reads it from {mapping.form}")
    for name, paths in mapping.fields.items():
        found = _find(document, paths)
        if found is MISSING or found is None or found == "":
            continue
        value = mapping.values.get(name, {}).get(str(found), found)
        whole, _, part = name.partition(".")
        if part:
            fields[whole] = {**fields.get(whole, {}), part: _plain(value)}
        else:
            fields[whole] = _plain(value)
    return MappedReport(
        channel=mapping.channel,
        external_id=_text(document, mapping.external_id, "external_id"),
        sender=_text(document, mapping.sender, "sender"),
        text=_text(document, mapping.text, "text") or "",
        fields=fields,
    )


def _find(document: Any, paths: Paths) -> Any:
    """The first of ``paths`` that is there."""
    for path in (paths,) if isinstance(paths, str) else paths:
        found = document
        for step in path.split("."):
            found = found.get(step, MISSING) if isinstance(found, Mapping) else MISSING
        if found is not MISSING:
            return found
    return MISSING


def _text(document: Mapping[str, Any], paths: Paths, what: str) -> str | None:
    found = _find(document, paths)
    if found is MISSING or found is None or found == "":
        return None
    if isinstance(found, bool | int | float | str):
        return str(found)[:LONGEST]
    raise Invalid("must be text or a number", field=what, fix=f"see the mapping: {what} is read from {paths}")


def _plain(value: Any) -> Any:
    """Numbers as text: a phone number or a code may come as one."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
