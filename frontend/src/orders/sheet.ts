/** What somebody typed into an order's form and has not saved: it stays while they look at other orders. */
import { ApiError } from '@/api/http'
import type { FieldContent, FieldName, FieldProblem, Order, OrderPatch } from '@/api/types'
import { valueOf } from '@/desk/draft'
import { formOf, isBlank, sameValue } from '@/desk/fields'
import { reactive } from 'vue'

export type Typed = Record<FieldName, FieldContent>

const kept = reactive(new Map<string, Typed>())

/** The sheet of an order, the same one whenever it is asked for. */
export function typedInto(orderId: string): Typed {
  if (!kept.has(orderId)) kept.set(orderId, {})
  return kept.get(orderId) as Typed
}

export function shownValue(order: Order, typed: Typed, name: FieldName): FieldContent {
  const own = typed[name]
  return own === undefined ? valueOf(order.fields[name]) : own
}

/** What differs from the order and its form has; null when nothing does. */
export function patchTo(order: Order, typed: Typed): OrderPatch | null {
  const names = formOf(order).map(({ name }) => name).filter((name) => name in typed && !sameValue(typed[name], valueOf(order.fields[name])))
  return names.length ? { fields: Object.fromEntries(names.map((name) => [name, isBlank(typed[name]) ? null : typed[name]])) } : null
}

/** What arrived is not ours any more; what was typed further meanwhile stays. */
export function arrived(typed: Typed, sent: OrderPatch): void {
  for (const [name, value] of Object.entries(sent.fields)) if (sameValue(typed[name], value)) Reflect.deleteProperty(typed, name)
}

export function forget(typed: Typed): void {
  for (const name of Object.keys(typed)) Reflect.deleteProperty(typed, name)
}

/** What a refusal says about the fields of the form; `fields.address.detail` and `address` both mean the address. */
export function problemsOf(failure: unknown, order: Order): Partial<Record<FieldName, FieldProblem>> {
  const known = new Set(formOf(order).map(({ name }) => name))
  const errors = failure instanceof ApiError ? failure.errors : []
  const found = errors.flatMap((one) => one.field.split('.').filter((part) => known.has(part)).slice(0, 1).map((name) => [name, one] as const))
  return Object.fromEntries(found)
}

/** A draft that I opened at the desk a moment ago and nobody wrote into: its first field waits for the first key. */
export function justOpened(order: Order, me: string | undefined): boolean {
  return order.status === 'draft' && order.edit_version === 1 && order.channel === 'desk' && order.created_by === me
}
