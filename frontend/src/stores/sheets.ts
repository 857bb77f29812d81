/** The agent's sheets: local edits of each order, and their way to the server. One request at a time per order. */
import { api } from '@/api/client'
import { ApiError, OfflineError } from '@/api/http'
import type { FieldContent, FieldName, FieldProblem, Order } from '@/api/types'
import {
  afterSave, awake, changedFields, committed, conflictsWith, forgetOldEdits, keepEdits, keptEdits, passes, patchOf, retryWaitMs, typed, valueOf, without,
  type Conflict, type Edits,
} from '@/desk/draft'
import { formOf, ownNames } from '@/desk/fields'
import { defineStore } from 'pinia'
import { reactive } from 'vue'
import { useDesk } from './desk'

/** `offline`, `retrying`: not saved yet, tried again by itself. `failed`: refused, and nothing happens until somebody does something. */
export type SheetStatus = 'clean' | 'pending' | 'saving' | 'offline' | 'retrying' | 'failed'

export interface Sheet {
  edits: Edits
  ticks: FieldName[]
  conflicts: Conflict[]
  problems: Partial<Record<FieldName, FieldProblem>>
  status: SheetStatus
  /** What the last try ended with, while it was not saved. */
  failure: unknown
  /** Field → when it last changed by speech, for the highlight. */
  fresh: Partial<Record<FieldName, number>>
}

export type SaveResult = { kind: 'created' | 'updated'; order: Order } | { kind: 'blocked'; field: FieldName | null }

const ATTEMPTS = 4
/** Changed by somebody else meanwhile (If-Match): fetch, compare, try again. */
const STALE = new Set([409, 412])

export const useSheets = defineStore('sheets', () => {
  const desk = useDesk()
  const sheets = new Map<string, Sheet>()
  const running = new Map<string, Promise<boolean>>()
  const waiting = new Map<string, { tries: number; timer: number }>()

  forgetOldEdits(localStorage, Date.now())
  desk.onFrame((frame, before, after) => {
    if (frame.type === 'order.updated') highlight(frame.order, orderIn(before.calls, frame.order.order_id))
    if (frame.type === 'snapshot') after.calls.flatMap((call) => call.orders).forEach((order) => void push(order.order_id))
  })

  function of(orderId: string): Sheet {
    const known = sheets.get(orderId)
    if (known) return known
    const edits = keptEdits(localStorage, orderId)
    const status: SheetStatus = Object.keys(edits).length ? 'pending' : 'clean'
    const sheet = reactive<Sheet>({ edits, ticks: [], conflicts: [], problems: {}, status, failure: null, fresh: {} })
    sheets.set(orderId, sheet)
    // Left over from before a reload.
    if (status === 'pending') queueMicrotask(() => void push(orderId))
    return sheet
  }

  function orderIn(calls: { orders: Order[] }[], orderId: string): Order | undefined {
    return calls.flatMap((call) => call.orders).find((order) => order.order_id === orderId)
  }

  function current(orderId: string): Order | undefined {
    return orderIn(desk.calls, orderId)
  }

  function highlight(order: Order, before: Order | undefined): void {
    const sheet = of(order.order_id)
    const changed = changedFields(before, order)
    // "Required" and the like no longer holds for a field that has been heard meanwhile.
    for (const name of changed) if (!sheet.edits[name]) sheet.problems[name] = undefined
    // One after another, as a person would fill them in.
    changed
      .filter((name) => order.fields[name]?.source === 'heard')
      .forEach((name, index) => (sheet.fresh[name] = Date.now() + index * 140))
  }

  function setEdits(orderId: string, edits: Edits): void {
    const sheet = of(orderId)
    sheet.edits = edits
    keepEdits(localStorage, orderId, edits, Date.now())
    if (sheet.status !== 'saving') sheet.status = unsent(orderId) ? 'pending' : 'clean'
  }

  /** True while something typed into the order's present form has not arrived. */
  function unsent(orderId: string): boolean {
    const order = current(orderId)
    const { edits } = of(orderId)
    return Object.keys(order ? awake(edits, ownNames(order)) : edits).length > 0
  }

  function type(order: Order, name: FieldName, value: FieldContent): void {
    const sheet = of(order.order_id)
    sheet.problems[name] = undefined
    setEdits(order.order_id, typed(sheet.edits, order, name, value))
  }

  /** The agent is finished with the field for now: send what changed. */
  function leave(order: Order, name: FieldName): void {
    const sheet = of(order.order_id)
    if (!sheet.edits[name]) return
    setEdits(order.order_id, committed(sheet.edits, order, name))
    void push(order.order_id)
  }

  function discard(orderId: string, name: FieldName): void {
    of(orderId).problems[name] = undefined
    setEdits(orderId, without(of(orderId).edits, name))
  }

  function accept(order: Order, name: FieldName): void {
    const sheet = of(order.order_id)
    if (sheet.ticks.includes(name)) return
    sheet.ticks = [...sheet.ticks, name]
    void push(order.order_id)
  }

  function decide(order: Order, conflict: Conflict, whose: 'mine' | 'theirs'): void {
    const sheet = of(order.order_id)
    sheet.conflicts = sheet.conflicts.filter((other) => other.field !== conflict.field)
    if (whose === 'theirs') return discard(order.order_id, conflict.field)
    const edit = { value: conflict.mine, base: conflict.theirs, committed: true }
    setEdits(order.order_id, { ...sheet.edits, [conflict.field]: edit })
    void push(order.order_id)
  }

  /** Send everything that is ready. True when nothing is left to send. Runs after one another for one order. */
  function push(orderId: string): Promise<boolean> {
    const before = running.get(orderId) ?? Promise.resolve(true)
    const next = before.then(() => pushNow(orderId))
    running.set(orderId, next)
    return next
  }

  async function pushNow(orderId: string): Promise<boolean> {
    const sheet = of(orderId)
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const order = current(orderId)
      if (order) holdConflicts(sheet, order)
      const patch = order && patchOf(sheet.edits, sheet.ticks, ownNames(order))
      if (!order || !patch) return rest(orderId)
      sheet.status = 'saving'
      try {
        const saved = await api.patchOrder(orderId, order.edit_version, patch)
        sheet.ticks = sheet.ticks.filter((name) => !patch.accept?.includes(name))
        sheet.edits = afterSave(sheet.edits, patch, saved)
        keepEdits(localStorage, orderId, sheet.edits, Date.now())
        if (order.call_id) desk.putOrder(order.call_id, saved)
      } catch (error) {
        if (!(await recovered(orderId, error))) return false
      }
    }
    return rest(orderId)
  }

  function rest(orderId: string): boolean {
    const sheet = of(orderId)
    const dirty = unsent(orderId) || sheet.ticks.length > 0
    sheet.status = dirty ? 'pending' : 'clean'
    sheet.failure = null
    calm(orderId)
    return !dirty
  }

  /** After a refused request: true when another attempt makes sense. */
  async function recovered(orderId: string, error: unknown): Promise<boolean> {
    const sheet = of(orderId)
    if (error instanceof ApiError && STALE.has(error.status) && (await refreshed(orderId))) return true
    if (error instanceof ApiError && error.errors.length) {
      holdBack(orderId, error)
      return Object.values(sheet.edits).some((edit) => edit.committed)
    }
    sheet.failure = error
    if (passes(error)) {
      sheet.status = error instanceof OfflineError ? 'offline' : 'retrying'
      retryLater(orderId)
    } else {
      sheet.status = 'failed'
      sheet.ticks = []
    }
    return false
  }

  /** Again after a growing wait, until it is saved: the agent has better to do than to look after it. */
  function retryLater(orderId: string): void {
    const { tries } = calm(orderId)
    const timer = window.setTimeout(() => void push(orderId), retryWaitMs(tries))
    waiting.set(orderId, { tries: tries + 1, timer })
  }

  /** Nothing more waits for this order; how often it was tried in a row until now. */
  function calm(orderId: string): { tries: number } {
    const known = waiting.get(orderId)
    if (known) window.clearTimeout(known.timer)
    waiting.delete(orderId)
    return { tries: known?.tries ?? 0 }
  }

  async function refreshed(orderId: string): Promise<boolean> {
    const sheet = of(orderId)
    const known = current(orderId)
    try {
      const fresh = await api.order(orderId)
      if (known?.call_id) desk.putOrder(known.call_id, fresh)
      return known !== undefined && fresh.edit_version !== known.edit_version
    } catch (error) {
      sheet.failure = error
      return false
    }
  }

  /** A colleague wrote into a field the agent has changed: that one waits for the agent's decision, the rest goes on. */
  function holdConflicts(sheet: Sheet, order: Order): void {
    const found = conflictsWith(sheet.edits, order)
    if (!found.length) return
    sheet.conflicts = [...sheet.conflicts.filter((old) => !found.some(({ field }) => field === old.field)), ...found]
    for (const { field } of found) {
      const edit = sheet.edits[field]
      if (edit) edit.committed = false
    }
  }

  /** The server refused some fields: show why beside them and hold those back, so that the rest can be sent. */
  function holdBack(orderId: string, error: ApiError): void {
    const sheet = of(orderId)
    sheet.status = 'failed'
    sheet.failure = error
    for (const problem of error.errors) {
      const name = fieldOf(orderId, problem.field)
      if (!name) continue
      // Typed into a form that was changed behind it: nothing is wrong with the value, it waits for its form.
      sheet.problems[name] = problem.code === 'unknown_field' ? undefined : problem
      const edit = sheet.edits[name]
      if (edit) edit.committed = false
    }
    if (!error.errors.some((problem) => fieldOf(orderId, problem.field))) setAllHeld(sheet)
  }

  function setAllHeld(sheet: Sheet): void {
    for (const edit of Object.values(sheet.edits)) edit.committed = false
  }

  function namesOf(orderId: string): FieldName[] {
    const order = current(orderId)
    return order ? formOf(order).map((spec) => spec.name) : []
  }

  /** `fields.address.detail` and `address` both mean the address. */
  function fieldOf(orderId: string, path: string): FieldName | null {
    const known = new Set([...namesOf(orderId), ...Object.keys(of(orderId).edits)])
    return path.split('.').find((part) => known.has(part)) ?? null
  }

  /** Send everything, then make the draft an order. */
  async function save(orderId: string): Promise<SaveResult> {
    const sheet = of(orderId)
    sheet.problems = {}
    const order = current(orderId)
    if (!order) return { kind: 'blocked', field: null }
    setEdits(orderId, Object.keys(sheet.edits).reduce((edits, name) => committed(edits, order, name), sheet.edits))
    if (!(await push(orderId))) return blocked(orderId)
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const latest = current(orderId)
      if (!latest || latest.status === 'cancelled') return { kind: 'blocked', field: null }
      if (latest.status !== 'draft') return { kind: 'updated', order: latest }
      try {
        const created = await api.createOrder(orderId, latest.edit_version)
        if (latest.call_id) desk.putOrder(latest.call_id, created)
        sheet.status = 'clean'
        return { kind: 'created', order: created }
      } catch (error) {
        if (!(await recovered(orderId, error))) return blocked(orderId)
      }
    }
    return blocked(orderId)
  }

  function blocked(orderId: string): SaveResult {
    const sheet = of(orderId)
    const field = namesOf(orderId).find((name) => sheet.problems[name] || sheet.conflicts.some((conflict) => conflict.field === name))
    return { kind: 'blocked', field: field ?? null }
  }

  /** What the field shows: the agent's text if there is any, else the server's. */
  function shownValue(order: Order, name: FieldName): FieldContent {
    const edit = of(order.order_id).edits[name]
    return edit ? edit.value : valueOf(order.fields[name])
  }

  return { of, type, leave, discard, accept, decide, push, save, shownValue, unsent }
})
