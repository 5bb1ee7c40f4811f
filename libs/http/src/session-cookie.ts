/** Name of the cookie of the console's session. */
export const sessionCookie = 'orgledger_session';

const pattern = new RegExp(`(?:^|;\\s*)${sessionCookie}=([\\w-]{1,128})(?:;|$)`);

/** The token in the `Cookie` header of a request. */
export const sessionIn = (cookies: string | undefined): string | undefined => cookies?.match(pattern)?.[1];
