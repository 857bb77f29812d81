"""Which certificates are right: those of the system's authorities, and of one of your own."""

from __future__ import annotations

import ssl
from pathlib import Path

from callcenter.errors import ConfigInvalid


def trust(file: Path | None, field: str) -> ssl.SSLContext | None:
    """The system's authorities and those of ``file`` (PEM); None: the system's alone. Raises ConfigInvalid."""
    if file is None:
        return None
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(cafile=file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigInvalid("cannot be read as certificates", field=field, fix="name a PEM file") from error
    return context
