/** The sections that cases rest on. */
export const PEP = {
  details: 'PEP 3333, Specification Details',
  strings: 'PEP 3333, A Note On String Types',
  environ: 'PEP 3333, environ Variables',
  streams: 'PEP 3333, Input and Error Streams',
  start: 'PEP 3333, The start_response() Callable',
  length: 'PEP 3333, Handling the Content-Length Header',
  buffering: 'PEP 3333, Buffering and Streaming',
  write: 'PEP 3333, The write() Callable',
  unicode: 'PEP 3333, Unicode Issues',
  errors: 'PEP 3333, Error Handling',
  expect: 'PEP 3333, HTTP 1.1 Expect/Continue',
  other: 'PEP 3333, Other HTTP Features',
  threads: 'PEP 3333, Thread Support',
  url: 'PEP 3333, URL Reconstruction',
  files: 'PEP 3333, Optional Platform-Specific File Handling',
} as const;
