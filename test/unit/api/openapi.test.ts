import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openApiText } from '../../../scripts/openapi-text.ts';
import { guardSocket } from '../../../src/api/callers.ts';
import { ROUTES } from '../../../src/api/openapi.ts';
import { buildRoutes } from '../../../src/api/routes.ts';
import { FakeOperations } from '../../support/fake-operations.ts';

describe('docs/openapi.json', () => {
  test('is what the contract says', () => {
    const text = readFileSync(new URL('../../../docs/openapi.json', import.meta.url), 'utf8');
    expect(text, 'npx tsx scripts/write-openapi.ts writes it').toBe(openApiText());
  });

  test('has every route that the server has, and no other', () => {
    const app = buildRoutes({
      operations: new FakeOperations(),
      log: { warn: () => undefined, error: () => undefined },
      closing: new AbortController().signal,
      guard: guardSocket,
    });
    const served = app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
    const told = ROUTES.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    expect([...told].sort()).toEqual([...new Set(served)].sort());
  });

  test('says what an answer is made of, and names each operation once', () => {
    const document = JSON.parse(openApiText());
    const version =
      document.paths['/v1alpha1/version'].get.responses['200'].content['application/json'].schema;
    expect(version.properties.instance).toEqual({ type: 'string' });
    const ids = Object.values<Record<string, { operationId: string }>>(document.paths).flatMap((path) =>
      Object.values(path).map(({ operationId }) => operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });
});
