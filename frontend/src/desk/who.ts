/** How a call is called on the page: the customer, else the name on the line, else "unknown caller"; and its number. */
import type { DeskCall } from '@/desk/state'
import { phone } from '@/format/phone'
import { useI18n } from 'vue-i18n'

export interface Who {
  title: string
  number: string
  known: boolean
}

export function useWho(): (call: DeskCall) => Who {
  const { t } = useI18n()
  return (call) => ({
    title: call.customer?.name ?? call.name ?? t(call.candidates.length ? 'customer.title' : 'call.unknown'),
    number: phone(call.number_display || call.number) || t('call.hidden'),
    known: call.customer !== null,
  })
}
