/** The rules of messages as data: what they can look at, what two people changed, and both put together. */
import { ORDER_STATUSES, type Audience, type MessageChannel, type MessageRule, type NotifyTable, type Tongue } from '@/api/types'
import { SERVICE_TYPES, URGENCY } from '@/desk/fields'

const CHANNELS_IN = ['call', 'desk', 'web', 'portal', 'app', 'email', 'wechat', 'miniprogram', 'chat', 'social', 'webhook', 'csv'] as const
const ACTIONS = ['dispatch', 'accept', 'depart', 'arrive', 'begin', 'wait_for_parts', 'reschedule', 'escalate', 'complete', 'reopen', 'confirm', 'follow_up', 'cancel'] as const
const SUBJECTS = [...ACTIONS, 'goodwill'] as const
const LIMITS = ['respond', 'resolve'] as const

/** What a condition's values are called: the place of their words in the language files. */
export type ValueKind = 'ostatus' | 'value.service_type' | 'value.urgency' | 'channel' | 'orders.s' | 'messages.limit' | 'orders' | 'messages.outcome'
export interface Condition {
  attribute: string
  values: readonly string[]
  words: ValueKind
}

/** Every fact of an order that a rule can wait for (docs/reference/events.md), with what it may ask of it. */
export const EVENTS: Readonly<Record<string, readonly Condition[]>> = {
  WorkOrderCreated: [{ attribute: 'service_type', values: SERVICE_TYPES, words: 'value.service_type' }],
  WorkOrderMoved: [{ attribute: 'after', values: ORDER_STATUSES, words: 'ostatus' }],
  WorkOrderCancelled: [],
  PriorityChanged: [{ attribute: 'after', values: URGENCY, words: 'value.urgency' }],
  OrderTransferred: [],
  SlaWarned: [{ attribute: 'limit', values: LIMITS, words: 'messages.limit' }],
  SlaBreached: [{ attribute: 'limit', values: LIMITS, words: 'messages.limit' }],
  OrderUntouched: [],
  NodeMissed: [{ attribute: 'status', values: ORDER_STATUSES, words: 'ostatus' }],
  DelayPredicted: [],
  CommentAdded: [],
  ApprovalAsked: [{ attribute: 'subject', values: SUBJECTS, words: 'orders.s' }],
  ApprovalDecided: [{ attribute: 'decision', values: ['approved', 'refused'], words: 'orders' }],
  ChaseUpReceived: [{ attribute: 'channel', values: CHANNELS_IN, words: 'channel' }],
  ReportTaken: [
    { attribute: 'outcome', values: ['created', 'draft', 'chased'], words: 'messages.outcome' },
    { attribute: 'channel', values: CHANNELS_IN, words: 'channel' },
  ],
  TaskChanged: [],
  RepairRecorded: [],
  FileAttached: [],
  DraftOpened: [],
  DraftRevised: [],
  OrderEdited: [],
}

export const VARIABLES = ['number', 'customer_name', 'appliance', 'brand', 'fault', 'status', 'priority', 'appointment', 'district', 'due', 'limit', 'reason', 'handler', 'handler_phone', 'eta'] as const

export const AUDIENCES: readonly Audience[] = ['customer', 'handler', 'supervisors', 'mentioned', 'asked_by', 'address']
/** Facts alone that name such people. */
const NAMED_BY: Partial<Record<Audience, string>> = { mentioned: 'CommentAdded', asked_by: 'ApprovalDecided' }

export function audiencesFor(event: string): Audience[] {
  return AUDIENCES.filter((one) => (NAMED_BY[one] ?? event) === event)
}

/** How somebody can be reached: customers by SMS or WeChat, colleagues at their desks, an address by what it is one of. */
export function channelsFor(audience: Audience): readonly MessageChannel[] {
  if (audience === 'customer') return ['sms', 'wechat', 'miniprogram']
  return audience === 'address' ? ['email', 'sms', 'wechat', 'miniprogram', 'webhook'] : ['in_app']
}

/** Another receiver takes the way there with it, so that every rule can be sent. */
export function withAudience(rule: MessageRule, audience: Audience): MessageRule {
  const ways = channelsFor(audience)
  const channel = ways.includes(rule.channel) ? rule.channel : (ways[0] as MessageChannel)
  return { ...rule, audience, channel, to: audience === 'address' ? (rule.to ?? '') : null }
}

/** The name of the way out in config.yaml; null for what stays on the desks. */
export function laneOf(rule: Pick<MessageRule, 'channel' | 'to'>): string | null {
  if (rule.channel === 'in_app') return null
  return rule.channel === 'webhook' ? `webhook:${rule.to ?? ''}` : rule.channel
}

export function tonguesOf(table: NotifyTable, template: string): Tongue[] {
  return (['zh', 'en'] as const).filter((tongue) => table.templates[template]?.[tongue])
}

/** The same object without one of its keys. */
export function lacking<T extends object>(whole: T, key: string): T {
  return Object.fromEntries(Object.entries(whole).filter(([name]) => name !== key)) as T
}

/** A word that nothing is called yet: `base`, `base_2`, … */
export function freeName(base: string, taken: readonly string[]): string {
  if (!taken.includes(base)) return base
  for (let n = 2; ; n += 1) if (!taken.includes(`${base.slice(0, 36)}_${n}`)) return `${base.slice(0, 36)}_${n}`
}

/** Rules by what happened, in the order in which the table first names it. */
export function byEvent(rules: readonly MessageRule[]): [event: string, rules: MessageRule[]][] {
  const groups = new Map<string, MessageRule[]>()
  for (const rule of rules) groups.set(rule.event, [...(groups.get(rule.event) ?? []), rule])
  return [...groups]
}

/** How many SMS a text is sent as: 70 characters in one (160 where all are plain letters), a little less in each of several. */
export function smsParts(text: string): number {
  const plain = /^[\x20-\x7e\n\r]*$/.test(text)
  const [one, each] = plain ? [160, 153] : [70, 67]
  return text.length <= one ? 1 : Math.ceil(text.length / each)
}

// ---- two people at once -----------------------------------------------------------------------------------------------

export type PartKind = 'rule' | 'template' | 'quiet'
export interface Part {
  kind: PartKind
  name: string
  tongue?: Tongue
}
export interface Difference extends Part {
  how: 'added' | 'removed' | 'changed'
}

type Parts = Map<string, { part: Part; content: unknown }>

function partsOf(table: NotifyTable): Parts {
  const parts: Parts = new Map()
  for (const rule of table.rules) parts.set(`rule ${rule.name}`, { part: { kind: 'rule', name: rule.name }, content: rule })
  for (const [name, wordings] of Object.entries(table.templates)) {
    for (const [tongue, wording] of Object.entries(wordings)) {
      parts.set(`template ${name} ${tongue}`, { part: { kind: 'template', name, tongue: tongue as Tongue }, content: wording })
    }
  }
  for (const [name, hours] of Object.entries(table.quiet_hours)) parts.set(`quiet ${name}`, { part: { kind: 'quiet', name }, content: hours })
  return parts
}

/** Independent of the order of an object's keys. */
function text(content: unknown): string {
  return JSON.stringify(content, (_key, value: unknown) =>
    value && typeof value === 'object' && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value)
}

export function differences(before: NotifyTable, after: NotifyTable): Difference[] {
  const [old, now] = [partsOf(before), partsOf(after)]
  const keys = [...new Set([...old.keys(), ...now.keys()])]
  return keys.flatMap((key): Difference[] => {
    const [was, is] = [old.get(key), now.get(key)]
    if (was && is) return text(was.content) === text(is.content) ? [] : [{ ...is.part, how: 'changed' }]
    return is ? [{ ...is.part, how: 'added' }] : was ? [{ ...was.part, how: 'removed' }] : []
  })
}

/** Mine and theirs, both made from `base`: each part from whoever changed it; `clashes` are those both changed, with mine kept. */
export function merged(base: NotifyTable, mine: NotifyTable, theirs: NotifyTable): { table: NotifyTable; clashes: Part[] } {
  const [old, own, others] = [partsOf(base), partsOf(mine), partsOf(theirs)]
  const table: NotifyTable = { templates: {}, rules: [], quiet_hours: {} }
  const clashes: Part[] = []
  for (const key of new Set([...own.keys(), ...others.keys(), ...old.keys()])) {
    const [was, my, their] = [old, own, others].map((parts) => text(parts.get(key)?.content ?? null))
    const kept = my === was ? others.get(key) : own.get(key)
    const known = own.get(key) ?? others.get(key) ?? old.get(key)
    if (known && my !== was && their !== was && my !== their) clashes.push(known.part)
    if (kept) put(table, kept.part, kept.content)
  }
  return { table, clashes }
}

function put(table: NotifyTable, part: Part, content: unknown): void {
  if (part.kind === 'rule') table.rules.push(content as MessageRule)
  else if (part.kind === 'quiet') table.quiet_hours[part.name as Audience] = content as string
  else table.templates[part.name] = { ...table.templates[part.name], [part.tongue as Tongue]: content }
}

/** `table.rules.3.to` and `table.templates.accepted.zh.text`: the part that a problem is about, and what of it. */
export function placeOf(path: string, table: NotifyTable): (Part & { field: string }) | null {
  const [list, name = '', third, ...rest] = path.replace(/^table\./, '').split('.')
  if (list === 'rules') {
    const rule = table.rules[Number(name)]
    return rule ? { kind: 'rule', name: rule.name, field: third ?? '' } : null
  }
  if (list === 'templates') return { kind: 'template', name, ...(third === 'zh' || third === 'en' ? { tongue: third } : {}), field: rest.at(-1) ?? '' }
  return list === 'quiet_hours' ? { kind: 'quiet', name, field: '' } : null
}
