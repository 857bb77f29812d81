"""The users' names as words that are said."""

from datetime import UTC, datetime

from callcenter.clock import VirtualClock
from callcenter.features.live_catalogue import LiveCatalogue
from callcenter.features.staff_names import LOOK_AGAIN_S, StaffNames, staff_names
from callcenter.storage.users import User, add_user


def user(name, *, active=True):
    about = {"user_id": name, "username": name, "roles": (), "interface": None, "phone": None, "password_hash": None}
    return User(**about, display_name=name, active=active, created_at=datetime(2026, 1, 5, tzinfo=UTC))


def test_names_that_can_be_found_by_their_sound():
    """Chinese ones of active users, each once: no single character, no Latin letters."""
    listed = [user("徐文斌"), user("赵敏", active=False), user("Bob Li"), user("王"), user("李响"), user("徐文斌")]
    assert staff_names(listed) == ("徐文斌", "李响")


async def test_a_new_colleague_is_known_after_ten_minutes(database):
    """The list is read at most every ten minutes, however many calls come; the catalogue takes the name over."""
    clock = VirtualClock()
    staff = StaffNames(database, clock)
    await staff.refresh()
    async with database.write() as work:
        await add_user(work.session, username="xu", display_name="徐文斌", roles=["agent"], at=clock.now())
        await work.commit()
    await staff.refresh()
    assert staff.names == ()
    await clock.advance(LOOK_AGAIN_S)
    await staff.refresh()
    assert staff.names == ("徐文斌",)


async def test_the_catalogue_listens_for_the_staff(tmp_path):
    """A name on the users' list is found by its sound as one of words.txt is, from the next look on."""
    names = []
    catalogue = LiveCatalogue(tmp_path, staff=lambda: tuple(names))
    await catalogue.refresh()
    assert catalogue.find_names("call", "我叫许文斌", ()) == ()
    names.append("徐文斌")
    await catalogue.refresh()
    assert [found.name for found in catalogue.find_names("call", "我叫许文斌", ())] == ["徐文斌"]
    await catalogue.aclose()
