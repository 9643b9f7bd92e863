const SHOWN_MAX = 60

/** Says what is wrong with an entry that is no address and no block, and what to write instead. */
export function explainBadEntry(text: string): string {
  const shown = `"${escapeControls(text.slice(0, SHOWN_MAX))}${text.length > SHOWN_MAX ? '…' : ''}"`
  return `${shown} ${reasonOf(text)}`
}

function reasonOf(text: string): string {
  if (text === '') return 'holds no address: write one, such as 192.0.2.7, or send null for no restriction.'
  if (/[^\x21-\x7e]/.test(text)) return 'holds a space or a character that no address has: remove it.'
  if (text.startsWith('[')) return 'is in brackets: write the address alone.'
  if (text.includes('%')) return 'has a zone: write the address without what follows %.'
  const [address = '', prefix] = text.split('/', 2)
  if (prefix !== undefined) return prefixReason(address, prefix)
  if (/^[\d.]+-[\d.]+$/.test(text))
    return 'is a range: write it as one or more CIDR blocks, such as 192.0.2.0/24.'
  return addressReason(address)
}

function prefixReason(address: string, prefix: string): string {
  if (prefix.includes('.'))
    return 'has a netmask: write the number of bits instead, such as /16 for 255.255.0.0.'
  if (!/^(?:0|[1-9]\d*)$/.test(prefix))
    return 'has a malformed length after the slash: write decimal digits without leading zeros.'
  const bits = address.includes(':') ? 128 : 32
  if (Number(prefix) > bits) return `has a length above ${bits} after the slash.`
  return addressReason(address)
}

function addressReason(address: string): string {
  if (/^::(?:0+:)*\d+\.\d+\.\d+\.\d+$/.test(address))
    return 'is in the deprecated IPv4-compatible form: write the IPv4 address alone.'
  if (/^[\d.]+:\d+$/.test(address)) return 'has a port: write the address alone.'
  if (address.includes(':')) return 'is not an IPv6 address: write it as 2001:db8::1 or 2001:db8::/32.'
  if (/^0x/i.test(address) || /\.0x/i.test(address))
    return 'is in hexadecimal: write four decimal numbers, such as 192.0.2.7.'
  if (/(?:^|\.)0\d/.test(address))
    return 'has a leading zero, which some read as octal: write plain decimal numbers.'
  if (/^[\d.]+$/.test(address))
    return 'is not an IPv4 address: write four numbers from 0 to 255, such as 192.0.2.7.'
  return 'is not an IP address: names are not looked up; write an address such as 192.0.2.7 or 2001:db8::1.'
}

function escapeControls(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}
