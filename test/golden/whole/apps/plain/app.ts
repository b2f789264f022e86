export function application(): string[] {
  return [];
}
