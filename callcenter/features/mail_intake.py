"""A mail becomes a report: its text is understood, its files and the mail itself belong to the order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import orjson
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.errors import Invalid
from callcenter.features.report_email import Mail, read_mail
from callcenter.features.report_intake import Report, ReportIntake
from callcenter.storage.blobs import Blob, BlobStore, FileKindRefused, Judge
from workorder.commands import AttachFile
from workorder.policy.attachments import media_type
from workorder.policy.channels import Channel, Outcome
from workorder.services import reports, teamwork
from workorder.views.casework import IntakeView

log = structlog.get_logger(__name__)

MAIL = "message/rfc822"


class MailIntake:
    """Takes mails in; files of kinds that are not kept stay inside the mail alone."""

    def __init__(self, reports: ReportIntake, blobs: BlobStore, *, max_bytes: int) -> None:
        self._reports = reports
        self._blobs = blobs
        self._max_bytes = max_bytes

    async def take(self, session: AsyncSession, raw: bytes, *, by: str, at: datetime) -> IntakeView:
        """An order, draft or chase-up; the same mail again has no second effect. Raises Invalid for an empty mail."""
        mail = read_mail(raw)
        if not mail.text and not mail.files:
            raise Invalid("the mail has neither text nor files", field="body", fix="send it whole, headers first")
        # Files first: their rows name them, so they must be there before the rows are.
        kept = [(f"{at:%Y%m%d-%H%M%S}.eml", await self._keep(raw, lambda _head: MAIL))]
        for file in mail.files:
            try:
                kept.append((file.filename, await self._keep(file.content, media_type)))
            except FileKindRefused:
                log.info("mail.file_left_in_mail", bytes=len(file.content))
        done = await reports.create_work_order(session, await self._reports.command(_report(mail, by, at)))
        if done.outcome != Outcome.REPEATED:
            for filename, blob in kept:
                await teamwork.attach_file(session, _attached(done, filename, blob, by, at))
        return done

    async def _keep(self, content: bytes, judge: Judge) -> Blob:
        return await self._blobs.keep(_once(content), judge=judge, max_bytes=self._max_bytes)


def _report(mail: Mail, by: str, at: datetime) -> Report:
    files = [{"filename": file.filename, "size_bytes": len(file.content)} for file in mail.files]
    return Report(
        channel=Channel.EMAIL,
        by=by,
        at=at,
        fields={},
        text=mail.text,
        external_id=mail.message_id,
        sender=mail.sender,
        payload=orjson.dumps({"sender": mail.sender, "text": mail.text[:100_000], "files": files}),
    )


def _attached(done: IntakeView, filename: str, blob: Blob, by: str, at: datetime) -> AttachFile:
    return AttachFile(
        by=by,
        at=at,
        order_id=done.order.order_id,
        sha256=blob.sha256,
        size_bytes=blob.size_bytes,
        media_type=blob.media_type,
        filename=filename,
    )


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
