import type { LiveCall, Order, ServerFrame } from '@/api/types'
import { applyFrame, EMPTY_DESK, shownCall, withOrder, type DeskState } from '@/desk/state'
import { describe, expect, it } from 'vitest'

const order = (over: Partial<Order> = {}): Order => ({
  order_id: 'O1', number: null, status: 'draft', edit_version: 1, call_id: 'A', customer_id: null, sequence: 1, created_at: '2026-11-21T00:00:00Z', saved_at: null,
  created_by: null, fields: {}, missing: [], questions: [], summary: '', alerts: [], suggested_priority: null, suggested_tier: null, priority: 'normal', parent_id: null, confirmation: null, channel: 'call',
  chase_ups: 0, handler: null, team: null, moves: [], own_fields: [], guidance: {}, ...over,
})

const call = (over: Partial<LiveCall> = {}): LiveCall => ({
  call_id: 'A', state: 'ringing', direction: 'inbound', number: '13800138000', number_display: '138 0013 8000', name: null, queue: null, interface: 'PJSIP/1001',
  offered_at: '2026-11-21T00:00:00Z', answered_at: null, ended_at: null, pop_sent_at: null, customer: null, candidates: [], segments: [], partials: {}, orders: [],
  transcript_unavailable: {}, ...over,
})

const segment = (id: string, start_ms: number, speaker: 'caller' | 'agent' = 'caller') => ({ segment_id: id, speaker, start_ms, end_ms: start_ms + 900, text: id, shown: [], names: [], confidence: 0.9, words: [] })

let seq = 0
type Body<T extends ServerFrame['type']> = Omit<Extract<ServerFrame, { type: T }>, 'seq' | 'type'>
function frame<T extends ServerFrame['type']>(type: T, body: Body<T>): ServerFrame {
  return { seq: (seq += 1), type, ...body } as unknown as ServerFrame
}

const run = (...frames: ServerFrame[]): DeskState => frames.reduce(applyFrame, EMPTY_DESK)
const snapshot = (calls: LiveCall[]) => frame('snapshot', { server_time: '2026-11-21T00:00:00Z', agent_state: 'available', pbx: { connected: true, since: null }, calls })
const talking = { state: 'talking' as const, answered_at: '2026-11-21T00:00:05Z' }

describe('desk state', () => {
  it('is replaced as a whole by a snapshot', () => {
    const state = run(frame('call.offered', { call: call({ call_id: 'old' }) }), snapshot([call({ call_id: 'B' })]))
    expect(state.ready).toBe(true)
    expect(state.calls.map((one) => one.call_id)).toEqual(['B'])
  })

  it('shows a call offered twice once', () => {
    const offered = frame('call.offered', { call: call() })
    expect(run(snapshot([]), offered, offered).calls).toHaveLength(1)
  })

  it('drops a ringing call that was answered elsewhere and says so', () => {
    const state = run(snapshot([call()]), frame('call.closed', { call_id: 'A', reason: 'answered_elsewhere' }))
    expect(state.calls).toEqual([])
    expect(state.departed).toEqual([{ call_id: 'A', number_display: '138 0013 8000', reason: 'answered_elsewhere' }])
  })

  it('says a departure once', () => {
    const state = run(snapshot([call()]), frame('call.closed', { call_id: 'A', reason: 'no_answer' }), frame('agent.state', { state: 'available' }))
    expect(state.departed).toEqual([])
  })

  it('keeps an answered call after hang-up until it is done', () => {
    const ended = run(snapshot([call(talking)]), frame('call.updated', { call_id: 'A', changes: { state: 'ended', ended_at: '2026-11-21T00:01:00Z' } }))
    expect(ended.calls[0]?.state).toBe('ended')
    const done = applyFrame(ended, frame('call.closed', { call_id: 'A', reason: 'done' }))
    expect(done.calls).toEqual([])
    expect(done.departed).toEqual([])
  })

  it('keeps an answered call that closes while talking', () => {
    const state = run(snapshot([call(talking)]), frame('call.closed', { call_id: 'A', reason: 'ended' }))
    expect(state.calls[0]?.state).toBe('ended')
  })

  it('replaces a partial, and clears it when the segment comes', () => {
    const first = run(
      snapshot([call(talking)]),
      frame('transcript.partial', { call_id: 'A', speaker: 'caller', text: '我家', start_ms: 10 }),
      frame('transcript.partial', { call_id: 'A', speaker: 'caller', text: '我家空调', start_ms: 10 }),
      frame('transcript.partial', { call_id: 'A', speaker: 'agent', text: '您好', start_ms: 12 }),
    )
    expect(first.calls[0]?.partials.caller?.text).toBe('我家空调')
    const then = applyFrame(first, frame('transcript.segment', { call_id: 'A', segment: segment('s1', 10) }))
    expect(then.calls[0]?.partials.caller).toBeUndefined()
    expect(then.calls[0]?.partials.agent?.text).toBe('您好')
  })

  it('orders segments by time however they arrive and never doubles one', () => {
    const state = run(snapshot([call(talking)]), ...['b', 'a', 'b'].map((id) => frame('transcript.segment', { call_id: 'A', segment: segment(id, id === 'a' ? 0 : 1000) })))
    expect(state.calls[0]?.segments.map((one) => one.segment_id)).toEqual(['a', 'b'])
  })

  it('follows a device that is moved into another call', () => {
    const other = call({ call_id: 'B', ...talking, number: '13500890626', partials: { caller: '喂' } })
    const state = run(snapshot([call(talking)]), frame('call.updated', { call_id: 'A', changes: other }))
    expect(state.calls.map((one) => [one.call_id, one.number, one.partials.caller?.text])).toEqual([['B', '13500890626', '喂']])
  })

  it('takes a frame of equal version but not an answer of equal version', () => {
    const state = run(snapshot([call({ orders: [order({ summary: 'old' })] })]), frame('order.updated', { call_id: 'A', order: order({ summary: 'heard' }) }))
    expect(state.calls[0]?.orders[0]?.summary).toBe('heard')
    expect(withOrder(state, 'A', order({ summary: 'stale answer' }), 'answer').calls[0]?.orders[0]?.summary).toBe('heard')
    expect(withOrder(state, 'A', order({ edit_version: 2, summary: 'saved' }), 'answer').calls[0]?.orders[0]?.summary).toBe('saved')
  })

  it('never goes back to an older version', () => {
    const state = run(snapshot([call({ orders: [order({ edit_version: 3 })] })]), frame('order.updated', { call_id: 'A', order: order({ edit_version: 2 }) }))
    expect(state.calls[0]?.orders[0]?.edit_version).toBe(3)
  })

  it('keeps the orders of a call in sequence', () => {
    const state = run(snapshot([call()]), frame('order.updated', { call_id: 'A', order: order({ order_id: 'O2', sequence: 2 }) }), frame('order.updated', { call_id: 'A', order: order() }))
    expect(state.calls[0]?.orders.map((one) => one.sequence)).toEqual([1, 2])
  })

  it('ignores frames about unknown calls and frames of unknown types', () => {
    const state = run(snapshot([call()]))
    expect(applyFrame(state, frame('call.updated', { call_id: 'X', changes: { state: 'held' } })).calls).toEqual(state.calls)
    expect(applyFrame(state, { seq: 9, type: 'weather' } as unknown as ServerFrame)).toBe(state)
  })

  it('brings the call being spoken on to the front unless another is chosen', () => {
    const { calls } = run(snapshot([call(), call({ call_id: 'B', ...talking })]))
    expect(shownCall(calls, null)?.call_id).toBe('B')
    expect(shownCall(calls, 'A')?.call_id).toBe('A')
    expect(shownCall(calls, 'gone')?.call_id).toBe('B')
    expect(shownCall([], 'A')).toBeNull()
  })
})
