/** `problemText` and `fieldProblemText` in the language of the page. */
import type { FieldProblem } from '@/api/types'
import { fieldProblemText, problemText, type Words } from '@/format/problems'
import { useI18n } from 'vue-i18n'

export function useProblem(): { problem: (error: unknown) => string; fieldProblem: (one: Pick<FieldProblem, 'code' | 'message'>) => string } {
  const { t, te, locale } = useI18n()
  const words = (): Words => ({ t: (key, values) => t(key, values ?? {}), te, locale: locale.value })
  return { problem: (error) => problemText(error, words()), fieldProblem: (one) => fieldProblemText(one, words()) }
}
