"""Looks into a mailbox again and again and takes in what is unread: each mail is a report, in its own transaction."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from callcenter.channels.imap import ImapMailbox
from callcenter.channels.mailbox import Fate, Mailbox
from callcenter.channels.trust import trust
from callcenter.clock import Clock
from callcenter.config import Settings
from callcenter.config_sections import secret_file
from callcenter.errors import CallcenterError, ConfigInvalid, Unavailable
from callcenter.features.mail_intake import MailIntake
from callcenter.features.readiness import Check
from callcenter.storage.database import Database
from workorder.commands import MACHINE
from workorder.errors import WorkOrderError
from workorder.views.casework import IntakeView

log = structlog.get_logger(__name__)

AT_ONCE = 50
"""Mails of one visit; with more the next visit follows at once."""

Told = Callable[[IntakeView], None]


def open_mailbox(settings: Settings) -> ImapMailbox | None:
    """The mailbox of ``intake.mailbox``; None when none is set up. Raises ConfigInvalid. Connects to nothing yet."""
    mailbox = settings.intake.mailbox
    if mailbox.host is None:
        return None
    password = secret_file(mailbox.password_file, "intake.mailbox.password_file")
    if not mailbox.username or password is None:
        raise ConfigInvalid("has no login", field="intake.mailbox", fix="set username and password_file")
    return ImapMailbox(
        mailbox,
        password=password,
        max_bytes=settings.attachments.max_mb * 1_000_000,
        trust=trust(mailbox.ca_file, "intake.mailbox.ca_file"),
    )


class MailboxPoll:
    """``run`` it as a task. While the mailbox is away its mails wait there unread."""

    def __init__(
        self,
        *,
        mailbox: Mailbox,
        mails: MailIntake,
        database: Database,
        clock: Clock,
        every_s: float,
        by: str = MACHINE,
        told: Told = lambda _taken: None,
    ) -> None:
        self._mailbox = mailbox
        self._mails = mails
        self._database = database
        self._clock = clock
        self._every_s = every_s
        self._by = by
        self._told = told
        self._trouble: str | None = None

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look()
            except Unavailable as error:
                self._trouble = str(error)
                log.warning("mailbox.away", reason=self._trouble)
            else:
                self._trouble = None
            await self._clock.sleep(self._every_s)

    async def look(self) -> int:
        """Take in everything that is unread now; returns how many mails. Raises Unavailable: the rest stays unread."""
        mails = 0
        while (found := await self._mailbox.visit(self._take, limit=AT_ONCE)) == AT_ONCE:
            mails += found
        return mails + found

    def check(self) -> Check:
        """For /readyz: a mailbox that is away is named; everything else goes on."""
        fix = "`callcenter doctor` says more" if self._trouble else None
        return Check(ok=True, message=self._trouble or "looked into", fix=fix)

    async def _take(self, raw: bytes) -> Fate:
        try:
            async with self._database.write() as work:
                taken = await self._mails.take(work.session, raw, by=self._by, at=self._clock.now())
                await work.commit()
        except Unavailable:
            raise
        except (CallcenterError, WorkOrderError) as error:
            log.warning("mailbox.mail_refused", reason=error.message, bytes=len(raw))
            return Fate.REFUSED
        except Exception:
            # The border of one mail: whatever somebody sends, the next mail is looked at.
            log.exception("mailbox.mail_broke", bytes=len(raw))
            return Fate.REFUSED
        log.info("mailbox.mail_taken", outcome=taken.outcome, order_id=taken.order.order_id)
        self._told(taken)
        return Fate.KEPT
