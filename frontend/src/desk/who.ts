/** How a call is called on the page: the customer, else the name on the line, else "unknown caller"; and its number. */
import type { DeskCall } from '@/desk/state'
import { phone } from '@/format/phone'
import { useDesk } from '@/stores/desk'
import { useI18n } from 'vue-i18n'

export interface Who {
  title: string
  number: string
  known: boolean
  /** Several customers have the number; otherwise candidates come from what the caller says. */
  shared: boolean
}

/** The last digits say it, whatever prefix a number is written with. */
const tail = (number: string | null): string => (number ?? '').replace(/\D/g, '').slice(-8)

function sharesNumber(call: DeskCall): boolean {
  const own = tail(call.number)
  return own.length > 6 && call.candidates.some((card) => card.phones.some((known) => tail(known.raw) === own))
}

export function useWho(): (call: DeskCall) => Who {
  const { t } = useI18n()
  const desk = useDesk()
  return (call) => ({
    title: desk.customerOf(call)?.name ?? call.name ?? t(sharesNumber(call) ? 'call.shared' : 'call.unknown'),
    number: phone(call.number_display || call.number) || t('call.hidden'),
    known: desk.customerOf(call) !== null,
    shared: sharesNumber(call),
  })
}
