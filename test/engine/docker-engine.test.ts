import { engineContract } from '../support/engine-contract.ts';
import { hasEngine, Lab } from '../support/lab.ts';

engineContract('a Docker Engine', () => new Lab(), hasEngine);
