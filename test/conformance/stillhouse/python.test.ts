import { needs } from '../../support/tools.ts';
import { THEMES } from './cases/themes.ts';
import { conform } from './suite.ts';

conform('python', THEMES, needs('python3', 'mkfifo'));
