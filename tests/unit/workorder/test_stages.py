"""Where orders spend their time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from workorder.policy.lifecycle import Status
from workorder.policy.stages import stages

START = datetime(2026, 11, 2, tzinfo=UTC)


def life(created_h: float, parts_h: float) -> list[tuple[datetime, Status]]:
    """An order that waited for a technician, then for parts, then was done within the hour."""
    moments = [0.0, 1.0, 1.0 + created_h, 2.0 + created_h, 2.0 + created_h + parts_h, 3.0 + created_h + parts_h]
    steps = [
        Status.DRAFT,
        Status.CREATED,
        Status.WORKING,
        Status.WAITING_PARTS,
        Status.WORKING,
        Status.COMPLETED,
    ]
    return [(START + timedelta(hours=hours), status) for hours, status in zip(moments, steps, strict=True)]


def test_time_is_counted_by_status_and_the_widest_stage_is_the_bottleneck() -> None:
    """Waiting for parts varies most: it needs the slack, and the figures are times that orders really had."""
    found = {stage.status: stage for stage in stages(life(2, hours) for hours in range(1, 11))}
    assert list(found) == ["created", "working", "waiting_parts"]
    parts = found["waiting_parts"]
    assert (parts.visits, parts.p50_s, parts.p80_s, parts.p90_s) == (10, 5 * 3600, 8 * 3600, 9 * 3600)
    assert (parts.buffer_s, parts.bottleneck) == (4 * 3600, True)
    assert found["working"].visits == 20
    assert found["created"].buffer_s == 0
    assert sum(stage.share for stage in found.values()) == 1
    assert [stage.status for stage in found.values() if stage.bottleneck] == ["waiting_parts"]


def test_few_visits_make_no_bottleneck() -> None:
    """Nine orders are too few to plan by; none at all give nothing."""
    assert not any(stage.bottleneck for stage in stages(life(2, hours) for hours in range(1, 10)))
    assert stages([]) == ()
