/** Names of the catalogue in the reader's language. They are kept, searched and said in Chinese; readers of English see the catalogue's own English ones. */
import { i18n } from '@/i18n'
import { shallowRef } from 'vue'

const english = shallowRef<Readonly<Record<string, string>>>({})

export function learnNames(names: Readonly<Record<string, string>>): void {
  english.value = names
}

/** An appliance, brand or fault as it is shown; what the catalogue does not know stays as it is. */
export function named(word: string): string {
  return i18n.global.locale.value === 'en' && Object.hasOwn(english.value, word) ? (english.value[word] as string) : word
}

/** Several of them in a row; what is not there is left out. */
export function thing(parts: readonly (string | null | undefined)[], between = ' '): string {
  return parts.filter((part): part is string => !!part).map(named).join(between)
}
