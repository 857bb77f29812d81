"""The PBX as ``doctor`` sees it: reachable, lets us in, and gives the rights that the settings need."""

from __future__ import annotations

from callcenter.clock import SystemClock
from callcenter.config import Settings
from callcenter.errors import Unavailable
from callcenter.features.doctor import Level, Problem
from callcenter.telephony.actions import Actions, NoRight
from callcenter.telephony.ami_link import FIXES, AmiLink, LinkDown, Loss

CONNECT_S = 6.0


async def pbx(settings: Settings) -> str:
    """Log in, read channels and queues, and see whether taps are allowed."""
    secret = settings.pbx_secret()
    if secret is None:
        raise Problem(Level.ERROR, "no AMI secret", "put it into a file and name that in pbx.secret_file")
    clock = SystemClock()
    link = AmiLink.from_settings(settings.pbx, secret=secret, clock=clock)
    link.start()
    try:
        await link.wait_connected(CONNECT_S)
        return await _rights(settings, Actions(link, clock=clock))
    except LinkDown as error:
        fix = error.fix or FIXES[Loss.UNREACHABLE]
        raise Problem(Level.ERROR, error.message, fix) from error
    finally:
        await link.aclose()


async def _rights(settings: Settings, actions: Actions) -> str:
    queues = await actions.queue_status()
    try:
        channels = await actions.core_show_channels()
    except NoRight as error:
        limits = "calls that are up when callcenter (re)connects stay unseen"
        raise Problem(Level.WARNING, f"{error.message}: {limits}", error.fix or "") from error
    except Unavailable as error:
        raise Problem(Level.ERROR, error.message, error.fix or "") from error
    names = sorted({row["Queue"] for row in queues if row.get("Event") == "QueueParams"})
    where = f"{settings.pbx.host}:{settings.pbx.port}"
    return f"{where}: logged in, {len(channels)} channels, queues: {', '.join(names) or 'none'}"
