/**
 * A list of orders that stays true without moving: rows change where they are, newcomers wait until they are asked for.
 * Pure: what is known, and how an answer of the server changes it.
 */
import type { FieldName, Order, OrderLine } from '@/api/types'

export interface LiveList {
  items: OrderLine[]
  /** Rows that somebody else changed since they were shown or opened. */
  changed: ReadonlySet<string>
  /** Orders that belong at the top of the list but are not shown yet. */
  fresh: ReadonlySet<string>
}

/** An order as a line of a list. */
export function lineOf(order: Order): OrderLine {
  const text = (name: FieldName): string | null => (typeof order.fields[name]?.value === 'string' ? order.fields[name].value : null)
  const { order_id, number, status, edit_version, call_id, customer_id, created_at, chase_ups, handler, priority, suggested_tier, sla } = order
  return {
    order_id, number, status, edit_version, call_id, customer_id, created_at, chase_ups, handler, priority, suggested_tier, sla: sla ?? null,
    service_type: text('service_type'), appliance: text('appliance'), brand: text('brand'), fault: text('fault'),
    customer_name: text('customer_name'), contact: text('contact_phone'),
  }
}

export const EMPTY_LIST: LiveList = { items: [], changed: new Set(), fresh: new Set() }

export const shown = (items: OrderLine[]): LiveList => ({ ...EMPTY_LIST, items })

/** A later page: what moved down meanwhile comes once. */
export function withPage(list: LiveList, page: OrderLine[]): LiveList {
  const known = new Set(list.items.map((one) => one.order_id))
  return { ...list, items: [...list.items, ...page.filter((one) => !known.has(one.order_id))] }
}

/** Put orders where their rows are; those changed by `others` are marked. What is not shown is left out. */
export function withOrders(list: LiveList, orders: OrderLine[], others: ReadonlySet<string>): LiveList {
  const news = new Map(orders.map((one) => [one.order_id, one]))
  const changed = new Set(list.changed)
  const items = list.items.map((old) => {
    const one = news.get(old.order_id)
    if (!one || one.edit_version < old.edit_version) return old
    if (others.has(one.order_id) && face(one) !== face(old)) changed.add(one.order_id)
    return one
  })
  return { ...list, items, changed }
}

/** The first page as it is now: its unknown orders are offered, not inserted. */
export function withNewest(list: LiveList, page: OrderLine[], others: ReadonlySet<string>): LiveList {
  const known = new Set(list.items.map((one) => one.order_id))
  const fresh = new Set(page.map((one) => one.order_id).filter((id) => !known.has(id)))
  return { ...withOrders(list, page, others), fresh }
}

export function seen(list: LiveList, orderId: string): LiveList {
  if (!list.changed.has(orderId)) return list
  return { ...list, changed: new Set([...list.changed].filter((id) => id !== orderId)) }
}

/** All that a row may show; time that only runs on is no change. */
function face(order: OrderLine): string {
  return JSON.stringify(order, (key, value: unknown) => (key === 'left_s' ? undefined : value))
}
