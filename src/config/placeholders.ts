/** `${NAME}` and `${NAME:-default}` in a configuration file. Pure. */
const PLACEHOLDER = /\$(?:\$|\{([^}]*)(\}?))/g;
const NAME = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

/** The value of a variable; undefined where it is not set. @throws PlaceholderError where it is not to be read */
export type LookUp = (variable: string) => string | undefined;

/** A placeholder that cannot be filled. */
export class PlaceholderError extends Error {
  override readonly name = 'PlaceholderError';
  readonly cure: string;

  constructor(message: string, cure: string) {
    super(message);
    this.cure = cure;
  }
}

/**
 * Fills the placeholders of a text; `$$` is a dollar sign. A variable that is unset or empty is never silently an empty text: its placeholder has a
 * default, or is a fault.
 * @throws PlaceholderError
 */
export function fillPlaceholders(text: string, lookUp: LookUp): string {
  return text.replace(PLACEHOLDER, (whole, inside: string | undefined, end: string | undefined) => {
    if (inside === undefined) return '$';
    const [, name, fallback] = end === '' ? [] : (NAME.exec(inside) ?? []);
    if (name === undefined)
      throw new PlaceholderError(
        `${whole} is no placeholder`,
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what is to be written
        'write ${NAME} or ${NAME:-default}; $$ is a dollar sign',
      );
    const value = lookUp(name) ?? '';
    if (value !== '') return value;
    if (fallback !== undefined) return fallback;
    throw new PlaceholderError(
      `the variable ${name} is ${lookUp(name) === undefined ? 'not set' : 'empty'}`,
      `set ${name}, or give a default: \${${name}:-value}`,
    );
  });
}
