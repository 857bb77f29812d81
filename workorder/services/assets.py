"""Appliances on file: add, change, find by serial; each change is in the customer's history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from workorder import uow
from workorder.commands import AddAsset, EditAsset, SetAsset
from workorder.errors import Conflict, NotFound
from workorder.events import AssetChanged
from workorder.model.customers import Asset, CustomerChange
from workorder.services.asset_rows import DATES, TEXTS, asset_row, checked
from workorder.services.customer_file import check_version, loaded, touch
from workorder.services.orders import edited, locked
from workorder.services.paging import check_limit
from workorder.services.search_index import index_customer
from workorder.services.warranty import local_day, note_warranty, refresh, state_of
from workorder.services.whole_orders import view
from workorder.views.assets import AssetRecord
from workorder.views.orders import OrderView
from workorder.views.pages import Page

_COLUMN = {"warranty_until": "stated_until"}
"""What NewAsset calls the end of the warranty card."""


async def asset_record(session: AsyncSession, asset_id: str, *, on: date) -> AssetRecord:
    """Everything on file about the appliance, its warranty on the day ``on``. Raises NotFound."""
    return _view(await _known(session, asset_id), on)


async def find_assets(
    session: AsyncSession,
    *,
    on: date,
    serial: str | None = None,
    model: str | None = None,
    customer_id: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[AssetRecord]:
    """Appliances whose serial number, or model, begins so, or of a customer; without any condition none.

    ``limit`` (1 to 200) a page, oldest first. Raises Invalid (limit).
    """
    check_limit(limit)
    statement = select(Asset).where(Asset.asset_id > (cursor or "")).order_by(Asset.asset_id).limit(limit + 1)
    wanted = {Asset.serial: serial, Asset.model: model}
    conditions: list[ColumnElement[bool]] = [
        column.between(text.strip(), f"{text.strip()}\U0010ffff") for column, text in wanted.items() if text
    ]
    if customer_id:
        conditions.append(Asset.customer_id == customer_id)
    if not conditions:
        return Page(())
    rows = (await session.scalars(statement.where(*conditions))).all()
    items = tuple(_view(asset, on) for asset in rows[:limit])
    return Page(items, items[-1].asset_id if len(rows) > limit else None)


async def add_asset(session: AsyncSession, command: AddAsset) -> AssetRecord:
    """Put an appliance on file. Raises Invalid (per field), Conflict (the serial number is there), NotFound."""
    customer = await loaded(session, command.customer_id, lock=True)
    check_version(customer, None)
    asset = asset_row(command.asset)
    asset.customer_id = customer.customer_id
    await _refuse_twin(session, asset)
    session.add(asset)
    await session.flush()
    await refresh(session, [asset], on=local_day(command.at))
    touch(customer, command.at)
    after = _facts(asset)
    names = tuple(name for name, value in after.items() if value)
    await _note(session, asset, None, after, names, by=command.by, at=command.at)
    return _view(asset, local_day(command.at))


async def edit_asset(session: AsyncSession, command: EditAsset) -> AssetRecord:
    """Change an appliance. Raises Invalid (per field), Conflict (changed meanwhile, serial taken), NotFound."""
    asset = await _known(session, command.asset_id, lock=True)
    if command.edit_version is not None and command.edit_version != asset.edit_version:
        raise Conflict(
            f"the asset was changed by somebody else (you saw version {command.edit_version}, "
            f"it is now {asset.edit_version})",
            field="edit_version",
            fix="load it again and repeat the change",
        )
    changes = checked({_COLUMN.get(name, name): value for name, value in command.changes.items()})
    before = _facts(asset)
    # Looked up before anything is changed: a look-up writes what was.
    owner = await loaded(session, str(changes.get("customer_id", asset.customer_id)), lock=True)
    check_version(owner, None)
    for name, value in changes.items():
        setattr(asset, name, value)
    await _refuse_twin(session, asset)
    after = _facts(asset)
    names = tuple(name for name in after if after[name] != before[name])
    if names:
        asset.edit_version += 1
        await session.flush()
        await refresh(session, [asset], on=local_day(command.at))
        touch(owner, command.at)
        await _note(session, asset, before, after, names, by=command.by, at=command.at)
    return _view(asset, local_day(command.at))


async def set_asset(session: AsyncSession, command: SetAsset) -> OrderView:
    """Say which appliance an order is about; its warranty follows. Raises Conflict (closed, another's), NotFound."""
    order = await locked(session, command.order_id)
    order.check_version(command.edit_version)
    order.check_editable()
    if command.asset_id is not None:
        asset = await _known(session, command.asset_id)
        if order.customer_id is not None and asset.customer_id != order.customer_id:
            raise Conflict(
                f"appliance {asset.asset_id} belongs to another customer",
                field="asset_id",
                fix="set the order's customer first, or change the appliance's owner",
            )
    order.stamp("asset_id", order.asset_id, command.asset_id, by=command.by, at=command.at)
    order.asset_id = command.asset_id
    order.edit_version += 1
    await note_warranty(session, order, on=local_day(command.at))
    await edited(session, order, ("asset_id",), by=command.by, at=command.at)
    return view(order)


async def _known(session: AsyncSession, asset_id: str, *, lock: bool = False) -> Asset:
    found = await session.get(Asset, asset_id, with_for_update=lock or None)
    if found is None:
        raise NotFound(f"there is no asset {asset_id}", field="asset_id")
    return found


async def _refuse_twin(session: AsyncSession, asset: Asset) -> None:
    """One serial number of one brand is one appliance; it changes hands rather than being on file twice."""
    if not asset.serial:
        return
    statement = select(Asset).where(
        Asset.serial == asset.serial, Asset.brand == asset.brand, Asset.asset_id != asset.asset_id
    )
    with session.no_autoflush:
        twin = await session.scalar(statement.limit(1))
    if twin is not None:
        raise Conflict(
            f"{asset.brand} {asset.serial} is on file already, with customer {twin.customer_id}",
            field="serial",
            fix=f"check the number; if it changed hands, change customer_id of asset {twin.asset_id}",
        )


async def _note(
    session: AsyncSession,
    asset: Asset,
    before: Mapping[str, object] | None,
    after: Mapping[str, object],
    names: tuple[str, ...],
    *,
    by: str,
    at: datetime,
) -> None:
    """The history has what differs, under the appliance's id."""
    mark = {"asset_id": asset.asset_id}
    session.add(
        CustomerChange(
            customer_id=asset.customer_id,
            at=at,
            by=by,
            field="asset",
            before={**mark, **{name: before[name] for name in names}} if before is not None else None,
            after={**mark, **{name: after[name] for name in names}},
        )
    )
    for owner in {asset.customer_id, str((before or {}).get("customer_id") or asset.customer_id)}:
        index_customer(session, owner)
    uow.record(
        session,
        AssetChanged(customer_id=asset.customer_id, at=at, by=by, asset_id=asset.asset_id, fields=names),
    )


def _facts(asset: Asset) -> dict[str, object]:
    """Plain values by name, dates as text."""
    facts: dict[str, object] = {name: getattr(asset, name) for name in (*TEXTS, "customer_id")}
    days = {name: getattr(asset, name) for name in DATES}
    return facts | {name: day.isoformat() if day else None for name, day in days.items()}


def _view(asset: Asset, on: date) -> AssetRecord:
    columns = {name: getattr(asset, name) for name in (*TEXTS, *DATES)}
    return AssetRecord(
        asset_id=asset.asset_id,
        edit_version=asset.edit_version,
        customer_id=asset.customer_id,
        warranty=state_of(asset.warranty_until, asset.warranty_basis, on=on),
        warranty_until=asset.warranty_until,
        warranty_basis=asset.warranty_basis,
        **columns,
    )
