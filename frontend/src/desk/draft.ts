/**
 * The agent's own edits laid over a draft the machine keeps revising.
 *
 * Rule: what the agent typed always wins on the screen and is never lost. An edit lives from the first key until the
 * server has confirmed it; until then it is also kept in localStorage.
 */
import { ApiError, OfflineError } from '@/api/http'
import type { FieldContent, FieldName, Field, Order, OrderPatch } from '@/api/types'
import { FIELD_NAMES } from '@/api/types'
import { isBlank, ownNames, sameValue } from './fields'

export interface LocalEdit {
  value: FieldContent
  /** What the server had when the agent began; tells a colleague's change from our own. */
  base: FieldContent
  /** True once the agent has left the field: ready to be sent. */
  committed: boolean
}

export type Edits = Record<FieldName, LocalEdit>

export interface Conflict {
  field: FieldName
  mine: FieldContent
  theirs: FieldContent
  theirsDisplay: string
}

export function valueOf(field: Field | undefined): FieldContent {
  return field && field.state !== 'withdrawn' ? field.value : null
}

export function typed(edits: Edits, order: Order, name: FieldName, value: FieldContent): Edits {
  const base = edits[name]?.base ?? valueOf(order.fields[name])
  return { ...edits, [name]: { value, base, committed: false } }
}

/** The agent leaves a field: an edit that changed nothing disappears, any other is ready to be sent. */
export function committed(edits: Edits, order: Order, name: FieldName): Edits {
  const edit = edits[name]
  if (!edit) return edits
  const server = valueOf(order.fields[name])
  if (sameValue(edit.value, server) && sameValue(edit.value, edit.base)) return without(edits, name)
  return { ...edits, [name]: { ...edit, committed: true } }
}

export function without(edits: Edits, ...names: FieldName[]): Edits {
  return Object.fromEntries(Object.entries(edits).filter(([name]) => !names.includes(name)))
}

/** Edits of fields that the order's form has; what was typed into another form waits until that is back. */
export function awake(edits: Edits, own: readonly FieldName[]): Edits {
  const known: readonly FieldName[] = [...FIELD_NAMES, ...own]
  return Object.fromEntries(Object.entries(edits).filter(([name]) => known.includes(name)))
}

/**
 * The next PATCH: committed edits and ticks of fields that the form has; null when there is nothing to say.
 * Own fields go before the service type does: with it the server takes another form, which may not have them.
 */
export function patchOf(edits: Edits, accept: readonly FieldName[], own: readonly FieldName[] = []): OrderPatch | null {
  const ready = Object.entries(awake(edits, own)).flatMap(([name, edit]) => (edit?.committed ? [{ name, value: edit.value }] : []))
  const sent = ready.some(({ name }) => own.includes(name)) ? ready.filter(({ name }) => name !== 'service_type') : ready
  const fields: OrderPatch['fields'] = Object.fromEntries(sent.map(({ name, value }) => [name, isBlank(value) ? null : value]))
  const ticks = accept.filter((name) => !(name in fields))
  if (!Object.keys(fields).length && !ticks.length) return null
  return ticks.length ? { fields, accept: ticks } : { fields }
}

/** After the server took a patch: drop the edits it confirmed, keep those typed further meanwhile. */
export function afterSave(edits: Edits, sent: OrderPatch, saved: Order): Edits {
  const next: Edits = {}
  for (const [name, edit] of Object.entries(edits)) {
    if (!edit) continue
    const taken = name in sent.fields && sameValue(sent.fields[name], edit.value)
    if (!taken) next[name] = name in sent.fields ? { ...edit, base: valueOf(saved.fields[name]) } : edit
  }
  return next
}

/**
 * The order changed under our edits (409/412). Machine revisions never count against the agent; a colleague's edit to
 * the same field does: those come back as conflicts for the agent to decide, everything else may simply be sent again.
 */
export function conflictsWith(edits: Edits, fresh: Order): Conflict[] {
  return Object.entries(edits).flatMap(([field, edit]) => {
    const server = fresh.fields[field]
    if (!edit?.committed || !server || server.source !== 'agent') return []
    const theirs = valueOf(server)
    if (sameValue(theirs, edit.base) || sameValue(theirs, edit.value)) return []
    return [{ field, mine: edit.value, theirs, theirsDisplay: server.display }]
  })
}

/** Names of fields whose value, state or evidence is new: shown with a soft highlight, in form order. */
export function changedFields(before: Order | undefined, after: Order): FieldName[] {
  return [...FIELD_NAMES, ...ownNames(after)].filter((name) => {
    const old = before?.fields[name]
    const now = after.fields[name]
    if (!now) return false
    return !old || !sameValue(valueOf(old), valueOf(now)) || old.state !== now.state
  })
}

/** A value heard after the agent wrote something else: offered, never put in. */
export function heardOtherwise(edit: LocalEdit | undefined, field: Field | undefined): boolean {
  if (!edit || !field || field.source !== 'heard' || field.state === 'withdrawn') return false
  return !isBlank(field.value) && !sameValue(field.value, edit.value) && !sameValue(field.value, edit.base)
}

// ---- survival of a reload --------------------------------------------------------------------------------------------

const PREFIX = 'callcenter.edits.'
const KEEP_MS = 3 * 24 * 3600 * 1000

export type Shelf = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>

export function keepEdits(shelf: Shelf, orderId: string, edits: Edits, now: number): void {
  if (Object.keys(edits).length) shelf.setItem(PREFIX + orderId, JSON.stringify({ at: now, edits }))
  else shelf.removeItem(PREFIX + orderId)
}

/** Edits left from before a reload; all count as committed, because nobody is in the field any more. */
export function keptEdits(shelf: Shelf, orderId: string): Edits {
  const text = shelf.getItem(PREFIX + orderId)
  if (!text) return {}
  const edits = (JSON.parse(text) as { edits: Edits }).edits
  return Object.fromEntries(Object.entries(edits).map(([name, edit]) => [name, { ...edit, committed: true }]))
}

/** Edits of orders nobody came back to must not pile up. */
export function forgetOldEdits(shelf: Shelf, now: number): void {
  const keys = Array.from({ length: shelf.length }, (_, index) => shelf.key(index)).filter((key) => key?.startsWith(PREFIX))
  for (const key of keys as string[]) {
    const at = (JSON.parse(shelf.getItem(key) ?? '{}') as { at?: number }).at ?? 0
    if (now - at > KEEP_MS) shelf.removeItem(key)
  }
}

const RETRY_MS = 2_000
const RETRY_MAX_MS = 60_000

/** How long to wait before trying again what failed `tries` times before: 2 s, 4 s, … at most a minute. */
export function retryWaitMs(tries: number): number {
  return Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** tries)
}

/** Failures that pass by themselves: no answer, a server that cannot now, too much at once. */
export function passes(error: unknown): boolean {
  return error instanceof OfflineError || (error instanceof ApiError && (error.status >= 500 || error.status === 429))
}
