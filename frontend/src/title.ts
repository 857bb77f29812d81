/** The tab's title while nothing rings: the page, then the product. */
import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRoute } from 'vue-router'

export function useTitle(): ComputedRef<string> {
  const { t } = useI18n()
  const route = useRoute()
  return computed(() => (route.meta.title ? `${t(route.meta.title)} · ${t('app.name')}` : t('app.name')))
}
