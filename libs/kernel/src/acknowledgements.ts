import { type Refusal, refuse } from './refusal.ts';

export interface Acknowledgement {
  readonly code: string;
  /** Exactly what a person is shown (rules.md 1.13). */
  readonly sentence: string;
}

/** Refuses unless every code is there; the refusal lists what to show. */
export const unacknowledged = (
  required: readonly Acknowledgement[],
  given: readonly string[] = [],
): Refusal | undefined =>
  required.every(({ code }) => given.includes(code))
    ? undefined
    : refuse(
        'invalid',
        'acknowledgements_required',
        'This has consequences that must be acknowledged first.',
        {
          required,
        },
      );
