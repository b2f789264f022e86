export function application() {
  return [];
}
