/** Rules of messages in the reader's words. */
import type { MessageRule } from '@/api/types'
import { EVENTS, type Part } from '@/messages/table'
import { useI18n } from 'vue-i18n'

interface RuleWords {
  eventName: (event: string) => string
  /** Whom a rule tells, and how. */
  wayOf: (rule: MessageRule) => string
  /** What a rule asks of the fact; empty: nothing. */
  conditionsOf: (rule: MessageRule) => string
  ruleName: (rule: MessageRule) => string
  /** A part of the table; a template by the first of `rules` that uses it. */
  partName: (part: Part, rules: readonly MessageRule[]) => string
  valueWord: (event: string, attribute: string, value: string) => string
}

export function useRuleWords(): RuleWords {
  const { t, te } = useI18n()
  const word = (key: string, fallback: string): string => (te(key) ? t(key) : fallback)
  const eventName = (event: string): string => word(`messages.event.${event}`, event)

  function valueWord(event: string, attribute: string, value: string): string {
    const kind = EVENTS[event]?.find((one) => one.attribute === attribute)?.words
    return kind ? word(`${kind}.${value}`, value) : value
  }

  function wayOf(rule: MessageRule): string {
    const whom = rule.audience === 'address' ? (rule.to || t('messages.audience.address')) : t(`messages.audience.${rule.audience}`)
    return `${whom} · ${t(`notices.channel.${rule.channel}`)}`
  }

  function conditionsOf(rule: MessageRule): string {
    return Object.entries(rule.when)
      .map(([attribute, values]) => `${word(`messages.attribute.${attribute}`, attribute)}：${values.map((value) => valueWord(rule.event, attribute, value)).join('、')}`)
      .join('；')
  }

  function ruleName(rule: MessageRule): string {
    return `${[eventName(rule.event), conditionsOf(rule)].filter(Boolean).join(' · ')} → ${wayOf(rule)}`
  }

  function partName(part: Part, rules: readonly MessageRule[]): string {
    if (part.kind === 'quiet') return `${t('messages.quiet')} ${t(`messages.audience.${part.name}`)}`
    const tongue = part.tongue ? ` (${part.tongue === 'zh' ? '中文' : 'English'})` : ''
    const about = rules.find((one) => (part.kind === 'rule' ? one.name : one.template) === part.name)
    return `${t(`messages.part.${part.kind}`)} ${about ? ruleName(about) : part.name}${tongue}`
  }

  return { ruleName, partName, eventName, wayOf, conditionsOf, valueWord }
}
