// Invented people and orders for the mock, and how the draft of the demo call fills in.
const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString()

const brief = (n, status, service_type, appliance, brand, fault, minutes, appointment = null) => ({
  order_id: `O${n}`, number: `WO20261119-00${n}`, status, service_type, appliance, brand, fault, created_at: ago(minutes), appointment,
})

export const CUSTOMERS = {
  known: {
    customer_id: 'C1', name: '王建国', level: 'vip',
    phones: [{ raw: '13800138000', e164: '+8613800138000', label: '手机' }, { raw: '0571-88886666', e164: '+8657188886666', label: '家' }],
    addresses: [
      { address_id: 'A1', province: '浙江省', city: '杭州市', district: '西湖区', detail: '文三路288号翠苑三区12幢2单元501', display: '浙江省杭州市西湖区文三路288号翠苑三区12幢2单元501' },
    ],
    assets: [
      { asset_id: 'S1', appliance: '空调', brand: '格力', model: 'KFR-35GW', serial: 'GR2408810213', purchased_on: '2024-06-18', warranty_until: '2030-06-18', warranty: 'in' },
      { asset_id: 'S2', appliance: '冰箱', brand: '海尔', model: 'BCD-470W', serial: null, purchased_on: '2019-11-02', warranty_until: '2022-11-02', warranty: 'out' },
      { asset_id: 'S3', appliance: '热水器', brand: '万和', model: null, serial: null, purchased_on: null, warranty_until: null, warranty: 'unknown' },
    ],
    open_orders: [brief(31, 'created', 'maintenance', '空调', '格力', null, 2900, { start: '2026-11-24T01:00:00Z', end: '2026-11-24T04:00:00Z' })],
    past_orders: [brief(12, 'created', 'repair', '冰箱', '海尔', '结冰结霜', 60_000), brief(7, 'cancelled', 'enquiry', '热水器', '万和', null, 410_000)],
    order_count: 3,
  },
  second: {
    customer_id: 'C2', name: '李雪梅', level: 'normal', phones: [{ raw: '13777889900', e164: '+8613777889900', label: null }],
    addresses: [{ address_id: 'A2', province: '江苏省', city: '南京市', district: '鼓楼区', detail: '湖南路16号7幢303', display: '江苏省南京市鼓楼区湖南路16号7幢303' }],
    assets: [{ asset_id: 'S4', appliance: '洗衣机', brand: '小天鹅', model: 'TG100', serial: null, purchased_on: '2025-03-01', warranty_until: '2028-03-01', warranty: 'in' }],
    open_orders: [], past_orders: [], order_count: 0,
  },
}

export const CATALOGUE = {
  service_types: [['repair', '维修'], ['install', '安装'], ['maintenance', '保养'], ['return_exchange', '退换货'], ['complaint', '投诉'], ['enquiry', '咨询'], ['progress', '催单']].map(([value, label]) => ({ value, label })),
  appliances: ['空调', '冰箱', '洗衣机', '热水器', '燃气灶', '油烟机', '电视', '净水器', '洗碗机', '微波炉'],
  brands: ['格力', '美的', '海尔', '小天鹅', '海信', '奥克斯', '方太', '老板', '万和', '西门子', '松下'],
  faults: {
    空调: ['不制冷', '不制热', '漏水', '异响', '不启动', '自动停机', '跳闸', '异味', '遥控失灵', '外机不转'],
    冰箱: ['不制冷', '结冰结霜', '漏水', '异响', '门封不严'],
    洗衣机: ['不启动', '不脱水', '不进水', '不排水', '漏水', '异响'],
    通用: ['外观破损', '报故障码'],
  },
  required: {
    repair: ['service_type', 'contact_phone', 'appliance', 'brand', 'fault', 'address'], install: ['service_type', 'contact_phone', 'appliance', 'brand', 'address', 'appointment'],
    return_exchange: ['service_type', 'contact_phone', 'appliance', 'brand', 'address'], maintenance: ['service_type', 'contact_phone', 'appliance', 'address'],
    complaint: ['service_type', 'contact_phone', 'description'], enquiry: ['service_type', 'contact_phone'], progress: ['service_type', 'contact_phone'],
  },
}

// [turn, field, value, display, confidence, state, words in the turn]
export const HEARD = [
  [1, 'service_type', 'repair', '维修', 0.83, 'heard', '叫个师傅来看看'],
  [1, 'brand', '格力', '格力', 0.95, 'heard', '格力'],
  [1, 'appliance', '空调', '空调', 0.97, 'heard', '空调'],
  [3, 'fault', '漏水', '漏水', 0.78, 'heard', '一直往下滴水'],
  [3, 'onset', '2026-11-18', '2026-11-18', 0.71, 'heard', '大前天'],
  [3, 'description', '室内机一直往下滴水，一晚上能接半盆，制冷正常', '室内机一直往下滴水，一晚上能接半盆，制冷正常', 0.66, 'inferred', '室内那个机子一直往下滴水，底下接了个盆，一晚上能接半盆'],
  [4, 'fault', '漏水', '漏水', 0.94, 'confirmed', '室内机漏水'],
  [5, 'customer_name', '王建国', '王建国', 0.92, 'heard', '王，王建国'],
  [7, 'model', 'KFR-35GW', 'KFR-35GW', 0.55, 'heard', 'K F R 三五 G W'],
  [9, 'address', { province: '浙江省', city: '杭州市', district: '西湖区', detail: '文三路288号翠苑三区12幢2单元501' }, '杭州市西湖区文三路288号翠苑三区12幢2单元501', 0.88, 'heard', '杭州市西湖区文三路二百八十八号，翠苑三区十二幢二单元五零一'],
  [11, 'contact_phone', '13800138000', '138 0013 8000', 0.9, 'heard', '就这个号码'],
  [13, 'appointment', { start: '2026-11-22T14:00:00+08:00', end: '2026-11-22T18:00:00+08:00' }, '11-22 14:00–18:00', 0.8, 'heard', '明天下午两点以后吧'],
  [14, 'appointment', { start: '2026-11-22T14:00:00+08:00', end: '2026-11-22T18:00:00+08:00' }, '11-22 14:00–18:00', 0.96, 'confirmed', '明天下午两点到六点之间'],
]
