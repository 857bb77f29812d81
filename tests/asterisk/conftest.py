"""A real Asterisk for the tests in this folder."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.asterisk.lab.asterisk import AsteriskLab, PackagesMissingError


@pytest.fixture(scope="session")
def asterisk_lab() -> Iterator[AsteriskLab]:
    """Asterisk 22 on free ports of loopback, stopped at the end; the packages are fetched once into .cache."""
    # Short on purpose: the path of Asterisk's control socket must fit in 108 bytes.
    with tempfile.TemporaryDirectory(prefix="asterisk-") as folder:
        lab = AsteriskLab(run_dir=Path(folder))
        try:
            lab.up()
        except PackagesMissingError as error:
            pytest.skip(f"Asterisk's packages cannot be fetched: {error}")
        yield lab
        lab.down()


@pytest.fixture
async def asterisk(asterisk_lab: AsteriskLab) -> AsyncIterator[AsteriskLab]:
    """The same, with all phones gone after the test."""
    yield asterisk_lab
    await asterisk_lab.stop_phones()
