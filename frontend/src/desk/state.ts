/**
 * What the desk knows, as a pure reducer: (state, frame) → state.
 *
 * A snapshot replaces everything; every other frame changes one call. Frames about calls we do not know are ignored:
 * they belong to a call this page has already put away.
 */
import type { AgentState, CallState, CloseReason, CustomerCard, LiveCall, Order, PbxLink, Segment, ServerFrame, Speaker } from '@/api/types'

export interface PartialText {
  text: string
  start_ms: number
}

export interface DeskCall extends Omit<LiveCall, 'partials'> {
  partials: Partial<Record<Speaker, PartialText>>
  close_reason: CloseReason | null
}

export interface Departure {
  call_id: string
  number_display: string
  reason: CloseReason
}

export interface DeskState {
  ready: boolean
  agentState: AgentState
  pbx: PbxLink
  calls: DeskCall[]
  /** Calls that left the page by themselves since the last frame, for a short notice. */
  departed: Departure[]
}

export const EMPTY_DESK: DeskState = {
  ready: false,
  agentState: 'offline',
  pbx: { connected: false, since: null },
  calls: [],
  departed: [],
}

/** Reasons after which an answered call stays until the agent has finished its work order. */
const STAYING: ReadonlySet<CloseReason> = new Set<CloseReason>(['ended', 'transferred'])

type Handlers = { [T in ServerFrame['type']]: (state: DeskState, frame: Extract<ServerFrame, { type: T }>) => DeskState }

const HANDLERS: Handlers = {
  snapshot: (_state, frame) => ({
    ready: true,
    agentState: frame.agent_state,
    pbx: frame.pbx,
    calls: frame.calls.map(fromWire).sort(byOffer),
    departed: [],
  }),
  'call.offered': (state, frame) => ({
    ...state,
    calls: [...state.calls.filter((call) => call.call_id !== frame.call.call_id), fromWire(frame.call)].sort(byOffer),
  }),
  'call.updated': updated,
  'call.closed': closed,
  'transcript.partial': (state, frame) =>
    changeCall(state, frame.call_id, (call) => ({
      ...call,
      partials: { ...call.partials, [frame.speaker]: { text: frame.text, start_ms: frame.start_ms } },
    })),
  'transcript.segment': (state, frame) =>
    changeCall(state, frame.call_id, (call) => ({
      ...call,
      segments: withSegment(call.segments, frame.segment),
      partials: { ...call.partials, [frame.segment.speaker]: undefined },
    })),
  'transcript.unavailable': (state, frame) =>
    changeCall(state, frame.call_id, (call) => ({
      ...call,
      transcript_unavailable: { ...call.transcript_unavailable, [frame.speaker]: frame.reason },
    })),
  'order.updated': (state, frame) => withOrder(state, frame.call_id, frame.order, 'frame'),
  'agent.state': (state, frame) => ({ ...state, agentState: frame.state }),
  'pbx.link': (state, frame) => ({ ...state, pbx: { connected: frame.connected, since: frame.since } }),
  'order.changed': (state) => state,
  notice: (state) => state,
  pong: (state) => state,
}

export function applyFrame(state: DeskState, frame: ServerFrame): DeskState {
  const handler = HANDLERS[frame.type] as ((state: DeskState, frame: ServerFrame) => DeskState) | undefined
  // A newer server may send frames this page does not know; they are not for us.
  return handler ? handler(state.departed.length ? { ...state, departed: [] } : state, frame) : state
}

/**
 * The newer of two versions of an order. Frames come in order; an answer to our own request may cross a frame, and at
 * equal version the frame is the newer one (the machine revises a draft without counting it as an edit).
 */
export function withOrder(state: DeskState, callId: string, order: Order, from: 'frame' | 'answer'): DeskState {
  return changeCall(state, callId, (call) => {
    const known = call.orders.find((other) => other.order_id === order.order_id)
    const oldest = from === 'frame' ? order.edit_version + 1 : order.edit_version
    if (known && known.edit_version >= oldest) return call
    const others = call.orders.filter((other) => other.order_id !== order.order_id)
    return { ...call, orders: [...others, order].sort((a, b) => a.sequence - b.sequence) }
  })
}

export function withCustomer(state: DeskState, callId: string, customer: CustomerCard): DeskState {
  return changeCall(state, callId, (call) => ({ ...call, customer, candidates: [], name: call.name ?? customer.name }))
}

export function withoutCall(state: DeskState, callId: string): DeskState {
  return { ...state, calls: state.calls.filter((call) => call.call_id !== callId) }
}

/** The call to show: the chosen one while it exists, else the one spoken on, else the ringing one, else the last. */
export function shownCall(calls: DeskCall[], chosen: string | null): DeskCall | null {
  const order: CallState[] = ['talking', 'held', 'ringing', 'ended']
  const best = order.map((state) => calls.find((call) => call.state === state)).find(Boolean)
  return calls.find((call) => call.call_id === chosen) ?? best ?? null
}

export function fromWire(call: LiveCall): DeskCall {
  const partials: DeskCall['partials'] = {}
  for (const [speaker, text] of Object.entries(call.partials ?? {})) {
    if (text) partials[speaker as Speaker] = { text, start_ms: Infinity }
  }
  return { ...call, partials, close_reason: null, segments: [...call.segments].sort(byStart) }
}

function closed(state: DeskState, frame: Extract<ServerFrame, { type: 'call.closed' }>): DeskState {
  const call = state.calls.find((other) => other.call_id === frame.call_id)
  if (!call) return state
  const stays = call.answered_at !== null && call.state !== 'ended' && STAYING.has(frame.reason)
  if (stays) {
    return changeCall(state, frame.call_id, (old) => ({ ...old, state: 'ended', close_reason: frame.reason, partials: {} }))
  }
  // An ended call is closed when it was put away, here or in another tab: no notice for that.
  const notice = call.state !== 'ended' && frame.reason !== 'done'
  const departure: Departure = { call_id: call.call_id, number_display: call.number_display, reason: frame.reason }
  return { ...withoutCall(state, frame.call_id), departed: notice ? [departure] : [] }
}

/** An attended transfer can move the device into another call: the changes are then that whole call, under its own id. */
function updated(state: DeskState, { call_id, changes }: Extract<ServerFrame, { type: 'call.updated' }>): DeskState {
  const target = changes.call_id ?? call_id
  if (target === call_id) return changeCall(state, call_id, (call) => merged(call, changes))
  const others = state.calls.filter((call) => call.call_id !== call_id && call.call_id !== target)
  return { ...state, calls: [...others, fromWire(changes as LiveCall)].sort(byOffer) }
}

function merged(call: DeskCall, changes: Partial<LiveCall>): DeskCall {
  const next: DeskCall = { ...call, ...changes, partials: call.partials }
  return changes.segments ? { ...next, segments: [...changes.segments].sort(byStart) } : next
}

function withSegment(segments: Segment[], segment: Segment): Segment[] {
  return [...segments.filter((other) => other.segment_id !== segment.segment_id), segment].sort(byStart)
}

function changeCall(state: DeskState, callId: string, change: (call: DeskCall) => DeskCall): DeskState {
  return { ...state, calls: state.calls.map((call) => (call.call_id === callId ? change(call) : call)) }
}

const byStart = (a: Segment, b: Segment): number => a.start_ms - b.start_ms || a.end_ms - b.end_ms
const byOffer = (a: DeskCall, b: DeskCall): number => a.offered_at.localeCompare(b.offered_at)
