import type { MessageRule, NotifyTable } from '@/api/types'
import en from '@/i18n/en'
import zh from '@/i18n/zh-CN'
import { keepDraft, keptDraft } from '@/messages/draft'
import { AUDIENCES, audiencesFor, byEvent, channelsFor, differences, EVENTS, freeName, laneOf, merged, placeOf, smsParts, VARIABLES, withAudience } from '@/messages/table'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const rule: MessageRule = {
  name: 'created', event: 'WorkOrderCreated', when: {}, audience: 'customer', channel: 'sms', template: 'accepted', to: null, language: null, critical: false, dedupe_min: 0, enabled: true,
}
const base: NotifyTable = {
  templates: { accepted: { zh: { subject: '', text: '已受理' }, en: { subject: '', text: 'taken' } }, late: { zh: { subject: 'a', text: 'b' } } },
  rules: [rule, { ...rule, name: 'late', event: 'SlaBreached', audience: 'supervisors', channel: 'in_app', template: 'late' }],
  quiet_hours: { customer: '21:00-08:00' },
}
const copy = (table: NotifyTable): NotifyTable => JSON.parse(JSON.stringify(table)) as NotifyTable

describe('what a rule may look at', () => {
  it('is every fact of an order that the server documents, and every variable it fills in', () => {
    const events = readFileSync('../docs/reference/events.md', 'utf8').split('## Work orders')[1]?.split('Customers (')[0] ?? ''
    expect(Object.keys(EVENTS).sort()).toEqual([...events.matchAll(/^\| `(\w+)` \|/gm)].map((found) => found[1]).sort())
    const known = /Templates use `([^`]+)`/.exec(readFileSync('../docs/notifications.md', 'utf8'))?.[1] ?? ''
    expect([...known.matchAll(/\{(\w+)\}/g)].map((found) => found[1])).toEqual([...VARIABLES])
  })

  it('has a name in both languages', () => {
    for (const table of [zh, en]) {
      expect(Object.keys(table.messages.event).sort()).toEqual(Object.keys(EVENTS).sort())
      expect(Object.keys(table.messages.v).sort()).toEqual([...VARIABLES].sort())
      expect(Object.keys(table.messages.audience).sort()).toEqual([...AUDIENCES].sort())
      for (const { attribute } of Object.values(EVENTS).flat()) expect(table.messages.attribute).toHaveProperty(attribute)
    }
  })

  it('names conditions that the fact has', () => {
    const rows = new Map([...readFileSync('../docs/reference/events.md', 'utf8').matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm)].map((found) => [found[1], found[2]?.trim().split(' ')]))
    for (const [event, conditions] of Object.entries(EVENTS)) for (const { attribute } of conditions) expect(rows.get(event), event).toContain(attribute)
  })

  it('offers only receivers that the fact names, and ways that reach them', () => {
    expect(audiencesFor('WorkOrderCreated')).toEqual(['customer', 'handler', 'supervisors', 'address'])
    expect(audiencesFor('CommentAdded')).toContain('mentioned')
    expect(withAudience(rule, 'supervisors')).toMatchObject({ channel: 'in_app', to: null })
    expect(withAudience(rule, 'address')).toMatchObject({ channel: 'sms', to: '' })
    expect(channelsFor('handler')).toEqual(['in_app'])
  })
})

describe('two people at once', () => {
  it('keeps what each changed alone', () => {
    const [mine, theirs] = [copy(base), copy(base)]
    mine.quiet_hours = { customer: '22:00-07:00' }
    mine.templates.accepted = { zh: { subject: '', text: '我的' }, en: { subject: '', text: 'taken' } }
    theirs.rules.push({ ...rule, name: 'new' })
    theirs.templates.late = { zh: { subject: 'c', text: 'd' } }
    const { table, clashes } = merged(base, mine, theirs)
    expect(clashes).toEqual([])
    expect(table.quiet_hours).toEqual(mine.quiet_hours)
    expect(table.templates).toEqual({ accepted: mine.templates.accepted, late: theirs.templates.late })
    expect(table.rules.map((one) => one.name)).toEqual(['created', 'late', 'new'])
  })

  it('says where both changed the same, and keeps mine there; a removal is a change', () => {
    const [mine, theirs] = [copy(base), copy(base)]
    mine.rules = mine.rules.slice(1)
    theirs.rules[0] = { ...rule, critical: true }
    mine.templates.late = theirs.templates.late = { zh: { subject: 'both', text: 'alike' } }
    const { table, clashes } = merged(base, mine, theirs)
    expect(clashes).toEqual([{ kind: 'rule', name: 'created' }])
    expect(table.rules.map((one) => one.name)).toEqual(['late'])
    expect(merged(base, base, theirs).table.rules[0]?.critical).toBe(true)
    expect(merged(base, base, base)).toEqual({ table: base, clashes: [] })
  })

  it('names what differs by part, whatever the order of keys', () => {
    const after = copy(base)
    after.rules[0] = { ...rule, enabled: false }
    after.templates = { ...base.templates, accepted: { en: { text: 'taken', subject: '' }, zh: { text: '已受理', subject: '' } } }
    after.quiet_hours = { address: '22:00-07:00' }
    expect(differences(base, after)).toEqual([
      { kind: 'rule', name: 'created', how: 'changed' },
      { kind: 'quiet', name: 'customer', how: 'removed' },
      { kind: 'quiet', name: 'address', how: 'added' },
    ])
  })
})

describe('the table', () => {
  it('finds the part that a problem is about', () => {
    expect(placeOf('table.templates.accepted.zh.text', base)).toEqual({ kind: 'template', name: 'accepted', tongue: 'zh', field: 'text' })
    expect(placeOf('table.rules.1.to', base)).toEqual({ kind: 'rule', name: 'late', field: 'to' })
    expect(placeOf('table.rules.9', base)).toBeNull()
    expect(placeOf('version', base)).toBeNull()
  })

  it('groups rules, names copies and ways out, counts SMS', () => {
    expect(byEvent([...base.rules, { ...rule, name: 'x' }]).map(([event, rules]) => [event, rules.length])).toEqual([['WorkOrderCreated', 2], ['SlaBreached', 1]])
    expect(freeName('a', ['a', 'a_2'])).toBe('a_3')
    expect([laneOf(rule), laneOf({ channel: 'webhook', to: 'crm' }), laneOf({ channel: 'in_app', to: null })]).toEqual(['sms', 'webhook:crm', null])
    expect([smsParts('您'.repeat(70)), smsParts('您'.repeat(71)), smsParts('a'.repeat(160)), smsParts('a'.repeat(161))]).toEqual([1, 2, 1, 2])
  })

  it('is kept for whoever changed it, and only for them', () => {
    const kept = new Map<string, string>()
    const store = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, text: string) => kept.set(key, text), removeItem: (key: string) => kept.delete(key) } as unknown as Storage
    keepDraft(store, 'u1', { version: 2, base, table: base })
    expect(keptDraft(store, 'u1')).toEqual({ version: 2, base, table: base })
    expect(keptDraft(store, 'u2')).toBeNull()
    keepDraft(store, 'u1', null)
    expect(kept.size).toBe(0)
    kept.set('callcenter.messages.u1', '{"table":')
    expect(keptDraft(store, 'u1')).toBeNull()
  })
})
