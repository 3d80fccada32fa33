import { openApi } from '../src/api/openapi.ts';
import { API_VERSION } from '../src/api/paths.ts';

/** docs/openapi.json as it ought to be. */
export const openApiText = (): string => `${JSON.stringify(openApi(API_VERSION), undefined, 2)}\n`;
