import { API_VERSION } from '../src/api/contract.ts';
import { openApi } from '../src/api/openapi.ts';

/** docs/openapi.json as it ought to be. */
export const openApiText = (): string => `${JSON.stringify(openApi(API_VERSION), undefined, 2)}\n`;
