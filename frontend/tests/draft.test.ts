import { ApiError, OfflineError } from '@/api/http'
import type { Field, FieldContent, Order } from '@/api/types'
import { afterSave, awake, changedFields, committed, conflictsWith, forgetOldEdits, heardOtherwise, keepEdits, keptEdits, passes, patchOf, retryWaitMs, typed, type Edits, type Shelf } from '@/desk/draft'
import { formOf, isBlank, sameValue, trust } from '@/desk/fields'
import { describe, expect, it } from 'vitest'

const field = (value: FieldContent, over: Partial<Field> = {}): Field => ({ value, display: String(value), source: 'heard', confidence: 0.9, state: 'heard', rule: null, evidence: [], ...over })
const order = (fields: Order['fields'] = {}, edit_version = 1): Order => ({
  order_id: 'O1', number: null, status: 'draft', edit_version, call_id: 'A', customer_id: null, sequence: 1, created_at: '', saved_at: null, created_by: null, fields,
  missing: [], questions: [], summary: '', alerts: [], suggested_priority: null, suggested_tier: null, priority: 'normal', parent_id: null, confirmation: null, channel: 'call',
  chase_ups: 0, handler: null, team: null, moves: [], own_fields: [], guidance: {},
})

class MemoryShelf implements Shelf {
  private map = new Map<string, string>()
  get length() { return this.map.size }
  key(index: number) { return [...this.map.keys()][index] ?? null }
  getItem(key: string) { return this.map.get(key) ?? null }
  setItem(key: string, value: string) { this.map.set(key, value) }
  removeItem(key: string) { this.map.delete(key) }
}

describe("a form's own fields", () => {
  const edit = (value: FieldContent) => ({ value, base: null, committed: true })
  const own = [
    { name: 'serial', kind: 'text' as const, label: '机身编码', label_en: 'Serial', max_length: 20, choices: null },
    { name: 'story', kind: 'text' as const, label: '经过', label_en: 'Story', max_length: 2000, choices: null },
    { name: 'floor', kind: 'choice' as const, label: '楼层', label_en: 'Floor', max_length: 200, choices: { low: '低' } },
  ]

  it('stand below the fields of every order, each with its control', () => {
    expect(formOf({ own_fields: own }).slice(-3).map((spec) => [spec.name, spec.control])).toEqual([['serial', 'text'], ['story', 'long'], ['floor', 'choice']])
  })

  it('are sent only while the form has them, and kept meanwhile', () => {
    const edits: Edits = { serial: edit('S1') }
    expect(patchOf(edits, [])).toBeNull()
    expect(awake(edits, [])).toEqual({})
    expect(patchOf(edits, [], ['serial'])).toEqual({ fields: { serial: 'S1' } })
  })

  it('go before the service type that takes their form away', () => {
    const edits: Edits = { service_type: edit('install'), brand: edit('格力'), serial: edit('S1') }
    const first = patchOf(edits, [], ['serial'])
    expect(first).toEqual({ fields: { brand: '格力', serial: 'S1' } })
    const saved = order({ brand: field('格力', { source: 'agent' }), serial: field('S1', { source: 'agent' }) })
    expect(patchOf(afterSave(edits, first ?? { fields: {} }, saved), [], ['serial'])).toEqual({ fields: { service_type: 'install' } })
  })
})

describe('typing', () => {
  it('is sent only after the field is left', () => {
    const draft = order({ brand: field('格力') })
    const edits = typed({}, draft, 'brand', '美的')
    expect(patchOf(edits, [])).toBeNull()
    expect(patchOf(committed(edits, draft, 'brand'), [])).toEqual({ fields: { brand: '美的' } })
  })

  it('leaves nothing behind when the text ends as it began', () => {
    const draft = order({ brand: field('格力') })
    const edits = typed(typed({}, draft, 'brand', '格力x'), draft, 'brand', '格力 ')
    expect(committed(edits, draft, 'brand')).toEqual({})
  })

  it('still counts when the machine changed the field meanwhile', () => {
    const edits = typed({}, order({ brand: field('格力') }), 'brand', '格力')
    const now = order({ brand: field('美的') })
    expect(patchOf(committed(edits, now, 'brand'), [])).toEqual({ fields: { brand: '格力' } })
  })

  it('empties a field with null', () => {
    const draft = order({ address: field({ city: '杭州市' }) })
    const edits = committed(typed({}, draft, 'address', { city: '', detail: null }), draft, 'address')
    expect(patchOf(edits, [])).toEqual({ fields: { address: null } })
  })

  it('sends ticks with the edits, but no tick for a field that is edited', () => {
    const edits: Edits = { brand: { value: '美的', base: null, committed: true } }
    expect(patchOf(edits, ['brand', 'fault'])).toEqual({ fields: { brand: '美的' }, accept: ['fault'] })
  })
})

describe('after a save', () => {
  it('drops what was taken and keeps what was typed further', () => {
    const edits: Edits = { brand: { value: '美的', base: null, committed: true }, model: { value: 'KFR-35', base: null, committed: false } }
    const sent = { fields: { brand: '美的', model: 'KFR' } }
    const left = afterSave(edits, sent, order({ model: field('KFR', { source: 'agent' }) }))
    expect(left).toEqual({ model: { value: 'KFR-35', base: 'KFR', committed: false } })
  })
})

describe('a stale version', () => {
  const edits: Edits = { brand: { value: '美的', base: '格力', committed: true } }

  it('is no conflict when only the machine changed the field', () => {
    expect(conflictsWith(edits, order({ brand: field('海尔') }, 2))).toEqual([])
  })

  it('is a conflict when a colleague wrote something else', () => {
    const fresh = order({ brand: field('海尔', { source: 'agent', state: 'edited' }) }, 2)
    expect(conflictsWith(edits, fresh)).toEqual([{ field: 'brand', mine: '美的', theirs: '海尔', theirsDisplay: '海尔' }])
  })

  it('is no conflict when the colleague wrote the same, or another field', () => {
    expect(conflictsWith(edits, order({ brand: field('美的', { source: 'agent' }) }, 2))).toEqual([])
    expect(conflictsWith(edits, order({ fault: field('漏水', { source: 'agent' }) }, 2))).toEqual([])
  })
})

describe('what was heard', () => {
  it('is offered, not put in, after the agent wrote something else', () => {
    const edit = { value: '美的', base: null, committed: true }
    expect(heardOtherwise(edit, field('格力'))).toBe(true)
    expect(heardOtherwise(edit, field('美的'))).toBe(false)
    expect(heardOtherwise(undefined, field('格力'))).toBe(false)
    expect(heardOtherwise(edit, field('格力', { state: 'withdrawn' }))).toBe(false)
  })

  it('shows as changed when new, different, or surer', () => {
    const before = order({ brand: field('格力'), fault: field('漏水'), model: field('X') })
    const after = order({ brand: field('格力'), fault: field('漏水', { state: 'confirmed' }), model: field('Y'), appliance: field('空调') })
    expect(changedFields(before, after)).toEqual(['appliance', 'model', 'fault'])
  })
})

describe('a reload', () => {
  it('brings unsaved edits back, ready to be sent', () => {
    const shelf = new MemoryShelf()
    keepEdits(shelf, 'O1', { brand: { value: '美', base: null, committed: false } }, 1000)
    expect(keptEdits(shelf, 'O1')).toEqual({ brand: { value: '美', base: null, committed: true } })
    keepEdits(shelf, 'O1', {}, 1000)
    expect(shelf.length).toBe(0)
  })

  it('forgets edits nobody came back to', () => {
    const shelf = new MemoryShelf()
    keepEdits(shelf, 'old', { brand: { value: '美', base: null, committed: false } }, 0)
    keepEdits(shelf, 'new', { brand: { value: '美', base: null, committed: false } }, 10 * 24 * 3600_000)
    forgetOldEdits(shelf, 10 * 24 * 3600_000 + 1)
    expect(keptEdits(shelf, 'old')).toEqual({})
    expect(keptEdits(shelf, 'new')).not.toEqual({})
  })
})

describe('values', () => {
  it('are equal whatever the order of their parts, blanks and outer spaces', () => {
    expect(sameValue({ city: 'A', detail: '' }, { detail: null, city: 'A' })).toBe(true)
    expect(sameValue(' A ', 'A')).toBe(true)
    expect(sameValue('', null)).toBe(true)
    expect(sameValue(false, null)).toBe(false)
    expect(isBlank(false)).toBe(false)
  })

  it('have three steps of trust', () => {
    expect([0.95, 0.85, 0.7, 0.6, 0.3].map(trust)).toEqual(['high', 'high', 'medium', 'medium', 'low'])
  })
})

describe('what was not saved', () => {
  it('is tried again after growing waits of at most a minute', () => {
    expect([0, 1, 2, 5, 50].map(retryWaitMs)).toEqual([2_000, 4_000, 8_000, 60_000, 60_000])
  })

  it('is tried again only where the failure passes by itself', () => {
    const refused = (status: number): ApiError => new ApiError({ status, code: 'x' })
    expect([new OfflineError('x'), refused(503), refused(500), refused(429)].every(passes)).toBe(true)
    expect([refused(422), refused(403), refused(409), new Error('bug')].some(passes)).toBe(false)
  })
})
