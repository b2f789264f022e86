/** write() (PEP 3333, "The write() Callable"). */
import { type Apps, Body, Broken, BYTES, plain, record, sized, WRONG_CHUNK, waitAtGate } from './common.ts';

export const WRITING: Apps = {
  'write-only': async (_, startResponse) => {
    await plain(startResponse)('written');
    return [];
  },
  'write-then-list': async (_, startResponse) => {
    const write = plain(startResponse);
    await write('one,');
    await write('two,');
    return ['three,', 'four'];
  },
  'write-then-one': async (_, startResponse) => {
    await plain(startResponse)('one,');
    return ['two'];
  },
  'write-then-generator': async (environ, startResponse) => {
    await plain(startResponse)('one,');
    return new Body(environ, ['two,', 'three'].values());
  },
  'write-then-wait': async (environ, startResponse) => {
    const write = plain(startResponse);
    await write('first,');
    await waitAtGate(environ);
    await write('second');
    return [];
  },
  'write-empty': async (_, startResponse) => {
    const write = plain(startResponse);
    for (const chunk of ['', 'one,', '', 'two']) await write(chunk);
    return [];
  },
  'write-sized': async (_, startResponse) => {
    const write = sized(startResponse, 8);
    await write('one,');
    await write('two,');
    return [];
  },
  'write-large': async (_, startResponse) => {
    const write = plain(startResponse);
    for (const letter of 'abc') await write(letter.repeat(400_000));
    return [];
  },
  'write-bytes-of-all-values': async (_, startResponse) => {
    await plain(startResponse)(BYTES);
    return [];
  },
  'write-too-long': async (environ, startResponse) => {
    const write = sized(startResponse, 5);
    try {
      await write('hello');
      await write(' and more');
      record(environ, 'returned');
    } catch (error) {
      record(environ, 'raised');
      throw error;
    }
    return [];
  },
  'write-then-raise': async (_, startResponse) => {
    await plain(startResponse)('first,');
    throw new Broken('after write()');
  },
  'write-sized-then-raise': async (_, startResponse) => {
    await sized(startResponse, 100)('first,');
    throw new Broken('after write()');
  },
  'write-wrong': async (environ, startResponse) => {
    try {
      await plain(startResponse)(WRONG_CHUNK);
    } catch (error) {
      record(environ, 'raised');
      throw error;
    }
    return [];
  },
};
