/** The words of `node test/traffic/client.ts`. */
import { parseArgs } from 'node:util';
import { KINDS, type Kind, SIZES } from './exchanges.ts';
import { LEFT_OF_MIX, MIX, type Weights } from './mix.ts';
import type { TrafficOptions } from './traffic.ts';

export const USAGE = `node test/traffic/client.ts --port=PORT [OPTIONS]: asks an application of test/traffic/apps, compares each
answer with what it must be, and prints a line of JSON (TrafficReport in support/account.ts).

  --connections=48       connections, with one open request each
  --seconds=5            how long it asks
  --requests=N           how many requests it sends, in place of --seconds
  --warm-up=0            seconds before; what ended in them is not counted. At their end the line \`ready\` is printed
  --mix=mix              mix; one of ${KINDS.join(', ')};
                         or kinds with their weights, such as json:7,sleep:1
  --leave=0.05           the part of requests that are left by their client within 10 ms; 0 unless the mix is \`mix\`
  --seed=1               of the order of requests
  --upload-bytes=${SIZES.uploadBytes}  --down-bytes=${SIZES.downBytes}  --stream-pieces=${SIZES.streamPieces}  --sleep-ms=${SIZES.sleepMs}
  --close                a connection for each request
  --patience=30          seconds after which a request without an answer is lost
  --help
`;

export interface ClientOptions extends TrafficOptions {
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

/** @returns undefined where help is asked for. @throws where a word cannot be understood */
export function readClientOptions(words: readonly string[]): ClientOptions | undefined {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...words],
    options: {
      port: text,
      connections: text,
      seconds: text,
      requests: text,
      'warm-up': text,
      mix: text,
      leave: text,
      seed: text,
      'upload-bytes': text,
      'down-bytes': text,
      'stream-pieces': text,
      'sleep-ms': text,
      close: { type: 'boolean', default: false },
      patience: text,
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const number = (name: keyof typeof values, otherwise: number) => {
    const given = values[name];
    const value = given === undefined ? otherwise : Number(given);
    if (Number.isNaN(value) || value < 0) throw new Error(`--${name}=${given}: a number from 0 up is expected`);
    return value;
  };
  if (values.port === undefined) throw new Error('--port=PORT is missing');
  const mix = values.mix ?? 'mix';
  return {
    port: number('port', 0),
    connections: number('connections', 48),
    requests: number('requests', Number.POSITIVE_INFINITY),
    seconds: values.requests === undefined ? number('seconds', 5) : Number.POSITIVE_INFINITY,
    warmUpSeconds: number('warm-up', 0),
    patienceMs: number('patience', 30) * 1000,
    mix: {
      weights: readWeights(mix),
      left: number('leave', mix === 'mix' ? LEFT_OF_MIX : 0),
      seed: number('seed', 1),
      closes: values.close,
      sizes: {
        uploadBytes: number('upload-bytes', SIZES.uploadBytes),
        downBytes: number('down-bytes', SIZES.downBytes),
        streamPieces: number('stream-pieces', SIZES.streamPieces),
        sleepMs: number('sleep-ms', SIZES.sleepMs),
      },
    },
  };
}

/** `mix`, a kind, or `KIND:WEIGHT,…`. @throws where a kind is unknown */
export function readWeights(text: string): Weights {
  if (text === 'mix') return MIX;
  const weights: Partial<Record<Kind, number>> = {};
  for (const word of text.split(',')) {
    const [name, weight = '1'] = word.split(':');
    const kind = KINDS.find((each) => each === name);
    if (kind === undefined || !(Number(weight) > 0))
      throw new Error(`--mix=${text}: ${word} is no KIND or KIND:WEIGHT; the kinds are ${KINDS.join(', ')}`);
    weights[kind] = Number(weight);
  }
  return weights;
}
