import { fetch } from 'undici';
import { Description, type Given } from './description.ts';

const descriptions = new Map<string, Promise<Description>>();

const fetched = async (url: string): Promise<Description> =>
  new Description(await (await fetch(`${url}/openapi.json`)).json());

const short = (text: string): string => (text.length > 500 ? `${text.slice(0, 500)}…` : text);

/** Holds an answer to what the product itself says of it. The sandbox is not there in every product. */
export const heldToItsDescription = async (url: string, given: Given): Promise<void> => {
  const which = given.path.startsWith('/sandbox/') ? 'sandbox' : 'everywhere';
  const description = descriptions.get(which) ?? fetched(url);
  descriptions.set(which, description);
  description.catch(() => descriptions.delete(which));
  const faults = (await description).faultsOf(given);
  if (faults.length > 0)
    throw new Error(
      `${given.method} ${short(given.path)} answered ${given.status} unlike its description:\n${faults.join('\n')}\n${short(JSON.stringify(given.body) ?? '')}`,
    );
};
