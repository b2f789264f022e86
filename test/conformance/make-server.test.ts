import { needs } from '../support/tools.ts';
import { conform } from './suite.ts';

conform('makeServer', needs());
