/** What was repaired at a customer, asked for beside the pop: the pop itself never waits for it. */
import { api } from '@/api/client'
import type { PastRepair } from '@/api/types'
import { useSession } from '@/stores/session'
import { ref, shallowRef, watch, type Ref } from 'vue'

export function usePastRepairs(customerId: () => string): { repairs: Ref<PastRepair[]>; failed: Ref<boolean>; load: () => Promise<void> } {
  const session = useSession()
  const repairs = shallowRef<PastRepair[]>([])
  const failed = ref(false)

  async function load(): Promise<void> {
    const id = customerId()
    failed.value = false
    if (!session.user?.permissions.includes('orders')) return
    try {
      const found = await api.repairsAt(id)
      if (id === customerId()) repairs.value = found
    } catch {
      if (id === customerId()) failed.value = true
    }
  }

  watch(customerId, () => {
    repairs.value = []
    void load()
  }, { immediate: true })
  return { repairs, failed, load }
}
