"""Forms per service type: reading, and putting a new version in force."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from workorder.commands import SetTemplate
from workorder.errors import Conflict, NotFound
from workorder.fields import SERVICE_TYPES, Form
from workorder.model.prepared import Prepared, Question, Rows, all_of
from workorder.model.templates import OrderTemplate
from workorder.policy.forms import built_in, check, decoded, encoded, filled
from workorder.uow import look
from workorder.views.casework import ReplyView, TemplateView
from workorder.views.orders import OrderView

_FORM = Prepared(
    select(OrderTemplate.form)
    .where(OrderTemplate.service_type == bindparam("service_type"))
    .order_by(OrderTemplate.version.desc())
    .limit(1)
)


def asked_for(service_type: object) -> Question:
    """The call centre's own form in force; ``answered`` reads the answer."""
    known = isinstance(service_type, str) and service_type in SERVICE_TYPES
    return _FORM, {"service_type": service_type if known else None}


def answered(rows: Rows) -> Form | None:
    """None: the built-in form is in force, or there is no such service type."""
    return decoded(rows[0][0]) if rows else None


async def newest(session: AsyncSession, service_type: object) -> Form | None:
    """The call centre's own form in force; None: the built-in one is, or there is no such service type."""
    return answered((await look(session, all_of, asked_for(service_type)))[0])


async def template(session: AsyncSession, service_type: str, version: int | None = None) -> TemplateView:
    """The form in force, or a certain version (0: the built-in one). Raises Invalid (service type), NotFound."""
    basic = built_in(service_type)
    row = await (_newest(session, service_type) if version is None else _version(session, service_type, version))
    if row is None and version:
        raise NotFound(f"{service_type} has no version {version}", field="version")
    return _view(row, basic)


async def templates(session: AsyncSession) -> tuple[TemplateView, ...]:
    """The forms in force of all service types."""
    return tuple([await template(session, service_type) for service_type in SERVICE_TYPES])


async def own_field_names(session: AsyncSession) -> tuple[str, ...]:
    """Names of the fields that any version of any form had besides the built-in ones, in order of appearance."""
    rows = await session.scalars(select(OrderTemplate).order_by(OrderTemplate.service_type, OrderTemplate.version))
    return tuple(dict.fromkeys(spec.name for row in rows for spec in decoded(row.form).fields))


async def set_template(session: AsyncSession, command: SetTemplate) -> TemplateView:
    """Put a new version in force; orders that are there keep theirs.

    Raises Invalid with an entry per fault, Conflict when somebody else changed it meanwhile.
    """
    basic = built_in(command.service_type)
    current = await template(session, command.service_type)
    if command.edit_version is not None and command.edit_version != current.edit_version:
        raise Conflict(
            f"the form of {command.service_type} is at version {current.edit_version}",
            field="edit_version",
            fix="read it again and repeat the change",
        )
    form = Form(
        service_type=command.service_type,
        version=current.edit_version + 1,
        questions=tuple(command.questions),
        fields=tuple(command.fields),
        replies=tuple(command.replies),
        steps=tuple(command.steps),
    )
    check(form)
    row = OrderTemplate(
        service_type=form.service_type, version=form.version, at=command.at, by=command.by, form=encoded(form)
    )
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        raise Conflict("somebody else changed it at this moment", field="edit_version", fix="read it again") from error
    return _view(row, basic)


async def replies(session: AsyncSession, order: OrderView) -> tuple[ReplyView, ...]:
    """The standard answers for this order, filled in with what is known of it."""
    service = order.fields.get("service_type")
    kind = str(service.value) if service and service.value in SERVICE_TYPES else "enquiry"
    form = (await newest(session, kind)) or built_in(kind)
    known = {name: value.display for name, value in order.fields.items()}
    return tuple(
        ReplyView(reply.name, filled(reply.text, {**known, "number": order.number or ""})) for reply in form.replies
    )


async def _newest(session: AsyncSession, service_type: str) -> OrderTemplate | None:
    statement = select(OrderTemplate).where(OrderTemplate.service_type == service_type)
    return (await session.scalars(statement.order_by(OrderTemplate.version.desc()).limit(1))).first()


async def _version(session: AsyncSession, service_type: str, version: int) -> OrderTemplate | None:
    return await session.get(OrderTemplate, (service_type, version))


def _view(row: OrderTemplate | None, basic: Form) -> TemplateView:
    form = decoded(row.form) if row else basic
    return TemplateView(
        service_type=form.service_type,
        label=SERVICE_TYPES[form.service_type],
        edit_version=form.version,
        at=row.at if row else None,
        by=row.by if row else None,
        form=form,
    )
