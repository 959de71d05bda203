// docs/openapi.json, from the tables of the API's endpoints.
import { endpoints } from '../src/api/index.ts';
import { openApiOf } from '../src/api/openapi.ts';
import { VERSION } from '../src/lib/version.ts';

export function openApiFile(): string {
  return `${JSON.stringify(openApiOf(endpoints, VERSION), undefined, 2)}\n`;
}
