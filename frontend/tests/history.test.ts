import type { NotifyTable, NotifyVersion } from '@/api/types'
import { partsOf, sameWording, stepsOf, stepsOfTemplate, wordingOf } from '@/messages/history'
import { describe, expect, it } from 'vitest'

const table = (words: Record<string, string>, quiet = ''): NotifyTable => ({
  templates: Object.fromEntries(Object.entries(words).map(([name, text]) => [name, { zh: { subject: '', text } }])),
  rules: [],
  quiet_hours: quiet ? { customer: quiet } : {},
})
const version = (n: number, of: NotifyTable): NotifyVersion => ({ version: n, at: n ? '2026-11-28T00:00:00Z' : null, by: n ? 'u' : null, table: of })
const VERSIONS = [
  version(3, table({ a: 'two', b: 'new' }, '21:00-08:00')),
  version(2, table({ a: 'two' }, '21:00-08:00')),
  version(1, table({ a: 'one' }, '21:00-08:00')),
  version(0, table({ a: 'one' })),
]

describe('the history of the rules', () => {
  it('says what each version changed against the one before it', () => {
    const steps = stepsOf(VERSIONS, true)
    expect(steps.map((one) => [one.version, one.changes.map(({ kind, name, how }) => `${how} ${kind} ${name}`)])).toEqual([
      [3, ['added template b']], [2, ['changed template a']], [1, ['added quiet customer']], [0, []],
    ])
  })
  it('waits with the last version of a page until what it was made from is known', () => {
    expect(stepsOf(VERSIONS.slice(0, 2), false).map((one) => one.version)).toEqual([3])
    expect(stepsOf([], true)).toEqual([])
  })
  it('keeps of a template its own steps and what is built in, with the words that can be had back', () => {
    const steps = stepsOfTemplate(stepsOf(VERSIONS, true), 'a')
    expect(steps.map((one) => one.version)).toEqual([2, 0])
    expect(steps.map((one) => partsOf(one, 'a').map((part) => wordingOf(one.table, part)?.text))).toEqual([['two'], ['one']])
    expect(stepsOfTemplate(stepsOf(VERSIONS, true), 'b').map((one) => one.version)).toEqual([3])
  })
  it('compares words with their subject', () => {
    expect(sameWording({ subject: 's', text: 'x' }, { subject: 's', text: 'x' })).toBe(true)
    expect(sameWording({ subject: 's', text: 'x' }, { subject: '', text: 'x' })).toBe(false)
    expect(sameWording(null, { subject: '', text: 'x' })).toBe(false)
  })
})
