import { needs } from '../../support/tools.ts';
import { THEMES } from './cases/themes.ts';
import { conform } from './suite.ts';

conform('makeServer', THEMES, needs('mkfifo'));
