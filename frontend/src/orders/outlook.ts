/** The clock of an order in words. */
import type { ClockAlert } from '@/api/types'

type Said = (key: string, values?: Record<string, unknown>) => string

const MINUTE_S = 60
const HOUR_S = 3600

/** Working time: 45 min, 3 h 20 min; from a day's work on in hours alone. */
export function spell(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / HOUR_S), Math.round((seconds % HOUR_S) / MINUTE_S)]
  if (!hours) return `${minutes} min`
  return hours >= 10 || !minutes ? `${hours} h` : `${hours} h ${minutes} min`
}

/** `mark` is `respond.0.750` of a limit, `node.created` of a step that was missed. */
export function alertWord(one: Pick<ClockAlert, 'alert' | 'mark' | 'probability'>, t: Said): string {
  const [what = '', detail = ''] = one.mark.split('.')
  const about = {
    warned: () => t(`sla.${what}`),
    breached: () => t(`sla.${what}`),
    node_missed: () => t(`ostatus.${detail}`),
    outlook: () => `${Math.round((one.probability ?? 0) * 100)}%`,
    untouched: () => '',
  }[one.alert]
  return t(`outlook.alert.${one.alert}`, { about: about() })
}
