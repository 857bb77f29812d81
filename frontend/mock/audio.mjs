// Just enough WAV for development: reads the 8-bit u-law stereo demo calls, cuts PCM clips, makes peaks.
import { readFileSync } from 'node:fs'

export function openWav(path) {
  const bytes = readFileSync(path)
  let at = 12
  let format = null
  while (at + 8 <= bytes.length) {
    const id = bytes.toString('latin1', at, at + 4)
    const size = bytes.readUInt32LE(at + 4)
    if (id === 'fmt ') format = { channels: bytes.readUInt16LE(at + 10), rate: bytes.readUInt32LE(at + 12), bits: bytes.readUInt16LE(at + 22) }
    if (id === 'data') return { ...format, bytes, data: bytes.subarray(at + 8, at + 8 + size) }
    at += 8 + size + (size % 2)
  }
  throw new Error(`${path}: no data chunk`)
}

const ULAW = Int16Array.from({ length: 256 }, (_, code) => {
  const u = ~code & 0xff
  const magnitude = (((u & 0x0f) << 3) + 0x84 << ((u & 0x70) >> 4)) - 0x84
  return u & 0x80 ? -magnitude : magnitude
})

function samples(wav, channel, fromMs, toMs) {
  const [first, last] = [fromMs, toMs].map((ms) => Math.min(wav.data.length / wav.channels, Math.round((ms * wav.rate) / 1000)))
  return Int16Array.from({ length: Math.max(0, last - first) }, (_, i) => ULAW[wav.data[(first + i) * wav.channels + channel]])
}

export const durationMs = (wav) => Math.round((wav.data.length / wav.channels / wav.rate) * 1000)

export function peaks(wav, perS) {
  const step = wav.rate / perS
  const count = Math.floor(wav.data.length / wav.channels / step)
  return [0, 1].map((channel) => {
    const all = samples(wav, channel, 0, durationMs(wav))
    return Array.from({ length: count }, (_, i) => {
      let most = 0
      for (let at = Math.floor(i * step); at < (i + 1) * step; at += 1) most = Math.max(most, Math.abs(all[at] ?? 0))
      return Number(Math.min(1, most / 26000).toFixed(3))
    })
  })
}

/** A PCM WAV of one channel (0 caller, 1 agent) or both. */
export function clip(wav, fromMs, toMs, channels) {
  const sides = channels.map((channel) => samples(wav, channel, fromMs, toMs))
  const body = Buffer.alloc(sides[0].length * 2 * sides.length)
  sides.forEach((side, n) => side.forEach((value, i) => body.writeInt16LE(value, (i * sides.length + n) * 2)))
  const head = Buffer.alloc(44)
  head.write('RIFF', 0)
  head.writeUInt32LE(36 + body.length, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(sides.length, 22)
  head.writeUInt32LE(wav.rate, 24)
  head.writeUInt32LE(wav.rate * 2 * sides.length, 28)
  head.writeUInt16LE(2 * sides.length, 32)
  head.writeUInt16LE(16, 34)
  head.write('data', 36)
  head.writeUInt32LE(body.length, 40)
  return Buffer.concat([head, body])
}
