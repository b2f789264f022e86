import { readFileSync } from 'node:fs';

/**
 * Whether this process holds a right that its user has not. The kernel then keeps what it has open from others of that user too (ptrace(2), "Ptrace access mode
 * checking").
 */
export const HAS_RIGHTS: boolean = process.geteuid?.() !== 0 && rights() !== 0n;

function rights(): bigint {
  try {
    const [, mask = '0'] = /^CapPrm:\s+([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    return BigInt(`0x${mask}`);
  } catch {
    return 0n;
  }
}
