/** A change of the audit trail in words, for the history and for conflicts. */
import { ORDER_STATUSES, type Change, type OwnField } from '@/api/types'
import { words } from '@/format/fields'
import { when } from '@/format/time'

export interface Voice {
  t: (key: string, named?: Record<string, unknown>) => string
  te: (key: string) => boolean
  /** Display names by user id. */
  names: Record<string, string>
  /** What a field of the order is called, its form's own ones too. */
  fieldLabel: (name: string) => string
  ownFields: readonly OwnField[]
}

/** They hold keys, which tell a reader nothing. */
const LINKS = new Set(['customer_id', 'asset_id', 'parent_id'])

const DECISIONS = new Set(['pending', 'approved', 'refused'])

export function whoIs(by: string, { t, names }: Voice): string {
  return by === 'machine' ? t('orders.by_machine') : (names[by] ?? by)
}

export function changeText(one: Change, voice: Voice): string {
  const { t } = voice
  if (one.field === 'status') return one.before ? t('orders.step', { before: status(one.before, voice), after: status(one.after, voice) }) : t('orders.opened')
  if (one.field === 'repair') return t(one.before === null ? 'repair.recorded' : 'repair.corrected')
  const [before, after] = [value(one.field, one.before, voice), value(one.field, one.after, voice)]
  return t(one.before === null ? 'orders.set' : 'orders.change', { field: label(one.field, voice), before, after })
}

function status(word: unknown, { t }: Voice): string {
  const known = ORDER_STATUSES.find((one) => one === word)
  return known ? t(`ostatus.${known}`) : String(word)
}

function label(field: string, { t, te, fieldLabel }: Voice): string {
  return te(`orders.f.${field}`) ? t(`orders.f.${field}`) : fieldLabel(field)
}

function value(field: string, content: unknown, voice: Voice): string {
  const { t, te } = voice
  if (field === 'priority' && typeof content === 'string' && te(`value.urgency.${content}`)) return t(`value.urgency.${content}`)
  if (LINKS.has(field)) return t(content === null ? 'orders.unlinked' : 'orders.linked')
  if (field === 'eta' && typeof content === 'string') return when(content)
  if (field === 'task' && (content === 'open' || content === 'done')) return t(`orders.task_${content}`)
  if (field === 'approval' && typeof content === 'string') return question(content, voice)
  if (field === 'handler' && typeof content === 'string') return whoIs(content, voice)
  const choice = voice.ownFields.find((one) => one.name === field)?.choices?.[String(content)]
  return choice ?? words(field, content, t)
}

/** A decision, or what was asked: a step, goodwill with its amount in minor units. */
function question(content: string, { t, te }: Voice): string {
  const [subject = '', minor] = content.split(' ')
  const key = DECISIONS.has(subject) ? `orders.${subject}` : `orders.s.${subject}`
  return [te(key) ? t(key) : subject, minor ? `¥${(Number(minor) / 100).toFixed(2)}` : ''].filter(Boolean).join(' ')
}
