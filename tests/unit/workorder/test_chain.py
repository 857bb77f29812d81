"""The hash of a line of the trail: always of the same canonical text, whatever it holds."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

from hypothesis import given, settings
from hypothesis import strategies as st

from workorder.policy.chain import link

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
CONTENT = st.recursive(
    st.none() | st.booleans() | TEXT, lambda inner: st.dictionaries(TEXT, inner, max_size=3), max_leaves=4
)
TIMES = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=8))]), min_value=datetime(2000, 1, 1))


@settings(deadline=None)
@given(
    previous=TEXT, order_id=TEXT, at=TIMES, by=TEXT, field=TEXT, before=CONTENT, after=CONTENT, reason=st.none() | TEXT
)
def test_a_link_is_the_hash_of_its_predecessor_and_the_line_as_canonical_json(
    previous: str, order_id: str, at: datetime, by: str, field: str, before: object, after: object, reason: str | None
) -> None:
    """Keys sorted, no spaces, text as it is, time in UTC: what anybody can compute again."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    line = {"order_id": order_id, "at": moment, "by": by, "field": field, "before": before, "after": after,
            "reason": reason}  # fmt: skip
    text = json.dumps(line, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    found = link(previous, order_id, at=at, by=by, field=field, before=before, after=after, reason=reason)
    assert found == sha256(f"{previous}\n{text}".encode()).hexdigest()
