"""How our HTTP messages prove where they come from (docs/notifications.md shows receivers).

``X-Callcenter-Signature: v1=<hex>`` is the HMAC-SHA256, with the shared secret, of
``<timestamp>.<delivery id>.<body>``; ``X-Callcenter-Timestamp`` (seconds since the epoch) and
``X-Callcenter-Delivery`` carry the other two. A receiver refuses old timestamps and remembers delivery ids: a message
that was recorded cannot be played again.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

TIMESTAMP, DELIVERY, SIGNATURE = "X-Callcenter-Timestamp", "X-Callcenter-Delivery", "X-Callcenter-Signature"
MAX_AGE_S = 300


def signed(body: bytes, *, secret: str, delivery_id: str, at_s: int) -> dict[str, str]:
    """The headers for ``body`` sent at ``at_s``."""
    return {
        TIMESTAMP: str(at_s),
        DELIVERY: delivery_id,
        SIGNATURE: f"v1={_mac(body, secret, delivery_id, str(at_s))}",
    }


def verified(body: bytes, headers: Mapping[str, str], *, secret: str, now_s: float) -> bool:
    """What a receiver checks: the signature is right and the message fresh."""
    at, delivery_id = headers.get(TIMESTAMP, ""), headers.get(DELIVERY, "")
    if not at.isdigit() or abs(now_s - int(at)) > MAX_AGE_S:
        return False
    expected = f"v1={_mac(body, secret, delivery_id, at)}"
    return hmac.compare_digest(expected.encode(), headers.get(SIGNATURE, "").encode())


def _mac(body: bytes, secret: str, delivery_id: str, at: str) -> str:
    return hmac.new(secret.encode(), f"{at}.{delivery_id}.".encode() + body, hashlib.sha256).hexdigest()
