import type { Case, Request } from '../case.ts';
import { PEP } from '../sections.ts';

/** A request, and what stands in its environ. */
export function has(
  id: string,
  sentence: string,
  json: Readonly<Record<string, unknown>>,
  request: Request = {},
): Case {
  return {
    id: `environ-${id}`,
    sentence,
    section: PEP.environ,
    level: 'must',
    app: 'environ',
    request,
    sees: { status: 200, json },
  };
}

export const headers = (...given: string[]): Request => ({ headers: given });
