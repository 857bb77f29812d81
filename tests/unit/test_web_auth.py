"""Permissions, passwords and the brake on guessing."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from callcenter.auth.attempts import PER_ADDRESS, PER_USER, REMEMBERED, WINDOW_S, Attempts
from callcenter.auth.errors import TooManyAttempts
from callcenter.auth.passwords import Passwords
from callcenter.auth.permissions import GRANTS, Permission, Role, permissions_of
from callcenter.clock import VirtualClock

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def test_every_role_has_its_line():
    """The table knows every role, and each may at least end its own session."""
    assert set(GRANTS) == set(Role)
    assert all(Permission.SESSION in granted for granted in GRANTS.values())


def test_only_an_administrator_operates_and_only_superiors_see_all_calls():
    """The two rights that an agent must not have."""
    assert [role for role in Role if Permission.OPERATE in GRANTS[role]] == [Role.ADMIN]
    assert Permission.CALLS_ALL not in GRANTS[Role.AGENT]


@given(st.lists(st.sampled_from([*Role, "wizard", ""])))
def test_roles_add_up_and_unknown_ones_grant_nothing(roles):
    """Permissions of several roles are the union; a role this version does not know adds none."""
    union = set().union(*(GRANTS[role] for role in roles if role in set(Role)))
    assert permissions_of(roles) == union


async def test_a_password_fits_its_hash_only():
    """The same password matches, another does not, and no two hashes are alike."""
    passwords = Passwords(QUICK)
    stored = await passwords.hash("correct horse")
    assert await passwords.verify(stored, "correct horse")
    assert not await passwords.verify(stored, "correct horse ")
    assert stored != await passwords.hash("correct horse")


async def test_no_hash_fits_nothing():
    """A user without password, an unknown user and a damaged hash are all a plain no."""
    passwords = Passwords(QUICK)
    assert not await passwords.verify(None, "")
    assert not await passwords.verify(None, "correct horse")
    assert not await passwords.verify("damaged", "correct horse")


async def test_the_default_is_argon2id():
    """What is stored names its algorithm and parameters."""
    assert (await Passwords().hash("correct horse")).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


async def test_the_brake_is_per_user_and_address(clock):
    """Failures from one address do not lock the user out elsewhere."""
    attempts = Attempts(clock)
    for _ in range(PER_USER):
        attempts.check("anna", "10.0.0.1")
        attempts.failed("anna", "10.0.0.1")
    with pytest.raises(TooManyAttempts) as refused:
        attempts.check("anna", "10.0.0.1")
    assert refused.value.retry_after_s == WINDOW_S + 1
    attempts.check("anna", "10.0.0.2")
    attempts.check("bert", "10.0.0.1")


async def test_the_brake_lets_go_one_failure_at_a_time(clock):
    """The window slides: when the oldest failure is out of it, one more attempt is possible."""
    attempts = Attempts(clock)
    for _ in range(PER_USER):
        attempts.failed("anna", "10.0.0.1")
        await clock.advance(60)
    with pytest.raises(TooManyAttempts) as refused:
        attempts.check("anna", "10.0.0.1")
    await clock.advance(refused.value.retry_after_s)
    attempts.check("anna", "10.0.0.1")


async def test_trying_one_password_on_many_users_is_braked_too(clock):
    """An address may fail fifty times in all."""
    attempts = Attempts(clock)
    for number in range(PER_ADDRESS):
        attempts.failed(f"user{number}", "10.0.0.1")
    with pytest.raises(TooManyAttempts):
        attempts.check("another", "10.0.0.1")


async def test_success_forgives(clock):
    """The right password clears the user's count; a busy office behind one address is not locked out by its logins."""
    attempts = Attempts(clock)
    for _ in range(10 * PER_ADDRESS):
        attempts.check("anna", "10.0.0.1")
        attempts.failed("anna", "10.0.0.1")
        attempts.succeeded("anna", "10.0.0.1")
    attempts.check("anna", "10.0.0.1")


async def test_memory_is_bounded(clock):
    """An attack with ever new names and addresses is forgotten from its beginning."""
    attempts = Attempts(clock)
    for number in range(REMEMBERED):
        attempts.failed("anna", f"address{number}")
    assert len(attempts._failures) == REMEMBERED
