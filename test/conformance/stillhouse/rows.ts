/** What is promised of PEP 3333 and HTTP, row by row, with the text that asks for it. Each row has cases in `cases/`, in both languages. */
export const ROWS = {
  'late start_response': 'PEP 3333, "The start_response() Callable"',
  'empty chunk': 'PEP 3333, "The start_response() Callable"',
  'second call without exc_info': 'PEP 3333, "The start_response() Callable"',
  exc_info: 'PEP 3333, "The start_response() Callable"',
  'write()': 'PEP 3333, "The write() Callable"',
  'close()': 'PEP 3333, "Specification Details"',
  'Content-Length': 'PEP 3333, "Handling the Content-Length Header"',
  'exception in mid-body': 'PEP 3333, "Error Handling"; RFC 9112, 8',
  'HEAD, 204, 304, 1xx': 'RFC 9110, 6.4.1, 8.6 and 9.3.2',
  strings: 'PEP 3333, "A Note on String Types"; RFC 9110, 5.5',
  PATH_INFO: 'PEP 3333, "environ Variables"; RFC 3986, 2.1',
  duplicates: 'RFC 9110, 5.3; RFC 9112, 6.3; RFC 6265, 5.4',
  'dropped names': 'RFC 9110, 5.1; RFC 3875, 4.1.18',
  'wsgi.input': 'PEP 3333, "Input and Error Streams"; RFC 9112, 8',
  'Expect: 100-continue': 'PEP 3333, "HTTP 1.1 Expect/Continue"; RFC 9110, 10.1.1',
  'hop-by-hop headers': 'PEP 3333, "Other HTTP Features"; RFC 9110, 7.6.1',
  flags: 'PEP 3333, "environ Variables"',
  'file wrapper': 'PEP 3333, "Optional Platform-Specific File Handling"',
} as const;

export type Row = keyof typeof ROWS;
