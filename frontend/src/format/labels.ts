/** What a field is called: ours by i18n, a call centre's own by its form. */
import type { FieldName, OwnField } from '@/api/types'
import { useI18n } from 'vue-i18n'

export function useFieldLabel(own: () => readonly OwnField[]): (name: FieldName) => string {
  const { t, te, locale } = useI18n()
  return (name) => {
    const spec = own().find((one) => one.name === name)
    if (spec) return locale.value === 'en' ? spec.label_en : spec.label
    return te(`field.${name}`) ? t(`field.${name}`) : name
  }
}
