"""A few of the restarts that bench/restarts.py does a hundred times."""

from __future__ import annotations

import pytest

from callcenter.features.journal_replay import Replay
from callcenter.storage.journal_format import files
from tests.asterisk.lab.asterisk import AsteriskLab
from tests.asterisk.restarts import drill

ROUNDS = 3


@pytest.mark.timeout(300)
async def test_restarts_of_the_pbx_under_calls_double_and_leak_nothing(asterisk: AsteriskLab, tmp_path) -> None:
    """Each call has one pop, one record and at most one order; nothing is left; the journal replays identically."""
    tally = await drill(asterisk, tmp_path, ROUNDS)
    assert tally.calls_placed == tally.call_records == tally.pops == 2 * ROUNDS
    assert tally.gaps == ROUNDS
    assert tally.orders == ROUNDS  # Those that were answered.
    assert (tally.duplicate_pops, tally.duplicate_records, tally.duplicate_orders, tally.calls_left_open) == (0,) * 4
    assert (tally.tracked, tally.taps, tally.channels_on_pbx) == (0, 0, 0)
    assert tally.descriptors[0] == tally.descriptors[1], tally.new_descriptors
    assert tally.tasks[0] == tally.tasks[1]
    replay = Replay(files(tmp_path / "journal"))
    gaps = [row for row in replay.rows() if row.name == "AmiGap"]
    assert len(gaps) == ROUNDS
    assert replay.differences == []
