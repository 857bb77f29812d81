"""config.yaml as a file for people: every key with its comment, and the values found filled in. Never overwritten."""

from __future__ import annotations

import importlib.resources
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, SecretStr

from callcenter.config import Settings
from callcenter.errors import Conflict, Invalid, Unavailable

_KEY = re.compile(r"(?P<indent> *)(?P<key>[a-z_]+):")


def default_text() -> str:
    """The commented config.yaml: inside the wheel, or the one at the top of a checkout."""
    packaged = importlib.resources.files("callcenter").joinpath("config.default.yaml")
    source = packaged if packaged.is_file() else Path(__file__).parents[2] / "config.yaml"
    return source.read_text("utf-8")


def changed(settings: Settings) -> dict[str, Any]:
    """Keys (``pbx.host``) that differ from their defaults; secrets are left out, their files are not."""
    default = _flat(Settings())
    return {
        key: value
        for key, value in _flat(settings).items()
        if value != default[key] and not isinstance(value, SecretStr)
    }


def _flat(section: BaseModel, prefix: str = "") -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name in type(section).model_fields:
        value = getattr(section, name)
        out |= _flat(value, f"{prefix}{name}.") if isinstance(value, BaseModel) else {prefix + name: value}
    return out


def fill(text: str, values: Mapping[str, Any]) -> str:
    """Put values behind their keys, comments untouched. Raises Invalid for a key that the text does not have."""
    section, left, lines = "", dict(values), []
    for line in text.splitlines():
        found = _KEY.match(line)
        if found is None:
            lines.append(line)
            continue
        section = section if found["indent"] else found["key"]
        path = f"{section}.{found['key']}" if found["indent"] else found["key"]
        lines.append(f"{found[0]} {_scalar(left.pop(path))}".rstrip() if path in left else line)
    if left:
        raise Invalid("there is no such key", field=", ".join(left))
    return "\n".join(lines) + "\n"


def _scalar(value: Any) -> str:
    if value is None:
        return ""
    plain = str(value) if isinstance(value, Path) else list(value) if isinstance(value, tuple) else value
    dumped: str = yaml.safe_dump(plain, default_flow_style=True, allow_unicode=True, width=10_000)
    return dumped.removesuffix("...\n").strip()


def refuse_existing(path: Path, *, force: bool) -> None:
    """Raises Conflict when the file is there and may not be replaced."""
    if path.exists() and not force:
        raise Conflict("it exists already", field=str(path), fix="use --force to replace it, or another path")


def write(path: Path, text: str, *, force: bool = False) -> None:
    """Write the whole file or none of it. Raises Conflict (it exists) or Unavailable (it cannot be written)."""
    refuse_existing(path, force=force)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, "utf-8")
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise Unavailable(f"cannot write it: {error.strerror}", field=str(path), fix="choose another path") from error
