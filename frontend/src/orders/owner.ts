/** Whose order it may be, by what it says itself. */
import { api } from '@/api/client'
import type { AddressParts, CustomerCard, NewCustomer, Order } from '@/api/types'
import { valueOf } from '@/desk/draft'

const said = (order: Order, name: string): string => {
  const value = valueOf(order.fields[name])
  return typeof value === 'string' ? value.trim() : ''
}

/** Customers with the order's number. */
export async function likely(order: Order): Promise<CustomerCard[]> {
  const phone = said(order, 'contact_phone')
  return phone ? (await api.customers({ phone })).items : []
}

/** A new file from what the order says; null while it lacks a name or a number. */
export function fileOf(order: Order): NewCustomer | null {
  const [name, phone] = [said(order, 'customer_name'), said(order, 'contact_phone')]
  const address = valueOf(order.fields.address) as AddressParts | null
  return name && phone ? { name, phone, ...(address ? { address } : {}) } : null
}
