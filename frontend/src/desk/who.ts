/** How a call is called on the page: the customer, else the name on the line, else "unknown caller"; and its number. */
import type { DeskCall } from '@/desk/state'
import { phone } from '@/format/phone'
import { useDesk } from '@/stores/desk'
import { useI18n } from 'vue-i18n'

export interface Who {
  title: string
  number: string
  known: boolean
}

export function useWho(): (call: DeskCall) => Who {
  const { t } = useI18n()
  const desk = useDesk()
  return (call) => ({
    title: desk.customerOf(call)?.name ?? call.name ?? t(call.candidates.length ? 'call.shared' : 'call.unknown'),
    number: phone(call.number_display || call.number) || t('call.hidden'),
    known: desk.customerOf(call) !== null,
  })
}
