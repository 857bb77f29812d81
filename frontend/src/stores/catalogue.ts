/** The words of the trade, loaded once for whoever works with orders: choices of the form, and names in English. */
import { api } from '@/api/client'
import type { Catalogue } from '@/api/types'
import { learnNames } from '@/format/names'
import { defineStore } from 'pinia'
import { shallowRef } from 'vue'

export const useCatalogue = defineStore('catalogue', () => {
  const current = shallowRef<Catalogue | null>(null)

  /** Without it fields take any text and names stay Chinese; the next page that wants it asks again. */
  async function load(): Promise<void> {
    const found = await api.catalogue().catch(() => null)
    if (!found) return
    current.value = found
    learnNames(found.english)
  }

  return { current, load }
})
