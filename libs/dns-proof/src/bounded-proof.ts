import type { DomainProof } from './port.ts';

/** No more looks at once than this, whoever asks for them; the others wait in line. */
export const boundedProof = (proof: DomainProof, atOnce: number): DomainProof => {
  const waiting: (() => void)[] = [];
  let under = 0;
  return {
    async check(request, signal) {
      if (under >= atOnce) await new Promise<void>((resume) => waiting.push(resume));
      else under += 1;
      try {
        return await proof.check(request, signal);
      } finally {
        const next = waiting.shift();
        if (next) next();
        else under -= 1;
      }
    },
  };
};
