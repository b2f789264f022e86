import { needs } from '../support/tools.ts';
import { conform } from './suite.ts';

conform('python', needs('python3'));
