/** What this browser prefers: language, appearance, sound. Kept in localStorage. */
import { usePreferredDark, useStored } from '@/browser'
import { i18n, LOCALES, type Locale } from '@/i18n'
import { defineStore } from 'pinia'
import { computed, watch } from 'vue'

export type Theme = 'auto' | 'light' | 'dark'

export const useSettings = defineStore('settings', () => {
  const locale = useStored<Locale>('callcenter.locale', 'zh-CN', LOCALES)
  const theme = useStored<Theme>('callcenter.theme', 'auto', ['auto', 'light', 'dark'])
  const sound = useStored<'on' | 'off'>('callcenter.sound', 'on', ['on', 'off'])
  const prefersDark = usePreferredDark()
  const dark = computed(() => (theme.value === 'auto' ? prefersDark.value : theme.value === 'dark'))

  watch(dark, (isDark) => document.documentElement.setAttribute('data-theme', isDark ? 'dark' : 'light'), { immediate: true })
  watch(
    locale,
    (value) => {
      i18n.global.locale.value = value
      document.documentElement.lang = value
    },
    { immediate: true },
  )
  return { locale, theme, sound, dark }
})
