import { THEMES } from './cases/themes.ts';
import { conform } from './suite.ts';

conform('typescript', THEMES);
